package transport

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-netroute"
	ma "github.com/multiformats/go-multiaddr"
)

// NAT-PMP (RFC 6886). libp2p v0.51 speaks it too, but on Linux it asks
// go-netroute v0.4 for the way to 0.0.0.0, is told that this is no destination,
// and gives up; nor does it give a port back.
const (
	pmpPort  = 5351
	pmpLife  = 2 * time.Minute // of a mapping: a node that was killed is forgotten soon
	pmpRenew = pmpLife / 6     // a router that was restarted is noticed
	pmpTries = 3               // each waits twice as long as the one before
	pmpFirst = 250 * time.Millisecond
)

// pmpOp is what is asked; see section 3.2 and 3.3 of the RFC.
type pmpOp byte

const (
	pmpAddress pmpOp = 0
	pmpUDP     pmpOp = 1
	pmpTCP     pmpOp = 2
)

// pmpRequest asks for a port for so long; 0 seconds gives it back. A router
// that can't give the same port as inside gives another one.
func pmpRequest(op pmpOp, port uint16, life time.Duration) []byte {
	if op == pmpAddress {
		return []byte{0, byte(op)}
	}
	b := binary.BigEndian.AppendUint16([]byte{0, byte(op), 0, 0}, port)
	if life == 0 {
		b = binary.BigEndian.AppendUint16(b, 0) // as section 3.4 has it
	} else {
		b = binary.BigEndian.AppendUint16(b, port)
	}
	return binary.BigEndian.AppendUint32(b, uint32(life/time.Second))
}

// pmpReply is what a router answers.
type pmpReply struct {
	address          netip.Addr // of the router
	inside, outside  uint16     // ports
	secondsItIsValid uint32
}

// parsePMP reads the answer to op, which has one length only.
func parsePMP(op pmpOp, b []byte) (r pmpReply, err error) {
	want := 16
	if op == pmpAddress {
		want = 12
	}
	switch {
	case len(b) < 4 || b[0] != 0 || b[1] != 128+byte(op):
		return r, fmt.Errorf("NAT-PMP: no answer to request %d: % x", op, b[:min(len(b), 4)])
	case binary.BigEndian.Uint16(b[2:]) != 0:
		return r, fmt.Errorf("NAT-PMP: the router refuses request %d with code %d", op, binary.BigEndian.Uint16(b[2:]))
	case len(b) != want:
		return r, fmt.Errorf("NAT-PMP: answer to request %d of %d bytes, want %d", op, len(b), want)
	case op == pmpAddress:
		r.address = netip.AddrFrom4([4]byte(b[8:12]))
		return r, nil
	}
	r.inside, r.outside = binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:])
	r.secondsItIsValid = binary.BigEndian.Uint32(b[12:])
	return r, nil
}

// pmpKey is a port listened on.
type pmpKey struct {
	op   pmpOp
	port uint16
}

// pmp keeps ports of the router mapped from its making until Close.
type pmp struct {
	network network.Network
	router  func() (netip.AddrPort, error) // where it answers

	mu      sync.Mutex // guards what follows
	address netip.Addr // of the router; invalid: it does not answer
	outside map[pmpKey]uint16

	cancel context.CancelFunc
	done   sync.WaitGroup
}

var _ basichost.NATManager = (*pmp)(nil)

func newPMP(n network.Network, router func() (netip.AddrPort, error)) *pmp {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pmp{network: n, router: router, cancel: cancel}
	p.done.Go(func() { p.run(ctx) })
	return p
}

// gateway is where the way to the Internet begins; the address asked about is
// nobody's.
func gateway() (netip.AddrPort, error) {
	routes, err := netroute.New()
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("read routes: %w", err)
	}
	_, via, _, err := routes.Route(net.IPv4(192, 0, 2, 1))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("find the router: %w", err)
	}
	ip, ok := netip.AddrFromSlice(via.To4())
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("find the router: none on the way")
	}
	return netip.AddrPortFrom(ip, pmpPort), nil
}

// HasDiscoveredNAT implements libp2p's NATManager.
func (p *pmp) HasDiscoveredNAT() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.address.IsValid()
}

