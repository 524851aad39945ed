package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
)

// A vendor's answers to an open proffer that break the rules: the negotiation
// ends, and the record says why.
func TestHostileAnswers(t *testing.T) {
	ref := func(id string) *terms.Ref { a, _ := terms.Lookup(id); return &a.Ref }
	sim.Run(t, 343, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		vendor := vendorOf(w, pat, shop)
		log := must[[]byte](w)(shop.KeyLog(ctx))
		key := keyAt(w, shop, "vendor/sign", log)
		third := newForger(w.T, "third.example")
		r := newRogue(w, "mallory", tn.all()...)
		shop.Stop()
		party := relcard.Party{DID: vendor.DID, Name: vendor.Name}
		for _, c := range []struct {
			name   string
			answer func(m *mole, p *statement.Statement) (negotiation.Answer, []byte)
			cause  string
		}{
			{"a counter off the roster", func(m *mole, p *statement.Statement) (negotiation.Answer, []byte) {
				off := *ref("SD-BASE-A")
				off.SHA256 = ref("SD-BASE").SHA256
				return negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: &off, Card: p.ID}, nil
			}, "roster"},
			{"accepting what was not proffered", func(m *mole, p *statement.Statement) (negotiation.Answer, []byte) {
				return cardBesides(w, p, ref("SD-BASE-ATP"), party, negotiation.Accept, key)
			}, "not proffered"},
			{"a counter with no card", func(m *mole, p *statement.Statement) (negotiation.Answer, []byte) {
				a, _ := cardBesides(w, p, ref("SD-BASE-A"), party, negotiation.Counter, key)
				return a, nil
			}, "not beside it"},
			{"a card signed by a third key", func(m *mole, p *statement.Statement) (negotiation.Answer, []byte) {
				return cardBesides(w, p, ref("SD-BASE-A"), party, negotiation.Counter, borrowed{third.signer, vendor.DID})
			}, "not beside it"},
			{"a card of other terms", func(m *mole, p *statement.Statement) (negotiation.Answer, []byte) {
				a, card := cardBesides(w, p, ref("SD-BASE-ATP-S3P"), party, negotiation.Accept, key)
				a.Terms = ref("SD-BASE")
				return a, card
			}, "is not the card"},
			{"garbage", nil, "invalid"},
		} {
			talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
			for ownRoute(w, pat, labelOf(w, pat, talk.Person)).Peer == shop.Host.ID().String() { // which is stopped
				talk = must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
			}
			m := &mole{
				rogue: r, by: identity.RoleVendor, person: talk.Person, vendor: vendor.DID, signer: key,
				to: ownRoute(w, pat, labelOf(w, pat, talk.Person)), seen: statement.Head{Count: 1, Last: talk.ID},
			}
			var content any = map[string]any{"v": 1, "verdict": "perhaps"}
			var card []byte
			if c.answer != nil {
				proffer := must[statement.Statement](w)(statementOf(w, pat, talk.Person, identity.RolePerson, 0))
				content, card = c.answer(m, &proffer)
			}
			b := m.next(negotiation.KindAnswer, content)
			b.Answers = talk.ID
			if l := m.say(b, func(l *sayLetter) { l.Card = card }); l.State != courier.StateDelivered {
				w.T.Errorf("%s: the letter is %s: %s", c.name, l.State, l.Problem)
			}
			v := must[view.Negotiation](w)(pat.Negotiation(ctx, talk.ID))
			if v.State != negotiation.StateClosed || !strings.Contains(v.Why, c.cause) || len(v.Log) != 3 {
				w.T.Errorf("%s: the negotiation is %s, %q, with %d statements; want closed, %q, 3", c.name, v.State, v.Why, len(v.Log), c.cause)
			}
			if _, err := pat.Decide(ctx, talk.ID, true, ""); !errors.Is(err, view.ErrConflict) {
				w.T.Errorf("%s: agreed to all the same: %v", c.name, err)
			}
		}
		if cards := must[[]view.Card](w)(pat.Cards(ctx)); len(cards) != 0 {
			w.T.Errorf("%d cards came of it", len(cards))
		}

		// A counter as it should be, and a second one.
		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
		m := &mole{
			rogue: r, by: identity.RoleVendor, person: talk.Person, vendor: vendor.DID, signer: key,
			to: ownRoute(w, pat, labelOf(w, pat, talk.Person)), seen: statement.Head{Count: 1, Last: talk.ID},
		}
		proffer := must[statement.Statement](w)(statementOf(w, pat, talk.Person, identity.RolePerson, 0))
		for i, want := range []negotiation.State{negotiation.StateCountered, negotiation.StateClosed} {
			a, card := cardBesides(w, &proffer, ref([]string{"SD-BASE-A", "SD-BASE-AT"}[i]), party, negotiation.Counter, key)
			b := m.next(negotiation.KindAnswer, a)
			b.Answers = talk.ID
			m.say(b, func(l *sayLetter) { l.Card = card })
			if v := must[view.Negotiation](w)(pat.Negotiation(ctx, talk.ID)); v.State != want {
				w.T.Errorf("after counter %d the negotiation is %s: %s", i+1, v.State, v.Why)
			}
		}
		if _, err := pat.Decide(ctx, talk.ID, true, ""); !errors.Is(err, view.ErrConflict) {
			w.T.Errorf("agreed to one of two counters: %v", err)
		}
	})
}

