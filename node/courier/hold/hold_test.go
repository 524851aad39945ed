package hold_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store/memory"
)

const (
	self  = peer.ID("holder")
	alice = peer.ID("peer that asks for alice")
	bob   = peer.ID("peer that hands in")
)

// owner is who has a slot's key.
type owner struct {
	t   testing.TB
	key ed25519.PrivateKey
}

func newOwner(t testing.TB) owner {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return owner{t, key}
}

func (o owner) slot() []byte { return o.key.Public().(ed25519.PublicKey) }

// request is signed now for the holder, unless it says otherwise.
func (o owner) request(r wire.HoldRequest) []byte {
	o.t.Helper()
	if r.Holder == "" {
		r.Holder = self.String()
	}
	if r.Time.IsZero() {
		r.Time = identity.At(time.Now())
	}
	b, err := wire.SignHold(o.key, r)
	if err != nil {
		o.t.Fatal(err)
	}
	return b
}

func (o owner) ask(h *hold.Holder, r wire.HoldRequest) wire.HoldResponse {
	o.t.Helper()
	return h.Serve(context.Background(), alice, o.request(r), nil)
}

func (o owner) open(h *hold.Holder, life time.Duration) wire.HoldResponse {
	o.t.Helper()
	return o.ask(h, wire.HoldRequest{Op: wire.HoldOpen, Expires: identity.At(time.Now().Add(life))})
}

func (o owner) fetch(h *hold.Holder, done ...[]byte) wire.HoldResponse {
	o.t.Helper()
	return o.ask(h, wire.HoldRequest{Op: wire.HoldFetch, Done: done})
}

// mail is a sealed letter as far as a holder can tell: bytes of a right size.
func mail(n int) []byte {
	b := make([]byte, 1024+seal.Overhead)
	copy(b, fmt.Sprint("letter ", n))
	return b
}

// put hands a letter in without work.
func put(h *hold.Holder, from peer.ID, slot, sealed []byte) wire.Status {
	status, _ := h.Put(context.Background(), hold.Handed{From: from, Slot: slot, Sealed: sealed})
	return status
}

func wantStatus(t testing.TB, what string, got, want wire.Status) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Open, hand in, fetch, delete, close: the life of a slot.
func TestLife(t *testing.T) {
	h, o := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t)
	wantStatus(t, "hand in before opening", put(h, bob, o.slot(), mail(1)), wire.NoSlot)
	wantStatus(t, "open", o.open(h, time.Hour).Status, wire.Taken)
	wantStatus(t, "hand in", put(h, bob, o.slot(), mail(1)), wire.Taken)
	wantStatus(t, "hand in again", put(h, bob, o.slot(), mail(1)), wire.Duplicate)
	wantStatus(t, "hand in another", put(h, bob, o.slot(), mail(2)), wire.Taken)

	got := o.fetch(h)
	if len(got.Letters) != 2 || !bytes.Equal(got.Letters[0], mail(1)) || !bytes.Equal(got.Letters[1], mail(2)) {
		t.Fatalf("fetched %d letters", len(got.Letters))
	}
	if again := o.fetch(h); len(again.Letters) != 2 {
		t.Errorf("a fetched letter is gone before it was acknowledged")
	}
	if rest := o.fetch(h, wire.LetterID(mail(1))); len(rest.Letters) != 1 {
		t.Errorf("%d letters after one was acknowledged", len(rest.Letters))
	}
	have := o.ask(h, wire.HoldRequest{Op: wire.HoldFetch, Have: [][]byte{wire.LetterID(mail(2))}})
	if len(have.Letters) != 0 || h.Stats().Letters != 1 {
		t.Errorf("a letter the owner has was sent again, or deleted")
	}
	wantStatus(t, "acknowledge", o.ask(h, wire.HoldRequest{Op: wire.HoldAck, Done: [][]byte{wire.LetterID(mail(2))}}).Status, wire.Taken)
	wantStatus(t, "close", o.ask(h, wire.HoldRequest{Op: wire.HoldClose}).Status, wire.Taken)
	wantStatus(t, "close again", o.ask(h, wire.HoldRequest{Op: wire.HoldClose}).Status, wire.Taken)
	wantStatus(t, "fetch after", o.fetch(h).Status, wire.NoSlot)
	if st := h.Stats(); st != (hold.Stats{}) {
		t.Errorf("left behind: %+v", st)
	}
}

