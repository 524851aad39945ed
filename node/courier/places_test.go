package courier

import (
	"strings"
	"testing"
)

// Holders take turns; who has the letter already comes after the others, and
// this node, should it be one of them, last of all.
func TestInTurn(t *testing.T) {
	places := []place{{Peer: "a"}, {Peer: "b"}, {Peer: "c"}}
	for _, tt := range []struct {
		turn      int
		has, self string
		want      string
	}{
		{0, "", "x", "abc"},
		{1, "", "x", "bca"},
		{5, "", "x", "cab"},
		{0, "a", "x", "bca"},
		{0, "", "a", "bca"},
		{1, "c", "b", "acb"},
		{0, "b", "b", "acb"},
	} {
		var got strings.Builder
		for _, at := range inTurn(places, tt.turn, tt.has, tt.self) {
			got.WriteString(at.Peer)
		}
		if got.String() != tt.want {
			t.Errorf("turn %d, %q has it, %q is here: %s, want %s", tt.turn, tt.has, tt.self, got.String(), tt.want)
		}
	}
}
