package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
)

type vendorGroupCmd struct {
	Catalog     catalogCmd      `cmd:"" help:"What you sell."`
	Rules       rulesCmd        `cmd:"" help:"When and how intents are answered."`
	Suggestions suggestionsCmd  `cmd:"" help:"Intents a looser reading would match, for people to look at."`
	Send        vendorSendCmd   `cmd:"" help:"Send an event by a card's channel: a receipt, a recall, …"`
	Rotate      vendorRotateCmd `cmd:"" help:"Replace your keys; your identifier and your cards stay."`
	Comply      complyCmd       `cmd:"" help:"Answer a demand that the rules leave to people."`
}

type rulesCmd struct {
	Show rulesShowCmd `cmd:"" default:"1" help:"Show the rules."`
	Set  rulesSetCmd  `cmd:"" help:"Replace the rules."`
}

type rulesShowCmd struct{}

// Help implements kong.HelpProvider.
func (rulesShowCmd) Help() string { return "Example:\n\n    parley vendor rules show > rules.json" }

// Run prints the rules; they are JSON either way, so that they can be edited
// and set again.
func (rulesShowCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	rules, err := c.Rules(e.ctx)
	if err != nil {
		return err
	}
	e.asJSON = true
	return e.show(rules, nil)
}

type rulesSetCmd struct {
	File string `arg:"" help:"A JSON file such as \"vendor rules show\" prints; - is standard input."`
}

// Help implements kong.HelpProvider.
func (rulesSetCmd) Help() string {
	return `The next intent is answered by the new rules; offers already made stand.

Example:

    parley vendor rules show > rules.json
    parley vendor rules set rules.json`
}

// maxRulesFile bounds a rules file.
const maxRulesFile = 1<<20 - 1

// Run replaces the rules.
func (cmd rulesSetCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, maxRulesFile)
	if err != nil {
		return err
	}
	var rules market.Rules
	if err := view.DecodeJSON(b, &rules); err != nil {
		return inFile(cmd.File, err)
	}
	if err := rules.Check(); err != nil {
		return inFile(cmd.File, err)
	}
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	if rules, err = c.SetRules(e.ctx, rules); err != nil {
		return inFile(cmd.File, err)
	}
	return e.show(rules, func(w io.Writer) { fmt.Fprintln(w, "The rules are set.") })
}

type suggestionsCmd struct{}

// Help implements kong.HelpProvider.
func (suggestionsCmd) Help() string {
	return "None of these was answered: they are for a person to look at.\n\nExample:\n\n    parley vendor suggestions"
}

// Run lists the suggestions.
func (suggestionsCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	all, err := c.Suggestions(e.ctx)
	if err != nil {
		return err
	}
	return e.show(none(all), func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, "There is no suggestion.")
			return
		}
		var rows [][]string
		for _, s := range all {
			rows = append(rows, []string{short(s.Intent), cut(s.Text, 50), cut(s.Item, 30), s.Why})
		}
		table(w, "INTENT WANTED ITEM WHY", rows)
	})
}
