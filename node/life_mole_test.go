package node_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/sim"
)

// The letters of a relationship's life as they are on the wire, written down a
// second time.
type (
	sayLetter struct {
		Version   uint64               `cbor:"v"`
		Statement []byte               `cbor:"statement"`
		Log       []byte               `cbor:"log,omitempty"`
		Card      []byte               `cbor:"card,omitempty"`
		Openings  []disclosure.Opening `cbor:"openings,omitempty"`
	}
	amendLetter struct {
		Version  uint64      `cbor:"v"`
		Card     dagcbor.CID `cbor:"card"`
		Proposal []byte      `cbor:"proposal"`
	}
	signLetter struct {
		Version  uint64            `cbor:"v"`
		Card     dagcbor.CID       `cbor:"card"`
		Of       dagcbor.CID       `cbor:"of"`
		Envelope identity.Envelope `cbor:"env"`
	}
	eventLetter struct {
		Version uint64       `cbor:"v"`
		Person  identity.DID `cbor:"person"`
		Event   []byte       `cbor:"event"`
	}
	missingLetter struct {
		Version uint64       `cbor:"v"`
		Person  identity.DID `cbor:"person"`
		From    uint64       `cbor:"from"`
	}
	releaseLetter struct {
		Version uint64        `cbor:"v"`
		Intent  dagcbor.CID   `cbor:"intent"`
		Parts   []privatePart `cbor:"parts"`
	}
	privatePart struct {
		Name   string `cbor:"name"`
		Salt   []byte `cbor:"salt"`
		Detail string `cbor:"detail"`
	}
)

// mole is one side of a relationship, with its very key and log, that says
// what it likes.
type mole struct {
	rogue  *rogue
	to     intentcast.Route // of the honest side
	by     identity.Role
	person identity.DID
	vendor identity.DID
	signer identity.Signer
	log    []byte
	card   dagcbor.CID
	mine   statement.Head
	seen   statement.Head
}

// next is the mole's next statement.
func (m *mole) next(kind statement.Kind, content any) statement.Body {
	b := m.mine.Next(m.by, m.person, m.vendor, m.seen, time.Now())
	b.Kind, b.Card = kind, m.card
	if raw, ready := content.([]byte); ready {
		b.Content = raw
	} else {
		b.Content = cbor(m.rogue.w.T, content)
	}
	return b
}

// signed is a statement in its envelope, right or wrong.
func (m *mole) signed(b statement.Body, by identity.Signer, role identity.Role) statement.Signed {
	t := m.rogue.w.T
	t.Helper()
	raw := cbor(t, b)
	return statement.Signed{Raw: raw, Envelope: sign(t, by, raw, role)}
}

// wire is the letter of a correctly signed statement.
func (m *mole) wire(b statement.Body) sayLetter {
	m.rogue.w.T.Helper()
	return m.letter(m.signed(b, m.signer, m.by))
}

func (m *mole) letter(s statement.Signed) sayLetter {
	m.rogue.w.T.Helper()
	raw, err := s.Encode()
	if err != nil {
		m.rogue.w.T.Fatal(err)
	}
	return sayLetter{Version: 1, Statement: raw}
}

func (m *mole) send(l sayLetter) courier.LetterStatus {
	m.rogue.w.T.Helper()
	return m.rogue.send(m.to, "say", cbor(m.rogue.w.T, l))
}

// say makes the next statement and counts it as made.
func (m *mole) say(b statement.Body, dress ...func(*sayLetter)) courier.LetterStatus {
	m.rogue.w.T.Helper()
	s := m.signed(b, m.signer, m.by)
	l := m.letter(s)
	for _, d := range dress {
		d(&l)
	}
	got := m.send(l)
	if got.State == courier.StateDelivered {
		m.mine = statement.Head{Count: m.mine.Count + 1, Last: s.ID()}
	}
	return got
}

// heard takes in what the honest side has said to the mole.
func (m *mole) heard() []statement.Body {
	t := m.rogue.w.T
	t.Helper()
	bySeq := make(map[uint64]statement.Signed)
	for _, in := range m.rogue.answers("say") {
		var l sayLetter
		if err := dagcbor.Unmarshal(in.Body, &l); err != nil {
			t.Fatal(err)
		}
		s, err := statement.DecodeSigned(l.Statement)
		if err != nil {
			t.Fatal(err)
		}
		if b, _, err := statement.DecodeBody(s.Raw); err == nil && b.Person == m.person {
			bySeq[b.Seq] = s
		}
	}
	var out []statement.Body
	for seq := uint64(0); ; seq++ {
		s, ok := bySeq[seq]
		if !ok {
			return out
		}
		b, id, err := statement.DecodeBody(s.Raw)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, *b)
		m.seen = statement.Head{Count: seq + 1, Last: id}
	}
}

