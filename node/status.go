package node

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
)

// Status returns the node at a glance.
func (n *Node) Status(ctx context.Context) (view.Status, error) {
	h := n.cfg.Host
	s := view.Status{
		Name: n.cfg.Name, Version: n.cfg.Version, Started: identity.At(n.started),
		PeerID: h.ID().String(), Addresses: []string{}, Peers: len(h.Network().Peers()), Reach: n.reached(), Connections: n.connections(), Routing: n.courier.Routing().Text,
	}
	for _, a := range h.Addrs() {
		s.Addresses = append(s.Addresses, a.String()+"/p2p/"+h.ID().String())
	}
	if n.vendor != nil {
		c, _ := n.vendor.current()
		s.Vendor = &view.VendorStatus{DID: n.vendor.party.signer.DID(), Name: n.vendor.cfg.Name, Items: c.Len()}
	}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		for _, q := range []struct {
			to   *int
			kind store.Kind
		}{{&s.Intents.Mine, kindIntent}, {&s.Intents.Heard, kindHeard}, {&s.Cards, kindCard}} {
			if *q.to, err = tx.Count(store.Query{Kind: q.kind}); err != nil {
				return err
			}
		}
		if s.Outbox, err = courier.Waiting(tx); err != nil {
			return err
		}
		if s.Unread, err = tx.Count(store.Query{Kind: kindInbox, State: inboxUnread}); err != nil {
			return err
		}
		s.Asks, err = n.asks(tx)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	return s, nil
}

// asks counts what waits for the owner's yes or no.
func (n *Node) asks(tx store.Tx) (int, error) {
	count := 0
	talks, err := tx.List(store.Query{Kind: kindNegotiation, State: string(negotiation.StateCountered)})
	if err != nil {
		return 0, err
	}
	for _, rec := range talks {
		var b negotiationBody
		if err := get(rec, &b); err != nil {
			return 0, err
		}
		if b.Asks {
			count++
		}
	}
	cards, err := tx.List(store.Query{Kind: kindCard, State: string(relcard.StateAmending)})
	if err != nil {
		return 0, err
	}
	for _, rec := range cards {
		k, err := n.readCard(rec)
		if err != nil {
			return 0, err
		}
		if _, err := k.theirProposal(); err == nil {
			count++
		}
	}
	return count, nil
}

// Peers returns the nodes connected now.
func (n *Node) Peers(context.Context) ([]view.Peer, error) {
	out := []view.Peer{}
	for _, id := range n.cfg.Host.Network().Peers() {
		p := view.Peer{PeerID: id.String(), Addresses: []string{}, Holds: n.courier.Holds(id)}
		for _, c := range n.cfg.Host.Network().ConnsToPeer(id) {
			p.Addresses = append(p.Addresses, c.RemoteMultiaddr().String())
		}
		out = append(out, p)
	}
	return out, nil
}

// dialTimeout bounds one attempt to reach a named peer.
const dialTimeout = 20 * time.Second

// AddPeer connects to a node by its address, …/p2p/PEERID, and remembers it
// for the next start.
func (n *Node) AddPeer(ctx context.Context, addr string) (view.Peer, error) {
	info, err := transport.ParsePeer(addr)
	if err != nil {
		return view.Peer{}, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.dial(ctx, info); err != nil {
		return view.Peer{}, fmt.Errorf("connect to %s: %w: %w", info.ID, view.ErrUnavailable, err)
	}
	err = n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Put(store.Record{Kind: kindPeer, ID: info.ID.String(), Body: []byte(addr)})
	})
	if err != nil {
		return view.Peer{}, fmt.Errorf("remember peer: %w", err)
	}
	return view.Peer{PeerID: info.ID.String(), Addresses: []string{addr}, Holds: n.courier.Holds(info.ID)}, nil
}

func (n *Node) dial(ctx context.Context, info peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return n.cfg.Host.Connect(ctx, info)
}

// redialEvery is how often a remembered peer that is away is tried.
const redialEvery = 30 * time.Second

// peerLoop keeps the node connected to the peers it was told of.
func (n *Node) peerLoop(ctx context.Context) error {
	tick := time.NewTicker(redialEvery)
	defer tick.Stop()
	for {
		n.redial(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (n *Node) redial(ctx context.Context) {
	var recs []store.Record
	if err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindPeer})
		return err
	}); err != nil {
		n.log.Warn("reading remembered peers", "error", err)
		return
	}
	for _, r := range recs {
		info, err := transport.ParsePeer(string(r.Body))
		if err != nil || len(n.cfg.Host.Network().ConnsToPeer(info.ID)) > 0 {
			continue
		}
		if err := n.dial(ctx, info); err != nil {
			n.log.Debug("peer is away", "peer", info.ID, "error", err)
		}
	}
}
