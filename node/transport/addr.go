package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// maxAddr bounds a multiaddr's text: a DNS name of 253 bytes, a peer id and
// the words between.
const maxAddr = 512

// ErrAddr is wrapped by every error about the text of an address.
var ErrAddr = errors.New("bad address")

// ParsePeer reads where a peer is: one dialable address that ends in the
// peer's id, such as
//
//	/ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…
//	/dns/node.example/udp/4001/quic-v1/p2p/12D3Koo…
//	/ip4/192.0.2.7/udp/4001/quic-v1/p2p/RELAY/p2p-circuit/p2p/12D3Koo…
//
// in the one way multiaddrs write it. Port 0 and addresses nobody can be at
// (unspecified, multicast) are refused. Errors wrap [ErrAddr].
func ParsePeer(s string) (peer.AddrInfo, error) {
	addr, err := parse(s)
	if err != nil {
		return peer.AddrInfo{}, err
	}
	rest, last := ma.SplitLast(addr)
	if last == nil || last.Code() != ma.P_P2P {
		return peer.AddrInfo{}, bad(s, "does not end in /p2p/ and the peer's id")
	}
	id, err := peer.Decode(last.Value())
	if err != nil {
		return peer.AddrInfo{}, bad(s, "peer id: %v", err)
	}
	if err := checkEndpoint(rest, dialing); err != nil {
		return peer.AddrInfo{}, bad(s, "%v", err)
	}
	return peer.AddrInfo{ID: id, Addrs: []ma.Multiaddr{rest}}, nil
}

// PeerAddrs returns the addresses of h as [ParsePeer] reads them, for one
// person to hand to another.
func PeerAddrs(h host.Host) []string {
	var out []string
	for _, addr := range h.Addrs() {
		out = append(out, addr.String()+"/p2p/"+h.ID().String())
	}
	return out
}

// parseListen reads the addresses to listen on, or returns the default ones.
func parseListen(listen []string) ([]ma.Multiaddr, error) {
	if len(listen) == 0 {
		listen = []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}
	}
	var out []ma.Multiaddr
	for _, s := range listen {
		addr, err := parse(s)
		if err == nil {
			if shape := checkEndpoint(addr, listening); shape != nil {
				err = bad(s, "%v", shape)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		out = append(out, addr)
	}
	return out, nil
}

// parse reads a multiaddr that is written in the canonical way.
func parse(s string) (ma.Multiaddr, error) {
	if len(s) > maxAddr {
		return nil, fmt.Errorf("%w of %d bytes, at most %d", ErrAddr, len(s), maxAddr)
	}
	addr, err := ma.NewMultiaddr(s)
	if err != nil {
		return nil, bad(s, "%v", err)
	}
	if canonical := addr.String(); canonical != s {
		return nil, bad(s, "write it %q", canonical)
	}
	return addr, nil
}

func bad(s, format string, args ...any) error {
	return fmt.Errorf("%w %q: %s", ErrAddr, s, fmt.Sprintf(format, args...))
}

type purpose int

const (
	listening purpose = iota
	dialing
)

// checkEndpoint accepts a host and what a node speaks on it. Where to dial may
// also be a peer to be called through: its endpoint, its id and p2p-circuit.
func checkEndpoint(addr ma.Multiaddr, what purpose) error {
	if what == dialing && len(addr) > 2 && addr[len(addr)-1].Code() == ma.P_CIRCUIT {
		relay := addr[len(addr)-2]
		if relay.Code() != ma.P_P2P {
			return errors.New("names no relay before /p2p-circuit")
		}
		addr = addr[:len(addr)-2]
	}
	if len(addr) < 2 {
		return errors.New("no host and port before it ends")
	}
	if err := checkHost(addr[0], what); err != nil {
		return err
	}
	if !spoken(addr[1], addr[2:], what) {
		return errors.New("neither tcp nor udp with quic-v1, nor ws and webtransport over these: a node speaks nothing else")
	}
	if what == dialing && addr[1].Value() == "0" {
		return errors.New("port 0 can't be dialled")
	}
	return nil
}

// maxCertHashes bounds those of a WebTransport address: this fortnight's and
// the next one's are all there is.
const maxCertHashes = 4

// spoken reports whether there is a transport for a port and what follows it.
// A node listens for WebSocket without TLS, for a web server before it, and
// has its WebTransport certificates made for it.
func spoken(port ma.Component, rest ma.Multiaddr, what purpose) bool {
	var codes []int
	for _, c := range rest {
		codes = append(codes, c.Code())
	}
	switch {
	case port.Code() == ma.P_TCP:
		return len(codes) == 0 || slices.Equal(codes, []int{ma.P_WS}) ||
			what == dialing && (slices.Equal(codes, []int{ma.P_WSS}) || slices.Equal(codes, []int{ma.P_TLS, ma.P_WS}))
	case port.Code() != ma.P_UDP || len(codes) == 0 || codes[0] != ma.P_QUIC_V1:
		return false
	case len(codes) == 1:
		return true
	case codes[1] != ma.P_WEBTRANSPORT:
		return false
	}
	hashes := codes[2:]
	return len(hashes) == 0 || what == dialing && len(hashes) <= maxCertHashes &&
		!slices.ContainsFunc(hashes, func(code int) bool { return code != ma.P_CERTHASH })
}

func checkHost(c ma.Component, what purpose) error {
	switch c.Code() {
	case ma.P_DNS, ma.P_DNS4, ma.P_DNS6:
		if what == listening {
			return errors.New("can listen on an IP address only, not on a name")
		}
		if strings.Trim(c.Value(), ".") == "" {
			return errors.New("empty DNS name")
		}
		return nil
	case ma.P_IP4, ma.P_IP6:
		ip, err := netip.ParseAddr(c.Value())
		if err != nil {
			return fmt.Errorf("IP address: %v", err)
		}
		if ip.IsMulticast() || what == dialing && ip.IsUnspecified() {
			return fmt.Errorf("nobody is at %s", ip)
		}
		return nil
	}
	return fmt.Errorf("starts with %q, want ip4, ip6 or dns", c.Protocol().Name)
}
