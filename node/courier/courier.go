// Package courier delivers sealed letters from one party to one other: the
// road for everything that is not gossip.
//
// A letter goes to an intentcast.Route. Without a slot the route names the
// recipient's own node, which answers when the letter's effect is durable, and
// perhaps holders that take letters while that is off.
// With a slot it names a holder: a peer that keeps letters for a key it can't
// link to anyone, until the recipient's node fetches them. A node that does
// not want to be known (a person's) talks to recipients and holders through a
// forwarder, a third peer: the forwarder sees who asks and not what, the other
// end sees what is asked and not by whom. Forwarder and holder together could
// tell, and so could somebody who watches both: this is unlinkability by
// identifier, not network anonymity.
//
// Letters wait in the store's outbox, written in the caller's transaction, and
// are sent again with growing pauses until the recipient has acknowledged end
// to end or they expire. The recipient runs the handler in the transaction
// that records the letter's id. So whatever crashes or is cut, an effect
// happens once.
//
// The bytes are specified in package wire and package seal.
package courier

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/node/courier/forward"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/prometheus/client_golang/prometheus"
)

// Config is what a courier is made of. It closes none of it.
type Config struct {
	Host     host.Host
	Store    store.Store
	Secrets  Secrets
	Read     func(Inbound) any     // reads a letter before its transaction, which holds up others; may be nil
	Handle   Handler               // what letters do here
	Rand     rand.Source           // for choices and pauses; keys come from crypto/rand
	Log      hclog.Logger          // nil: none
	Registry prometheus.Registerer // nil: counters are kept, not shown
	Limits   Limits                // a zero field is that of DefaultLimits

	NoHold    bool // don't keep letters for others
	NoForward bool // don't carry exchanges for others
	Public    bool // others may tell everybody that this node keeps their mail; a vendor's

	// RouteLost is told once when the holder of an own open route has not
	// answered for Limits.LostAfter. Retrying goes on; opening a new route
	// elsewhere, and telling those who know the old one, is the owner's to do.
	// It must not block. May be nil.
	RouteLost func(RouteLoss)

	// Moves reports whether others can be told of another route in place of a
	// label's, so that it may be replaced: when its keys are old, and when its
	// holder is lost. nil: none.
	Moves func(label string) bool
	// Moved is told of each route that was replaced; and with the label "" when
	// the holders of the direct route have changed. It must not block. May be
	// nil.
	Moved func(label string)

	// Known reports whether a letter to the direct route is of a party that this
	// node has to do with: it is then asked for no work, however many strangers
	// write. It must not change anything. What it says is no proof of anything.
	// nil: all are known.
	Known func(tx store.Tx, in Inbound) (bool, error)

	// Open reports whether anybody may write to the route of a label, as to that
	// of an intent: what comes there is then taken in at a pace. nil: no route is
	// like that.
	Open func(label string) bool

	// GivenUp is told, in the transaction that records it, of each letter that
	// was refused or has expired. What it returns undoes that: the letter is
	// tried again. May be nil.
	GivenUp func(store.Tx, LetterStatus) error

	// Mailboxes is how many holders keep letters to the direct route while this
	// node is off, at most intentcast.MaxHolders. They learn whose they are.
	Mailboxes int
}

// Secrets keeps keys. identity/keystore has one.
type Secrets interface {
	// Get returns a secret, or an error that wraps fs.ErrNotExist.
	Get(name string) ([]byte, error)
	// PutAll stores all of them durably, or none.
	PutAll(secrets map[string][]byte) error
	// Delete removes a secret, or returns an error that wraps
	// fs.ErrNotExist.
	Delete(name string) error
}

// Purger is Secrets that can forget: after Purge nothing of what was deleted
// can be read from where they are kept. Others are believed to forget at once.
type Purger interface{ Purge() error }

// Courier sends, receives, holds and carries letters for one node.
type Courier struct {
	cfg       Config
	lim       Limits
	log       hclog.Logger
	key       *seal.PrivateKey // of letters to this node's direct route, and of requests to its holder
	keyHash   string
	holder    *hold.Holder
	meters    map[protocol.ID]*forward.Meter
	book      *book
	count     counters
	choice    chooser
	wake      chan struct{}
	queued    atomic.Int64 // Unix nanoseconds of the last Send
	handed    handed
	replies   replies
	lookAsked atomic.Bool // the outbox is to be looked at
	toPurge   atomic.Bool // keys were deleted that are to be erased
	group     group
	routes    routes
	turns     *turns
	reach     *reach
	away      *away
	returned  returned
	streams   *streams
	door      *door
	works     works

	recipients recipients
	talks      talks
	box        *seal.Box
}

// ErrNotRunning is returned by what needs Run to be under way.
var ErrNotRunning = errors.New("the courier is not running")

// selfSecret names the key of the direct route in Secrets.
const selfSecret = "courier/self"

