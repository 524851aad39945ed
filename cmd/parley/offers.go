package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/node/view"
)

type offersCmd struct {
	Intent string        `arg:"" optional:"" help:"The intent's id, or the last characters of it; the only open one when left out."`
	Wait   time.Duration `help:"Wait this long for a first offer; with none the command fails." placeholder:"30s"`
}

// Help implements kong.HelpProvider.
func (offersCmd) Help() string {
	return `Offers are ranked by your node alone, best first, with its reasons. A vendor's
own words never count.

Example:

    parley offers 5kq7wz2a --wait 30s
    parley offers --json | jq -r '.[0].id'`
}

// Run lists the offers.
func (o offersCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	in, err := e.findIntent(c, o.Intent)
	if err != nil {
		return err
	}
	offers, err := poll(e, "an offer", o.Wait, func() ([]view.Offer, bool, error) {
		offers, err := c.Offers(e.ctx, in.Root)
		return offers, len(offers) > 0, err
	})
	if err != nil {
		return err
	}
	if err := e.show(none(offers), func(w io.Writer) {
		if len(offers) == 0 {
			fmt.Fprintln(w, "No offer has come yet.")
			return
		}
		printOffers(w, offers)
	}); err != nil || o.Wait <= 0 || len(offers) > 0 {
		return err
	}
	return errTold
}

func printOffers(w io.Writer, offers []view.Offer) {
	var rows [][]string
	for _, o := range offers {
		vendor := o.Body.Vendor.Name
		if vendor == "" {
			vendor = string(o.Body.Vendor.DID)
		}
		var why []string
		for _, r := range o.Reasons {
			why = append(why, r.Text)
		}
		rows = append(rows, []string{
			fmt.Sprint(o.Rank), short(o.ID), cut(vendor, 30), o.Body.Total.String(),
			yes(o.Acceptable, "yes", "no"), o.State, local(o.Body.Expires), strings.Join(why, "; "),
		})
	}
	table(w, "RANK OFFER VENDOR TOTAL MEETS STATE UNTIL WHY", rows)
}
