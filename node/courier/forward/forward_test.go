package forward_test

import (
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/node/courier/forward"
)

// Which addresses a node dials because a stranger says so, by where it listens
// itself.
func TestDialable(t *testing.T) {
	const (
		loop     = "/ip4/127.0.0.1/tcp/4001"
		loop6    = "/ip6/::1/udp/4001/quic-v1"
		home     = "/ip4/192.168.1.7/tcp/4001"
		ula      = "/ip6/fd00::7/tcp/4001"
		shared   = "/ip4/100.64.0.1/tcp/4001"
		out      = "/ip4/8.8.8.8/udp/4001/quic-v1"
		out6     = "/ip6/2606:4700::1111/tcp/4001"
		name     = "/dns4/example.com/tcp/4001"
		linkL    = "/ip6/fe80::1/tcp/4001"
		metadata = "/ip4/169.254.169.254/tcp/80"
		any4     = "/ip4/0.0.0.0/tcp/4001"
		relay    = "/ip4/8.8.8.8/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit"
		inRelay  = "/ip4/10.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit"
		unix     = "/unix/var/run/x.sock"
		example  = "/ip4/192.0.2.7/tcp/4001" // kept for documentation, in use as a private range
		many     = "/ip4/224.0.0.1/udp/1/quic-v1"
		all4     = "/ip4/255.255.255.255/tcp/1"
	)
	all := []string{loop, loop6, home, example, ula, shared, out, out6, name, linkL, metadata, any4, relay, inRelay, unix, example, many, all4}
	for what, c := range map[string]struct{ own, want []string }{
		"public":             {[]string{loop, home, out}, []string{out, out6, relay}},
		"home":               {[]string{loop, home}, []string{home, example, ula, shared, out, out6, relay, inRelay}},
		"one machine":        {[]string{loop}, []string{loop, loop6, home, example, ula, shared, out, out6, relay, inRelay}},
		"listens on nothing": {nil, []string{loop, loop6, home, example, ula, shared, out, out6, relay, inRelay}},
	} {
		var got []string
		for _, a := range forward.Dialable(addrs(t, c.own), addrs(t, all)) {
			got = append(got, a.String())
		}
		want := make(map[string]bool)
		for _, w := range c.want {
			want[w] = true
		}
		for _, a := range all {
			has := false
			for _, g := range got {
				has = has || g == a
			}
			if has != want[a] {
				t.Errorf("%s: dials %s: %v", what, a, has)
			}
		}
	}
}

func addrs(t *testing.T, in []string) (out []ma.Multiaddr) {
	t.Helper()
	for _, s := range in {
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

func TestMeter(t *testing.T) {
	const a, b = peer.ID("a"), peer.ID("b")
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	lim := forward.Limits{Concurrent: 3, PeerConcurrent: 2, PeerRate: 1, PeerBurst: 4, PeerBytes: 100, PeerBurstBytes: 1000}

	t.Run("at one time", func(t *testing.T) {
		lim := lim
		lim.Concurrent, lim.PeerConcurrent, lim.PeerBurst = 6, 5, 100
		m := forward.NewMeter(lim)
		enter := func(p peer.ID) (n int) {
			for n < 10 && m.Enter(p, 0, now) {
				n++
			}
			return n
		}
		// Two that take all the places leave some for those who have few.
		if got := []int{enter(a), enter(b), enter("c"), enter("d"), enter("e")}; !slices.Equal(got, []int{5, 4, 3, 0, 0}) {
			t.Errorf("a, b, c, d and e have begun %d", got)
		}
		m.Leave(a, 0, now)
		if !m.Enter("d", 0, now) {
			t.Error("room that was left is not given again")
		}
	})
	t.Run("rate", func(t *testing.T) {
		m := forward.NewMeter(lim)
		enter := func(at time.Time) bool {
			ok := m.Enter(a, 0, at)
			if ok {
				m.Leave(a, 0, at)
			}
			return ok
		}
		for range 4 {
			if !enter(now) {
				t.Fatal("burst refused")
			}
		}
		if enter(now) || enter(now.Add(time.Second/2)) || !enter(now.Add(2*time.Second)) {
			t.Error("not one a second after the burst")
		}
	})
	t.Run("bytes", func(t *testing.T) {
		m := forward.NewMeter(lim)
		if m.Enter(a, 1001, now) {
			t.Error("more than the burst at once")
		}
		if !m.Enter(b, 500, now) {
			t.Fatal("refused")
		}
		m.Leave(b, 1500, now) // 1000 owed
		if m.Enter(b, 0, now.Add(9*time.Second)) || !m.Enter(b, 0, now.Add(11*time.Second)) {
			t.Error("what is owed is not worked off at 100 a second")
		}
	})
	t.Run("clock set back", func(t *testing.T) {
		m := forward.NewMeter(lim)
		if !m.Enter(a, 0, now) || !m.Enter(a, 0, now.Add(-time.Hour)) {
			t.Error("refused")
		}
		m.Sweep(now.Add(time.Hour)) // two are running: they stay counted
		if m.Enter(a, 0, now.Add(time.Hour)) {
			t.Error("running exchanges were forgotten")
		}
	})
}
