package mesh

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/sim/random"
)

// Flood is an attacker with so many identities and so much computing power
// against one topic of an open network, where people cast as well. What the
// nodes ask for is decided by gossip/admission's own code: its Controller, Meter,
// Quota and Believed; what their ledgers keep by the rule of intentcast.Ledger
// (shelf).
type Flood struct {
	// Honest is how many intents people cast on the topic, per second; each lives
	// Life. They mint with Phone tries a second and give up after Patience.
	Honest         float64
	Life, Patience time.Duration
	Phone          float64
	// Sybils is the attacker's identities, each a neighbour of some node and each
	// sending at most Rate intents a second; Budget its tries a second for all.
	// Each intent lives SpamLife. With Hoard each does all the work that anybody
	// may be asked for, not what is asked for at the time.
	Sybils       int
	Rate, Budget float64
	SpamLife     time.Duration
	Hoard        bool
	// Loud has sybils send what the quotas leave, without work, to those they are
	// connected with: that holds the price up there. Touched is the share of the
	// nodes that have a sybil for a neighbour.
	Loud    bool
	Touched float64
	// Work is the difficulty asked for in any case, in bits; Quota how many
	// intents one identity may cast in a minute. 0: none, and any number.
	Work  int
	Quota float64
	// Hours is how long it lasts.
	Hours float64
}

// What a node bears before it asks for work, and what one peer may send; as in
// package gossip (gate.go).
const (
	topicRate                 = 25
	refusedWeight             = 1. / 16
	ledgerSize                = 16 << 10
	turnSpan                  = 10 * time.Minute
	turnLeast                 = 1024
	messageRate, messageBurst = 200, 2000
	meshPeers                 = 5
)

// A person's node casts an intent that stands again after so many seconds, each
// time after three times as long, up to six hours; as package node (cast.go).
const (
	castEvery                             = 5
	recastFirst, recastSlower, recastMost = 150, 3, 6 * 3600
)

// Loss is what people lose to a flood.
type Loss struct {
	// Spam and Honest are intents taken in by a node, each hour.
	Spam, Honest float64
	// Share is of what a vendor hears: spam.
	Share float64
	// Lost is the share of people's intents that did not get out: for want of
	// patience, or of room in the nodes' ledgers.
	Lost float64
	// Wait is how long minting takes people, quantiles i/100 of those who got out.
	Wait [101]time.Duration
	// Bits is the mean difficulty asked for; Tries the attacker's for each intent
	// taken in.
	Bits, Tries float64
	// Full is the share of the time in which ledgers are full.
	Full float64
	// Kept is the share of their lives in which people's intents that got out are
	// in ledgers, where those who come later find them.
	Kept float64
	// Work is how long a phone works for an intent that got out, all in all: it is
	// worked for again when it was turned out. The mean.
	Work time.Duration
}

// Live lives through the flood second by second.
func (f Flood) Live(r *rand.Rand) Loss {
	l := flooded{f: f, r: r, quota: admission.NewQuota[int](f.perSecond(), f.burst(), max(f.Sybils, 1))}
	l.shelf.limit, l.shelf.spamLife, l.turns.Span = ledgerSize, int(f.SpamLife.Seconds()), turnSpan
	for range int(f.Hours * 3600) {
		l.second()
	}
	return l.loss()
}

// perSecond and burst are what one sybil may send: the node's own quota of a
// peer, or the scenario's of an identity, whichever is less.
func (f Flood) perSecond() float64 {
	if f.Quota > 0 {
		return math.Min(f.Quota/60, messageRate)
	}
	return messageRate
}

func (f Flood) burst() float64 {
	if f.Quota > 0 {
		return math.Max(1, math.Min(f.Quota, messageBurst))
	}
	return messageBurst
}

