package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

type cardsCmd struct{}

// Help implements kong.HelpProvider.
func (cardsCmd) Help() string {
	return "Example:\n\n    parley cards\n    parley cards --json | jq '.[] | select(.state==\"active\") | .body.vendor.name'"
}

// Run lists the cards.
func (cardsCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	cards, err := c.Cards(e.ctx)
	if err != nil {
		return err
	}
	return e.show(none(cards), func(w io.Writer) {
		if len(cards) == 0 {
			fmt.Fprintln(w, "You have no relationship yet. One begins with: parley accept OFFER")
			return
		}
		var rows [][]string
		for _, card := range cards {
			total := ""
			if card.Body.Total != nil {
				total = card.Body.Total.String()
			}
			rows = append(rows, []string{short(card.ID), card.State, otherSide(card), total, card.Body.Terms.ID, local(card.Since), cut(lines(card.Body.Lines), 50)})
		}
		table(w, "CARD STATE WITH TOTAL TERMS SINCE WHAT", rows)
	})
}

// otherSide names who the card is with.
func otherSide(card view.Card) string {
	p := card.Body.Vendor
	if card.Side == identity.RoleVendor {
		p = card.Body.Person
	}
	if p.Name != "" {
		return cut(p.Name, 30)
	}
	return cut(string(p.DID), 30)
}

// lines says what was agreed on, in one line.
func lines(all []relcard.Line) string {
	var out []string
	for _, l := range all {
		out = append(out, l.Quantity+" × "+l.Name)
	}
	return strings.Join(out, ", ")
}
