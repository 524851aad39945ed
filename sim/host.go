package sim

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	p2pswarm "github.com/libp2p/go-libp2p/p2p/net/swarm"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/marcopolo/simnet"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"
)

const (
	defaultLatency   = 25 * time.Millisecond // so 50 ms between two hosts
	defaultBandwidth = 100_000_000           // bits per second
	connectTimeout   = 30 * time.Second
)

// link is one host's access to the network.
type link struct {
	latency  time.Duration
	up, down int // bits per second
}

// A LinkOption changes how a host is linked to the network. Without any: 25 ms
// and 100 Mbit/s each way, no loss.
type LinkOption func(*link)

// Latency is the one-way delay between the host and the middle of the network:
// from a to b it takes a's and b's latency together, unless [World.Lag] says
// otherwise of the pair.
func Latency(d time.Duration) LinkOption { return func(l *link) { l.latency = d } }

// Bandwidth is what the host can send and receive, in bits per second. A packet
// that finds the link idle leaves at once; those behind it wait their turn.
func Bandwidth(up, down int) LinkOption { return func(l *link) { l.up, l.down = up, down } }

// settings must leave the MTU alone: simnet never lets a packet bigger than the
// MTU go and blocks the link behind it, and QUIC sends up to 1,452 bytes.
// simnet's 1,500 are enough.
func (l link) settings() simnet.NodeBiDiLinkSettings {
	return simnet.NodeBiDiLinkSettings{
		Uplink:   simnet.LinkSettings{BitsPerSecond: l.up},
		Downlink: simnet.LinkSettings{BitsPerSecond: l.down},
	}
}

// port is where a host is on the network.
type port struct {
	name string
	ip   netip.Addr
	udp  int
	key  crypto.PrivKey
}

// usualPort is where a host listens that has an address of its own.
const usualPort = 4001

// Host builds a libp2p host called name, on the network by a link of its own.
// Its key, peer id and address depend on the seed, the name and how many hosts
// were built before it. The world closes it.
//
// A host that was closed can be built again under its name: it comes back with
// the same key at the same address, its peerstore empty.
func (w *World) Host(name string, opts ...LinkOption) host.Host {
	w.T.Helper()
	h, err := w.NewHost(name, opts...)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Add("host "+name, h)
	return h
}

// NewHost is [World.Host] without its test: what goes wrong is returned, and
// the caller closes the host before the world ends.
func (w *World) NewHost(name string, opts ...LinkOption) (host.Host, error) {
	l := link{latency: defaultLatency, up: defaultBandwidth, down: defaultBandwidth}
	for _, opt := range opts {
		opt(&l)
	}
	if l.latency < 0 || l.up <= 0 || l.down <= 0 {
		return nil, fmt.Errorf("host %s: link %+v: want a latency ≥ 0 and bandwidths > 0", name, l)
	}
	p, err := w.port(name)
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	h, err := newHost(w.net, p, l)
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	w.net.know(h.ID(), place{name, p.ip})
	w.Event(name, "host built", "peer", h.ID(), "addr", p.ip)
	return h, nil
}

// Reserve gives hosts their keys and addresses, in this order. Those built at
// the same time afterwards have the same as if built one after the other.
func (w *World) Reserve(names ...string) error {
	for _, name := range names {
		if _, err := w.port(name); err != nil {
			return fmt.Errorf("host %s: %w", name, err)
		}
	}
	return nil
}

// port assigns name its place, or returns the one it has.
func (w *World) port(name string) (*port, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.hosts[name]; p != nil {
		return p, nil
	}
	seed := make([]byte, ed25519.SeedSize)
	r := w.RandFor("key of " + name)
	for i := range seed {
		seed[i] = byte(r.Uint32())
	}
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	ip, _ := netip.AddrFromSlice(simnet.IntToPublicIPv4(len(w.hosts)).To4())
	p := &port{name: name, ip: ip, udp: usualPort, key: key}
	w.hosts[name] = p
	return p, nil
}

// Together reserves hosts that share the address of the first, as behind one
// router, each at a port of its own. None may have been built.
func (w *World) Together(names ...string) error {
	if err := w.Reserve(names...); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, name := range names {
		w.hosts[name].ip, w.hosts[name].udp = w.hosts[names[0]].ip, usualPort+i
	}
	return nil
}

func newHost(f *fabric, p *port, l link) (host.Host, error) {
	return libp2p.New(
		libp2p.Identity(p.key),
		libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", p.ip, p.udp)),
		libp2p.Transport(libp2pquic.NewTransport),
		quicOver(f, l),
		libp2p.UserAgent("parley"),
		libp2p.ProtocolVersion("parley/1"),

		// It can stall the bubble.
		libp2p.DisableIdentifyAddressDiscovery(),
		// Hosts are where they say; else AutoNAT would keep asking.
		libp2p.ForceReachabilityPublic(),
		libp2p.DisableRelay(),
		// Limits and trimming are a real host's affair, and their background
		// tasks would wake every simulated one.
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}),
		// Both, or libp2p registers on prometheus's default registry.
		libp2p.PrometheusRegisterer(prometheus.NewRegistry()),
		libp2p.DisableMetrics(),
	)
}

// quicOver makes QUIC listen and dial on the fabric. It does what simlibp2p's
// QUICSimnet does and in addition puts a wire around the endpoint.
func quicOver(f *fabric, l link) libp2p.Option {
	ip := new(sourceIP)
	return libp2p.QUICReuse(
		func(lc fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, opts ...quicreuse.Option) (*quicreuse.ConnManager, error) {
			cm, err := quicreuse.NewConnManager(reset, token, opts...)
			if err != nil {
				return nil, err
			}
			// libp2p closes only a manager that it made itself.
			lc.Append(fx.StopHook(cm.Close))
			return cm, nil
		},
		quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return ip, nil }),
		quicreuse.OverrideListenUDP(func(_ string, addr *net.UDPAddr) (net.PacketConn, error) {
			ip.set(addr.IP)
			return f.endpoint(addr, l), nil
		}),
	)
}

// Connect has a dial b, and fails the test if that does not work within 30 s.
func (w *World) Connect(a, b host.Host) {
	w.T.Helper()
	if err := w.Dial(a, b); err != nil {
		w.T.Fatal(err)
	}
}

// Dial has a dial b; it errs if that does not work within 30 s.
func (w *World) Dial(a, b host.Host) error {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if s, ok := a.Network().(*p2pswarm.Swarm); ok {
		s.Backoff().Clear(b.ID()) // of dials that failed while they were apart
	}
	err := a.Connect(ctx, peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()})
	if err != nil {
		w.Event(w.Name(a.ID()), "not connected", "to", w.Name(b.ID()), "err", err)
		return fmt.Errorf("connect %s to %s: %w", w.Name(a.ID()), w.Name(b.ID()), err)
	}
	w.Event(w.Name(a.ID()), "connected", "to", w.Name(b.ID()))
	return nil
}

// Name returns the name of the host with that peer id, or the id's text.
func (w *World) Name(id peer.ID) string {
	if p, ok := w.net.find(id); ok {
		return p.name
	}
	return id.String()
}
