package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type peerCmd struct {
	Add    peerAddCmd    `cmd:"" help:"Connect to a node and remember it."`
	Remove peerRemoveCmd `cmd:"" help:"Disconnect from a node and keep it away."`
	Find   peerFindCmd   `cmd:"" help:"Look up a vendor's nodes and connect to them."`
	List   peerListCmd   `cmd:"" help:"List the nodes connected now."`
}

type peerAddCmd struct {
	Address string `arg:"" help:"Where the other node is: what its own \"parley up\" prints."`
}

// Help implements kong.HelpProvider.
func (peerAddCmd) Help() string {
	return "Example:\n\n    parley peer add /dns4/friend.example/udp/4101/quic-v1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
}

// Run connects.
func (p peerAddCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	peer, err := await(e, "the other node", func() (view.Peer, error) { return c.AddPeer(e.ctx, p.Address) })
	if errors.Is(err, view.ErrInvalid) {
		return fmt.Errorf("%w (an address looks like /ip4/203.0.113.7/udp/4101/quic-v1/p2p/12D3Koo…; the other node's \"parley status\" shows its own)", err)
	}
	if err != nil {
		return err
	}
	return e.show(peer, func(w io.Writer) { fmt.Fprintf(w, "Connected to %s.\n", clean(peer.PeerID)) })
}

type peerListCmd struct{}

// Help implements kong.HelpProvider.
func (peerListCmd) Help() string {
	return `KNOWN-BY says how your node came to know of a node: you named it (you), by an
invitation (invite), on the local network (lan), looked up in the network's
directory (directory), named by another node (peer), or it came by itself (it
came). The first two are remembered and stayed connected to. With --json these
are manual, invite, mdns, dht, exchange and incoming.

Example:

    parley peer list
    parley peer list --json | jq -r '.[].peer_id'`
}

// Run lists the peers.
func (peerListCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	peers, err := c.Peers(e.ctx)
	if err != nil {
		return err
	}
	return e.show(none(peers), func(w io.Writer) {
		if len(peers) == 0 {
			fmt.Fprintln(w, "No node is connected. Connect to one with: parley peer add ADDRESS. Those on your own network are found with: parley up --reachable")
			return
		}
		var rows [][]string
		for _, p := range peers {
			rows = append(rows, []string{p.PeerID, sourceText(p), local(p.Since), yes(p.Holds, "yes", "no"), strings.Join(p.Addresses, " ")})
		}
		table(w, "PEER KNOWN-BY CONNECTED-SINCE KEEPS-REPLIES ADDRESSES", rows)
	})
}

// sourceText is how a node came to be known, in one word or two.
func sourceText(p view.Peer) string {
	for source, text := range map[string]string{
		"manual": "you", "invite": "invite", "mdns": "lan", "dht": "directory", "exchange": "peer", "incoming": "it came",
	} {
		if p.Source == source {
			return text
		}
	}
	return p.Source
}

type peerRemoveCmd struct {
	Peer string `arg:"" help:"Its id, or the last characters of that if it is connected."`
}

// Help implements kong.HelpProvider.
func (peerRemoveCmd) Help() string {
	return `Its connections are closed, and so is any that it or your node opens from then
on, after a restart too. To take it back: parley peer add, or open an
invitation of its.

Example:

    parley peer remove 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN`
}

// Run removes.
func (p peerRemoveCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		peers, err := c.Peers(e.ctx)
		if err != nil {
			return err
		}
		id, matches := p.Peer, 0
		for _, known := range peers {
			if strings.HasSuffix(known.PeerID, p.Peer) {
				id = known.PeerID
				matches++
			}
		}
		if matches > 1 {
			return fmt.Errorf("%d nodes' ids end in %q; give more of it", matches, p.Peer)
		}
		if err := c.RemovePeer(e.ctx, id); err != nil {
			return err
		}
		return e.show(map[string]string{"removed": id}, func(w io.Writer) {
			fmt.Fprintf(w, "Disconnected and kept away: %s.\nTo take it back: parley peer add ADDRESS\n", clean(id))
		})
	})
}

type peerFindCmd struct {
	Name string `arg:"" help:"The vendor's domain or identifier."`
}

// Help implements kong.HelpProvider.
func (peerFindCmd) Help() string {
	return `Looks in the directory that the nodes keep among themselves. Those asked learn
whom you look for. Anybody can put themselves in there under any name: what a
vendor is known by are the terms it signs, which "parley vendors" shows once
your node has them.

Example:

    parley peer find shop.example`
}

// Run looks up.
func (p peerFindCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		peers, err := c.FindParty(e.ctx, p.Name)
		if err != nil {
			return err
		}
		if err := e.show(none(peers), func(w io.Writer) {
			if len(peers) == 0 {
				fmt.Fprintln(w, "No node of that name was found.")
				return
			}
			for _, found := range peers {
				fmt.Fprintf(w, "Connected to %s.\n", clean(found.PeerID))
			}
			fmt.Fprintln(w, "Whether it is the vendor: parley vendors --wait 20s")
		}); err != nil {
			return err
		}
		if len(peers) == 0 {
			return errTold
		}
		return nil
	})
}
