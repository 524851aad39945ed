package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

type cardCmd struct {
	Show    cardShowCmd    `cmd:"" help:"Show one relationship."`
	Log     cardLogCmd     `cmd:"" help:"Show all that both sides have said under it."`
	Amend   cardAmendCmd   `cmd:"" help:"Propose its next version."`
	Sign    cardSignCmd    `cmd:"" help:"Sign the version that the other side proposes."`
	Decline cardDeclineCmd `cmd:"" help:"Say no to the version that the other side proposes."`
	End     cardEndCmd     `cmd:"" help:"End a relationship."`
	Move    cardMoveCmd    `cmd:"" help:"Take letters about it elsewhere, under new keys."`
	Rotate  cardRotateCmd  `cmd:"" help:"Replace your keys for it, or for all."`
	Export  cardExportCmd  `cmd:"" help:"Write it to one file that anyone can verify."`
	Verify  cardVerifyCmd  `cmd:"" help:"Verify a card's file, without a node or a network."`
	Import  cardImportCmd  `cmd:"" help:"Hand the node a card's file."`
	Dispute cardDisputeCmd `cmd:"" help:"Write the whole record, with where the copies part, for a third party."`
}

type cardShowCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (cardShowCmd) Help() string {
	return "Example:\n\n    parley card show 3mxa5qhe\n    parley card show \"Alpine Cars\""
}

// Run shows the card, and what is proposed on it.
func (cmd cardShowCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		card, err := c.Card(e.ctx, id)
		if err != nil {
			return err
		}
		var sent []view.Letter
		if !e.asJSON {
			if sent, err = c.Letters(e.ctx, id); err != nil {
				return err
			}
		}
		var proposed relcard.Chain
		if card.State == string(relcard.StateAmending) && !e.asJSON {
			if proposed, err = e.proposed(c, id); err != nil {
				return err
			}
		}
		return e.show(card, func(w io.Writer) {
			printCard(w, card)
			stands, _ := proposed.Prevailing()
			for _, v := range proposed.Pending() {
				printProposed(w, card, v, v.ID == stands.ID)
			}
			printUnderWay(w, card, sent)
		})
	})
}

// proposed reads from the card's file the versions that wait for a signature,
// since the API's view of a card is of the version in force.
func (e *env) proposed(c *client.Client, id dagcbor.CID) (relcard.Chain, error) {
	car, err := c.ExportCard(e.ctx, id)
	if err != nil {
		return relcard.Chain{}, err
	}
	_, report, err := archive.Import(bytes.NewReader(car), time.Now())
	if err != nil {
		return relcard.Chain{}, fmt.Errorf("read what is proposed: %w", err)
	}
	return report.Chain, nil
}

// stands is how things stand between the two, in words.
func stands(card view.Card) string {
	switch {
	case card.Side == "":
		return "Somebody else's card, kept here to be looked at"
	case card.State == "ended":
		return "It was agreed, and has ended"
	}
	return button.Words(button.State(card.Button))
}

func printCard(w io.Writer, card view.Card) {
	b, state := card.Body, button.State(card.Button)
	sheet(w, "card", card.ID.String(), "state", card.State, "r-button", button.Symbol(state)+" "+stands(card),
		"alarm", card.Alarm, "since", local(card.Since), "version", card.Head.String(), "of", count(card.Versions, "version"),
		"you are the", string(card.Side), "person", party(b.Person), "vendor", party(b.Vendor),
		"terms", strings.TrimSpace(b.Terms.ID+" "+b.Terms.Version), "jurisdiction", b.Jurisdiction, "agreed at", b.Location,
		"runs", runsFor(b.Term), "due", window(b.Fulfil))
	printDeal(w, &b)
	if b.End != nil {
		fmt.Fprintf(w, "ended by the %s%s\n", b.End.By, yes(b.End.Reason != "", ": "+clean(b.End.Reason), ""))
	}
}

