package negotiation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

const (
	person = identity.RolePerson
	vendor = identity.RoleVendor
)

func wantState(t *testing.T, n negotiation.Negotiation, s negotiation.State, c negotiation.Cause, by identity.Role) {
	t.Helper()
	if n.State() != s || n.Cause() != c || n.By() != by {
		t.Errorf("%s %q by %q (%s), want %s %q by %q", n.State(), n.Cause(), n.By(), n.Why(), s, c, by)
	}
	if n.Open() != (s == negotiation.StateProffered || s == negotiation.StateAccepted || s == negotiation.StateCountered) {
		t.Errorf("%s: open is %v", s, n.Open())
	}
}

// step applies what must be in order.
func step(t *testing.T, n negotiation.Negotiation, s *statement.Statement, card *relcard.Version) negotiation.Negotiation {
	t.Helper()
	st := n.Apply(s, card, s.Body.Time.Std())
	if st.Violation != nil || st.Duplicate || st.Foreign {
		t.Fatalf("%s by the %s: violation %v, duplicate %v, foreign %v", s.Body.Kind, s.Body.By, st.Violation, st.Duplicate, st.Foreign)
	}
	return st.Next
}

func TestAcceptAndAgree(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE", "SD-BASE-A")
	n := k.open(p, nil)
	wantState(t, n, negotiation.StateProffered, "", "")
	if _, ok := n.Terms(); ok || !n.Card().IsZero() {
		t.Error("there are terms before an answer")
	}
	a, card := k.answer(p, negotiation.Accept, "SD-BASE-A", nil, after(time.Hour))
	n = step(t, n, a, card)
	wantState(t, n, negotiation.StateAccepted, "", "")
	if r, ok := n.Terms(); !ok || r != ref("SD-BASE-A") || n.Card() != card.ID {
		t.Errorf("terms %v, card %s", r, n.Card())
	}
	both := k.countersigned(card, after(2*time.Hour))
	n, err := n.Sign(both)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, n.At(expires.Add(time.Hour)), negotiation.StateAgreed, "", "")
	b := both.Body
	if b.Proffer != p.ID || b.Terms != ref("SD-BASE-A") || b.Jurisdiction != "US-UT" || b.Location != "Park City" || b.Vendor != shop || b.Time != a.Body.Time {
		t.Errorf("the card is %+v", b)
	}
	c, err := relcard.NewChain([]relcard.Signed{both.Signed}, nil, after(3*time.Hour))
	if err != nil || c.State() != relcard.StateActive {
		t.Errorf("the card is %s: %v", c.State(), err)
	}
}

