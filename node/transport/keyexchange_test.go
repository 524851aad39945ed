package transport

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

const hybrid = "X25519MLKEM768"

// Whatever two nodes speak, both see that they agreed on their keys by a hybrid
// of a classical and a post-quantum exchange.
func TestConnectionsTellTheirKeyExchange(t *testing.T) {
	for i, c := range []struct{ listen, over string }{
		{"/ip4/127.0.0.1/tcp/0", "tcp"},
		{"/ip4/127.0.0.1/udp/0/quic-v1", "quic"},
		{"/ip4/127.0.0.1/udp/0/quic-v1/webtransport", "webtransport"},
		{"/ip4/127.0.0.1/tcp/0/ws", "websocket"},
	} {
		t.Run(c.over, func(t *testing.T) {
			server := newHost(t, byte(40+2*i), Config{Listen: []string{c.listen}})
			dialer := newHost(t, byte(41+2*i), Config{})
			info, err := ParsePeer(PeerAddrs(server)[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := dialer.Connect(t.Context(), info); err != nil {
				t.Fatal(err)
			}
			for _, side := range []struct {
				of      host.Host
				inbound bool
			}{{dialer, false}, {server, true}} {
				got := only(t, side.of)
				if got.Over != c.over || got.Inbound != side.inbound || got.Relay != "" || !got.Keys.PostQuantum || got.Keys.Name != hybrid {
					t.Errorf("inbound %t: %+v", side.inbound, got)
				}
			}
		})
	}
}

func only(t *testing.T, h host.Host) Connection {
	t.Helper()
	conns := Connections(h)
	if len(conns) != 1 {
		t.Fatalf("connections %+v, want one", conns)
	}
	return conns[0]
}

// A peer that knows Noise alone, or no hybrids, is connected all the same, and
// it is said that this is not post-quantum.
func TestClassicalKeyExchangeIsSaidToBe(t *testing.T) {
	server := newHost(t, 1, Config{Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	old, err := libp2p.New(libp2p.NoListenAddrs, libp2p.Security(noise.ID, noise.New), libp2p.PrometheusRegisterer(prometheus.NewRegistry()), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	connect(t, old, server)
	if got := only(t, server).Keys; got != (KeyExchange{Name: "X25519"}) {
		t.Errorf("with Noise: %+v", got)
	}
	t.Setenv("GODEBUG", "tlsmlkem=0") // what a program built without hybrids does
	for _, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"} {
		a, b := newHost(t, 2, Config{Listen: []string{listen}}), newHost(t, 3, Config{})
		connect(t, b, a)
		if got := only(t, a).Keys; got.PostQuantum || got.Name != "X25519" {
			t.Errorf("by %s without hybrids: %+v", listen, got)
		}
	}
}

// Through a relay, the key exchange told is that of the two ends, and the relay
// is named.
func TestConnectionThroughARelay(t *testing.T) {
	middle, called, caller := newHost(t, 1, Config{}), newHost(t, 2, Config{}), newHost(t, 3, Config{})
	all := func(ma.Multiaddr) bool { return true } // here every address is of this machine
	service, err := relay.New(middle, relay.WithResources(relayResources()), relay.WithACL(newRelayMeter()), relay.WithReservationAddressFilter(all))
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	info := peer.AddrInfo{ID: middle.ID(), Addrs: middle.Addrs()}
	connect(t, called, middle)
	if _, err := client.Reserve(t.Context(), called, info); err != nil {
		t.Fatal(err)
	}
	to, err := ParsePeer(PeerAddrs(middle)[0] + "/p2p-circuit/p2p/" + called.ID().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := caller.Connect(network.WithAllowLimitedConn(ctx, "test"), to); err != nil {
		t.Fatal(err)
	}
	for _, c := range Connections(caller) {
		if c.Peer != called.ID() {
			continue
		}
		if c.Relay != middle.ID() || c.Keys.Name != hybrid || !c.Keys.PostQuantum {
			t.Errorf("%+v", c)
		}
		carried(t, caller, called)
		return
	}
	t.Error("no connection to the peer that was called")
}

// carried checks that a circuit carries what a card takes, and no more than a
// relay allows.
func carried(t *testing.T, from, to host.Host) {
	t.Helper()
	const swallow = "/swallow/1"
	got := make(chan int64, 1)
	to.SetStreamHandler(swallow, func(s network.Stream) {
		n, _ := io.Copy(io.Discard, s)
		got <- n
	})
	s, err := from.NewStream(network.WithAllowLimitedConn(t.Context(), "test"), to.ID(), swallow)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * circuitBytes / len(block) {
		if _, err := s.Write(block[:]); err != nil {
			break
		}
	}
	s.Reset()
	// What was on its way when the relay cut the circuit is lost.
	if n := <-got; n < circuitBytes/2 || n > circuitBytes {
		t.Errorf("a circuit carried %d bytes, want up to %d, and most of it", n, circuitBytes)
	}
}

var block [16 << 10]byte
