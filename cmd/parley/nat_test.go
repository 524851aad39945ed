package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
)

// A person and a vendor, each behind a router of its own, find a way to each
// other by public peers: they sign a card, connect to each other as directly
// as their routers allow, and sign another after the peer that carried them
// was killed and a second one has taken over. It is run by "make test-net".
func TestNAT(t *testing.T) {
	t.Parallel() // most of it is waiting
	for _, c := range []struct {
		name, masquerade string
		direct           bool // whether a hole can be punched
	}{
		{"routers that keep ports", portKept, true},
		{"routers that choose ports at random", portRandom, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			w := newNATWorld(t, c.masquerade)
			for _, s := range []struct {
				name string
				do   func()
			}{
				{"everybody knows how it is reached", w.judged},
				{"a card is signed", w.card},
				{"the homes connect to each other", func() { w.connect(c.direct) }},
				{"the first public peer dies", w.die},
				{"another card is signed", w.anotherCard},
			} {
				at := time.Now()
				s.do()
				t.Logf("%-36s %5.1f s", s.name, time.Since(at).Seconds())
			}
			t.Logf("%-36s %5.1f s", "in all", time.Since(began).Seconds())
		})
	}
}

// The shop's owner does what its status says, has the router forward a port:
// soon peers reach the node there, and it relays for others.
func TestNATForwarded(t *testing.T) {
	t.Parallel()
	n := newNATNet(t)
	w := startNATWorld(n, portRandom)
	n.forward("shop")
	w.meetPublic()
	w.until(2*time.Minute, "the shop reached through its router", func() bool {
		r := w.status(w.shop).Reach
		return r.Kind == "mapped" && r.Offers && r.Do == ""
	})
	var at string
	for _, a := range w.status(w.shop).Addresses {
		if strings.Contains(a, "/udp/4101/quic-v1/p2p/") {
			at = a
		}
		if strings.Contains(a, "192.168.") || strings.Contains(a, "p2p-circuit") {
			t.Errorf("the shop tells the world %s", a)
		}
	}
	if _, err := w.pat.api().AddPeer(w.ctx, at); err != nil {
		t.Fatalf("connect to the shop at %q: %v", at, err)
	}
	if conns := w.toShop(); !slices.ContainsFunc(conns, isDirect) {
		t.Errorf("the homes are connected by %s", describe(conns))
	}
	w.card()
}

type natWorld struct {
	t          *testing.T
	ctx        context.Context
	pub1, pub2 *proc
	pat, shop  *proc
}

func newNATWorld(t *testing.T, masquerade string) *natWorld {
	w := startNATWorld(newNATNet(t), masquerade)
	w.meetPublic()
	return w
}

// startNATWorld starts the nodes, which don't know each other.
func startNATWorld(n *natNet, masquerade string) *natWorld {
	t := n.t
	n.public("pub1")
	n.public("pub2")
	n.home("pat", masquerade)
	n.home("shop", masquerade)
	w := &natWorld{t: t, ctx: t.Context()}
	// The public peers are shops of the same trade, and so relay its intents.
	w.pub1 = n.node("pub1", "--vendor", "Grocer", "--domain", "grocer.example")
	w.pub2 = n.node("pub2", "--vendor", "Draper", "--domain", "draper.example")
	w.shop = n.node("shop", "--vendor", "Shop", "--domain", "shop.example")
	w.pat = n.node("pat")
	try(w.shop.api().SetRules(w.ctx, autoRules()))(t)
	w.shop.stock("Bread", "3.20")
	w.pub1.stock("Broom", "8.90")
	w.pub2.stock("Cloth", "12")
	return w
}

func autoRules() market.Rules {
	return market.Rules{Answer: market.ModeAuto, Accepts: roster("SD-BASE")}
}

// meetPublic connects everybody to the public peers.
func (w *natWorld) meetPublic() {
	meetByQUIC(w.pub1, w.pub2)
	meetByQUIC(w.shop, w.pub1, w.pub2)
	meetByQUIC(w.pat, w.pub1, w.pub2)
}

// meetByQUIC connects a node to others at the address that a router keeps a
// hole open for: that of UDP.
func meetByQUIC(p *proc, others ...*proc) {
	p.t.Helper()
	for _, q := range others {
		at := slices.IndexFunc(q.where.Addresses, func(a string) bool { return strings.Contains(a, "/quic-v1/p2p/") })
		if at < 0 {
			p.t.Fatalf("%s is not reached by QUIC: %v", q.name, q.where.Addresses)
		}
		if _, err := p.api().AddPeer(p.t.Context(), q.where.Addresses[at]); err != nil {
			p.t.Fatalf("%s meets %s: %v", p.name, q.name, err)
		}
	}
}

func (w *natWorld) status(p *proc) view.Status { return try(p.api().Status(w.ctx))(w.t) }

func (w *natWorld) until(d time.Duration, what string, cond func() bool) {
	w.t.Helper()
	for end := time.Now().Add(d); !cond(); time.Sleep(100 * time.Millisecond) {
		if !time.Now().After(end) {
			continue
		}
		for _, p := range []*proc{w.pub1, w.pub2, w.pat, w.shop} {
			if s, err := p.api().Status(w.ctx); err == nil {
				w.t.Logf("%s: %+v\n%v\n%+v", p.name, s.Reach, s.Addresses, s.Connections)
			}
		}
		w.t.Fatalf("waited %s for: %s", d, what)
	}
}

