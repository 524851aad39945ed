package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type negotiationsCmd struct {
	Negotiation string `arg:"" optional:"" help:"Show this one: its id, or the last characters of it."`
}

// Help implements kong.HelpProvider.
func (negotiationsCmd) Help() string {
	return "The newest first.\n\nExample:\n\n    parley negotiations\n    parley negotiations k2v7qa3m"
}

// Run lists negotiations, or shows one.
func (cmd negotiationsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		if cmd.Negotiation != "" {
			return cmd.one(e, c)
		}
		all, err := c.Negotiations(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "There is none. Begin one with: parley proffer VENDOR --terms ID")
				return
			}
			printNegotiations(w, all, time.Now())
		})
	})
}

func (cmd negotiationsCmd) one(e *env, c *client.Client) error {
	id, err := e.findNegotiation(c, cmd.Negotiation)
	if err != nil {
		return err
	}
	g, err := c.Negotiation(e.ctx, id)
	if err != nil {
		return err
	}
	return e.show(g, func(w io.Writer) {
		printNegotiation(w, g)
		printStatements(w, g.Log)
	})
}

func printNegotiations(w io.Writer, all []view.Negotiation, now time.Time) {
	var rows [][]string
	for _, g := range all {
		with := g.Vendor.Name
		if g.Side == identity.RoleVendor {
			with = shortDID(g.Person)
		}
		named, remaining := "", ""
		if g.Terms != nil {
			named = g.Terms.ID
		}
		if !concluded(g) {
			remaining = left(g.Expires, now)
		}
		rows = append(rows, []string{
			short(g.ID), with, string(g.State), yes(g.Asks, "your word", ""), remaining, either(termIDs(g.Agreements), "or"), named,
		})
	}
	t := layout("NEGOTIATION WITH* STATE NEEDS LEFT PROFFERED* NAMED*", rows)
	t.print(w, t.head)
	for i, row := range rows {
		t.print(w, row)
		if why := clean(all[i].Why); why != "" {
			paragraph(w, "    ", why)
		}
	}
}

type negotiationCmd struct {
	Accept  negotiationAcceptCmd  `cmd:"" help:"Agree to what the vendor named: both have signed then."`
	Decline negotiationDeclineCmd `cmd:"" help:"Say no to it, or withdraw a proffer that is not answered."`
}

type negotiationAcceptCmd struct {
	Negotiation string        `arg:"" optional:"" help:"Its id, or the last characters of it; the only one that asks when left out."`
	Wait        time.Duration `default:"20s" help:"Wait this long until it is done."`
}

// Help implements kong.HelpProvider.
func (negotiationAcceptCmd) Help() string {
	return "Example:\n\n    parley negotiation accept k2v7qa3m"
}

// Run agrees.
func (cmd negotiationAcceptCmd) Run(e *env) error {
	return e.decide(cmd.Negotiation, func(c *client.Client, id dagcbor.CID) error {
		if _, err := c.Decide(e.ctx, id, true, ""); err != nil {
			return err
		}
		return e.follow(c, id, cmd.Wait)
	})
}

type negotiationDeclineCmd struct {
	Negotiation string `arg:"" optional:"" help:"Its id, or the last characters of it; the only one that asks when left out."`
	Reason      string `help:"Why; the vendor reads it." placeholder:"TEXT"`
}

// Help implements kong.HelpProvider.
func (negotiationDeclineCmd) Help() string {
	return "Example:\n\n    parley negotiation decline k2v7qa3m --reason \"no tracking\""
}

// Run declines.
func (cmd negotiationDeclineCmd) Run(e *env) error {
	return e.decide(cmd.Negotiation, func(c *client.Client, id dagcbor.CID) error {
		g, err := c.Decide(e.ctx, id, false, cmd.Reason)
		if err != nil {
			return err
		}
		return e.show(g, func(w io.Writer) { fmt.Fprintf(w, "Negotiation %s is %s.\n", short(g.ID), g.State) })
	})
}

func (e *env) decide(which string, do func(*client.Client, dagcbor.CID) error) error {
	return e.with(func(c *client.Client) error {
		id, err := e.findNegotiation(c, which)
		if err != nil {
			return err
		}
		return do(c, id)
	})
}
