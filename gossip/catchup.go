package gossip

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"
)

const (
	// pullEvery is how often, give or take a third, one peer taken at random
	// is asked for term updates.
	pullEvery = 3 * time.Minute
	// pullers is how many peers are asked at a time, so that one who stalls
	// does not keep a node that starts from catching up.
	pullers = 3
	// pullsWaiting is how many peers wait to be asked; others are left to chance.
	pullsWaiting = 64
	// Peers are asked as they connect no more often than this on average, or
	// somebody who comes with ever new peer ids would keep us busy.
	pullPace  = 5 * time.Second
	pullBurst = 32

	restAfterFailure = 5 * time.Minute
	restAfterGarbage = time.Hour
	maxResting       = 4096
)

// catchUp asks for term updates: each peer as it connects, those there already
// when the topic is followed, and every few minutes one at random.
func (s *Service) catchUp(ctx context.Context) error {
	sub, err := s.cfg.Host.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated),
	})
	if err != nil {
		return err
	}
	defer func() { _ = sub.Close() }()
	g, ctx := errgroup.WithContext(ctx)
	next := make(chan peer.ID)
	for range pullers {
		g.Go(func() error { return s.pullAll(ctx, next) })
	}
	g.Go(func() error { return s.choosePeers(ctx, sub.Out(), next) })
	return g.Wait()
}

func (s *Service) pullAll(ctx context.Context, next <-chan peer.ID) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case p := <-next:
			s.pull(ctx, p)
			s.terms.asked.end(p)
		}
	}
}

// choosePeers says whom to ask next. It never waits for who asks, as the event
// bus waits for it.
func (s *Service) choosePeers(ctx context.Context, events <-chan any, next chan<- peer.ID) error {
	var waiting []peer.ID
	pace := newPacer[struct{}](pullPace, pullBurst)
	add := func(p peer.ID) {
		now := time.Now()
		if len(waiting) < pullsWaiting && pace.wait(struct{}{}, now) <= 0 && s.askable(p) && s.terms.asked.begin(p, now) {
			pace.take(struct{}{}, now)
			waiting = append(waiting, p)
		}
	}
	timer := time.NewTimer(aroundPullEvery())
	defer timer.Stop()
	for {
		var out chan<- peer.ID
		var first peer.ID
		if len(waiting) > 0 {
			out, first = next, waiting[0]
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- first:
			waiting = waiting[1:]
		case e := <-events:
			add(subject(e))
		case <-s.terms.follow:
			for _, p := range s.cfg.Host.Network().Peers() {
				add(p)
			}
		case <-timer.C:
			for _, p := range s.somePeer() {
				add(p)
			}
			timer.Reset(aroundPullEvery())
		}
	}
}

func aroundPullEvery() time.Duration { return pullEvery*2/3 + rand.N(pullEvery*2/3) }

// subject is the peer that an event is about.
func subject(e any) peer.ID {
	switch e := e.(type) {
	case event.EvtPeerIdentificationCompleted:
		return e.Peer
	case event.EvtPeerProtocolsUpdated:
		return e.Peer
	}
	return ""
}

// askable reports whether p speaks the protocol and this node wants to know.
func (s *Service) askable(p peer.ID) bool {
	if p == "" || s.terms.topics.count() == 0 {
		return false
	}
	found, err := s.cfg.Host.Peerstore().SupportsProtocols(p, TermsPull)
	return err == nil && len(found) > 0
}

// somePeer is one connected peer that may be asked now, or none.
func (s *Service) somePeer() []peer.ID {
	peers := slices.DeleteFunc(s.cfg.Host.Network().Peers(), func(p peer.ID) bool {
		return !s.askable(p) || s.terms.asked.resting(p, time.Now())
	})
	if len(peers) == 0 {
		return nil
	}
	return []peer.ID{peers[rand.IntN(len(peers))]}
}

// asked is whom not to ask, for now.
type asked struct {
	mu    sync.Mutex
	until map[peer.ID]time.Time // may be asked again then
	busy  map[peer.ID]bool      // is being asked, or waits for it
}

// begin notes that p is to be asked, unless it is already or may not be.
func (a *asked) begin(p peer.ID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[p] || a.until[p].After(now) {
		return false
	}
	if a.busy == nil {
		a.busy = make(map[peer.ID]bool)
	}
	a.busy[p] = true
	return true
}

func (a *asked) end(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.busy, p)
}

func (a *asked) resting(p peer.ID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.until[p].After(now)
}

// rest leaves p alone for a while.
func (a *asked) rest(p peer.ID, now time.Time, while time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.until == nil {
		a.until = make(map[peer.ID]time.Time)
	}
	a.until[p] = now.Add(while)
	for other, until := range a.until {
		if len(a.until) <= maxResting {
			return
		}
		if other != p && (!until.After(now) || until.Before(a.until[p])) {
			delete(a.until, other)
		}
	}
}
