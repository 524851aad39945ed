package peerbook_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/peerbook"
)

const someone = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

func TestScopeOf(t *testing.T) {
	for addr, want := range map[string]peerbook.Scope{
		"/ip4/1.2.3.4/udp/4001/quic-v1":                       peerbook.Public,
		"/ip6/2a00:1450::1/tcp/4001":                          peerbook.Public,
		"/dns4/friend.example/udp/4001/quic-v1":               peerbook.Public,
		"/ip4/127.0.0.1/tcp/1":                                peerbook.Loopback,
		"/ip6/::1/tcp/1":                                      peerbook.Loopback,
		"/ip6/::ffff:7f00:1/tcp/1":                            peerbook.Loopback, // IPv4 in IPv6's clothes
		"/ip4/10.1.2.3/tcp/1":                                 peerbook.Local,
		"/ip4/192.168.1.1/udp/80/quic-v1":                     peerbook.Local,
		"/ip4/169.254.169.254/tcp/80":                         peerbook.Local, // where clouds keep credentials
		"/ip4/100.64.0.9/tcp/1":                               peerbook.Local,
		"/ip4/203.0.113.7/tcp/1":                              peerbook.Local,
		"/ip6/fe80::1/tcp/1":                                  peerbook.Local,
		"/ip6/fd00::1/tcp/1":                                  peerbook.Local,
		"/ip4/0.0.0.0/tcp/1":                                  peerbook.Nowhere,
		"/ip4/224.0.0.251/udp/5353/quic-v1":                   peerbook.Nowhere,
		"/ip4/255.255.255.255/udp/1/quic-v1":                  peerbook.Nowhere,
		"/p2p/" + someone:                                     peerbook.Nowhere,
		"/ip4/1.2.3.4":                                        peerbook.Nowhere,
		"/unix/a/b":                                           peerbook.Nowhere,
		"/ip4/10.0.0.1/tcp/1/p2p/" + someone + "/p2p-circuit": peerbook.Local,
	} {
		if got := peerbook.ScopeOf(ma.StringCast(addr)); got != want {
			t.Errorf("%s: scope %d, want %d", addr, got, want)
		}
	}
}

func TestRange(t *testing.T) {
	for addr, want := range map[string]string{
		"/ip4/1.2.3.4/udp/4001/quic-v1": "1.2.0.0/16",
		"/ip6/2a00:1450:1::1/tcp/4001":  "2a00:1450::/32",
		"/ip4/10.1.2.3/tcp/1":           "invalid Prefix",
		"/dns4/friend.example/tcp/1":    "invalid Prefix",
	} {
		if got := peerbook.Range(ma.StringCast(addr)).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// A stranger's ten thousand addresses, in our own network and out of it, come
// to a few public ones.
func TestUsable(t *testing.T) {
	var addrs []ma.Multiaddr
	for i := range 5000 {
		addrs = append(addrs, ma.StringCast(fmt.Sprintf("/ip4/192.168.%d.%d/tcp/22", i>>8, i&255)))
	}
	for i := range 5000 {
		addrs = append(addrs, ma.StringCast(fmt.Sprintf("/ip4/8.8.%d.%d/tcp/22/p2p/%s", i>>8, i&255, someone)))
	}
	got := peerbook.Usable(addrs, peerbook.Public)
	if len(got) != peerbook.MaxAddrs || got[0].String() != "/ip4/8.8.0.0/tcp/22" {
		t.Errorf("%d addresses, the first %v", len(got), got[0])
	}
	long := ma.StringCast("/dns4/" + strings.Repeat("a.", 300) + "example/tcp/1")
	if got := peerbook.Usable([]ma.Multiaddr{long, addrs[0], addrs[0]}, peerbook.Loopback); len(got) != 1 {
		t.Errorf("want the one that is short, once: %v", got)
	}
}

// Whatever comes, what is usable is bounded, reaches far enough and is there once.
func TestUsableAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var addrs []ma.Multiaddr
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			ip, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip"))
			addrs = append(addrs, ma.StringCast(fmt.Sprintf("/ip4/%s/tcp/%d", ip, rapid.IntRange(1, 3).Draw(t, "port"))))
		}
		scope := peerbook.Scope(rapid.IntRange(0, 3).Draw(t, "scope"))
		got := peerbook.Usable(addrs, scope)
		if len(got) > peerbook.MaxAddrs {
			t.Fatalf("%d addresses", len(got))
		}
		for i, a := range got {
			if peerbook.ScopeOf(a) < scope || peerbook.ScopeOf(a) == peerbook.Nowhere {
				t.Fatalf("%s does not reach to %d", a, scope)
			}
			for _, b := range got[:i] {
				if a.Equal(b) {
					t.Fatalf("%s is there twice", a)
				}
			}
		}
	})
}
