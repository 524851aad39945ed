package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/standing"
	"github.com/parley-network/parley/node/view"
)

type wantCmd struct {
	List   wantListCmd   `cmd:"" default:"withargs" help:"List your standing wants."`
	Add    wantAddCmd    `cmd:"" help:"Have a want cast again and again."`
	Show   wantShowCmd   `cmd:"" help:"Show one, and what you were last told of it."`
	Pause  wantPauseCmd  `cmd:"" help:"Have one rest."`
	Resume wantResumeCmd `cmd:"" help:"Have one go on."`
	Remove wantRemoveCmd `cmd:"" help:"End one, and withdraw its open intent."`
}

type wantListCmd struct{}

// Help implements kong.HelpProvider.
func (wantListCmd) Help() string { return "The newest first.\n\nExample:\n\n    parley want list" }

// Run lists the standing wants.
func (wantListCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Wants(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "You have no standing want. Set one up with: parley want add (see parley want add --help)")
				return
			}
			var rows [][]string
			for _, s := range all {
				rows = append(rows, []string{s.ID, s.State, yes(s.State == "active", local(s.Next), ""), fmt.Sprint(s.Casts), s.Every, wantedText(s.Want)})
			}
			columns(w, "WANT STATE NEXT CASTS EVERY* WHAT*", rows)
		})
	})
}

// wantedText says in a few words what is cast.
func wantedText(w view.Want) string {
	if w.Text != "" {
		return w.Text
	}
	var names []string
	for _, it := range w.Items {
		names = append(names, it.Name)
	}
	return strings.Join(names, ", ")
}

type wantAddCmd struct {
	wantFlags `embed:""`

	Every   string  `required:"" help:"When, as an RRULE (RFC 5545), at most hourly." placeholder:"'RRULE:FREQ=WEEKLY;BYDAY=MO'"`
	Zone    string  `help:"The time zone whose clock the rule goes by; UTC when left out." placeholder:"America/Detroit"`
	Percent *uint64 `help:"Tell of a new best offer only if it is cheaper by so much; 5 when left out." placeholder:"N"`
}

// Help implements kong.HelpProvider.
func (wantAddCmd) Help() string {
	return `What is wanted is said as for parley cast. Each time it goes out as an intent
under a fresh key, at a random while after the rule's time (up to four hours, and
at most a quarter of the way to the next): nothing but what you ask for shows that
two are yours, so keep your own words plain. An intent stays open until the next
at most. --within counts from each casting.

You are told when the want can be met for the first time, when the best offer has
become cheaper, and when a vendor is new. Everything else is in parley events.

Example:

    parley want add "a dozen red roses" --category home-garden/plants/flowers
      --item roses:12 --place "Grand Rapids" --within 48h
      --every 'RRULE:FREQ=WEEKLY;BYDAY=MO' --zone America/Detroit`
}

// Run sets up a standing want.
func (cmd wantAddCmd) Run(e *env) error {
	w, err := cmd.standing(e)
	if err != nil {
		return err
	}
	return e.with(func(c *client.Client) error {
		s, err := c.AddWant(e.ctx, w)
		if cmd.File != "" && errors.Is(err, view.ErrInvalid) {
			return inFile(cmd.File, err)
		}
		if err != nil {
			return err
		}
		return e.show(s, func(w io.Writer) {
			fmt.Fprintf(w, "It is cast first at about %s. See how it stands: parley want show %s\n", local(s.Next), s.ID)
		})
	})
}

func (cmd wantAddCmd) standing(e *env) (view.StandingWant, error) {
	w := view.StandingWant{Every: cmd.Every, Zone: cmd.Zone, Percent: cmd.Percent}
	zone, err := time.LoadLocation(cmd.Zone)
	if err != nil {
		return w, wrong("--zone %s: want the name of a time zone, such as Europe/Athens", cmd.Zone)
	}
	if _, err := standing.Parse(cmd.Every, time.Now().In(zone)); err != nil {
		return w, wrong("--every %s: %v; each Monday is RRULE:FREQ=WEEKLY;BYDAY=MO, each first of a month RRULE:FREQ=MONTHLY;BYMONTHDAY=1", cmd.Every, err)
	}
	switch {
	case cmd.From+cmd.Until != "":
		return w, wrong("a want that comes again has no dates of its own: say --within, counted from each casting")
	}
	once := cmd.wantFlags
	if once.Within > 0 {
		w.Within, once.Within = once.Within.String(), 0
	}
	w.Want, err = once.want(e, time.Now())
	return w, err
}

