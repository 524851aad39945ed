package intentcast_test

import (
	"os"
	"testing"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/sim/figure"
)

// BenchmarkFigureDecode prints what is promised of reading an intent that
// came in: decoded, validated, its signature checked, at no less than 0.6 of
// the rate of the one verification that this can't do without.
func BenchmarkFigureDecode(b *testing.B) {
	wire := encode(b, cast(b, parkCity(), "skier"))
	decode := func() {
		got, err := intentcast.DecodeCast(wire)
		if err != nil {
			b.Fatal(err)
		}
		if err := got.CheckTime(now); err != nil {
			b.Fatal(err)
		}
	}
	figure.AtLeast(os.Stdout, "decode-intentcast-rate-per-verify", 1/figure.Ratio(decode, figure.Verify()), .6)
	figure.Info(os.Stdout, "intentcast-wire-bytes", len(wire))
	figure.Info(os.Stdout, "intentcast-wire-bytes-without-reply-key", len(wire)-intentcast.ReplyKeySize)
	small := encode(b, cast(b, stroller(), "parent"))
	figure.Info(os.Stdout, "decode-small-intentcast-rate-per-verify", 1/figure.Ratio(func() {
		if _, err := intentcast.DecodeCast(small); err != nil {
			b.Fatal(err)
		}
	}, figure.Verify()))
	figureOffer(b)
}

func figureOffer(b *testing.B) {
	o, err := intentcast.SignOffer(rental(cast(b, parkCity(), "skier")), signer("rental"), now)
	if err != nil {
		b.Fatal(err)
	}
	wire := encode(b, o)
	figure.Info(os.Stdout, "decode-offer-verifies", figure.Ratio(func() {
		if _, err := intentcast.DecodeOffer(wire); err != nil {
			b.Fatal(err)
		}
	}, figure.Verify()))
	figure.Info(os.Stdout, "offer-wire-bytes", len(wire))
}