// flooded is the state of nodes in the flood: those that have a sybil for a
// neighbour, and those that hear of it by others.
type flooded struct {
	f     Flood
	r     *rand.Rand
	at    int // seconds since it began
	now   time.Time
	quota *admission.Quota[int]
	shelf shelf
	turns admission.Meter // lines turned out
	near  side
	far   side

	stamps       float64 // tries that the attacker has in hand
	spent        float64
	spam, honest int
	tried, lost  int
	bits         float64
	full         int
	waits        []time.Duration
	work         float64 // seconds that phones worked
	kept, lived  float64 // seconds that people's intents were in ledgers, and could have been
	spamDue      float64 // intents that the attacker would have sent by now
	turn         int     // the sybil that sent last
	due          int     // when the next intent is cast again
}

// side is one kind of node: its load, and what it asks for.
type side struct {
	meter admission.Meter
	asks  admission.Controller
}

func (l *flooded) asks(s *side) int {
	store := l.turns.PerSecond(l.now) * (24 * time.Hour).Seconds() / float64(max(l.shelf.kept, turnLeast))
	bits := s.asks.Update(admission.Load{Rate: s.meter.PerSecond(l.now) / topicRate, Store: store}, l.now)
	return max(bits, l.f.Work)
}

func (l *flooded) second() {
	l.now = time.Unix(0, 0).Add(time.Duration(l.at) * time.Second)
	for _, c := range l.shelf.expire(l.at) {
		l.account(c)
	}
	near, far := l.asks(&l.near), l.asks(&l.far)
	l.bits += float64(far)
	if l.shelf.kept >= ledgerSize {
		l.full++
	}
	sent := l.attack(far)
	l.people(near, far)
	if l.at%castEvery == 0 {
		l.again(near, far)
	}
	if l.f.Loud && max(near, far) > 0 {
		// What is left of what each peer may send: heard by its neighbour only.
		idle := math.Max(float64(messageRate)-float64(sent)/math.Max(float64(l.f.Sybils), 1), 0)
		l.near.meter.Add(idle*refusedWeight, l.now)
	}
	l.at++
}

// attack sends what the attacker has quota, will and work for.
func (l *flooded) attack(asks int) (sent int) {
	// What is asked for a life of a day, and what a place in the ledger takes.
	day := max(asks, worthAt(l.shelf.needs(l.at)))
	if l.f.Hoard {
		day = admission.MaxBits
	}
	bits, price := 0, 0.0
	if day > worthAt(worthOf(0, l.f.SpamLife)) || asks > 0 {
		bits = max(day, admission.MinBits) + admission.LifeBits(l.f.SpamLife)
		price = float64(admission.Expected(bits))
	}
	// It may work ahead, up to an hour.
	l.stamps = math.Min(l.stamps+l.f.Budget, 3600*l.f.Budget)
	l.spamDue = math.Min(l.spamDue+float64(l.f.Rate*float64(l.f.Sybils)), float64(l.f.Sybils)*math.Max(1, l.f.Rate))
	want := int(l.spamDue)
	if price > 0 {
		want = min(want, int(l.stamps/price))
	}
	sent, out := l.shelf.flood(l.allowed(want), worthOf(bits, l.f.SpamLife), l.at)
	l.spamDue -= float64(sent)
	l.stamps -= float64(sent) * price
	l.spent += float64(sent) * price
	l.spam += sent
	l.took(sent, out)
	return sent
}

// allowed is how many of n the sybils' quotas leave.
func (l *flooded) allowed(n int) int {
	if l.f.Rate <= l.f.perSecond() {
		return n
	}
	allowed := 0
	for refused := 0; allowed < n && refused < l.f.Sybils; {
		l.turn = (l.turn + 1) % l.f.Sybils
		if !l.quota.Allow(l.turn, 1, l.now) {
			refused++
			continue
		}
		refused = 0
		allowed++
	}
	return allowed
}

// took counts what every node has taken in and turned out.
func (l *flooded) took(in, out int) {
	l.near.meter.Add(float64(in), l.now)
	l.far.meter.Add(float64(in), l.now)
	l.turns.Add(float64(out), l.now)
}

// people cast what they have to say in this second.
func (l *flooded) people(near, far int) {
	for range random.Poisson(l.r, l.f.Honest) {
		l.tried++
		c := &cast{made: l.at, ends: l.at + int(l.f.Life.Seconds()), at: -1}
		if wait, ok := l.send(c, near, far); ok {
			l.honest++
			l.waits = append(l.waits, wait)
			l.shelf.alive, l.due = append(l.shelf.alive, c), min(l.due, c.next)
		} else {
			l.lost++
		}
	}
}

