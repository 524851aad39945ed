// Package discovery finds other nodes, in three ways: mDNS on the local
// network, a Kademlia DHT of Parley's own, and asking connected peers for
// others. It implements [node.Discovery]; no address is compiled in, and any
// node is good enough to begin with.
//
// docs/finding.md says what each way reveals, and to whom.
package discovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/node"
)

// Config is what a Discovery is made of. Only Host is needed.
type Config struct {
	Host     host.Host
	Log      hclog.Logger          // nil: silent
	Registry prometheus.Registerer // nil: no metrics

	MDNS bool // speak up on the local network
	DHT  bool // look up, and with Serve be looked up, in the DHT
	// Serve makes the node a server of the DHT while it can be reached from
	// outside. It is for nodes that want to be found, as vendors do: a server
	// is in the routing tables of strangers.
	Serve bool
	// Unlisted keeps the node from being named by peers to others: it does
	// not answer the exchange itself, which is how peers know.
	Unlisted bool
	// PerRange is how many peers of one range of addresses the DHT's routing
	// table holds. 0: 3, which is what the IPFS network takes.
	PerRange int
}

// Discovery finds nodes. Its methods are safe for concurrent use.
type Discovery struct {
	cfg     Config
	log     hclog.Logger
	metrics *metrics
	scopes  scopes

	ready chan struct{} // closed when Run has begun, or ended
	once  sync.Once
	dht   table // nil: no DHT
	to    node.Company

	swap    exchange
	records signed
	advert  adverts
}

var _ node.Discovery = (*Discovery)(nil)

// New returns a Discovery that does nothing until Run.
func New(cfg Config) (*Discovery, error) {
	if cfg.Host == nil {
		return nil, errors.New("new discovery: Host is needed")
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	m, err := newMetrics(cfg.Registry)
	if err != nil {
		return nil, fmt.Errorf("new discovery: %w", err)
	}
	d := &Discovery{cfg: cfg, log: cfg.Log, metrics: m, ready: make(chan struct{}), scopes: scopes{cfg.Host}}
	d.swap.init()
	d.advert.init()
	return d, nil
}

// Run finds nodes and lets this one be found until ctx ends, once in a
// Discovery's life. All its goroutines have ended when it returns. The error
// is nil when ctx ended it.
func (d *Discovery) Run(ctx context.Context, to node.Company) error {
	d.to = to
	defer d.once.Do(func() { close(d.ready) })
	if d.cfg.DHT {
		t, err := d.openDHT()
		if err != nil {
			return fmt.Errorf("run discovery: %w", err)
		}
		d.dht = t
		defer func() {
			if err := t.Close(); err != nil {
				d.log.Warn("closing the DHT", "error", err)
			}
		}()
	}
	d.once.Do(func() { close(d.ready) })
	g, ctx := errgroup.WithContext(ctx)
	if d.cfg.MDNS {
		g.Go(func() error { return d.runMDNS(ctx) })
	}
	if !d.cfg.Unlisted {
		events, err := d.cfg.Host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
		if err != nil {
			return fmt.Errorf("run discovery: subscribe to peers' records: %w", err)
		}
		g.Go(func() error { return d.records.collect(ctx, events, d.cfg.Host.Network()) })
		g.Go(func() error { return d.serveExchange(ctx) })
	}
	if d.dht != nil {
		g.Go(func() error { return d.advertise(ctx) })
	}
	g.Go(func() error { <-ctx.Done(); return ctx.Err() })
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// begun reports whether Run has got as far as that look-ups work.
func (d *Discovery) begun() bool {
	select {
	case <-d.ready:
		return true
	default:
		return false
	}
}

// Advertise replaces what this node is to be found by in the DHT.
func (d *Discovery) Advertise(a node.Advert) { d.advert.set(a) }

// lookupTime bounds one look-up.
const lookupTime = 20 * time.Second

// Topic looks up at most limit nodes that say they follow the topic of a shard.
func (d *Discovery) Topic(ctx context.Context, shard string, limit int) ([]peer.AddrInfo, error) {
	return d.lookUp(ctx, "topic", topicKey(shard), limit)
}

// Party looks up at most limit nodes that say they are the party of this
// identifier or domain. Anybody can say so: what such a node signs tells.
func (d *Discovery) Party(ctx context.Context, name string, limit int) ([]peer.AddrInfo, error) {
	return d.lookUp(ctx, "party", partyKey(name), limit)
}

// Public reports whether a connected peer works for anybody who comes: as a
// server of the DHT, or as a relay that lets itself be named to others. Both
// begin once it is reached from outside.
func (d *Discovery) Public(p peer.ID) bool {
	does, err := d.cfg.Host.Peerstore().SupportsProtocols(p, DHTProtocol, circuit.ProtoIDv2Hop, ExchangeProtocol)
	if err != nil {
		return false
	}
	return slices.Contains(does, DHTProtocol) || slices.Contains(does, circuit.ProtoIDv2Hop) && slices.Contains(does, ExchangeProtocol)
}

// More has connected peers asked for others and the DHT's routing table
// refreshed. Who is found is told to the Company.
func (d *Discovery) More(ctx context.Context) {
	if !d.begun() || ctx.Err() != nil {
		return
	}
	if d.dht != nil {
		d.dht.RefreshRoutingTable()
	}
	d.askAround(ctx)
}
