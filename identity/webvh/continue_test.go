package webvh_test

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/webvh"
)

// writer is who holds the keys of a log.
type writer struct {
	t    *rapid.T
	log  *webvh.Log
	next ed25519.PrivateKey
	at   time.Time
}

func drawKey(t *rapid.T) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
}

func pub(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func newWriter(t *rapid.T) *writer {
	w := &writer{t: t, next: drawKey(t), at: time.Unix(1700000000, 0)}
	update := drawKey(t)
	var err error
	w.log, err = webvh.Create(webvh.Genesis{Domain: "shop.example", Update: update, Next: pub(w.next), Sign: pub(drawKey(t))}, w.at)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// rotated returns the writer n rotations later; w stays as it is.
func (w *writer) rotated(n int) *writer {
	v := *w
	for range n {
		next := drawKey(w.t)
		v.at = v.at.Add(time.Second * time.Duration(rapid.IntRange(1, 1e6).Draw(w.t, "pause")))
		var err error
		if v.log, err = v.log.Rotate(webvh.Rotation{Update: v.next, Next: pub(next), Sign: pub(drawKey(w.t))}, v.at); err != nil {
			w.t.Fatal(err)
		}
		v.next = next
	}
	return &v
}

func (w *writer) history() *webvh.History {
	h, err := webvh.Verify(w.log, nil, w.at)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// A log is continued by itself and by every longer one that grew from it, and
// by nothing else.
func TestContinues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		short := newWriter(t).rotated(rapid.IntRange(0, 3).Draw(t, "versions"))
		long := short.rotated(rapid.IntRange(1, 3).Draw(t, "more"))
		kept := short.history()
		if err := kept.Continues(kept); err != nil {
			t.Errorf("the same: %v", err)
		}
		if err := long.history().Continues(kept); err != nil {
			t.Errorf("longer: %v", err)
		}
		if err := kept.Continues(long.history()); !errors.Is(err, webvh.ErrBehind) {
			t.Errorf("shorter: %v", err)
		}
		other := short.rotated(rapid.IntRange(1, 3).Draw(t, "other"))
		var fork *webvh.ForkError
		err := other.history().Continues(long.history())
		if other.log.VersionID() == long.log.VersionID() {
			t.Skip("the very same was drawn twice")
		}
		if !errors.As(err, &fork) {
			t.Fatalf("a fork: %v", err)
		}
		number := len(kept.Versions()) + 1
		if a, b := long.history().Versions()[number-1].ID, other.history().Versions()[number-1].ID; fork.Number != number || fork.A != a || fork.B != b {
			t.Errorf("it forks at %d, %s and %s, and is told at %d, %s and %s", number, a, b, fork.Number, fork.A, fork.B)
		}
	})
}

// A log of another identifier continues nothing, however long.
func TestAnotherLogContinuesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := newWriter(t), newWriter(t)
		if a.log.DID() == b.log.DID() {
			t.Skip("the very same was drawn twice")
		}
		b = b.rotated(rapid.IntRange(0, 2).Draw(t, "more"))
		if err := b.history().Continues(a.history()); !errors.Is(err, webvh.ErrOtherLog) {
			t.Errorf("%v", err)
		}
	})
}

func TestVersionNumber(t *testing.T) {
	id := firstLog(t).VersionID()
	if n, ok := webvh.VersionNumber(id); n != 1 || !ok {
		t.Errorf("%s is number %d, %v", id, n, ok)
	}
	for _, bad := range []string{"", "1", "1-", "x" + id, "0" + id, id + "-", "-" + id} {
		if n, ok := webvh.VersionNumber(bad); ok {
			t.Errorf("%q is number %d", bad, n)
		}
	}
}

func firstLog(t *testing.T) (l *webvh.Log) {
	key := func(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(append(make([]byte, 31), n)) }
	l, err := webvh.Create(webvh.Genesis{Domain: "shop.example", Update: key(1), Next: pub(key(2)), Sign: pub(key(3))}, time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
