package transport

import (
	"errors"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	examplePeer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
	exampleTCP  = "/ip4/192.0.2.7/tcp/4001/p2p/" + examplePeer

	exampleRelay   = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
	exampleCircuit = "/ip4/192.0.2.7/udp/4001/quic-v1/p2p/" + exampleRelay + "/p2p-circuit"
	exampleHash    = "/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ"
)

func TestParsePeer(t *testing.T) {
	for _, s := range []string{
		exampleTCP,
		"/ip6/2001:db8::7/tcp/4001/p2p/" + examplePeer,
		"/ip4/192.0.2.7/udp/4001/quic-v1/p2p/" + examplePeer,
		"/dns/node.example/udp/4001/quic-v1/p2p/" + examplePeer,
		"/dns4/node.example/tcp/1/p2p/" + examplePeer,
		"/ip4/192.0.2.7/tcp/1/ws/p2p/" + examplePeer,
		"/dns/node.example/tcp/443/tls/ws/p2p/" + examplePeer,
		"/ip4/192.0.2.7/udp/1/quic-v1/webtransport" + exampleHash + exampleHash + "/p2p/" + examplePeer,
		exampleCircuit + "/p2p/" + examplePeer,
	} {
		info, err := ParsePeer(s)
		if err != nil {
			t.Errorf("ParsePeer(%q): %v", s, err)
			continue
		}
		if info.ID.String() != examplePeer || len(info.Addrs) != 1 {
			t.Errorf("ParsePeer(%q) = %v", s, info)
		}
	}
}

func TestParsePeerRefuses(t *testing.T) {
	for s, why := range map[string]string{
		"":                                 "empty multiaddr",
		"192.0.2.7:4001":                   "must begin with /",
		"/ip4/192.0.2.7/tcp/4001":          "does not end in /p2p/",
		"/p2p/" + examplePeer:              "no host and port",
		exampleTCP + "/":                   "write it",
		exampleTCP + "/p2p/" + examplePeer: "neither tcp nor udp",
		exampleTCP + "/p2p-circuit":        "does not end in /p2p/",
		"/ip4/192.0.2.7/tcp/04001/p2p/" + examplePeer:           "write it",
		"/ip6/2001:DB8::7/tcp/4001/p2p/" + examplePeer:          "write it",
		"/ip4/192.0.2.7/tcp/4001/ipfs/" + examplePeer:           "write it",
		"/ip4/192.0.2.7/tcp/0/p2p/" + examplePeer:               "port 0",
		"/ip4/192.0.2.7/tcp/65536/p2p/" + examplePeer:           "65536",
		"/ip4/0.0.0.0/tcp/1/p2p/" + examplePeer:                 "nobody is at 0.0.0.0",
		"/ip4/224.0.0.1/tcp/1/p2p/" + examplePeer:               "nobody is at 224.0.0.1",
		"/ip4/192.0.2.7/udp/1/p2p/" + examplePeer:               "neither tcp nor udp",
		"/ip4/192.0.2.7/tcp/1/ws/ws/p2p/" + examplePeer:         "neither tcp nor udp",
		"/ip4/192.0.2.7/udp/1/webrtc-direct/p2p/" + examplePeer: "neither tcp nor udp",
		"/ip4/192.0.2.7/tcp/1/p2p-circuit/p2p/" + examplePeer:   "names no relay",
		exampleCircuit: "does not end in /p2p/",
		exampleCircuit + "/p2p/" + exampleRelay + "/p2p-circuit/p2p/" + examplePeer:                          "neither tcp nor udp",
		"/ip4/192.0.2.7/udp/1/quic-v1/webtransport" + strings.Repeat(exampleHash, 5) + "/p2p/" + examplePeer: "neither tcp nor udp",
		"/dnsaddr/node.example/tcp/1/p2p/" + examplePeer:                                                     "want ip4, ip6 or dns",
		"/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWnotapeer":                                                       "p2p",
		"/dns/" + strings.Repeat("a", 600) + "/tcp/1/p2p/x":                                                  "at most 512",
		"/ip4/192.0.2.7/tcp/4001/p2p/" + examplePeer + "\x00":                                                "p2p",
		"/ip4/192.0.2.7/tcp/4001/p2p/" + examplePeer + "\n/tcp":                                              "p2p",
	} {
		info, err := ParsePeer(s)
		if err == nil {
			t.Errorf("ParsePeer(%q) = %v, want an error with %q", s, info, why)
			continue
		}
		if !strings.Contains(err.Error(), why) || !errors.Is(err, ErrAddr) {
			t.Errorf("ParsePeer(%q): error %q, want ErrAddr saying %q", s, err, why)
		}
	}
}

// Whatever ParsePeer accepts it read whole: written back it is the same text.
func FuzzParsePeer(f *testing.F) {
	f.Add(exampleTCP)
	f.Add("/dns/node.example/udp/4001/quic-v1/p2p/" + examplePeer)
	f.Add("/ip6/::1/tcp/1/p2p/" + examplePeer)
	f.Add(exampleCircuit + "/p2p/" + examplePeer)
	f.Add("/ip4/192.0.2.7/udp/1/quic-v1/webtransport" + exampleHash + "/p2p/" + examplePeer)
	f.Add("/ip6zone/eth0/ip6/fe80::1/tcp/1/p2p/" + examplePeer)
	f.Fuzz(func(t *testing.T, s string) {
		info, err := ParsePeer(s)
		if err != nil {
			if !errors.Is(err, ErrAddr) {
				t.Fatalf("error %v is no ErrAddr", err)
			}
			return
		}
		addrs, err := peer.AddrInfoToP2pAddrs(&info)
		if err != nil || len(addrs) != 1 || addrs[0].String() != s {
			t.Fatalf("ParsePeer(%q) written back is %v, %v", s, addrs, err)
		}
	})
}