// What a thief may try: everything fails, and the owner's letters stay.
func TestTheft(t *testing.T) {
	h, o, thief := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t), newOwner(t)
	o.open(h, time.Hour)
	put(h, bob, o.slot(), mail(1))

	forged := func(op wire.HoldOp) []byte {
		// The thief's signature over the owner's slot.
		r, err := wire.DecodeHold(thief.request(wire.HoldRequest{Op: op, Expires: identity.At(time.Now().Add(time.Hour))}))
		if err != nil {
			t.Fatal(err)
		}
		good := thief.request(wire.HoldRequest{Op: op, Expires: r.Expires})
		return bytes.Replace(good, thief.slot(), o.slot(), 1)
	}
	old := o.request(wire.HoldRequest{Op: wire.HoldClose, Time: identity.At(time.Now().Add(-wire.MaxSkew - 2*time.Second))})
	elsewhere := o.request(wire.HoldRequest{Op: wire.HoldClose, Holder: "another holder"})
	for name, request := range map[string][]byte{
		"fetch signed by another key":       forged(wire.HoldFetch),
		"close signed by another key":       forged(wire.HoldClose),
		"open signed by another key":        forged(wire.HoldOpen),
		"old signature":                     old,
		"request made for another holder":   elsewhere,
		"signature of the future":           o.request(wire.HoldRequest{Op: wire.HoldClose, Time: identity.At(time.Now().Add(time.Hour))}),
		"open that is over before it began": o.request(wire.HoldRequest{Op: wire.HoldOpen, Expires: identity.At(time.Now().Add(-time.Hour))}),
	} {
		resp := h.Serve(context.Background(), bob, request, nil)
		wantStatus(t, name, resp.Status, wire.Forbidden)
		if len(resp.Letters) > 0 {
			t.Errorf("%s: got letters", name)
		}
	}
	wantStatus(t, "garbage", h.Serve(context.Background(), bob, []byte("garbage"), nil).Status, wire.Malformed)
	wantStatus(t, "fetch of the thief's own", thief.fetch(h).Status, wire.NoSlot)
	if len(o.fetch(h).Letters) != 1 {
		t.Error("the owner's letter is gone")
	}
}

func TestLimits(t *testing.T) {
	size := len(mail(0))
	lim := hold.Limits{
		Slots: 3, PeerSlots: 2, Letters: 4, PeerLetters: 3, SlotBytes: 10 * size,
		Bytes: 6 * size, PeerBytes: 5 * size, Life: time.Hour, Polls: 1, SlotPolls: 1,
	}
	h := hold.New(self, lim, memory.New())
	a, b, c := newOwner(t), newOwner(t), newOwner(t)
	wantStatus(t, "slot 1", a.open(h, time.Minute).Status, wire.Taken)
	wantStatus(t, "slot 2", b.open(h, time.Minute).Status, wire.Taken)
	wantStatus(t, "slot 3 through one peer", c.open(h, time.Minute).Status, wire.Full)
	wantStatus(t, "slot 1 again", a.open(h, time.Minute).Status, wire.Taken)
	other := c.request(wire.HoldRequest{Op: wire.HoldOpen, Expires: identity.At(time.Now().Add(time.Minute))})
	wantStatus(t, "slot 3 through another", h.Serve(context.Background(), bob, other, nil).Status, wire.Taken)
	wantStatus(t, "slot 4", newOwner(t).open(h, time.Minute).Status, wire.Full)

	for i := range 3 {
		wantStatus(t, "letter", put(h, bob, a.slot(), mail(i)), wire.Taken)
	}
	wantStatus(t, "fourth from one peer", put(h, bob, a.slot(), mail(3)), wire.NeedsWork)
	wantStatus(t, "fourth from another", put(h, alice, a.slot(), mail(3)), wire.Taken)
	wantStatus(t, "fifth, of one that has less there", put(h, alice, a.slot(), mail(4)), wire.Taken)
	wantStatus(t, "sixth, of one that has as much", put(h, alice, a.slot(), mail(6)), wire.NeedsWork)
	wantStatus(t, "other slot", put(h, bob, b.slot(), mail(5)), wire.Taken)
	wantStatus(t, "bytes in all", put(h, bob, b.slot(), make([]byte, 4096+seal.Overhead)), wire.Full)
	wantStatus(t, "larger than a slot", put(h, bob, b.slot(), make([]byte, 10*size+1)), wire.TooLarge)

	granted := a.open(h, 48*time.Hour).Expires.Std()
	if d := time.Until(granted); d > lim.Life || d < lim.Life-time.Minute {
		t.Errorf("granted %v, the limit is %v", d, lim.Life)
	}
}

