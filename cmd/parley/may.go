package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type mayCmd struct {
	Card     string `arg:"" help:"The relationship."`
	Practice string `arg:"" help:"What the vendor would do: see parley terms practices."`
	Field    string `arg:"" optional:"" help:"With which piece of your data, such as emails/home."`
	Third    bool   `help:"Ask for a third party instead of the vendor."`
}

// Help implements kong.HelpProvider.
func (mayCmd) Help() string {
	return `Exits with 0 if it is allowed, with 1 if it is not. What no rule names is not
allowed.

Example:

    parley may "Alpine Cars" tracking
    parley may 3mxa5qhe service-delivery emails/home && echo "they may write"`
}

// Run asks.
func (cmd mayCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		answer, err := c.May(e.ctx, id, view.MayAsk{Practice: cmd.Practice, Field: cmd.Field, Third: cmd.Third})
		if err != nil {
			return err
		}
		if err := e.show(answer, func(w io.Writer) {
			fmt.Fprintln(w, yes(answer.Allowed, "Yes.", "No."))
			sheet(w, "because", answer.Text, "rule", answer.Rule)
		}); err != nil || answer.Allowed {
			return err
		}
		return errTold
	})
}
