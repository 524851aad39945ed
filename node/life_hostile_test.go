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
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
)

var lifeKinds = []string{"say", "amend", "sign", "event", "release", "missing", "route", "keys"}

// Letters of a relationship's life that are none, by the road of a real
// relationship.
func TestMalformedLettersOfALife(t *testing.T) {
	sim.Run(t, 341, func(w *sim.World) {
		tn := newTown(w)
		pat, shop := tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		r := newRogue(w, "mallory", tn.all()...)
		road := ownRoute(w, pat, labelOf(w, pat, must[view.Card](w)(pat.Card(w.T.Context(), card)).Body.Person.DID))
		self := stranger(w, r, pat, shop).to
		time.Sleep(10 * time.Minute) // the shop has told once where its letters are taken
		beforeP, beforeS := holdings(w, pat), holdings(w, shop)
		for name, body := range map[string][]byte{
			"nothing":        nil,
			"not CBOR":       []byte("hello"),
			"a list":         cbor(w.T, []string{"v"}),
			"another field":  cbor(w.T, map[string]any{"v": 1, "extra": true}),
			"version 2":      cbor(w.T, map[string]any{"v": 2}),
			"a float":        {0xa1, 0x61, 'v', 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0},
			"endless":        {0xbf, 0x61, 'v', 0x01, 0xff},
			"deep":           append(bytes.Repeat([]byte{0x81}, 4000), 0x80),
			"huge in a head": {0xa1, 0x61, 'v', 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			"big":            cbor(w.T, sayLetter{Version: 1, Statement: bytes.Repeat([]byte{7}, 50<<10)}),
		} {
			for _, kind := range lifeKinds {
				wantRefused(w, name+" to Pat as "+kind, r.send(road, kind, body), "letter "+kind)
				wantRefused(w, name+" to the shop as "+kind, r.send(self, kind, body), "letter "+kind)
			}
		}
		wantSame(w, pat, beforeP)
		wantSame(w, shop, beforeS)
		sameRecord(w, pat, shop, card)
	})
}

// A vendor turned hostile, with its very keys: what it may not say changes
// nothing, and the person's node goes on.
func TestHostileVendor(t *testing.T) {
	sim.Run(t, 352, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreedBy(w, pat, shop, shop)
		other := agreedBy(w, pat, tn.dear, shop)
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		wantQuiet(w, pat, shop, tn.dear)
		r := newRogue(w, "mallory", tn.all()...)
		theirs := ownRoute(w, pat, labelOf(w, pat, must[view.Card](w)(pat.Card(ctx, other)).Body.Person.DID))
		m := turned(w, r, pat, shop, card)
		third := newForger(w.T, "third.example")
		before := holdings(w, pat)

		reason := func(s string) map[string]any { return map[string]any{"v": 1, "reason": s} }
		good := m.next("decline", map[string]any{"v": 1, "proposal": card})
		altered := func(change func(*statement.Body)) sayLetter {
			b := m.next("decline", map[string]any{"v": 1, "proposal": card})
			change(&b)
			return m.wire(b)
		}
		for name, c := range map[string]struct {
			letter sayLetter
			says   string
		}{
			"by a third key":             {m.letter(m.signed(good, borrowed{third.signer, m.vendor}, identity.RoleVendor)), "signature"},
			"by a third party":           {m.letter(m.signed(good, third.signer, identity.RoleVendor)), "sign"},
			"in the person's role":       {m.letter(m.signed(good, m.signer, identity.RolePerson)), "sign"},
			"as if the person's":         {altered(func(b *statement.Body) { b.By = identity.RolePerson }), "person"},
			"of another relationship":    {altered(func(b *statement.Body) { b.Person = third.signer.DID() }), "not known here"},
			"by another vendor":          {altered(func(b *statement.Body) { b.Vendor = third.signer.DID() }), "not the vendor"},
			"about another card":         {altered(func(b *statement.Body) { b.Card = other }), "about card"},
			"about a card there is none": {altered(func(b *statement.Body) { b.Card = dagcbor.Sum([]byte("x")) }), "about card"},
			"from the future":            {altered(func(b *statement.Body) { b.Time = identity.At(time.Now().Add(time.Hour)) }), ""},
			"of no map":                  {altered(func(b *statement.Body) { b.Content = []byte{0x01} }), "content"},
			"too big":                    {altered(func(b *statement.Body) { b.Content = cbor(w.T, reason(strings.Repeat("x", 25<<10))) }), "content"},
			"of another version":         {altered(func(b *statement.Body) { b.Version = 2 }), "version"},
			"out of bounds":              {altered(func(b *statement.Body) { b.Seq, b.Prev = 1<<21, card }), "seq"},
		} {
			wantRefused(w, name, m.send(c.letter), c.says)
		}
		wantRefused(w, "by another relationship's road", r.send(theirs, "say", cbor(w.T, m.wire(good))), "another route")
		wantRefused(w, "by the vendor's own road", r.send(m.to, "missing", cbor(w.T, missingLetter{1, third.signer.DID(), 0})), "not known here")

		v := must[view.Card](w)(pat.Card(ctx, card))
		b := v.Body
		b.Seq, b.Prev, b.Jurisdiction = 1, card, "US-UT"
		ended := b
		ended.Status, ended.End = relcard.StatusEnded, &relcard.End{By: identity.RoleVendor}
		ended.Jurisdiction = ""
		alien := b
		alien.Vendor = third.party("third")
		for name, c := range map[string]struct {
			kind string
			body any
			says string
		}{
			"an amendment nobody signed":       {"amend", amendLetter{1, card, signedVersion(w.T, b)}, "nobody has signed"},
			"one signed by a third key":        {"amend", amendLetter{1, card, signedVersion(w.T, b, borrowed{third.signer, m.vendor})}, "signature"},
			"one signed for the person":        {"amend", amendLetter{1, card, signedVersion(w.T, b, borrowed{m.signer, m.person}, m.signer)}, "sign"},
			"one with another vendor":          {"amend", amendLetter{1, card, signedVersion(w.T, alien, third.signer)}, "other parties"},
			"an end proposed":                  {"amend", amendLetter{1, card, signedVersion(w.T, ended, m.signer)}, "end"},
			"one for another's card":           {"amend", amendLetter{1, other, signedVersion(w.T, b, m.signer)}, "another route"},
			"one for no card":                  {"amend", amendLetter{1, dagcbor.Sum([]byte("x")), signedVersion(w.T, b, m.signer)}, "not found"},
			"a signature under nothing":        {"sign", signLetter{1, card, dagcbor.Sum([]byte("x")), sign(w.T, m.signer, []byte("x"), identity.RoleVendor)}, "no version"},
			"a signature of a third key":       {"sign", signLetter{1, card, card, sign(w.T, borrowed{third.signer, m.vendor}, cbor(w.T, v.Body), identity.RoleVendor)}, "signature"},
			"a signature in the person's role": {"sign", signLetter{1, card, card, sign(w.T, m.signer, cbor(w.T, v.Body), identity.RolePerson)}, "signs as"},
		} {
			wantRefused(w, name, r.send(m.to, c.kind, cbor(w.T, c.body)), c.says)
		}
		wantSame(w, pat, before)

		hostileEvents(w, pat, m, other, third)
		hostileAnswers(w, pat, m)
		missingFlood(w, pat, m)
		forkedLog(w, pat, m)
	})
}