func TestCounterIsAgreedOrDeclined(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a, card := k.answer(p, negotiation.Counter, "SD-BASE-A", nil, after(time.Hour))
	n := step(t, k.open(p, nil), a, card)
	wantState(t, n, negotiation.StateCountered, "", "")
	yes, err := n.Sign(k.countersigned(card, after(2*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, yes, negotiation.StateAgreed, "", "")
	no := step(t, n, k.close(person, p, negotiation.CauseDeclined, "too much", after(2*time.Hour)), nil)
	wantState(t, no, negotiation.StateClosed, negotiation.CauseDeclined, person)
	if no.Why() != "too much" {
		t.Errorf("why: %q", no.Why())
	}
	wantState(t, n, negotiation.StateCountered, "", "") // a value: nothing above has changed it
}

func TestRefuse(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a := k.say(vendor, negotiation.KindAnswer, &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "not here"}, p.ID, after(time.Hour))
	n := step(t, k.open(p, nil), a, nil)
	wantState(t, n.At(expires.AddDate(1, 0, 0)), negotiation.StateRefused, "", vendor)
	if n.Why() != "not here" {
		t.Errorf("why: %q", n.Why())
	}
	if _, ok := n.Terms(); ok {
		t.Error("a refusal has terms")
	}
}

func TestAmendment(t *testing.T) {
	k := newTalk(t)
	first := cardtestVersion(k)
	k.card = first.ID
	p := k.say(person, negotiation.KindProffer, &negotiation.Proffer{
		Version: 1, Agreements: refs("SD-BASE-A"), Expires: identity.At(expires), Location: "Salt Lake City", Head: first.ID,
	}, dagcbor.CID{}, start)
	a, card := k.answer(p, negotiation.Accept, "SD-BASE-A", first, after(time.Hour))
	n := step(t, k.open(p, first), a, card)
	n, err := n.Sign(k.countersigned(card, after(2*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, n, negotiation.StateAgreed, "", "")
	b, was := card.Body, first.Body
	if b.Seq != 1 || b.Prev != first.ID || b.Terms.ID != "SD-BASE-A" || b.Location != "Salt Lake City" || b.Proffer != p.ID {
		t.Errorf("the amendment is %+v", b)
	}
	if b.Jurisdiction != was.Jurisdiction || b.Intent != was.Intent || len(b.Lines) != len(was.Lines) || b.Vendor != was.Vendor {
		t.Errorf("the amendment changes what was not asked: %+v", b)
	}
}

// Sign looks at nothing but the version and its signatures.
func TestSign(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a, card := k.answer(p, negotiation.Accept, "SD-BASE", nil, after(time.Hour))
	proffered := k.open(p, nil)
	accepted := step(t, proffered, a, card)
	body := card.Body
	body.Vendor.Name = "Another name"
	for name, c := range map[string]struct {
		n    negotiation.Negotiation
		v    *relcard.Version
		want negotiation.Cause
	}{
		"both":                        {accepted, k.countersigned(card, after(2*time.Hour)), ""},
		"in the last second":          {accepted, k.countersigned(card, expires), ""},
		"a second too late":           {accepted, k.countersigned(card, expires.Add(time.Second)), negotiation.CauseExpired},
		"the vendor alone":            {accepted, card, negotiation.CauseCard},
		"the person alone":            {accepted, k.signed(card.Body, after(2*time.Hour), personKey), negotiation.CauseCard},
		"another version":             {accepted, k.signed(body, after(2*time.Hour), vendorKey, personKey), negotiation.CauseCard},
		"before there is an answer":   {proffered, k.countersigned(card, after(2*time.Hour)), negotiation.CauseCard},
		"in time, after it is closed": {accepted.At(expires.Add(time.Hour)), k.countersigned(card, after(2*time.Hour)), ""},
		"too late, after it is closed": {
			accepted.At(expires.Add(time.Hour)), k.countersigned(card, expires.Add(time.Minute)), negotiation.CauseExpired},
		"after the vendor has withdrawn": {
			step(t, accepted, k.close(vendor, p, negotiation.CauseWithdrawn, "", after(90*time.Minute)), nil), k.countersigned(card, after(2*time.Hour)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.n.Sign(c.v)
			if negotiation.CauseOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if agreed := got.State() == negotiation.StateAgreed; agreed != (c.want == "") {
				t.Errorf("state %s", got.State())
			}
			if c.want != "" && got.State() != c.n.State() {
				t.Errorf("from %s to %s by an error", c.n.State(), got.State())
			}
		})
	}
}

// said is a statement and the version beside it.
type said struct {
	s    *statement.Statement
	card *relcard.Version
}

// Each rule that a hostile side can break, broken: the negotiation is closed,
// says by whom and why, and no signature is asked for.
func TestViolations(t *testing.T) {
	second := func(k *talk, p *statement.Statement, id string) said {
		s, card := k.answer(p, negotiation.Counter, id, nil, after(2*time.Hour))
		return said{s, card}
	}
	answer := func(k *talk, p *statement.Statement, v negotiation.Verdict, id string, at time.Time) said {
		s, card := k.answer(p, v, id, nil, at)
		return said{s, card}
	}
	// altered is an acceptance beside which the vendor sends another card.
	altered := func(k *talk, p *statement.Statement, change func(*relcard.Body)) said {
		b := k.cardOf(p, "SD-BASE", nil, after(time.Hour)).Body
		change(&b)
		card := k.signed(b, after(time.Hour), vendorKey)
		a := negotiation.Answer{Version: 1, Verdict: negotiation.Accept, Terms: ptr(ref("SD-BASE")), Card: card.ID}
		return said{k.say(vendor, negotiation.KindAnswer, &a, p.ID, after(time.Hour)), card}
	}
	for name, c := range map[string]struct {
		by    identity.Role
		cause negotiation.Cause
		where string
		say   func(k *talk, p *statement.Statement) []said
	}{
		"a second counter": {vendor, negotiation.CauseSecond, "again", func(k *talk, p *statement.Statement) []said {
			return []said{answer(k, p, negotiation.Counter, "SD-BASE-A", after(time.Hour)), second(k, p, "SD-BASE-AT")}
		}},
		"a counter after accepting": {vendor, negotiation.CauseSecond, "again", func(k *talk, p *statement.Statement) []said {
			return []said{answer(k, p, negotiation.Accept, "SD-BASE", after(time.Hour)), second(k, p, "SD-BASE-AT")}
		}},
		"accepts what was not proffered": {vendor, negotiation.CauseTerms, "not proffered", func(k *talk, p *statement.Statement) []said {
			return []said{answer(k, p, negotiation.Accept, "SD-BASE-ATP", after(time.Hour))}
		}},
		"counters with what was proffered": {vendor, negotiation.CauseTerms, "was proffered", func(k *talk, p *statement.Statement) []said {
			return []said{answer(k, p, negotiation.Counter, "SD-BASE", after(time.Hour))}
		}},
		"counters off the roster": {vendor, negotiation.CauseRoster, "terms: ", func(k *talk, p *statement.Statement) []said {
			r := ref("SD-BASE-A")
			r.ID = "SD-EVERYTHING"
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: &r, Card: p.ID}
			return []said{{k.raw(vendor, negotiation.KindAnswer, must(dagcbor.Marshal(a)), p.ID, after(time.Hour)), nil}}
		}},
		"counters with another text under a known id": {vendor, negotiation.CauseRoster, "hash", func(k *talk, p *statement.Statement) []said {
			r := ref("SD-BASE-A")
			r.SHA256 = strings.Repeat("0", 64)
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: &r, Card: p.ID}
			return []said{{k.raw(vendor, negotiation.KindAnswer, must(dagcbor.Marshal(a)), p.ID, after(time.Hour)), nil}}
		}},
		"answers after the expiry": {vendor, negotiation.CauseExpired, "stood until", func(k *talk, p *statement.Statement) []said {
			return []said{answer(k, p, negotiation.Accept, "SD-BASE", expires.Add(time.Second))}
		}},
		"answers before it was asked": {vendor, negotiation.CauseInvalid, "time: ", func(k *talk, p *statement.Statement) []said {
			return []said{answer(k, p, negotiation.Accept, "SD-BASE", start.Add(-time.Hour))}
		}},
		"answers in no known form": {vendor, negotiation.CauseInvalid, "answer", func(k *talk, p *statement.Statement) []said {
			return []said{{k.raw(vendor, negotiation.KindAnswer, []byte("\xa1\x61v\x02"), p.ID, after(time.Hour)), nil}}
		}},
		"accepts without the card": {vendor, negotiation.CauseCard, "not beside it", func(k *talk, p *statement.Statement) []said {
			return []said{{answer(k, p, negotiation.Accept, "SD-BASE", after(time.Hour)).s, nil}}
		}},
		"accepts beside another card": {vendor, negotiation.CauseCard, "beside it is", func(k *talk, p *statement.Statement) []said {
			s := answer(k, p, negotiation.Accept, "SD-BASE", after(time.Hour))
			s.card = k.cardOf(p, "SD-BASE", nil, after(2*time.Hour))
			return []said{s}
		}},
		"accepts with a card of other terms": {vendor, negotiation.CauseCard, "mean", func(k *talk, p *statement.Statement) []said {
			return []said{altered(k, p, func(b *relcard.Body) { b.Terms = ref("SD-BASE-ATP-S3P") })}
		}},
		"accepts with a card of another place": {vendor, negotiation.CauseCard, "mean", func(k *talk, p *statement.Statement) []said {
			return []said{altered(k, p, func(b *relcard.Body) { b.Jurisdiction = "US-DE" })}
		}},
		"accepts with a card of another time": {vendor, negotiation.CauseCard, "mean", func(k *talk, p *statement.Statement) []said {
			return []said{altered(k, p, func(b *relcard.Body) { b.Time = identity.At(after(time.Hour + time.Second)) })}
		}},
		"accepts with a card of another proffer": {vendor, negotiation.CauseCard, "mean", func(k *talk, p *statement.Statement) []said {
			return []said{altered(k, p, func(b *relcard.Body) { b.Proffer = dagcbor.Sum(nil) })}
		}},
		"accepts with a card that sells something too": {vendor, negotiation.CauseCard, "mean", func(k *talk, p *statement.Statement) []said {
			full := cardtestVersion(k).Body
			return []said{altered(k, p, func(b *relcard.Body) { b.Lines, b.Extras, b.Total = full.Lines, full.Extras, full.Total })}
		}},
		"accepts with a card of another vendor": {vendor, negotiation.CauseCard, "vendor: ", func(k *talk, p *statement.Statement) []said {
			b := k.cardOf(p, "SD-BASE", nil, after(time.Hour)).Body
			b.Vendor.DID = strangerKey.DID()
			card := k.signed(b, after(time.Hour), strangerKey)
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Accept, Terms: ptr(ref("SD-BASE")), Card: card.ID}
			return []said{{k.say(vendor, negotiation.KindAnswer, &a, p.ID, after(time.Hour)), card}}
		}},
		"accepts with a card that only the person signed": {vendor, negotiation.CauseCard, "has not signed", func(k *talk, p *statement.Statement) []said {
			s := answer(k, p, negotiation.Accept, "SD-BASE", after(time.Hour))
			s.card = k.signed(s.card.Body, after(time.Hour), personKey)
			return []said{s}
		}},
		"the person answers itself": {person, negotiation.CauseRole, "vendor's to do", func(k *talk, p *statement.Statement) []said {
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Accept, Terms: ptr(ref("SD-BASE")), Card: p.ID}
			return []said{{k.say(person, negotiation.KindAnswer, &a, p.ID, after(time.Hour)), nil}}
		}},
		"the person counters the counter": {person, negotiation.CauseRole, "vendor's to do", func(k *talk, p *statement.Statement) []said {
			first := answer(k, p, negotiation.Counter, "SD-BASE-A", after(time.Hour))
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: ptr(ref("SD-BASE-DP")), Card: p.ID}
			return []said{first, {k.say(person, negotiation.KindAnswer, &a, first.s.ID, after(2*time.Hour)), nil}}
		}},
		"the vendor declines": {vendor, negotiation.CauseRole, "person's to do", func(k *talk, p *statement.Statement) []said {
			return []said{{k.close(vendor, p, negotiation.CauseDeclined, "", after(time.Hour)), nil}}
		}},
		"a close in no known form": {person, negotiation.CauseInvalid, "close", func(k *talk, p *statement.Statement) []said {
			return []said{{k.raw(person, negotiation.KindClose, []byte("\xa0"), dagcbor.CID{}, after(time.Hour)), nil}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t)
			p := k.proffer("SD-BASE")
			n := k.open(p, nil)
			var last negotiation.Step
			all := c.say(k, p)
			for i, s := range all {
				last = n.Apply(s.s, s.card, after(time.Hour))
				if n = last.Next; i < len(all)-1 && last.Violation != nil {
					t.Fatalf("statement %d: %v", i, last.Violation)
				}
			}
			if negotiation.CauseOf(last.Violation) != c.cause || !strings.Contains(last.Violation.Error(), c.where) {
				t.Errorf("violation %v, want %s with %q", last.Violation, c.cause, c.where)
			}
			wantState(t, n, negotiation.StateClosed, c.cause, c.by)
			if n.Why() != last.Violation.Error() {
				t.Errorf("why %q, violation %q", n.Why(), last.Violation)
			}
			again := n.Apply(all[len(all)-1].s, all[len(all)-1].card, after(time.Hour))
			if !again.Duplicate || again.Violation != nil {
				t.Errorf("said again it is: %+v", again)
			}
			// The other side is told, and comes to the same end.
			told := negotiation.Closing(p.ID, last.Violation)
			m := step(t, k.open(p, nil), k.say(person, negotiation.KindClose, &told, dagcbor.CID{}, after(3*time.Hour)), nil)
			wantState(t, m, negotiation.StateClosed, c.cause, person)
		})
	}
}

