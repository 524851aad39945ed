package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/terms"
)

type vendorsCmd struct {
	Vendor string        `arg:"" optional:"" help:"Show this one: its name, its identifier, or the beginning of that."`
	Wait   time.Duration `help:"Wait this long until one is heard of." placeholder:"30s"`
}

// Help implements kong.HelpProvider.
func (vendorsCmd) Help() string {
	return `By name. Vendors tell everybody, signed, which agreements they accept. The first column
is the r-button: ⊂ is you, ⊃ the vendor, solid where that side has its word
out, joined where a card is in force.

Example:

    parley vendors
    parley vendors "Alpine Cars"
    parley vendors --json | jq -r '.[] | select(.button=="theirs") | .did'`
}

// Run lists vendors, or shows one.
func (cmd vendorsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := poll(e, "a vendor to be heard of", cmd.Wait, func() ([]view.Vendor, bool, error) {
			all, err := c.Vendors(e.ctx)
			return all, len(all) > 0, err
		})
		if err != nil {
			return err
		}
		if cmd.Vendor == "" {
			return e.show(none(all), func(w io.Writer) { printVendors(w, all) })
		}
		v, err := e.findVendor(c, cmd.Vendor)
		if err != nil {
			return err
		}
		return e.show(v, func(w io.Writer) { printVendor(w, v, time.Now()) })
	})
}

func printVendors(w io.Writer, all []view.Vendor) {
	if len(all) == 0 {
		fmt.Fprintln(w, "No vendor has been heard of yet. Connect to more nodes with: parley peer add")
		return
	}
	var rows [][]string
	for _, v := range all {
		rows = append(rows, []string{
			button.Symbol(button.State(v.Button)), v.Name, shortDID(v.DID), v.Requests, either(termIDs(v.Accepts), "or"),
		})
	}
	columns(w, "⊂⊃ VENDOR* IDENTIFIER ASK ACCEPTS+", rows)
}

// whoMayAsk says in words whom a vendor takes proffers from.
var whoMayAsk = map[string]string{
	"anyone": "anyone may proffer", "known": "those it has dealt with may proffer", "card": "only those with a card may proffer",
}

func printVendor(w io.Writer, v view.Vendor, now time.Time) {
	state := button.State(v.Button)
	var categories, cards []string
	for _, c := range v.Categories {
		categories = append(categories, c.Value)
	}
	for _, id := range v.Cards {
		cards = append(cards, short(id))
	}
	accepts := either(termIDs(v.Accepts), "or")
	if accepts == "" {
		accepts = "no agreement for now"
	}
	sheet(w, "vendor", v.Name, "identifier", string(v.DID), "r-button", button.Symbol(state)+" "+button.Words(state),
		"accepts", accepts, "requests", whoMayAsk[v.Requests], "sells", either(categories, "and"),
		"where", either(v.Regions, "and"), "site", v.Site, "your cards", either(cards, "and"),
		"told", fmt.Sprintf("%s (update %d), stands for %s", local(v.Updated), v.Seq, left(v.Expires, now)))
}

// termIDs are the ids of agreements, for people: their texts are in the roster.
func termIDs(refs []terms.Ref) []string {
	var ids []string
	for _, r := range refs {
		ids = append(ids, r.ID)
	}
	return ids
}