// hostileEvents: only what the channel takes comes in, once for each id.
func hostileEvents(w *sim.World, pat *sim.Party, m *mole, other dagcbor.CID, third forger) {
	w.T.Helper()
	ctx := w.T.Context()
	letter := func(person identity.DID, id string, kind channel.Kind, card dagcbor.CID, by identity.Signer) []byte {
		e := channel.Event{ID: id, Source: by.DID(), Kind: kind, Time: identity.At(time.Now()), Data: channel.Data{Title: "Hello", Text: "Buy this."}}
		signed, err := channel.SignEvent(e, by, card, time.Now())
		if err != nil {
			w.T.Fatal(err)
		}
		raw, err := signed.Encode()
		if err != nil {
			w.T.Fatal(err)
		}
		return cbor(w.T, eventLetter{1, person, raw})
	}
	inbox := func() int { return len(must[[]view.InboxEntry](w)(pat.Inbox(ctx, false))) }
	good := letter(m.person, "one", channel.KindMessage, m.card, m.signer)
	for range 3 {
		if l := m.rogue.send(m.to, "event", good); l.State != courier.StateDelivered {
			w.T.Errorf("an event is %s: %s", l.State, l.Problem)
		}
	}
	m.rogue.send(m.to, "event", letter(m.person, "one", channel.KindMessage, m.card, m.signer))
	if inbox() != 1 {
		w.T.Errorf("one event is in the inbox %d times", inbox())
	}
	wantRefused(w, "an event under another's card", m.rogue.send(m.to, "event", letter(m.person, "two", channel.KindMessage, other, m.signer)), "not of this relationship")
	wantRefused(w, "an event of a third party", m.rogue.send(m.to, "event", letter(m.person, "three", channel.KindMessage, m.card, third.signer)), "")
	wantRefused(w, "an event by a third key", m.rogue.send(m.to, "event", letter(m.person, "four", channel.KindMessage, m.card, borrowed{third.signer, m.vendor})), "")
	wantRefused(w, "an event for nobody here", m.rogue.send(m.to, "event", letter(third.signer.DID(), "five", channel.KindMessage, m.card, m.signer)), "not known here")
	must[view.Channel](w)(pat.SetChannel(ctx, m.card, view.ChannelWant{Open: true, Welcome: []string{"recall"}}))
	wantRefused(w, "an event nobody welcomes", m.rogue.send(m.to, "event", letter(m.person, "six", channel.KindMessage, m.card, m.signer)), "takes no")
	must[view.Channel](w)(pat.SetChannel(ctx, m.card, view.ChannelWant{}))
	wantRefused(w, "an event by a closed channel", m.rogue.send(m.to, "event", letter(m.person, "seven", channel.KindMessage, m.card, m.signer)), "closed")
	if inbox() != 1 {
		w.T.Errorf("%d events in the inbox", inbox())
	}
}

