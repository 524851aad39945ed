package node_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// chain is a vendor of two replicas, a and b, over one store, and a person with
// a card.
type chain struct {
	*town
	a, b *sim.Party
	card dagcbor.CID
}

func newChain(w *sim.World) *chain {
	w.T.Helper()
	tn := newTown(w)
	c := &chain{town: tn, a: tn.cheap, card: agreed(w, tn.pat, tn.cheap, "SD-BASE")}
	c.a.Replica = "a"
	restarted(w, tn, c.a)
	c.b = c.a.Twin("b")
	meet(w, tn, c.b)
	return c
}

// meet wires a node that was built again, or is new, to others.
func meet(w *sim.World, tn *town, p *sim.Party) {
	w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, p, tn.pat, tn.bystanders[0], tn.bystanders[1])
}

func restarted(w *sim.World, tn *town, p *sim.Party) {
	w.T.Helper()
	p.Stop()
	p.Start()
	meet(w, tn, p)
}

// wantLog waits until both replicas publish one key log of so many versions,
// which goes on from before.
func (c *chain) wantLog(w *sim.World, before []byte, versions int) []byte {
	w.T.Helper()
	var log []byte
	patiently(w, 2*time.Minute, "both replicas have the same key log", func() bool {
		log = must[[]byte](w)(c.a.KeyLog(w.T.Context()))
		return bytes.Equal(log, must[[]byte](w)(c.b.KeyLog(w.T.Context())))
	})
	old, now := verified(w, before), verified(w, log)
	if err := now.Continues(old); err != nil {
		w.T.Fatalf("the key log: %v", err)
	}
	if n := now.Latest().Number; n != versions {
		w.T.Fatalf("the key log has %d versions, want %d", n, versions)
	}
	return log
}

func verified(w *sim.World, log []byte) *webvh.History {
	w.T.Helper()
	return must[*webvh.History](w)(webvh.Verify(must[*webvh.Log](w)(webvh.Parse(log)), nil, time.Now()))
}

// Either replica rotates, and both sign with the new key from then on. What was
// on its way to the vendor is taken in, and neither has the old keys any more.
func TestReplicasRotate(t *testing.T) {
	sim.Run(t, 621, func(w *sim.World) {
		c := newChain(w)
		ctx := w.T.Context()
		first := must[[]byte](w)(c.a.KeyLog(ctx))
		place := "US-UT"
		c.a.Stop()
		must[view.Card](w)(c.pat.AmendCard(ctx, c.card, view.Amendment{Jurisdiction: &place})) // sealed before, opened after
		c.a.Start()
		meet(w, c.town, c.a)

		if r := must[view.KeyRotation](w)(c.a.RotateVendor(ctx)); r.Number != 2 {
			t.Errorf("rotated: %+v", r)
		}
		second := c.wantLog(w, first, 2)
		for _, p := range []*sim.Party{c.a, c.b} {
			wantErased(w, p, []string{"vendor/sign", "vendor/next", "vendor/update"}, []string{"vendor/2/sign", "vendor/2/next"})
		}
		if !bytes.Equal(must[[]byte](w)(c.a.Keys.Get("vendor/2/sign")), must[[]byte](w)(c.b.Keys.Get("vendor/2/sign"))) {
			t.Error("the replicas have different keys")
		}
		patiently(w, time.Hour, "what pat sealed before is taken in", func() bool {
			return must[view.Card](w)(c.a.Card(ctx, c.card)).State == "amending"
		})
		must[view.Card](w)(c.b.SignCard(ctx, c.card))
		awaitState(w, c.pat, c.card, "active")

		if r := must[view.KeyRotation](w)(c.b.RotateVendor(ctx)); r.Number != 3 {
			t.Errorf("rotated: %+v", r)
		}
		c.wantLog(w, second, 3)
		amendTo(w, c.a, c.pat, c.card, "US-CA")
		amendTo(w, c.b, c.pat, c.card, "US-NV")
		restarted(w, c.town, c.b)
		amendTo(w, c.b, c.pat, c.card, "US-OR")
		wantQuiet(w, c.pat, c.a)
		sameFiles(w, c.pat, c.b, c.card)
		wantVersions(w, c.pat, c.card, identity.RoleVendor, 1, 2, 3, 3, 3)
	})
}

