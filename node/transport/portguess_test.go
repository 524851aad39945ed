package transport

import (
	"fmt"
	"testing"

	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	ma "github.com/multiformats/go-multiaddr"
)

// noRouter answers nothing that it is asked.
type noRouter struct{ basichost.NATManager }

func (noRouter) GetMapping(ma.Multiaddr) ma.Multiaddr { return nil }

// Two peers that see the router at one address are believed so far as to try
// the port listened on there, whatever port they see.
func TestPortGuess(t *testing.T) {
	g := &portGuess{NATManager: noRouter{}}
	see := func(peer, here string) { g.observe(ma.StringCast(peer), ma.StringCast(here)) }
	guess := func(listen string) string {
		if a := g.GetMapping(ma.StringCast(listen)); a != nil {
			return a.String()
		}
		return ""
	}
	const quic = "/ip4/0.0.0.0/udp/4101/quic-v1"
	see("/ip4/8.8.1.1/udp/1/quic-v1", "/ip4/9.9.9.9/udp/31234/quic-v1")
	see("/ip4/8.8.1.1/tcp/1", "/ip4/9.9.9.9/tcp/1") // the same peer, or its neighbour
	if got := guess(quic); got != "" {
		t.Errorf("one peer alone is believed: %s", got)
	}
	see("/ip4/192.168.1.9/udp/1/quic-v1", "/ip4/9.9.9.9/udp/1/quic-v1") // of this network
	see("/ip4/8.8.1.2/udp/1/quic-v1/p2p/"+exampleRelay+"/p2p-circuit", "/ip4/9.9.9.9/udp/1/quic-v1")
	see("/ip4/8.8.1.3/udp/1/quic-v1", "/ip4/192.168.1.2/udp/1/quic-v1")
	if got := guess(quic); got != "" {
		t.Errorf("those who can't know are believed: %s", got)
	}
	see("/ip4/8.8.1.4/udp/1/quic-v1", "/ip4/9.9.9.9/udp/45678/quic-v1")
	for listen, want := range map[string]string{
		quic:                          "/ip4/9.9.9.9/udp/4101/quic-v1",
		"/ip4/192.168.1.2/tcp/4102":   "/ip4/9.9.9.9/tcp/4102",
		quic + "/webtransport":        "",
		"/ip4/127.0.0.1/tcp/4101":     "",
		"/ip4/8.8.7.7/tcp/4101":       "",
		"/ip6/::/udp/4101/quic-v1":    "",
		"/p2p-circuit":                "",
		"/dns4/node.example/tcp/4101": "",
	} {
		if got := guess(listen); got != want {
			t.Errorf("for %s the guess is %q, want %q", listen, got, want)
		}
	}
}

// The router's address changes now and then, and peers that lie are outvoted.
func TestPortGuessFollowsTheMajority(t *testing.T) {
	g := &portGuess{NATManager: noRouter{}}
	say := func(peer int, here string) {
		g.observe(ma.StringCast(fmt.Sprintf("/ip4/8.8.%d.%d/tcp/1", peer/256, peer%256)), ma.StringCast("/ip4/"+here+"/tcp/1"))
	}
	want := func(ip string) {
		t.Helper()
		if at, ok := g.router(); !ok || at.String() != ip {
			t.Errorf("the router is taken to be at %v, want %s", at, ip)
		}
	}
	for i := range 3 {
		say(i, "9.9.9.1")
	}
	say(10, "9.9.9.66")
	say(11, "9.9.9.66")
	want("9.9.9.1")
	for i := range 3 {
		say(i, "9.9.9.2")
	}
	want("9.9.9.2")
	for i := range 4 * observersMax {
		say(100+i, "9.9.9.2")
	}
	if len(g.seen) > observersMax {
		t.Errorf("%d peers are remembered, want at most %d", len(g.seen), observersMax)
	}
}
