package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
)

type demandCmd struct {
	Card   string        `arg:"" help:"The relationship; it may have ended."`
	What   string        `arg:"" enum:"delete,copy" help:"What the vendor is to do: ${enum}."`
	Items  []uint64      `arg:"" name:"item" optional:"" help:"Numbers of the pieces, as parley shared shows them; all when left out."`
	By     string        `help:"By when; a month from now when left out. A date counts to its end." placeholder:"2026-05-01"`
	Reason string        `help:"Why; the vendor reads it." placeholder:"TEXT"`
	Wait   time.Duration `default:"10s" help:"Wait this long for the vendor's answer."`
}

// Help implements kong.HelpProvider.
func (demandCmd) Help() string {
	return `You are warned when the date nears and when it has passed (parley agenda).

Example:

    parley demand "Alpine Cars" delete --by 2026-05-01
    parley demand 3mxa5qhe copy 2 3`
}

// Run demands.
func (cmd demandCmd) Run(e *env) error {
	by, err := parseWhen("--by", cmd.By, time.Local, 1)
	if err != nil {
		return err
	}
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		d, err := c.Demand(e.ctx, id, view.DemandWant{What: cmd.What, Items: cmd.Items, Deadline: by, Reason: cmd.Reason})
		if err != nil {
			return err
		}
		if d, err = e.untilComplied(c, d, cmd.Wait); err != nil {
			return err
		}
		return e.show(d, func(w io.Writer) { printDemand(w, d) })
	})
}

// untilComplied waits for a first answer to a demand.
func (e *env) untilComplied(c *client.Client, d view.Demand, wait time.Duration) (view.Demand, error) {
	return poll(e, "the vendor's answer", wait, func() (view.Demand, bool, error) {
		all, err := c.Demands(e.ctx, d.Card)
		if at := slices.IndexFunc(all, func(o view.Demand) bool { return o.ID == d.ID }); at >= 0 {
			d = all[at]
		}
		return d, d.State != string(disclosure.DemandWaiting), err
	})
}

func printDemand(w io.Writer, d view.Demand) {
	sheet(w, "demand", short(d.ID), "of", d.With, "to", d.What, "pieces", numbers(d.Items), "by", lastDay(d.Deadline),
		"state", d.State, "because", d.Reason)
	if len(d.Copy) > 0 {
		fmt.Fprintln(w)
		printProfile(w, d.Copy)
	}
}

func numbers(items []uint64) string { return strings.Trim(fmt.Sprint(items), "[]") }

type demandsCmd struct {
	Card string `arg:"" optional:"" help:"Of this relationship alone."`
}

// Help implements kong.HelpProvider.
func (demandsCmd) Help() string {
	return "Those that wait for an answer come first, by their deadlines; then the rest, the\nnewest first.\n\nExample:\n\n    parley demands"
}

// Run lists the demands.
func (cmd demandsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		var card dagcbor.CID
		if cmd.Card != "" {
			var err error
			if card, err = e.findCard(c, cmd.Card); err != nil {
				return err
			}
		}
		all, err := c.Demands(e.ctx, card)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.Unread {
				if err := c.MarkRead(e.ctx, d.ID.String()); err != nil {
					return err
				}
			}
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "Nothing has been demanded.")
				return
			}
			var rows [][]string
			for _, d := range all {
				rows = append(rows, []string{short(d.ID), short(d.Card), d.With, d.What, numbers(d.Items), lastDay(d.Deadline), d.State, d.Reason})
			}
			columns(w, "DEMAND CARD WITH* TO ITEMS* BY STATE WHY+", rows)
		})
	})
}

type complyCmd struct {
	Card   string `arg:"" help:"The relationship."`
	Demand string `arg:"" help:"The demand: its id, or the last characters of it."`
	Did    string `required:"" enum:"deleted,copied,refused" help:"What was done: ${enum}." placeholder:"WHAT"`
	Reason string `help:"Why; owed with a refusal." placeholder:"TEXT"`
}

// Help implements kong.HelpProvider.
func (complyCmd) Help() string {
	return `For demands that the rules leave to people ("comply": "ask"). The node deletes
its own records of what was deleted; other systems are yours to see to, first.

Example:

    parley vendor comply 3mxa5qhe q4tz8vnd --did deleted
    parley vendor comply 3mxa5qhe q4tz8vnd --did refused --reason "tax records"`
}

// Run complies.
func (cmd complyCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		demand, err := e.findDemand(c, id, cmd.Demand)
		if err != nil {
			return err
		}
		d, err := c.Comply(e.ctx, id, view.ComplyWant{Demand: demand, Did: cmd.Did, Reason: cmd.Reason})
		if err != nil {
			return err
		}
		return e.show(d, func(w io.Writer) { printDemand(w, d) })
	})
}
