package transport

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"
	"pgregory.net/rapid"
)

func addrs(texts ...string) (out []ma.Multiaddr) {
	for _, s := range texts {
		out = append(out, ma.StringCast(s))
	}
	return out
}

func TestAnnounce(t *testing.T) {
	const (
		here, home, out = "/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.2/udp/1/quic-v1", "/ip4/8.8.4.4/udp/1/quic-v1"
		six             = "/ip6/2606:4700::1/udp/1/quic-v1"
		through         = "/ip4/8.8.8.8/udp/1/quic-v1/p2p/" + exampleRelay + "/p2p-circuit"
	)
	for _, c := range []struct{ have, want []string }{
		{nil, nil},
		{[]string{here}, []string{here}},
		{[]string{here, home}, []string{home}},
		{[]string{here, home, out}, []string{out}},
		{[]string{out, home, six}, []string{out, six}},
		{[]string{here, home, through}, []string{through}}, // the relay's address is all the world needs
	} {
		if got := announce(addrs(c.have...)); !slices.EqualFunc(got, addrs(c.want...), ma.Multiaddr.Equal) {
			t.Errorf("announce(%v) = %v, want %v", c.have, got, c.want)
		}
	}
}

// Who has any address tells one, and never one of its network beside one of the
// world; what is given stays as it was.
func TestAnnounceProperty(t *testing.T) {
	choice := addrs("/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip4/8.8.8.8/tcp/1", "/dns/x.example/tcp/1")
	rapid.Check(t, func(t *rapid.T) {
		have := rapid.SliceOf(rapid.SampledFrom(choice)).Draw(t, "have")
		before := slices.Clone(have)
		got := announce(have)
		if !slices.EqualFunc(have, before, ma.Multiaddr.Equal) {
			t.Fatal("what was given has changed")
		}
		if len(have) > 0 && len(got) == 0 {
			t.Fatal("nothing is told")
		}
		for _, a := range got {
			if reachOf(a) != reachOf(got[0]) {
				t.Fatalf("told together: %v", got)
			}
		}
	})
}

func TestBeyondLoopback(t *testing.T) {
	for s, want := range map[string]bool{
		"/ip4/127.0.0.1/tcp/1": false, "/ip6/::1/udp/1/quic-v1": false, "/p2p-circuit": false,
		"/ip4/0.0.0.0/tcp/1": true, "/ip6/::/tcp/1": true, "/ip4/192.168.1.2/tcp/1": true, "/ip4/8.8.8.8/tcp/1": true,
	} {
		if got := BeyondLoopback(addrs(s)); got != want {
			t.Errorf("BeyondLoopback(%s) = %t", s, got)
		}
	}
}

func TestRelayMeter(t *testing.T) {
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	m := newRelayMeter()
	greedy, other := peer.ID("greedy"), peer.ID("other")
	opened := 0
	for range 3 * peerPerHour {
		if m.allow(greedy, now) {
			opened++
		}
	}
	if opened != peerPerHour {
		t.Errorf("one peer opened %d circuits at once, want %d", opened, peerPerHour)
	}
	if !m.allow(other, now) {
		t.Error("another peer is refused for it")
	}
	if now = now.Add(time.Hour / peerPerHour); !m.allow(greedy, now) || m.allow(greedy, now) {
		t.Error("a minute later one more circuit is wanted, and no second")
	}
	if m.allow(greedy, now.Add(-time.Hour)) {
		t.Error("a clock that went back gives circuits away")
	}
	crowd := newRelayMeter()
	opened = 0
	for i := range 100 * peerPerHour {
		if crowd.allow(peer.ID([]byte{byte(i), byte(i >> 8)}), now) {
			opened++
		}
	}
	if opened != circuitsPerHour {
		t.Errorf("a crowd opened %d circuits at once, want %d", opened, circuitsPerHour)
	}
}

