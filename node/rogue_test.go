package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/relcard"
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
	r := &rogue{w: w, host: w.Host(name), store: memory.New()}
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
		_, err := r.courier.Send(tx, courier.Outgoing{
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

func (r *rogue) status(ref string) courier.LetterStatus {
	r.w.T.Helper()
	all, err := r.courier.Letters(r.w.T.Context(), ref)
	if err != nil || len(all) != 1 {
		r.w.T.Fatalf("%d letters for %s: %v", len(all), ref, err)
	}
	return all[0]
}

// forger is an identifier with keys and a log, as good as anybody's.
type forger struct {
	signer identity.Signer
	log    []byte
}

func newForger(t *testing.T, domain string) forger {
	t.Helper()
	var keys [3]ed25519.PrivateKey
	for i := range keys {
		_, keys[i], _ = ed25519.GenerateKey(nil)
	}
	l, err := webvh.Create(webvh.Genesis{
		Domain: domain, Sign: keys[0].Public().(ed25519.PublicKey), Update: keys[1], Next: keys[2].Public().(ed25519.PublicKey),
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, err := webvh.Verify(l, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return forger{identity.NewSigner(h.DID(), h.Latest().ID, keys[0]), l.Bytes()}
}

func (f forger) party(name string) relcard.Party {
	return relcard.Party{DID: f.signer.DID(), Name: name}
}

// signRaw signs any body, right or wrong, as the network's nodes would not.
func signRaw(t *testing.T, body any, s identity.Signer, role identity.Role) []byte {
	t.Helper()
	return signRawAt(t, body, s, role, time.Now())
}

func signRawAt(t *testing.T, body any, s identity.Signer, role identity.Role, at time.Time) []byte {
	t.Helper()
	raw := cbor(t, body)
	env, err := identity.Sign(s, dagcbor.Sum(raw), role, at)
	if err != nil {
		t.Fatal(err)
	}
	return cbor(t, signedForm{1, env, raw})
}

func cbor(t *testing.T, v any) []byte {
	t.Helper()
	b, err := dagcbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// secretKey is a signer for the key a party keeps under a name.
func secretKey(w *sim.World, p *sim.Party, name string) ed25519.PrivateKey {
	w.T.Helper()
	return ed25519.NewKeyFromSeed(must[[]byte](w)(p.Keys.Get(name)))
}

// newKey is a key of somebody's.
func newKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// ownRoute is a party's reply route for a label, as it tells it to others.
func ownRoute(w *sim.World, p *sim.Party, label string) intentcast.Route {
	w.T.Helper()
	var body struct {
		Version uint64           `cbor:"v"`
		Route   intentcast.Route `cbor:"route"`
		Holder  []byte           `cbor:"holder"`
		Hidden  bool             `cbor:"hidden"`
		Created identity.Time    `cbor:"created"`
		Expires identity.Time    `cbor:"expires"`
		Granted identity.Time    `cbor:"granted,omitzero"`
	}
	if err := dagcbor.Unmarshal(record(w, p, "route", label).Body, &body); err != nil {
		w.T.Fatal(err)
	}
	return body.Route
}

// record is one record of a party's store.
func record(w *sim.World, p *sim.Party, kind store.Kind, id string) (r store.Record) {
	w.T.Helper()
	if err := p.Store.View(w.T.Context(), func(tx store.Tx) (err error) {
		r, err = tx.Get(kind, id)
		return err
	}); err != nil {
		w.T.Fatalf("%s at %s: %v", kind, p.Name, err)
	}
	return r
}

// holdings are all that a node keeps of intents, offers and cards, and its
// settings: what no foreign letter may change.
func holdings(w *sim.World, p *sim.Party) map[string]string {
	w.T.Helper()
	out := make(map[string]string)
	err := p.Store.View(w.T.Context(), func(tx store.Tx) error {
		for _, kind := range []store.Kind{"intent", "heard", "offer", "bidder", "sent", "card", "item", "setting", "route"} {
			recs, err := tx.List(store.Query{Kind: kind})
			if err != nil {
				return err
			}
			for _, r := range recs {
				body := hex.EncodeToString(r.Body)
				if kind == "intent" { // its body also counts how often it was sent
					body = ""
				}
				out[string(kind)+" "+r.ID] = fmt.Sprint(r.State, " ", r.Ref, " ", r.Due.UnixMicro(), " ", body)
			}
		}
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return out
}

// wantSame fails the test where a node's holdings are not what they were.
func wantSame(w *sim.World, p *sim.Party, before map[string]string) {
	w.T.Helper()
	after := holdings(w, p)
	for key, was := range before {
		if is, ok := after[key]; !ok {
			w.T.Errorf("%s: %s is gone", p.Name, key)
		} else if is != was {
			w.T.Errorf("%s: %s has changed", p.Name, key)
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			w.T.Errorf("%s: %s has come", p.Name, key)
		}
	}
	if _, err := p.Status(w.T.Context()); err != nil {
		w.T.Errorf("%s no longer answers: %v", p.Name, err)
	}
}

// wantRefused checks that a letter was refused for good, in words.
func wantRefused(w *sim.World, name string, l courier.LetterStatus, words ...string) {
	w.T.Helper()
	if l.State != courier.StateRefused {
		w.T.Errorf("%s: the letter is %s (%s), want refused", name, l.State, l.Problem)
	}
	for _, word := range words {
		if !strings.Contains(l.Problem, word) {
			w.T.Errorf("%s: refused with %q, want %q in it", name, l.Problem, word)
		}
	}
}

// flipped returns b with one bit changed.
func flipped(b []byte, bit int) []byte {
	out := bytes.Clone(b)
	out[bit/8%len(out)] ^= 1 << (bit % 8)
	return out
}
