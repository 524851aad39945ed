// Package gossip carries what is told to many: it publishes, checks, relays
// and delivers intentcasts and vendors' term updates over GossipSub.
//
// A message names nobody. The signature policy is StrictNoSign with no author,
// so its from, seqno, signature and key fields are empty (GossipSub's default
// would sign each with the sender's peer id), and its id is a hash of topic
// and data. An author publishes on a topic it follows like any other relay,
// to its mesh, and where that seems to hold sybils only, beside it by a rule that
// is the same for all that a node takes (aside). That is all that is promised:
// neighbours still see addresses and timing.
package gossip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity/dagcbor"
)

// TopicPrefix stands before the shard in the name of an intent's topic.
const TopicPrefix = "/parley/intent/1/"

// sweepEvery is how often topics are left that were only followed for an
// intent of this node, now over.
const sweepEvery = time.Minute

// ErrStopped is returned once Run has ended.
var ErrStopped = errors.New("the gossip service has stopped")

// Config is what a Service is made of. Only Host is needed; the caller closes
// it after Run has returned.
type Config struct {
	Host     host.Host
	Log      hclog.Logger          // nil: silent
	Registry prometheus.Registerer // nil: no metrics. One a node, never the default one

	// Deliver is told of every cast that others published and this node
	// accepted, one at a time, in the order they were accepted. Casts wait for
	// it in a bounded queue, in which a newer version of an intent takes the
	// place of an older one; when that is full, casts are neither taken in nor
	// relayed. nil: casts are only relayed.
	Deliver func(context.Context, *intentcast.Cast)
	// DeliverMany, if set, is told in the place of Deliver of all that wait, at
	// most deliverBatch at once and at least one, so that they can be kept in
	// one transaction.
	DeliverMany func(context.Context, []*intentcast.Cast)
	// DeliverTerms is told in the same way of every term update accepted from
	// others, a newer one of a vendor in the place of an older. It also gets
	// the second half of a fork: TermsOf says which of the two stands. nil:
	// they are only kept and relayed.
	DeliverTerms func(context.Context, termupdate.Verified)

	// Score is what else is held for or against a peer: 0 nothing, at most 20
	// for, and against it as the limits in score.go say. It is called often,
	// from several goroutines, and must not wait. nil: 0.
	Score func(peer.ID) float64

	// Intents is how many lines of intents the ledger keeps; 0:
	// intentcast.MaxIntents.
	Intents int

	// Price changes what casts cost, for studies of what others would do; nil: as
	// it ships.
	Price *Price

	// Mesh changes the meshes' degrees, for studies of what others would do;
	// nil: those that ship.
	Mesh *Mesh
}

// Service is one node's part in the gossip of intents and terms. Its methods
// are safe for concurrent use.
type Service struct {
	cfg     Config
	log     hclog.Logger
	metrics *metrics
	queue   *queue

	ready   chan struct{} // closed when pub is set
	stopped chan struct{} // closed when Run ends
	pub     *pubsub.PubSub

	known  sync.Mutex // also across Apply and the queue, so that casts are delivered in the ledger's order
	ledger *intentcast.Ledger
	out    []dagcbor.CID // roots of what was turned out, for TurnedOut

	topics  topics
	meshes  meshes
	conduct conduct

	gate     *gate
	verifier verifier
	trail    trail
	works    works
	notices  notices

	terms terms
	live  live
	catch catch
}

// delivers reports whether anybody is told of casts.
func (c *Config) delivers() bool { return c.Deliver != nil || c.DeliverMany != nil }

