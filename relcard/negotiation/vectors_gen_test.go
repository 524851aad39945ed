package negotiation_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

func contentVectors() (all []contentVector) {
	accept := func(name string, kind statement.Kind, c encoder) {
		all = append(all, contentVector{Name: name, Kind: kind, Content: must(c.Encode()), Accept: true, Means: must(json.Marshal(c))})
	}
	full := fullProffer()
	accept("proffer-full", negotiation.KindProffer, &full)
	accept("proffer-bare", negotiation.KindProffer, &negotiation.Proffer{Version: 1, Agreements: refs("SD-BASE"), Expires: full.Expires})
	accept("proffer-of-an-amendment", negotiation.KindProffer, &negotiation.Proffer{Version: 1, Agreements: refs("SD-BASE"), Expires: full.Expires, Head: anID})
	counter := fullAnswer()
	accept("answer-counter", negotiation.KindAnswer, &counter)
	accept("answer-accept", negotiation.KindAnswer, &negotiation.Answer{Version: 1, Verdict: negotiation.Accept, Terms: ptr(ref("SD-BASE")), Card: anID})
	accept("answer-refuse", negotiation.KindAnswer, &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "not here"})
	for _, c := range []negotiation.Cause{
		negotiation.CauseDeclined, negotiation.CauseWithdrawn, negotiation.CauseExpired, negotiation.CauseInvalid, negotiation.CauseRole, negotiation.CauseReplayed,
		negotiation.CauseRoster, negotiation.CauseTerms, negotiation.CauseSecond, negotiation.CauseCard, negotiation.CauseCrossed,
	} {
		accept("close-"+string(c), negotiation.KindClose, &negotiation.Close{Version: 1, Proffer: anID, Cause: c})
	}
	for _, c := range badContents {
		if raw, err := dagcbor.Marshal(c.bad); err == nil {
			all = append(all, contentVector{Name: strings.ReplaceAll(string(c.kind)+" "+c.name, " ", "-"), Kind: c.kind, Content: raw, Reason: c.cause})
		}
	}
	good := must(full.Encode())
	for _, c := range []struct {
		name string
		raw  []byte
	}{
		{"no-bytes", nil},
		{"trailing-byte", append(bytes.Clone(good), 0)},
		{"truncated", good[:len(good)-1]},
		{"unknown-key", append([]byte{good[0] + 1, 0x61, 'a', 1}, good[1:]...)},
		{"capital-key", bytes.Replace(good, []byte("expires"), []byte("Expires"), 1)},
		{"another-kind", must(counter.Encode())},
	} {
		all = append(all, contentVector{Name: "proffer-" + c.name, Kind: negotiation.KindProffer, Content: c.raw, Reason: negotiation.CauseInvalid})
	}
	return all
}

// storyteller records a story while it is told.
type storyteller struct {
	*talk
	p   *statement.Statement
	out storyVector
	n   negotiation.Negotiation
}

func (s *storyteller) says(st *statement.Statement, card *relcard.Version, now time.Time) {
	step := s.n.Apply(st, card, now)
	v := stepVector{
		Now: identity.At(now), Statement: must(st.Signed.Encode()), Violation: negotiation.CauseOf(step.Violation), Duplicate: step.Duplicate, Foreign: step.Foreign,
	}
	if card != nil {
		v.Card = must(card.Signed.Encode())
	}
	s.n, s.out.Steps = step.Next, append(s.out.Steps, v)
}

func (s *storyteller) signs(v *relcard.Version, now time.Time) {
	next, err := s.n.Sign(v)
	s.n, s.out.Steps = next, append(s.out.Steps, stepVector{Now: identity.At(now), Card: must(v.Signed.Encode()), Refused: negotiation.CauseOf(err)})
}

func (s *storyteller) waits(now time.Time) {
	s.n, s.out.Steps = s.n.At(now), append(s.out.Steps, stepVector{Now: identity.At(now)})
}

func (s *storyteller) answers(v negotiation.Verdict, id string, at time.Time) *relcard.Version {
	a, card := s.answer(s.p, v, id, nil, at)
	s.says(a, card, at)
	return card
}

