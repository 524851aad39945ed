package negotiation_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/negotiation"
)

// The two logs may be mixed in any way, and time be seen to pass or not: it
// comes to the same in the end.
func TestOrderMakesNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newTalk(t)
		p := k.proffer("SD-BASE", "SD-BASE-DP")
		minute := func() time.Time {
			minutes := rapid.OneOf(rapid.IntRange(0, 24*60+30), rapid.SampledFrom([]int{60, 24 * 60})) // the last one is the expiry
			return after(time.Duration(minutes.Draw(t, "minute")) * time.Minute)
		}
		logs := [2][]said{}
		var first *said
		for range rapid.IntRange(1, 3).Draw(t, "vendor says") {
			at := minute()
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				s, card := k.answer(p, negotiation.Accept, "SD-BASE-DP", nil, at)
				logs[0] = append(logs[0], said{s, card})
			case 1:
				s, card := k.answer(p, negotiation.Counter, "SD-BASE-A", nil, at)
				logs[0] = append(logs[0], said{s, card})
			case 2:
				logs[0] = append(logs[0], said{k.say(vendor, negotiation.KindAnswer, &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "no"}, p.ID, at), nil})
			default:
				logs[0] = append(logs[0], said{k.close(vendor, p, negotiation.CauseWithdrawn, "by the vendor", at), nil})
			}
			if s := &logs[0][len(logs[0])-1]; first == nil && s.card != nil {
				first = s
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "person says") {
			if at := minute(); rapid.Bool().Draw(t, "anew") {
				logs[1] = append(logs[1], said{k.say(person, negotiation.KindProffer, ptr(fullProffer()), p.ID, at), nil})
			} else {
				logs[1] = append(logs[1], said{k.close(person, p, negotiation.CauseDeclined, "by the person", at), nil})
			}
		}
		n := k.open(p, nil)
		sign := first != nil && rapid.Bool().Draw(t, "sign")
		mix := func(name string) string {
			m, rest := n, [2][]said{logs[0], logs[1]}
			for len(rest[0])+len(rest[1]) > 0 {
				from := rapid.IntRange(0, 1).Draw(t, name)
				if len(rest[from]) == 0 {
					from = 1 - from
				}
				now := start
				if rapid.Bool().Draw(t, "late") {
					now = expires.AddDate(0, 0, 1)
				}
				m = m.Apply(rest[from][0].s, rest[from][0].card, now).Next
				rest[from] = rest[from][1:]
			}
			if sign && m.Card() == first.card.ID {
				signed := first.s.Body.Time.Std()
				m = must(m.Sign(k.countersigned(first.card, signed)))
			}
			return outcome(m, expires.AddDate(0, 0, 2))
		}
		if a, b := mix("one"), mix("another"); a != b {
			t.Fatalf("one way it is\n%s, another\n%s", a, b)
		}
	})
}

// A negotiation is a value: what is made of it in two ways stays apart.
func TestTwoFuturesOfOneNegotiation(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	n := k.open(p, nil)
	for i := range 10 {
		x, y := k.close(vendor, p, negotiation.CauseWithdrawn, "", after(time.Hour)), k.close(person, p, negotiation.CauseWithdrawn, "", after(time.Hour))
		a, b := n.Apply(x, nil, start).Next, n.Apply(y, nil, start).Next
		if !a.Apply(x, nil, start).Duplicate || a.Apply(y, nil, start).Duplicate || !b.Apply(y, nil, start).Duplicate {
			t.Fatalf("after %d statements the two are mixed up", i)
		}
		n = a
	}
}

// However much is said, only so much is remembered, and it changes nothing.
func TestAFloodChangesNothing(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	n := step(t, k.open(p, nil), k.close(person, p, negotiation.CauseWithdrawn, "first", after(time.Hour)), nil)
	for range 100 {
		n = n.Apply(k.close(vendor, p, negotiation.CauseWithdrawn, "another", after(2*time.Hour)), nil, start).Next
	}
	wantState(t, n, negotiation.StateClosed, negotiation.CauseWithdrawn, person)
	if n.Why() != "first" {
		t.Errorf("why: %q", n.Why())
	}
}
