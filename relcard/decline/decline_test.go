package decline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/decline"
)

var proposal = dagcbor.Sum([]byte("a version"))

func TestContentIsWrittenAndRead(t *testing.T) {
	want := decline.Content{Version: 1, Proposal: proposal, Reason: "too dear"}
	b, err := decline.Content{Proposal: proposal, Reason: "too dear"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decline.Decode(b); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := (decline.Content{Proposal: proposal, Reason: strings.Repeat("x", decline.MaxReason+1)}).Encode(); err == nil {
		t.Error("a reason without bound was written")
	}
}

// What another side puts into a decline is refused, or is one that is written
// the same way again.
func FuzzDecode(f *testing.F) {
	for _, v := range []any{
		decline.Content{Version: 1, Proposal: proposal, Reason: "too dear"},
		decline.Content{Version: 1, Proposal: proposal},
		decline.Content{Version: 2, Proposal: proposal},
		decline.Content{Version: 1, Proposal: proposal, Reason: strings.Repeat("x", 4*decline.MaxReason)},
		map[string]any{"v": uint64(1), "proposal": proposal, "other": "key"},
	} {
		if b, err := dagcbor.Marshal(v); err == nil {
			f.Add(b)
			f.Add(b[:len(b)-1])
			f.Add(append(bytes.Clone(b), b...))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decline.Decode(b)
		if err != nil {
			return
		}
		if c.Version != 1 || len(c.Reason) > decline.MaxReason {
			t.Errorf("let in version %d with %d bytes", c.Version, len(c.Reason))
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x was let in, and is written %x: %v", b, again, err)
		}
	})
}
