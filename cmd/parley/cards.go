package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

type cardsCmd struct{}

// Help implements kong.HelpProvider.
func (cardsCmd) Help() string {
	return "The one that changed last comes first. The first column is the r-button: ⊂ is\nyou, ⊃ the vendor.\n\nExample:\n\n    parley cards\n    parley cards --json | jq -r '.[] | select(.state==\"active\") | .id'"
}

// Run lists the cards.
func (cardsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		cards, err := c.Cards(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(cards), func(w io.Writer) {
			if len(cards) == 0 {
				fmt.Fprintln(w, "You have no relationship yet. One begins with: parley accept OFFER, or parley proffer VENDOR")
				return
			}
			printCards(w, cards)
		})
	})
}

func printCards(w io.Writer, cards []view.Card) {
	var rows [][]string
	for _, card := range cards {
		total := ""
		if card.Body.Total != nil {
			total = card.Body.Total.String()
		}
		state := card.State
		if card.Side == "" {
			state = "not yours"
		}
		rows = append(rows, []string{
			button.Symbol(button.State(card.Button)), short(card.ID), state, otherSide(card), total, card.Body.Terms.ID,
			day(card.Since), lines(card.Body.Lines),
		})
	}
	columns(w, "⊂⊃ CARD STATE WITH* TOTAL TERMS SINCE WHAT*", rows)
}

// otherParty is who the card is with.
func otherParty(card view.Card) relcard.Party {
	if card.Side == identity.RoleVendor {
		return card.Body.Person
	}
	return card.Body.Vendor
}

// otherSide names who the card is with.
func otherSide(card view.Card) string {
	p := otherParty(card)
	if p.Name != "" {
		return cut(p.Name, 30)
	}
	return shortDID(p.DID)
}

// lines says what was agreed on, in one line.
func lines(all []relcard.Line) string {
	var out []string
	for _, l := range all {
		out = append(out, l.Quantity+" × "+l.Name)
	}
	return strings.Join(out, ", ")
}
