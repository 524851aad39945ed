package negotiation_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

var (
	start   = cardtest.Start
	expires = start.Add(24 * time.Hour)

	personKey = identity.NewKeySigner(cardtest.Key("once person"))
	vendorKey = identity.NewKeySigner(cardtest.Key("once vendor"))
	shop      = relcard.Party{DID: vendorKey.DID(), Name: "Alpine Cars"}
)

func ref(id string) terms.Ref { return cardtest.Terms(id) }

func refs(ids ...string) []terms.Ref {
	var all []terms.Ref
	for _, id := range ids {
		all = append(all, ref(id))
	}
	return all
}

func ptr[T any](v T) *T { return &v }

func after(d time.Duration) time.Time { return start.Add(d) }

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

var (
	_ fataler = (*testing.T)(nil)
	_ fataler = (*testing.B)(nil)
)

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

type encoder interface{ Encode() ([]byte, error) }

// talk is the two logs of a relationship.
type talk struct {
	fataler
	heads map[identity.Role]statement.Head
	card  dagcbor.CID
}

func newTalk(t fataler) *talk {
	return &talk{fataler: t, heads: make(map[identity.Role]statement.Head)}
}

// raw says content as it is.
func (k *talk) raw(by identity.Role, kind statement.Kind, content []byte, answers dagcbor.CID, at time.Time) *statement.Statement {
	k.Helper()
	signer, other := personKey, identity.RoleVendor
	if by == identity.RoleVendor {
		signer, other = vendorKey, identity.RolePerson
	}
	b := k.heads[by].Next(by, personKey.DID(), vendorKey.DID(), k.heads[other], at)
	b.Kind, b.Content, b.Card, b.Answers = kind, content, k.card, answers
	if b.Seen.IsZero() {
		b.Seen = answers // of a log that this talk does not hold
	}
	s, err := b.Sign(signer, at)
	if err != nil {
		k.Fatal(err)
	}
	st, err := s.Verify(nil, at)
	if err != nil {
		k.Fatal(err)
	}
	if k.heads[by], err = k.heads[by].Follow(&st); err != nil {
		k.Fatal(err)
	}
	return &st
}

func (k *talk) say(by identity.Role, kind statement.Kind, c encoder, answers dagcbor.CID, at time.Time) *statement.Statement {
	k.Helper()
	content, err := c.Encode()
	if err != nil {
		k.Fatal(err)
	}
	return k.raw(by, kind, content, answers, at)
}

// proffer is the person's, of these agreements.
func (k *talk) proffer(ids ...string) *statement.Statement {
	k.Helper()
	p := negotiation.Proffer{Version: 1, Agreements: refs(ids...), Expires: identity.At(expires), Jurisdiction: "US-UT", Location: "Park City"}
	return k.say(identity.RolePerson, negotiation.KindProffer, &p, dagcbor.CID{}, start)
}

// answer is the vendor's, with the card that it means, signed.
func (k *talk) answer(p *statement.Statement, v negotiation.Verdict, id string, head *relcard.Version, at time.Time) (*statement.Statement, *relcard.Version) {
	k.Helper()
	card := k.cardOf(p, id, head, at)
	a := negotiation.Answer{Version: 1, Verdict: v, Terms: ptr(ref(id)), Card: card.ID}
	return k.say(identity.RoleVendor, negotiation.KindAnswer, &a, p.ID, at), card
}

func (k *talk) cardOf(p *statement.Statement, id string, head *relcard.Version, at time.Time) *relcard.Version {
	k.Helper()
	var base *relcard.Body
	if head != nil {
		base = ptr(must(must(relcard.NewChain([]relcard.Signed{head.Signed}, nil, at)).Next(at)))
	}
	b, err := negotiation.CardBody(p, ref(id), base, shop, at)
	if err != nil {
		k.Fatal(err)
	}
	return k.signed(b, at, vendorKey)
}

func (k *talk) signed(b relcard.Body, at time.Time, by ...identity.Signer) *relcard.Version {
	k.Helper()
	s := must(b.Sign(by[0], at))
	for _, signer := range by[1:] {
		s = must(s.Sign(signer, at))
	}
	v, err := s.Verify(nil, at.Add(time.Minute))
	if err != nil {
		k.Fatal(err)
	}
	return &v
}

// countersigned is v with the person's signature of that time.
func (k *talk) countersigned(v *relcard.Version, at time.Time) *relcard.Version {
	k.Helper()
	s := must(v.Signed.Sign(personKey, at))
	both, err := s.Verify(nil, at.Add(time.Minute))
	if err != nil {
		k.Fatal(err)
	}
	return &both
}

func (k *talk) close(by identity.Role, p *statement.Statement, c negotiation.Cause, why string, at time.Time) *statement.Statement {
	k.Helper()
	return k.say(by, negotiation.KindClose, &negotiation.Close{Version: 1, Proffer: p.ID, Cause: c, Reason: why}, dagcbor.CID{}, at)
}

func (k *talk) open(p *statement.Statement, head *relcard.Version) negotiation.Negotiation {
	k.Helper()
	n, err := negotiation.Open(p, head, p.Body.Time.Std())
	if err != nil {
		k.Fatal(err)
	}
	return n
}

func statementID(b []byte) (dagcbor.CID, error) {
	s, err := statement.DecodeSigned(b)
	return s.ID(), err
}

// cardtestVersion is a card in force with every field that an agreement has.
func cardtestVersion(k *talk) *relcard.Version {
	k.Helper()
	return k.signed(cardtest.Body(personKey.DID(), vendorKey.DID(), start), start, vendorKey, personKey)
}

var strangerKey = identity.NewKeySigner(cardtest.Key("a stranger"))
