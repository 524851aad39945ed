package gossip

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/gossip/reconcile"
	"github.com/parley-network/parley/identity"
)

var liveStart = time.Date(2020, 3, 16, 9, 0, 0, 0, time.UTC)

func signerOf(name string) identity.Signer {
	seed := sha256.Sum256([]byte(name))
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
}

func liveCast(t *testing.T, author string, at time.Time) *intentcast.Cast {
	t.Helper()
	route := intentcast.Route{
		Peer:  "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
		Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
		Slot:  make([]byte, 32), Key: make([]byte, intentcast.ReplyKeySize),
	}
	return liveSign(t, example.Stroller(signerOf(author).DID(), route, at), author, at)
}

func liveSign(t *testing.T, in intentcast.Intent, author string, at time.Time) *intentcast.Cast {
	t.Helper()
	c, err := intentcast.Sign(in, signerOf(author), at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newLive() *live {
	l := new(live)
	l.init()
	return l
}

// shown are the short ids that an asker is told of at a time.
func (l *live) shownAt(t *testing.T, at time.Time) (*telling, []uint64) {
	t.Helper()
	told, err := l.tell(func(string, uint64) bool { return true }, false, at)
	if err != nil {
		t.Fatal(err)
	}
	asks := reconcile.NewAsker(func(reconcile.Key) []uint64 { return nil })
	answer := told.Opened()
	for {
		question, err := asks.Next(answer)
		if err != nil {
			t.Fatal(err)
		}
		if question == nil {
			return told, asks.Missing()
		}
		if answer, err = told.Answer(question); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLiveHoldsBackAndKeepsTheLatest(t *testing.T) {
	l, at := newLive(), liveStart
	c := liveCast(t, "parent", at)
	l.keep(c, []byte("first"), at)
	if _, got := l.shownAt(t, at.Add(holdLeast/2)); len(got) != 0 {
		t.Error("told at once")
	}
	later := at.Add(3 * holdLeast)
	if _, got := l.shownAt(t, later); len(got) != 1 {
		t.Errorf("%d told later", len(got))
	}
	l.keep(c, []byte("first, anew"), later)
	told, got := l.shownAt(t, later)
	if len(got) != 1 || l.bytes != len("first, anew") {
		t.Errorf("%d told of the same cast anew, %d bytes", len(got), l.bytes)
	}
	if wire, err := told.shelves[0].short[got[0]].wire(); err != nil || string(wire) != "first, anew" {
		t.Errorf("told %q, %v", wire, err)
	}
	w := liveSign(t, c.Successor(intentcast.StatusWithdrawn, at), "parent", at)
	l.restore(w, []byte("withdrawal"), later)
	_, got = l.shownAt(t, later)
	id := digestOf(w.ID)
	if len(got) != 1 || got[0] != l.key.Short(id[:]) || l.bytes != len("withdrawal") {
		t.Errorf("told %x after the withdrawal, %d bytes", got, l.bytes)
	}
	if own := l.shorts(l.key, []string{c.Intent.Shard()}); len(own) != 2 { // and the one that is no more
		t.Errorf("%d need not be told", len(own))
	}
	over := c.Intent.Expires.Std()
	l.tidy(over)
	if _, got := l.shownAt(t, over); len(got) != 0 || l.bytes != 0 || len(l.lines)+len(l.roots)+len(l.shelves)+len(l.past) != 0 {
		t.Errorf("%d told after its end, %+v left", len(got), l)
	}
	if l.restore(c, []byte("first"), over); len(l.lines) != 0 {
		t.Error("what is over was kept")
	}
}

// The root of a line settles whose it is: what others claimed of it goes.
func TestLiveLetsGoOfFalseClaims(t *testing.T) {
	l, at := newLive(), liveStart
	root := liveCast(t, "parent", at)
	in := root.Successor(intentcast.StatusWithdrawn, at)
	in.Author = signerOf("thief").DID()
	claim := liveSign(t, in, "thief", at)
	l.restore(claim, []byte("claim"), at)
	l.restore(root, []byte("root"), at)
	_, got := l.shownAt(t, at)
	id := digestOf(root.ID)
	if len(got) != 1 || got[0] != l.key.Short(id[:]) {
		t.Errorf("told %x", got)
	}
}

func TestLiveChangesItsKey(t *testing.T) {
	l, at := newLive(), liveStart
	for i := range 20 {
		l.restore(liveCast(t, fmt.Sprint("parent ", i), at), []byte("wire"), at)
	}
	before, was := l.shownAt(t, at)
	if rec, ok := before.find(was[0]); ok || rec.Wire != nil { // long over by the real clock
		t.Errorf("found %q", rec.Wire)
	}
	key := l.key
	if l.shownAt(t, at.Add(keyLife-time.Second)); l.key != key {
		t.Error("another key too soon")
	}
	if _, is := l.shownAt(t, at.Add(keyLife)); l.key == key || len(is) != 20 {
		t.Errorf("the same key, or %d told", len(is))
	}
	if _, ok := before.find(was[0]); ok {
		t.Error("found by a short id of before")
	}
}

func TestLiveIsBounded(t *testing.T) {
	l, at := newLive(), liveStart
	big := make([]byte, liveBytes)
	l.restore(liveCast(t, "one", at), big, at)
	l.restore(liveCast(t, "other", at), []byte("wire"), at)
	_, got := l.shownAt(t, at)
	if len(got) != 1 || l.bytes != liveBytes {
		t.Errorf("%d told, %d bytes", len(got), l.bytes)
	}
	shard := liveCast(t, "one", at).Intent.Shard()
	if own := l.shorts(reconcile.Key{}, []string{shard}); len(own) != 2 {
		t.Errorf("%d known", len(own))
	}
	for i := range 2 * maxPast {
		l.pass(sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)}), at.Add(time.Minute), at)
	}
	if len(l.past) != maxPast {
		t.Errorf("%d past", len(l.past))
	}
	l.pass(digest{}, at.Add(time.Hour), at.Add(time.Minute))
	if len(l.past) != 1 {
		t.Errorf("%d past after they are over", len(l.past))
	}
}
