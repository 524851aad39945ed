package main

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/discovery"
	"github.com/parley-network/parley/node/peerbook"
)

// discovery makes what finds other nodes. A vendor wants to be found and serves
// the directory where it can be reached; a person's node only looks up.
func (r *running) discovery() (node.Discovery, error) {
	d, err := discovery.New(discovery.Config{
		Host: r.host, Log: r.log.Named("discovery"), Registry: r.registry,
		// A node that listens on its own machine alone has nothing to tell a
		// network.
		MDNS:     !r.options.NoMDNS && listensBeyond(r.host),
		DHT:      !r.options.NoDHT,
		Serve:    r.options.Vendor != nil,
		Unlisted: r.options.Unlisted,
	})
	if err != nil {
		return nil, fmt.Errorf("find other nodes: %w", err)
	}
	return d, nil
}

// listensBeyond reports whether other machines can reach the host at all.
func listensBeyond(h host.Host) bool {
	addrs, err := h.Network().InterfaceListenAddresses()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if peerbook.ScopeOf(a) > peerbook.Loopback {
			return true
		}
	}
	return false
}
