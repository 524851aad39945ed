package relcard_test

import (
	"os"
	"testing"

	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/sim/figure"
)

// BenchmarkFigureCard prints what verifying cards costs beside the signature
// checks within, two a version.
func BenchmarkFigureCard(b *testing.B) {
	one := card(b)
	figure.Info(os.Stdout, "verify-card-verifies", figure.Ratio(func() {
		if _, err := one.Verify(keys, now); err != nil {
			b.Fatal(err)
		}
	}, figure.Verify()))
	all := longChain(b, 100)
	figure.Info(os.Stdout, "verify-card-of-100-versions-verifies", figure.Ratio(func() {
		if _, err := relcard.NewChain(all, keys, now); err != nil {
			b.Fatal(err)
		}
	}, figure.Verify()))
	wire, err := one.Encode()
	if err != nil {
		b.Fatal(err)
	}
	figure.Info(os.Stdout, "card-wire-bytes", len(wire))
}