// cardBesides is the answer and the card that a vendor would sign for it.
func cardBesides(w *sim.World, p *statement.Statement, ref *terms.Ref, party relcard.Party, v negotiation.Verdict, by identity.Signer) (negotiation.Answer, []byte) {
	w.T.Helper()
	body, err := negotiation.CardBody(p, *ref, nil, party, time.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	raw := signedVersion(w.T, body, by)
	return negotiation.Answer{Version: 1, Verdict: v, Terms: ref, Card: dagcbor.Sum(cbor(w.T, body))}, raw
}

// statementOf is one statement as a party keeps it.
func statementOf(w *sim.World, p *sim.Party, person identity.DID, by identity.Role, seq uint64) (statement.Statement, error) {
	w.T.Helper()
	s, err := statement.DecodeSigned(record(w, p, "statement", fmt.Sprintf("%s %s %07d", person, by, seq)).Body)
	if err != nil {
		return statement.Statement{}, err
	}
	b, id, err := statement.DecodeBody(s.Raw)
	if err != nil {
		return statement.Statement{}, err
	}
	return statement.Statement{ID: id, Body: *b, Signed: s}, nil
}

// A person without a node, with correct keys, deals with a shop by hand.
func TestHostilePerson(t *testing.T) {
	ref := func(id string) terms.Ref { a, _ := terms.Lookup(id); return a.Ref }
	sim.Run(t, 344, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		r := newRogue(w, "mallory", tn.all()...)
		week := func() identity.Time { return identity.At(time.Now().Add(7 * 24 * time.Hour)) }
		proffer := func(change func(*negotiation.Proffer)) negotiation.Proffer {
			p := negotiation.Proffer{Version: 1, Agreements: []terms.Ref{ref("SD-BASE")}, Expires: week()}
			change(&p)
			return p
		}
		withLog := func(m *mole) func(*sayLetter) { return func(l *sayLetter) { l.Log = m.log } }
		asIs := func(*negotiation.Proffer) {}

		// Proffers that begin nothing.
		for name, c := range map[string]struct {
			proffer negotiation.Proffer
			cause   string
		}{
			"of terms with another hash": {proffer(func(p *negotiation.Proffer) { p.Agreements[0].SHA256 = ref("SD-BASE-A").SHA256 }), "roster"},
			"of no terms":                {proffer(func(p *negotiation.Proffer) { p.Agreements = nil }), "invalid"},
			"that has expired":           {proffer(func(p *negotiation.Proffer) { p.Expires = identity.At(time.Now().Add(-time.Hour)) }), "invalid"},
			"for a year":                 {proffer(func(p *negotiation.Proffer) { p.Expires = identity.At(time.Now().AddDate(1, 0, 0)) }), "invalid"},
			"of a card there is none":    {proffer(func(p *negotiation.Proffer) { p.Head = dagcbor.Sum([]byte("x")) }), "invalid"},
		} {
			m := stranger(w, r, pat, shop)
			if l := m.say(m.next(negotiation.KindProffer, c.proffer), withLog(m)); l.State != courier.StateDelivered {
				w.T.Errorf("a proffer %s: the letter is %s: %s", name, l.State, l.Problem)
				continue
			}
			w.Eventually(time.Minute, "the shop closes a proffer "+name, func() bool { return len(m.heard()) == 1 })
			if b := m.heard()[0]; b.Kind != negotiation.KindClose || !strings.Contains(string(b.Content), c.cause) {
				w.T.Errorf("a proffer %s: the shop says %s %q", name, b.Kind, b.Content)
			}
			v := must[view.Negotiation](w)(shop.Negotiation(ctx, m.mine.Last))
			if v.State != negotiation.StateClosed || len(v.Log) != 2 {
				w.T.Errorf("a proffer %s: %s with %d statements", name, v.State, len(v.Log))
			}
		}
		if cards := must[[]view.Card](w)(shop.Cards(ctx)); len(cards) != 0 {
			w.T.Errorf("%d cards came of it", len(cards))
		}

		// Letters that are refused as such.
		before := holdings(w, shop)
		m := stranger(w, r, pat, shop)
		good := m.wire(m.next(negotiation.KindProffer, proffer(asIs)))
		wantRefused(w, "a proffer without a key log", m.send(good), "key log")
		good.Log = newForger(w.T, "pairwise.invalid").log
		wantRefused(w, "a proffer with another's key log", m.send(good), "not the person's")
		good.Log = m.log
		dear := termsRoute(w.T, record(w, pat, "terms", string(vendorOf(w, pat, tn.dear).DID)))
		wantRefused(w, "a proffer to another vendor", r.send(dear, "say", cbor(w.T, good)), "the proffer is to")
		lost := r.courier.Self()
		lost.Key = bytes.Repeat([]byte{0xff}, len(lost.Key))
		noWay := r.post(m.to, &lost, "say", cbor(w.T, good))
		time.Sleep(5 * time.Second)
		wantRefused(w, "a proffer with a way back that is none", r.status(noWay))
		wantRefused(w, "a share by a stranger", m.send(func() sayLetter {
			l := m.wire(m.next(disclosure.KindDisclose, map[string]any{"v": 1}))
			l.Log = m.log
			return l
		}()), "begins none")
		wantSame(w, shop, before)

		// A good one, and the same again: it has had its negotiation.
		if l := m.send(good); l.State != courier.StateDelivered {
			w.T.Fatalf("a good proffer is %s: %s", l.State, l.Problem)
		}
		s, err := statement.DecodeSigned(good.Statement)
		if err != nil {
			w.T.Fatal(err)
		}
		m.mine = statement.Head{Count: 1, Last: s.ID()}
		w.Eventually(time.Minute, "the shop answers", func() bool { return len(m.heard()) == 1 })
		before = holdings(w, shop)
		if l := m.send(good); l.State != courier.StateDelivered {
			w.T.Errorf("the same proffer is %s: %s", l.State, l.Problem)
		}
		wantSame(w, shop, before)
		hostileData(w, shop, m)
	})
}

