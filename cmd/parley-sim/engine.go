package main

import (
	"fmt"

	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// maker makes the engine of a kind.
type maker func(scenario.Engine) (sweep.Engine, error)

// newEngine makes the engines that the program has.
func newEngine(kind scenario.Engine) (sweep.Engine, error) {
	return nil, fmt.Errorf("the engine %q is not part of this build", kind)
}
