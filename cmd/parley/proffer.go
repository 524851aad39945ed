package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
)

type profferCmd struct {
	Vendor       string        `arg:"" optional:"" help:"The vendor: its name, its identifier, or the beginning of that. Leave it out with --card."`
	Terms        []string      `required:"" help:"Agreements of the roster, the preferred one first." placeholder:"ID"`
	Card         string        `help:"Proffer other terms for this card, in place of a new relationship." placeholder:"CARD"`
	Jurisdiction string        `help:"Whose law it is under (ISO 3166-1 or -2)." placeholder:"US-MI"`
	Place        string        `help:"Where it is agreed: a place's name or a geohash." placeholder:"NAME"`
	Say          string        `help:"A line that the vendor reads." placeholder:"TEXT"`
	For          time.Duration `default:"7d" help:"How long the proffer stands, at most 31d."`
	Wait         time.Duration `default:"20s" help:"Wait this long for the answer."`
}

// Help implements kong.HelpProvider.
func (profferCmd) Help() string {
	return `The vendor accepts one agreement, names one other, or refuses. Accepted, your
node signs the card by itself; where the vendor names another, your preferences
decide (parley preferences) or you are asked (parley negotiation).

Exits with 1 if it was refused or came to nothing; with 0 if it was agreed or
is still open.

Example:

    parley proffer "Alpine Cars" --terms SD-BASE,SD-BASE-A --jurisdiction US-MI
    parley proffer --card 3mxa5qhe --terms SD-BASE --for 2d`
}

// Run proffers and waits for the answer.
func (p profferCmd) Run(e *env) error {
	if (p.Vendor == "") == (p.Card == "") {
		return wrong("say to whom: either a vendor or --card")
	}
	return e.with(func(c *client.Client) error {
		w := view.ProfferWant{
			Agreements: p.Terms, Jurisdiction: p.Jurisdiction, Location: p.Place, Text: p.Say, Expires: identity.At(time.Now().Add(p.For)),
		}
		var err error
		if p.Card != "" {
			w.Card, err = e.findCard(c, p.Card)
		} else {
			var v view.Vendor
			v, err = e.findVendor(c, p.Vendor)
			w.Vendor = v.DID
		}
		if err != nil {
			return err
		}
		g, err := c.Proffer(e.ctx, w)
		if err != nil {
			return err
		}
		return e.follow(c, g.ID, p.Wait)
	})
}

// follow waits until a negotiation needs no more than the owner's word, and
// shows it.
func (e *env) follow(c *client.Client, id dagcbor.CID, wait time.Duration) error {
	g, err := poll(e, "the vendor's answer", wait, func() (view.Negotiation, bool, error) {
		g, err := c.Negotiation(e.ctx, id)
		return g, g.Asks || concluded(g), err
	})
	if err != nil {
		return err
	}
	if err := e.show(g, func(w io.Writer) { printNegotiation(w, g) }); err != nil {
		return err
	}
	if g.State == negotiation.StateRefused || g.State == negotiation.StateClosed {
		return errTold
	}
	return nil
}

// concluded reports whether a negotiation has come to its end.
func concluded(g view.Negotiation) bool {
	switch g.State {
	case negotiation.StateAgreed, negotiation.StateRefused, negotiation.StateClosed:
		return true
	}
	return false
}

func printNegotiation(w io.Writer, g view.Negotiation) {
	with := g.Vendor.Name
	if g.Side == identity.RoleVendor {
		with = shortDID(g.Person)
	}
	named, card := "", ""
	if g.Terms != nil {
		named = g.Terms.ID
	}
	if !g.Card.IsZero() {
		card = short(g.Card)
	}
	sheet(w, "negotiation", short(g.ID), "with", with, "state", string(g.State), "proffered", either(termIDs(g.Agreements), "or"),
		"the vendor named", named, "why", g.Why, "card", card, "made", local(g.Made),
		"stands until", yes(concluded(g), "", local(g.Expires)))
	if next := nextStep(g); next != "" {
		fmt.Fprintln(w, next)
	}
}

// nextStep says whose move it is.
func nextStep(g view.Negotiation) string {
	switch {
	case g.Asks:
		return fmt.Sprintf("It waits for your word: parley negotiation accept %s, or decline.", short(g.ID))
	case g.State == negotiation.StateAgreed && !g.Card.IsZero():
		return fmt.Sprintf("Both have signed: parley card show %s", short(g.Card))
	case g.State == negotiation.StateProffered && g.Side == identity.RolePerson:
		return fmt.Sprintf("The vendor has not answered yet: parley negotiations %s", short(g.ID))
	}
	return ""
}
