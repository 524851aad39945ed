package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

type preferencesCmd struct {
	Show   prefShowCmd   `cmd:"" default:"1" help:"Show them."`
	Always prefAlwaysCmd `cmd:"" help:"Agree to these agreements by itself."`
	Never  prefNeverCmd  `cmd:"" help:"Refuse these agreements by itself."`
	Ask    prefAskCmd    `cmd:"" help:"Say neither of these agreements any more."`
	Else   prefElseCmd   `cmd:"" help:"What to do about agreements that none of that names."`
	Set    prefSetCmd    `cmd:"" help:"Replace them all by a file."`
}

// scope is whom a preference is for.
type scope struct {
	Vendor   string `help:"For this vendor alone." placeholder:"VENDOR" xor:"scope"`
	Category string `help:"For vendors of this category alone, and what is beneath it." placeholder:"PATH" xor:"scope"`
}

type prefShowCmd struct{}

// Help implements kong.HelpProvider.
func (prefShowCmd) Help() string {
	return "Example:\n\n    parley preferences\n    parley preferences --json > preferences.json"
}

// Run shows the preferences.
func (prefShowCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		p, err := c.Preferences(e.ctx)
		if err != nil {
			return err
		}
		return e.show(p, func(w io.Writer) { printPreferences(w, p) })
	})
}

func printPreferences(w io.Writer, p negotiation.Preferences) {
	rows := [][]string{choiceRow("everybody", p.Default)}
	for _, path := range slices.Sorted(maps.Keys(p.Categories)) {
		rows = append(rows, choiceRow(path, p.Categories[path]))
	}
	for _, did := range slices.Sorted(maps.Keys(p.Vendors)) {
		rows = append(rows, choiceRow(shortDID(did), p.Vendors[did]))
	}
	columns(w, "FOR* ALWAYS* NEVER* ELSE", rows)
	fmt.Fprintln(w, "A vendor's own line goes first, then its category's, then everybody's.")
}

func choiceRow(who string, c negotiation.Choice) []string {
	otherwise := string(c.Else)
	if otherwise == "" {
		otherwise = yes(who == "everybody", string(negotiation.ElseAsk), "the next line")
	}
	return []string{who, strings.Join(c.Always, " "), strings.Join(c.Never, " "), otherwise}
}

type prefAlwaysCmd struct {
	Terms []string `arg:"" help:"Agreements of the roster."`
	scope
}

// Help implements kong.HelpProvider.
func (prefAlwaysCmd) Help() string {
	return "Example:\n\n    parley preferences always SD-BASE SD-BASE-DP\n    parley preferences always SD-BASE-A --vendor \"Alpine Cars\""
}

// Run adds to what is always agreed to.
func (cmd prefAlwaysCmd) Run(e *env) error {
	return e.prefer(cmd.scope, cmd.Terms, func(c *negotiation.Choice) {
		c.Never = without(c.Never, cmd.Terms)
		c.Always = append(without(c.Always, cmd.Terms), cmd.Terms...)
	})
}

type prefNeverCmd struct {
	Terms []string `arg:"" help:"Agreements of the roster."`
	scope
}

// Help implements kong.HelpProvider.
func (prefNeverCmd) Help() string {
	return "Example:\n\n    parley preferences never SD-BASE-ATP SD-BASE-ATP-S3P --category vehicles"
}

// Run adds to what is never agreed to.
func (cmd prefNeverCmd) Run(e *env) error {
	return e.prefer(cmd.scope, cmd.Terms, func(c *negotiation.Choice) {
		c.Always = without(c.Always, cmd.Terms)
		c.Never = append(without(c.Never, cmd.Terms), cmd.Terms...)
	})
}

type prefAskCmd struct {
	Terms []string `arg:"" help:"Agreements of the roster."`
	scope
}

// Help implements kong.HelpProvider.
func (prefAskCmd) Help() string { return "Example:\n\n    parley preferences ask SD-BASE-A" }

// Run takes agreements from both lists.
func (cmd prefAskCmd) Run(e *env) error {
	return e.prefer(cmd.scope, cmd.Terms, func(c *negotiation.Choice) {
		c.Always, c.Never = without(c.Always, cmd.Terms), without(c.Never, cmd.Terms)
	})
}

type prefElseCmd struct {
	Do string `arg:"" enum:"ask,accept-stricter,refuse" help:"One of ${enum}. accept-stricter agrees where no rule is wider than under one you always agree to."`
	scope
}

// Help implements kong.HelpProvider.
func (prefElseCmd) Help() string { return "Example:\n\n    parley preferences else accept-stricter" }

// Run sets what becomes of the rest.
func (cmd prefElseCmd) Run(e *env) error {
	return e.prefer(cmd.scope, nil, func(c *negotiation.Choice) { c.Else = negotiation.Else(cmd.Do) })
}

func without(list, out []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(out, s) })
}

// prefer changes one choice and shows them all.
func (e *env) prefer(s scope, ids []string, edit func(*negotiation.Choice)) error {
	for _, id := range ids {
		if _, ok := terms.Lookup(id); !ok {
			return wrong("%q is not in the roster: parley terms list shows what is", id)
		}
	}
	return e.with(func(c *client.Client) error {
		p, err := c.Preferences(e.ctx)
		if err != nil {
			return err
		}
		var vendor identity.DID
		if s.Vendor != "" {
			v, err := e.findVendor(c, s.Vendor)
			if err != nil {
				return err
			}
			vendor = v.DID
		}
		choose(&p, vendor, s.Category, edit)
		return e.setPreferences(c, p)
	})
}

// choose edits the choice for a vendor, a category, or everybody. One that
// says nothing any more goes.
func choose(p *negotiation.Preferences, vendor identity.DID, category string, edit func(*negotiation.Choice)) {
	switch {
	case vendor != "":
		p.Vendors = edited(p.Vendors, vendor, edit)
	case category != "":
		p.Categories = edited(p.Categories, parseCategory(category).Value, edit)
	default:
		edit(&p.Default)
	}
}

func edited[K comparable](all map[K]negotiation.Choice, key K, edit func(*negotiation.Choice)) map[K]negotiation.Choice {
	choice := all[key]
	edit(&choice)
	out := maps.Clone(all)
	if out == nil {
		out = make(map[K]negotiation.Choice)
	}
	out[key] = choice
	if len(choice.Always) == 0 && len(choice.Never) == 0 && choice.Else == "" {
		delete(out, key)
	}
	return out
}

type prefSetCmd struct {
	File string `arg:"" help:"A JSON file such as \"preferences --json\" prints; - is standard input."`
}

// Help implements kong.HelpProvider.
func (prefSetCmd) Help() string {
	return "Example:\n\n    parley preferences --json > preferences.json\n    parley preferences set preferences.json"
}

// Run replaces the preferences.
func (cmd prefSetCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, maxRulesFile)
	if err != nil {
		return err
	}
	p, err := negotiation.ParsePreferences(b)
	if err != nil {
		return inFile(cmd.File, err)
	}
	return e.with(func(c *client.Client) error { return inFile(cmd.File, e.setPreferences(c, p)) })
}

func (e *env) setPreferences(c *client.Client, p negotiation.Preferences) error {
	if err := c.SetPreferences(e.ctx, p); err != nil {
		return err
	}
	return e.show(p, func(w io.Writer) { printPreferences(w, p) })
}
