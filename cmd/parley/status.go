package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/node/view"
)

type statusCmd struct{}

// Help implements kong.HelpProvider.
func (statusCmd) Help() string {
	return "Example:\n\n    parley status --json | jq .addresses"
}

// Run shows the node.
func (statusCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Status(e.ctx)
	if err != nil {
		return err
	}
	return e.show(s, func(w io.Writer) { printStatus(w, s, string(e.dir)) })
}

func printStatus(w io.Writer, s view.Status, dir string) {
	vendor := ""
	if v := s.Vendor; v != nil {
		vendor = fmt.Sprintf("%s, %s in the catalogue, %s", v.Name, count(v.Items, "item"), v.DID)
	}
	facts(w,
		"name", s.Name,
		"folder", dir,
		"version", s.Version,
		"running since", local(s.Started),
		"vendor", vendor,
		"peers", fmt.Sprintf("%d connected", s.Peers),
		"intents", fmt.Sprintf("%d yours, %d heard", s.Intents.Mine, s.Intents.Heard),
		"cards", fmt.Sprint(s.Cards),
		"outbox", count(s.Outbox, "letter")+" not yet delivered",
		"replies", s.Routing,
	)
	for _, a := range s.Addresses {
		fmt.Fprintln(w, "reached at", a)
	}
}
