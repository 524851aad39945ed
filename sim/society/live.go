package society

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// world is a scenario while it is lived.
type world struct {
	s      scenario.Scenario
	p      *Population
	crowd  *adoption.Crowd
	rule   adoption.Rule
	medium Medium
	desk   desk
	reckon *prospects

	streams struct{ demand, platform, friends *rand.Rand }

	seeds        int
	joined, left []int32   // the step each first joined, and last left; -1: never
	turns        []turn    // all comings and goings, where a spread is recorded
	had          []float64 // what each had of the network in the last step
	rows         []row
	delay        histogram // seconds until a vendor heard
	answer       histogram // seconds until the answer that was taken
	paid         histogram // prices in the network
}

// Live lives a scenario over a medium and tells what was found. All that is
// drawn here comes of the seed; what the medium draws is its own affair. Done
// hears of the progress, in [0,1], and may be nil.
//
// It fails where the scenario can't be lived (a rule, a network, a number of
// seeds that are impossible), where the medium fails, and when the context ends.
func Live(ctx context.Context, s scenario.Scenario, seed uint64, medium Medium, done func(float64)) (outcome.Outcome, error) {
	w, first, err := settle(s, seed, medium)
	if err != nil {
		return outcome.Outcome{}, err
	}
	steps := max(1, s.Clock.Steps)
	for step := range steps {
		if err := ctx.Err(); err != nil {
			return outcome.Outcome{}, err
		}
		if err := w.step(ctx, step, first); err != nil {
			return outcome.Outcome{}, fmt.Errorf("%s %d: %w", s.Clock.Unit, step, err)
		}
		first = nil
		if done != nil {
			done(float64(step+1) / float64(steps))
		}
	}
	return w.outcome(seed), nil
}

// settle makes the world before its first step, and tells who begins.
func settle(s scenario.Scenario, seed uint64, medium Medium) (*world, []int32, error) {
	p, err := NewPopulation(s, seed)
	if err != nil {
		return nil, nil, err
	}
	n := p.People + p.Vendors
	g, err := graph.Build(s.Network, n, p.Place, random.New(seed, "graph"))
	if err != nil {
		return nil, nil, fmt.Errorf("build the network: %w", err)
	}
	begin := s.Adoption.Seeds
	if s.Adoption.Rule == "everyone" {
		begin = 0 // all are there from the start
	}
	first, err := adoption.Seeds(s.Adoption.Seeding, begin, g,
		adoption.Traits{Place: p.Place, Category: p.Kind}, random.New(seed, "seeds"))
	if err != nil {
		return nil, nil, err
	}
	w := &world{s: s, p: p, crowd: adoption.NewCrowd(g), medium: medium, seeds: len(first)}
	w.joined, w.left = never(n), never(n)
	if w.rule, err = adoption.New(s.Adoption, n, random.New(seed, "adoption")); err != nil {
		return nil, nil, err
	}
	if s.People.Intents > 0 {
		w.streams.demand = random.New(seed, "society/demand")
		w.streams.platform = random.New(seed, "society/platform")
		w.had, w.desk, w.reckon = make([]float64, n), newDesk(p, s, seed), newProspects(p, s)
	}
	w.streams.friends = random.New(seed, "society/friends")
	return w, first, nil
}

func never(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = -1
	}
	return out
}

// step lives through one step: who comes and goes by what was felt in the last
// one, what is wanted, who sells. Those who begin are there before the first.
func (w *world) step(ctx context.Context, step int, first []int32) error {
	now := row{step: step}
	if err := w.move(ctx, step, first, nil, &now); err != nil {
		return err
	}
	join, leave := w.rule.Step(w.crowd, w.felt(step))
	if err := w.move(ctx, step, slices.Clone(join), slices.Clone(leave), &now); err != nil {
		return err
	}
	clear(w.had)
	if w.s.People.Intents > 0 {
		if err := w.market(ctx, step, &now); err != nil {
			return err
		}
		w.reckon.hear(w.crowd.In, w.had)
	}
	w.account(step, &now)
	now.costs = w.medium.Costs()
	w.rows = append(w.rows, now)
	return nil
}

// felt is what the rule is told.
func (w *world) felt(step int) adoption.Experience {
	if a := w.s.Adoption; w.reckon == nil || a.Rule != "utility" && a.Patience == 0 {
		return adoption.Experience{} // nobody minds
	}
	return adoption.Experience{Gain: w.reckon.expect(w.crowd.In, w.had, w.subsidy(step)), Cost: w.desk.costs}
}

func (w *world) subsidy(step int) float64 {
	if step < w.s.Market.SubsidySteps {
		return w.s.Market.Subsidy
	}
	return 0
}

// move has agents come and go, in the crowd and in the medium.
func (w *world) move(ctx context.Context, step int, join, leave []int32, now *row) error {
	if len(leave) > 0 {
		if err := w.medium.Leave(ctx, leave); err != nil {
			return fmt.Errorf("take nodes down: %w", err)
		}
		w.crowd.Leave(leave)
		w.count(leave, -1, step, w.left)
	}
	if len(join) > 0 {
		if err := w.bringUp(ctx, join); err != nil {
			return err
		}
		w.crowd.Join(join)
		w.count(join, 1, step, w.joined)
	}
	now.joined += len(join)
	now.left += len(leave)
	return nil
}

// bringUp has the medium start newcomers' nodes.
func (w *world) bringUp(ctx context.Context, join []int32) error {
	if _, nothing := w.medium.(still); nothing {
		return nil
	}
	agents := make([]Agent, len(join))
	for i, a := range join {
		agents[i] = w.p.agent(a)
		agents[i].Friends = w.friends(a)
	}
	if err := w.medium.Join(ctx, agents); err != nil {
		return fmt.Errorf("bring nodes up: %w", err)
	}
	return nil
}

// count keeps the numbers of who is where, and the step of it.
func (w *world) count(agents []int32, by int32, step int, at []int32) {
	for _, a := range agents {
		if w.reckon != nil {
			w.reckon.change(a, by)
		}
		if w.s.Record.Spread > 0 {
			w.turns = append(w.turns, turn{a, int32(step)})
		}
		if by < 0 || at[a] < 0 {
			at[a] = int32(step)
		}
		if by > 0 {
			w.left[a] = -1
		}
	}
}

// friendsMost is how many acquaintances a newcomer's node is told of at most;
// more would not help it find its first peers.
const friendsMost = 16

// friends are acquaintances who take part; where everybody knows everybody,
// any few.
func (w *world) friends(a int32) []int32 {
	var out []int32
	if w.crowd.Graph.Whole {
		n := len(w.crowd.In)
		for tries := 0; tries < 4*friendsMost && len(out) < friendsMost/2; tries++ {
			if b := int32(w.streams.friends.IntN(n)); b != a && w.crowd.In[b] {
				out = append(out, b)
			}
		}
		return out
	}
	for _, b := range w.crowd.Graph.Neighbours(a) {
		if w.crowd.In[b] && len(out) < friendsMost {
			out = append(out, b)
		}
	}
	return out
}

// account adds up who takes part, and what that cost them.
func (w *world) account(step int, now *row) {
	for a, in := range w.crowd.In {
		switch {
		case !in:
		case a < w.p.People:
			now.people++
		default:
			now.vendors++
		}
	}
	now.effort = float64(float64(now.people) * w.s.People.Effort)
	now.upkeep = float64(float64(now.vendors) * w.s.Vendors.Cost)
	now.subsidies = float64(float64(now.people+now.vendors) * w.subsidy(step))
}
