// Package reach tells whether others can reach a node, and what to do if not.
//
// [Judge] is pure: facts in, a judgement in plain words out. [Watcher] collects
// the facts of a running host.
package reach

import (
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/parley-network/parley/node/transport"
)

// Kind is how a node can be reached.
type Kind string

const (
	// Public: peers have dialled back an address of this machine's own.
	Public Kind = "public"
	// Mapped: peers have dialled back an address of the router's, which passes
	// a port on to this machine.
	Mapped Kind = "mapped"
	// Relayed: not directly, but through one or more relays.
	Relayed Kind = "relayed"
	// Unreachable: neither directly nor through a relay.
	Unreachable Kind = "unreachable"
	// Checking: peers have not been found, or have not answered, yet.
	Checking Kind = "checking"
	// Near: none but peers of the machine's own networks are connected, so
	// nobody can tell whether it is reached from outside.
	Near Kind = "near"
	// Alone: no peer is connected, so nobody can tell.
	Alone Kind = "alone"
	// Local: the node listens on this machine alone, by its owner's wish.
	Local Kind = "local"
)

// Kinds are all of them, the best first.
var Kinds = []Kind{Public, Mapped, Relayed, Checking, Near, Alone, Unreachable, Local}

// Facts are what is known about a host. Addresses are without its peer id.
type Facts struct {
	Listen     []ma.Multiaddr // where it listens, as it was told to
	Interfaces []ma.Multiaddr // the same, on each of the machine's own addresses

	// What peers found when they dialled the host's public addresses back
	// (AutoNAT v2). Those in Unreachable they have tried in vain; Unknown are
	// those that too few have tried.
	Reachable, Unreachable, Unknown []ma.Multiaddr

	Router bool           // the router answers UPnP or NAT-PMP
	Mapped []ma.Multiaddr // where it says that it passes connections on, which may be wrong

	Relays  []ma.Multiaddr // where it is reached through a relay
	Offers  bool           // it relays for others
	Peers   int            // connected
	Outside int            // of them over an address of the Internet, directly
	Watched time.Duration  // for how long the host has tried
}

// Judgement is what the facts come to.
type Judgement struct {
	Kind   Kind
	Text   string    // what it means, in plain words
	Do     string    // what its owner can do about it; empty: nothing needs doing
	Relays []peer.ID // through whom the node is reached
	Offers bool      // it relays for others
}

// patience is how long relays and dial-backs may take before a node that has
// no address to be tried is called unreachable. A peer dials back twice in two minutes at most
// (libp2p's throttle), and two dial-backs that agree settle an address.
const patience = 3 * time.Minute

// Judge tells how a host with these facts can be reached.
func Judge(f Facts) Judgement {
	j := Judgement{Kind: f.kind(), Offers: f.Offers}
	if j.Kind == Relayed || j.Kind == Checking { // reached without, it tells nobody of a relay that is left over
		j.Relays = relays(f.Relays)
	}
	j.Text, j.Do = f.words(j)
	return j
}

func (f Facts) kind() Kind {
	switch {
	case !transport.BeyondLoopback(f.Listen):
		return Local
	case slices.ContainsFunc(f.Reachable, f.own):
		return Public
	case len(f.Reachable) > 0:
		return Mapped
	case f.untried():
		return f.waiting()
	case len(f.Relays) > 0:
		return Relayed
	case f.Outside == 0 && len(f.Unreachable) == 0:
		return f.waiting()
	case f.Peers == 0:
		return Alone
	case f.Watched < patience:
		return Checking
	}
	return Unreachable
}

// waiting is the kind of a node of which nobody has found out anything yet.
func (f Facts) waiting() Kind {
	switch {
	case len(f.Relays) > 0:
		return Checking
	case f.Peers == 0:
		return Alone
	case f.Outside == 0:
		return Near
	}
	return Checking
}

// untried reports whether the machine has an address of the Internet itself and
// peers have found out about none yet: neither relays nor the time that has
// passed tell that nothing is let in. Of IPv6, which a machine behind a router
// has too and few peers may be able to try, that holds for a while.
func (f Facts) untried() bool {
	return len(f.Unreachable) == 0 && (!f.routed() || f.onInternet() && f.Watched < patience)
}

// onInternet reports whether one of the machine's own addresses is of the
// Internet.
func (f Facts) onInternet() bool { return slices.ContainsFunc(f.Interfaces, manet.IsPublicAddr) }

// routed reports whether a router's address stands for the machine's. With
// IPv6 a machine at home has one of the Internet, so that tells nothing.
func (f Facts) routed() bool {
	return !slices.ContainsFunc(f.Interfaces, func(a ma.Multiaddr) bool {
		ip, ok := ipOf(a)
		return ok && ip.Is4() && manet.IsPublicAddr(a)
	})
}

// own reports whether an address is one of the machine's.
func (f Facts) own(a ma.Multiaddr) bool {
	ip, ok := ipOf(a)
	return ok && slices.ContainsFunc(f.Interfaces, func(i ma.Multiaddr) bool {
		own, ok := ipOf(i)
		return ok && own == ip
	})
}

func ipOf(a ma.Multiaddr) (netip.Addr, bool) {
	ip, err := manet.ToIP(a)
	if err != nil {
		return netip.Addr{}, false
	}
	addr, ok := netip.AddrFromSlice(ip)
	return addr.Unmap(), ok
}

func relays(addrs []ma.Multiaddr) (out []peer.ID) {
	for _, a := range addrs {
		if id := transport.RelayOf(a); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
