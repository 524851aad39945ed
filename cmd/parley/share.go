package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
)

type shareCmd struct {
	Card    string        `arg:"" help:"The relationship."`
	Paths   []string      `arg:"" name:"piece" help:"Pieces of your profile."`
	For     []string      `required:"" help:"What they may be used for." placeholder:"PURPOSE"`
	Until   string        `help:"They may be kept until then; a date counts to its end." placeholder:"2026-12-31"`
	Canary  string        `enum:",subaddress,catchall,unit,initials" default:"" help:"Give a variant that nobody else is given, so that a leak shows where it came from: subaddress or catchall of an e-mail, unit of an address, initials of a name." placeholder:"KIND"`
	Replace bool          `help:"Take the place of all that was shared of these pieces, whatever for."`
	Wait    time.Duration `default:"10s" help:"Wait this long for the vendor's receipt."`
}

// Help implements kong.HelpProvider.
func (shareCmd) Help() string {
	purposes := disclosure.Purposes()
	words := strings.Join(slices.Sorted(maps.Keys(purposes)), ", ")
	return `The vendor answers with a signed receipt. A piece may be shared for several
purposes, each for a time of its own: what was shared before for none but the
purposes given now is replaced, the rest stands beside it. The purposes:

    ` + strings.Join(wrap(words, 74), "\n    ") + `

Example:

    parley share "Alpine Cars" name addresses/home --for delivery
    parley share 3mxa5qhe emails/home --for billing,support --canary subaddress
      --until 2026-12-31`
}

// Run shares.
func (cmd shareCmd) Run(e *env) error {
	until, err := parseWhen("--until", cmd.Until, time.Local, 1)
	if err != nil {
		return err
	}
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		before, err := c.Shared(e.ctx, id, "")
		if err != nil {
			return err
		}
		w := view.ShareWant{Paths: cmd.Paths, Purpose: cmd.For, Until: until, Canary: cmd.Canary, Replace: cmd.Replace}
		all, err := c.Share(e.ctx, id, w)
		if err != nil {
			return err
		}
		if all, err = e.untilAnswered(c, id, cmd.Wait, all); err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) { printGiven(w, before, all) })
	})
}

// printGiven shows what the vendor has now, and what has lost its place by
// that.
func printGiven(w io.Writer, before, after []view.Shared) {
	printShared(w, slices.DeleteFunc(slices.Clone(after), over), false)
	for _, was := range before {
		i := slices.IndexFunc(after, func(s view.Shared) bool { return s.Item == was.Item })
		if over(was) || i < 0 || !over(after[i]) {
			continue
		}
		what := fmt.Sprintf("Item %d (%s, for %s) ", was.Item, was.Path, strings.Join(was.Purpose, " "))
		if by := after[i].ReplacedBy; after[i].State == string(disclosure.StateReplaced) {
			fmt.Fprintf(w, "%sis replaced by item %d.\n", what, by)
		} else {
			fmt.Fprintf(w, "%sis %s.\n", what, after[i].State)
		}
	}
}

// untilAnswered waits until no piece under a card waits for a receipt.
func (e *env) untilAnswered(c *client.Client, id dagcbor.CID, wait time.Duration, all []view.Shared) ([]view.Shared, error) {
	if wait <= 0 {
		return all, nil
	}
	return poll(e, "the vendor's receipt", wait, func() ([]view.Shared, bool, error) {
		all, err := c.Shared(e.ctx, id, "")
		waits := slices.ContainsFunc(all, func(s view.Shared) bool { return s.State == string(disclosure.StateWaiting) })
		return all, !waits, err
	})
}

type sharedCmd struct {
	Card string `arg:"" optional:"" help:"With this relationship alone."`
	Path string `help:"This piece alone." placeholder:"PIECE"`
	Past bool   `help:"Show also what is over: replaced, retracted, refused, expired, deleted."`
}

// Help implements kong.HelpProvider.
func (sharedCmd) Help() string {
	return `Exactly what each vendor was given, for what and how long, and what it
answered; the newest first, under the relationship in which something was given
last. The number is what retract, demand and card dispute take.

Example:

    parley shared
    parley shared "Alpine Cars" --past
    parley shared --path addresses/home --json | jq -r '.[].with'`
}

// Run shows who knows what.
func (cmd sharedCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		var card dagcbor.CID
		if cmd.Card != "" {
			var err error
			if card, err = e.findCard(c, cmd.Card); err != nil {
				return err
			}
		}
		all, err := c.Shared(e.ctx, card, cmd.Path)
		if err != nil {
			return err
		}
		if !cmd.Past {
			all = slices.DeleteFunc(all, over)
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "Nothing is shared.")
				return
			}
			printShared(w, all, card.IsZero())
		})
	})
}

// over reports whether the vendor may hold a piece no more.
func over(s view.Shared) bool {
	switch disclosure.State(s.State) {
	case disclosure.StateWaiting, disclosure.StateRecorded, disclosure.StateFuture:
		return false
	}
	return true
}

// printShared lists pieces under a heading for each card where there may be
// several.
func printShared(w io.Writer, all []view.Shared, several bool) {
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(s view.Shared) bool { return s.Card != all[0].Card })
		if n < 0 {
			n = len(all)
		}
		if several {
			fmt.Fprintf(w, "%s (card %s):\n", clean(all[0].With), short(all[0].Card))
		}
		var rows [][]string
		for _, s := range all[:n] {
			rows = append(rows, []string{
				strconv.FormatUint(s.Item, 10), s.Path, s.Text, strings.Join(s.Purpose, " "), sharedState(s), lastDay(s.Until),
				yes(s.Canary, "canary", ""), s.Reason,
			})
		}
		columns(w, "ITEM PIECE VALUE* FOR* STATE UNTIL _ WHY+", rows)
		if all = all[n:]; len(all) > 0 {
			fmt.Fprintln(w)
		}
	}
}

// sharedState is where an item stands, and what took its place.
func sharedState(s view.Shared) string {
	if s.State == string(disclosure.StateReplaced) {
		return fmt.Sprintf("%s by %d", s.State, s.ReplacedBy)
	}
	return s.State
}

type retractCmd struct {
	Card   string        `arg:"" help:"The relationship."`
	Items  []uint64      `arg:"" name:"item" help:"Numbers of the pieces, as parley shared shows them."`
	Reason string        `help:"Why; the vendor reads it." placeholder:"TEXT"`
	Wait   time.Duration `default:"10s" help:"Wait this long for the vendor's receipt."`
}

// Help implements kong.HelpProvider.
func (retractCmd) Help() string {
	return `The vendor may not use them any more. What another item has replaced is not taken
back: take back that one. To have them deleted as well, and an answer to that:
parley demand.

Example:

    parley retract "Alpine Cars" 2 3 --reason "order cancelled"`
}

// Run retracts.
func (cmd retractCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		all, err := c.Retract(e.ctx, id, cmd.Items, cmd.Reason)
		if err != nil {
			return err
		}
		if all, err = e.untilAnswered(c, id, cmd.Wait, all); err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) { printShared(w, all, false) })
	})
}
