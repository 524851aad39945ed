package discovery_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/discovery"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/peerbook"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/sim"
)

// party is a node with a discovery. Its store and keys outlive it.
type party struct {
	*node.Node
	w      *sim.World
	name   string
	vendor *node.VendorConfig
	alter  func(*discovery.Config)
	host   host.Host
	store  store.Store
	keys   *keystore.Store
	find   *discovery.Discovery
	stop   func()
}

func person(w *sim.World, name string, alter ...func(*discovery.Config)) *party {
	return newParty(w, name, nil, alter)
}

// shop is a vendor of one thing of the category.
func shop(w *sim.World, name, category string, alter ...func(*discovery.Config)) *party {
	w.T.Helper()
	p := newParty(w, name, &node.VendorConfig{Name: name, Domain: name + ".example"}, alter)
	c := intentcast.Category{Taxonomy: "shopify", Value: category}
	if err := p.SetRules(context.Background(), market.Rules{
		Answer: market.ModeAsk, Categories: []intentcast.Category{c},
	}); err != nil {
		w.T.Fatal(err)
	}
	return p
}

func newParty(w *sim.World, name string, v *node.VendorConfig, alter []func(*discovery.Config)) *party {
	w.T.Helper()
	p := &party{w: w, name: name, vendor: v, store: memory.New(), keys: keystore.Memory()}
	if len(alter) > 0 {
		p.alter = alter[0]
	}
	w.Add(name+"'s store", p.store)
	p.start()
	return p
}

func (p *party) start() {
	p.w.T.Helper()
	p.host = p.w.Host(p.name)
	cfg := discovery.Config{
		Host: p.host, DHT: true, Serve: p.vendor != nil, Log: p.w.Log(p.name + "'s discovery"),
		PerRange: 1000, // all of simnet is one range
	}
	if p.alter != nil {
		p.alter(&cfg)
	}
	var err error
	if p.find, err = discovery.New(cfg); err != nil {
		p.w.T.Fatal(err)
	}
	p.Node, err = node.New(node.Config{
		Name: p.name, Version: "sim", Host: p.host, Store: p.store, Keys: p.keys, Log: p.w.Log(p.name), Vendor: p.vendor,
		Discovery: p.find, Peers: peerbook.Limits{PerRange: 1000, PerGiver: 1000},
	})
	if err != nil {
		p.w.T.Fatal(err)
	}
	p.stop = p.w.Start(p.name, p.Run)
}

func (p *party) end() {
	p.w.T.Helper()
	p.stop()
	if err := p.host.Close(); err != nil {
		p.w.T.Fatal(err)
	}
}

func (p *party) addr() string {
	return fmt.Sprintf("%s/p2p/%s", p.host.Addrs()[0], p.host.ID())
}

func (p *party) add(q *party) {
	p.w.T.Helper()
	if _, err := p.AddPeer(context.Background(), q.addr()); err != nil {
		p.w.T.Fatal(err)
	}
}

func (p *party) peers() int { return len(p.host.Network().Peers()) }

func (p *party) knows(q *party) bool {
	return len(p.host.Network().ConnsToPeer(q.host.ID())) > 0
}

// A town of shops in four trades and some persons, each of whom was told of
// one other. A shop that opens and knows one person, who is in no trade, is
// soon connected to enough and to the others of its trade.
func TestColdStart(t *testing.T) {
	sim.Run(t, 1, func(w *sim.World) {
		trades := []string{"home-garden", "toys-games", "vehicles-parts", "furniture"}
		var town []*party
		for i := range 16 {
			town = append(town, shop(w, fmt.Sprint("shop", i), trades[i%len(trades)]))
		}
		for i := range 8 {
			town = append(town, person(w, fmt.Sprint("person", i)))
		}
		for i, p := range town[1:] {
			p.add(town[i/2])
		}
		time.Sleep(3 * time.Minute)
		for _, p := range town {
			if p.peers() < 8 {
				t.Errorf("%s has %d peers after 3 minutes", p.name, p.peers())
			}
		}
		contact := town[len(town)-1]
		begin := w.Elapsed()
		fresh := shop(w, "fresh", trades[2])
		fresh.add(contact)
		w.Eventually(time.Minute, "8 peers", func() bool { return fresh.peers() >= 8 })
		t.Logf("FIGURE cold start with one contact: 8 peers after %v", w.Elapsed()-begin)
		w.Eventually(time.Minute, "neighbours in every topic", fresh.Listening)
		t.Logf("FIGURE cold start with one contact: a peer in each topic after %v", w.Elapsed()-begin)

		// The contact leaves for good. The shop is stopped and comes back: it
		// remembers others.
		time.Sleep(2 * time.Minute)
		contact.end()
		fresh.end()
		begin = w.Elapsed()
		fresh.start()
		w.Eventually(time.Minute, "8 peers remembered", func() bool { return fresh.peers() >= 8 })
		t.Logf("FIGURE restart, contact gone: 8 peers after %v", w.Elapsed()-begin)
	})
}

// A person finds a vendor by its domain and by its identifier through a contact
// that has nothing to do with it.
func TestFindParty(t *testing.T) {
	sim.Run(t, 2, func(w *sim.World) {
		contact := shop(w, "contact", "toys-games")
		for i := range 4 {
			shop(w, fmt.Sprint("other", i), "toys-games").add(contact)
		}
		bakery := shop(w, "bakery", "food-beverages")
		bakery.add(contact)
		time.Sleep(time.Minute)
		pat := person(w, "pat")
		pat.add(contact)
		time.Sleep(5 * time.Second)
		infos, err := pat.find.Party(context.Background(), "Bakery.example", 4)
		if err != nil || len(infos) != 1 || infos[0].ID != bakery.host.ID() {
			t.Errorf("by domain: %v, %v", infos, err)
		}
		s, err := bakery.Status(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		infos, err = pat.find.Party(context.Background(), string(s.Vendor.DID), 4)
		if err != nil || len(infos) != 1 || infos[0].ID != bakery.host.ID() {
			t.Errorf("by identifier: %v, %v", infos, err)
		}
		if infos, err := pat.find.Party(context.Background(), "nobody.example", 4); err != nil || len(infos) != 0 {
			t.Errorf("nobody: %v, %v", infos, err)
		}
	})
}
