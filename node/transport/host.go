package transport

import (
	"errors"
	"fmt"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
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

	// Listen holds multiaddrs to listen on, each /ip4|ip6/…/tcp/… or
	// /ip4|ip6/…/udp/…/quic-v1; port 0 picks a free one. Empty: TCP and QUIC
	// on free ports of 127.0.0.1.
	Listen []string

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
	opts := []libp2p.Option{
		libp2p.Identity(cfg.Key),
		libp2p.NoListenAddrs, // see listenOn
		libp2p.UserAgent(userAgent),
		libp2p.ProtocolVersion(protocolVersion),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.DisableRelay(),
		// Peers' opinions about our address matter only to a node behind NAT.
		libp2p.DisableIdentifyAddressDiscovery(),
	}
	opts = append(opts, metricsOptions(cfg.Registry)...)
	if cfg.Bandwidth != nil {
		opts = append(opts, libp2p.BandwidthReporter(cfg.Bandwidth))
	}
	guards, err := newGuards(cfg.MaxPeers, cfg.Registry != nil)
	if err != nil {
		return nil, err
	}
	h, err := libp2p.New(append(opts, guards.options()...)...)
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

// metricsOptions keeps libp2p off prometheus's default registry. With metrics
// disabled libp2p v0.51 still registers the event bus's collectors, on the
// default registry unless it was given another one before.
func metricsOptions(reg prometheus.Registerer) []libp2p.Option {
	if reg != nil {
		return []libp2p.Option{libp2p.PrometheusRegisterer(reg)}
	}
	return []libp2p.Option{libp2p.PrometheusRegisterer(prometheus.NewRegistry()), libp2p.DisableMetrics()}
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