// judged waits until the public peers know that they are, and relay, and the
// others are called through both of them.
func (w *natWorld) judged() {
	w.until(90*time.Second, "the judgement of each", func() bool {
		for _, p := range []*proc{w.pub1, w.pub2} {
			if r := w.status(p).Reach; r.Kind != "public" || !r.Offers {
				return false
			}
		}
		for _, p := range []*proc{w.pat, w.shop} {
			if r := w.status(p).Reach; r.Kind != "relayed" || len(r.Relays) != 2 {
				return false
			}
		}
		return true
	})
	s := w.status(w.shop)
	if len(s.Addresses) == 0 {
		w.t.Error("the shop tells nobody where it is")
	}
	for _, a := range s.Addresses {
		if strings.Contains(a, "192.168.") {
			w.t.Errorf("the shop tells the world of its home network: %s", a)
		}
	}
	if !strings.Contains(s.Reach.Do, "UDP port 4101") || !strings.Contains(s.Reach.Do, "192.168.1.2") {
		w.t.Errorf("the shop's owner is told to do %q", s.Reach.Do)
	}
	for _, p := range []*proc{w.pub1, w.pub2, w.pat, w.shop} {
		for _, c := range w.status(p).Connections {
			if !c.PostQuantum || c.KeyExchange != "X25519MLKEM768" {
				w.t.Errorf("%s and %s agreed by %q", p.name, c.PeerID, c.KeyExchange)
			}
		}
	}
}

// card casts an intent, takes the shop's offer and has the card signed by both.
func (w *natWorld) card() {
	var in view.Intent
	var offers []view.Offer
	var asked time.Time
	w.until(time.Minute, "the shop's offer", func() bool {
		if time.Since(asked) > 10*time.Second { // what is cast while nodes only get to know each other may not reach all
			in, asked = try(w.pat.api().Cast(w.ctx, wanting("Bread")))(w.t), time.Now()
		}
		offers = try(w.pat.api().Offers(w.ctx, in.Root))(w.t)
		return len(offers) > 0
	})
	w.active(try(w.pat.api().Accept(w.ctx, offers[0].ID))(w.t).ID)
}

// active waits until a card is in force on both sides.
func (w *natWorld) active(id dagcbor.CID) {
	w.until(time.Minute, "the card in force on both sides", func() bool {
		here, errHere := w.pat.api().Card(w.ctx, id)
		there, errThere := w.shop.api().Card(w.ctx, id)
		return errHere == nil && errThere == nil && here.State == "active" && there.State == "active"
	})
}

// connect has the person's node call the shop's through a relay, and looks at
// what becomes of the connection.
func (w *natWorld) connect(direct bool) {
	var through string
	for _, a := range w.status(w.shop).Addresses {
		if strings.Contains(a, "/udp/4101/quic-v1/p2p/") && strings.Contains(a, "/p2p-circuit/") {
			through = cmp.Or(through, a)
		}
	}
	if _, err := w.pat.api().AddPeer(w.ctx, through); err != nil {
		w.t.Fatalf("call the shop through a relay, at %q: %v", through, err)
	}
	if direct {
		w.until(30*time.Second, "a direct connection", func() bool { return slices.ContainsFunc(w.toShop(), isDirect) })
		w.t.Log("a hole was punched: ", describe(w.toShop()))
		return
	}
	// Punching is tried three times, 2 s apart at the most, and then left.
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if conns := w.toShop(); slices.ContainsFunc(conns, isDirect) || len(conns) == 0 {
			w.t.Fatalf("through routers that choose ports at random the homes are connected by %s", describe(conns))
		}
	}
	w.t.Log("relayed: ", describe(w.toShop()))
}

// toShop are the connections of the person's node to the shop's.
func (w *natWorld) toShop() []view.Connection {
	all := w.status(w.pat).Connections
	return slices.DeleteFunc(all, func(c view.Connection) bool { return c.PeerID != w.shop.where.PeerID })
}

func isDirect(c view.Connection) bool { return c.Relay == "" }

func describe(conns []view.Connection) string {
	var out []string
	for _, c := range conns {
		way := "direct"
		if c.Relay != "" {
			way = "relayed"
		}
		out = append(out, fmt.Sprintf("%s %s %s", way, c.Transport, keyExchange(c)))
	}
	return strings.Join(out, ", ")
}

// die kills the first public peer, and waits until the others do without it.
func (w *natWorld) die() {
	w.pub1.kill()
	gone := w.pub1.where.PeerID
	w.until(time.Minute, "the second public peer taking over", func() bool {
		for _, p := range []*proc{w.pat, w.shop} {
			r := w.status(p).Reach
			if r.Kind != "relayed" || !slices.Equal(r.Relays, []string{w.pub2.where.PeerID}) || slices.Contains(r.Relays, gone) {
				return false
			}
		}
		return true
	})
	if do := w.status(w.pat).Reach.Do; !strings.Contains(do, "one more peer that offers relay") {
		w.t.Errorf("with one relay left the owner is told to do %q", do)
	}
}

// anotherCard puts terms to the shop and has a second card signed.
func (w *natWorld) anotherCard() {
	var shop view.Vendor
	w.until(90*time.Second, "the shop's terms", func() bool {
		for _, v := range try(w.pat.api().Vendors(w.ctx))(w.t) {
			if v.Name == "Shop" {
				shop = v
			}
		}
		return len(shop.Accepts) > 0
	})
	talk := try(w.pat.api().Proffer(w.ctx, view.ProfferWant{Vendor: shop.DID, Agreements: []string{"SD-BASE"}}))(w.t)
	var card dagcbor.CID
	w.until(90*time.Second, "an agreement", func() bool {
		n := try(w.pat.api().Negotiation(w.ctx, talk.ID))(w.t)
		card = n.Card
		return n.State == negotiation.StateAgreed
	})
	w.active(card)
}