func storyVectors(t *testing.T) (all []storyVector) {
	hour := func(n int) time.Time { return after(time.Duration(n) * time.Hour) }
	late := expires.Add(time.Hour)
	for _, c := range []struct {
		name, text string
		tell       func(s *storyteller)
		state      negotiation.State
		cause      negotiation.Cause
	}{
		{"proffered", "nothing has come yet", func(s *storyteller) {}, negotiation.StateProffered, ""},
		{"agreed", "the vendor accepts and the person countersigns", func(s *storyteller) {
			s.signs(s.countersigned(s.answers(negotiation.Accept, "SD-BASE", hour(1)), hour(2)), hour(2))
		}, negotiation.StateAgreed, ""},
		{"agreed-on-a-counter", "the vendor counters and the person countersigns", func(s *storyteller) {
			s.signs(s.countersigned(s.answers(negotiation.Counter, "SD-BASE-A", hour(1)), hour(2)), hour(2))
		}, negotiation.StateAgreed, ""},
		{"declined", "the vendor counters and the person declines", func(s *storyteller) {
			s.answers(negotiation.Counter, "SD-BASE-A", hour(1))
			s.says(s.close(person, s.p, negotiation.CauseDeclined, "too much", hour(2)), nil, hour(2))
		}, negotiation.StateClosed, negotiation.CauseDeclined},
		{"refused", "the vendor refuses", func(s *storyteller) {
			s.says(s.say(vendor, negotiation.KindAnswer, &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "no"}, s.p.ID, hour(1)), nil, hour(1))
		}, negotiation.StateRefused, ""},
		{"expired", "nobody answers", func(s *storyteller) { s.waits(late) }, negotiation.StateClosed, negotiation.CauseExpired},
		{"signed-in-time-comes-late", "the vendor has seen the end when the countersignature comes, which was given in time", func(s *storyteller) {
			both := s.countersigned(s.answers(negotiation.Accept, "SD-BASE", hour(1)), expires)
			s.waits(late)
			s.signs(both, late)
		}, negotiation.StateAgreed, ""},
		{"signed-too-late", "the countersignature is dated after the expiry", func(s *storyteller) {
			card := s.answers(negotiation.Accept, "SD-BASE", hour(1))
			s.signs(s.countersigned(card, expires.Add(time.Second)), late)
			s.waits(late)
		}, negotiation.StateClosed, negotiation.CauseExpired},
		{"withdrawal-crosses-signature", "the vendor withdraws while the countersignature is on its way", func(s *storyteller) {
			both := s.countersigned(s.answers(negotiation.Accept, "SD-BASE", hour(1)), hour(2))
			s.says(s.close(vendor, s.p, negotiation.CauseWithdrawn, "sold out", hour(2)), nil, hour(2))
			s.signs(both, hour(3))
		}, negotiation.StateAgreed, ""},
		{"signature-crosses-withdrawal", "the same in the other order", func(s *storyteller) {
			s.signs(s.countersigned(s.answers(negotiation.Accept, "SD-BASE", hour(1)), hour(2)), hour(2))
			s.says(s.close(vendor, s.p, negotiation.CauseWithdrawn, "sold out", hour(2)), nil, hour(3))
		}, negotiation.StateAgreed, ""},
		{"close-crosses-answer", "the person withdraws while the answer is on its way", func(s *storyteller) {
			a, card := s.answer(s.p, negotiation.Accept, "SD-BASE", nil, hour(2))
			s.says(s.close(person, s.p, negotiation.CauseWithdrawn, "", hour(1)), nil, hour(1))
			s.says(a, card, hour(2))
			s.says(a, card, hour(3))
		}, negotiation.StateClosed, negotiation.CauseWithdrawn},
		{"half-signed", "a version that the person has not signed is no agreement", func(s *storyteller) {
			s.signs(s.answers(negotiation.Accept, "SD-BASE", hour(1)), hour(2))
		}, negotiation.StateAccepted, ""},
		{"second-counter", "the vendor counters twice", func(s *storyteller) {
			s.answers(negotiation.Counter, "SD-BASE-A", hour(1))
			s.answers(negotiation.Counter, "SD-BASE-AT", hour(2))
		}, negotiation.StateClosed, negotiation.CauseSecond},
		{"accepts-something-else", "the vendor accepts what was not proffered", func(s *storyteller) { s.answers(negotiation.Accept, "SD-BASE-ATP", hour(1)) }, negotiation.StateClosed, negotiation.CauseTerms},
		{"counters-with-the-same", "the vendor counters with what was proffered", func(s *storyteller) { s.answers(negotiation.Counter, "SD-BASE", hour(1)) }, negotiation.StateClosed, negotiation.CauseTerms},
		{"off-roster", "the vendor counters with an agreement that is not in the roster", func(s *storyteller) {
			r := ref("SD-BASE-A")
			r.ID = "SD-EVERYTHING"
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: &r, Card: anID}
			s.says(s.raw(vendor, negotiation.KindAnswer, must(dagcbor.Marshal(a)), s.p.ID, hour(1)), nil, hour(1))
		}, negotiation.StateClosed, negotiation.CauseRoster},
		{"answered-too-late", "the answer is dated after the expiry, by a clock a minute fast", func(s *storyteller) {
			a, card := s.answer(s.p, negotiation.Accept, "SD-BASE", nil, expires.Add(time.Minute))
			s.says(a, card, expires)
		}, negotiation.StateClosed, negotiation.CauseExpired},
		{"no-card", "no card comes with the acceptance", func(s *storyteller) {
			a, _ := s.answer(s.p, negotiation.Accept, "SD-BASE", nil, hour(1))
			s.says(a, nil, hour(1))
		}, negotiation.StateClosed, negotiation.CauseCard},
		{"other-card", "the card beside the acceptance has another jurisdiction than was proffered", func(s *storyteller) {
			b := s.cardOf(s.p, "SD-BASE", nil, hour(1)).Body
			b.Jurisdiction = "DE"
			card := s.signed(b, hour(1), vendorKey)
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Accept, Terms: ptr(ref("SD-BASE")), Card: card.ID}
			s.says(s.say(vendor, negotiation.KindAnswer, &a, s.p.ID, hour(1)), card, hour(1))
		}, negotiation.StateClosed, negotiation.CauseCard},
		{"person-answers", "the person answers its own proffer", func(s *storyteller) {
			a := negotiation.Answer{Version: 1, Verdict: negotiation.Accept, Terms: ptr(ref("SD-BASE")), Card: anID}
			s.says(s.say(person, negotiation.KindAnswer, &a, s.p.ID, hour(1)), nil, hour(1))
		}, negotiation.StateClosed, negotiation.CauseRole},
		{"vendor-declines", "the vendor declines", func(s *storyteller) {
			s.says(s.close(vendor, s.p, negotiation.CauseDeclined, "", hour(1)), nil, hour(1))
		}, negotiation.StateClosed, negotiation.CauseRole},
		{"proffers-anew", "the person proffers again before the answer", func(s *storyteller) {
			s.says(s.proffer("SD-BASE-DP"), nil, hour(1))
		}, negotiation.StateClosed, negotiation.CauseWithdrawn},
		{"foreign", "an answer to another proffer changes nothing", func(s *storyteller) {
			s.says(s.say(vendor, negotiation.KindAnswer, &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "no"}, anID, hour(1)), nil, hour(1))
		}, negotiation.StateProffered, ""},
	} {
		k := newTalk(t)
		p := k.proffer("SD-BASE")
		s := &storyteller{talk: k, p: p, n: k.open(p, nil), out: storyVector{Name: c.name, Text: c.text, Proffer: must(p.Signed.Encode()), Now: identity.At(start)}}
		c.tell(s)
		if s.n.State() != c.state || s.n.Cause() != c.cause {
			t.Fatalf("%s: %s %s (%s), want %s %s", c.name, s.n.State(), s.n.Cause(), s.n.Why(), c.state, c.cause)
		}
		s.out.State, s.out.Cause, s.out.By, s.out.Card = c.state, c.cause, s.n.By(), s.n.Card()
		all = append(all, s.out)
	}
	return append(all, amendmentVectors(t)...)
}

