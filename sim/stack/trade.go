package stack

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/sim/society"
)

// castingShare is the part of a window in which its intents are cast, evenly:
// the rest is for the last of them to be answered.
const castingShare = 0.5

// Trade implements society.Medium. The intents are cast at times drawn from the
// first half of the window. One whose person's node is not there, or has nobody
// to keep its letters, is heard by nobody.
func (m *Medium) Trade(ctx context.Context, step int, intents []society.Intent) ([]society.Fate, error) {
	if err := m.prepare(ctx, step, intents); err != nil {
		return nil, fmt.Errorf("step %d: %w", step, err)
	}
	window := m.s.Clock.Window.Std()
	begin := time.Now()
	roots := make([]dagcbor.CID, len(intents))
	var doing sync.WaitGroup
	defer doing.Wait()
	failures := make(chan error, len(m.order)+1)
	agenda := m.churn(window, &doing, func(err error) { failures <- err })
	for i, at := range m.times(len(intents), window) {
		agenda = append(agenda, deed{at, func() error {
			doing.Go(func() { roots[i] = m.cast(intents[i], window) })
			return nil
		}})
	}
	agenda = append(agenda, m.siege.deeds(step, window)...)
	slices.SortStableFunc(agenda, func(a, b deed) int { return int(a.at - b.at) })
	for _, d := range agenda {
		if err := m.wait(ctx, time.Until(begin.Add(d.at))); err != nil {
			return nil, err
		}
		if err := d.do(); err != nil {
			return nil, fmt.Errorf("step %d: %w", step, err)
		}
	}
	if err := m.wait(ctx, time.Until(begin.Add(window))); err != nil {
		return nil, err
	}
	doing.Wait()
	select {
	case err := <-failures:
		return nil, fmt.Errorf("step %d: %w", step, err)
	default:
	}
	fates, err := m.fates(ctx, intents, roots, begin.Add(window))
	m.book.clear()
	return fates, err
}

// prepare is what happens before a window begins.
func (m *Medium) prepare(ctx context.Context, step int, intents []society.Intent) error {
	if err := m.weather(ctx, step, intents); err != nil {
		return err
	}
	if err := m.siege.arrive(ctx); err != nil {
		return err
	}
	people := make([]int32, len(intents))
	for i, in := range intents {
		people[i] = in.Person
	}
	return m.siege.eclipse(ctx, people)
}

// deed is something that happens at a time of the window.
type deed struct {
	at time.Duration
	do func() error
}

// times draws when the intents are cast.
func (m *Medium) times(n int, window time.Duration) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = time.Duration(m.rnd.Float64() * castingShare * float64(window))
	}
	return out
}

// cast casts an intent at its person's node.
func (m *Medium) cast(in society.Intent, window time.Duration) (root dagcbor.CID) {
	p := m.parties[in.Person]
	if p == nil {
		return root
	}
	n, _ := p.on()
	if n == nil {
		return root
	}
	ctx, cancel := context.WithTimeout(context.Background(), window)
	defer cancel()
	v, err := n.Cast(ctx, m.goods.want(in, max(window, time.Minute).String(), m.pad))
	if err != nil {
		m.w.Event(p.name, "did not cast", "err", err)
		return root
	}
	return v.Root
}

func (m *Medium) fates(ctx context.Context, intents []society.Intent, roots []dagcbor.CID, end time.Time) ([]society.Fate, error) {
	out := make([]society.Fate, len(intents))
	for i, in := range intents {
		p := m.parties[in.Person]
		if roots[i].IsZero() || p == nil {
			continue
		}
		n, _ := p.on()
		if n == nil {
			continue
		}
		offers, err := n.Offers(ctx, roots[i])
		if err != nil {
			return nil, fmt.Errorf("read the offers to %s: %w", p.name, err)
		}
		f, left := m.book.fate(roots[i].String(), offers, end)
		f.Offers = m.think(f.Offers, left)
		out[i] = f
	}
	return out, ctx.Err()
}

// think puts off each offer by what its vendor's people thought about it; what
// comes after the window's end, so long after the cast, has not come.
func (m *Medium) think(offers []society.Offer, left time.Duration) []society.Offer {
	mean := m.s.Vendors.Think.Std()
	if mean == 0 {
		return offers
	}
	for i := range offers {
		offers[i].After += time.Duration(m.rnd.ExpFloat64() * float64(mean))
	}
	offers = slices.DeleteFunc(offers, func(o society.Offer) bool { return o.After >= left })
	slices.SortStableFunc(offers, func(a, b society.Offer) int { return int(a.After - b.After) })
	return offers
}
