package transport

import (
	"net/netip"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// portGuess finds the port that an owner has forwarded on a router by hand:
// the router tells nobody of it, and may show another port to every peer. The
// guess is that it is the port listened on, at the address where peers see the
// router. It is tried like any other: peers dial it back, and one that isn't so
// is told to nobody any more.
//
// It stands before libp2p's own asking of the router, whose answer comes first.
type portGuess struct {
	basichost.NATManager
	since time.Time // when the router was first asked

	mu   sync.Mutex
	seen map[netip.Addr]netip.Addr // by a peer's address, where it sees this host
}

const (
	// observersWanted is how many peers, at different addresses, must agree
	// on where the router is.
	observersWanted = 2
	// guessAfter is how long the router has to answer. A peer dials back twice
	// in two minutes: what is spent on a guess is not there for the answer.
	guessAfter = 8 * time.Second
	// observersMax bounds those remembered.
	observersMax = 256
)

// before is the constructor that libp2p is given, of one that asks the router.
func (g *portGuess) before(ask func(network.Network) basichost.NATManager) config.NATManagerC {
	return func(n network.Network) basichost.NATManager {
		g.NATManager, g.since = ask(n), time.Now()
		return g
	}
}

// hear notes where a peer sees this host. Peers of the same network, and those
// called through a relay, have nothing to tell.
func (g *portGuess) hear(e event.EvtPeerIdentificationCompleted) {
	if e.Conn == nil || e.ObservedAddr == nil || e.Conn.Stat().Limited {
		return
	}
	g.observe(e.Conn.RemoteMultiaddr(), e.ObservedAddr)
}

func (g *portGuess) observe(peer, here ma.Multiaddr) {
	from, okFrom := publicIPv4(peer)
	at, okAt := publicIPv4(here)
	if !okFrom || !okAt {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		g.seen = make(map[netip.Addr]netip.Addr)
	}
	if _, known := g.seen[from]; !known && len(g.seen) >= observersMax {
		for any := range g.seen {
			delete(g.seen, any)
			break
		}
	}
	g.seen[from] = at
}

// publicIPv4: nobody translates addresses of IPv6.
func publicIPv4(a ma.Multiaddr) (netip.Addr, bool) {
	if len(a) < 2 || a[0].Code() != ma.P_IP4 || IsCircuit(a) || !manet.IsPublicAddr(a) {
		return netip.Addr{}, false
	}
	return netip.AddrFromSlice(a[0].RawValue())
}

// router returns where most peers see this host, if enough do.
func (g *portGuess) router() (best netip.Addr, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	votes := make(map[netip.Addr]int)
	for _, at := range g.seen {
		votes[at]++
	}
	most := observersWanted - 1
	for at, n := range votes {
		if n > most || n == most && ok && at.Less(best) {
			best, most, ok = at, n, true
		}
	}
	return best, ok
}

// GetMapping implements libp2p's NATManager: where the router lets peers reach
// one of the addresses listened on; nil: nowhere.
func (g *portGuess) GetMapping(listen ma.Multiaddr) ma.Multiaddr {
	if mapped := g.NATManager.GetMapping(listen); mapped != nil {
		return mapped
	}
	if time.Since(g.since) < guessAfter {
		return nil
	}
	return g.guess(listen)
}

// guess leaves out what peers reach anyhow, and WebTransport, which is found
// beside QUIC.
func (g *portGuess) guess(listen ma.Multiaddr) ma.Multiaddr {
	if len(listen) < 2 || listen[0].Code() != ma.P_IP4 || reachOf(listen) != onNetwork {
		return nil
	}
	if _, err := listen.ValueForProtocol(ma.P_WEBTRANSPORT); err == nil {
		return nil
	}
	at, ok := g.router()
	if !ok {
		return nil
	}
	ip, err := ma.NewComponent("ip4", at.String())
	if err != nil {
		return nil
	}
	return append(ma.Multiaddr{*ip}, listen[1:]...)
}
