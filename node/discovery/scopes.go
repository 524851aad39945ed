package discovery

import (
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/node/peerbook"
)

// scopes says how far an address must reach to be believed of strangers. An
// address got over the internet that lies within a private network would have
// this node knock at doors of its own network on a stranger's word.
type scopes struct{ host host.Host }

// of is the scope of what one peer says: that of the narrowest connection to
// it. On one local network, peers name each other's local addresses.
func (s scopes) of(p peer.ID) peerbook.Scope {
	narrowest := peerbook.Public
	for _, c := range s.host.Network().ConnsToPeer(p) {
		narrowest = min(narrowest, peerbook.ScopeOf(c.RemoteMultiaddr()))
	}
	return max(narrowest, peerbook.Loopback)
}

// all is the scope of what is said by nobody in particular, as in the DHT:
// that of the widest connection there is. A network without a way out may have
// a DHT of its own; once there is one way out, local addresses are no good.
func (s scopes) all() peerbook.Scope {
	widest := peerbook.Loopback
	for _, c := range s.host.Network().Conns() {
		widest = max(widest, peerbook.ScopeOf(c.RemoteMultiaddr()))
	}
	return widest
}

// filter is what the DHT takes of addresses.
func (s scopes) filter(addrs []ma.Multiaddr) []ma.Multiaddr {
	return peerbook.Usable(addrs, s.all())
}
