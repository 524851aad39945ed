package model

import (
	"context"
	"fmt"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// Engine runs scenarios in the model. Its methods are safe for concurrent use.
type Engine struct{ c mesh.Calibration }

// New returns the engine with the calibration that ships with package mesh.
func New() *Engine { return Calibrated(mesh.Default()) }

// Calibrated returns the engine with another, as parley-sim calibrate finds it. A
// scenario that brings its own goes by that. Studies of the overlay alone go by
// the one that ships where theirs brings none.
func Calibrated(c mesh.Calibration) *Engine { return &Engine{c} }

// Run lives the scenario with the seed. For one seed the outcome is the same to
// the bit whatever the number of processors. Done hears of the progress, in
// [0,1], and may be nil.
func (e *Engine) Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	run := func() (outcome.Outcome, error) {
		c, err := mesh.CalibrationOf(s, e.c)
		if err != nil {
			return outcome.Outcome{}, err
		}
		return society.Live(ctx, s, seed, newMedium(s, seed, newFollowed(s, seed, c)), done)
	}
	switch {
	case overlayOnly(s):
		run = func() (outcome.Outcome, error) { return mesh.Study(ctx, s, seed, done) }
	case s.People.Intents == 0:
		run = func() (outcome.Outcome, error) { return society.Adopt(ctx, s, seed, done) }
	}
	out, err := run()
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("run %q in the model: %w", s.Name, err)
	}
	return out, nil
}

// Check refuses, as [scenario.Problems], what the model can't run. It is asked
// before anything runs.
func (e *Engine) Check(s scenario.Scenario) error {
	var out scenario.Problems
	switch {
	case !overlayOnly(s):
		out = society.Check(s)
	case s.Study == "siege" && len(mesh.Of(s.Attack.Kind)) == 0:
		out = scenario.Problems{{Field: "attack.kind", Reason: fmt.Sprintf("is %q, which is none of the twelve situations of study \"siege\"", s.Attack.Kind)}}
	}
	if _, err := mesh.CalibrationOf(s, e.c); err != nil {
		out = append(out, scenario.Problem{Field: "calibration", Reason: err.Error()})
	}
	if len(out) > 0 {
		return out
	}
	return nil
}

// overlayOnly tells whether the scenario asks something of the overlay alone,
// which package mesh answers.
func overlayOnly(s scenario.Scenario) bool { return s.Study != "" && s.Study != "society" }
