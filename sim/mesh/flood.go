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
// Quota and Believed.
type Flood struct {
	// Honest is how many intents people cast on the topic, per second; each lives
	// Life. They mint with Phone tries a second and give up after Patience.
	Honest         float64
	Life, Patience time.Duration
	Phone          float64
	// Sybils is the attacker's identities, each a neighbour of some node and each
	// sending at most Rate intents a second; Budget its tries a second for all.
	// Each intent lives SpamLife, the longest there is.
	Sybils       int
	Rate, Budget float64
	SpamLife     time.Duration
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
	storeShare                = .75
	ledgerSize                = 16 << 10
	messageRate, messageBurst = 200, 2000
	meshPeers                 = 5
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
}

// Live lives through the flood second by second.
func (f Flood) Live(r *rand.Rand) Loss {
	l := flooded{f: f, r: r, quota: admission.NewQuota[int](f.perSecond(), f.burst(), max(f.Sybils, 1))}
	seconds := int(f.Hours * 3600)
	for range seconds {
		l.second()
	}
	return l.loss(seconds)
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
	now   time.Time
	quota *admission.Quota[int]
	near  side
	far   side

	stamps       float64 // tries that the attacker has in hand
	spent        float64
	kept         int
	gone         []int // by second: intents that end then
	spam, honest int
	tried, lost  int
	bits         float64
	full         int
	waits        []time.Duration
	spamDue      float64 // intents that the attacker would have sent by now
	turn         int     // the sybil that sent last
}

// side is one kind of node: its load, and what it asks for.
type side struct {
	meter admission.Meter
	asks  admission.Controller
}

func (s *side) update(kept int, now time.Time) int {
	return s.asks.Update(admission.Load{Rate: s.meter.PerSecond(now) / topicRate, Store: storePressure(kept)}, now)
}

// storePressure is as in package gossip (gate.go).
func storePressure(kept int) float64 {
	fill := float64(kept) / ledgerSize
	if fill >= 1 {
		return 1 << 30
	}
	return (1 - storeShare) / (1 - fill) * min(1, fill/storeShare)
}

func (l *flooded) second() {
	l.now = time.Unix(0, 0).Add(time.Duration(len(l.gone)) * time.Second)
	l.end()
	near, far := l.near.update(l.kept, l.now), l.far.update(l.kept, l.now)
	near, far = max(near, l.f.Work), max(far, l.f.Work)
	l.bits += float64(far)
	if l.kept >= ledgerSize {
		l.full++
	}
	sent := l.attack(far)
	l.people(near, far)
	if l.f.Loud && max(near, far) > 0 {
		// What is left of what each peer may send: heard by its neighbour only.
		idle := math.Max(float64(messageRate)-float64(sent)/math.Max(float64(l.f.Sybils), 1), 0)
		l.near.meter.Add(idle*refusedWeight, l.now)
	}
}

// end takes out what has expired.
func (l *flooded) end() {
	i := len(l.gone)
	l.gone = append(l.gone, 0)
	if life := int(l.f.Life.Seconds()); i >= life {
		l.kept -= l.born(i-life, false)
	}
	if life := int(l.f.SpamLife.Seconds()); i >= life {
		l.kept -= l.born(i-life, true)
	}
}

// born is how many intents came in a second: people's in the low half.
func (l *flooded) born(second int, spam bool) int {
	if spam {
		return l.gone[second] >> 20
	}
	return l.gone[second] & (1<<20 - 1)
}

// attack sends what the attacker has quota, will and work for.
func (l *flooded) attack(bits int) (sent int) {
	price := 0.0
	if bits > 0 {
		price = float64(admission.Expected(bits))
	}
	// It may work ahead, up to an hour.
	l.stamps = math.Min(l.stamps+l.f.Budget, 3600*l.f.Budget)
	l.spamDue = math.Min(l.spamDue+float64(l.f.Rate*float64(l.f.Sybils)), float64(l.f.Sybils)*math.Max(1, l.f.Rate))
	for refused := 0; l.spamDue >= 1 && l.stamps >= price && l.kept < ledgerSize && refused < l.f.Sybils; {
		l.turn = (l.turn + 1) % l.f.Sybils
		if !l.quota.Allow(l.turn, 1, l.now) {
			refused++
			continue
		}
		refused = 0
		l.spamDue--
		l.stamps -= price
		l.spent += price
		l.take(true)
		sent++
	}
	return sent
}

// take has every node take an intent in.
func (l *flooded) take(spam bool) {
	l.near.meter.Add(1, l.now)
	l.far.meter.Add(1, l.now)
	l.kept++
	if spam {
		l.spam++
		l.gone[len(l.gone)-1] += 1 << 20
		return
	}
	l.honest++
	l.gone[len(l.gone)-1]++
}

// people cast what they have to say in this second.
func (l *flooded) people(near, far int) {
	for range random.Poisson(l.r, l.f.Honest) {
		l.tried++
		wait := l.wait(l.needs(near, far))
		if wait > l.f.Patience || l.kept >= ledgerSize {
			l.lost++
			continue
		}
		l.take(false)
		l.waits = append(l.waits, wait)
	}
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

func (l *flooded) loss(seconds int) Loss {
	hours := math.Max(float64(seconds)/3600, 1e-9)
	out := Loss{
		Spam: float64(l.spam) / hours, Honest: float64(l.honest) / hours,
		Bits: l.bits / math.Max(float64(seconds), 1), Full: float64(l.full) / math.Max(float64(seconds), 1),
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
	slices.Sort(l.waits)
	for i := range out.Wait {
		if len(l.waits) > 0 {
			out.Wait[i] = l.waits[i*(len(l.waits)-1)/100]
		}
	}
	return out
}
