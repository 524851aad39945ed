package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

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
		"reached", s.Reach.Text,
		"to do", s.Reach.Do,
		"intents", fmt.Sprintf("%d yours, %d heard", s.Intents.Mine, s.Intents.Heard),
		"cards", fmt.Sprint(s.Cards),
		"outbox", count(s.Outbox, "letter")+" not yet delivered",
		"replies", s.Routing,
	)
	for _, a := range forPeople(s.Addresses) {
		fmt.Fprintln(w, "reached at", clean(a))
	}
	for _, a := range forPeople(s.Reach.Near) {
		if !slices.Contains(s.Addresses, a) {
			fmt.Fprintln(w, "on its own network at", clean(a))
		}
	}
	printConnections(w, s.Connections)
}

// forPeople leaves out the addresses that are for programs in a browser, long
// and soon out of date, where there are others.
func forPeople(addresses []string) []string {
	plain := slices.DeleteFunc(slices.Clone(addresses), func(a string) bool { return strings.Contains(a, "/webtransport/") })
	if len(plain) == 0 {
		return addresses
	}
	return plain
}

// printConnections shows each connection and who could ever read it.
func printConnections(w io.Writer, conns []view.Connection) {
	if len(conns) == 0 {
		return
	}
	var rows [][]string
	for _, c := range conns {
		way := "direct"
		if c.Relay != "" {
			way = "through " + c.Relay
		}
		rows = append(rows, []string{c.PeerID, c.Transport, yes(c.Inbound, "in", "out"), way, keyExchange(c)})
	}
	fmt.Fprintln(w)
	table(w, "CONNECTION OVER OPENED WAY KEYS", rows)
}

func keyExchange(c view.Connection) string {
	switch {
	case c.KeyExchange == "":
		return "unknown"
	case c.PostQuantum:
		return "post-quantum (" + c.KeyExchange + ")"
	}
	return "classical (" + c.KeyExchange + ")"
}
