package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

// eventFlags make up one event.
type eventFlags struct {
	Kind       string `required:"" enum:"receipt,order,recall,renewal,offer,message" help:"What sort of event: ${enum}." placeholder:"KIND"`
	Title      string `required:"" help:"In one line." placeholder:"TEXT"`
	Text       string `help:"What more there is to say." placeholder:"TEXT"`
	Amount     string `help:"What was paid, is to be paid, or is asked; below zero: paid back." placeholder:"'12.50 USD'"`
	Due        string `help:"By when something is to be done, or is over." placeholder:"2026-03-20"`
	Renews     string `help:"Of a renewal: when the contract renews itself." placeholder:"2026-03-20"`
	URL        string `help:"Where more can be read; https." name:"url" placeholder:"URL"`
	GTIN       string `help:"Of a recall: the number of what is recalled." name:"gtin" placeholder:"DIGITS"`
	Serial     string `help:"Of a recall: its serial or lot number." placeholder:"TEXT"`
	ThirdParty string `help:"Whose mail it is, when not the vendor's own." placeholder:"NAME"`
	Gone       bool   `help:"What earlier events on this subject told of is no more."`
	Subject    string `help:"What it is about, such as an order's number." placeholder:"TEXT"`
	ID         string `help:"The vendor's own id of it; drawn when left out." name:"id" placeholder:"TEXT"`
}

func (f eventFlags) want() (view.EventWant, error) {
	w := view.EventWant{Kind: f.Kind, ID: f.ID, Subject: f.Subject, Data: channel.Data{
		Title: f.Title, Text: f.Text, URL: f.URL, GTIN: f.GTIN, Serial: f.Serial, ThirdParty: f.ThirdParty, Gone: f.Gone,
	}}
	amount, err := parseMoney("--amount", f.Amount)
	if err != nil {
		return w, err
	}
	if amount != nil {
		w.Data.Amount = *amount
	}
	if w.Data.Due, err = parseWhen("--due", f.Due, time.Local, 0); err != nil {
		return w, err
	}
	w.Data.Renews, err = parseWhen("--renews", f.Renews, time.Local, 0)
	return w, err
}

type vendorSendCmd struct {
	Card string `arg:"" help:"The relationship."`
	eventFlags
}

// Help implements kong.HelpProvider.
func (vendorSendCmd) Help() string {
	return `It is signed and sent by the card's channel, if the person takes such events.
Sent twice under one --id, it has one effect.

Example:

    parley vendor send 3mxa5qhe --kind receipt --title "Order 4711"
      --amount "12.50 USD" --id order-4711-paid`
}

// Run sends.
func (cmd vendorSendCmd) Run(e *env) error {
	want, err := cmd.want()
	if err != nil {
		return err
	}
	return e.onCard(cmd.Card, func(c *client.Client, card dagcbor.CID) error {
		id, err := c.SendEvent(e.ctx, card, want)
		if err != nil {
			return err
		}
		return e.show(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "On its way as event %s.\n", clean(id)) })
	})
}