type wantShowCmd struct {
	Want string `arg:"" optional:"" help:"Its id, or the beginning of it; the only one when left out."`
}

// Help implements kong.HelpProvider.
func (wantShowCmd) Help() string { return "Example:\n\n    parley want show 5f0c" }

// Run shows a standing want.
func (cmd wantShowCmd) Run(e *env) error {
	return e.onWant(cmd.Want, func(c *client.Client, s view.Standing) error {
		return e.show(s, func(w io.Writer) { printWant(w, s) })
	})
}

func printWant(w io.Writer, s view.Standing) {
	best, intent := "", ""
	if s.Seen.Best != nil {
		best = s.Seen.Best.String()
	}
	if !s.Intent.IsZero() {
		intent = short(s.Intent)
	}
	sheet(w, "want", s.ID, "what", wantedText(s.Want), "every", s.Every, "zone", s.Zone, "state", s.State, "next", yes(s.State == "active", local(s.Next), ""),
		"cast so far", fmt.Sprint(s.Casts), "newest intent", intent, "told at", local(s.Told), "told that", s.Why, "best known", best)
}

type wantPauseCmd struct {
	Want string `arg:"" optional:"" help:"Its id, or the beginning of it; the only one when left out."`
}

// Help implements kong.HelpProvider.
func (wantPauseCmd) Help() string {
	return "The intent of it that is open stays so.\n\nExample:\n\n    parley want pause 5f0c"
}

// Run pauses.
func (cmd wantPauseCmd) Run(e *env) error { return e.pauseWant(cmd.Want, true) }

type wantResumeCmd struct {
	Want string `arg:"" optional:"" help:"Its id, or the beginning of it; the only one when left out."`
}

// Help implements kong.HelpProvider.
func (wantResumeCmd) Help() string {
	return "What it missed is not made good.\n\nExample:\n\n    parley want resume 5f0c"
}

// Run has it go on.
func (cmd wantResumeCmd) Run(e *env) error { return e.pauseWant(cmd.Want, false) }

func (e *env) pauseWant(which string, pause bool) error {
	return e.onWant(which, func(c *client.Client, s view.Standing) error {
		s, err := c.PauseWant(e.ctx, s.ID, pause)
		if err != nil {
			return err
		}
		return e.show(s, func(w io.Writer) {
			fmt.Fprintln(w, yes(pause, "It rests.", "It is cast next at about "+local(s.Next)+"."))
		})
	})
}

type wantRemoveCmd struct {
	Want string `arg:"" help:"Its id, or the beginning of it."`
}

// Help implements kong.HelpProvider.
func (wantRemoveCmd) Help() string { return "Example:\n\n    parley want remove 5f0c" }

// Run ends a standing want.
func (cmd wantRemoveCmd) Run(e *env) error {
	return e.onWant(cmd.Want, func(c *client.Client, s view.Standing) error {
		if err := c.RemoveWant(e.ctx, s.ID); err != nil {
			return err
		}
		s.State, s.Next = "removed", identity.Time{}
		return e.show(s, func(w io.Writer) { fmt.Fprintln(w, "Removed.") })
	})
}

// onWant finds a standing want by the beginning of its id.
func (e *env) onWant(which string, do func(*client.Client, view.Standing) error) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Wants(e.ctx)
		if err != nil {
			return err
		}
		if which == "" && len(all) == 1 {
			return do(c, all[0])
		}
		if which == "" && len(all) > 1 {
			return wrong("you have %d standing wants: say which one (parley want list lists them)", len(all))
		}
		ids := make([]string, len(all))
		for i, s := range all {
			ids[i] = s.ID
		}
		id, err := pickText(which, "want", "parley want list", ids)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.ID == id {
				return do(c, s)
			}
		}
		return fmt.Errorf("no standing want %s", id)
	})
}
