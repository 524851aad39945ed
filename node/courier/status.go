package courier

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// Self returns this node's direct route: its own peer id and addresses, and a
// key that outlives restarts; and the mailboxes it has. Whoever has it knows where this node is; a
// person gives out routes by OpenRoute instead.
func (c *Courier) Self() intentcast.Route {
	h := c.cfg.Host
	return intentcast.Route{Peer: h.ID().String(), Addrs: routeAddrs(h.Addrs()), Key: c.key.Public(), Holders: c.mailboxes()}
}

// routeAddrs returns the addresses that a route shows to others: few, and
// none by way of a relay, which an intentcast does not admit.
func routeAddrs(addrs []ma.Multiaddr) []string {
	var plain []ma.Multiaddr
	for _, a := range usefulAddrs(addrs) {
		if _, err := a.ValueForProtocol(ma.P_P2P); err != nil {
			plain = append(plain, a)
		}
	}
	out := wire.AddrStrings(plain)
	return out[:min(len(out), routeAddrsMax)]
}

// usefulAddrs leaves out loopback addresses where there are others.
func usefulAddrs(addrs []ma.Multiaddr) []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, a := range addrs {
		if !manet.IsIPLoopback(a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return addrs
	}
	return out
}

// Routing says how well this node's routes hide it.
type Routing struct {
	Holders    int    `json:"holders"`    // peers known that keep letters
	Forwarders int    `json:"forwarders"` // peers known that carry exchanges
	Routes     int    `json:"routes"`     // own open routes
	Exposed    int    `json:"exposed"`    // of these, known to their holder as this node's
	Connected  int    `json:"connected"`  // peers of either kind that are connected now
	Text       string `json:"text"`       // the same in plain words
}

// Routing returns the state of the reply routes now.
func (c *Courier) Routing() Routing {
	var st Routing
	for _, e := range c.book.fresh(time.Now()) {
		if e.info.ID == c.cfg.Host.ID() {
			continue
		}
		if e.rec.Hold {
			st.Holders++
		}
		if e.rec.Forward {
			st.Forwarders++
		}
		if (e.rec.Hold || e.rec.Forward) && c.cfg.Host.Network().Connectedness(e.info.ID) == network.Connected {
			st.Connected++
		}
	}
	open, hidden := c.routes.counts()
	open -= len(c.routes.all("")) // mailboxes hide nobody
	st.Routes, st.Exposed = open, open-hidden
	st.Text = st.words()
	return st
}

func (st Routing) words() string {
	switch {
	case st.Holders == 0:
		return "no peer is known that keeps letters: connect to another node before casting"
	case st.Forwarders == 0, st.Holders == 1 && st.Forwarders == 1:
		return "only one peer can help: it would see that replies are for this node; connect to one more"
	case st.Connected < 2:
		return fmt.Sprintf("of %d peers that keep or carry replies, %d are connected now: letters wait until more are back, rather than show whose they are", max(st.Holders, st.Forwarders), st.Connected)
	case st.Exposed > 0:
		return fmt.Sprintf("%d of %d reply routes were opened when only one peer was known, which knows they are this node's", st.Exposed, st.Routes)
	}
	return fmt.Sprintf("replies are kept by any of %d peers, asked through any of %d: none learns both who asks and what for", st.Holders, st.Forwarders)
}

const sweepEvery = time.Minute

// sweepLoop clears away what has expired.
func (c *Courier) sweepLoop(ctx context.Context) {
	for {
		now := time.Now()
		c.holder.Sweep()
		c.book.sweep(now)
		c.reach.sweep(now)
		c.away.sweep(now)
		c.talks.sweep(now)
		c.streams.sweep(now)
		for _, m := range c.meters {
			m.Sweep(now)
		}
		if err := c.sweepSeen(ctx, now); err != nil && ctx.Err() == nil {
			c.log.Error("seen letters not swept", "error", err)
		}
		if !pause(ctx, sweepEvery) {
			return
		}
	}
}

const sweepBatch = 512

// sweepSeen forgets the ids of letters that expired long ago.
func (c *Courier) sweepSeen(ctx context.Context, now time.Time) error {
	for {
		var old []store.Record
		err := c.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
			old, err = tx.List(store.Query{Kind: kindSeen, DueBefore: now, Limit: sweepBatch})
			return err
		})
		if err != nil || len(old) == 0 {
			return err
		}
		err = c.cfg.Store.Update(ctx, func(tx store.Tx) error {
			for _, rec := range old {
				if err := tx.Delete(rec.Kind, rec.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
