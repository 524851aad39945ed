package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type inviteCmd struct {
	New    inviteNewCmd    `cmd:"" default:"withargs" help:"Make an invitation: a link and a QR code."`
	List   inviteListCmd   `cmd:"" help:"List the invitations made and what became of them."`
	Revoke inviteRevokeCmd `cmd:"" help:"Take an open invitation back."`
}

type inviteNewCmd struct {
	To     string        `help:"Whom it is for: a note for you." placeholder:"NAME"`
	Name   string        `help:"What they are told that this is; a vendor's name when left out." placeholder:"NAME"`
	For    time.Duration `default:"7d" help:"How long it can be opened, at most 31d."`
	Terms  []string      `help:"Propose a relationship under one of these agreements of the roster, the preferred one first." placeholder:"ID"`
	Vendor string        `help:"With --terms: with this vendor, rather than with this node's own." placeholder:"VENDOR"`
	NoQR   bool          `name:"no-qr" help:"Print the link alone."`
}

// Help implements kong.HelpProvider.
func (inviteNewCmd) Help() string {
	return `Whoever opens the invitation is connected to your node, and both remember each
other. It can be opened once, by one node: send it as you would a key. It says
where your node is.

It is an introduction, not a lock. What it gives is a place among the nodes
that yours stays connected to and never forgets. Any node that knows where
yours is may connect without one, as a stranger: so may one whose invitation
was refused. To keep a node out: parley peer remove.

A proposed relationship binds nobody: who opens it is shown the command that
proffers those terms.

Example:

    parley invite
    parley invite --to Ann --for 1d --no-qr
    parley --home ~/shop invite --terms SD-BASE`
}

// Run makes an invitation and shows it.
func (cmd inviteNewCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		w := view.InviteWant{Name: cmd.Name, For: cmd.To, Expires: identity.At(time.Now().Add(cmd.For)), Agreements: cmd.Terms}
		if cmd.Vendor != "" {
			v, err := e.findVendor(c, cmd.Vendor)
			if err != nil {
				return err
			}
			w.Vendor = v.DID
		}
		v, err := c.Invite(e.ctx, w)
		if err != nil {
			return err
		}
		return e.show(v, func(out io.Writer) {
			if !cmd.NoQR {
				if err := printQR(out, v.Link); err != nil {
					fmt.Fprintln(out, err)
				}
			}
			fmt.Fprintf(out, "%s\n\n", v.Link)
			fmt.Fprintf(out, "It introduces one node, once, until %s. The other side runs:\n\n    parley join LINK\n\n", local(v.Expires))
			fmt.Fprintf(out, "%s\nTake it back with: parley%s invite revoke %s\n", e.reachText(v), e.homeFlag(), inviteShort(v.ID))
		})
	})
}

// reachText says from where an invitation can be opened, and what to do if
// that is too near.
func (e *env) reachText(v view.Invitation) string {
	switch v.Reach {
	case view.ReachNobody:
		return fmt.Sprintf("Nobody can open it: this node listens nowhere. Stop it and start it with:\n\n    parley%s up --reachable", e.homeFlag())
	case view.ReachMachine:
		return "Nobody elsewhere can open it: this node listens on this machine alone.\n" +
			fmt.Sprintf("To let other machines in, stop it, start it with\n\n    parley%s up --reachable\n\nand invite again.", e.homeFlag())
	case view.ReachNetwork:
		return "It can be opened on your local network. From outside only if your router lets connections in."
	}
	return "It can be opened from anywhere, unless something in between keeps connections out."
}

// inviteShort is how an invitation's id is shown; commands take it back.
func inviteShort(id string) string { return id[:min(len(id), shortLen)] }

type inviteListCmd struct{}

// Help implements kong.HelpProvider.
func (inviteListCmd) Help() string {
	return "The newest first. The links themselves are not kept.\n\nExample:\n\n    parley invite list"
}

// Run lists the invitations.
func (inviteListCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Invites(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "No invitation has been made. Make one with: parley invite")
				return
			}
			var rows [][]string
			for _, v := range all {
				rows = append(rows, []string{inviteShort(v.ID), v.State, local(v.Made), local(v.Expires), v.For, v.By})
			}
			table(w, "INVITATION STATE MADE UNTIL FOR USED-BY", rows)
		})
	})
}

type inviteRevokeCmd struct {
	Invitation string `arg:"" help:"Its id, or the beginning of that, as the list shows it."`
}

// Help implements kong.HelpProvider.
func (inviteRevokeCmd) Help() string {
	return `Who has used it already stays connected: see parley peer remove.

Example:

    parley invite revoke 3f9c2a71`
}

// Run revokes.
func (cmd inviteRevokeCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Invites(e.ctx)
		if err != nil {
			return err
		}
		var ids []string
		for _, v := range all {
			if strings.HasPrefix(v.ID, cmd.Invitation) {
				ids = append(ids, v.ID)
			}
		}
		switch {
		case len(ids) == 0:
			return fmt.Errorf("no invitation is called %q; parley invite list shows them", cmd.Invitation)
		case len(ids) > 1:
			return fmt.Errorf("%d invitations begin with %q; give more of the id", len(ids), cmd.Invitation)
		}
		v, err := c.RevokeInvite(e.ctx, ids[0])
		if err != nil {
			return err
		}
		return e.show(v, func(w io.Writer) { fmt.Fprintln(w, "The invitation is revoked. Nobody can open it any more.") })
	})
}
