package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
)

type cardRotateCmd struct {
	Card string `arg:"" optional:"" help:"The relationship."`
	All  bool   `help:"All relationships in force, each at a time of its own within the next hour."`
}

// Help implements kong.HelpProvider.
func (cardRotateCmd) Help() string {
	return `For when you fear that a copy of your node was taken: the old keys sign nothing
more, for nobody. Your identifier stays the same, and what you signed before
holds. The other side is sent your longer key log until it has acknowledged it.

With --all the times differ, since two vendors who compare could tell by equal
ones that two cards are of one person. A vendor uses "parley vendor rotate".

Letters that are sent to you are under other keys: "parley card move".

Example:

    parley card rotate 3mxa5qhe
    parley card rotate --all`
}

// Run rotates the keys.
func (cmd cardRotateCmd) Run(e *env) error {
	switch {
	case cmd.All && cmd.Card != "":
		return wrong("--all and a relationship say different things")
	case cmd.All:
		return e.with(func(c *client.Client) error { return e.rotateAll(c) })
	case cmd.Card == "":
		return wrong("name a relationship, or give --all")
	}
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		r, err := c.RotateCard(e.ctx, id)
		if err != nil {
			return err
		}
		return e.show(r, func(w io.Writer) {
			fmt.Fprintf(w, "New keys sign for you on card %s: version %d of your key log. The other side is told.\n", short(id), r.Number)
		})
	})
}

func (e *env) rotateAll(c *client.Client) error {
	due, err := c.RotateCards(e.ctx)
	if err != nil {
		return err
	}
	return e.show(none(due), func(w io.Writer) {
		if len(due) == 0 {
			fmt.Fprintln(w, "There is no card in force whose keys are yours to rotate.")
			return
		}
		var rows [][]string
		for _, d := range due {
			rows = append(rows, []string{short(d.Card), cut(d.With, 40), local(d.Due)})
		}
		table(w, "CARD WITH ROTATES", rows)
	})
}

type vendorRotateCmd struct{}

// Help implements kong.HelpProvider.
func (vendorRotateCmd) Help() string {
	return `At times, and at once when a copy of the keys may be in other hands. Your
identifier stays the same, and what you signed before holds. Your terms are
signed anew, and each person you have a card with is sent the longer key log
until that is acknowledged. The old private keys are erased.

"parley outbox" lists who has not had it yet. Your own route, and what is sealed
to it, keeps its key.

Example:

    parley vendor rotate`
}

// Run rotates the vendor's keys.
func (vendorRotateCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		r, err := c.RotateVendor(e.ctx)
		if err != nil {
			return err
		}
		return e.show(r, func(w io.Writer) {
			fmt.Fprintf(w, "New keys sign for %s: version %d of its key log.\n", clean(string(r.DID)), r.Number)
			fmt.Fprintf(w, "Those of %s are told.\n", count(r.Told, "card"))
		})
	})
}