// countersign puts the mole's signature to the card beside the shop's answer.
func (m *mole) countersign(shop *sim.Party) {
	w := m.rogue.w
	w.T.Helper()
	var l sayLetter
	for _, in := range m.rogue.answers("say") {
		var x sayLetter
		if err := dagcbor.Unmarshal(in.Body, &x); err != nil {
			w.T.Fatal(err)
		}
		if s, err := statement.DecodeSigned(x.Statement); err == nil && len(x.Card) > 0 {
			if b, _, err := statement.DecodeBody(s.Raw); err == nil && b.Person == m.person {
				l = x
			}
		}
	}
	v, err := relcard.DecodeSigned(l.Card)
	if err != nil {
		w.T.Fatal(err)
	}
	id := dagcbor.Sum(v.Raw)
	// First what may not pass for the person's signature.
	for name, env := range map[string]identity.Envelope{
		"by a third key":        sign(w.T, borrowed{newForger(w.T, "pairwise.invalid").signer, m.person}, v.Raw, identity.RolePerson),
		"in the vendor's role":  sign(w.T, m.signer, v.Raw, identity.RoleVendor),
		"over something else":   sign(w.T, m.signer, []byte("x"), identity.RolePerson),
		"after the expiry":      signAt(w.T, m.signer, v.Raw, identity.RolePerson, time.Now().AddDate(0, 0, 30)),
		"before it was written": signAt(w.T, m.signer, v.Raw, identity.RolePerson, time.Now().AddDate(0, 0, -30)),
	} {
		wantRefused(w, "a countersignature "+name, m.rogue.send(m.to, "sign", cbor(w.T, signLetter{1, id, id, env})))
	}
	good := cbor(w.T, signLetter{1, id, id, sign(w.T, m.signer, v.Raw, identity.RolePerson)})
	for range 2 {
		if got := m.rogue.send(m.to, "sign", good); got.State != courier.StateDelivered {
			w.T.Fatalf("a countersignature is %s: %s", got.State, got.Problem)
		}
	}
	if k := awaitState(w, shop, id, "active"); k.Versions != 1 {
		w.T.Errorf("the card has %d versions", k.Versions)
	}
	m.card = id
}