// send has a person's node do the work for an intent and cast it. It is not ok
// when that takes longer than people wait, or there is no place for it still.
func (l *flooded) send(c *cast, near, far int) (wait time.Duration, ok bool) {
	bits := l.needs(near, far)
	if place := worthAt(l.shelf.needs(c.made)); place > worthAt(worthOf(bits, l.f.Life)) {
		bits = min(max(place, admission.MinBits), admission.MaxBits)
	}
	if bits > 0 {
		bits += admission.LifeBits(l.f.Life)
	}
	c.cast(l.at)
	if worth := worthOf(bits, l.f.Life); c.sent == 1 || worth > c.worth { // else its stamp is enough
		if wait = l.wait(bits); wait > l.f.Patience {
			return wait, false
		}
		c.worth = worth
		l.work += wait.Seconds()
	}
	ok, out := l.shelf.put(c, l.at)
	if ok {
		l.took(1, 0)
		if out {
			l.turns.Add(1, l.now)
		}
	}
	return wait, ok
}

// again has people's nodes cast again what stands. Whoever still has it does
// not heed it; where it was turned out it comes back, if its work is enough.
func (l *flooded) again(near, far int) {
	if l.at < l.due {
		return
	}
	l.due = math.MaxInt
	for _, c := range l.shelf.alive {
		switch {
		case c.next > l.at:
		case c.at >= 0:
			c.cast(l.at)
		default:
			_, _ = l.send(c, near, far)
		}
		l.due = min(l.due, c.next)
	}
}

// cast says when an intent that is cast now is cast again.
func (c *cast) cast(now int) {
	pause := recastFirst
	for range c.sent {
		pause = min(pause*recastSlower, recastMost)
	}
	c.next, c.sent = now+pause, c.sent+1
}

// account counts a person's intent that is over, or whose time is up with the
// flood.
func (l *flooded) account(c *cast) {
	if c.at >= 0 {
		c.kept += l.at - c.since
	}
	l.kept += float64(c.kept)
	l.lived += float64(min(l.at, c.ends) - c.made)
}

// needs is what an author believes that its neighbours ask for.
func (l *flooded) needs(near, far int) int {
	var demands [meshPeers]int
	for i := range demands {
		demands[i] = far
		if l.r.Float64() < l.f.Touched {
			demands[i] = near
		}
	}
	return max(admission.Believed(demands[:]), l.f.Work)
}

// wait is how long a stamp takes: as many tries as it happens to.
func (l *flooded) wait(bits int) time.Duration {
	if bits == 0 {
		return 0
	}
	mean := admission.Duration(bits, l.f.Phone)
	return time.Duration(random.Exponential(l.r, mean.Seconds()) * float64(time.Second))
}

func (l *flooded) loss() Loss {
	for _, c := range l.shelf.alive {
		l.account(c)
	}
	seconds := math.Max(float64(l.at), 1)
	hours := math.Max(seconds/3600, 1e-9)
	out := Loss{
		Spam: float64(l.spam) / hours, Honest: float64(l.honest) / hours,
		Bits: l.bits / seconds, Full: float64(l.full) / seconds, Kept: 1,
	}
	if all := l.spam + l.honest; all > 0 {
		out.Share = float64(l.spam) / float64(all)
	}
	if l.tried > 0 {
		out.Lost = float64(l.lost) / float64(l.tried)
	}
	if l.spam > 0 {
		out.Tries = l.spent / float64(l.spam)
	}
	if l.lived > 0 {
		out.Kept = l.kept / l.lived
	}
	if l.honest > 0 {
		out.Work = time.Duration(l.work / float64(l.honest) * float64(time.Second))
	}
	slices.Sort(l.waits)
	for i := range out.Wait {
		if len(l.waits) > 0 {
			out.Wait[i] = l.waits[i*(len(l.waits)-1)/100]
		}
	}
	return out
}
