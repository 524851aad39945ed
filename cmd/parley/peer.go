package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/node/view"
)

type peerCmd struct {
	Add  peerAddCmd  `cmd:"" help:"Connect to a node and remember it."`
	List peerListCmd `cmd:"" help:"List the nodes connected now."`
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
	peer, err := c.AddPeer(e.ctx, p.Address)
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
	return "Example:\n\n    parley peer list"
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
			fmt.Fprintln(w, "No node is connected. Connect to one with: parley peer add ADDRESS")
			return
		}
		var rows [][]string
		for _, p := range peers {
			rows = append(rows, []string{p.PeerID, yes(p.Holds, "yes", "no"), strings.Join(p.Addresses, " ")})
		}
		table(w, "PEER KEEPS-REPLIES ADDRESSES", rows)
	})
}