func printDeal(w io.Writer, b *relcard.Body) {
	for _, l := range b.Lines {
		fmt.Fprintf(w, "  %s × %s at %s\n", clean(l.Quantity), clean(l.Name), l.Price)
	}
	for _, x := range b.Extras {
		fmt.Fprintf(w, "  %s %s\n", clean(x.Property), x.Price)
	}
	if b.Total != nil {
		fmt.Fprintf(w, "  total %s\n", b.Total)
	}
}

// printProposed shows a version that is not in force, as far as it is other
// than the one that is. Of two that crossed one stands.
func printProposed(w io.Writer, card view.Card, v relcard.Version, stands bool) {
	was, next := card.Body, v.Body
	by := "the vendor"
	if v.Signed.Person != nil {
		by = "the person"
	}
	fmt.Fprintf(w, "\n%s proposes version %d:\n", by, next.Seq)
	changed := func(before, after string) string {
		if before == after {
			return ""
		}
		if after == "" {
			return "none, in place of " + before
		}
		return after + yes(before == "", "", ", in place of "+before)
	}
	sheet(w, "  terms", changed(was.Terms.ID, next.Terms.ID), "  jurisdiction", changed(was.Jurisdiction, next.Jurisdiction),
		"  agreed at", changed(was.Location, next.Location), "  runs", changed(runsFor(was.Term), runsFor(next.Term)),
		"  due", changed(window(was.Fulfil), window(next.Fulfil)))
	if lines(was.Lines) != lines(next.Lines) || fmt.Sprint(was.Total) != fmt.Sprint(next.Total) {
		printDeal(w, &next)
	}
	mine := string(card.Side) == strings.TrimPrefix(by, "the ")
	switch {
	case mine && stands:
		fmt.Fprintln(w, "It waits for the other side.")
	case mine:
		fmt.Fprintln(w, "Withdrawn: it crossed with what the other side proposes, and that stands. To put\nit on top of that, propose it again.")
	case stands:
		fmt.Fprintf(w, "It waits for you: parley card sign %s, or decline.\n", short(card.ID))
	default:
		fmt.Fprintln(w, "Withdrawn: it crossed with what you propose, and that stands.")
	}
}

// runsFor is how long an agreement runs, in words.
func runsFor(t *relcard.Term) string {
	if t == nil {
		return ""
	}
	var parts []string
	if t.Every != "" {
		parts = append(parts, "in periods of "+t.Every)
	}
	if !t.Until.IsZero() {
		parts = append(parts, "until "+lastDay(t.Until))
	}
	return strings.Join(append(parts, yes(t.Renews, "renews by itself", "does not renew")), ", ")
}

func party(p relcard.Party) string { return strings.TrimSpace(p.Name + " " + string(p.DID)) }

type cardMoveCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (cardMoveCmd) Help() string {
	return `For when you fear that a copy of your node was taken: what is sent about this
relationship from now on can't be read with the old keys. The other side is told
by itself. Without it this happens once a week.

Example:

    parley card move 3mxa5qhe`
}

// Run moves the route.
func (cmd cardMoveCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		card, err := c.MoveRoute(e.ctx, id)
		if err != nil {
			return err
		}
		return e.show(card, func(w io.Writer) {
			fmt.Fprintf(w, "Letters about card %s go to new keys. %s is told.\n", short(card.ID), clean(card.Body.Vendor.Name))
		})
	})
}

type cardEndCmd struct {
	Card   string `arg:"" help:"The relationship."`
	Reason string `help:"Why; the other side reads it." placeholder:"TEXT"`
}

// Help implements kong.HelpProvider.
func (cardEndCmd) Help() string {
	return `It takes effect when the other side has it, and is sent until then.

Example:

    parley card end 3mxa5qhe --reason "moved away"`
}

// Run ends the relationship.
func (cmd cardEndCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		card, err := c.EndCard(e.ctx, id, cmd.Reason)
		if err != nil {
			return err
		}
		return e.show(card, func(w io.Writer) { fmt.Fprintf(w, "Card %s is %s.\n", short(card.ID), card.State) })
	})
}
