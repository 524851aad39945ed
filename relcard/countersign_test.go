package relcard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// side is one honest party with its own view of the card, and what has been
// sent to it and not arrived.
type side struct {
	role   identity.Role
	signer identity.Signer
	chain  relcard.Chain
	mail   []relcard.Signed
}

// take applies what was sent or signed. Two honest parties never see a fork.
func (s *side) take(t *rapid.T, signed relcard.Signed) {
	next, err := s.chain.Apply(signed, nil, now)
	if err != nil {
		t.Fatalf("the %s: %v", s.role, err)
	}
	s.chain = next
}

// hear takes in the letter drawn, as far as it follows what is known.
func (s *side) hear(t *rapid.T) {
	if len(s.mail) == 0 {
		return
	}
	i := rapid.IntRange(0, len(s.mail)-1).Draw(t, "letter")
	next, err := s.chain.Apply(s.mail[i], nil, now)
	if errors.Is(err, relcard.ErrOrphan) {
		return // what it follows is on its way
	}
	if err != nil {
		t.Fatalf("the %s: %v", s.role, err)
	}
	s.chain, s.mail = next, append(s.mail[:i:i], s.mail[i+1:]...)
}

// propose signs a next version, if it may.
func (s *side) propose(t *rapid.T, other *side, name string) {
	b, err := s.chain.Next(now)
	if err != nil {
		t.Fatal(err)
	}
	b.Lines[0].Name = name
	if s.chain.MaySign(&b, s.role) != nil {
		return
	}
	signed, err := b.Sign(s.signer, now)
	if err != nil {
		t.Fatal(err)
	}
	s.take(t, signed)
	other.mail = append(other.mail, signed)
}

// countersign signs the first of the other's proposals that it may.
func (s *side) countersign(t *rapid.T, other *side) bool {
	for _, v := range s.chain.Pending() {
		if mine(&v, s.role) || s.chain.MayCountersign(&v.Body, s.role) != nil {
			continue
		}
		signed, err := v.Signed.Sign(s.signer, now)
		if err != nil {
			t.Fatal(err)
		}
		s.take(t, signed)
		other.mail = append(other.mail, signed)
		return true
	}
	return false
}

func mine(v *relcard.Version, r identity.Role) bool {
	if r == identity.RolePerson {
		return v.Signed.Person != nil
	}
	return v.Signed.Vendor != nil
}

func twoSides(t testing.TB) (person, vendor *side) {
	person = &side{role: identity.RolePerson, signer: identity.NewKeySigner(cardtest.Key("p"))}
	vendor = &side{role: identity.RoleVendor, signer: identity.NewKeySigner(cardtest.Key("v"))}
	b := cardtest.Body(person.signer.DID(), vendor.signer.DID(), cardtest.Start)
	signed, err := b.Sign(person.signer, cardtest.Start)
	if err == nil {
		signed, err = signed.Sign(vendor.signer, cardtest.Start)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*side{person, vendor} {
		if s.chain, err = s.chain.Apply(signed, nil, now); err != nil {
			t.Fatal(err)
		}
	}
	return person, vendor
}

// deliver has each side hear all that was sent.
func deliver(t *rapid.T, person, vendor *side) {
	for len(person.mail)+len(vendor.mail) > 0 {
		person.hear(t)
		vendor.hear(t)
	}
	if string(bytesOf(t, person.chain)) != string(bytesOf(t, vendor.chain)) {
		t.Fatal("the two hold different cards")
	}
}

// Whatever two honest parties propose and countersign, and in whatever order
// their letters arrive, the card never forks, both come to hold the same one,
// and it is never stuck: what prevails comes into force by a signature of the
// one side, or by one on what the other puts on top of it.
func TestCrossedProposalsNeverFork(t *testing.T) {
	agreedAgain, metAgain := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		person, vendor := twoSides(t)
		sides := []*side{person, vendor}
		for i := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			at := rapid.IntRange(0, 1).Draw(rt, "side")
			s, other := sides[at], sides[1-at]
			switch rapid.IntRange(0, 3).Draw(rt, "does") {
			case 0:
				s.propose(rt, other, fmt.Sprint("car ", i))
			case 1:
				if s.countersign(rt, other) {
					agreedAgain++
				}
			default:
				s.hear(rt)
			}
		}
		deliver(rt, person, vendor)
		if met(rt, person, vendor) {
			metAgain++
		}
	})
	if agreedAgain == 0 || metAgain == 0 {
		t.Errorf("%d stories came to an agreement, in %d the two met again on top", agreedAgain, metAgain)
	}
}

