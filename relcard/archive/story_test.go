package archive_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

// story is a relationship that is written as a test needs it.
type story struct {
	testing.TB
	person, vendor *cardtest.Party
	at             time.Time
	chain          relcard.Chain
	logs           map[identity.Role][]statement.Statement
	heads          map[identity.Role]statement.Head
	openings       []archive.Opening
}

const (
	person = identity.RolePerson
	vendor = identity.RoleVendor
)

const address = `{"countryCode":"US","locality":"Park City","street":"Main Street 7"}`

func newStory(t testing.TB) *story {
	return &story{TB: t, at: now, person: cardtest.NewParty("person", start), vendor: cardtest.NewParty("vendor", start),
		logs: map[identity.Role][]statement.Statement{}, heads: map[identity.Role]statement.Head{}}
}

// copy is the same story up to now, to be told on in another way.
func (s *story) copy() *story {
	c := *s
	c.logs = map[identity.Role][]statement.Statement{person: slices.Clone(s.logs[person]), vendor: slices.Clone(s.logs[vendor])}
	c.heads = map[identity.Role]statement.Head{person: s.heads[person], vendor: s.heads[vendor]}
	c.openings = slices.Clone(s.openings)
	return &c
}

func (s *story) party(r identity.Role) *cardtest.Party {
	if r == person {
		return s.person
	}
	return s.vendor
}

func (s *story) keys() relcard.Keyring { return cardtest.Keyring(later, s.person, s.vendor) }

// say signs a statement a minute later.
func (s *story) say(by identity.Role, kind statement.Kind, content []byte, answers ...statement.Statement) statement.Statement {
	s.Helper()
	s.at = s.at.Add(time.Minute)
	other := vendor
	if by == vendor {
		other = person
	}
	b := s.heads[by].Next(by, s.person.DID(), s.vendor.DID(), s.heads[other], s.at)
	b.Kind, b.Content, b.Card = kind, content, s.chain.Root()
	if len(answers) > 0 {
		b.Answers = answers[0].ID
	}
	signed := must[statement.Signed](s)(b.Sign(s.party(by).Signer(), s.at))
	st := must[statement.Statement](s)(signed.Verify(s.keys(), later))
	s.heads[by] = must[statement.Head](s)(s.heads[by].Follow(&st))
	s.logs[by] = append(s.logs[by], st)
	return st
}

// plain is the content of a kind that says nothing.
func plain(t testing.TB, note string) []byte {
	return must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": uint64(1), "note": note}))
}

// sign has a version signed and applies it.
func (s *story) sign(b relcard.Body, by ...identity.Role) relcard.Signed {
	s.Helper()
	var signed relcard.Signed
	raw, _, err := b.Encode()
	if signed.Raw = raw; err != nil {
		s.Fatal(err)
	}
	for _, r := range by {
		signed = must[relcard.Signed](s)(signed.Sign(s.party(r).Signer(), s.at))
	}
	s.chain = must[relcard.Chain](s)(s.chain.Apply(signed, s.keys(), later))
	return signed
}

// next is the card's next version with another jurisdiction.
func (s *story) next(place string, by ...identity.Role) relcard.Signed {
	s.Helper()
	s.at = s.at.Add(time.Minute)
	b := must[relcard.Body](s)(s.chain.Next(s.at))
	b.Jurisdiction = place
	return s.sign(b, by...)
}

// give discloses an address, with its opening.
func (s *story) give(id, replaces uint64, value string) statement.Statement {
	s.Helper()
	salt := bytes.Repeat([]byte{byte(id)}, 16)
	o := must[disclosure.Opening](s)(disclosure.NewOpening(bytes.NewReader(salt), id, []byte(value)))
	it := disclosure.Item{ID: id, Path: "addresses/home", Digest: o.Digest(), Purpose: []string{"delivery"}, Replaces: replaces}
	st := s.say(person, disclosure.KindDisclose, must[[]byte](s)(disclosure.Disclose{Items: []disclosure.Item{it}}.Encode()))
	s.openings = append(s.openings, archive.Opening{Statement: st.ID, Opening: o})
	return st
}

func (s *story) receipt(to statement.Statement) statement.Statement {
	s.Helper()
	return s.say(vendor, disclosure.KindReceipt, must[[]byte](s)(disclosure.Receipt{Verdict: disclosure.Recorded}.Encode()), to)
}

func (s *story) demand() statement.Statement {
	s.Helper()
	d := disclosure.Demand{What: disclosure.WantDelete, Deadline: identity.At(s.at.AddDate(0, 0, 30)), Basis: "GDPR art. 17"}
	return s.say(person, disclosure.KindDemand, must[[]byte](s)(d.Encode()))
}

func (s *story) bundle() archive.Bundle {
	b := archive.Bundle{Logs: []archive.KeyLog{{DID: s.person.DID(), Log: s.person.Log.Bytes()}, {DID: s.vendor.DID(), Log: s.vendor.Log.Bytes()}}}
	for _, v := range s.chain.Versions() {
		b.Versions = append(b.Versions, v.Signed)
	}
	for _, r := range []identity.Role{person, vendor} {
		for _, st := range s.logs[r] {
			b.Statements = append(b.Statements, st.Signed)
		}
	}
	return b
}

// negotiated is a proffer, its answer and the card that grew from it.
func negotiated(t testing.TB) *story {
	s := newStory(t)
	proffer := s.say(person, "proffer", plain(t, "SD-BASE"))
	s.say(vendor, "answer", plain(t, "accept"), proffer)
	b := cardtest.Body(s.person.DID(), s.vendor.DID(), start)
	b.Proffer = proffer.ID
	s.sign(b, vendor, person)
	return s
}

// lived is a relationship with data given, changed and demanded back.
func lived(t testing.TB) *story {
	s := negotiated(t)
	s.receipt(s.give(1, 0, address))
	s.receipt(s.give(2, 1, `"moved"`))
	s.demand()
	return s
}