// A slot takes 200 offers of 4 KiB, and gives them out a piece at a time.
func TestManyOffers(t *testing.T) {
	h, o := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t)
	o.open(h, time.Hour)
	for i := range 200 {
		l := make([]byte, 4096+seal.Overhead)
		copy(l, fmt.Sprint(i))
		wantStatus(t, "offer", put(h, peer.ID(fmt.Sprint("vendor ", i%50)), o.slot(), l), wire.Taken)
	}
	var done [][]byte
	for got := 0; got < 200; {
		resp := o.fetch(h, done...)
		encoded, err := wire.EncodeHoldResponse(resp)
		if err != nil || len(encoded) > 64<<10-4 || len(resp.Letters) == 0 {
			t.Fatalf("response of %d bytes, %v", len(encoded), err)
		}
		done = nil
		for _, l := range resp.Letters {
			done = append(done, wire.LetterID(l))
		}
		got += len(resp.Letters)
	}
	if len(o.fetch(h, done...).Letters) != 0 {
		t.Error("letters left")
	}
	// The largest letter there is fits a response too.
	put(h, bob, o.slot(), make([]byte, seal.MaxSealedLetter))
	encoded, err := wire.EncodeHoldResponse(o.fetch(h))
	if err != nil || len(encoded) < seal.MaxSealedLetter || len(encoded) > seal.MaxExchange-4 {
		t.Errorf("response of %d bytes, %v", len(encoded), err)
	}
}

// A fetch waits for the first letter, for as long as it asks, and no longer
// than the slot or the server live.
func TestLongPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, o := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t)
		o.open(h, time.Hour)
		began := time.Now()
		poll := func(ctx context.Context) (wire.HoldResponse, time.Duration) {
			began = time.Now()
			resp := h.Serve(ctx, alice, o.request(wire.HoldRequest{Op: wire.HoldFetch, Wait: 25}), nil)
			return resp, time.Since(began)
		}
		if resp, took := poll(t.Context()); resp.Status != wire.Taken || len(resp.Letters) != 0 || took != 25*time.Second {
			t.Errorf("nothing came: %v after %v", resp.Status, took)
		}
		time.AfterFunc(7*time.Second, func() { put(h, bob, o.slot(), mail(1)) })
		if resp, took := poll(t.Context()); len(resp.Letters) != 1 || took != 7*time.Second {
			t.Errorf("a letter came: %d after %v", len(resp.Letters), took)
		}
		o.fetch(h, wire.LetterID(mail(1)))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, took := poll(ctx); took != 3*time.Second {
			t.Errorf("the server ends: after %v", took)
		}
		closing := o.request(wire.HoldRequest{Op: wire.HoldClose, Time: identity.At(time.Now().Add(2 * time.Second))})
		time.AfterFunc(2*time.Second, func() { h.Serve(t.Context(), alice, closing, nil) })
		if resp, took := poll(t.Context()); resp.Status != wire.NoSlot || took != 2*time.Second {
			t.Errorf("the slot is closed: %v after %v", resp.Status, took)
		}
		if st := h.Stats(); st.Polls != 0 {
			t.Errorf("%d polls left", st.Polls)
		}
	})
}

func TestPollLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := hold.DefaultLimits()
		lim.SlotPolls = 2
		h, o := hold.New(self, lim, memory.New()), newOwner(t)
		o.open(h, time.Hour)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { h.Serve(t.Context(), alice, o.request(wire.HoldRequest{Op: wire.HoldFetch, Wait: 20}), nil) })
		}
		synctest.Wait()
		third := h.Serve(t.Context(), alice, o.request(wire.HoldRequest{Op: wire.HoldFetch, Wait: 20}), nil)
		wantStatus(t, "third", third.Status, wire.Busy)
		wg.Wait()
	})
}

// A slot's life ends by the clock, and its room is free again.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, o := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t)
		o.open(h, time.Hour)
		put(h, bob, o.slot(), mail(1))
		time.Sleep(30 * time.Minute)
		o.open(h, time.Hour) // extended
		time.Sleep(59 * time.Minute)
		h.Sweep()
		if h.Stats().Letters != 1 {
			t.Error("gone before its time")
		}
		time.Sleep(time.Minute)
		wantStatus(t, "hand in", put(h, bob, o.slot(), mail(2)), wire.NoSlot)
		h.Sweep()
		if st := h.Stats(); st != (hold.Stats{}) {
			t.Errorf("left behind: %+v", st)
		}
	})
}
