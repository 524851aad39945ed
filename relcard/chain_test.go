package relcard_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// apply applies versions that must be accepted.
func apply(t testing.TB, c relcard.Chain, versions ...relcard.Signed) relcard.Chain {
	t.Helper()
	for _, s := range versions {
		c = must[relcard.Chain](t)(c.Apply(s, keys, now))
	}
	return c
}

// propose returns a version after b's predecessor, signed by the parties.
func propose(t testing.TB, b relcard.Body, by ...*cardtest.Party) relcard.Signed {
	t.Helper()
	s := must[relcard.Signed](t)(b.Sign(by[0].Signer(), now))
	for _, p := range by[1:] {
		s = must[relcard.Signed](t)(s.Sign(p.Signer(), now))
	}
	return s
}

func next(t testing.TB, c relcard.Chain, jurisdiction string) relcard.Body {
	t.Helper()
	b := must[relcard.Body](t)(c.Next(now))
	b.Jurisdiction = jurisdiction
	return b
}

// One relationship from its proposal to its end.
func TestLifeOfACard(t *testing.T) {
	var c relcard.Chain
	expect := func(want relcard.State, pending int) {
		t.Helper()
		if got := c.State(); got != want || len(c.Pending()) != pending {
			t.Fatalf("state %q with %d pending, want %q with %d", got, len(c.Pending()), want, pending)
		}
	}
	expect(relcard.StateNone, 0)

	first := propose(t, body(), vendor)
	c = apply(t, c, first)
	expect(relcard.StateProposed, 1)

	c = apply(t, c, must[relcard.Signed](t)(first.Sign(person.Signer(), now)))
	expect(relcard.StateActive, 0)

	change := propose(t, next(t, c, "US-CO"), person)
	c = apply(t, c, change)
	expect(relcard.StateAmending, 1)
	if v, _ := c.Agreed(); v.Body.Jurisdiction != "US-UT" {
		t.Errorf("a proposal is in force: %s", v.Body.Jurisdiction)
	}

	// The vendor answers with a proposal of its own, and the person takes it.
	answer := propose(t, next(t, c, "US-NV"), vendor)
	c = apply(t, c, answer)
	expect(relcard.StateAmending, 1)
	c = apply(t, c, must[relcard.Signed](t)(answer.Sign(person.Signer(), now)))
	expect(relcard.StateActive, 0)
	if v, _ := c.Agreed(); v.Body.Jurisdiction != "US-NV" || v.Body.Seq != 2 {
		t.Errorf("in force is version %d, %s", v.Body.Seq, v.Body.Jurisdiction)
	}

	// The person ends it alone; the vendor may acknowledge.
	end := propose(t, must[relcard.Body](t)(c.End(identity.RolePerson, "moved away", now)), person)
	c = apply(t, c, end)
	expect(relcard.StateEnded, 0)
	c = apply(t, c, must[relcard.Signed](t)(end.Sign(vendor.Signer(), now)))
	expect(relcard.StateEnded, 0)
	v, ok := c.Ended()
	if !ok || v.Body.End.Reason != "moved away" || !v.Countersigned() {
		t.Errorf("ended %v: %+v", ok, v.Body.End)
	}
	if last, _ := c.Agreed(); last.Body.Seq != 2 {
		t.Errorf("what bound them last is version %d", last.Body.Seq)
	}
	if _, err := c.Next(now); relcard.ReasonOf(err) != relcard.ErrEnded {
		t.Errorf("next version of an ended card: %v", err)
	}
	if _, err := c.End(identity.RoleVendor, "", now); relcard.ReasonOf(err) != relcard.ErrEnded {
		t.Errorf("ended twice: %v", err)
	}
}