// New returns a service that does nothing on the network until Run.
func New(cfg Config) (*Service, error) {
	if cfg.Host == nil {
		return nil, errors.New("new gossip service: Host is needed")
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	s := &Service{
		cfg: cfg, log: cfg.Log,
		queue: newQueue(queueLimit),
		ready: make(chan struct{}), stopped: make(chan struct{}),
		ledger: intentcast.NewLedger(cfg.Intents),
		works:  newWorks(),
	}
	s.topics.prefix, s.topics.open = TopicPrefix, make(map[string]*topic)
	s.gate = newGate(s.queue.fill, s.verifier.work)
	if cfg.Price != nil {
		s.gate.least, s.works.device = min(max(cfg.Price.Least, 0), admission.MaxBits), cfg.Price.Device
	}
	s.notices.init()
	s.live.init()
	s.catch.init()
	var err error
	if err = s.terms.init(); err != nil {
		return nil, fmt.Errorf("new gossip service: %w", err)
	}
	if s.metrics, err = newMetrics(cfg.Registry, s.Known, s.topics.count, s.terms.count, s.mostAsked); err != nil {
		return nil, fmt.Errorf("new gossip service: %w", err)
	}
	s.conduct.init(cfg.Host.ID(), dialling(cfg.Host), s.metrics.duplicates, s.metrics.aside)
	return s, nil
}

// Run takes part until ctx ends, once in a service's life. When it returns,
// all topics are left, nothing more is delivered and the goroutines of this
// package have ended; those of GossipSub itself end as soon as they notice.
// The error is nil when ctx ended it.
func (s *Service) Run(ctx context.Context) error {
	defer close(s.stopped)
	// GossipSub outlives ctx for a moment, to tell peers which topics are left.
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	pub, err := newPubSub(inner, s)
	if err != nil {
		return fmt.Errorf("run gossip service: %w", err)
	}
	s.pub = pub
	close(s.ready)

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.deliver(ctx) })
	g.Go(func() error { return s.terms.queue.drain(ctx, s.cfg.DeliverTerms) })
	g.Go(func() error { return s.catchUp(ctx) })
	g.Go(func() error { return s.serve(ctx) })
	g.Go(func() error { return s.tidy(ctx) })
	g.Go(func() error { return s.tellNeighbours(ctx) })
	g.Go(func() error { return s.watchLoad(ctx) })
	g.Go(func() error { return s.rework(ctx) })
	g.Go(func() error { return s.mendMeshes(ctx) })
	g.Go(func() error { return s.restream(ctx) })
	err = g.Wait()
	s.topics.close()
	s.terms.topics.close()
	cancel()
	hangUp(s.cfg.Host)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Remember tells the service of a cast it need not deliver or publish, such
// as one stored before a restart, so that older versions of it stay dead. The
// error is the ledger's, as of intentcast.Ledger.Apply.
//
// Others who ask are told of it, where this node follows its topic.
func (s *Service) Remember(c *intentcast.Cast, now time.Time) error {
	return s.remember(c, now, func(bits int) (intentcast.Change, error) { return s.ledger.Apply(c, bits, now) })
}

// RememberOwn is Remember for an intent of this node's own, which nothing that
// others cast turns out of the ledger.
func (s *Service) RememberOwn(c *intentcast.Cast, now time.Time) error {
	return s.remember(c, now, func(bits int) (intentcast.Change, error) { return s.ledger.Keep(c, bits, now) })
}

func (s *Service) remember(c *intentcast.Cast, now time.Time, apply func(bits int) (intentcast.Change, error)) error {
	wire, err := c.Encode()
	if err != nil {
		return err
	}
	frame, err := intentcast.OpenCast(wire)
	if err != nil {
		return err
	}
	bits, err := stampOf(frame, TopicPrefix+c.Intent.Shard())
	if err != nil {
		return err
	}
	s.known.Lock()
	defer s.known.Unlock()
	change, err := apply(bits)
	s.turnOut(c.Intent.Shard(), change.Out, now)
	if e, ok := s.ledger.Lookup(c.Root()); err == nil && ok && !e.Hidden {
		s.live.restore(c, wire, now)
	}
	return err
}

// Lookup returns what is known of the intent that began with root.
func (s *Service) Lookup(root dagcbor.CID) (intentcast.Entry, bool) {
	s.known.Lock()
	defer s.known.Unlock()
	return s.ledger.Lookup(root)
}

// Known returns how many intents are known, dead ones that could still be
// replayed among them.
func (s *Service) Known() int {
	s.known.Lock()
	defer s.known.Unlock()
	return s.ledger.Len()
}

// Expire forgets the intents that are over at now and returns, once each,
// those that were open to the end. Call it every minute or so: otherwise what
// is over stays until the ledger is full.
func (s *Service) Expire(now time.Time) []dagcbor.CID {
	s.known.Lock()
	defer s.known.Unlock()
	return s.ledger.Expire(now)
}

func (s *Service) tidy(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			s.topics.release(now)
			s.terms.tidy(now)
			s.live.tidy(now)
		}
	}
}

// wait returns when the service is running.
func (s *Service) wait(ctx context.Context) error {
	select {
	case <-s.stopped:
		return ErrStopped
	default:
	}
	select {
	case <-s.ready:
		return nil
	case <-s.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}