// Told to rotate at about the same time, the replicas do so one after another or
// one of them refuses. The log never gets two successors.
func TestReplicasRotateAtOnce(t *testing.T) {
	sim.Run(t, 622, func(w *sim.World) {
		c := newChain(w)
		ctx := w.T.Context()
		log := must[[]byte](w)(c.a.KeyLog(ctx))
		versions, refused := 1, 0
		for round := range 8 {
			ends := make(chan error, 2)
			for _, p := range []*sim.Party{c.a, c.b} {
				go func() {
					time.Sleep(time.Duration(w.RandFor(p.Name+string(rune('a'+round))).IntN(1500)) * time.Millisecond)
					_, err := p.RotateVendor(ctx)
					ends <- err
				}()
			}
			for range 2 {
				switch err := <-ends; {
				case err == nil:
					versions++
				case errors.Is(err, view.ErrConflict), errors.Is(err, view.ErrUnavailable):
					refused++
				default:
					t.Fatal(err)
				}
			}
			log = c.wantLog(w, log, versions)
		}
		if versions < 9 || refused == 0 {
			t.Errorf("%d versions, and %d attempts refused", versions, refused)
		}
		wantQuiet(w, c.pat, c.a)
		amendTo(w, c.b, c.pat, c.card, "US-UT")
		sameFiles(w, c.pat, c.a, c.card)
	})
}