func TestVersionDoesNotFollow(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	ended := apply(t, c, propose(t, must[relcard.Body](t)(c.End(identity.RoleVendor, "", now)), vendor))
	endVersion, _ := ended.Ended()
	good := next(t, c, "DE")
	endOf := func(c relcard.Chain) relcard.Body { return must[relcard.Body](t)(c.End(identity.RolePerson, "", now)) }

	for name, tc := range map[string]struct {
		chain  relcard.Chain
		body   relcard.Body
		change func(*relcard.Body)
		want   relcard.Reason
		where  string
	}{
		"seq skipped":          {c, good, func(b *relcard.Body) { b.Seq = 2 }, relcard.ErrSuccession, "version 2 names version 0"},
		"prev unknown":         {c, good, func(b *relcard.Body) { b.Prev = dagcbor.Sum(nil) }, relcard.ErrOrphan, "not known"},
		"another vendor":       {c, good, func(b *relcard.Body) { b.Vendor.DID = third.DID() }, relcard.ErrSuccession, "other parties"},
		"sides changed":        {c, good, func(b *relcard.Body) { b.Vendor, b.Person = b.Person, b.Vendor }, relcard.ErrSuccession, "other parties"},
		"older than the last":  {c, good, func(b *relcard.Body) { b.Time = identity.At(cardtest.Start.Add(-time.Hour)) }, relcard.ErrClock, "older"},
		"after the end":        {ended, good, func(b *relcard.Body) { b.Seq, b.Prev = 2, endVersion.ID }, relcard.ErrEnded, "follows the end"},
		"end after the end":    {ended, endOf(c), func(b *relcard.Body) { b.Seq, b.Prev = 2, endVersion.ID }, relcard.ErrEnded, "follows the end"},
		"end with other terms": {c, endOf(c), func(b *relcard.Body) { b.Terms = cardtest.Terms("SD-BASE-ATP-S3P") }, relcard.ErrSuccession, "terms"},
		"end with other names": {c, endOf(c), func(b *relcard.Body) { b.Vendor.Name = "Other" }, relcard.ErrSuccession, "names"},
		"another card":         {c, body(), func(b *relcard.Body) { b.Jurisdiction = "FR" }, relcard.ErrSuccession, "another card"},
		"no first version":     {relcard.Chain{}, good, func(*relcard.Body) {}, relcard.ErrOrphan, "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			b := tc.body
			tc.change(&b)
			role, signer := identity.RolePerson, person
			if b.Person.DID == vendor.DID() {
				signer = vendor
			}
			got, err := tc.chain.Apply(propose(t, b, signer), keys, now)
			if relcard.ReasonOf(err) != tc.want || !strings.Contains(err.Error(), tc.where) {
				t.Fatalf("%s: got %v, want %s and %q", role, err, tc.want, tc.where)
			}
			if len(got.Versions()) != len(tc.chain.Versions()) || got.State() != tc.chain.State() {
				t.Error("the chain changed")
			}
		})
	}
}

// Nobody can acknowledge an end that its party has not signed.
func TestEndNeedsItsParty(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	end := must[relcard.Body](t)(c.End(identity.RolePerson, "", now))
	if _, err := end.Sign(vendor.Signer(), now); relcard.ReasonOf(err) != relcard.ErrSignature {
		t.Errorf("sign: %v", err)
	}
	s := propose(t, end, person, vendor)
	s.Person = nil
	if _, err := c.Apply(s, keys, now); relcard.ReasonOf(err) != relcard.ErrSignature {
		t.Errorf("apply: %v", err)
	}
}

// The vendor signs two different next versions: both are kept as proof, the
// card is frozen, and only its end is left.
func TestForkFreezesTheCard(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	one, two := propose(t, next(t, c, "FR"), vendor), propose(t, next(t, c, "DE"), vendor, person)
	c = apply(t, c, one)
	forked, err := c.Apply(two, keys, now)
	var fork *relcard.ForkError
	if !errors.As(err, &fork) || relcard.ReasonOf(err) != relcard.ErrFork || !slices.Equal(fork.By, []identity.Role{identity.RoleVendor}) {
		t.Fatalf("got %v", err)
	}
	if forked.State() != relcard.StateFrozen || len(forked.Versions()) != 3 {
		t.Fatalf("state %s with %d versions", forked.State(), len(forked.Versions()))
	}
	for _, id := range []dagcbor.CID{fork.A, fork.B} {
		if v, ok := forked.Version(id); !ok || v.Signed.Vendor == nil {
			t.Errorf("the proof does not hold %s", id)
		}
	}
	if again, err := forked.Apply(one, keys, now); !errors.Is(err, relcard.ErrFork) || again.State() != relcard.StateFrozen {
		t.Errorf("a repeat thawed it: %v", err)
	}
	if _, err := forked.Next(now); !errors.Is(err, relcard.ErrFork) {
		t.Errorf("next version of a frozen card: %v", err)
	}
	if len(forked.Pending()) != 0 {
		t.Error("a frozen card waits for a signature")
	}
	end, err := forked.End(identity.RolePerson, "not to be trusted", now)
	if err != nil || forked.MaySign(&end, identity.RolePerson) != nil {
		t.Fatalf("a frozen card can't be ended: %v", err)
	}
	forked, err = forked.Apply(propose(t, end, person), keys, now)
	if _, ok := forked.Ended(); !ok || !errors.Is(err, relcard.ErrFork) {
		t.Errorf("the end of a frozen card was lost: %v", err)
	}
}

