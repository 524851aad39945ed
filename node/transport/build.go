package transport

import (
	"fmt"

	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	tpt "github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	tptu "github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
	libp2pwebtransport "github.com/libp2p/go-libp2p/p2p/transport/webtransport"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"
)

// build makes the host from libp2p's own configuration, and not by libp2p.New:
// that one's defaults link a whole WebRTC stack, 3 MB of a program that never
// speaks it. What New would have chosen is chosen here, in the open.
func (c Config) build(g *guards, listen []ma.Multiaddr) (host.Host, error) {
	store, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, fmt.Errorf("make peerstore: %w", err)
	}
	cfg := &config.Config{
		PeerKey:         c.Key,
		Peerstore:       store,
		UserAgent:       userAgent,
		ProtocolVersion: protocolVersion,
		ResourceManager: g.resources,
		ConnManager:     g.conns,
		Transports:      transports(),
		// In the order of preference. TLS 1.3 agrees on its keys by
		// X25519MLKEM768 where both ends are able to; Noise knows X25519 only,
		// and what was recorded may be read once there are quantum computers.
		SecurityTransports: []config.Security{
			{ID: libp2ptls.ID, Constructor: libp2ptls.New},
			{ID: noise.ID, Constructor: noise.New},
		},
		Muxers:      []tptu.StreamMuxer{{ID: yamux.ID, Muxer: telling{yamux.DefaultTransport}}},
		RelayCustom: true,
		Relay:       true, // to dial those who are reached through one; see Reachable for the rest
		// Peers' opinions about our address matter only to a node behind NAT.
		DisableIdentifyAddressDiscovery: true,
		AddrsFactory:                    announce,
		Reporter:                        c.Bandwidth,
		// libp2p's own: a network that lets fewer than 5 of 100 dials through
		// blocks them all, and isn't tried for a while.
		UDPBlackHoleSuccessCounter:  &swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "UDP"},
		IPv6BlackHoleSuccessCounter: &swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "IPv6"},
	}
	withMetrics(cfg, c.Registry)
	if c.Reachable {
		c.reachable(cfg, listen)
	} else {
		stayUnknown(cfg)
	}
	return cfg.NewNode()
}

// transports are what a node speaks. WebTransport and WebSocket are for peers
// that live in a browser, and for networks that let nothing else through.
func transports() (opts []fx.Option) {
	for _, constructor := range []any{tcp.NewTCPTransport, libp2pquic.NewTransport, libp2pwebtransport.New, websocket.New} {
		opts = append(opts, fx.Provide(fx.Annotate(constructor,
			fx.As(new(tpt.Transport)), fx.ResultTags(`group:"transport"`))))
	}
	return opts
}

// withMetrics keeps libp2p off prometheus's default registry. With metrics
// disabled libp2p v0.51 still registers the event bus's collectors, on the
// default registry unless it was given another one before.
func withMetrics(cfg *config.Config, reg prometheus.Registerer) {
	cfg.PrometheusRegisterer = reg
	if reg == nil {
		cfg.PrometheusRegisterer, cfg.DisableMetrics = prometheus.NewRegistry(), true
	}
}

// stayUnknown switches the first version of AutoNAT off, which libp2p would
// run in any case: it can't tell the addresses of a node apart, and the second
// version does.
func stayUnknown(cfg *config.Config) {
	unknown := network.ReachabilityUnknown
	cfg.AutoNATConfig.ForceReachability = &unknown
}
