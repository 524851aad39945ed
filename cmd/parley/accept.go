package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/node/view"
)

type acceptCmd struct {
	Offer string        `arg:"" help:"The offer's id, or the last characters of it."`
	Wait  time.Duration `help:"Wait this long for the vendor to sign too; it is an error if it does not." placeholder:"30s"`
}

// Help implements kong.HelpProvider.
func (acceptCmd) Help() string {
	return `Your node makes an identifier for this relationship alone, signs the card and
sends it to the vendor. The card is in force when the vendor has signed too.

Example:

    parley accept 7hq2mzna --wait 30s`
}

// Run accepts.
func (a acceptCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := e.findOffer(c, a.Offer)
	if err != nil {
		return err
	}
	card, err := c.Accept(e.ctx, id)
	if errors.Is(err, view.ErrConflict) {
		return fmt.Errorf("%w (parley offers shows which offers are open)", err)
	}
	if err != nil {
		return err
	}
	if a.Wait > 0 {
		card, err = poll(e, "the vendor's signature", a.Wait, func() (view.Card, bool, error) {
			card, err := c.Card(e.ctx, card.ID)
			return card, card.State != "proposed", err
		})
		if err != nil {
			return err
		}
	}
	if err := e.show(card, func(w io.Writer) { printAccepted(w, card) }); err != nil {
		return err
	}
	if a.Wait > 0 && card.State != "active" {
		if card.State == "proposed" {
			fmt.Fprintf(e.err, "parley: the vendor has not signed within %s; it still may: parley card show %s\n", a.Wait, short(card.ID))
		}
		return errTold
	}
	return nil
}

func printAccepted(w io.Writer, card view.Card) {
	switch card.State {
	case "proposed":
		fmt.Fprintf(w, "Accepted. Card %s waits for %s to sign: parley card show %s\n", short(card.ID), clean(card.Body.Vendor.Name), short(card.ID))
	case "active":
		fmt.Fprintf(w, "Accepted. Card %s is signed by both: parley card show %s\n", short(card.ID), short(card.ID))
	default:
		fmt.Fprintf(w, "Card %s is %s. %s\n", short(card.ID), card.State, clean(card.Alarm))
	}
}
