package transport

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
)

// listens is a network that listens somewhere.
type listens struct {
	network.Network
	at []ma.Multiaddr
}

func (l listens) ListenAddresses() []ma.Multiaddr { return l.at }

// pmpRouter answers NAT-PMP on loopback, and gives each port out 30,000 higher.
type pmpRouter struct {
	*net.UDPConn
	mu     sync.Mutex
	mapped map[pmpKey]uint32 // until when, in seconds from now
}

func newPMPRouter(t *testing.T) *pmpRouter {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r := &pmpRouter{UDPConn: c, mapped: make(map[pmpKey]uint32)}
	var done sync.WaitGroup
	done.Go(r.serve)
	t.Cleanup(func() { c.Close(); done.Wait() })
	return r
}

func (r *pmpRouter) where() (netip.AddrPort, error) {
	return r.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

func (r *pmpRouter) serve() {
	b := make([]byte, 64)
	for {
		n, from, err := r.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		r.WriteToUDPAddrPort([]byte{0, 200, 0, 0}, from) // of no question
		switch {
		case n == 2:
			r.WriteToUDPAddrPort([]byte{0, 128, 0, 0, 0, 0, 0, 1, 8, 8, 4, 4}, from)
		case n == 12:
			key := pmpKey{pmpOp(b[1]), binary.BigEndian.Uint16(b[4:])}
			life := binary.BigEndian.Uint32(b[8:])
			r.mu.Lock()
			r.mapped[key] = life
			r.mu.Unlock()
			out := []byte{0, 128 + b[1], 0, 0, 0, 0, 0, 1}
			out = binary.BigEndian.AppendUint16(out, key.port)
			out = binary.BigEndian.AppendUint16(out, key.port+30000)
			r.WriteToUDPAddrPort(binary.BigEndian.AppendUint32(out, life), from)
		}
	}
}

func (r *pmpRouter) life(key pmpKey) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mapped[key]
}

// Each port listened on is asked for once, told as the router gave it, and
// given back at the end.
func TestPMP(t *testing.T) {
	r := newPMPRouter(t)
	at := []ma.Multiaddr{
		ma.StringCast("/ip4/0.0.0.0/udp/4101/quic-v1"), ma.StringCast("/ip4/0.0.0.0/udp/4101/quic-v1/webtransport"),
		ma.StringCast("/ip4/0.0.0.0/tcp/4102"), ma.StringCast("/ip4/127.0.0.1/tcp/4103"), ma.StringCast("/ip6/::/tcp/4104"),
		ma.StringCast("/p2p-circuit"),
	}
	p := newPMP(listens{at: at}, r.where)
	for end := time.Now().Add(5 * time.Second); p.GetMapping(at[0]) == nil || p.GetMapping(at[2]) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no port was mapped")
		}
	}
	if !p.HasDiscoveredNAT() {
		t.Error("the router that answered is not known")
	}
	var got []string
	for _, a := range at {
		if m := p.GetMapping(a); m != nil {
			got = append(got, m.String())
		}
	}
	want := []string{"/ip4/8.8.4.4/udp/34101/quic-v1", "/ip4/8.8.4.4/udp/34101/quic-v1/webtransport", "/ip4/8.8.4.4/tcp/34102"}
	if !slices.Equal(got, want) {
		t.Errorf("mapped to %v, want %v", got, want)
	}
	if life := r.life(pmpKey{pmpUDP, 4101}); life != 120 {
		t.Errorf("asked for %d s", life)
	}
	p.Close()
	for _, key := range []pmpKey{{pmpUDP, 4101}, {pmpTCP, 4102}} {
		if life := r.life(key); life != 0 {
			t.Errorf("port %v was not given back", key)
		}
	}
}

// Where nobody answers there is no mapping, and the end does not take long.
func TestPMPWithoutRouter(t *testing.T) {
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	listen := ma.StringCast("/ip4/0.0.0.0/tcp/4102")
	p := newPMP(listens{at: []ma.Multiaddr{listen}}, func() (netip.AddrPort, error) {
		return silent.LocalAddr().(*net.UDPAddr).AddrPort(), nil
	})
	if p.GetMapping(listen) != nil || p.HasDiscoveredNAT() {
		t.Error("a mapping out of nothing")
	}
	began := time.Now()
	p.Close()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("the end took %s", d)
	}
}

func TestParsePMPRefuses(t *testing.T) {
	good := []byte{0, 130, 0, 0, 0, 0, 0, 1, 16, 5, 16, 6, 0, 0, 0, 60}
	r, err := parsePMP(pmpTCP, good)
	if err != nil || r.inside != 4101 || r.outside != 4102 || r.secondsItIsValid != 60 {
		t.Fatalf("%+v %v", r, err)
	}
	with := func(i int, b byte) []byte { c := slices.Clone(good); c[i] = b; return c }
	for name, b := range map[string][]byte{
		"nothing": nil, "a part": good[:15], "more": append(slices.Clone(good), 0), "of PCP": with(0, 2),
		"of UDP": with(1, 129), "a question": with(1, 2), "a refusal": with(3, 2), "a long refusal": with(2, 1),
	} {
		if r, err := parsePMP(pmpTCP, b); err == nil || r != (pmpReply{}) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

func FuzzParsePMP(f *testing.F) {
	f.Add(byte(0), []byte{0, 128, 0, 0, 0, 0, 0, 1, 8, 8, 4, 4})
	f.Add(byte(1), []byte{0, 129, 0, 0, 0, 0, 0, 1, 16, 5, 16, 5, 0, 0, 0, 120})
	f.Add(byte(2), []byte{0, 130, 0, 2, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, op byte, b []byte) {
		r, err := parsePMP(pmpOp(op%3), b)
		if err != nil && r != (pmpReply{}) {
			t.Errorf("refused, and yet %+v", r)
		}
		if err == nil && pmpOp(op%3) == pmpAddress && !r.address.Is4() {
			t.Errorf("taken, and no address: %+v", r)
		}
	})
}