// New returns a courier that does nothing until Run. It makes the key of the
// node's direct route if Secrets has none yet.
func New(cfg Config) (*Courier, error) {
	if cfg.Host == nil || cfg.Store == nil || cfg.Secrets == nil || cfg.Handle == nil || cfg.Rand == nil {
		return nil, errors.New("courier: Host, Store, Secrets, Handle and Rand are all wanted")
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	key, err := loadKey(cfg.Secrets, selfSecret)
	if err != nil {
		return nil, fmt.Errorf("courier: %w", err)
	}
	box, err := seal.NewBox(key)
	if err != nil {
		return nil, fmt.Errorf("courier: %w", err)
	}
	lim := cfg.Limits.withDefaults()
	c := &Courier{
		cfg: cfg, lim: lim, log: cfg.Log, key: key,
		keyHash: string(seal.KeyHash(key.Public())),
		holder:  hold.New(cfg.Host.ID(), lim.Hold, cfg.Store),
		meters: map[protocol.ID]*forward.Meter{
			wire.LetterProtocol:  forward.NewMeter(lim.Letters),
			wire.HoldProtocol:    forward.NewMeter(lim.Ask),
			wire.ForwardProtocol: forward.NewMeter(lim.Forward),
			wire.HelloProtocol:   forward.NewMeter(lim.Letters),
		},
		book:    newBook(lim.Records),
		choice:  chooser{rand: rand.New(cfg.Rand)},
		wake:    make(chan struct{}, 1),
		routes:  newRoutes(),
		turns:   newTurns(),
		reach:   newReach(),
		away:    newAway(),
		streams: newStreams(),
		handed:  newHanded(),
		replies: newReplies(),
		door:    newDoor(),
		works:   newWorks(),
		talks:   newTalks(),
		box:     box,
	}
	if c.count, err = newCounters(cfg.Registry, c.holder); err != nil {
		return nil, fmt.Errorf("courier: %w", err)
	}
	return c, nil
}

func loadKey(s Secrets, name string) (*seal.PrivateKey, error) {
	seed, err := s.Get(name)
	if err == nil {
		return seal.NewPrivateKey(seed)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("get secret %s: %w", name, err)
	}
	key, err := seal.GenerateKey()
	if err != nil {
		return nil, err
	}
	if seed, err = key.Seed(); err != nil {
		return nil, err
	}
	if err := s.PutAll(map[string][]byte{name: seed}); err != nil {
		return nil, fmt.Errorf("put secret %s: %w", name, err)
	}
	return key, nil
}

// Run serves the protocols, sends what is due and polls the open routes until
// ctx ends. It returns after all its goroutines have ended: nil, or what kept
// it from starting. A courier runs once.
func (c *Courier) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := c.subscribe()
	if err != nil {
		return fmt.Errorf("courier: %w", err)
	}
	defer events.Close()
	if err := c.resume(ctx, time.Now()); err != nil { // as on a full disk: they go out later
		c.log.Warn("letters wait until the claims of the last run are over", "error", err)
	}
	stored, err := c.loadRoutes(ctx)
	if err != nil {
		return fmt.Errorf("courier: load own routes: %w", err)
	}
	if err := c.holder.Load(ctx); err != nil {
		return fmt.Errorf("courier: %w", err)
	}
	if !c.group.start(ctx) {
		return errors.New("courier: has run already")
	}
	c.serveAll()
	c.group.run(c.holder.Run)
	c.group.run(func(ctx context.Context) { c.meetPeers(ctx, events) })
	c.group.run(c.sweepLoop)
	c.group.run(func(ctx context.Context) { newDispatcher(c).run(ctx) })
	c.group.run(c.pollRoutes)
	c.resumePolling(stored)
	c.group.run(c.keepMailboxes)
	c.group.run(c.renewRoutes)
	<-ctx.Done()
	c.unserveAll()
	c.group.stop()
	c.streams.end()
	return nil
}

// Wake has the outbox looked at now: for after the commit of a transaction
// that called Send. It may be called after any other too: where nothing was
// sent for a while it does nothing. A letter whose transaction takes longer
// than that to commit goes out within minutes.
func (c *Courier) Wake() {
	if time.Since(time.Unix(0, c.queued.Load())) < wakeMemory {
		c.rouse()
	}
}

// wakeMemory is how long after a Send a Wake may be for its letter.
const wakeMemory = time.Minute

// rouse has the outbox looked at.
func (c *Courier) rouse() {
	c.lookAsked.Store(true)
	c.stir()
}

// stir has the dispatcher see what was handed to it.
func (c *Courier) stir() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// group is the goroutines of one Run.
type group struct {
	mu      sync.Mutex
	ctx     context.Context
	started time.Time
	over    bool
	wg      sync.WaitGroup
}

func (g *group) start(ctx context.Context) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx != nil {
		return false
	}
	g.ctx, g.started = ctx, time.Now()
	return true
}

// enter counts the caller's goroutine in, until it calls leave. It returns
// false before start and after stop.
func (g *group) enter() (ctx context.Context, leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx == nil || g.over || g.ctx.Err() != nil {
		return nil, nil, false
	}
	g.wg.Add(1)
	return g.ctx, g.wg.Done, true
}

func (g *group) run(fn func(context.Context)) bool {
	ctx, leave, ok := g.enter()
	if ok {
		go func() {
			defer leave()
			fn(ctx)
		}()
	}
	return ok
}

// running reports whether the group has started and not ended.
func (g *group) running() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ctx != nil && !g.over && g.ctx.Err() == nil
}

// since returns how long the group has run.
func (g *group) since() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Since(g.started)
}

func (g *group) stop() {
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	g.wg.Wait()
}
