package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type intentsCmd struct {
	Heard bool `help:"List the intents heard of others instead."`
}

// Help implements kong.HelpProvider.
func (intentsCmd) Help() string {
	return "The newest first.\n\nExample:\n\n    parley intents\n    parley intents --heard --json | jq '.[].body.category'"
}

// Run lists intents.
func (i intentsCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	intents, err := c.Intents(e.ctx, !i.Heard)
	if err != nil {
		return err
	}
	return e.show(none(intents), func(w io.Writer) {
		switch {
		case len(intents) > 0:
			printIntents(w, intents, i.Heard, time.Now())
		case i.Heard:
			fmt.Fprintln(w, "No intent has been heard yet.")
		default:
			fmt.Fprintln(w, "You have cast no intent. Cast one with: parley cast (see parley cast --help)")
		}
	})
}

func printIntents(w io.Writer, intents []view.Intent, heard bool, now time.Time) {
	header := "INTENT STATUS LEFT OFFERS WHAT"
	if heard {
		header = "INTENT STATUS LEFT ANSWER WHAT"
	}
	var rows [][]string
	for _, in := range intents {
		fourth := fmt.Sprint(in.Offers)
		if heard || in.Offers == 0 && in.Answer != "" { // of an own one, why it has none yet
			fourth = cut(in.Answer, 60)
		}
		remaining := ""
		if in.Body.Status == intentcast.StatusOpen {
			remaining = left(in.Body.Expires, now)
		}
		words := in.Body
		if in.Asked != nil {
			words = *in.Asked
		}
		rows = append(rows, []string{short(in.Root), string(in.Body.Status), remaining, fourth, cut(asked(words), 60)})
	}
	table(w, header, rows)
}

type extendCmd struct {
	Intent string        `arg:"" optional:"" help:"Its id, or the last characters of it; the only open one when left out."`
	For    time.Duration `help:"It stays open this long from now, at most 168h." xor:"end" placeholder:"48h"`
	Until  string        `help:"It stays open until then; a date counts to its end." xor:"end" placeholder:"2026-03-25"`
}

// Help implements kong.HelpProvider.
func (extendCmd) Help() string {
	return `What it asks stays as it is, and so do the offers there are; to ask something
else, see parley cast --amend.

Example:

    parley extend 5kq7wz2a --for 48h
    parley extend --until 2026-03-25`
}

// Run extends.
func (cmd extendCmd) Run(e *env) error {
	var w view.ExtendWant
	if cmd.For <= 0 && cmd.Until == "" {
		return wrong("say how long it stays open: --for 48h, or --until 2026-03-25")
	}
	if cmd.For > 0 {
		w.For = cmd.For.String()
	} else {
		until, err := parseWhen("--until", cmd.Until, time.Local, 1)
		if err != nil {
			return err
		}
		w.Until = until
	}
	return e.closeIntent(cmd.Intent, "", func(c *client.Client, ctx context.Context, id dagcbor.CID) (view.Intent, error) {
		return c.Extend(ctx, id, w)
	})
}

type withdrawCmd struct {
	Intent string `arg:"" optional:"" help:"Its id, or the last characters of it; the only open one when left out."`
}

// Help implements kong.HelpProvider.
func (withdrawCmd) Help() string { return "Example:\n\n    parley withdraw 5kq7wz2a" }

// Run withdraws.
func (cmd withdrawCmd) Run(e *env) error {
	return e.closeIntent(cmd.Intent, "Withdrawn.", (*client.Client).Withdraw)
}

type fulfilCmd struct {
	Intent string `arg:"" optional:"" help:"Its id, or the last characters of it; the only open one when left out."`
}

// Help implements kong.HelpProvider.
func (fulfilCmd) Help() string { return "Example:\n\n    parley fulfil 5kq7wz2a" }

// Run closes as fulfilled.
func (cmd fulfilCmd) Run(e *env) error {
	return e.closeIntent(cmd.Intent, "Closed as fulfilled.", (*client.Client).Fulfil)
}

type changeIntent func(*client.Client, context.Context, dagcbor.CID) (view.Intent, error)

// closeIntent ends an own intent.
func (e *env) closeIntent(which, done string, change changeIntent) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	in, err := e.findIntent(c, which)
	if err != nil {
		return err
	}
	in, err = change(c, e.ctx, in.Root)
	if errors.Is(err, view.ErrConflict) {
		return fmt.Errorf("%w (parley intents shows where each one stands)", err)
	}
	if err != nil {
		return err
	}
	return e.show(in, func(w io.Writer) {
		if done == "" {
			done = "Open until " + local(in.Body.Expires) + "."
		}
		fmt.Fprintln(w, done)
	})
}
