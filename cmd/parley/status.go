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
	return `Intents and cards are counted with those that are over, until they are
forgotten. A letter that a peer keeps for the other side is not known to be
delivered.

Example:

    parley status --json | jq .addresses`
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
	vendor, mail := "", ""
	if v := s.Vendor; v != nil {
		vendor = fmt.Sprintf("%s, %s in the catalogue, %s", v.Name, count(v.Items, "item"), v.DID)
		mail = keptMail(v.Mail)
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
		"intents", fmt.Sprintf("yours: %s; heard: %s", openOf(s.Intents.MineOpen, s.Intents.Mine), openOf(s.Intents.HeardOpen, s.Intents.Heard)),
		"cards", fmt.Sprintf("%d in force, %d in all", s.InForce, s.Cards),
		"waits for you", waiting(s),
		"outbox", count(s.Outbox, "letter")+" not known to be delivered",
		"replies", s.Routing,
		"mail", mail,
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

// keptMail says whether a vendor's node may go off without losing letters.
func keptMail(peers []string) string {
	if len(peers) == 0 {
		return "no peer keeps letters for this node yet: while it is off, whoever writes keeps them until it is back"
	}
	return fmt.Sprintf("while this node is off, letters to it are kept by %s", strings.Join(peers, " and "))
}

func openOf(open, all int) string { return fmt.Sprintf("%d open, %d in all", open, all) }

// waiting says what the owner is to look at.
func waiting(s view.Status) string {
	var parts []string
	if s.Asks > 0 {
		parts = append(parts, count(s.Asks, "decision")+" about terms or a card (parley negotiations, parley cards)")
	}
	if s.Unread > 0 {
		parts = append(parts, count(s.Unread, "unread event")+" (parley inbox)")
	}
	return strings.Join(parts, ", ")
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
	at := make(map[string]int) // row of a peer; two of one are opened when both call at once
	for _, c := range conns {
		way := "direct"
		if c.Relay != "" {
			way = "through " + c.Relay
		}
		row := []string{c.PeerID, c.Transport, yes(c.Inbound, "in", "out"), way, keyExchange(c)}
		i, more := at[c.PeerID]
		if !more {
			at[c.PeerID] = len(rows)
			rows = append(rows, row)
			continue
		}
		for col, now := range row {
			if have := strings.Split(rows[i][col], ", "); !slices.Contains(have, now) {
				rows[i][col] += ", " + now
			}
		}
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