func signAt(t *testing.T, s identity.Signer, raw []byte, role identity.Role, at time.Time) identity.Envelope {
	t.Helper()
	env, err := identity.Sign(s, dagcbor.Sum(raw), role, at)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// hostileData: what is shared wrongly is refused with a receipt that says why,
// and not kept.
func hostileData(w *sim.World, shop *sim.Party, m *mole) {
	w.T.Helper()
	before := count(w, shop, "piece")
	share := func(name string, want disclosure.Verdict, says string, change func(*disclosure.Item, *sayLetter)) {
		w.T.Helper()
		heard := len(m.heard())
		id := m.mine.Count // rises
		o := disclosure.Opening{Item: id, Salt: bytes.Repeat([]byte{byte(id)}, 16), Value: []byte(`{"address":"pat@example.org"}`)}
		item := disclosure.Item{ID: id, Path: "emails/home", Digest: o.Digest(), Purpose: []string{"contact"}}
		l := sayLetter{Openings: []disclosure.Opening{o}}
		change(&item, &l)
		b := m.next(disclosure.KindDisclose, disclosure.Disclose{Version: 1, Items: []disclosure.Item{item}})
		if got := m.say(b, func(x *sayLetter) { x.Openings = l.Openings }); got.State != courier.StateDelivered {
			w.T.Fatalf("data %s: the letter is %s: %s", name, got.State, got.Problem)
		}
		w.Eventually(time.Minute, "a receipt for data "+name, func() bool { return len(m.heard()) > heard })
		r, err := disclosure.DecodeReceipt(m.heard()[heard].Content)
		if err != nil || r.Verdict != want || !strings.Contains(r.Reason, says) {
			w.T.Errorf("data %s: receipt %+v, %v; want %s, %q", name, r, err, want, says)
		}
	}
	share("before there is a card", disclosure.Refused, "no card", func(*disclosure.Item, *sayLetter) {})
	m.countersign(shop)
	share("without its value", disclosure.Refused, "without its value", func(_ *disclosure.Item, l *sayLetter) { l.Openings = nil })
	share("with another value", disclosure.Refused, "", func(_ *disclosure.Item, l *sayLetter) { l.Openings[0].Value = []byte(`{"address":"eve@example.org"}`) })
	share("with a value of another shape", disclosure.Refused, "", func(it *disclosure.Item, l *sayLetter) {
		l.Openings[0].Value = []byte(`"text"`)
		it.Digest = l.Openings[0].Digest()
	})
	share("at a path that is none", disclosure.Refused, "", func(it *disclosure.Item, _ *sayLetter) { it.Path = "shoe/size" })
	share("in place of itself", disclosure.Refused, "", func(it *disclosure.Item, _ *sayLetter) { it.Replaces = it.ID })
	share("of a number used before", disclosure.Refused, "", func(it *disclosure.Item, l *sayLetter) { it.ID, l.Openings[0].Item = 1, 1 })
	if count(w, shop, "piece") != before {
		w.T.Error("the shop keeps data that it refused")
	}
	share("as it should be", disclosure.Recorded, "", func(*disclosure.Item, *sayLetter) {})
	if count(w, shop, "piece") != before+1 {
		w.T.Error("the shop does not keep data that it took")
	}
}

// Strangers by the hundred, whose statements lack those before: what a shop
// keeps of them is bounded, and it goes on serving.
func TestFloodOfEarlyStatements(t *testing.T) {
	sim.Run(t, 345, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		r := newRogue(w, "mallory", tn.all()...)
		ref, _ := terms.Lookup("SD-BASE")
		m := stranger(w, r, pat, shop)
		m.say(m.next(negotiation.KindProffer, negotiation.Proffer{
			Version: 1, Agreements: []terms.Ref{ref.Ref}, Expires: identity.At(time.Now().Add(time.Hour)),
		}), func(l *sayLetter) { l.Log = m.log })
		w.Eventually(time.Minute, "the shop answers", func() bool { return len(m.heard()) == 1 })
		letters := count(w, shop, "letter")
		self := r.courier.Self()
		for i := range 200 {
			b := m.next("dance", map[string]any{"v": 1, "step": i})
			b.Seq, b.Prev = uint64(2+i), dagcbor.Sum([]byte{byte(i)})
			r.post(m.to, &self, "say", cbor(w.T, m.wire(b)))
		}
		unknown := stranger(w, r, pat, shop)
		for i := range 50 {
			b := unknown.next("dance", map[string]any{"v": 1})
			b.Seq, b.Prev = uint64(1+i), dagcbor.Sum([]byte{byte(i)})
			r.post(m.to, &self, "say", cbor(w.T, unknown.wire(b)))
		}
		time.Sleep(2 * time.Minute)
		if n := count(w, shop, "early"); n > 64 {
			w.T.Errorf("%d statements wait at the shop", n)
		}
		if n := len(r.answers("missing")); n != 1 {
			w.T.Errorf("the shop asked %d times for what is missing", n)
		}
		if more := count(w, shop, "letter") - letters; more > 100 {
			w.T.Errorf("%d letters of the shop's came of it", more)
		}
		card := agreed(w, pat, shop, "SD-BASE")
		awaitState(w, pat, card, "active")
		_ = ctx
	})
}