// labelOf is the label of a person's relationship.
func labelOf(w *sim.World, p *sim.Party, person identity.DID) string {
	w.T.Helper()
	var body map[string]any
	if err := dagcbor.Unmarshal(record(w, p, "relation", string(person)).Body, &body); err != nil {
		w.T.Fatal(err)
	}
	return body["label"].(string)
}

func heads(r view.Relationship) (person, vendor statement.Head) {
	of := func(log []view.Statement) (h statement.Head) {
		for _, s := range log {
			h = statement.Head{Count: s.Seq + 1, Last: s.ID}
		}
		return h
	}
	return of(r.Person), of(r.Vendor)
}

// keyAt signs with a key that a party keeps, under the key log it published.
func keyAt(w *sim.World, p *sim.Party, key string, log []byte) identity.Signer {
	w.T.Helper()
	l, err := webvh.Parse(log)
	if err != nil {
		w.T.Fatal(err)
	}
	h, err := webvh.Verify(l, nil, time.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	return identity.NewSigner(h.DID(), h.Latest().ID, secretKey(w, p, key))
}

// turned is the vendor of a card of p's, turned hostile: its node is stopped,
// and its keys are the rogue's.
func turned(w *sim.World, r *rogue, p, v *sim.Party, card dagcbor.CID) *mole {
	w.T.Helper()
	body := must[view.Card](w)(p.Card(w.T.Context(), card)).Body
	log := must[[]byte](w)(v.KeyLog(w.T.Context()))
	m := &mole{
		rogue: r, by: identity.RoleVendor, person: body.Person.DID, vendor: body.Vendor.DID, card: card, log: log,
		to: ownRoute(w, p, labelOf(w, p, body.Person.DID)), signer: keyAt(w, v, "vendor/sign", log),
	}
	m.seen, m.mine = heads(must[view.Relationship](w)(p.Relationship(w.T.Context(), card)))
	v.Stop()
	return m
}

// agreedBy is agreed by a road that does not lead over away's node, which is
// going to be stopped.
func agreedBy(w *sim.World, p, v, away *sim.Party) dagcbor.CID {
	w.T.Helper()
	for {
		card := agreed(w, p, v, "SD-BASE")
		person := must[view.Card](w)(p.Card(w.T.Context(), card)).Body.Person.DID
		if ownRoute(w, p, labelOf(w, p, person)).Peer != away.Host.ID().String() {
			return card
		}
	}
}

// stranger is a person with no node, who deals with v by hand.
func stranger(w *sim.World, r *rogue, p, v *sim.Party) *mole {
	w.T.Helper()
	f := newForger(w.T, "pairwise.invalid")
	rec := record(w, p, "terms", string(vendorOf(w, p, v).DID))
	return &mole{
		rogue: r, by: identity.RolePerson, person: f.signer.DID(), vendor: vendorOf(w, p, v).DID, signer: f.signer, log: f.log,
		to: termsRoute(w.T, rec),
	}
}

// signedVersion is a version of the card, signed by whom the test says.
func signedVersion(t *testing.T, b relcard.Body, by ...identity.Signer) []byte {
	t.Helper()
	raw := cbor(t, b)
	s := relcard.Signed{Raw: raw}
	for _, x := range by {
		if x.DID() == b.Person.DID {
			e := sign(t, x, raw, identity.RolePerson)
			s.Person = &e
		} else {
			e := sign(t, x, raw, identity.RoleVendor)
			s.Vendor = &e
		}
	}
	out, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// count is how many records of a kind a party keeps.
func count(w *sim.World, p *sim.Party, kind store.Kind) (n int) {
	w.T.Helper()
	if err := p.Store.View(w.T.Context(), func(tx store.Tx) (err error) {
		n, err = tx.Count(store.Query{Kind: kind})
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	return n
}

// wantTold waits for an event of a kind whose text says something.
func wantTold(w *sim.World, p *sim.Party, kind string, says ...string) {
	w.T.Helper()
	w.Eventually(time.Minute, fmt.Sprintf("%s is told of %s: %q", p.Name, kind, says), func() bool { return told(w, p, kind, says...) > 0 })
}

// told counts the events of a kind whose text says all of it.
func told(w *sim.World, p *sim.Party, kind string, says ...string) (n int) {
	w.T.Helper()
	for _, e := range must[[]view.Event](w)(p.Events(w.T.Context(), 0, 0)) {
		if e.Kind == kind && !slices.ContainsFunc(says, func(s string) bool { return !strings.Contains(e.Text, s) }) {
			n++
		}
	}
	return n
}

// termsRoute is the route in a stored term update.
func termsRoute(t *testing.T, r store.Record) intentcast.Route {
	t.Helper()
	s, err := termupdate.DecodeSigned(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	u, err := termupdate.DecodeBody(s.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Route
}
