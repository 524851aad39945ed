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
	// askEvery is how often, give or take a third, one peer taken at random
	// is asked for what this node lacks.
	askEvery = 3 * time.Minute
	// askers is how many peers are asked at a time, so that one who stalls
	// does not keep a node that starts from catching up.
	askers = 3
	// asksWaiting is how many peers wait to be asked; others are left to chance.
	asksWaiting = 64
	// Peers are asked as they connect no more often than this on average, or
	// somebody who comes with ever new peer ids would keep us busy.
	askPace  = 5 * time.Second
	askBurst = 12
	// askOnJoin is how many peers are asked when a topic is newly followed, and
	// how many that have just come are asked again while things settle.
	askOnJoin = 4

	restAfterDone    = time.Second
	restAfterFailure = 5 * time.Minute
	restAfterGarbage = time.Hour
	maxResting       = 4096
	// comeBack is when a peer is asked again that had more than one
	// conversation holds, or more than waits for delivery.
	comeBack = 10 * time.Second
)

// settling is when a peer is asked again that has just come, or about a topic
// just followed. GossipSub's meshes take a heartbeat or two to form, and what
// is published before they stand reaches nobody by gossip.
var settling = []time.Duration{4 * time.Second, 10 * time.Second}

// catch is the part of a Service that is about catching up.
type catch struct {
	streams    streams
	asked      asked
	wake       chan struct{} // holds a token when there is more to ask about
	serving    *pacer[peer.ID]
	servingAll *pacer[struct{}]
}

func (c *catch) init() {
	c.wake = make(chan struct{}, 1)
	c.asked.news = make(chan struct{}, 1)
	c.serving = newPacer[peer.ID](serveEvery, serveBurst)
	c.servingAll = newPacer[struct{}](serveAllEvery, serveAllBurst)
}

// wantCatchUp has some peers asked, as a topic is followed that was not.
func (s *Service) wantCatchUp() {
	select {
	case s.catch.wake <- struct{}{}:
	default:
	}
}

// catchUp asks for what this node lacks: each peer as it connects, some of
// those there already when a topic is followed, and every few minutes one at
// random.
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
	for range askers {
		g.Go(func() error { return s.askAll(ctx, next) })
	}
	g.Go(func() error { return s.choosePeers(ctx, sub.Out(), next) })
	return g.Wait()
}

func (s *Service) askAll(ctx context.Context, next <-chan peer.ID) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case p := <-next:
			s.ask(ctx, p)
			s.catch.asked.end(p)
		}
	}
}

// choosePeers says whom to ask next. It never waits for who asks, as the event
// bus waits for it.
func (s *Service) choosePeers(ctx context.Context, events <-chan any, next chan<- peer.ID) error {
	var waiting []peer.ID
	pace, settle := newPacer[struct{}](askPace, askBurst), newPacer[struct{}](askPace, askOnJoin)
	add := func(p peer.ID) bool {
		ok := len(waiting) < asksWaiting && s.askable(p) && s.catch.asked.begin(p, time.Now())
		if ok {
			waiting = append(waiting, p)
		}
		return ok
	}
	// addNew is add, and again while things settle.
	addNew := func(p peer.ID) {
		now := time.Now()
		if pace.wait(struct{}{}, now) > 0 || !add(p) {
			return
		}
		pace.take(struct{}{}, now)
		if settle.wait(struct{}{}, now) > 0 {
			return
		}
		settle.take(struct{}{}, now)
		for _, d := range settling {
			s.catch.asked.later(p, now.Add(d))
		}
	}
	around, again := time.NewTimer(aroundAskEvery()), time.NewTimer(askEvery)
	defer around.Stop()
	defer again.Stop()
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
			addNew(subject(e))
		case <-s.catch.wake:
			for _, p := range s.somePeers(askOnJoin) {
				addNew(p)
			}
		case <-around.C:
			for _, p := range s.somePeers(1) {
				add(p)
			}
			around.Reset(aroundAskEvery())
		case <-s.catch.asked.news:
		case <-again.C:
		}
		due, wait := s.catch.asked.due(time.Now())
		for _, p := range due {
			add(p)
		}
		again.Reset(wait)
	}
}

func aroundAskEvery() time.Duration { return askEvery*2/3 + rand.N(askEvery*2/3) }

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
	if p == "" || s.topics.count()+s.terms.topics.count() == 0 {
		return false
	}
	found, err := s.cfg.Host.Peerstore().SupportsProtocols(p, Reconcile)
	return err == nil && len(found) > 0
}

// somePeers are up to n connected peers that may be asked now, by lot.
func (s *Service) somePeers(n int) []peer.ID {
	peers := slices.DeleteFunc(s.cfg.Host.Network().Peers(), func(p peer.ID) bool {
		return !s.askable(p) || s.catch.asked.resting(p, time.Now())
	})
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	return peers[:min(n, len(peers))]
}

// asked is whom not to ask, for now, and whom to ask again.
type asked struct {
	mu    sync.Mutex
	until map[peer.ID]time.Time // may be asked again then
	busy  map[peer.ID]bool      // is being asked, or waits for it
	again []appointment
	news  chan struct{} // holds a token when there is a new appointment
}

type appointment struct {
	peer peer.ID
	at   time.Time
}

// later has p asked at a time, if nothing is in the way then.
func (a *asked) later(p peer.ID, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.again) < maxResting {
		a.again = append(a.again, appointment{p, at})
	}
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// due returns whom to ask at now, and how long it is until the next ones.
func (a *asked) due(now time.Time) (peers []peer.ID, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait = askEvery
	a.again = slices.DeleteFunc(a.again, func(p appointment) bool {
		if p.at.After(now) {
			wait = min(wait, p.at.Sub(now))
			return false
		}
		peers = append(peers, p.peer)
		return true
	})
	return peers, wait
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
