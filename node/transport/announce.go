package transport

import (
	"slices"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// announce chooses, of all the addresses that a node has, those it tells
// others: the widest it has and nothing narrower. Whoever is reached from the
// Internet, directly or through a relay, doesn't tell the world how its home
// network is numbered; neighbours there find it by discovery on that network,
// which asks nobody for addresses.
func announce(addrs []ma.Multiaddr) []ma.Multiaddr {
	widest := loopback
	for _, a := range addrs {
		widest = max(widest, reachOf(a))
	}
	return slices.DeleteFunc(slices.Clone(addrs), func(a ma.Multiaddr) bool { return reachOf(a) < widest })
}

type scope int

const (
	loopback scope = iota
	onNetwork
	worldwide
)

// reachOf judges the first hop: through a relay, that is the relay.
func reachOf(a ma.Multiaddr) scope {
	switch {
	case manet.IsIPLoopback(a):
		return loopback
	case manet.IsPublicAddr(a):
		return worldwide
	}
	return onNetwork
}

// BeyondLoopback reports whether a host that listens on these multiaddrs can be
// reached from another machine.
func BeyondLoopback(listen []ma.Multiaddr) bool {
	return slices.ContainsFunc(listen, func(a ma.Multiaddr) bool { return !IsCircuit(a) && reachOf(a) > loopback })
}

// IsCircuit reports whether an address leads through a relay, or is the place
// where a host waits to be called through one.
func IsCircuit(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}
