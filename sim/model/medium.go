package model

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// medium carries intents by the numbers that a carrier has for a topic's size,
// and lives through the scenario's faults.
type medium struct {
	s       scenario.Scenario
	seed    uint64
	carrier carrier
	faults  faults

	vendors map[int32]society.Agent // who takes part
	people  int
	here    map[int64][]seller // vendors taking part, by category and place
	flood   *mesh.Loss         // what an attacker's spam does; nil: there is none
	costs   society.Costs
}

// seller is a vendor, and its usual price.
type seller struct {
	id    int32
	price float64
}

func newMedium(s scenario.Scenario, seed uint64, c carrier) *medium {
	return &medium{
		s: s, seed: seed, carrier: c, faults: newFaults(s, seed), flood: flooded(s, seed),
		vendors: map[int32]society.Agent{}, here: map[int64][]seller{},
	}
}

func cell(category, place int32) int64 { return int64(category)<<32 | int64(place) }

// Join implements society.Medium.
func (m *medium) Join(_ context.Context, agents []society.Agent) error {
	for _, a := range agents {
		if !a.Vendor {
			m.people++
			continue
		}
		m.vendors[a.ID] = a
		for _, c := range a.Categories {
			for _, p := range a.Places {
				m.here[cell(c, p)] = append(m.here[cell(c, p)], seller{a.ID, a.Price})
			}
		}
	}
	return nil
}

// Leave implements society.Medium.
func (m *medium) Leave(_ context.Context, agents []int32) error {
	for _, id := range agents {
		a, vendor := m.vendors[id]
		if !vendor {
			m.people--
			continue
		}
		delete(m.vendors, id)
		for _, c := range a.Categories {
			for _, p := range a.Places {
				k := cell(c, p)
				m.here[k] = slices.DeleteFunc(m.here[k], func(v seller) bool { return v.id == id })
			}
		}
	}
	return nil
}

// Costs implements society.Medium.
func (m *medium) Costs() society.Costs {
	c := m.costs
	m.costs = society.Costs{}
	return c
}

// chunk is how many intents are carried with one stream of random numbers, so
// that how many processors share the work changes nothing.
const chunk = 256

