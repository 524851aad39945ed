package node

import (
	"context"
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
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
		s.Vendor = &view.VendorStatus{DID: n.vendor.me().signer.DID(), Name: n.vendor.cfg.Name, Items: c.Len(), Mail: []string{}}
		for _, h := range n.courier.Self().Holders {
			s.Vendor.Mail = append(s.Vendor.Mail, h.Peer)
		}
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
		for _, q := range []struct {
			to   *int
			kind store.Kind
		}{{&s.Intents.MineOpen, kindIntent}, {&s.Intents.HeardOpen, kindHeard}} {
			if *q.to, err = n.openIntents(tx, q.kind); err != nil {
				return err
			}
		}
		if s.InForce, err = inForceCards(tx); err != nil {
			return err
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

// openIntents counts intents that nobody has closed and whose time is not over.
func (n *Node) openIntents(tx store.Tx, kind store.Kind) (int, error) {
	open := store.Query{Kind: kind, State: string(intentcast.StatusOpen)}
	all, err := tx.Count(open)
	if err != nil {
		return 0, err
	}
	open.DueBefore = n.now()
	over, err := tx.Count(open)
	return all - over, err
}

// inForceCards counts the owner's own cards that bind: one that was imported to
// be looked at is not among them.
func inForceCards(tx store.Tx) (int, error) {
	count := 0
	for _, state := range []relcard.State{relcard.StateActive, relcard.StateAmending} {
		recs, err := tx.List(store.Query{Kind: kindCard, State: string(state)})
		if err != nil {
			return 0, err
		}
		for _, rec := range recs {
			var b cardBody
			if err := get(rec, &b); err != nil {
				return 0, err
			}
			if b.Side != "" {
				count++
			}
		}
	}
	return count, nil
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