// hostileAnswers: statements that stand in the vendor's log and do nothing.
func hostileAnswers(w *sim.World, pat *sim.Party, m *mole) {
	w.T.Helper()
	ctx := w.T.Context()
	must[[]view.Shared](w)(pat.Share(ctx, m.card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
	log := must[view.Relationship](w)(pat.Relationship(ctx, m.card)).Person
	find := func(kind statement.Kind) dagcbor.CID {
		for _, s := range log {
			if s.Kind == string(kind) {
				m.seen, _ = heads(must[view.Relationship](w)(pat.Relationship(ctx, m.card)))
				return s.ID
			}
		}
		w.T.Fatalf("the person has said no %s", kind)
		return dagcbor.CID{}
	}
	ref, _ := terms.Lookup("SD-BASE-ATP")
	answers := func(b statement.Body, id dagcbor.CID) statement.Body { b.Answers = id; return b }
	recorded := disclosure.Receipt{Version: 1, Verdict: disclosure.Recorded}
	for name, b := range map[string]statement.Body{
		"a receipt for a proffer":       answers(m.next(disclosure.KindReceipt, recorded), find(negotiation.KindProffer)),
		"a receipt for a channel":       answers(m.next(disclosure.KindReceipt, recorded), find(channel.StatementKind)),
		"a compliance with a share":     answers(m.next(disclosure.KindComply, disclosure.Comply{Version: 1, Did: disclosure.DidDelete}), find(disclosure.KindDisclose)),
		"a second answer":               answers(m.next(negotiation.KindAnswer, negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: &ref.Ref, Card: m.card}), find(negotiation.KindProffer)),
		"a receipt that can't be read":  answers(m.next(disclosure.KindReceipt, map[string]any{"v": 9}), find(disclosure.KindDisclose)),
		"a proffer":                     m.next(negotiation.KindProffer, map[string]any{"v": 1}),
		"a disclosure":                  m.next(disclosure.KindDisclose, map[string]any{"v": 1}),
		"a channel":                     m.next(channel.StatementKind, map[string]any{"v": 1}),
		"a kind nobody knows":           m.next("dance", map[string]any{"v": 1}),
		"a decline of what binds":       m.next("decline", map[string]any{"v": 1, "proposal": m.card}),
		"a close of what is agreed":     m.next(negotiation.KindClose, negotiation.Close{Version: 1, Proffer: find(negotiation.KindProffer), Cause: negotiation.CauseWithdrawn}),
		"a close of what nobody opened": m.next(negotiation.KindClose, negotiation.Close{Version: 1, Proffer: dagcbor.Sum([]byte("x")), Cause: negotiation.CauseWithdrawn}),
	} {
		f := m.next(b.Kind, b.Content) // the frame as of now: the others of this map came before or after
		f.Answers = b.Answers
		said := len(must[view.Relationship](w)(pat.Relationship(ctx, m.card)).Person)
		if l := m.say(f); l.State != courier.StateDelivered {
			w.T.Errorf("%s is %s: %s", name, l.State, l.Problem)
		}
		if now := must[view.Relationship](w)(pat.Relationship(ctx, m.card)); len(now.Person) != said || now.Card.State != "active" {
			w.T.Errorf("%s: the person has said %d things more, the card is %s", name, len(now.Person)-said, now.Card.State)
		}
	}
	if got := must[[]view.Shared](w)(pat.Shared(ctx, m.card, "")); len(got) != 1 || got[0].State != "waiting" {
		w.T.Errorf("shared is %+v", got)
	}
	if told(w, pat, "statement.ignored") < 8 {
		w.T.Errorf("the person was told of %d statements without effect", told(w, pat, "statement.ignored"))
	}

	// A change told to a vendor that refuses it is listed as refused, and the old
	// value stands.
	log = must[view.Relationship](w)(pat.Relationship(ctx, m.card)).Person
	if l := m.say(answers(m.next(disclosure.KindReceipt, recorded), find(disclosure.KindDisclose))); l.State != courier.StateDelivered {
		w.T.Errorf("a receipt is %s: %s", l.State, l.Problem)
	}
	moved := must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "new@example.org"}))
	w.Eventually(time.Minute, "the change is told", func() bool { return must[view.Change](w)(pat.Change(ctx, moved.ID)).Waiting == 1 })
	log = must[view.Relationship](w)(pat.Relationship(ctx, m.card)).Person
	m.seen, _ = heads(must[view.Relationship](w)(pat.Relationship(ctx, m.card)))
	m.say(answers(m.next(disclosure.KindReceipt, disclosure.Receipt{Version: 1, Verdict: disclosure.Refused, Reason: "no"}), log[len(log)-1].ID))
	if c := must[view.Change](w)(pat.Change(ctx, moved.ID)); c.Refused != 1 || c.Cards[0].Reason != "no" {
		w.T.Errorf("the change: %+v", c)
	}
	wantTold(w, pat, "change.refused", "no")
}

