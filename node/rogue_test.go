package node_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/sim"
)

// The letters of the node as they are on the wire, written down a second time:
// an attacker has no more than the format to go by.
type (
	offerLetter struct {
		Version uint64 `cbor:"v"`
		Offer   []byte `cbor:"offer"`
		Log     []byte `cbor:"log"`
	}
	proposeLetter struct {
		Version uint64            `cbor:"v"`
		Card    []byte            `cbor:"card"`
		Log     []byte            `cbor:"log"`
		Author  identity.Envelope `cbor:"author"`
	}
	countersignLetter struct {
		Version  uint64            `cbor:"v"`
		Card     dagcbor.CID       `cbor:"card"`
		Envelope identity.Envelope `cbor:"env"`
	}
	refuseLetter struct {
		Version uint64      `cbor:"v"`
		Card    dagcbor.CID `cbor:"card"`
		Reason  string      `cbor:"reason"`
	}
	endLetter struct {
		Version uint64      `cbor:"v"`
		Card    dagcbor.CID `cbor:"card"`
		Ending  []byte      `cbor:"ending"`
	}
	// signedForm is a signed offer or intent.
	signedForm struct {
		Version  uint64            `cbor:"v"`
		Envelope identity.Envelope `cbor:"env"`
		Body     []byte            `cbor:"body"`
	}
)

// rogue sends letters of its own making by a courier of its own.
type rogue struct {
	w       *sim.World
	host    host.Host
	courier *courier.Courier
	store   store.Store
	sent    int

	mu  sync.Mutex
	got []courier.Inbound
}

func newRogue(w *sim.World, name string, neighbours ...*sim.Party) *rogue {
	w.T.Helper()
	r := &rogue{w: w, host: w.Host(name), store: durableStore{memory.New()}}
	w.Add(name+"'s store", r.store)
	var err error
	r.courier, err = courier.New(courier.Config{
		Host: r.host, Store: r.store, Secrets: keystore.Memory(), Rand: rand.NewPCG(1, 2), Log: w.Log(name),
		NoHold: true, NoForward: true, Handle: r.take,
	})
	if err != nil {
		w.T.Fatal(err)
	}
	w.Start(name, r.courier.Run)
	for _, p := range neighbours {
		w.Connect(r.host, p.Host)
	}
	return r
}

func (r *rogue) take(_ context.Context, _ store.Tx, in courier.Inbound) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, in)
	return nil
}

// answers are the letters received of a kind.
func (r *rogue) answers(kind string) []courier.Inbound {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []courier.Inbound
	for _, in := range r.got {
		if in.Kind == kind {
			out = append(out, in)
		}
	}
	return out
}

// send hands in a letter and waits for what the recipient says to it.
func (r *rogue) send(to intentcast.Route, kind string, body []byte) courier.LetterStatus {
	r.w.T.Helper()
	self := r.courier.Self()
	return r.sendFrom(to, &self, kind, body)
}

func (r *rogue) sendFrom(to intentcast.Route, from *intentcast.Route, kind string, body []byte) courier.LetterStatus {
	r.w.T.Helper()
	ref := r.post(to, from, kind, body)
	var last courier.LetterStatus
	r.w.Eventually(2*time.Minute, "the recipient answers a letter of kind "+kind, func() bool {
		last = r.status(ref)
		// By a direct route the answer comes first and its reason after it.
		return last.State == courier.StateDelivered || last.State == courier.StateRefused && last.Problem != "the recipient refuses it"
	})
	return last
}

// post hands in a letter and returns what to ask its status by.
func (r *rogue) post(to intentcast.Route, from *intentcast.Route, kind string, body []byte) (ref string) {
	r.w.T.Helper()
	r.sent++
	ref = fmt.Sprint("letter ", r.sent)
	err := r.store.Update(r.w.T.Context(), func(tx store.Tx) error {
		_, err := r.courier.Send(tx.(courier.Tx), courier.Outgoing{
			To: to, From: from, Kind: kind, Body: body, Expires: time.Now().Add(time.Hour), Ref: ref, Direct: true,
		})
		return err
	})
	if err != nil {
		r.w.T.Fatal(err)
	}
	r.courier.Wake()
	return ref
}

// flip sends a letter many times, each with one bit of it flipped or the rest
// cut off, and returns what became of each, by the bit.
func (r *rogue) flip(to intentcast.Route, kind string, good []byte) map[int]courier.LetterStatus {
	r.w.T.Helper()
	times := 150
	if testing.Short() {
		times = 30
	}
	rnd := r.w.RandFor("flips")
	self := r.courier.Self()
	refs := make(map[int]string)
	for range times {
		bit := rnd.IntN(8 * len(good))
		bad := flipped(good, bit)
		if rnd.IntN(4) == 0 {
			bad = good[:bit/8]
		}
		refs[bit] = r.post(to, &self, kind, bad)
	}
	out := make(map[int]courier.LetterStatus)
	for bit, ref := range refs {
		l := r.status(ref)
		for end := time.Now().Add(time.Hour); !l.Next.IsZero() && time.Now().Before(end); l = r.status(ref) {
			time.Sleep(time.Second)
		}
		out[bit] = l
	}
	return out
}

func (r *rogue) status(ref string) courier.LetterStatus {
	r.w.T.Helper()
	all, err := r.courier.Letters(r.w.T.Context(), ref)
	if err != nil || len(all) != 1 {
		r.w.T.Fatalf("%d letters for %s: %v", len(all), ref, err)
	}
	return all[0]
}

// durableStore is a store whose transactions letters can be sent in.
type durableStore struct{ store.Store }

func (s durableStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	var d *durableTx
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		d = &durableTx{Tx: tx}
		return fn(d)
	})
	if err == nil {
		for _, then := range d.then {
			then()
		}
	}
	return err
}

type durableTx struct {
	store.Tx
	then []func()
}

func (tx *durableTx) OnDurable(fn func()) { tx.then = append(tx.then, fn) }
