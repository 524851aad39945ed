package node

import (
	"context"
	"testing"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
)

// smallGossip gives a node a gossip service whose ledger keeps few intents.
func smallGossip(t *testing.T, n *Node, intents int) {
	t.Helper()
	var err error
	if n.gossip, err = gossip.New(gossip.Config{Host: n.cfg.Host, Intents: intents}); err != nil {
		t.Fatal(err)
	}
}

// What the ledger turns out leaves the store as well, or a vendor's would grow
// with everything that anybody casts; what was answered stays in both, also
// when the node starts again.
func TestWhatIsTurnedOutLeavesTheStore(t *testing.T) {
	n, ctx := hearer(t, nil), context.Background()
	smallGossip(t, n, 4)
	var answeredOne dagcbor.CID
	for i, wire := range strangersCasts(t, 12) {
		c, err := intentcast.DecodeCast(wire)
		if err != nil {
			t.Fatal(err)
		}
		if n.gossip.Remember(c, c.Intent.Created.Std()) != nil {
			continue // full of what outranks it
		}
		n.hearMany(ctx, []*intentcast.Cast{c})
		if i > 0 {
			continue
		}
		answeredOne = c.ID
		if !n.gossip.Hold(c.ID) {
			t.Fatal("it can't be held")
		}
		if err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
			r, err := tx.Get(kindHeard, c.ID.String())
			if err != nil {
				return err
			}
			var b heardBody
			if err := get(r, &b); err != nil {
				return err
			}
			b.Offer = c.ID
			return put(tx, r, b)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.forgetTurnedOut(ctx); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		recs, _ := kept(t, n)
		if len(recs) != n.gossip.Known() || len(recs) < 4 || len(recs) > 5 {
			t.Errorf("%s: %d in the store, %d in the ledger", when, len(recs), n.gossip.Known())
		}
		for _, r := range recs {
			root, err := dagcbor.ParseCID(r.ID)
			if _, ok := n.gossip.Lookup(root); err != nil || !ok {
				t.Errorf("%s: %s is in the store and not in the ledger", when, r.ID)
			}
		}
		if _, ok := n.gossip.Lookup(answeredOne); !ok {
			t.Errorf("%s: what was answered is gone", when)
		}
	}
	check("running")
	smallGossip(t, n, 4)
	if err := n.remember(ctx); err != nil {
		t.Fatal(err)
	}
	check("started again")
}
