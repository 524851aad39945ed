package intentcast

import (
	"testing"

	"github.com/multiformats/go-multiaddr"
	"pgregory.net/rapid"
)

func TestUsualAddrs(t *testing.T) {
	for s, want := range map[string]bool{
		"/ip4/192.0.2.7/tcp/4101":                     true,
		"/ip4/192.0.2.7/udp/4101/quic-v1":             true,
		"/ip4/255.255.255.255/tcp/0":                  true,
		"/ip4/192.0.2.7/udp/4101":                     false, // an address, not a usual one
		"/ip4/192.0.2.7/udp/4101/quic-v1/p2p-circuit": false,
		"/ip6/2001:db8::7/tcp/4101":                   false,
		"/dns4/node.example/tcp/443":                  false,
		"/ip4/192.0.2.7/tcp/65536":                    false,
		"/ip4/192.0.2.7/tcp/":                         false,
		"/ip4/192.0.2.7/tcp/+1":                       false,
		"/ip4/192.0.2.07/tcp/1":                       false,
		"/ip4/192.0.2/tcp/1":                          false,
		"/ip4/::ffff:192.0.2.7/tcp/1":                 false,
		"/ip4/192.0.2.7/tcp/1/":                       false,
		"/ip4/192.0.2.7":                              false,
		"":                                            false,
	} {
		if got := isUsualAddr(s); got != want {
			t.Errorf("%q: %t", s, got)
		}
	}
}

// Whatever is taken for a usual address is one to the library too, and names
// no peer.
func TestUsualAddrsAreMultiaddrs(t *testing.T) {
	shape := rapid.StringMatching(`/ip4/([0-9]{1,3}\.){3}[0-9a-f:%]{1,3}/(tcp|udp)/[+0-9]{0,6}(/quic-v1|/quic|/p2p-circuit|/)?`)
	usual := rapid.StringMatching(`/ip4/(1?[0-9]?[0-9]\.){3}2?[0-9]{1,2}/(tcp/[0-9]{1,5}|udp/[0-9]{1,5}/quic-v1)`)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(shape, usual).Draw(t, "address")
		if !isUsualAddr(s) {
			return
		}
		found++
		a, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			t.Fatalf("%q is taken: %v", s, err)
		}
		for i := range a {
			if a[i].Protocol().Code == multiaddr.P_P2P {
				t.Fatalf("%q is taken and has a peer", s)
			}
		}
	})
	if found == 0 {
		t.Error("no usual address was drawn")
	}
}
