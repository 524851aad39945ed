package graph_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// A network is the same on every machine and in every later version: these
// digests were the same on amd64 and arm64.
func TestNetworksAreTheSameEverywhere(t *testing.T) {
	places := towns(3000, 5)
	want := map[string]string{
		"erdos-renyi": "a056ce7ed87eb678", "watts-strogatz": "733b021ad63467fd", "barabasi-albert": "1a743985fc6f7fe0", "block": "8ab0655f1737746b", "geographic": "677499036f9e1f3e",
	}
	for _, n := range kinds {
		g, err := graph.Build(n, len(places), places, random.New(7, "network"))
		if err != nil {
			t.Fatal(err)
		}
		nodes, edges := graph.Sample(g, 200, random.New(7, "sample"))
		x, y := graph.Layout(len(nodes), edges, random.New(7, "layout"))
		h := sha256.New()
		for _, part := range []any{g.Start, g.To, g.X, g.Y, nodes, edges, x, y} {
			if err := binary.Write(h, binary.BigEndian, part); err != nil {
				t.Fatal(err)
			}
		}
		if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want[n.Kind] {
			t.Errorf("%s: digest %s, want %s", n.Kind, got, want[n.Kind])
		}
	}
}