// missingFlood: a small letter has a bounded answer, and many of them no more
// than one.
func missingFlood(w *sim.World, pat *sim.Party, m *mole) {
	w.T.Helper()
	before := count(w, pat, "letter")
	var refs []string
	self := m.rogue.courier.Self()
	for range 40 {
		refs = append(refs, m.rogue.post(m.to, &self, "missing", cbor(w.T, missingLetter{1, m.person, 0})))
	}
	time.Sleep(time.Minute)
	said := len(must[view.Relationship](w)(pat.Relationship(w.T.Context(), m.card)).Person)
	if more := count(w, pat, "letter") - before; more > said+len(refs) { // those that acknowledge them with them
		w.T.Errorf("%d letters for 40 requests, of %d statements", more, said)
	}
}

// forkedLog: two statements under one number freeze the relationship, and the
// dispute's file shows who signed both.
func forkedLog(w *sim.World, pat *sim.Party, m *mole) {
	w.T.Helper()
	ctx := w.T.Context()
	log := must[view.Relationship](w)(pat.Relationship(ctx, m.card)).Vendor
	b := m.next("dance", map[string]any{"v": 1, "step": "another"})
	b.Seq, b.Prev = log[len(log)-1].Seq, log[len(log)-2].ID
	if l := m.send(m.wire(b)); l.State != courier.StateDelivered {
		w.T.Errorf("the proof of a fork is %s: %s", l.State, l.Problem)
	}
	if k := must[view.Card](w)(pat.Card(ctx, m.card)); k.State != "frozen" || !strings.Contains(k.Alarm, "vendor") {
		w.T.Errorf("the card is %s, %q", k.State, k.Alarm)
	}
	wantTold(w, pat, "card.frozen", "ALARM")
	wantRefused(w, "a statement after the alarm", m.send(m.wire(m.next("dance", map[string]any{"v": 1}))), "frozen")
	wantRefused(w, "a request after the alarm", m.rogue.send(m.to, "missing", cbor(w.T, missingLetter{1, m.person, 0})), "frozen")
	for what, err := range map[string]error{
		"share":   second(pat.Share(ctx, m.card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}})),
		"channel": second(pat.SetChannel(ctx, m.card, view.ChannelWant{Open: true})),
		"retract": second(pat.Retract(ctx, m.card, []uint64{1}, "")),
		"proffer": second(pat.Proffer(ctx, view.ProfferWant{Card: m.card, Agreements: []string{"SD-BASE"}})),
	} {
		if !errors.Is(err, view.ErrConflict) {
			w.T.Errorf("%s on a frozen card: %v", what, err)
		}
	}
	file := must[[]byte](w)(pat.DisputeCard(ctx, m.card, nil))
	_, report, err := archive.ImportDispute(bytes.NewReader(file), time.Now())
	if err != nil {
		w.T.Fatalf("the dispute's file: %v", err)
	}
	if s := report.String(); !strings.Contains(s, "the vendor") || !strings.Contains(s, fmt.Sprint("statement ", b.Seq)) && !strings.Contains(s, "two stories") {
		w.T.Errorf("the report does not say who told two stories:\n%s", s)
	}
}

func second[V any](_ V, err error) error { return err }
