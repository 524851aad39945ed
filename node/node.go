// Package node is one party's running node: a person's, a vendor's, or both
// in one. It composes the store, the gossip service, the courier and the pure
// rules of market into use cases, one file each: cast, hear, offer, accept,
// card.
//
// [New] takes everything that touches the world and builds none of it, so
// that the same node runs on a home server and, by the thousand, in virtual
// time.
package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/peerbook"
	"github.com/parley-network/parley/node/reach"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// Secrets keeps private keys by name. identity/keystore implements it.
type Secrets interface {
	Get(name string) ([]byte, error)
	PutAll(secrets map[string][]byte) error
	Delete(name string) error
}

// Config is what a node is made of. Host, Store and Keys are needed; the
// caller closes them after Run has returned.
type Config struct {
	Name     string                // what the owner calls this node
	Version  string                // of the program, for Status
	Host     host.Host             // the network
	Store    store.Store           // durable records
	Keys     Secrets               // private keys
	Log      hclog.Logger          // nil: silent
	Rand     *rand.Rand            // for choices, never for keys; nil: seeded from the system
	Registry prometheus.Registerer // nil: no metrics
	Vendor   *VendorConfig         // nil: this node does not answer intents
	Replica  string                // names this node among several of one vendor over one Store, each another; "": it is the only one
	Reach    *reach.Watcher        // how Host can be reached, for Status; Run runs it. Nil: nobody watches
	Observe  func(view.Event)      // nil, or told of every event; must not block

	Discovery Discovery       // nil: only peers that the node is told of. Run runs it
	Peers     peerbook.Limits // of the address book
	Mesh      *gossip.Mesh    // nil: the gossip's degrees that ship
	Price     *gossip.Price   // nil: casts cost what nodes ask by their load
}

// VendorConfig makes a node a vendor's.
type VendorConfig struct {
	Name   string // as cards and offers show it
	Domain string // where its key log is published, "shop.example"
}

// Node is a running party. Its methods are safe for concurrent use.
type Node struct {
	cfg     Config
	log     hclog.Logger
	started time.Time
	gossip  *gossip.Service
	courier *courier.Courier
	events  *journal
	vendor  *vendor  // nil for a person's node
	replica *replica // nil for the only node over its store
	recast  chan struct{}
	moved   chan struct{} // told when an own route has moved
	tell    chan struct{} // told when a change of the profile is to go out
	scrubs  chan struct{} // told when the store's files are to be cleaned
	scrub   store.Scrubber
	wants   chan struct{} // told when the standing wants have changed
	due     chan struct{} // told when something is to take effect at a time of its own
	policy  channelPolicy
	logs    logCache
	gate    gate
	rotate  chan struct{} // told when keys of cards are to be rotated
	ledgers ledgers
	periods recent[keyName, identity.KeyPeriod] // that signatures were seen to hold by
	whom    recent[identity.DID, counterparty]
	peers   *peers
	cards   sync.Mutex // one change of a card at a time, across its reading and writing
}

// New returns a node over cfg, with its identities and keys at hand. It does
// nothing on the network until Run.
func New(cfg Config) (*Node, error) {
	if cfg.Host == nil || cfg.Store == nil || cfg.Keys == nil {
		return nil, errors.New("new node: Host, Store and Keys are needed")
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	scrubber, _ := cfg.Store.(store.Scrubber)
	cfg.Store, cfg.Keys = roomyStore{cfg.Store}, roomyKeys{cfg.Keys}
	n := &Node{
		cfg: cfg, log: cfg.Log.Named("node"), started: time.Now(),
		events: newJournal(cfg.Observe), recast: make(chan struct{}, 1), tell: make(chan struct{}, 1), moved: make(chan struct{}, 1),
		scrubs: make(chan struct{}, 1), scrub: scrubber, due: make(chan struct{}, 1), wants: make(chan struct{}, 1),
		periods: recent[keyName, identity.KeyPeriod]{most: mostPeriods}, whom: recent[identity.DID, counterparty]{most: mostLedgers},
		logs: newLogCache(), ledgers: newLedgers(), gate: newGate(), rotate: make(chan struct{}, 1),
	}
	if err := n.compose(); err != nil {
		return nil, fmt.Errorf("new node %q: %w", cfg.Name, err)
	}
	return n, nil
}

func (n *Node) compose() (err error) {
	ctx := context.Background()
	if err = n.resumeVendor(ctx); err != nil {
		return err
	}
	if err = n.openPeers(ctx); err != nil {
		return err
	}
	if n.courier, err = courier.New(courier.Config{
		Host: n.cfg.Host, Store: journaled{n.cfg.Store, n}, Secrets: n.cfg.Keys, Log: n.cfg.Log.Named("courier"),
		Rand: n.cfg.Rand, Registry: n.cfg.Registry, Read: n.readAhead, Handle: n.receive,
		Moves: mayMove, Moved: n.routeMoved, Known: n.knownParty, Open: anybodyWrites, Mailboxes: n.mailboxes(), Public: n.vendor != nil, GivenUp: n.letterGivenUp,
	}); err != nil {
		return err
	}
	if n.gossip, err = gossip.New(gossip.Config{
		Host: n.cfg.Host, Log: n.cfg.Log.Named("gossip"), Registry: n.cfg.Registry, DeliverMany: n.hearMany, DeliverTerms: n.hearTerms,
		Mesh: n.cfg.Mesh, Price: n.cfg.Price,
	}); err != nil {
		return err
	}
	if n.cfg.Vendor != nil {
		if n.cfg.Replica != "" {
			if n.replica, err = newReplica(n.cfg.Replica); err != nil {
				return err
			}
		}
		if n.vendor, err = n.openVendor(ctx, *n.cfg.Vendor); err != nil {
			return fmt.Errorf("open vendor: %w", err)
		}
	}
	if err := n.eraseSpent(ctx); err != nil {
		return err
	}
	if n.vendor != nil && n.vendor.me().number > 1 {
		n.routeMoved("") // a rotation may have been cut off before all were told
	}
	if err := n.adopt(ctx); err != nil {
		return fmt.Errorf("adopt cards: %w", err)
	}
	return n.remember(ctx)
}

// Run serves until ctx ends; every goroutine of the node has ended when it
// returns. The error is nil when ctx ended it.
func (n *Node) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return n.courier.Run(ctx) })
	if n.cfg.Reach != nil {
		g.Go(func() error { return n.cfg.Reach.Run(ctx) })
	}
	g.Go(func() error { return n.gossip.Run(ctx) })
	g.Go(func() error { return n.castLoop(ctx) })
	g.Go(func() error { return n.sweepLoop(ctx) })
	g.Go(func() error { return n.wantLoop(ctx) })
	g.Go(func() error { return n.scrubLoop(ctx) })
	g.Go(func() error { return n.joinShards(ctx) })
	g.Go(func() error { return n.routeLoop(ctx) })
	g.Go(func() error { return n.movedLoop(ctx) })
	g.Go(func() error { return n.rotateLoop(ctx) })
	g.Go(func() error { return n.peerLoop(ctx) })
	g.Go(func() error { return n.inviteLoop(ctx) })
	g.Go(func() error { return n.termsLoop(ctx) })
	g.Go(func() error { return n.tellLoop(ctx) })
	g.Go(func() error { return n.agendaLoop(ctx) })
	g.Go(func() error { return n.replicaLoop(ctx) })
	err := g.Wait()
	n.leave(context.WithoutCancel(ctx))
	n.events.close()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
