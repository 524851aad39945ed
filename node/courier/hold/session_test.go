package hold_test

import (
	"context"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store/memory"
)

// begin makes the request r with a signature and returns the session that it
// leaves behind.
func (o owner) begin(h *hold.Holder, r wire.HoldRequest) *seal.Session {
	o.t.Helper()
	key, err := seal.GenerateKey()
	if err != nil {
		o.t.Fatal(err)
	}
	sealed, x, err := seal.SealRequest(key.Public(), o.request(r))
	if err != nil {
		o.t.Fatal(err)
	}
	body, reply, err := key.OpenRequest(sealed)
	if err != nil {
		o.t.Fatal(err)
	}
	wantStatus(o.t, "first request", h.Serve(context.Background(), alice, body, reply.Session()).Status, wire.Taken)
	return x.Session()
}

// next has h find the session by the tag of its request n, and serve r.
func (o owner) next(h *hold.Holder, s *seal.Session, n uint64, r wire.HoldRequest) wire.HoldResponse {
	o.t.Helper()
	found, at, slot := h.Session(s.Tag(n))
	if found == nil {
		return wire.HoldResponse{Status: wire.NoSession}
	}
	if at != n || string(slot) != string(o.slot()) {
		o.t.Fatalf("request %d of slot %x is taken for %d of %x", n, o.slot(), at, slot)
	}
	body, err := wire.EncodeSessionHold(r)
	if err != nil {
		o.t.Fatal(err)
	}
	return h.ServeSession(context.Background(), bob, slot, body)
}

func TestSession(t *testing.T) {
	h, o, other := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t), newOwner(t)
	open := wire.HoldRequest{Op: wire.HoldOpen, Expires: identity.At(time.Now().Add(time.Hour))}
	fetch := wire.HoldRequest{Op: wire.HoldFetch}
	s := o.begin(h, open)
	theirs := other.begin(h, open)
	put(h, bob, o.slot(), mail(1))

	if got := o.next(h, s, 0, fetch); len(got.Letters) != 1 {
		t.Errorf("%d letters", len(got.Letters))
	}
	wantStatus(t, "the same request again", o.next(h, s, 0, fetch).Status, wire.NoSession)
	wantStatus(t, "one too far on", o.next(h, s, 2, fetch).Status, wire.NoSession)
	if got := other.next(h, theirs, 0, fetch); got.Status != wire.Taken || len(got.Letters) != 0 {
		t.Errorf("another's slot: %v, %d letters", got.Status, len(got.Letters))
	}
	done := wire.HoldRequest{Op: wire.HoldFetch, Done: [][]byte{wire.LetterID(mail(1))}}
	wantStatus(t, "delete", o.next(h, s, 1, done).Status, wire.Taken)
	if st := h.Stats(); st.Letters != 0 {
		t.Errorf("%d letters left", st.Letters)
	}

	again := o.begin(h, fetch)
	wantStatus(t, "the session before", o.next(h, s, 2, fetch).Status, wire.NoSession)
	wantStatus(t, "the new one", o.next(h, again, 0, fetch).Status, wire.Taken)
	signed, err := wire.DecodeHold(o.request(fetch))
	if err != nil {
		t.Fatal(err)
	}
	signed.Op = "steal"
	wantStatus(t, "an unknown operation", o.next(h, again, 1, signed).Status, wire.Malformed)
	wantStatus(t, "close", o.next(h, again, 2, wire.HoldRequest{Op: wire.HoldClose}).Status, wire.Taken)
	wantStatus(t, "after the slot", o.next(h, again, 3, fetch).Status, wire.NoSession)

	// A request that is refused leaves no session.
	thief := newOwner(t)
	if resp := h.Serve(context.Background(), bob, thief.request(fetch), s); resp.Status != wire.NoSlot {
		t.Errorf("got %v", resp.Status)
	}
	if found, _, _ := h.Session(s.Tag(0)); found != nil {
		t.Error("a session about no slot")
	}
}
