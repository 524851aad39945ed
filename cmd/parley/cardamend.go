package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

type cardAmendCmd struct {
	Card         string  `arg:"" help:"The relationship."`
	Terms        string  `help:"Other terms of the roster." placeholder:"ID"`
	Every        *string `help:"It runs in periods of this length (ISO 8601), such as P1M; none takes them away." placeholder:"P1M"`
	Until        *string `help:"It runs until then: a date or a time; none takes the end away." placeholder:"2027-01-31"`
	Renews       *bool   `negatable:"" help:"It goes on by itself at the end of each period."`
	Jurisdiction *string `help:"Whose law it is under (ISO 3166-1 or -2)." placeholder:"US-MI"`
	Location     *string `help:"Where it is agreed: a place's name or a geohash." placeholder:"NAME"`
}

// Help implements kong.HelpProvider.
func (cardAmendCmd) Help() string {
	return `What is left out stays as it is. The next version is in force when the other
side has signed it too; the one before binds until then.

Example:

    parley card amend 3mxa5qhe --every P1M --renews
    parley card amend "Alpine Cars" --terms SD-BASE-A --until 2027-01-31`
}

// Run proposes the next version.
func (cmd cardAmendCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		card, err := c.Card(e.ctx, id)
		if err != nil {
			return err
		}
		a, err := cmd.amendment(card.Body.Term, time.Local)
		if err != nil {
			return err
		}
		if card, err = c.AmendCard(e.ctx, id, a); err != nil {
			return err
		}
		version := uint64(0)
		if !e.asJSON {
			chain, err := e.proposed(c, id)
			if err != nil {
				return err
			}
			v, _ := chain.Prevailing()
			version = v.Body.Seq
		}
		return e.show(card, func(w io.Writer) {
			fmt.Fprintf(w, "Proposed version %d to %s. It is in force when they have signed it too:\nparley card show %s\n",
				version, clean(otherSide(card)), short(card.ID))
		})
	})
}

// amendment is what the options change of a card that runs for the given
// term: a term is replaced as a whole.
func (cmd cardAmendCmd) amendment(was *relcard.Term, in *time.Location) (view.Amendment, error) {
	a := view.Amendment{Terms: cmd.Terms, Jurisdiction: cmd.Jurisdiction, Location: cmd.Location}
	if cmd.Every == nil && cmd.Until == nil && cmd.Renews == nil {
		if cmd.Terms == "" && cmd.Jurisdiction == nil && cmd.Location == nil {
			return a, wrong("say what is to change, such as --terms or --every")
		}
		return a, nil
	}
	term := relcard.Term{}
	if was != nil {
		term = *was
	}
	if cmd.Every != nil {
		term.Every = orNone(*cmd.Every)
	}
	if cmd.Renews != nil {
		term.Renews = *cmd.Renews
	}
	if cmd.Until != nil {
		until, err := parseWhen("--until", orNone(*cmd.Until), in, 1)
		if err != nil {
			return a, err
		}
		term.Until = until
	}
	a.Term = &term
	return a, nil
}

// orNone reads the word that takes a value away.
func orNone(s string) string {
	if s == "none" {
		return ""
	}
	return s
}

type cardSignCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (cardSignCmd) Help() string {
	return `"parley card show" shows what is proposed. Where both sides proposed at once,
one of the two stands, the same on both sides. If that is the other side's, your
node says the same on top of it, and theirs signs that by itself.

Example:

    parley card sign 3mxa5qhe`
}

// Run signs.
func (cmd cardSignCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		card, err := c.SignCard(e.ctx, id)
		if err != nil {
			return err
		}
		return e.show(card, func(w io.Writer) {
			if card.State == string(relcard.StateAmending) {
				fmt.Fprintf(w, "Signed, since both of you had proposed at once, on top of what they proposed. It is\nin force when their node has signed that too: parley card show %s\n", short(card.ID))
				return
			}
			fmt.Fprintf(w, "Signed: version %d of card %s is in force.\n", card.Body.Seq, short(card.ID))
		})
	})
}

type cardDeclineCmd struct {
	Card   string `arg:"" help:"The relationship."`
	Reason string `help:"Why; the other side reads it." placeholder:"TEXT"`
}

// Help implements kong.HelpProvider.
func (cardDeclineCmd) Help() string {
	return "Example:\n\n    parley card decline 3mxa5qhe --reason \"no tracking\""
}

// Run declines.
func (cmd cardDeclineCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		card, err := c.DeclineCard(e.ctx, id, cmd.Reason)
		if err != nil {
			return err
		}
		return e.show(card, func(w io.Writer) {
			fmt.Fprintf(w, "Declined. Version %d of card %s goes on binding.\n", card.Body.Seq, short(card.ID))
		})
	})
}

type cardLogCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (cardLogCmd) Help() string {
	return `Both sides keep both logs, byte for byte. The digest is over the whole record:
it is the same on both sides when nothing is under way.

Example:

    parley card log 3mxa5qhe
    parley card log "Alpine Cars" --json | jq -r .digest`
}

// Run shows both logs.
func (cmd cardLogCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		r, err := c.Relationship(e.ctx, id)
		if err != nil {
			return err
		}
		return e.show(r, func(w io.Writer) {
			sheet(w, "card", r.Card.ID.String(), "state", r.Card.State, "alarm", r.Card.Alarm)
			for _, log := range []struct {
				by   identity.Role
				said []view.Statement
			}{{identity.RolePerson, r.Person}, {identity.RoleVendor, r.Vendor}} {
				fmt.Fprintf(w, "\nThe %s's log:\n", log.by)
				printStatements(w, log.said)
			}
			fmt.Fprintf(w, "\ndigest %s\n", r.Digest)
		})
	})
}

func printStatements(w io.Writer, said []view.Statement) {
	if len(said) == 0 {
		fmt.Fprintln(w, "  nothing was said")
		return
	}
	var rows [][]string
	for _, s := range said {
		rows = append(rows, []string{fmt.Sprintf("%s %d", s.By, s.Seq), local(s.Time), s.Kind, s.Text})
	}
	columns(w, "STATEMENT TIME KIND WORDS+", rows)
}
