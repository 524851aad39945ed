package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type releaseCmd struct {
	Offer string   `arg:"" help:"The offer whose vendor is to see them: its id, or the last characters of it."`
	Names []string `arg:"" name:"name" help:"Names of details that the intent keeps back (parley cast --private)."`
}

// Help implements kong.HelpProvider.
func (releaseCmd) Help() string {
	return `Only this vendor sees them, and it can check that they are what the intent
committed to.

Example:

    parley release 7hq2mzna hotel`
}

// Run releases.
func (cmd releaseCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		offer, err := e.findOffer(c, cmd.Offer)
		if err != nil {
			return err
		}
		all, err := c.Release(e.ctx, view.ReleaseWant{Offer: offer, Names: cmd.Names})
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) { printReleased(w, all) })
	})
}

type releasedCmd struct {
	Intent string `arg:"" help:"The intent: its id, or the last characters of it. At a vendor's node, one that was heard."`
}

// Help implements kong.HelpProvider.
func (releasedCmd) Help() string {
	return "The newest first.\n\nExample:\n\n    parley released 5kq7wz2a"
}

// Run lists what was opened.
func (cmd releasedCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		id, err := e.findAnyIntent(c, cmd.Intent)
		if err != nil {
			return err
		}
		all, err := c.Released(e.ctx, id)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "No detail of it was opened.")
				return
			}
			printReleased(w, all)
		})
	})
}

// findAnyIntent finds an intent, cast or heard, by part of its id.
func (e *env) findAnyIntent(c *client.Client, s string) (dagcbor.CID, error) {
	var ids []dagcbor.CID
	for _, mine := range []bool{true, false} {
		all, err := c.Intents(e.ctx, mine)
		if err != nil {
			return dagcbor.CID{}, err
		}
		for _, in := range all {
			ids = append(ids, in.Root)
		}
	}
	return pick(s, "intent", "parley intents", ids)
}

func printReleased(w io.Writer, all []view.Released) {
	var rows [][]string
	for _, r := range all {
		rows = append(rows, []string{r.Name, r.Detail, local(r.At), r.To})
	}
	columns(w, "DETAIL* VALUE* OPENED TO*", rows)
}
