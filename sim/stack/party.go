package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/peerbook"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim/society"
)

// party is an agent's node and what it stands on. The store and keys outlive
// the node, so that it comes back as the same after a sleep.
type party struct {
	agent society.Agent
	name  string
	store store.Store
	keys  *keystore.Store
	meter meter
	nat   bool

	stocked bool // its catalogue is in its store
	// addr is where its host is, whenever it is on.
	addr peer.AddrInfo

	mu   sync.Mutex // never held while waiting
	node *node.Node // that runs now; nil: it is off
	host host.Host
	stop func() error
}

// on returns the party's node and host, nil while it is off.
func (p *party) on() (*node.Node, host.Host) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.node, p.host
}

// set notes what runs now, and returns what stops what ran before.
func (p *party) set(n *node.Node, h host.Host, stop func() error) (before func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before = p.stop
	p.node, p.host, p.stop = n, h, stop
	return before
}

func newParty(a society.Agent) *party {
	return &party{agent: a, name: "agent " + strconv.Itoa(int(a.ID)), store: memory.New(), keys: keystore.Memory()}
}

// start builds host and node and runs them.
func (m *Medium) start(p *party) error {
	h, err := m.w.NewHost(p.name, m.links...)
	if err != nil {
		return err
	}
	if p.nat {
		m.w.BehindNAT(h)
	}
	p.meter.renew()
	c := node.Config{
		Name: p.name, Version: "sim", Host: h, Store: p.store, Keys: p.keys, Rand: m.w.RandFor(p.name),
		Registry: &p.meter, Mesh: m.mesh, Price: m.price, Discovery: m.directory.of(h, p.nat),
		// The simulated network's addresses lie side by side.
		Peers:   peerbook.Limits{PerRange: 1 << 20, PerGiver: 1 << 20},
		Observe: func(e view.Event) { m.book.note(p.agent, e, time.Now()) },
	}
	if p.agent.Vendor {
		c.Vendor = &node.VendorConfig{Name: vendorName(p.agent.ID), Domain: strconv.Itoa(int(p.agent.ID)) + ".vendor.example"}
	}
	n, err := node.New(c)
	if err != nil {
		return errors.Join(fmt.Errorf("build %s: %w", p.name, err), h.Close())
	}
	if p.addr.ID == "" {
		p.addr = peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()}
	}
	m.book.know(p.agent, h.ID())
	if err := m.stock(p, n); err != nil { // before it runs, so that it tells the others once
		return errors.Join(err, h.Close())
	}
	p.set(n, h, run(n, h))
	return nil
}

// run runs the node until the function it returns is called, which closes the
// host as well.
func run(n *node.Node, h host.Host) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	return func() error {
		cancel()
		return errors.Join(<-done, h.Close())
	}
}

// end stops a node that is on.
func (p *party) end() error {
	stop := p.set(nil, nil, nil)
	if stop == nil {
		return nil
	}
	if err := stop(); err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	return nil
}

// stock fills a vendor's catalogue and sets its rules, once in its life.
func (m *Medium) stock(p *party, n *node.Node) error {
	if !p.agent.Vendor || p.stocked {
		return nil
	}
	rules, items := m.goods.stock(p.agent)
	var lines bytes.Buffer
	for _, i := range items {
		if err := json.NewEncoder(&lines).Encode(i); err != nil {
			return fmt.Errorf("stock %s: %w", p.name, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.SetRules(ctx, rules); err != nil {
		return fmt.Errorf("stock %s: %w", p.name, err)
	}
	report, err := n.ImportCatalogue(ctx, &lines, vendor.NDJSON)
	if err != nil || len(report.Refused) > 0 {
		return fmt.Errorf("stock %s: %w, refused %v", p.name, err, report.Refused)
	}
	p.stocked = true
	return nil
}

func vendorName(id int32) string { return "vendor " + strconv.Itoa(int(id)) }

func vendorID(name string) (int32, bool) {
	var id int32
	_, err := fmt.Sscanf(name, "vendor %d", &id)
	return id, err == nil
}

// meshOf is the scenario's degrees; nil: those that ship.
func meshOf(d, low, high, lazy int, heartbeat time.Duration) *gossip.Mesh {
	if d == 0 && low == 0 && high == 0 && lazy == 0 && heartbeat == 0 {
		return nil
	}
	return &gossip.Mesh{D: d, Low: low, High: high, Lazy: lazy, Heartbeat: heartbeat}
}
