package courier

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/parley-network/parley/node/store"
)

// flakyStore fails one Update in n, before or after it took effect, as a
// killed process would leave it.
type flakyStore struct {
	store.Store
	mu  sync.Mutex
	rnd *rand.Rand
	n   int
}

var errFlaky = errors.New("store failed by the test")

func (s *flakyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	strike := s.n > 0 && s.rnd.IntN(s.n) == 0
	before := s.rnd.IntN(2) == 0
	s.mu.Unlock()
	if strike && before {
		return errFlaky
	}
	if err := s.Store.Update(ctx, fn); err != nil || !strike {
		return err
	}
	return errFlaky
}

// Every letter has its effect exactly once, and its sender learns it, while
// connections are cut in the middle of every kind of frame, stores fail before
// and after commits, handlers fail, and both ends' couriers are killed and
// started again.
func TestExactlyOnce(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { exactlyOnce(t, seed) })
		})
	}
}

func exactlyOnce(t *testing.T, seed uint64) {
	const letters = 30
	newHost, end := simulated(t)
	defer end()
	rnd := rand.New(rand.NewPCG(seed, 1))
	var spies []*spyHost
	nodes := nodesOn(t, 5, func(i int) host.Host {
		spies = append(spies, &spyHost{Host: newHost(i)})
		return spies[i]
	}, everybody)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1]
	route, err := person.courier.OpenRoute(t.Context(), "intent", time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	self := vendor.courier.Self()

	cut := sometimes(seed, 5)
	for i, n := range nodes[:2] {
		n.stop()
		n.store = &flakyStore{Store: n.store, rnd: rand.New(rand.NewPCG(seed, uint64(i))), n: 10}
		n.start(failingHandler(seed))
	}
	for _, s := range spies {
		s.cutStreams(cut)
	}
	var sent [2][]string
	for i := range letters {
		sent[0] = append(sent[0], trySend(t, vendor, Outgoing{To: route, From: &self, Direct: true}, i))
		sent[1] = append(sent[1], trySend(t, person, Outgoing{To: self, From: &route}, i))
	}
	for range 6 { // kill and start both ends at odd moments
		time.Sleep(time.Duration(rnd.IntN(int(20 * time.Second))))
		n := nodes[rnd.IntN(2)]
		n.stop()
		n.start(failingHandler(rnd.Uint64()))
	}
	defer func() {
		if !t.Failed() {
			return
		}
		for _, n := range nodes[:2] {
			ls, err := n.courier.Letters(context.Background(), "")
			t.Logf("outbox (%v): %+v", err, ls)
		}
	}()
	eventually(t, 20*time.Hour, "all delivered", func() bool {
		return allDelivered(vendor, sent[0]) && allDelivered(person, sent[1])
	})
	t.Logf("all delivered at %v", time.Now().UTC())
	for _, n := range nodes[:2] {
		got := n.effects()
		slices.Sort(got)
		if len(got) != letters || len(slices.Compact(got)) != letters {
			t.Errorf("%d effects of %d letters: %q", len(got), letters, got)
		}
	}
}

// failingHandler has one letter in four fail after it wrote.
func failingHandler(seed uint64) nodeOption {
	return func(c *Config) {
		var mu sync.Mutex
		rnd := rand.New(rand.NewPCG(seed, 2))
		inner := c.Handle
		c.Handle = func(ctx context.Context, tx store.Tx, in Inbound) error {
			if err := inner(ctx, tx, in); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if rnd.IntN(4) == 0 {
				return errors.New("handler failed by the test")
			}
			return nil
		}
	}
}

// trySend enqueues until the store takes it; a retry after a commit that
// seemed to fail replaces nothing, so the caller's record guards it.
func trySend(t *testing.T, n *testNode, out Outgoing, i int) (id string) {
	t.Helper()
	out.Kind, out.Body, out.Expires = "x", fmt.Appendf(nil, "letter %02d", i), time.Now().Add(24*time.Hour)
	guard := store.Record{Kind: "guard", ID: string(out.Body)}
	for {
		err := n.store.Update(context.Background(), func(tx store.Tx) error {
			if rec, err := tx.Get(guard.Kind, guard.ID); err == nil {
				id = rec.Ref
				return nil
			}
			var err error
			if id, err = n.courier.Send(tx.(Tx), out); err != nil {
				return err
			}
			g := guard
			g.Ref = id
			return tx.Insert(g)
		})
		if err == nil {
			n.courier.Wake()
			return id
		}
		if !errors.Is(err, errFlaky) {
			t.Fatal(err)
		}
	}
}

func allDelivered(n *testNode, ids []string) bool {
	ls, err := n.courier.Letters(context.Background(), "")
	if err != nil {
		return false
	}
	state := make(map[string]string)
	for _, l := range ls {
		state[l.ID] = l.State
	}
	return !slices.ContainsFunc(ids, func(id string) bool { return state[id] != StateDelivered })
}

// The same letter handed in many times over, at once, is one effect; each
// time the answer is the recipient's receipt.
func TestDuplicates(t *testing.T) {
	nodes := loopback(t, 2, everybody, quick)
	defer shut(nodes...)
	to := nodes[1].courier.Self()
	for i := range 5 {
		rec := sealedOnly(t, nodes[0], Outgoing{To: to, Kind: "x", Body: fmt.Append(nil, i), Expires: time.Now().Add(time.Hour)})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				o := nodes[0].courier.deliver(context.Background(), rec)
				if o.state != StateDelivered {
					t.Errorf("%+v", o)
				}
			})
		}
		wg.Wait()
	}
	if got := nodes[1].effects(); len(got) != 5 {
		t.Errorf("%d effects of 5 letters", len(got))
	}
}

// sealedOnly returns a letter as the outbox would have it, and leaves no trace
// there.
func sealedOnly(t *testing.T, n *testNode, out Outgoing) (l outLetter) {
	t.Helper()
	undo := errors.New("undo")
	err := n.store.Update(context.Background(), func(tx store.Tx) error {
		id, err := n.courier.Send(tx.(Tx), out)
		if err != nil {
			return err
		}
		rec, err := tx.Get(kindLetter, id)
		if err != nil {
			return err
		}
		if l, err = decodeOut(rec.Body); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	return l
}

// failingUntil has every letter fail, after it wrote, until t.
func failingUntil(t time.Time) nodeOption {
	return func(c *Config) {
		inner := c.Handle
		c.Handle = func(ctx context.Context, tx store.Tx, in Inbound) error {
			if err := inner(ctx, tx, in); err != nil || time.Now().After(t) {
				return err
			}
			return errors.New("handler failed by the test")
		}
	}
}