// Details released that the intent did not commit to, or of no intent.
func TestHostileReleases(t *testing.T) {
	sim.Run(t, 346, func(w *sim.World) {
		want := roses()
		want.Private = map[string]string{"name": "Pat Doe"}
		b := siege(w, want)
		ctx := w.T.Context()
		best := must[view.Offer](w)(b.best(w))
		before := holdings(w, b.cheap)
		send := func(name string, intent dagcbor.CID, says string, parts ...privatePart) {
			wantRefused(w, name, b.rogue.send(best.Body.Route, "release", cbor(w.T, releaseLetter{1, intent, parts})), says)
		}
		part := privatePart{"name", bytes.Repeat([]byte{1}, 16), "Eve"}
		many := make([]privatePart, 40)
		for i := range many {
			many[i] = part
		}
		send("of no intent", dagcbor.Sum([]byte("x")), "not known here", part)
		send("of nothing", b.want.Root, "0 details")
		send("of too much", b.want.Root, "40 details", many...)
		send("of another value", b.want.Root, "is not what the intent committed to", part)
		send("under another name", b.want.Root, "is not what the intent committed to", privatePart{"age", part.Salt, "7"})
		send("without a salt", b.want.Root, "detail", privatePart{"name", nil, "Eve"})
		wantSame(w, b.cheap, before)
		must[[]view.Released](w)(b.pat.Release(ctx, view.ReleaseWant{Offer: best.ID, Names: []string{"name"}}))
		w.Eventually(time.Minute, "the real one comes", func() bool {
			got := must[[]view.Released](w)(b.cheap.Released(ctx, b.want.Root))
			return len(got) == 1 && got[0].Detail == "Pat Doe"
		})
		if got := must[[]view.Released](w)(b.dear.Released(ctx, b.want.Root)); len(got) != 0 {
			w.T.Errorf("another bidder was told %+v", got)
		}
	})
}
