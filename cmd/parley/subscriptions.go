package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
)

type subscriptionsCmd struct {
	Past bool `help:"Show also those that have ended."`
}

// Help implements kong.HelpProvider.
func (subscriptionsCmd) Help() string {
	return `What runs for a time or in periods, and who sends you mail: offers, messages,
renewals. A single purchase is none (parley cards lists all). The soonest to
renew is the first; what renews never comes last.

Example:

    parley subscriptions
    parley subscriptions --past`
}

// Run lists the subscriptions.
func (cmd subscriptionsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Subscriptions(e.ctx)
		if err != nil {
			return err
		}
		if !cmd.Past {
			kept := []view.Subscription{}
			for _, s := range all.Items {
				if s.Ended.IsZero() {
					kept = append(kept, s)
				}
			}
			all.Items = kept
		}
		return e.show(all, func(w io.Writer) { printSubscriptions(w, all) })
	})
}

func printSubscriptions(w io.Writer, all view.Subscriptions) {
	if len(all.Items) == 0 {
		fmt.Fprintln(w, "You are subscribed to nothing.")
		return
	}
	var rows [][]string
	for _, s := range all.Items {
		price := ""
		if s.Price != nil {
			price = s.Price.String()
		}
		next := ""
		switch {
		case !s.Ended.IsZero():
			next = "ended " + day(s.Ended)
		case !s.Renews.IsZero():
			next = "renews " + day(s.Renews)
		case !s.Ends.IsZero():
			next = "ends " + lastDay(s.Ends)
		case s.Sends:
			next = "sends mail"
		}
		rows = append(rows, []string{short(s.Card), s.With, s.Terms, price, s.Every, next, s.What})
	}
	columns(w, "CARD WITH* TERMS* PRICE EVERY NEXT WHAT*", rows)
	if len(all.Monthly) > 0 {
		fmt.Fprintf(w, "Together %s a month, %s a year.\n", amounts(all.Monthly), amounts(all.Yearly))
	}
}

func amounts(all []money.Money) string {
	var out []string
	for _, m := range all {
		out = append(out, m.String())
	}
	return strings.Join(out, " and ")
}

type agendaCmd struct{}

// Help implements kong.HelpProvider.
func (agendaCmd) Help() string { return "The soonest first.\n\nExample:\n\n    parley agenda" }

// Run lists the dates.
func (agendaCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Agenda(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "Nothing is due.")
				return
			}
			printAgenda(w, all, time.Now())
		})
	})
}

func printAgenda(w io.Writer, all []view.Deadline, now time.Time) {
	var rows [][]string
	for _, d := range all {
		remaining := "passed"
		if !d.Passed {
			remaining = left(d.When, now)
		}
		card := ""
		if !d.Card.IsZero() {
			card = short(d.Card)
		}
		rows = append(rows, []string{local(d.When), remaining, d.Kind, card, d.Title})
	}
	columns(w, "WHEN LEFT KIND CARD WHAT+", rows)
}

type calendarCmd struct {
	Output string `short:"o" default:"-" help:"Where to write it, over what is there; - is standard output." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (calendarCmd) Help() string {
	return `iCalendar (RFC 5545). Imported again, it changes what the calendar has.

Example:

    parley calendar -o relationships.ics`
}

// Run writes the calendar.
func (cmd calendarCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		b, err := c.Calendar(e.ctx)
		if err != nil {
			return err
		}
		return e.deliverAgain(cmd.Output, b, "Wrote "+cmd.Output+".")
	})
}
