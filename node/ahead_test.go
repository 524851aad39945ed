package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// versionSigner signs as a version of a key log, which this test keeps.
type versionSigner struct {
	did     identity.DID
	version string
	key     ed25519.PrivateKey
}

func (s versionSigner) DID() identity.DID               { return s.did }
func (s versionSigner) KeyVersion() string              { return s.version }
func (s versionSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// period is what the key log says of the version.
func (s versionSigner) period(from time.Time) identity.KeyPeriod {
	return identity.KeyPeriod{Keys: []ed25519.PublicKey{s.key.Public().(ed25519.PublicKey)}, From: from}
}

const (
	aheadVendor = identity.DID("did:webvh:QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n:vendor.example")
	aheadPerson = identity.DID("did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:person.example")
)

func aheadSigner(fill byte) versionSigner {
	return versionSigner{aheadVendor, "1-QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n", ed25519.NewKeyFromSeed(append(make([]byte, 31), fill))}
}

func aheadNode() *Node {
	return &Node{ledgers: newLedgers(), periods: recent[keyName, identity.KeyPeriod]{most: 4}}
}

// saidBy is a letter with a statement of the vendor's, signed by s.
func saidBy(t *testing.T, s versionSigner, now time.Time) courier.Inbound {
	t.Helper()
	b := statement.Head{}.Next(identity.RoleVendor, aheadPerson, aheadVendor, statement.Head{}, now)
	b.Kind, b.Content = "other", []byte{0xa0}
	signed, err := b.Sign(s, now)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.Encode()
	if err != nil {
		t.Fatal(err)
	}
	body, err := encode(sayLetter{Version: letterVersion, Statement: raw})
	if err != nil {
		t.Fatal(err)
	}
	return courier.Inbound{Kind: letterSay, Body: body}
}

// A signature is checked before the transaction once the key is known, and again
// in it where the key log says otherwise by then.
func TestReadAhead(t *testing.T) {
	now := time.Now()
	mine := aheadSigner(1)
	period := mine.period(now.Add(-time.Hour))
	read := func(n *Node, in courier.Inbound) *reading {
		t.Helper()
		h, ok := n.readAhead(in).(*reading)
		if !ok || h.err != nil {
			t.Fatalf("read as %+v", h)
		}
		return h
	}

	n := aheadNode()
	in := saidBy(t, mine, now)
	first := read(n, in)
	if first.by != nil {
		t.Error("a signature by a key that nobody knows is taken to hold")
	}
	if err := n.verify(first, oneKey(period), now); err != nil {
		t.Fatal(err)
	}
	if second := read(n, in); second.by == nil || n.verify(second, oneKey(period), now) != nil {
		t.Errorf("not checked before the transaction, with the key known: %+v", second.by)
	}
	if n.readAhead(courier.Inbound{Kind: letterEvent, Body: in.Body}) != nil {
		t.Error("reads letters of other kinds")
	}

	// Whatever was found before, what the key log says in the transaction counts.
	for what, says := range map[string]identity.KeyPeriod{
		"another key":  aheadSigner(2).period(period.From),
		"began later":  mine.period(now.Add(time.Hour)),
		"ended before": {Keys: period.Keys, From: period.From, Until: now.Add(-time.Minute)},
	} {
		if err := n.verify(read(n, in), oneKey(says), now); !errors.Is(err, statement.ErrSignature) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := n.verify(read(n, in), noKeys{}, now); err == nil {
		t.Error("verified without a key log")
	}

	// A forgery is not taken to hold, and refused.
	forged := read(n, saidBy(t, aheadSigner(2), now))
	if forged.by != nil {
		t.Error("a forged signature is taken to hold")
	}
	if err := n.verify(forged, oneKey(period), now); !errors.Is(err, statement.ErrSignature) {
		t.Errorf("a forgery: %v", err)
	}
	late := read(n, saidBy(t, mine, now.Add(time.Hour)))
	if late.by != nil {
		t.Error("what is dated in the future is taken to hold")
	}
}

type noKeys struct{}

func (noKeys) SigningKeys(identity.DID, string) (identity.KeyPeriod, error) {
	return identity.KeyPeriod{}, errors.New("no such log")
}

// What can't be read is refused in the transaction as it was without being read
// before.
func TestReadAheadOfRubbish(t *testing.T) {
	n := aheadNode()
	for what, body := range map[string][]byte{"no letter": {0xff}, "no statement": mustEncode(t, sayLetter{Version: letterVersion, Statement: []byte("x")})} {
		in := courier.Inbound{Kind: letterSay, Body: body}
		plain := n.receiveSay(&change{}, in)
		in.Read = n.readAhead(in)
		ahead := n.receiveSay(&change{}, in)
		var no *courier.Refusal
		if !errors.As(ahead, &no) || plain == nil || plain.Error() != ahead.Error() {
			t.Errorf("%s: %v, and read before: %v", what, plain, ahead)
		}
	}
}

func mustEncode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was signed before the transaction is said only if it is what would be said
// there.
func TestForesaid(t *testing.T) {
	now := time.Now()
	cid := func(s string) dagcbor.CID { return dagcbor.Sum([]byte(s)) }
	signer := versionSigner{aheadPerson, "1-QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n", aheadSigner(3).key}
	relationAt := func() *relation {
		return newRelation(relationBody{
			Side: identity.RolePerson, Person: aheadPerson, Logs: [][]byte{[]byte("log"), []byte("other")}, Card: cid("card"),
			Mine: statement.Head{Count: 2, Last: cid("mine")}, Other: statement.Head{Count: 1, Last: cid("other")},
		})
	}
	items := func() []giving {
		return []giving{{item: disclosure.Item{ID: 2, Path: "addresses/home", Purpose: []string{"delivery"}, Replaces: 1}, value: []byte(`"7 Oak Ave"`)}}
	}
	r := relationAt()
	r.body.Vendor.DID = aheadVendor
	given := items()
	w, err := disclosing(given, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := nextBody(r, w, now)
	signed, err := b.Sign(signer, now)
	if err != nil {
		t.Fatal(err)
	}
	d := &foresaid{openings: w.openings, logs: r.body.Logs, body: b, signed: signed}

	for what, c := range map[string]struct {
		turn func(*relation, []giving)
		said bool
	}{
		"nothing has happened":              {func(*relation, []giving) {}, true},
		"something else was said":           {func(r *relation, _ []giving) { r.body.Mine = statement.Head{Count: 3, Last: cid("newer")} }, false},
		"something was heard":               {func(r *relation, _ []giving) { r.body.Other = statement.Head{Count: 2, Last: cid("newer")} }, false},
		"there is another card":             {func(r *relation, _ []giving) { r.body.Card = cid("another") }, false},
		"the keys were rotated":             {func(r *relation, _ []giving) { r.body.Logs = [][]byte{[]byte("log, longer"), []byte("other")} }, false},
		"the value is another":              {func(_ *relation, g []giving) { g[0].value = []byte(`"1 Elm St"`) }, false},
		"the purpose is another":            {func(_ *relation, g []giving) { g[0].item.Purpose = []string{"billing"} }, false},
		"it has another number":             {func(_ *relation, g []giving) { g[0].item.ID = 3 }, false},
		"it takes the place of another one": {func(_ *relation, g []giving) { g[0].item.Replaces = 0 }, false},
	} {
		r, given := relationAt(), items()
		r.body.Vendor.DID = aheadVendor
		c.turn(r, given)
		w, err := disclosing(given, d)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.says(nextBody(r, w, now.Add(time.Minute)), r.body.Logs); got != c.said {
			t.Errorf("%s: said as it was signed is %v, want %v", what, got, c.said)
		}
		if o := w.openings[0]; o.Item != given[0].item.ID || !bytes.Equal(o.Value, given[0].value) || !bytes.Equal(o.Digest(), given[0].item.Digest) {
			t.Errorf("%s: item %d is opened as %+v", what, given[0].item.ID, o)
		}
	}
	var none *foresaid
	if none.says(b, r.body.Logs) {
		t.Error("nothing was signed, and it is said")
	}
}

// Nothing that was signed before gets into the store, and what can't be is left
// to the transaction.
func TestForesayAll(t *testing.T) {
	n := aheadNode()
	s := memory.New()
	n.cfg.Store, n.log = s, hclog.NewNullLogger()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return put(tx, store.Record{Kind: kindTold, ID: "x", Ref: "no such change", State: toldNext}, toldBody{Person: aheadPerson, Item: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := n.foresayAll(t.Context(), store.Query{Kind: kindTold, State: toldNext, Limit: 4}); len(got) != 0 {
		t.Errorf("%d statements about a change that there is none of", len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := n.foresayAll(ctx, store.Query{Kind: kindTold, State: toldNext, Limit: 4}); len(got) != 0 {
		t.Errorf("%d statements after the end", len(got))
	}
}
