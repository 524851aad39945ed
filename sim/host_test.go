package sim

import (
	"context"
	"io"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

const echo = "/echo/1"

// listen has h note when it received what.
func listen(h host.Host, got func(s string)) {
	h.SetStreamHandler(echo, func(s network.Stream) {
		defer s.Close()
		b, err := io.ReadAll(s)
		if err == nil {
			got(string(b))
		}
	})
}

// say sends text to b on a stream of its own.
func say(w *World, a, b host.Host, text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := a.NewStream(ctx, b.ID(), echo)
	if err != nil {
		return err
	}
	defer s.CloseWrite()
	_, err = io.WriteString(s, text)
	return err
}

func TestStreamTakesExactlyTheLatency(t *testing.T) {
	Run(t, 1, func(w *World) {
		ann := w.Host("ann", Latency(30*time.Millisecond))
		bob := w.Host("bob", Latency(12*time.Millisecond))
		arrived := make(chan time.Time, 1)
		listen(bob, func(string) { arrived <- time.Now() })
		w.Connect(ann, bob)
		// By then identify has told which protocols bob speaks, so that a
		// stream need not ask, and the line is idle.
		time.Sleep(time.Second)
		for _, lag := range []time.Duration{42 * time.Millisecond, 42 * time.Millisecond, 7 * time.Millisecond} {
			if lag < 42*time.Millisecond {
				w.Lag(ann, bob, lag)
			}
			sent := time.Now()
			if err := say(w, ann, bob, "hello"); err != nil {
				w.T.Fatal(err)
			}
			if took := (<-arrived).Sub(sent); took != lag {
				w.T.Errorf("hello took %s, want exactly %s", took, lag)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestBandwidthPacesALargeMessage(t *testing.T) {
	Run(t, 1, func(w *World) {
		ann := w.Host("ann", Bandwidth(1_000_000, 1_000_000))
		bob := w.Host("bob")
		w.Connect(ann, bob)
		time.Sleep(time.Second)
		got := make(chan int, 1)
		listen(bob, func(s string) { got <- len(s) })
		sent := time.Now()
		w.Go(func(context.Context) { say(w, ann, bob, string(make([]byte, 250_000))) })
		n, took := <-got, time.Since(sent)
		// 250 kB are two seconds of one Mbit/s.
		if n != 250_000 || took < 2*time.Second || took > 4*time.Second {
			w.T.Errorf("%d bytes in %s, want 250000 in 2 to 4 s", n, took)
		}
	})
}

func TestSameSeedSameWorld(t *testing.T) {
	type world struct {
		ids   []peer.ID
		addrs []string
		edges []Edge
	}
	build := func(seed uint64) (out world) {
		Run(t, seed, func(w *World) {
			for _, name := range []string{"ann", "bob", "cyd"} {
				h := w.Host(name)
				out.ids = append(out.ids, h.ID())
				out.addrs = append(out.addrs, h.Addrs()[0].String())
			}
			out.edges = Random(w.Rand, 20, 3)
		})
		return out
	}
	a, b, c := build(5), build(5), build(6)
	if !slices.Equal(a.ids, b.ids) || !slices.Equal(a.addrs, b.addrs) || !slices.Equal(a.edges, b.edges) {
		t.Errorf("seed 5 gave two worlds:\n%v\n%v", a, b)
	}
	if slices.Equal(a.ids, c.ids) || slices.Equal(a.edges, c.edges) {
		t.Errorf("seeds 5 and 6 gave one world")
	}
}

// What a link loses depends on the seed and on what it carried, not on what
// others carried.
func TestSameSeedSameLosses(t *testing.T) {
	draw := func(seed uint64, other int) (out []bool) {
		f := newFabric(seed)
		defer f.Close()
		a, b, c := ip(1), ip(2), ip(3)
		f.change(a, b, func(p *route) { p.loss = 0.5 })
		f.change(a, c, func(p *route) { p.loss = 0.5 })
		for range 64 {
			for range other {
				f.lets(a, c, nil)
			}
			out = append(out, f.lets(a, b, nil))
		}
		return out
	}
	one := draw(1, 0)
	if !slices.Equal(one, draw(1, 3)) {
		t.Error("another link's packets changed this one's losses")
	}
	if slices.Equal(one, draw(2, 0)) {
		t.Error("two seeds lost the same packets")
	}
	if !slices.Contains(one, true) || !slices.Contains(one, false) {
		t.Errorf("half of 64 packets are to be lost, got %v", one)
	}
}

func TestCutIsSilentAndHeals(t *testing.T) {
	Run(t, 1, func(w *World) {
		ann, bob, cyd := w.Host("ann"), w.Host("bob"), w.Host("cyd")
		heard := make(chan string, 10)
		listen(bob, func(s string) { heard <- s })
		listen(cyd, func(s string) { heard <- s })
		w.Wire([]host.Host{ann, bob, cyd}, Full(3))
		time.Sleep(time.Second)

		left, right := []host.Host{ann}, []host.Host{bob, cyd}
		w.Partition(left, right)
		if err := say(w, ann, bob, "lost?"); err != nil {
			w.T.Errorf("a cut must not be told at once: %v", err)
		}
		if say(w, bob, cyd, "beside"); <-heard != "beside" {
			w.T.Error("bob and cyd are on one side")
		}
		w.Rejoin(left, right)
		// QUIC sends again what was not acknowledged: nothing is lost.
		if got := <-heard; got != "lost?" {
			w.T.Errorf("after healing bob heard %q", got)
		}

		w.Cut(ann, bob)
		w.Eventually(2*time.Minute, "the silent connection to be given up", func() bool {
			return ann.Network().Connectedness(bob.ID()) != network.Connected &&
				bob.Network().Connectedness(ann.ID()) != network.Connected
		})
		w.Heal(ann, bob)
		time.Sleep(time.Minute) // libp2p refuses to dial again right after
		w.Connect(ann, bob)
		if say(w, ann, bob, "again"); <-heard != "again" {
			w.T.Error("not heard after reconnecting")
		}
	})
}

func TestLossyLinkStillDelivers(t *testing.T) {
	Run(t, 1, func(w *World) {
		ann, bob := w.Host("ann"), w.Host("bob")
		w.Connect(ann, bob)
		w.Lose(ann, bob, 0.2)
		heard := make(chan string)
		listen(bob, func(s string) { heard <- s })
		text := string(make([]byte, 100_000))
		w.Go(func(context.Context) { say(w, ann, bob, text) })
		if got := <-heard; got != text {
			w.T.Errorf("heard %d bytes of %d", len(got), len(text))
		}
		if packets, bytes := w.Traffic(); packets < 80 || bytes < int64(len(text)) {
			w.T.Errorf("counted %d packets of %d bytes", packets, bytes)
		}
	})
}

func TestHostComesBackAtItsPlace(t *testing.T) {
	Run(t, 1, func(w *World) {
		ann, bob := w.Host("ann"), w.Host("bob")
		w.Connect(ann, bob)
		before := bob.Addrs()[0]
		if err := bob.Close(); err != nil {
			w.T.Fatal(err)
		}
		w.Eventually(time.Minute, "ann to notice", func() bool {
			return ann.Network().Connectedness(bob.ID()) != network.Connected
		})
		again := w.Host("bob")
		if again.ID() != bob.ID() || !again.Addrs()[0].Equal(before) {
			w.T.Errorf("bob came back as %s at %v", again.ID(), again.Addrs())
		}
		w.Connect(ann, again)
	})
}

func ip(last byte) netip.Addr { return netip.AddrFrom4([4]byte{1, 0, 0, last}) }

// Hosts that live together have one address, each a port of its own, and can be
// dialled all the same.
func TestTogether(t *testing.T) {
	Run(t, 1, func(w *World) {
		if err := w.Together("ann", "bob"); err != nil {
			w.T.Fatal(err)
		}
		ann, bob, far := w.Host("ann"), w.Host("bob"), w.Host("far")
		w.Connect(far, ann)
		w.Connect(far, bob)
		ip := func(h host.Host) string {
			v, err := h.Addrs()[0].ValueForProtocol(ma.P_IP4)
			if err != nil {
				w.T.Fatal(err)
			}
			return v
		}
		if ip(ann) != ip(bob) || ip(ann) == ip(far) {
			w.T.Errorf("ann is at %s, bob at %s, far at %s", ip(ann), ip(bob), ip(far))
		}
	})
}