func amendmentVectors(t *testing.T) (all []storyVector) {
	k := newTalk(t)
	first := cardtestVersion(k)
	k.card = first.ID
	proffer := func(at time.Time) *statement.Statement {
		return k.say(person, negotiation.KindProffer, &negotiation.Proffer{Version: 1, Agreements: refs("SD-BASE-A"), Expires: identity.At(expires), Head: first.ID}, dagcbor.CID{}, at)
	}
	p := proffer(start)
	s := &storyteller{talk: k, p: p, n: k.open(p, first), out: storyVector{
		Name: "amendment", Text: "a card is amended", Proffer: must(p.Signed.Encode()), Head: must(first.Signed.Encode()), Now: identity.At(start),
	}}
	a, card := k.answer(p, negotiation.Accept, "SD-BASE-A", first, after(time.Hour))
	s.says(a, card, after(time.Hour))
	s.signs(k.countersigned(card, after(2*time.Hour)), after(2*time.Hour))
	if s.n.State() != negotiation.StateAgreed {
		t.Fatalf("amendment: %s", s.n.Why())
	}
	s.out.State, s.out.Card = s.n.State(), s.n.Card()
	all = append(all, s.out)
	refused := func(name, text string, p *statement.Statement, head *relcard.Version, now time.Time, want negotiation.Cause) {
		if _, err := negotiation.Open(p, head, now); negotiation.CauseOf(err) != want {
			t.Fatalf("%s: %v", name, err)
		}
		v := storyVector{Name: name, Text: text, Proffer: must(p.Signed.Encode()), Now: identity.At(now), Reason: want}
		if head != nil {
			v.Head = must(head.Signed.Encode())
		}
		all = append(all, v)
	}
	refused("amendment-crossed", "the card has another version than the one the proffer amends", proffer(start), k.countersigned(card, after(2*time.Hour)), after(3*time.Hour), negotiation.CauseCrossed)
	refused("amendment-of-nothing", "the version that the proffer amends is not at hand", proffer(start), nil, start, negotiation.CauseCrossed)
	k = newTalk(t)
	refused("came-too-late", "the proffer comes after its expiry", k.proffer("SD-BASE"), nil, expires.Add(time.Second), negotiation.CauseExpired)
	refused("by-the-vendor", "the vendor proffers", k.say(vendor, negotiation.KindProffer, ptr(fullProffer()), dagcbor.CID{}, start), nil, start, negotiation.CauseRole)
	long := fullProffer()
	long.Expires = identity.At(start.AddDate(0, 0, 32))
	refused("stands-too-long", "the proffer stands for 32 days", k.say(person, negotiation.KindProffer, &long, dagcbor.CID{}, start), nil, start, negotiation.CauseInvalid)
	return all
}
