package society

import (
	"context"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Adopt is [Live] for a scenario in which nobody wants anything (people.intents
// is 0): only who joins, with no medium and no costs. Bass along the edges of a
// network goes by its fast path, at which ten million agents take seconds; that
// draws other numbers than the rule does, of the same law.
func Adopt(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	a := s.Adoption
	along := a.Rule == "bass" && a.PerEdge && s.Network.Kind != "none" && s.Network.Kind != "complete"
	if !along {
		return Live(ctx, s, seed, still{}, done)
	}
	w, first, err := settle(s, seed, still{})
	if err != nil {
		return outcome.Outcome{}, err
	}
	if err := ctx.Err(); err != nil {
		return outcome.Outcome{}, err
	}
	spread, err := adoption.NewSpread(w.crowd.Graph)
	if err != nil {
		return outcome.Outcome{}, err
	}
	steps := max(1, s.Clock.Steps)
	course, err := spread.Run(a.P, a.Q, steps, first, true, random.New(seed, "adoption"))
	if err != nil {
		return outcome.Outcome{}, err
	}
	w.follow(course, steps)
	if done != nil {
		done(1)
	}
	return w.outcome(seed), nil
}

// follow fills the rows from who joined when. A course's first step is the
// second count; what came before it counts to it, as in Live.
func (w *world) follow(c adoption.Course, steps int) {
	w.rows = make([]row, steps)
	for i := range w.rows {
		w.rows[i].step = i
	}
	for a, when := range c.When {
		if when < 0 {
			continue
		}
		at := max(when-1, 0)
		w.joined[a], w.crowd.In[a] = at, true
		if w.s.Record.Spread > 0 {
			w.turns = append(w.turns, turn{int32(a), at})
		}
		w.rows[at].joined++
		if a < w.p.People {
			w.rows[at].people++
		} else {
			w.rows[at].vendors++
		}
	}
	for i := range w.rows[1:] {
		w.rows[i+1].people += w.rows[i].people
		w.rows[i+1].vendors += w.rows[i].vendors
	}
}

// still is a medium on which nothing is cast.
type still struct{}

func (still) Join(context.Context, []Agent) error  { return nil }
func (still) Leave(context.Context, []int32) error { return nil }
func (still) Costs() Costs                         { return Costs{} }

func (still) Trade(_ context.Context, _ int, intents []Intent) ([]Fate, error) {
	return make([]Fate, len(intents)), nil
}