// GetMapping implements libp2p's NATManager.
func (p *pmp) GetMapping(listen ma.Multiaddr) ma.Multiaddr {
	key, ok := pmpKeyOf(listen)
	if !ok {
		return nil
	}
	p.mu.Lock()
	port, ok := p.outside[key]
	at := p.address
	p.mu.Unlock()
	if !ok || !at.IsValid() {
		return nil
	}
	ip, err := ma.NewComponent("ip4", at.String())
	if err != nil {
		return nil
	}
	out, err := ma.NewComponent(listen[1].Protocol().Name, strconv.Itoa(int(port)))
	if err != nil {
		return nil
	}
	return append(ma.Multiaddr{*ip, *out}, listen[2:]...)
}

// pmpKeyOf returns the port of an address that a router may pass on to.
func pmpKeyOf(a ma.Multiaddr) (pmpKey, bool) {
	if len(a) < 2 || a[0].Code() != ma.P_IP4 || reachOf(a) != onNetwork {
		return pmpKey{}, false
	}
	op, ok := map[int]pmpOp{ma.P_UDP: pmpUDP, ma.P_TCP: pmpTCP}[a[1].Code()]
	port, err := strconv.ParseUint(a[1].Value(), 10, 16)
	return pmpKey{op, uint16(port)}, ok && err == nil && port != 0
}

// Close implements libp2p's NATManager. It gives the ports back.
func (p *pmp) Close() error {
	p.cancel()
	p.done.Wait()
	return nil
}

func (p *pmp) run(ctx context.Context) {
	for wait := time.Second; ; wait = pmpRenew {
		p.renew(ctx)
		select {
		case <-ctx.Done():
			p.giveBack()
			return
		case <-time.After(wait): // the host listens only after it was made
		}
	}
}

// renew asks for every port listened on.
func (p *pmp) renew(ctx context.Context) {
	var address netip.Addr
	outside := make(map[pmpKey]uint16)
	c, err := p.dial()
	if err == nil {
		defer c.Close()
		var r pmpReply
		if r, err = askPMP(ctx, c, pmpAddress, 0, 0); err == nil {
			address = r.address
			for _, key := range p.keys() {
				if r, err := askPMP(ctx, c, key.op, key.port, pmpLife); err == nil && r.outside != 0 && r.secondsItIsValid > 0 {
					outside[key] = r.outside
				}
			}
		}
	}
	if ctx.Err() != nil {
		return // what was asked for before is still to be given back
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.address, p.outside = address, outside
}

// keys are the ports listened on, each once.
func (p *pmp) keys() (out []pmpKey) {
	for _, a := range p.network.ListenAddresses() {
		if key, ok := pmpKeyOf(a); ok && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// giveBack is a courtesy: a router that does not hear of it forgets by itself.
func (p *pmp) giveBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.outside) == 0 {
		return
	}
	c, err := p.dial()
	if err != nil {
		return
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for key := range p.outside {
		_, _ = askPMP(ctx, c, key.op, key.port, 0)
	}
	clear(p.outside)
}

// dial makes a socket that hears the router alone.
func (p *pmp) dial() (net.Conn, error) {
	at, err := p.router()
	if err != nil {
		return nil, err
	}
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("ask the router: %w", err)
	}
	return c, nil
}

// askPMP asks until there is an answer, or none is to be expected.
func askPMP(ctx context.Context, c net.Conn, op pmpOp, port uint16, life time.Duration) (pmpReply, error) {
	wait := pmpFirst
	err := error(nil)
	for range pmpTries {
		if err = ctx.Err(); err != nil {
			break
		}
		if _, err = c.Write(pmpRequest(op, port, life)); err != nil {
			break
		}
		c.SetReadDeadline(time.Now().Add(wait)) // of an open socket; it can't fail
		var r pmpReply
		var heard bool
		if r, heard, err = hearPMP(c, op, port); heard {
			return r, err
		}
		wait *= 2
	}
	return pmpReply{}, fmt.Errorf("ask the router for its ports: %w", err)
}

// hearPMP reads until the answer to what was asked; another one may be late.
func hearPMP(c net.Conn, op pmpOp, port uint16) (r pmpReply, heard bool, err error) {
	buf := make([]byte, 64)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return r, false, err
		}
		b := buf[:n]
		if len(b) < 2 || b[1] != 128+byte(op) {
			continue
		}
		r, err := parsePMP(op, b)
		if err == nil && op != pmpAddress && r.inside != port {
			continue
		}
		return r, true, err
	}
}