// met has two sides that know the same agree on what prevails, and reports
// whether that took a proposal on top.
func met(t *rapid.T, person, vendor *side) (onTop bool) {
	v, proposed := person.chain.Prevailing()
	if proposed != (person.chain.State() == relcard.StateAmending) {
		t.Fatalf("the card is %s, and something prevails: %v", person.chain.State(), proposed)
	}
	if !proposed {
		return false
	}
	author, other := person, vendor
	if mine(&v, vendor.role) {
		author, other = vendor, person
	}
	if other.chain.MayCountersign(&v.Body, other.role) != nil {
		onTop = true
		author, other = other, author
		author.propose(t, other, "as you say")
		other.hear(t)
		v, _ = other.chain.Prevailing()
	}
	if err := other.chain.MayCountersign(&v.Body, other.role); err != nil {
		t.Fatalf("stuck: %v", err)
	}
	signed, err := v.Signed.Sign(other.signer, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*side{person, vendor} {
		s.take(t, signed)
		if agreed, _ := s.chain.Agreed(); agreed.ID != v.ID || s.chain.State() != relcard.StateActive {
			t.Fatalf("the %s's card is %s, in force is version %d", s.role, s.chain.State(), agreed.Body.Seq)
		}
	}
	return onTop
}

// Each side has proposed twice before it heard of the other. One of the two may
// take the other's second, and which is the same wherever it is asked;
// [relcard.Chain.MaySign] alone would let both do so, and the card would fork.
func TestOneSideMayTakeWhatCrossed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		person, vendor := twoSides(t)
		for i := range 2 {
			person.propose(rt, vendor, fmt.Sprint("red ", i, rapid.Int().Draw(rt, "red")))
			vendor.propose(rt, person, fmt.Sprint("blue ", i))
		}
		deliver(rt, person, vendor)
		stands, ok := person.chain.Prevailing()
		if !ok || len(person.chain.Pending()) != 2 {
			rt.Fatalf("%d proposals, and one prevails: %v", len(person.chain.Pending()), ok)
		}
		for _, s := range []*side{person, vendor} {
			for _, v := range s.chain.Pending() {
				if mine(&v, s.role) {
					continue
				}
				if err := s.chain.MaySign(&v.Body, s.role); err != nil {
					rt.Fatalf("the test shows nothing: %v", err)
				}
				switch err := s.chain.MayCountersign(&v.Body, s.role); {
				case v.ID == stands.ID && err != nil:
					rt.Fatalf("the %s may not countersign what prevails: %v", s.role, err)
				case v.ID != stands.ID && (err == nil || !strings.Contains(err.Error(), "prevails")):
					rt.Fatalf("the %s may countersign what is withdrawn: %v", s.role, err)
				}
			}
		}
	})
}

// Three proposals cross twice over: each side has one of its own beside the
// branch that Next builds on. By a rule that heeds both, neither could sign
// anything any more.
func TestCrossedTwiceOverIsNotStuck(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		person, vendor := twoSides(t)
		draw := func(s, other *side) { s.propose(rt, other, fmt.Sprint("car ", rapid.Int().Draw(rt, "car"))) }
		draw(person, vendor)
		draw(vendor, person)
		vendor.hear(rt)      // and not yet the person
		draw(vendor, person) // after whichever prevails
		draw(person, vendor) // after its own
		deliver(rt, person, vendor)
		met(rt, person, vendor)
	})
}

// What is beside the version in force is over, also where its branch would
// prevail: the two came to agree on the other one, by an older rule.
func TestMayCountersignBesideWhatIsInForce(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	after := func(b relcard.Body, where string) relcard.Body {
		_, id, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		b.Seq, b.Prev, b.Time, b.Jurisdiction = b.Seq+1, id, identity.At(now), where
		return b
	}
	one, other := after(c.Versions()[0].Body, "DE"), after(c.Versions()[0].Body, "FR")
	c = apply(t, c, propose(t, one, person), propose(t, other, vendor))
	if stands, _ := c.Prevailing(); stands.Body.Jurisdiction == "DE" {
		c = apply(t, relcard.Chain{}, card(t))
		one, other = other, one
		c = apply(t, c, propose(t, one, person), propose(t, other, vendor))
	}
	late := after(other, "IT")
	c = apply(t, c, propose(t, late, vendor))
	if err := c.MayCountersign(&late, identity.RolePerson); err != nil {
		t.Fatalf("the test shows nothing: %v", err)
	}
	c = apply(t, c, propose(t, after(one, "ES"), person, vendor))
	if err := c.MayCountersign(&late, identity.RolePerson); err == nil || !strings.Contains(err.Error(), "in force beside") {
		t.Errorf("beside what is in force: %v", err)
	}
	// Nor does it stand in the way of what follows.
	onward := next(t, c, "PT")
	c = apply(t, c, propose(t, onward, person))
	if err := c.MayCountersign(&onward, identity.RoleVendor); err != nil {
		t.Errorf("after what is in force: %v", err)
	}
}

// A version whose place in the card is not known can't be judged.
func TestMayCountersignAnOrphan(t *testing.T) {
	c := apply(t, relcard.Chain{}, card(t))
	b := next(t, c, "DE")
	b.Seq, b.Prev = b.Seq+1, body().Intent
	if err := c.MayCountersign(&b, identity.RolePerson); relcard.ReasonOf(err) != relcard.ErrOrphan {
		t.Errorf("an orphan: %v", err)
	}
}