func TestSecondCounterDoesNotReplaceTheFirst(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a1, c1 := k.answer(p, negotiation.Counter, "SD-BASE-A", nil, after(time.Hour))
	a2, c2 := k.answer(p, negotiation.Counter, "SD-BASE-AT", nil, after(2*time.Hour))
	n := k.open(p, nil).Apply(a1, c1, after(time.Hour)).Next.Apply(a2, c2, after(2*time.Hour)).Next
	if _, err := n.Sign(k.countersigned(c2, after(3*time.Hour))); !errors.Is(err, negotiation.CauseCard) {
		t.Errorf("the second counter is agreed: %v", err)
	}
	if n.Card() != c1.ID {
		t.Errorf("the card is %s, was %s", n.Card(), c1.ID)
	}
}

func TestWhatIsAboutSomethingElse(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	other := dagcbor.Sum([]byte("another proffer"))
	n := k.open(p, nil)
	refusal := &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "no"}
	stranger := newTalk(t).proffer("SD-BASE-A")
	stranger.Body.Person = strangerKey.DID()
	for name, s := range map[string]*statement.Statement{
		"an answer to another proffer": k.say(vendor, negotiation.KindAnswer, refusal, other, after(time.Hour)),
		"a close of another":           k.say(vendor, negotiation.KindClose, &negotiation.Close{Version: 1, Proffer: other, Cause: negotiation.CauseWithdrawn}, p.ID, after(time.Hour)),
		"another kind of statement":    k.raw(vendor, "receipt", []byte("\xa0"), p.ID, after(time.Hour)),
		"an older proffer":             newTalk(t).proffer("SD-BASE-A"),
		"another relationship":         stranger,
	} {
		if st := n.Apply(s, nil, after(time.Hour)); !st.Foreign || st.Violation != nil || st.Next.State() != negotiation.StateProffered {
			t.Errorf("%s: %+v", name, st)
		}
	}
	if st := n.Apply(p, nil, start); !st.Duplicate {
		t.Error("the proffer itself is no duplicate")
	}
}

