package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

const (
	// settleFirst is how long meshes get where most of them are new: the
	// backoffs from a start in which all graft at once are over by then.
	settleFirst = 40 * time.Second
	// settleNext is how long newcomers get who join a network that stands.
	settleNext = 5 * time.Second
	// building is how many hosts are built, and stopped, at a time.
	building = 4
	// look is how often a wait sees whether its context has ended: a context of
	// outside must not be waited for in a bubble.
	look = time.Second
)

// Medium is real nodes in a virtual world. It implements [society.Medium]. All
// its methods are for the goroutine that the world was given to.
type Medium struct {
	w         *sim.World
	s         scenario.Scenario
	rnd       *rand.Rand
	lot       *rand.Rand // of whom to dial
	goods     goods
	mesh      *gossip.Mesh
	price     *gossip.Price
	links     []sim.LinkOption
	directory *directory
	book      *book
	siege     *siege

	parties map[int32]*party
	order   []int32    // of parties, as they joined
	dials   sync.Mutex // draws of whom to dial; never held while waiting
	split   bool
	past    reading // of nodes that are gone
	paid    bill    // what Costs told before
	pad     string  // of an intent's text
}

type bill struct {
	reading
	bytes  int64
	forged int64
}

// NewMedium sets up the network that the scenario says, with nobody in it. The
// world closes what the medium builds.
func NewMedium(w *sim.World, s scenario.Scenario) (*Medium, error) {
	p := s.Protocol
	p.Peers = cmp.Or(p.Peers, shippedPeers)
	s.Protocol = p
	least, most := p.Latency[0].Std(), p.Latency[1].Std()
	if least == 0 && most == 0 {
		least, most = defaultLatency, defaultLatency
	}
	m := &Medium{
		w: w, s: s, rnd: w.RandFor("medium"), lot: w.RandFor("dials"), goods: goods{sharded: p.Sharded}, book: newBook(), parties: map[int32]*party{},
		mesh:      meshOf(p.D, p.Low, p.High, p.Lazy, p.Heartbeat.Std()),
		price:     &gossip.Price{Least: p.Work, Device: mesh.Phone},
		pad:       padding(p.Size),
		directory: newDirectory(2*(least+most), p.Peers, w.RandFor("directory")),
	}
	w.Spread(least, most)
	w.LoseEverywhere(p.Loss)
	if p.Bandwidth > 0 {
		m.links = append(m.links, sim.Bandwidth(int(p.Bandwidth), int(p.Bandwidth)))
	}
	var err error
	if m.siege, err = newSiege(m); err != nil {
		return nil, err
	}
	w.Defer("nodes", m.close)
	return m, nil
}

// What is meant where the scenario names none: connections that a node keeps,
// and a link's delay.
const (
	shippedPeers   = 10
	defaultLatency = 50 * time.Millisecond
)

// close stops all nodes at once: one after the other, those left would go on
// beating for minutes.
func (m *Medium) close() error {
	return errors.Join(m.siege.close(), m.each(m.order, (*party).end))
}

// each does something with some parties, several at a time.
func (m *Medium) each(ids []int32, do func(*party) error) error {
	var g errgroup.Group
	g.SetLimit(len(ids) + 1)
	for _, id := range ids {
		if p := m.parties[id]; p != nil {
			g.Go(func() error { return do(p) })
		}
	}
	return g.Wait()
}

// Join implements society.Medium: it builds the agents' nodes, connects each
// with acquaintances and others, and lets meshes form.
func (m *Medium) Join(ctx context.Context, agents []society.Agent) error {
	if len(agents) == 0 {
		return ctx.Err()
	}
	var names []string
	var fresh []int32
	for _, a := range agents {
		if m.parties[a.ID] != nil {
			return fmt.Errorf("agent %d joins twice", a.ID)
		}
		p := newParty(a)
		p.nat = m.rnd.Float64() < m.s.Faults.NAT
		m.parties[a.ID] = p
		names, fresh = append(names, p.name), append(fresh, a.ID)
	}
	before := len(m.order)
	m.order = append(m.order, fresh...)
	if err := m.w.Reserve(names...); err != nil {
		return err
	}
	if err := m.join(ctx, fresh); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	if len(fresh) > before/10 {
		return m.wait(ctx, settleFirst)
	}
	return m.wait(ctx, settleNext)
}

// join builds and connects newcomers; where the attacker has them know its
// sybils only at dawn, all others later.
func (m *Medium) join(ctx context.Context, fresh []int32) error {
	if m.siege.kind != dawn || len(m.siege.all) == 0 {
		if err := m.wake(ctx, fresh); err != nil {
			return err
		}
		m.siege.meet(fresh)
		return nil
	}
	m.directory.darken(true)
	if err := m.build(ctx, fresh); err != nil {
		return err
	}
	m.siege.meet(fresh)
	if err := m.wait(ctx, dawnAfter); err != nil {
		return err
	}
	m.directory.darken(false)
	m.connect(fresh)
	return nil
}

// wake builds and connects parties that are off.
func (m *Medium) wake(ctx context.Context, ids []int32) error {
	if err := m.build(ctx, ids); err != nil {
		return err
	}
	m.connect(ids)
	return nil
}

func (m *Medium) build(ctx context.Context, ids []int32) error {
	var g errgroup.Group
	g.SetLimit(building)
	for _, id := range ids {
		p := m.parties[id]
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return m.start(p)
		})
	}
	return g.Wait()
}

// Leave implements society.Medium.
func (m *Medium) Leave(_ context.Context, agents []int32) error {
	err := m.each(agents, (*party).end)
	for _, id := range agents {
		if p := m.parties[id]; p != nil {
			m.past = m.past.plus(p.meter.read())
			delete(m.parties, id)
		}
	}
	gone := func(id int32) bool { return m.parties[id] == nil }
	m.order = slices.DeleteFunc(m.order, gone)
	return err
}

func (r reading) plus(o reading) reading {
	return reading{r.received + o.received, r.duplicates + o.duplicates, r.refused + o.refused}
}

// wait lets virtual time pass, unless ctx ends.
func (m *Medium) wait(ctx context.Context, d time.Duration) error { return pass(ctx, d) }

// Costs implements society.Medium.
func (m *Medium) Costs() society.Costs {
	now := bill{reading: m.past, forged: m.book.takenIn()}
	for _, id := range m.order {
		now.reading = now.reading.plus(m.parties[id].meter.read())
	}
	_, now.bytes = m.w.Traffic()
	was := m.paid
	m.paid = now
	d := now.reading.minus(was.reading)
	return society.Costs{
		Delivered: int64(d.received), Copies: int64(d.received + d.duplicates), Bytes: now.bytes - was.bytes,
		Forged: now.forged - was.forged, Refused: int64(d.refused),
	}
}

// amount is money's number.
func amount(v money.Money) float64 {
	n, _ := strconv.ParseFloat(v.Amount, 64) // it was checked when it was signed
	return n
}

// padding is the text that fills an intent up to a size on the wire; none where
// it is as big without.
func padding(size int) string { return strings.Repeat(".", max(0, min(size-bareIntent, maxText))) }

const (
	// bareIntent is what an intent takes on the wire that says no more than it
	// has to; TestIntentSize holds it to that.
	bareIntent = 2020
	maxText    = 2048
)
