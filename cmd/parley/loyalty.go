package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type loyaltyCmd struct {
	List   loyaltyListCmd   `cmd:"" default:"withargs" help:"List the programmes you belong to."`
	Add    loyaltyAddCmd    `cmd:"" help:"Record a programme, or replace the one of that name."`
	Remove loyaltyRemoveCmd `cmd:"" help:"Forget a programme."`
	State  loyaltyStateCmd  `cmd:"" help:"Tell a vendor, signed, how loyal you are."`
}

type loyaltyListCmd struct {
	Numbers bool `help:"Show the numbers: whoever sees them can often spend the points."`
}

// Help implements kong.HelpProvider.
func (loyaltyListCmd) Help() string { return "Example:\n\n    parley loyalty" }

// Run lists the programmes.
func (cmd loyaltyListCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Programmes(e.ctx, cmd.Numbers)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "You have recorded no programme.")
				return
			}
			header := "PROGRAMME* ISSUER* TIER* SINCE UNTIL NOTE*"
			if cmd.Numbers {
				header = "PROGRAMME* NUMBER ISSUER* TIER* SINCE UNTIL NOTE*"
			}
			var rows [][]string
			for _, p := range all {
				row := []string{p.Name}
				if cmd.Numbers {
					row = append(row, p.Number)
				}
				rows = append(rows, append(row, p.Issuer, p.Tier, day(p.Since), lastDay(p.Until), p.Note))
			}
			columns(w, header, rows)
		})
	})
}

type loyaltyAddCmd struct {
	Name     string `arg:"" help:"What it is called."`
	Issuer   string `help:"Who runs it." placeholder:"NAME"`
	Tier     string `help:"Such as gold." placeholder:"TEXT"`
	Since    string `help:"Member since then." placeholder:"2019-05-01"`
	Until    string `help:"It lapses then." placeholder:"2027-05-01"`
	Note     string `help:"Your own." placeholder:"TEXT"`
	NoNumber bool   `help:"There is no number."`
}

// Help implements kong.HelpProvider.
func (loyaltyAddCmd) Help() string {
	return `The number is asked for, or read from standard input: it is never an argument,
and never leaves the node. An intent names the programme alone.

Example:

    parley loyalty add "Avis Wizard" --issuer Avis --tier gold
    parley cast "a car" --category vehicles/cars --membership "Avis Wizard"`
}

// maxNumber bounds what is read as a number.
const maxNumber = 1024

// Run records the programme.
func (cmd loyaltyAddCmd) Run(e *env) error {
	p := view.Programme{Name: cmd.Name, Issuer: cmd.Issuer, Tier: cmd.Tier, Note: cmd.Note}
	var err error
	if p.Since, err = parseWhen("--since", cmd.Since, time.Local, 0); err != nil {
		return err
	}
	if p.Until, err = parseWhen("--until", cmd.Until, time.Local, 1); err != nil {
		return err
	}
	if !cmd.NoNumber {
		if p.Number, err = e.number(); err != nil {
			return err
		}
	}
	return e.with(func(c *client.Client) error {
		if err := c.PutProgramme(e.ctx, p); err != nil {
			return err
		}
		p.Number = "" // it is shown where it is asked for alone
		return e.show(p, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s.\n", clean(p.Name)) })
	})
}

// number reads a programme's number without showing it.
func (e *env) number() (string, error) {
	if e.hasTerminal() {
		b, err := e.ask("Number (not shown): ")
		return strings.TrimSpace(string(b)), err
	}
	b, err := e.readFile("-", maxNumber)
	number := strings.TrimSpace(string(b))
	if err == nil && number == "" {
		return "", wrong("there is no number on standard input: give it there, or --no-number")
	}
	return number, err
}

type loyaltyRemoveCmd struct {
	Name string `arg:"" help:"What it is called."`
}

// Help implements kong.HelpProvider.
func (loyaltyRemoveCmd) Help() string { return "Example:\n\n    parley loyalty remove \"Avis Wizard\"" }

// Run removes the programme.
func (cmd loyaltyRemoveCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		if err := c.RemoveProgramme(e.ctx, cmd.Name); err != nil {
			return err
		}
		return e.show(map[string]string{"removed": cmd.Name}, func(w io.Writer) { fmt.Fprintf(w, "Forgot %s.\n", clean(cmd.Name)) })
	})
}

type loyaltyStateCmd struct {
	Card      string   `arg:"" help:"The relationship."`
	Level     string   `required:"" enum:"tried,returning,regular,devoted" help:"One of ${enum}." placeholder:"LEVEL"`
	Text      string   `help:"In your own words." placeholder:"TEXT"`
	Since     string   `help:"A customer since then." placeholder:"2019-05-01"`
	Programme []string `sep:"none" help:"A programme of yours, by its name. Repeatable." placeholder:"NAME"`
}

// Help implements kong.HelpProvider.
func (loyaltyStateCmd) Help() string {
	return `It goes into your log of the card, in place of a score that the vendor keeps of
you. A newer one takes the place of an older one.

Example:

    parley loyalty state "Alpine Cars" --level regular --since 2019-05-01`
}

// Run states.
func (cmd loyaltyStateCmd) Run(e *env) error {
	since, err := parseWhen("--since", cmd.Since, time.Local, 0)
	if err != nil {
		return err
	}
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		r, err := c.StateLoyalty(e.ctx, id, view.LoyaltyWant{Level: cmd.Level, Text: cmd.Text, Since: since, Programmes: cmd.Programme})
		if err != nil {
			return err
		}
		return e.show(r, func(w io.Writer) { fmt.Fprintf(w, "Told %s: %s customer.\n", clean(otherSide(r.Card)), cmd.Level) })
	})
}