func TestANewProfferTakesTheOldOnesPlace(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a, card := k.answer(p, negotiation.Counter, "SD-BASE-A", nil, after(time.Hour))
	n := step(t, k.open(p, nil), a, card)
	next := k.proffer("SD-BASE-DP")
	n = step(t, n, next, nil)
	wantState(t, n, negotiation.StateClosed, negotiation.CauseWithdrawn, person)
	m, err := negotiation.Open(next, nil, start, n)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, m, negotiation.StateProffered, "", "")
}

func TestExpiry(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a, card := k.answer(p, negotiation.Counter, "SD-BASE-A", nil, after(time.Hour))
	for _, n := range []negotiation.Negotiation{k.open(p, nil), step(t, k.open(p, nil), a, card)} {
		if !n.At(expires).Open() {
			t.Error("closed while it stands")
		}
		wantState(t, n.At(expires.Add(time.Second)), negotiation.StateClosed, negotiation.CauseExpired, "")
	}
	// The answer was given in time and comes too late to be signed.
	late := k.open(p, nil).Apply(a, card, expires.Add(time.Hour))
	if late.Violation != nil {
		t.Errorf("the vendor is blamed for the way its answer took: %v", late.Violation)
	}
	wantState(t, late.Next, negotiation.StateClosed, negotiation.CauseExpired, "")
	// What was said in time counts for the reason, whenever it comes.
	n := step(t, k.open(p, nil).At(expires.Add(time.Hour)), k.close(vendor, p, negotiation.CauseWithdrawn, "sold out", after(3*time.Hour)), nil)
	wantState(t, n, negotiation.StateClosed, negotiation.CauseWithdrawn, vendor)
	n = step(t, n, k.close(vendor, p, negotiation.CauseExpired, "", expires.Add(time.Hour)), nil)
	wantState(t, n, negotiation.StateClosed, negotiation.CauseWithdrawn, vendor)
}
