package discovery_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-network/parley/node/discovery"
	"github.com/parley-network/parley/node/peerbook"
)

// multicast reports whether this machine is on a network that mDNS could use.
func multicast() bool {
	all, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagLoopback == 0 {
			return true
		}
	}
	return false
}

func realHost(t *testing.T) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/0.0.0.0/udp/0/quic-v1"), libp2p.Transport(libp2pquic.NewTransport),
		libp2p.PrometheusRegisterer(prometheus.NewRegistry()), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// listener hears of peers.
type listener chan peer.AddrInfo

func (l listener) Found(source peerbook.Source, _ peer.ID, infos ...peer.AddrInfo) {
	for _, info := range infos {
		if source == peerbook.MDNS {
			select {
			case l <- info:
			default:
			}
		}
	}
}

func (listener) Serves(peer.ID) bool { return true }

// Two nodes on one network hear of each other, by addresses of that network.
func TestMDNS(t *testing.T) {
	if !multicast() {
		t.Skip("SKIPPED: no network interface here takes multicast, which mDNS is made of")
	}
	a, b := realHost(t), realHost(t)
	heard := make(listener, 64)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	for _, h := range []host.Host{a, b} {
		to := make(listener, 64)
		if h == a {
			to = heard
		}
		d, err := discovery.New(discovery.Config{Host: h, MDNS: true})
		if err != nil {
			t.Fatal(err)
		}
		go func() { done <- d.Run(ctx, to) }()
	}
	deadline := time.After(20 * time.Second)
	for found := false; !found; {
		select {
		case info := <-heard:
			found = info.ID == b.ID()
			for _, addr := range info.Addrs {
				if peerbook.ScopeOf(addr) < peerbook.Local {
					t.Errorf("%s is no address of the network", addr)
				}
			}
		case <-deadline:
			t.Error("not heard of in 20 s")
			found = true
		}
	}
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
