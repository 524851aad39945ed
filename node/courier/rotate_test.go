package courier

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/courier/seal"
)

// rotating has routes get new keys every hour, and old ones taken for two.
func rotating(told func(label string)) nodeOption {
	return func(c *Config) {
		c.Limits.Rotate, c.Limits.Grace, c.Limits.Replace = time.Hour, 2*time.Hour, 20*time.Minute
		c.Moves = func(label string) bool { return label != "intent" }
		c.Moved = told
	}
}

func (n *testNode) route(label string) intentcast.Route {
	n.t.Helper()
	r, ok := n.courier.Route(label)
	if !ok {
		n.t.Fatalf("no route %q", label)
	}
	return r
}

// openLong opens a route for longer than the tests last.
func (n *testNode) openLong(label string) intentcast.Route {
	n.t.Helper()
	r, err := n.courier.OpenRoute(n.t.Context(), label, time.Now().Add(365*24*time.Hour))
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// A route gets new keys, slot and holder when it is old. Letters to the old one
// arrive under the same label, across a restart, until the grace is over; then
// nothing of its keys is left in the keystore's files, and what was captured
// can't be opened with all that is there. A route that can't move does not.
func TestRotation(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	bubble(t, 5, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		keys, err := keystore.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var moved []string
		opts := rotating(func(label string) {
			mu.Lock()
			defer mu.Unlock()
			moved = append(moved, label)
		})
		person.stop()
		person.secrets = keys
		person.start(opts)
		defer keys.Close()
		met(t, person)
		first, intent := person.openLong("card"), person.openLong("intent")
		secret, err := keys.Get(routeSecret("card"))
		if err != nil {
			t.Fatal(err)
		}
		captured, _, err := seal.Seal(first.Key, aLetter(time.Now()))
		if err != nil {
			t.Fatal(err)
		}

		eventually(t, 90*time.Minute, "the route moves", func() bool { return !bytes.Equal(person.route("card").Key, first.Key) })
		second := person.route("card")
		if bytes.Equal(second.Slot, first.Slot) || second.Peer == first.Peer {
			t.Error("the new route has the old slot, or holder")
		}
		if again := person.openLong("card"); !bytes.Equal(again.Key, second.Key) {
			t.Error("OpenRoute returns another than the one in use")
		}
		mu.Lock()
		told := slices.Clone(moved)
		mu.Unlock()
		if len(told) != 1 || told[0] != "card" || !bytes.Equal(person.route("intent").Key, intent.Key) {
			t.Errorf("moved: %q", told)
		}

		person.stop()
		person.start(opts)
		self := vendor.courier.Self()
		for i, to := range []intentcast.Route{first, second} {
			id := vendor.send(Outgoing{To: to, From: &self, Kind: "x", Body: []byte{byte(i)}, Expires: time.Now().Add(20 * time.Hour), Direct: true})
			eventually(t, time.Hour, "delivered", func() bool { return vendor.letter(id).State == StateDelivered })
		}
		for _, in := range person.inbounds() {
			if in.Label != "card" {
				t.Errorf("labelled %q", in.Label)
			}
		}

		eventually(t, 4*time.Hour, "the old keys are gone", func() bool {
			_, err := keys.Get(routeSecret("card"))
			return errors.Is(err, fs.ErrNotExist)
		})
		time.Sleep(2 * time.Minute)
		all := allFiles(t, dir)
		for _, part := range [][]byte{secret, secret[:32], secret[32:]} {
			if bytes.Contains(all, part) {
				t.Error("the old key is in the keystore's files")
			}
		}
		readable(t, person, captured, false)
		now, _, err := seal.Seal(person.route("card").Key, aLetter(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		readable(t, person, now, true)
		late := vendor.send(Outgoing{To: first, From: &self, Kind: "x", Expires: time.Now().Add(20 * time.Hour), Direct: true})
		time.Sleep(10 * time.Minute)
		if l := vendor.letter(late); l.State != StateQueued {
			t.Errorf("a letter to a route that is gone: %+v", l)
		}
	}, quick)
}

// readable tries whatever keys the node has on a sealed letter.
func readable(t *testing.T, n *testNode, sealed []byte, want bool) {
	t.Helper()
	got := false
	for _, name := range n.secrets.Names() {
		secret, err := n.secrets.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(secret) < seal.SeedSize {
			continue
		}
		key, err := seal.NewPrivateKey(secret[len(secret)-seal.SeedSize:])
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = key.Open(sealed)
		got = got || err == nil
	}
	if got != want {
		t.Errorf("readable with the node's keys: %t, want %t", got, want)
	}
}

func allFiles(t *testing.T, dir string) (all []byte) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// What was replaced is forgotten at once when its owner says that nothing can
// be on its way; what is in use never.
func TestForget(t *testing.T) {
	bubble(t, 5, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		first := person.openLong("card")
		second, err := person.courier.Replace(t.Context(), "card")
		if err != nil {
			t.Fatal(err)
		}
		forget := func(before time.Time, want int) {
			t.Helper()
			if err := person.courier.Forget(t.Context(), "card", before); err != nil {
				t.Fatal(err)
			}
			if got := len(person.courier.routes.all("card")); got != want {
				t.Errorf("%d routes, want %d", got, want)
			}
		}
		forget(time.Now().Add(-time.Hour), 2)
		forget(time.Now().Add(time.Hour), 1)
		forget(time.Now().Add(time.Hour), 1)
		if now := person.route("card"); !bytes.Equal(now.Key, second.Key) || bytes.Equal(now.Key, first.Key) {
			t.Error("the wrong one was forgotten")
		}
		if err := person.courier.CloseRoute(t.Context(), "card"); err != nil {
			t.Fatal(err)
		}
		if _, err := person.courier.Replace(t.Context(), "card"); err == nil {
			t.Error("a route that is closed was replaced")
		}
		if names := person.secrets.Names(); len(names) != 1 {
			t.Errorf("secrets left: %q", names)
		}
	})
}

// A run that ends between opening a new route and retiring the old one leaves
// two; the newer is in use.
func TestReplaceCutShort(t *testing.T) {
	bubble(t, 5, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		person.openLong("card")
		old := person.courier.routes.get("card")
		next, err := person.courier.successor(t.Context(), old)
		if err != nil {
			t.Fatal(err)
		}
		if err := person.courier.establish(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		person.stop()
		person.start()
		if now := person.route("card"); !bytes.Equal(now.Key, next.rec.Route.Key) {
			t.Error("the older route is in use")
		}
		if all := person.courier.routes.all("card"); len(all) != 2 {
			t.Errorf("%d routes", len(all))
		}
	})
}

// A mailbox and a route whose holder is lost are replaced after a while, and
// the owner of both is told.
func TestLostIsReplaced(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		var mu sync.Mutex
		moved := map[string]int{}
		node := nodes[1]
		node.stop()
		node.start(withMailboxes(2), rotating(func(label string) {
			mu.Lock()
			defer mu.Unlock()
			moved[label]++
		}), func(c *Config) { c.Limits.Rotate = 100 * time.Hour })
		met(t, node)
		eventually(t, 10*time.Minute, "mailboxes", func() bool { return len(node.courier.Self().Holders) == 2 })
		before, lost := node.courier.Self(), node.courier.Self().Holders[0].Peer
		card := node.openLong("card")
		for card.Peer != lost {
			r, err := node.courier.Replace(t.Context(), "card")
			if err != nil {
				t.Fatal(err)
			}
			card = r
		}
		gone := nodes[holderOfRoute(nodes, lost)]
		gone.stop()
		eventually(t, 2*time.Hour, "another mailbox", func() bool {
			h := node.courier.Self().Holders
			return len(h) == 2 && h[0].Peer != lost && h[1].Peer != lost
		})
		eventually(t, 2*time.Hour, "another holder", func() bool { return node.route("card").Peer != lost })
		if kept := node.courier.Self().Holders[0]; kept.Peer != before.Holders[1].Peer || !bytes.Equal(kept.Slot, before.Holders[1].Slot) {
			t.Error("the mailbox that works was given up")
		}
		mu.Lock()
		defer mu.Unlock()
		if moved[""] < 2 || moved["card"] == 0 {
			t.Errorf("told of %v", moved)
		}
		gone.start()
	}, quick)
}

func aLetter(now time.Time) seal.Letter {
	return seal.Letter{Version: 1, ID: seal.NewID(), Kind: "x", Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour))}
}
