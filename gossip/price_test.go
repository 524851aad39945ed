package gossip

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"

	"github.com/parley-network/parley/gossip/admission"
)

// A study's price is asked for on every topic, whatever the load, and never more
// than a node may ask; without one a quiet node asks for nothing.
func TestPriceIsAskedForEverywhere(t *testing.T) {
	h, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	for _, tt := range []struct {
		price *Price
		want  int
	}{{nil, 0}, {&Price{}, 0}, {&Price{Least: 17}, 17}, {&Price{Least: 99}, admission.MaxBits}, {&Price{Least: -1}, 0}} {
		s, err := New(Config{Host: h, Price: tt.price})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.gate.asks("any topic"); got != tt.want {
			t.Errorf("%+v: %d bits are asked for, want %d", tt.price, got, tt.want)
		}
		own, want := &ownCast{cast: liveCast(t, "parent", time.Now())}, tt.want
		if want > 0 {
			want += lifeBits(own.cast)
		}
		if got := s.needs(own); got != want {
			t.Errorf("%+v: an author works for %d bits, want %d", tt.price, got, want)
		}
	}
}

// On a device that is studied a stamp takes as long as its tries do there, in
// virtual time, and who gives up does so then.
func TestDeviceTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := admission.ForCast("topic", liveCast(t, "parent", time.Now()).ID)
		for _, device := range []float64{0, 1, 1e6} {
			w, begun := works{device: device}, time.Now()
			s, err := w.mint(t.Context(), topic, 12)
			if err != nil || s.Bits != 12 || !s.Done(topic) {
				t.Fatalf("stamp %+v, %v", s, err)
			}
			if took := time.Since(begun); (device == 0) != (took == 0) || device == 1 && took < time.Second {
				t.Errorf("a device of %v tries a second took %s", device, took)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := works{device: 1e-6} // a million seconds for each try
		if _, err := w.mint(ctx, topic, 12); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waits a second for a stamp of years: %v", err)
		}
	})
}
