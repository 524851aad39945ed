package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// mappedWorld is three public peers, of whom one knows nobody, and homes whose
// routers are asked for ports.
type mappedWorld struct {
	*natNet
	pub1, pub2, out *proc
}

func newMappedWorld(t *testing.T) *mappedWorld {
	n := newNATNet(t)
	needIGD(t)
	for _, name := range []string{"pub1", "pub2", "out"} {
		n.public(name)
	}
	return &mappedWorld{natNet: n, pub1: n.node("pub1"), pub2: n.node("pub2"), out: n.node("out")}
}

// start starts a shop behind a router that answers so, and returns the two.
func (w *mappedWorld) start(name string, what speaks) (*proc, *igd) {
	w.t.Helper()
	w.home(name, portRandom)
	w.passMapped(name)
	d := w.igd(name, what)
	p := w.node(name, "--vendor", "Shop", "--domain", name+".example")
	meetByQUIC(p, w.pub1, w.pub2)
	return p, d
}

// A router opens a port for a node that asks by UPnP, by NAT-PMP or by both:
// whoever never heard of the node connects to it, also after the router has
// forgotten everything, and not for long after the node has stopped.
func TestNATMapped(t *testing.T) {
	t.Parallel()
	w := newMappedWorld(t)
	for _, c := range []struct {
		name   string
		what   speaks
		closed time.Duration // how long after the node's end no port is open
	}{
		{"both", speaks{upnp: true, pmp: true}, 75 * time.Second},
		{"upnp", speaks{upnp: true}, 75 * time.Second}, // libp2p gives back one port of two, and the router forgets after a minute
		{"pmp", speaks{pmp: true}, time.Second},
	} {
		p, d := w.start(c.name, c.what)
		began := time.Now() // so it counts waiting for the turn of a test, too
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := mappedAddress(t, p)
			t.Logf("reached after %.1f s, at %s", time.Since(began).Seconds(), at)
			if _, said := p.run("status"); !strings.Contains(said, "its router passes connections on to it, as the node asked it to.") {
				t.Errorf("the owner reads\n%s", said)
			}
			if _, err := w.out.api().AddPeer(t.Context(), at); err != nil {
				t.Fatalf("connect from outside to %s: %v", at, err)
			}
			if c.name == "pmp" {
				w.trade(t, p)
			}
			d.restart(t)
			began := time.Now()
			eventually(t, time.Minute, "the ports opened again", func() bool { return d.passes(t, at) })
			t.Logf("opened again after %.1f s", time.Since(began).Seconds())
			p.stop()
			began = time.Now()
			eventually(t, c.closed, "the ports closed", func() bool { return len(d.mappings(t)) == 0 })
			t.Logf("closed after %.1f s", time.Since(began).Seconds())
		})
	}
}

// trade signs a card from outside.
func (w *mappedWorld) trade(t *testing.T, shop *proc) {
	world := &natWorld{t: t, ctx: t.Context(), pub1: w.pub1, pub2: w.pub2, pat: w.out, shop: shop}
	try(shop.api().SetRules(t.Context(), autoRules()))(t)
	shop.stock("Bread", "3.20")
	world.card()
}

// A router that can't open a port, or says that it did and stands behind
// another one, leaves the node as unreachable as it is, and its owner is told
// what to do.
func TestNATNotMapped(t *testing.T) {
	t.Parallel()
	w := newMappedWorld(t)
	for _, c := range []struct {
		name string
		what speaks
		do   string // the owner is told to
	}{
		{"none", speaks{}, "or switch on UPnP or NAT-PMP in it"},
		{"liar", speaks{upnp: true, pmp: true, says: "11.22.0.200"}, "nobody gets through it. Another router, or your provider's, stands before it."},
		{"honest", speaks{upnp: true, private: true}, "Your router was asked to open a port (UPnP, NAT-PMP) and has not"},
	} {
		p, _ := w.start(c.name, c.what)
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began, do := time.Now(), ""
			eventually(t, dialBacks, "advice", func() bool {
				s := try(p.api().Status(t.Context()))(t)
				if s.Reach.Kind == "mapped" || s.Reach.Kind == "public" {
					t.Fatalf("the node says that it is reached: %+v, at %v", s.Reach, s.Addresses)
				}
				if do != s.Reach.Do {
					do = s.Reach.Do
					t.Logf("after %.1f s: %s: %s", time.Since(began).Seconds(), s.Reach.Kind, do)
				}
				return strings.Contains(do, c.do)
			})
		})
	}
}

// dialBacks is how long peers may take to try a node's addresses. Seconds where
// the machine is idle; where the first tries come too soon, peers have none left
// for two minutes.
const dialBacks = 150 * time.Second

// mappedAddress waits until a node is reached by its router's leave and returns
// where.
func mappedAddress(t *testing.T, p *proc) (at string) {
	t.Helper()
	eventually(t, dialBacks, "a mapped port", func() bool {
		s := try(p.api().Status(t.Context()))(t)
		i := slices.IndexFunc(s.Addresses, func(a string) bool {
			return strings.Contains(a, "/quic-v1/p2p/") && !strings.Contains(a, "p2p-circuit")
		})
		if i < 0 || s.Reach.Kind != "mapped" {
			return false
		}
		at = s.Addresses[i]
		return true
	})
	return at
}