// However many peers ask, the meter remembers a bounded number of them, and
// those that were quiet make room.
func TestRelayMeterForgets(t *testing.T) {
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	m := newRelayMeter()
	for i := range metersMax + 100 {
		m.allow(peer.ID([]byte{1, byte(i), byte(i >> 8)}), now)
	}
	if len(m.each) > metersMax {
		t.Errorf("%d peers remembered, want at most %d", len(m.each), metersMax)
	}
	if !m.allow("late", now.Add(2*time.Hour)) || len(m.each) > metersMax {
		t.Errorf("two hours later a newcomer is refused, with %d remembered", len(m.each))
	}
}

func TestVerdict(t *testing.T) {
	a, b := addrs("/ip4/8.8.8.8/tcp/1"), addrs("/ip4/8.8.8.8/udp/1/quic-v1")
	for _, c := range []struct {
		evt  event.EvtHostReachableAddrsChanged
		want network.Reachability
	}{
		{event.EvtHostReachableAddrsChanged{}, network.ReachabilityUnknown},
		{event.EvtHostReachableAddrsChanged{Unknown: a}, network.ReachabilityUnknown},
		{event.EvtHostReachableAddrsChanged{Unreachable: a, Unknown: b}, network.ReachabilityUnknown},
		{event.EvtHostReachableAddrsChanged{Unreachable: a}, network.ReachabilityPrivate},
		{event.EvtHostReachableAddrsChanged{Reachable: b, Unreachable: a}, network.ReachabilityPublic},
	} {
		if got := judge(c.evt); got != c.want {
			t.Errorf("judge(%+v) = %s, want %s", c.evt, got, c.want)
		}
	}
}

// A host whose addresses peers have reached relays for others; one that lost
// them doesn't. Peers that relay are found among those connected, before those
// its owner knows of.
func TestReachableHostRelaysWhenPublic(t *testing.T) {
	h := newHost(t, 1, Config{Reachable: true})
	emit, err := h.EventBus().Emitter(new(event.EvtHostReachableAddrsChanged), eventbus.Stateful)
	if err != nil {
		t.Fatal(err)
	}
	defer emit.Close()
	relays := func() bool { return slices.Contains(h.Mux().Protocols(), circuit.ProtoIDv2Hop) }
	if relays() {
		t.Error("relays before anybody has reached it")
	}
	tell := func(e event.EvtHostReachableAddrsChanged, want bool) {
		t.Helper()
		if err := emit.Emit(e); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(5 * time.Second); relays() != want; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("5 s after %+v it relays: %t", e, !want)
			}
		}
	}
	public := addrs("/ip4/8.8.8.8/tcp/1")
	tell(event.EvtHostReachableAddrsChanged{Reachable: public}, true)

	far := peer.AddrInfo{ID: newHost(t, 9, Config{}).ID()}
	finder := newHost(t, 2, Config{})
	connect(t, finder, h)
	source := &relaySource{host: finder, more: func(int) []peer.AddrInfo { return []peer.AddrInfo{{ID: h.ID()}, far} }}
	for n, want := range [][]peer.ID{{}, {h.ID()}, {h.ID(), far.ID}, {h.ID(), far.ID}} {
		got := []peer.ID{}
		for info := range source.peers(context.Background(), n) {
			got = append(got, info.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %d relays: %v, want %v", n, got, want)
		}
	}
	tell(event.EvtHostReachableAddrsChanged{Unreachable: public}, false)
}

func TestOfferedLimits(t *testing.T) {
	if l := OfferedLimits(); l.Bytes < 512<<10 || l.Life <= 0 || l.Reservations <= 0 {
		t.Errorf("a card doesn't fit in %+v", l)
	}
	r := relayResources()
	if l := OfferedLimits(); r.Limit.Data != l.Bytes || r.Limit.Duration != l.Life || r.MaxReservations != l.Reservations {
		t.Errorf("a relay allows %+v and states %+v", r, l)
	}
}
