package transport

import (
	"errors"
	"fmt"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// What identify tells every peer. It is the same for every node of every
// version, so that it sets nobody apart.
const (
	userAgent       = "parley"
	protocolVersion = "parley/1"
)

// Config says what host to make. Only Key is required.
type Config struct {
	// Key is the device's Ed25519 key, see [LoadOrCreateKey].
	Key crypto.PrivKey

	// Listen holds multiaddrs to listen on, each /ip4|ip6/… and then tcp/…,
	// tcp/…/ws, udp/…/quic-v1 or udp/…/quic-v1/webtransport; port 0 picks a
	// free one. Empty: TCP and QUIC on free ports of 127.0.0.1.
	Listen []string

	// Reachable has the host do what it can to be reached from the Internet,
	// and help others to be: it asks the router for its ports (UPnP, NAT-PMP)
	// if it listens beyond loopback, has peers dial it back and does so for
	// them (AutoNAT v2), keeps a place at two relays while it is not
	// reachable, relays for others within [OfferedLimits] while it is, and
	// replaces circuits by direct connections (hole punching). False: none of
	// that; such a host still dials peers through relays.
	Reachable bool

	// Relays returns up to n peers that may relay, besides those connected; it
	// is called every few seconds while a relay is wanted, and must not block.
	// Nil: none.
	Relays func(n int) []peer.AddrInfo

	// Registry gets libp2p's metrics. Their collectors are variables of
	// libp2p's packages, so hosts of one process share their values. Nil: no
	// metrics. prometheus's default registry is not used either way.
	Registry prometheus.Registerer

	// MaxPeers is how many peers the host keeps connections to; beyond that
	// the least useful are closed, beyond twice that new ones are refused.
	// 0: [DefaultMaxPeers]. The memory and streams that peers may use up grow
	// with it.
	MaxPeers int

	// Bandwidth counts what is sent and received, if set.
	Bandwidth metrics.Reporter
	// Log is told where the host listens. Nil: silent.
	Log hclog.Logger
}

// New makes a host that listens on every address of cfg.Listen, or none: if
// one of them can't be listened on, New says which and why and leaves nothing
// running. The caller closes the host.
func New(cfg Config) (host.Host, error) {
	if err := checkKey(cfg.Key); err != nil {
		return nil, err
	}
	listen, err := parseListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	guards, err := newGuards(cfg.MaxPeers, cfg.Registry != nil)
	if err != nil {
		return nil, err
	}
	h, err := cfg.build(guards, listen)
	if err != nil {
		guards.close()
		return nil, fmt.Errorf("start libp2p host: %w", err)
	}
	if err := listenOn(h, listen); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if cfg.Log != nil {
		cfg.Log.Info("listening", "peer", h.ID(), "addrs", h.Network().ListenAddresses())
	}
	return h, nil
}

// listenOn listens on every address. libp2p.New, told the addresses, would be
// content if one of them worked, and leak the swarm's goroutines if none did.
func listenOn(h host.Host, addrs []ma.Multiaddr) error {
	for _, addr := range addrs {
		if err := h.Network().Listen(addr); err != nil {
			return fmt.Errorf("listen on %s: %w", addr, err)
		}
	}
	return nil
}
