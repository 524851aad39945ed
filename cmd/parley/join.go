package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type joinCmd struct {
	Link string `arg:"" help:"The invitation: parley://invite/…"`
}

// Help implements kong.HelpProvider.
func (joinCmd) Help() string {
	return `Connects your node to the inviter's and remembers it. If the invitation proposes
a relationship, you are shown under which terms and how to proffer them; nothing
is signed for you.

Example:

    parley join parley://invite/pWF2AWRwZWVy`
}

// Run opens an invitation.
func (cmd joinCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		j, err := await(e, "the inviter's node", func() (view.Joined, error) { return c.Join(e.ctx, cmd.Link) })
		if err != nil {
			return err
		}
		return e.show(j, func(w io.Writer) { e.printJoined(w, j) })
	})
}

func (e *env) printJoined(w io.Writer, j view.Joined) {
	who := j.Peer.PeerID
	if j.Name != "" {
		who = fmt.Sprintf("%s, which calls itself %q", who, j.Name)
	}
	fmt.Fprintf(w, "Connected to %s.\nYour node remembers it.\n", clean(who))
	if j.Card == nil {
		return
	}
	vendor := string(j.Card.Vendor)
	if j.Card.Name != "" {
		vendor = fmt.Sprintf("%s (%s)", j.Card.Name, vendor)
	}
	fmt.Fprintf(w, "\nIt proposes a relationship with %s\nunder %s. Read them with: parley terms show %s\nTo proffer them:\n\n    parley%s proffer %s --terms %s\n",
		clean(vendor), either(j.Card.Agreements, "or"), clean(j.Card.Agreements[0]), e.homeFlag(), clean(string(j.Card.Vendor)), clean(strings.Join(j.Card.Agreements, ",")))
}