// stored is the vendor's key log as the store has it.
func (c *chain) stored(w *sim.World) (log []byte) {
	w.T.Helper()
	if err := c.a.Store.View(w.T.Context(), func(tx store.Tx) error {
		r, err := tx.Get("setting", "vendor-log")
		log = r.Body
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	return log
}

// config is that of a node which may not start.
func config(w *sim.World, p *sim.Party) node.Config {
	return node.Config{Name: p.Name, Host: p.Host, Store: p.Store, Keys: p.Keys, Replica: p.Replica, Rand: w.RandFor(p.Name),
		Vendor: &node.VendorConfig{Name: "cheap", Domain: "vendor.example"}}
}

// A replica that was not running when the keys were rotated has not got them. It
// says so and does nothing; with the other's keystore it goes on.
func TestReplicaThatWasAway(t *testing.T) {
	sim.Run(t, 624, func(w *sim.World) {
		c := newChain(w)
		ctx := w.T.Context()
		log := must[[]byte](w)(c.a.KeyLog(ctx))
		c.b.Stop()
		must[view.KeyRotation](w)(c.a.RotateVendor(ctx)) // at once: b has said that it ends
		log = append([]byte(nil), log...)
		host := w.Host("b")
		c.b.Host = host
		before := c.b.Keys.Names()
		if _, err := node.New(config(w, c.b)); err == nil || !strings.Contains(err.Error(), "in that of the replica that rotated them") {
			t.Errorf("a replica with the keys of before: %v", err)
		}
		if !slices.Equal(before, c.b.Keys.Names()) {
			t.Errorf("it has changed its keys, %q", c.b.Keys.Names())
		}
		// Nor has it with keys for that version which came to nothing.
		if err := c.b.Keys.Put("vendor/2/sign", newKey(9).Seed()); err != nil {
			t.Fatal(err)
		}
		if _, err := node.New(config(w, c.b)); err == nil || !strings.Contains(err.Error(), "in that of the replica that rotated them") {
			t.Errorf("a replica with other keys: %v", err)
		}
		if err := host.Close(); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"vendor/2/sign", "vendor/2/next"} {
			if err := c.b.Keys.Put(key, must[[]byte](w)(c.a.Keys.Get(key))); err != nil {
				t.Fatal(err)
			}
		}
		c.b.Start()
		meet(w, c.town, c.b)
		wantErased(w, c.b, []string{"vendor/sign", "vendor/next", "vendor/update"}, nil)
		c.wantLog(w, log, 2)
		must[view.KeyRotation](w)(c.b.RotateVendor(ctx))
		c.wantLog(w, log, 3)
	})
}

// blind is a store that shows nothing of what is in it.
type blind struct{ store.Store }

func (b blind) View(ctx context.Context, fn func(store.Tx) error) error {
	return memory.New().View(ctx, fn)
}

// Of two that make the vendor at once, one does.
func TestReplicasBeginAtOnce(t *testing.T) {
	sim.Run(t, 628, func(w *sim.World) {
		rules, items := shop("30", "SD-BASE")
		p := w.Vendor("first", rules, items)
		log := must[[]byte](w)(p.KeyLog(w.T.Context()))
		late := &sim.Party{Name: "second", Host: w.Host("second"), Store: blind{p.Store}, Keys: keystore.Memory(), Replica: "second"}
		if _, err := node.New(config(w, late)); !errors.Is(err, store.ErrExists) {
			t.Errorf("the second: %v", err)
		}
		if c := (&chain{a: p}); !bytes.Equal(log, c.stored(w)) {
			t.Error("the key log is another's")
		}
	})
}

// One that is killed is waited for a while: nothing is rotated without it. Then
// it is passed over.
func TestReplicaThatDied(t *testing.T) {
	sim.Run(t, 625, func(w *sim.World) {
		c := newChain(w)
		ctx := w.T.Context()
		log := must[[]byte](w)(c.a.KeyLog(ctx))
		var how atomic.Int32
		c.b.Store = frailStore{c.b.Store, &how}
		restarted(w, c.town, c.b)
		how.Store(fails)
		c.b.Stop()
		if _, err := c.a.RotateVendor(ctx); !errors.Is(err, view.ErrUnavailable) || !strings.Contains(err.Error(), `replica "b" runs and takes no part`) {
			t.Errorf("with a replica that has just died: %v", err)
		}
		if !bytes.Equal(log, c.stored(w)) {
			t.Error("the key log has changed")
		}
		amendTo(w, c.a, c.pat, c.card, "US-UT")
		time.Sleep(time.Minute)
		if r := must[view.KeyRotation](w)(c.a.RotateVendor(ctx)); r.Number != 2 {
			t.Errorf("%+v", r)
		}
		amendTo(w, c.a, c.pat, c.card, "US-NV")
		wantVersions(w, c.pat, c.card, identity.RoleVendor, 1, 1, 2)
		// It comes back, as after a long pause, and signs nothing with its key.
		how.Store(works)
		if _, err := c.b.AmendCard(ctx, c.card, view.Amendment{Jurisdiction: new(string)}); err == nil || !strings.Contains(err.Error(), "not in this keystore") {
			t.Errorf("signing with the keys of before: %v", err)
		}
		if _, err := c.b.RotateVendor(ctx); err == nil || !strings.Contains(err.Error(), "not in this keystore") {
			t.Errorf("rotating the keys of before: %v", err)
		}
	})
}

// Nodes that share a store and were not told so don't hand on keys. They make no
// fork either.
func TestUnawareTwins(t *testing.T) {
	sim.Run(t, 626, func(w *sim.World) {
		tn := newTown(w)
		ctx := w.T.Context()
		a := tn.cheap
		card := agreed(w, tn.pat, a, "SD-BASE")
		b := a.Twin("b")
		meet(w, tn, b)
		must[view.KeyRotation](w)(a.RotateVendor(ctx))
		log := must[[]byte](w)(a.KeyLog(ctx))
		place := "US-UT"
		if _, err := b.AmendCard(ctx, card, view.Amendment{Jurisdiction: &place}); err == nil || !strings.Contains(err.Error(), "not in this keystore") {
			t.Errorf("signing with the keys of before: %v", err)
		}
		if _, err := b.RotateVendor(ctx); err == nil || !strings.Contains(err.Error(), "not in this keystore") {
			t.Errorf("rotating the keys of before: %v", err)
		}
		b.Stop()
		amendTo(w, a, tn.pat, card, "US-CA")
		if !bytes.Equal(log, must[[]byte](w)(a.KeyLog(ctx))) {
			t.Error("the key log has changed")
		}

		// Beside a replica, one that was not started as one does not rotate.
		a.Replica = "a"
		restarted(w, tn, a)
		a.Replica = ""
		c := a.Twin("c")
		meet(w, tn, c)
		if _, err := c.RotateVendor(ctx); !errors.Is(err, view.ErrConflict) || !strings.Contains(err.Error(), "was not started as one") {
			t.Errorf("a node that is no replica, beside one: %v", err)
		}
		if r := must[view.KeyRotation](w)(a.RotateVendor(ctx)); r.Number != 3 {
			t.Errorf("%+v", r)
		}
	})
}

// A request that is given up leaves nothing behind.
func TestReplicasRotationGivenUp(t *testing.T) {
	sim.Run(t, 627, func(w *sim.World) {
		c := newChain(w)
		log := must[[]byte](w)(c.a.KeyLog(w.T.Context()))
		for place, after := range map[string]time.Duration{"US-UT": time.Millisecond, "US-NV": 300 * time.Millisecond, "US-CA": 900 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(w.T.Context(), after)
			_, err := c.a.RotateVendor(ctx)
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("given up after %s: %v", after, err)
			}
			amendTo(w, c.b, c.pat, c.card, place)
		}
		must[view.KeyRotation](w)(c.b.RotateVendor(w.T.Context()))
		c.wantLog(w, log, verified(w, c.stored(w)).Latest().Number)
	})
}
