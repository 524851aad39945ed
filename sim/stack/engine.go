package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// Live plays a scenario over a medium; society.Live does.
type Live func(ctx context.Context, s scenario.Scenario, seed uint64, m society.Medium, done func(float64)) (outcome.Outcome, error)

// Engine runs scenarios on real nodes. Its methods are safe for concurrent use.
type Engine struct{ live Live }

// New returns the engine; live plays a scenario over the nodes.
func New(live Live) *Engine { return &Engine{live} }

// Run lives the scenario with the seed in a virtual world of its own. It works
// in any program, test or not. When ctx ends it gives up within a virtual second
// or two of what the nodes do.
func (e *Engine) Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	if err := e.Check(s); err != nil {
		return outcome.Outcome{}, err
	}
	var out outcome.Outcome
	err := sim.Play(seed, func(w *sim.World) error {
		m, err := NewMedium(w, s)
		if err != nil {
			return err
		}
		out, err = e.live(ctx, s, seed, m, done)
		return err
	})
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("run %q on real nodes: %w", s.Name, err)
	}
	return out, nil
}

// What a run takes, measured at 200 and 1,000 nodes on two busy cores: a node's
// memory with ten connections, and that of one vendor's terms at one node (13 KB
// that stay, and as much again that the flood of them leaves in half-used pages
// and grown stacks); a node's making, a virtual second of its idling, and one
// delivery.
const (
	nodeMemory   = 2800 << 10
	termsMemory  = 30 << 10
	nodeMaking   = 110 * time.Millisecond
	nodeSecond   = 1200 * time.Microsecond
	deliveryTime = 6 * time.Millisecond
	tryTime      = 120 * time.Nanosecond // for a stamp (admission.MaxBits)
)

// Expect returns what a run takes if everybody takes part from the start:
// processor time of one core, and memory in bytes.
func (e *Engine) Expect(s scenario.Scenario) (time.Duration, int64) {
	nodes := float64(nodesOf(s))
	vendors := float64(s.Vendors.Count)
	virtual := float64(s.Clock.Steps)*s.Clock.Window.Std().Seconds() + settleFirst.Seconds()
	casts := float64(s.Clock.Steps) * float64(s.People.Count) * s.People.Intents
	deliveries := casts*vendors + 2*vendors*nodes // the latter are term updates, without mailboxes and with
	took := nodes*float64(nodeMaking) + nodes*virtual*float64(nodeSecond) + deliveries*float64(deliveryTime)
	took += tries(s, casts, virtual) * float64(tryTime)
	return time.Duration(took), int64(nodes)*nodeMemory + int64(vendors*nodes)*termsMemory
}

// tries is how many are made for stamps, of so many people's casts and by an
// attacker in so many seconds: it has no use for more than the most that its spam
// may be asked for.
func tries(s scenario.Scenario, casts, virtual float64) (n float64) {
	if s.Protocol.Work > 0 {
		n = casts * float64(admission.Expected(s.Protocol.Work))
	}
	if s.Attack.Kind == spam {
		sent := float64(s.Attack.Sybils) * s.Attack.Rate * virtual
		n += min(s.Attack.Budget*virtual, sent*float64(admission.Expected(admission.MaxBits)))
	}
	return n
}

// nodesOf is how many hosts there may be, sybils among them.
func nodesOf(s scenario.Scenario) int { return s.People.Count + s.Vendors.Count + sybilsOf(s) }
