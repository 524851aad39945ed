package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type changesCmd struct {
	Change string `arg:"" optional:"" help:"Show this one: its id, or the beginning of it."`
}

// Help implements kong.HelpProvider.
func (changesCmd) Help() string {
	return "The newest first; of one, those who are told, by name.\n\nExample:\n\n    parley changes\n    parley changes 4fd09c21"
}

// Run lists the changes, or shows one.
func (cmd changesCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		if cmd.Change != "" {
			id, err := e.findChange(c, cmd.Change)
			if err != nil {
				return err
			}
			change, err := c.Change(e.ctx, id)
			if err != nil {
				return err
			}
			return e.show(change, func(w io.Writer) { printChange(w, change) })
		}
		all, err := c.Changes(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "Nothing has changed yet.")
				return
			}
			printChanges(w, all)
		})
	})
}

// findChange finds a change by the beginning of its id.
func (e *env) findChange(c *client.Client, s string) (string, error) {
	all, err := c.Changes(e.ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, change := range all {
		ids = append(ids, change.ID)
	}
	return pickText(s, "change", "parley changes", ids)
}

// shortChange is how a change's id is shown to people.
func shortChange(id string) string { return id[:min(len(id), shortLen)] }

func printChanges(w io.Writer, all []view.Change) {
	var rows [][]string
	for _, c := range all {
		rows = append(rows, []string{shortChange(c.ID), c.Path, c.New, when(c), answers(c)})
	}
	columns(w, "CHANGE PIECE TO* MADE ANSWERS*", rows)
}

// when says since when a change holds, or that it was taken back.
func when(c view.Change) string {
	switch {
	case c.Undone != "":
		return "undone"
	case !c.From.IsZero():
		return "from " + day(c.From)
	}
	return day(c.Made)
}

func printChange(w io.Writer, c view.Change) {
	sheet(w, "change", c.ID, "piece", c.Path, "was", c.Old, "now", yes(c.From.IsZero(), c.New, ""),
		"from "+local(c.From), yes(c.From.IsZero(), "", c.New), "takes back", c.Undoes, "taken back by", c.Undone)
	fmt.Fprintln(w, tally(c))
	if len(c.Cards) == 0 {
		return
	}
	var rows [][]string
	for _, t := range c.Cards {
		rows = append(rows, []string{short(t.Card), t.With, t.State, local(t.At), t.Reason})
	}
	columns(w, "CARD WITH* STATE WHEN WHY+", rows)
}

// answers counts who has answered how, without those of whom there are none.
func answers(c view.Change) string {
	var parts []string
	for _, n := range []struct {
		count int
		word  string
	}{{c.Confirmed, "confirmed"}, {c.Waiting + c.Telling, "waiting"}, {c.Refused, "refused"}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	return strings.Join(parts, ", ")
}

// tally says it in full.
func tally(c view.Change) string {
	if c.Confirmed+c.Waiting+c.Refused+c.Telling == 0 {
		return "Nobody is told."
	}
	return fmt.Sprintf("%d confirmed, %d waiting, %d refused.", c.Confirmed, c.Waiting+c.Telling, c.Refused)
}

// tellAll waits until everybody has answered a change or the time is up,
// under a bar where there are many, and shows how it stands.
func (e *env) tellAll(c *client.Client, change view.Change, wait time.Duration) error {
	id := change.ID
	if !change.From.IsZero() {
		wait = 0 // vendors take it before its day too, but nobody sits and waits for that
	}
	bar := e.progress("telling")
	what := "the vendors to confirm"
	if bar.out != nil && change.Waiting+change.Telling > 1 { // the bar says it
		what = ""
	}
	change, err := followChange(e, what, wait, func() (view.Change, error) { return c.Change(e.ctx, id) }, bar.stage)
	bar.done()
	if err != nil {
		return err
	}
	return e.show(change, func(w io.Writer) {
		printChange(w, change)
		if n := change.Waiting + change.Telling; n > 0 {
			fmt.Fprintf(w, "Those who wait are told when they can be reached: parley changes %s\n", shortChange(change.ID))
		}
	})
}

// followChange looks until nobody is left to answer.
func followChange(e *env, what string, wait time.Duration, look func() (view.Change, error), stage func(string, int, int)) (view.Change, error) {
	return poll(e, what, wait, func() (view.Change, bool, error) {
		c, err := look()
		answered, left := c.Confirmed+c.Refused, c.Waiting+c.Telling
		if answered+left > 1 {
			stage("telling", answered, answered+left)
		}
		return c, left == 0, err
	})
}

type undoCmd struct {
	Change string        `arg:"" help:"The change's id, or the beginning of it."`
	Wait   time.Duration `default:"10s" help:"Wait this long for the vendors to confirm."`
}

// Help implements kong.HelpProvider.
func (undoCmd) Help() string {
	return `A change dated ahead never takes effect. One that has is changed back, and
those who were told are told so.

Example:

    parley undo 4fd09c21`
}

// Run undoes.
func (cmd undoCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		id, err := e.findChange(c, cmd.Change)
		if err != nil {
			return err
		}
		change, err := c.UndoChange(e.ctx, id)
		if err != nil {
			return err
		}
		return e.tellAll(c, change, cmd.Wait)
	})
}