// Trade implements society.Medium.
func (m *medium) Trade(ctx context.Context, step int, intents []society.Intent) ([]society.Fate, error) {
	topics, err := m.topics(step, intents)
	if err != nil {
		return nil, err
	}
	fates := make([]society.Fate, len(intents))
	chunks := (len(intents) + chunk - 1) / chunk
	costs := make([]society.Costs, chunks)
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), chunks)
	for w := range workers {
		wg.Go(func() {
			for k := w; k < chunks && ctx.Err() == nil; k += workers {
				c := &carrying{m: m, step: step, costs: &costs[k],
					r: random.New(m.seed, "model/trade/"+strconv.Itoa(step)+"/"+strconv.Itoa(k))}
				for i := k * chunk; i < min((k+1)*chunk, len(intents)); i++ {
					fates[i] = c.carry(intents[i], topics[i])
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, c := range costs {
		m.costs.Delivered += c.Delivered
		m.costs.Copies += c.Copies
		m.costs.Bytes += c.Bytes
	}
	m.always(step, topics)
	return fates, nil
}

// topics finds for each intent what is known of a topic of as many followers as
// its own has: unsharded, all who are up; sharded, the vendors of its category
// and place, and who casts there in this step.
func (m *medium) topics(step int, intents []society.Intent) ([]*topic, error) {
	parts := m.faults.parts(step)
	awake := 1 - m.faults.asleep(step)
	casts := map[int64]int{}
	for _, in := range intents {
		casts[cell(in.Category, in.Place)]++
	}
	out := make([]*topic, len(intents))
	for i, in := range intents {
		n := float64(m.people+len(m.vendors)) * awake
		if m.s.Protocol.Sharded {
			k := cell(in.Category, in.Place)
			n = float64(float64(len(m.here[k]))*awake) + float64(casts[k])
		}
		t, err := m.carrier.topic(max(2, int(n/float64(parts)+0.5)))
		if err != nil {
			return nil, err
		}
		if t.early != nil && time.Duration(step)*m.s.Clock.Window.Std() < time.Minute {
			t = t.early
		}
		out[i] = t
	}
	return out, nil
}

// carrying is the state of one chunk.
type carrying struct {
	m     *medium
	step  int
	r     *rand.Rand
	costs *society.Costs
}

// carry has one intent cast, heard and answered.
func (c *carrying) carry(in society.Intent, t *topic) society.Fate {
	m, w := c.m, c.m.s.Clock.Window.Std()
	// The second half of the window is for the last to be answered.
	cast := time.Duration(c.r.Int64N(max(1, int64(w/2))))
	trace := t.trace(c.r)
	var f society.Fate
	if from, to := m.faults.away(c.step, in.Person); from <= cast && cast < to {
		return f // its node is not there to cast it
	}
	if m.flood != nil && c.r.Float64() < m.flood.Lost {
		return f // it gave up on the work asked for
	}
	here := m.here[cell(in.Category, in.Place)]
	f.Delays, f.Offers = make([]time.Duration, 0, len(here)), make([]society.Offer, 0, len(here))
	for _, v := range here {
		delay, ok := c.hear(trace, t, in.Person, v.id, cast)
		if !ok {
			continue
		}
		f.Heard++
		f.Delays = append(f.Delays, delay)
		if v.price > in.Most {
			continue
		}
		if after := delay + c.answer(in.Person, v.id); cast+after < w {
			f.Offers = append(f.Offers, society.Offer{Vendor: v.id, Price: v.price, After: after})
			c.costs.Bytes += answerBytes
		}
	}
	f.Linked = c.linked()
	reached := int64(float64(float64(t.followers-1)*t.reach) + 0.5)
	c.costs.Delivered += reached
	c.costs.Copies += int64(float64(float64(reached)*t.copies) + 0.5)
	c.costs.Bytes += int64(float64(float64(reached)*t.bytes) + 0.5)
	return f
}

// answerBytes is what an offer takes on the wire: a sealed body is padded to
// 4 KiB, its dial, acknowledgement and packets' headers come on top.
const answerBytes = 4096 + 1400

// hear tells when a vendor hears of an intent after it was cast, if it does in
// the window. One who sleeps or is cut off does not; one who is away comes
// back and catches up with what is still open.
func (c *carrying) hear(trace []float32, t *topic, person, vendor int32, cast time.Duration) (time.Duration, bool) {
	f := &c.m.faults
	if f.sleeps(c.step, vendor) || f.apart(c.step, person, vendor) || c.r.Float64() >= t.reach {
		return 0, false
	}
	delay := time.Duration(trace[c.r.IntN(len(trace))] * float32(time.Second))
	if from, to := f.away(c.step, vendor); from <= cast+delay && cast+delay < to {
		delay = to - cast + time.Duration(trace[c.r.IntN(len(trace))]*float32(time.Second))
	}
	return delay, cast+delay < c.m.s.Clock.Window.Std()
}

// answer is how long a vendor thinks and its letter takes: a new connection's
// handshake and the letter are two round trips over a direct link; where
// neither end can be dialled all goes over a relay, which is two links.
func (c *carrying) answer(person, vendor int32) time.Duration {
	p := c.m.s.Protocol
	took := time.Duration(random.Exponential(c.r, float64(c.m.s.Vendors.Think.Std())))
	links := 1
	if c.m.faults.behind(person) && c.m.faults.behind(vendor) {
		links = 2
	}
	span := int64(p.Latency[1].Std() - p.Latency[0].Std())
	for range links {
		one := p.Latency[0].Std()
		if span > 0 {
			one += time.Duration(c.r.Int64N(span + 1))
		}
		took += 4 * one
	}
	return took
}

// linked draws how many of an attacker's identities are neighbours of the
// author in the mesh, so that they had it of the author first.
func (c *carrying) linked() int {
	bad := float64(c.m.s.Attack.Sybils)
	if bad == 0 || !spies(c.m.s.Attack.Kind) {
		return 0
	}
	share := bad / (bad + float64(c.m.people+len(c.m.vendors)))
	return random.Binomial(c.r, c.m.s.Protocol.D, share)
}

// spies tells whether the attacker's identities are in the meshes.
func spies(kind string) bool {
	return kind != "" && kind != "none" && kind != "collude" && kind != "lie" && kind != "first-answer"
}
