package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// Party is a node with what it stands on. Its store and keys outlive the
// node, so that [Party.Restart] brings the same party back.
type Party struct {
	*node.Node
	Name  string
	Host  host.Host
	Store store.Store
	Keys  *keystore.Store
	// Replica names the node among several of one vendor; from the next Start on.
	Replica string

	world  *World
	vendor *node.VendorConfig
	links  []LinkOption
	stop   func()
}

// Person builds and starts a person's node on a host of that name.
func (w *World) Person(name string, links ...LinkOption) *Party {
	w.T.Helper()
	return w.party(name, nil, links)
}

// Vendor builds and starts a vendor's node with a catalogue and rules.
func (w *World) Vendor(name string, rules market.Rules, items []market.Item, links ...LinkOption) *Party {
	w.T.Helper()
	p := w.party(name, &node.VendorConfig{Name: name, Domain: "vendor.example"}, links)
	p.Stock(rules, items)
	return p
}

func (w *World) party(name string, v *node.VendorConfig, links []LinkOption) *Party {
	w.T.Helper()
	p := &Party{Name: name, Store: memory.New(), Keys: keystore.Memory(), world: w, vendor: v, links: links}
	w.Add(name+"'s store", p.Store)
	p.Start()
	return p
}

// Start builds the party's host and node and runs it. [World.Person] and
// [World.Vendor] have done so already.
func (p *Party) Start() {
	w := p.world
	w.T.Helper()
	p.Host = w.Host(p.Name, p.links...)
	n, err := node.New(node.Config{
		Name: p.Name, Version: "sim", Host: p.Host, Store: p.Store, Keys: p.Keys, Log: w.Log(p.Name),
		Rand: w.RandFor(p.Name), Vendor: p.vendor, Replica: p.Replica,
		Observe: func(e view.Event) { w.Event(p.Name, e.Kind, "ref", e.Ref, "text", e.Text) },
	})
	if err != nil {
		w.T.Fatalf("build node %s: %v", p.Name, err)
	}
	p.Node = n
	p.stop = w.Start(p.Name, n.Run)
}

// Twin builds and starts another node of the same vendor over the same store, on
// a host of that name and with a copy of the keys as they are now. Both are
// replicas from their next start on if p.Replica is set.
func (p *Party) Twin(name string) *Party {
	p.world.T.Helper()
	t := &Party{Name: name, Store: p.Store, Keys: keystore.Memory(), Replica: name, world: p.world, vendor: p.vendor, links: p.links}
	if p.Replica == "" {
		t.Replica = ""
	}
	all := make(map[string][]byte)
	for _, key := range p.Keys.Names() {
		secret, err := p.Keys.Get(key)
		if err != nil {
			p.world.T.Fatalf("copy the keys of %s: %v", p.Name, err)
		}
		all[key] = secret
	}
	if err := t.Keys.PutAll(all); err != nil {
		p.world.T.Fatalf("copy the keys of %s: %v", p.Name, err)
	}
	t.Start()
	return t
}

// Stop ends the party's node and host; its store and keys stay.
func (p *Party) Stop() {
	p.world.T.Helper()
	p.stop()
	if err := p.Host.Close(); err != nil {
		p.world.T.Fatalf("close host of %s: %v", p.Name, err)
	}
}

// Stock fills a vendor's catalogue and sets its rules.
func (p *Party) Stock(rules market.Rules, items []market.Item) {
	t := p.world.T
	t.Helper()
	var lines bytes.Buffer
	for _, i := range items {
		if err := json.NewEncoder(&lines).Encode(i); err != nil {
			t.Fatalf("stock %s: %v", p.Name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := p.ImportCatalogue(ctx, &lines, vendor.NDJSON)
	if err != nil || len(report.Refused) > 0 {
		t.Fatalf("stock %s: %v, refused %v", p.Name, err, report.Refused)
	}
	if err := p.SetRules(ctx, rules); err != nil {
		t.Fatalf("stock %s: %v", p.Name, err)
	}
}

// Meet wires the parties along edges, as [World.Wire] does for hosts.
func (w *World) Meet(edges []Edge, parties ...*Party) {
	w.T.Helper()
	hosts := make([]host.Host, len(parties))
	for i, p := range parties {
		hosts[i] = p.Host
	}
	w.Wire(hosts, edges)
}
