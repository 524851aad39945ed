package main

import (
	"fmt"

	"github.com/parley-network/parley/sim/model"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
	"github.com/parley-network/parley/sim/stack"
	"github.com/parley-network/parley/sim/sweep"
)

// maker makes the engine of a kind.
type maker func(scenario.Engine) (sweep.Engine, error)

// newEngine makes the engines that the program has.
func newEngine(kind scenario.Engine) (sweep.Engine, error) {
	switch kind {
	case scenario.Model:
		return model.New(), nil
	case scenario.Stack:
		return stack.New(society.Live), nil
	}
	return nil, fmt.Errorf("there is no engine %q", kind)
}
