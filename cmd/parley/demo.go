package main

import (
	"fmt"
	"io"
	"os"

	"github.com/parley-network/parley/cmd/parley/demo"
)

// demoCmd plays the main job with six processes.
type demoCmd struct {
	Stay bool `help:"Leave the nodes running until interrupted, and say how to speak to them."`
}

// Help is the long help with an example.
func (demoCmd) Help() string {
	return `One person and five vendors, each a node and a process of its own on this
machine: two intents go out, sealed offers come back, two cards are signed by
both sides, compared byte for byte and verified offline. It exits 0 only if all
of that held.

Example:
  parley demo
  parley demo --stay`
}

// Run plays the demo.
func (d demoCmd) Run(e *env) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	out := e.out
	if e.asJSON {
		out = io.Discard
	}
	res, err := demo.Run(e.ctx, demo.Options{Program: program, Out: out, Stay: d.Stay})
	if err != nil {
		return err
	}
	return e.show(res, func(io.Writer) {})
}
