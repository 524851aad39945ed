package peerbook

import (
	"net/netip"
	"slices"

	ma "github.com/multiformats/go-multiaddr"
)

// Scope is how far an address reaches.
type Scope int

// From the narrowest to the widest.
const (
	Nowhere  Scope = iota // nobody can be dialled at it
	Loopback              // this machine alone
	Local                 // one network: private, link-local and shared ranges
	Public                // the internet; a DNS name is taken for that
)

// shared are ranges that netip does not call private and that are no more
// public for it: carrier-grade NAT (RFC 6598), benchmarks (RFC 2544) and the
// ranges for documentation (RFC 5737, RFC 3849).
var shared = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
}

// ScopeOf returns how far addr reaches. That of a relayed address is its
// relay's.
func ScopeOf(addr ma.Multiaddr) Scope {
	if len(addr) < 2 { // a host alone is no address
		return Nowhere
	}
	switch addr[0].Code() {
	case ma.P_DNS, ma.P_DNS4, ma.P_DNS6:
		return Public
	}
	ip, ok := addrIP(addr)
	switch {
	case !ok || ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return Nowhere
	case ip.IsLoopback():
		return Loopback
	case ip.IsPrivate() || ip.IsLinkLocalUnicast() || slices.ContainsFunc(shared, func(p netip.Prefix) bool { return p.Contains(ip) }):
		return Local
	}
	return Public
}

func addrIP(addr ma.Multiaddr) (netip.Addr, bool) {
	if len(addr) == 0 || addr[0].Code() != ma.P_IP4 && addr[0].Code() != ma.P_IP6 {
		return netip.Addr{}, false
	}
	ip, ok := netip.AddrFromSlice(addr[0].RawValue())
	return ip.Unmap(), ok
}

// Range is the network an address is in, as far as one party may well have all
// of it: /16 of IPv4, /32 of IPv6 (what Bitcoin's address manager and the
// DHT's diversity filter count by). It is the zero Prefix for addresses that
// are not public, and for names.
func Range(addr ma.Multiaddr) netip.Prefix {
	ip, ok := addrIP(addr)
	if !ok || ScopeOf(addr) != Public {
		return netip.Prefix{}
	}
	bits := 32
	if ip.Is4() {
		bits = 16
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

const (
	// MaxAddrs is how many addresses of one peer are kept or dialled.
	MaxAddrs = 8
	// maxAddrLen is the longest of them in bytes: a DNS name of 253 and
	// the certificates' hashes of WebTransport, behind a relay.
	maxAddrLen = 512
)

// Usable returns those of addrs that reach at least as far as scope, without a
// trailing /p2p, each once, at most [MaxAddrs]: what a stranger says of where
// somebody is must not have this node dial about in its own network.
func Usable(addrs []ma.Multiaddr, scope Scope) []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, a := range addrs {
		if len(a) > 0 && a[len(a)-1].Code() == ma.P_P2P {
			a = a[:len(a)-1]
		}
		if ScopeOf(a) < max(scope, Loopback) || len(a.Bytes()) > maxAddrLen {
			continue
		}
		if slices.ContainsFunc(out, a.Equal) {
			continue
		}
		if out = append(out, a); len(out) == MaxAddrs {
			break
		}
	}
	return out
}
