package negotiation_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
)

// Two sides that keep no rule at all say and sign what they like, in any
// order. Still the one fact decides: agreed is exactly what bears both
// signatures over the version of the vendor's first answer, if that is valid,
// the person's in time.
func TestNothingElseIsAgreed(t *testing.T) {
	ends := make(map[negotiation.State]int)
	rapid.Check(t, func(t *rapid.T) {
		k := newTalk(t)
		p := k.proffer("SD-BASE", "SD-BASE-DP")
		n := k.open(p, nil)
		var versions []*relcard.Version
		var valid *relcard.Version // of the first answer
		agreed, answered := false, false
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			at := after(time.Duration(rapid.IntRange(1, 26*60).Draw(t, "minute")) * time.Minute)
			before := n
			switch what := rapid.IntRange(0, 7).Draw(t, "what"); what {
			case 0, 1, 2:
				verdict := rapid.SampledFrom([]negotiation.Verdict{negotiation.Accept, negotiation.Counter}).Draw(t, "verdict")
				id := rapid.SampledFrom([]string{"SD-BASE", "SD-BASE-A", "TPR", "PDC-AI"}).Draw(t, "terms")
				s, card := k.answer(p, verdict, id, nil, at)
				versions = append(versions, card)
				right := (verdict == negotiation.Accept) == (id == "SD-BASE") && !at.After(expires)
				beside := card
				if rapid.IntRange(0, 4).Draw(t, "beside") == 0 {
					beside, right = rapid.SampledFrom(append(versions[:len(versions)-1:len(versions)-1], nil)).Draw(t, "another"), false
				}
				if right && !answered {
					valid = card
				}
				step := n.Apply(s, beside, at)
				if (step.Violation == nil) != (right && !answered) {
					t.Fatalf("%s %s as an answer: %v", verdict, id, step.Violation)
				}
				answered, n = true, step.Next
			case 3:
				by := rapid.SampledFrom([]identity.Role{person, vendor}).Draw(t, "by")
				cause := rapid.SampledFrom([]negotiation.Cause{negotiation.CauseDeclined, negotiation.CauseWithdrawn, negotiation.CauseCard}).Draw(t, "cause")
				n = n.Apply(k.close(by, p, cause, "", at), nil, at).Next
			case 4:
				n = n.Apply(k.raw(person, negotiation.KindAnswer, []byte{0xa0}, p.ID, at), nil, at).Next
			case 5:
				n = n.Apply(k.raw(vendor, negotiation.KindClose, []byte{0xa0}, dagcbor.CID{}, at), nil, at).Next
			default:
				if len(versions) == 0 {
					continue
				}
				v := rapid.SampledFrom(versions).Draw(t, "version")
				signed := k.signed(v.Body, v.Body.Time.Std(), vendorKey)
				if rapid.IntRange(0, 3).Draw(t, "person signs") > 0 {
					at = v.Body.Time.Std().Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "hours later")) * time.Hour)
					if rapid.Bool().Draw(t, "both") {
						signed = k.countersigned(signed, at)
					} else {
						signed = k.signed(v.Body, at, personKey)
					}
				}
				next, err := n.Sign(signed)
				fact := valid != nil && signed.ID == valid.ID && signed.Countersigned() && !signed.Signed.Person.Time.Std().After(expires)
				if (err == nil) != fact {
					t.Fatalf("signed by the person %v, by the vendor %v: %v", signed.Signed.Person, signed.Signed.Vendor, err)
				}
				agreed, n = agreed || fact, next
			}
			if got := n.State() == negotiation.StateAgreed; got != agreed {
				t.Fatalf("agreed is %v, the fact is %v", got, agreed)
			}
			if !before.Open() && n.Open() {
				t.Fatalf("from %s to %s", before.State(), n.State())
			}
			ends[n.State()]++
		}
	})
	for _, s := range []negotiation.State{negotiation.StateAccepted, negotiation.StateCountered, negotiation.StateAgreed, negotiation.StateClosed} {
		if ends[s] == 0 {
			t.Errorf("never came to %s", s)
		}
	}
}
