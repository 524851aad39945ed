package node

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
)

// picky is a store that will not keep some intents.
type picky struct {
	store.Store
	not map[string]bool
}

type pickyTx struct {
	store.Tx
	not map[string]bool
}

func (s picky) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(pickyTx{tx, s.not}) })
}

func (tx pickyTx) Put(r store.Record) error {
	if r.Kind == kindHeard && tx.not[r.ID] {
		return errors.New("not this one")
	}
	return tx.Tx.Put(r)
}

func hearer(t *testing.T, not map[string]bool) *Node {
	h, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	n, err := New(Config{Name: "hearer", Host: h, Store: picky{memory.New(), not}, Keys: keystore.Memory()})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// kept is what a node has of others' intents, and what it told of them.
func kept(t interface{ Fatal(...any) }, n *Node) (recs []store.Record, told map[string]int) {
	told = map[string]int{}
	if err := n.cfg.Store.View(context.Background(), func(tx store.Tx) (err error) {
		if recs, err = tx.List(store.Query{Kind: kindHeard}); err != nil {
			return err
		}
		events, err := tx.List(store.Query{Kind: kindEvent})
		for _, r := range events {
			var b eventBody
			if err := get(r, &b); err != nil {
				return err
			}
			told[b.Kind+" "+b.Ref]++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return recs, told
}

// Intents that come together leave what they leave one by one: with
// duplicates and older versions among them, and some that cannot be kept.
func TestManyIntentsAreHeardAsEachAlone(t *testing.T) {
	var casts []*intentcast.Cast
	for i, wire := range strangersCasts(t, 5) {
		c, err := intentcast.DecodeCast(wire)
		if err != nil {
			t.Fatal(err)
		}
		casts = append(casts, c)
		for _, status := range []intentcast.Status{intentcast.StatusOpen, intentcast.StatusWithdrawn} {
			in := casts[len(casts)-1].Successor(status, c.Intent.Created.Std())
			next, err := intentcast.Sign(in, strangerSigner(i), c.Intent.Created.Std())
			if err != nil {
				t.Fatal(err)
			}
			casts = append(casts, next)
		}
	}
	refused := map[string]bool{casts[3].Root().String(): true}
	alone, together := hearer(t, nil), hearer(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		not := refused
		if rapid.Bool().Draw(t, "all can be kept") {
			not = nil
		}
		alone.cfg.Store, together.cfg.Store = picky{memory.New(), not}, picky{memory.New(), not}
		some := rapid.SliceOfN(rapid.SampledFrom(casts), 1, 20).Draw(t, "casts")
		for _, c := range some {
			alone.hearMany(context.Background(), []*intentcast.Cast{c})
		}
		for batch := range slices.Chunk(some, rapid.IntRange(1, 20).Draw(t, "batch")) {
			together.hearMany(context.Background(), batch)
		}
		recs, told := kept(t, alone)
		gotRecs, gotTold := kept(t, together)
		if !reflect.DeepEqual(recs, gotRecs) || !reflect.DeepEqual(told, gotTold) {
			t.Fatalf("alone %d kept, told %v\ntogether %d kept, told %v", len(recs), told, len(gotRecs), gotTold)
		}
	})
}

func TestNothingIsHeardOnceItIsOver(t *testing.T) {
	n := hearer(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := intentcast.DecodeCast(strangersCasts(t, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	n.hearMany(ctx, []*intentcast.Cast{c, c})
	if recs, _ := kept(t, n); len(recs) != 0 {
		t.Errorf("%d kept", len(recs))
	}
}