// Proposals that cross on the way are no fault of anybody's.
func TestCrossedProposalsMeetAgain(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	c = apply(t, c, propose(t, next(t, c, "FR"), vendor), propose(t, next(t, c, "DE"), person))
	if c.State() != relcard.StateAmending || len(c.Pending()) != 2 {
		t.Fatalf("state %s with %d pending", c.State(), len(c.Pending()))
	}
	// To countersign the other's would be a second word after the same version.
	for _, v := range c.Pending() {
		other := identity.RolePerson
		if v.Signed.Person != nil {
			other = identity.RoleVendor
		}
		if err := c.MaySign(&v.Body, other); !errors.Is(err, relcard.ErrFork) {
			t.Errorf("the %s may sign: %v", other, err)
		}
	}
	// So the one whose proposal was not taken puts it on top.
	b := next(t, c, "US-NV")
	for _, r := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		if err := c.MaySign(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	c = apply(t, c, propose(t, b, person, vendor))
	if v, _ := c.Agreed(); c.State() != relcard.StateActive || v.Body.Jurisdiction != "US-NV" {
		t.Errorf("state %s, in force %s", c.State(), v.Body.Jurisdiction)
	}
}

// Either side's end stands, also when it crossed a proposal, and also when
// both end at once.
func TestEndsThatCross(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	byPerson := propose(t, must[relcard.Body](t)(c.End(identity.RolePerson, "", now)), person)
	byVendor := propose(t, must[relcard.Body](t)(c.End(identity.RoleVendor, "", now.Add(time.Minute))), vendor)

	crossed := apply(t, c, propose(t, next(t, c, "FR"), vendor), byPerson)
	acknowledged := must[relcard.Signed](t)(byPerson.Sign(vendor.Signer(), now))
	if crossed = apply(t, crossed, acknowledged); crossed.State() != relcard.StateEnded {
		t.Errorf("crossed with a proposal: %s", crossed.State())
	}
	both := apply(t, c, byVendor, byPerson, acknowledged)
	if v, _ := both.Ended(); both.State() != relcard.StateEnded || v.Body.End.By != identity.RolePerson {
		t.Errorf("both at once: %s, by the %s", both.State(), v.Body.End.By)
	}
	// But who ends may not agree to something else beside it.
	_, err := both.Apply(propose(t, next(t, c, "DE"), person, vendor), keys, now)
	if !errors.Is(err, relcard.ErrFork) {
		t.Errorf("agreed beside the end: %v", err)
	}
}

// Two branches that both came into force fork the card also where nobody
// signed twice after the same version; likewise an end beside an agreement.
func TestBranchesFarApart(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	x, y := propose(t, next(t, c, "FR"), person), propose(t, next(t, c, "DE"), vendor)
	after := func(s relcard.Signed, by ...*cardtest.Party) relcard.Signed {
		return propose(t, next(t, apply(t, c, s), "IT"), by...)
	}
	one, two := after(x, person, vendor), after(y, vendor, person)
	end := propose(t, must[relcard.Body](t)(apply(t, c, y).End(identity.RolePerson, "", now)), person)
	for name, other := range map[string]relcard.Signed{"agreed twice": two, "agreed and ended": end} {
		got, err := apply(t, c, x, y, one).Apply(other, keys, now)
		var fork *relcard.ForkError
		if !errors.As(err, &fork) || len(fork.By) != 0 || got.State() != relcard.StateFrozen {
			t.Errorf("%s: %v, state %s", name, err, got.State())
		}
		back, err := apply(t, c, x, y, other).Apply(one, keys, now)
		if !errors.As(err, &fork) || back.State() != relcard.StateFrozen {
			t.Errorf("%s, the other way: %v, state %s", name, err, back.State())
		}
	}
}

// Proposals can't fill a card so that it can't be ended.
func TestFullCardCanBeEnded(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	var err error
	for n := 0; err == nil; n++ {
		if n > 300 {
			t.Fatal("no bound")
		}
		c, err = c.Apply(propose(t, must[relcard.Body](t)(c.Next(now)), vendor), keys, now)
	}
	if relcard.ReasonOf(err) != relcard.ErrSize {
		t.Fatal(err)
	}
	c = apply(t, c, propose(t, must[relcard.Body](t)(c.End(identity.RolePerson, "", now)), person))
	if c.State() != relcard.StateEnded {
		t.Errorf("state %s", c.State())
	}
	many := make([]relcard.Signed, 300)
	if _, err := relcard.NewChain(many, keys, now); relcard.ReasonOf(err) != relcard.ErrSize {
		t.Errorf("300 versions at once: %v", err)
	}
}
