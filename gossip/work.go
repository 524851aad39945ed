package gossip

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
)

// maxOwn is how many casts of this node are followed for refusals.
const maxOwn = 512

// works is the work done for this node's own casts.
type works struct {
	one  chan struct{} // holds a token while a stamp is being made: one core at most
	redo chan dagcbor.CID

	device  float64 // tries a second of one that is studied; 0: this machine
	speed   sync.Once
	perCore float64 // tries a second

	mu  sync.Mutex
	own map[dagcbor.CID]*ownCast
}

// ownCast is a cast of this node and what it took to have it relayed.
type ownCast struct {
	cast    *intentcast.Cast
	topic   string
	bits    int // of its stamp
	work    []byte
	refused map[peer.ID]int
	needs   int // being worked for; 0: nothing
	begun   time.Time
}

func newWorks() works {
	return works{one: make(chan struct{}, 1), redo: make(chan dagcbor.CID, maxOwn), own: make(map[dagcbor.CID]*ownCast)}
}

// Working is the work under way for a cast, before it goes out.
type Working struct {
	Bits int           // the difficulty asked for
	Left time.Duration // how long it may yet take, on average
}

// String returns "working: needs 18 bits, about 3s".
func (w Working) String() string {
	about := max(w.Left, 100*time.Millisecond)
	if about = about.Round(100 * time.Millisecond); about >= 3*time.Second {
		about = about.Round(time.Second)
	}
	return fmt.Sprintf("working: needs %d bits, about %s", w.Bits, about)
}

// Working returns the work under way for the cast with that id; false: none.
func (s *Service) Working(id dagcbor.CID) (Working, bool) {
	s.works.mu.Lock()
	defer s.works.mu.Unlock()
	o := s.works.own[id]
	if o == nil || o.needs == 0 {
		return Working{}, false
	}
	// What has been tried says nothing of what is to come: the rest is always
	// as long as the whole is on average.
	return Working{Bits: o.needs, Left: admission.Duration(o.needs, s.works.perCore)}, true
}

// begin notes c as one of this node's own.
func (w *works) begin(c *intentcast.Cast, topic string, now time.Time) *ownCast {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o := w.own[c.ID]; o != nil {
		return o
	}
	for id, o := range w.own {
		over := !o.cast.Intent.Expires.Std().After(now)
		if older := o.cast.Root() == c.Root() && o.cast.Intent.Seq < c.Intent.Seq; over || older || len(w.own) >= maxOwn {
			delete(w.own, id)
		}
	}
	o := &ownCast{cast: c, topic: topic}
	w.own[c.ID] = o
	return o
}

// refuse notes that a neighbour has refused one of this node's own casts, and
// has it worked for if that is to be believed.
func (s *Service) refusedOwn(id dagcbor.CID, topic string, by peer.ID, bits int) (own bool) {
	s.works.mu.Lock()
	o := s.works.own[id]
	if o != nil && o.topic == topic {
		if o.refused == nil {
			o.refused = make(map[peer.ID]int)
		}
		if _, known := o.refused[by]; known || len(o.refused) < maxRefusers {
			o.refused[by] = bits
		}
	}
	s.works.mu.Unlock()
	if o == nil {
		return false
	}
	if s.needs(o) > o.stamped(&s.works) {
		select {
		case s.works.redo <- id:
		default: // as many wait as there are casts
		}
	}
	return true
}

func (o *ownCast) stamped(w *works) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return o.bits
}

// needs is the difficulty believed to be asked for a cast of this node's own,
// of what its neighbours have announced and what they have refused it for, and
// what its life takes beyond.
func (s *Service) needs(o *ownCast) int {
	now := time.Now()
	neighbours := s.listeners(o.topic)
	s.notices.mu.Lock()
	announced := s.notices.demands.Of(o.topic, neighbours, now)
	s.notices.mu.Unlock()
	s.works.mu.Lock()
	defer s.works.mu.Unlock()
	demands := make([]int, 0, len(neighbours))
	for _, p := range neighbours {
		demands = append(demands, o.refused[p])
	}
	believed := max(announced, admission.Believed(demands), s.gate.least)
	if believed > 0 {
		believed += lifeBits(o.cast)
	}
	return believed
}

// stamped returns o's cast with a stamp that is believed to be enough, which
// may take a while. It ends with ctx.
func (s *Service) stamped(ctx context.Context, o *ownCast) (*intentcast.Cast, error) {
	select {
	case s.works.one <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.works.one }()
	w := &s.works
	if needs := s.needs(o); needs > o.stamped(w) {
		w.speed.Do(func() { w.measureSpeed() })
		w.set(o, func() { o.needs, o.begun = needs, time.Now() })
		s.log.Debug("working for a cast", "id", o.cast.ID, "bits", needs)
		stamp, err := w.mint(ctx, admission.ForCast(o.topic, o.cast.ID), needs)
		w.set(o, func() {
			if o.needs = 0; err == nil {
				o.bits, o.work = stamp.Bits, stamp.Encode()
			}
		})
		if err != nil {
			return nil, err
		}
		s.metrics.minted.Inc()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return o.cast.WithWork(o.work), nil
}

// Price is what casts cost in a study, beside what nodes ask by their load.
type Price struct {
	// Least is the least difficulty asked for on every topic, in bits, at most
	// admission.MaxBits: a rule of the whole network, which authors know.
	Least int
	// Device has a stamp take as long as on a device of so many tries a second,
	// which in virtual time, where computing takes none, is felt by nobody else;
	// 0: as long as it takes here.
	Device float64
}

// longestMint is what a device may take; no one waits for it.
const longestMint = 365 * 24 * time.Hour

// mint makes a stamp, and lets as much time pass as it takes on the device.
func (w *works) mint(ctx context.Context, c admission.Challenge, bits int) (admission.Stamp, error) {
	begun, start := time.Now(), rand.Uint64()
	stamp, err := admission.Mint(ctx, c, bits, start, nil)
	if err != nil || w.device <= 0 {
		return stamp, err
	}
	tries := stamp.Nonce - start + 1
	took := min(float64(tries)/w.device, longestMint.Seconds())
	return stamp, pause(ctx, time.Duration(took*float64(time.Second))-time.Since(begun))
}

func (w *works) set(o *ownCast, change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *works) measureSpeed() {
	rate := w.device
	if rate <= 0 {
		rate = admission.Rate(5*time.Millisecond, time.Now)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.perCore = rate
}

// rework casts again, with more work, what neighbours have refused, until ctx
// ends.
func (s *Service) rework(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-s.works.redo:
			if err := s.castAgain(ctx, id); err != nil && ctx.Err() == nil {
				s.log.Debug("a refused cast did not go out again", "id", id, "error", err)
			}
		}
	}
}

func (s *Service) castAgain(ctx context.Context, id dagcbor.CID) error {
	s.works.mu.Lock()
	o := s.works.own[id]
	s.works.mu.Unlock()
	if o == nil || s.needs(o) <= o.stamped(&s.works) || !o.cast.Intent.Expires.Std().After(time.Now()) {
		return nil
	}
	c, err := s.stamped(ctx, o)
	if err != nil {
		return err
	}
	wire, err := c.Encode()
	if err != nil {
		return err
	}
	t := s.topics.of(c.Intent.Shard())
	if t == nil {
		return nil // left meanwhile
	}
	if err := s.casting(c, o.stamped(&s.works), time.Now()); err != nil {
		return err
	}
	s.metrics.recast.Inc()
	if err := publish(ctx, t, wire); err != nil {
		return err
	}
	s.told(c, wire, time.Now()) // those who ask are to get the stamp as well
	return nil
}
