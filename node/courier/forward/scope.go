// Package forward is the carrier's side of /parley/forward/1: which addresses
// a node may dial because another asks it to, and how much it carries for
// whom. It has no streams: the courier does the carrying.
package forward

import (
	"net"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// scope is how far an address reaches, the narrowest first.
type scope int

const (
	unusable scope = iota
	loopback
	private
	public
)

// Dialable returns those of addrs, given by a stranger, that a node listening
// on own may dial: none of a narrower scope than the widest of own. So a node
// on the public Internet can't be sent to explore the network behind it, and
// a node on a home network not the services of its own machine, while nodes
// that all live on one machine reach each other. Names (/dns…) are refused:
// whoever owns one points it where he likes.
func Dialable(own, addrs []ma.Multiaddr) []ma.Multiaddr {
	widest := unusable
	for _, a := range own {
		widest = max(widest, scopeOf(a))
	}
	var out []ma.Multiaddr
	for _, a := range addrs {
		if s := scopeOf(a); s != unusable && s >= widest {
			out = append(out, a)
		}
	}
	return out
}

// scopeOf judges the first hop: through a relay, that is the relay.
func scopeOf(a ma.Multiaddr) scope {
	if len(a) == 0 {
		return unusable
	}
	switch a[0].Protocol().Code {
	case ma.P_IP4, ma.P_IP6, ma.P_IP6ZONE:
	default:
		return unusable
	}
	ip, err := manet.ToIP(a)
	switch {
	case err != nil, ip.IsUnspecified(), ip.IsLinkLocalUnicast():
		return unusable // of a link nobody named, where machines keep their own services
	case manet.IsIPLoopback(a):
		return loopback
	case manet.IsPublicAddr(a):
		return public
	case unroutable(a):
		return unusable
	}
	// Private ranges, and those kept for documentation, benchmarks and carriers:
	// not routed publicly, and in use as private ones all the same.
	return private
}

// unroutable reports whether a is of this link alone, where clouds keep their
// secrets, or no single machine's.
func unroutable(a ma.Multiaddr) bool {
	ip, err := manet.ToIP(a[:1])
	return err != nil || ip.IsMulticast() || ip.IsLinkLocalUnicast() || ip.Equal(net.IPv4bcast)
}
