package gossip

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
)

// What a node is willing to bear before it asks for work.
const (
	// topicRate and totalRate are new casts per second on one topic and on all,
	// on an average of eight seconds: bursts of 200 and 400 pass. A cast costs
	// 0.1 ms to check and 0.3 ms to keep, so that 50 a second are 2% of a core.
	topicRate = 25
	totalRate = 50
	// cpuShare is how much of one core checking signatures may take.
	cpuShare = .1
	// queueShare is how full the queue for delivery may be.
	queueShare = .5
	// turnSpan is over how long it is measured how fast a full ledger's lines
	// are turned out for others. A topic bears as many in a day as it has lines,
	// and of few as if it had turnLeast.
	turnSpan  = 10 * time.Minute
	turnLeast = 1024
	// refusedWeight is what an under-worked cast counts in the load, of one
	// taken in: about what it costs. If it counted nothing, a flood would stop
	// counting as soon as it is asked for work, and come back when it is not.
	refusedWeight = 1. / 16
	// measureEvery is how often the load is looked at.
	measureEvery = time.Second
)

// What one peer may send. Honest relays stay far below: they send nothing that
// is wrong by itself, as they have checked it.
const (
	// messageRate and messageBurst are messages of any kind.
	messageRate, messageBurst = 200, 2000
	// faultRate and faultBurst are messages that are wrong by themselves. A
	// frame full of them is owed for: nothing more is read of the peer until
	// that has been paid off. A cast that lacks work is no fault: a relay that
	// asks for less than we do passes on what it took in.
	faultRate, faultBurst = 2, 40
	// versionRate and versionBurst are the amendments of one intent. Its end
	// always passes.
	versionRate, versionBurst = 1. / 30, 10

	maxPeersKept = 4096
	maxLinesKept = 16 << 10
)

// gate measures what comes and says what is asked of it.
type gate struct {
	least int // asked for on every topic, whatever the load
	queue func() float64
	work  func() time.Duration // done for checking so far
	wake  chan struct{}        // holds a token when some topic has begun to ask for work

	mu       sync.Mutex
	measured time.Time
	worked   time.Duration // work, when last measured
	all      loadOf
	topics   map[string]*loadOf // those with load or a difficulty
	messages *admission.Quota[peer.ID]
	faults   *admission.Quota[peer.ID]
	versions *admission.Quota[dagcbor.CID]
}

type loadOf struct {
	meter admission.Meter
	turns admission.Meter // lines turned out
	lines int             // that there are
	asks  admission.Controller
}

func newGate(queue func() float64, work func() time.Duration) *gate {
	return &gate{
		queue: queue, work: work, wake: make(chan struct{}, 1), topics: make(map[string]*loadOf),
		messages: admission.NewQuota[peer.ID](messageRate, messageBurst, maxPeersKept),
		faults:   admission.NewQuota[peer.ID](faultRate, faultBurst, maxPeersKept),
		versions: admission.NewQuota[dagcbor.CID](versionRate, versionBurst, maxLinesKept),
	}
}

// asks is the difficulty asked for on a topic.
func (g *gate) asks(topic string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asksLocked(topic)
}

func (g *gate) asksLocked(topic string) int {
	bits := max(g.least, g.all.asks.Bits())
	if t := g.topics[topic]; t != nil {
		bits = max(bits, t.asks.Bits())
	}
	return bits
}

// quiet reports whether nothing is asked for anywhere.
func (g *gate) quiet() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.quietLocked()
}

func (g *gate) quietLocked() bool {
	if g.all.asks.Bits() > 0 {
		return false
	}
	for _, t := range g.topics {
		if t.asks.Bits() > 0 {
			return false
		}
	}
	return true
}

// came counts a cast on a topic by its weight.
func (g *gate) came(topic string, weight float64, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.of(topic).meter.Add(weight, now)
	g.all.meter.Add(weight, now)
	if now.Sub(g.measured) >= measureEvery || now.Before(g.measured) {
		g.measureLocked(now)
	}
}

// turned counts a line of a topic that was turned out for another of it, of so
// many that there are.
func (g *gate) turned(topic string, lines int, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.of(topic)
	t.lines = lines
	t.turns.Add(1, now)
}

func (g *gate) of(topic string) *loadOf {
	t := g.topics[topic]
	if t == nil {
		t = &loadOf{turns: admission.Meter{Span: turnSpan}}
		g.topics[topic] = t // topics are those followed, a bounded number
	}
	return t
}

// store is the pressure that a topic's lines are under.
func (t *loadOf) store(now time.Time) float64 {
	return t.turns.PerSecond(now) * (24 * time.Hour).Seconds() / float64(max(t.lines, turnLeast))
}

// measure looks at the load now, also when nothing comes.
func (g *gate) measure(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.measureLocked(now)
}

func (g *gate) measureLocked(now time.Time) {
	quiet := g.quietLocked()
	load := admission.Load{
		Rate: g.all.meter.PerSecond(now) / totalRate, Queue: g.queue() / queueShare,
	}
	worked := g.work()
	if passed := now.Sub(g.measured); passed > 0 && !g.measured.IsZero() {
		load.CPU = float64(max(worked-g.worked, 0)) / float64(max(passed, measureEvery)) / cpuShare
	}
	g.measured, g.worked = now, worked
	g.all.asks.Update(load, now)
	for topic, t := range g.topics {
		rate, store := t.meter.PerSecond(now), t.store(now)
		if t.asks.Update(admission.Load{Rate: rate / topicRate, Store: store}, now) == 0 && max(rate, store) < 1e-3 {
			delete(g.topics, topic)
		}
	}
	if quiet && !g.quietLocked() {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}
}

// admits takes n messages from a peer's quota and returns how many of them may
// be looked at.
func (g *gate) admits(p peer.ID, n int, now time.Time) (allowed int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults.Spend(p, 0, now) // so that it has a place of its own, should a flood of others come
	if g.faults.Left(p, now) < 1 {
		return 0
	}
	for allowed < n && g.messages.Allow(p, 1, now) {
		allowed++
	}
	return allowed
}

// fault counts what was wrong against the peer that sent it.
func (g *gate) fault(p peer.ID, cost float64, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults.Spend(p, cost, now)
}

// amends takes one amendment from an intent's quota.
func (g *gate) amends(root dagcbor.CID, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.versions.Allow(root, 1, now)
}
