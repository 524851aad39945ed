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

// Whatever two honest parties propose and countersign, and in whatever order
// their letters arrive, the card never forks and both come to hold the same one.
func TestCrossedProposalsNeverFork(t *testing.T) {
	agreedAgain := 0
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
		for len(person.mail)+len(vendor.mail) > 0 {
			person.hear(rt)
			vendor.hear(rt)
		}
		if string(bytesOf(rt, person.chain)) != string(bytesOf(rt, vendor.chain)) {
			rt.Fatal("the two hold different cards")
		}
	})
	if agreedAgain == 0 {
		t.Error("no story came to an agreement")
	}
}

// Each side has proposed twice before it heard of the other: neither may take
// the other's second, which [relcard.Chain.MaySign] alone would let both do.
func TestMayCountersignBesideOnesOwn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		person, vendor := twoSides(t)
		for i := range 2 {
			person.propose(rt, vendor, fmt.Sprint("red ", i))
			vendor.propose(rt, person, fmt.Sprint("blue ", i))
		}
		for len(person.mail)+len(vendor.mail) > 0 {
			person.hear(rt)
			vendor.hear(rt)
		}
		for _, s := range []*side{person, vendor} {
			for _, v := range s.chain.Pending() {
				if mine(&v, s.role) {
					continue
				}
				if err := s.chain.MaySign(&v.Body, s.role); err != nil {
					rt.Fatalf("the test shows nothing: %v", err)
				}
				if err := s.chain.MayCountersign(&v.Body, s.role); err == nil || !strings.Contains(err.Error(), "propose again") {
					rt.Fatalf("the %s may countersign a branch beside its own: %v", s.role, err)
				}
			}
		}
	})
}
