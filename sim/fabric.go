package sim

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/marcopolo/simnet"
)

// fabric is the network between hosts: simnet, and what is particular to one
// host or one pair of them.
type fabric struct {
	seed uint64
	net  *simnet.Simnet

	mu      sync.Mutex // never held while waiting
	local   map[netip.Addr]time.Duration
	pairs   map[pair]*route
	known   map[peer.ID]place
	climate climate

	packets, bytes atomic.Int64
}

// place is what a host is called and where it is, also after it was closed.
type place struct {
	name string
	ip   netip.Addr
}

// pair is one direction between two hosts.
type pair struct{ from, to netip.Addr }

// route is what was said of a pair.
type route struct {
	cut  bool
	lag  time.Duration // < 0: nothing was said
	loss float64
	rand *rand.Rand
}

func newFabric(seed uint64) *fabric {
	f := &fabric{
		seed:  seed,
		local: make(map[netip.Addr]time.Duration),
		pairs: make(map[pair]*route),
		known: make(map[peer.ID]place),
	}
	// simnet logs each packet for a host that is gone, as an error.
	f.net = &simnet.Simnet{LatencyFunc: f.latency, Logger: slog.New(slog.DiscardHandler)}
	f.net.Start()
	return f
}

func (f *fabric) Close() { f.net.Close() }

func (f *fabric) know(id peer.ID, p place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[id] = p
}

func (f *fabric) find(id peer.ID) (place, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.known[id]
	return p, ok
}

// endpoint makes the socket of a host, or again after the host was closed.
func (f *fabric) endpoint(addr *net.UDPAddr, l link) net.PacketConn {
	addr = short(addr)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.local[addrOf(addr)] = l.latency
	return &wire{SimConn: f.net.NewEndpoint(addr, l.settings()), fabric: f, ip: addrOf(addr),
		rand: rand.New(rand.NewPCG(f.seed, hash("loss of "+addr.String())))}
}

// latency is called by simnet's one routing goroutine.
func (f *fabric) latency(p *simnet.Packet) time.Duration {
	from, to := addrOf(p.From.(*net.UDPAddr)), addrOf(p.To.(*net.UDPAddr))
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.pairs[pair{from, to}]; r != nil && r.lag >= 0 {
		return r.lag
	}
	if d, ok := f.climate.lag(f.seed, from, to); ok {
		return d
	}
	return f.local[from] + f.local[to]
}

// lets reports whether a packet gets through. Each direction of a pair has
// draws of its own, so that they depend only on what that direction carries; r
// is the sender's, for what is lost everywhere.
func (f *fabric) lets(from, to netip.Addr, r *rand.Rand) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.climate.lets(from, to, r) {
		return false
	}
	if len(f.pairs) == 0 {
		return true
	}
	p := f.pairs[pair{from, to}]
	return p == nil || !p.cut && (p.loss == 0 || p.rand.Float64() >= p.loss)
}

// change applies fn to both directions between a and b.
func (f *fabric) change(a, b netip.Addr, fn func(*route)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, way := range []pair{{a, b}, {b, a}} {
		p := f.pairs[way]
		if p == nil {
			p = &route{lag: -1, rand: rand.New(rand.NewPCG(f.seed, hash(way.from.String()+" "+way.to.String())))}
			f.pairs[way] = p
		}
		fn(p)
	}
}

// wire is a host's socket. Packets are dropped here, on the way out: simnet
// itself can only delay them.
type wire struct {
	*simnet.SimConn
	fabric *fabric
	ip     netip.Addr
	rand   *rand.Rand // under the fabric's mutex
}

// WriteTo sends a packet. simnet compares addresses by the bytes of their IP
// and net.IP holds an IPv4 address in 4 or in 16: dialling yields the one,
// listening the other, so all are brought to 4.
func (w *wire) WriteTo(packet []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, errors.New("the simulated network carries UDP only")
	}
	udp = short(udp)
	w.fabric.packets.Add(1)
	w.fabric.bytes.Add(int64(len(packet)))
	if !w.fabric.lets(w.ip, addrOf(udp), w.rand) {
		return len(packet), nil
	}
	return w.SimConn.WriteTo(packet, udp)
}

func short(addr *net.UDPAddr) *net.UDPAddr {
	if v4 := addr.IP.To4(); v4 != nil && len(addr.IP) != len(v4) {
		return &net.UDPAddr{IP: v4, Port: addr.Port}
	}
	return addr
}

func addrOf(addr *net.UDPAddr) netip.Addr {
	ip, _ := netip.AddrFromSlice(addr.IP)
	return ip.Unmap()
}

// sourceIP tells QUIC which address it sends from: the one of the only
// interface there is.
type sourceIP struct{ ip atomic.Pointer[net.IP] }

func (s *sourceIP) set(ip net.IP) { s.ip.Store(&ip) }

// PreferredSourceIPForDestination implements quicreuse.SourceIPSelector.
func (s *sourceIP) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	if ip := s.ip.Load(); ip != nil {
		return *ip, nil
	}
	return nil, errors.New("nothing listens yet")
}
