package negotiation_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// letter is what goes between the sides: a statement and the card version
// beside it, or a version alone.
type letter struct {
	id        int
	statement []byte
	version   []byte
}

// record is what a side keeps on disk: statements of both sides in the order
// in which they came, versions of cards, and letters the other side has not
// acknowledged.
type record struct {
	said     []entry
	versions []relcard.Signed // signed by both, in the order in which they were agreed
	outbox   []letter
}

type entry struct {
	s    statement.Statement
	card *relcard.Version
}

func (r record) clone() record {
	return record{slices.Clone(r.said), slices.Clone(r.versions), slices.Clone(r.outbox)}
}

// side is a small node: everything it does is one transaction, and it sends
// only from what it has stored.
type side struct {
	*world
	role   identity.Role
	signer identity.Signer
	disk   record
	work   record // of the transaction under way
	talks  []negotiation.Negotiation
}

// world is two sides, a channel between them and a clock.
type world struct {
	*rapid.T
	now   time.Time
	sides map[identity.Role]*side
	wire  []wired
	ids   int
	luck  *rand.Rand
	late  int // countersignatures that came when the vendor had seen the end
}

type wired struct {
	to  identity.Role
	ack bool
	l   letter
}

func newWorld(t *rapid.T) *world {
	w := &world{T: t, now: start, luck: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "luck"), 0)), sides: make(map[identity.Role]*side)}
	w.sides[identity.RolePerson] = &side{world: w, role: identity.RolePerson, signer: personKey}
	w.sides[identity.RoleVendor] = &side{world: w, role: identity.RoleVendor, signer: vendorKey}
	return w
}

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.luck.IntN(n) == 0 }

func pick[V any](w *world, from ...V) V { return from[w.luck.IntN(len(from))] }

func other(r identity.Role) identity.Role {
	if r == identity.RolePerson {
		return identity.RoleVendor
	}
	return identity.RolePerson
}

// do runs one transaction and stores it, unless the side crashes first; what
// is stored may still not be sent before the next crash.
func (s *side) do(act func()) {
	s.work = s.disk.clone()
	act()
	switch {
	case s.chance(15):
		s.crash()
	case s.chance(15):
		s.disk = s.work
		s.crash()
	default:
		before := len(s.disk.outbox)
		s.disk = s.work
		for _, l := range s.disk.outbox[before:] {
			s.wire = append(s.wire, wired{to: other(s.role), l: l})
		}
	}
}

// crash loses everything but the disk.
func (s *side) crash() {
	s.work = record{}
	s.talks = s.rebuild()
}

// send puts all unacknowledged letters on the wire.
func (s *side) send() {
	for _, l := range s.disk.outbox {
		s.wire = append(s.wire, wired{to: other(s.role), l: l})
	}
}

// rebuild makes the negotiations from what is stored, as the package says.
func (s *side) rebuild() []negotiation.Negotiation {
	var all []negotiation.Negotiation
	for _, e := range s.disk.said {
		at := e.s.Body.Time.Std()
		for i := range all {
			all[i] = all[i].Apply(&e.s, e.card, at).Next
		}
		if e.s.Body.Kind == negotiation.KindProffer {
			n, err := negotiation.Open(&e.s, headOf(s.T, s.disk, &e.s), at)
			if err != nil {
				s.Fatalf("reopen: %v", err)
			}
			all = append(all, n)
		}
	}
	for _, signed := range s.disk.versions {
		v := must(signed.Verify(nil, s.now))
		for i := range all {
			if all[i].Card() == v.ID {
				all[i] = must(all[i].Sign(&v))
			}
		}
	}
	return all
}

// chain is the card as stored: the versions agreed, and those that the vendor
// signed to amend it.
func (r record) chain() relcard.Chain {
	var c relcard.Chain
	now := start.AddDate(1, 0, 0) // dates were checked on arrival
	apply := func(s relcard.Signed) {
		next, err := c.Apply(s, nil, now)
		if err == nil {
			c = next
		} else if !errors.Is(err, relcard.ErrOrphan) && !errors.Is(err, relcard.ErrSuccession) {
			panic(err)
		}
	}
	for _, s := range r.versions {
		apply(s)
	}
	for _, e := range r.said {
		if e.card != nil && e.card.Body.Seq > 0 {
			apply(e.card.Signed)
		}
	}
	return c
}

func headOf(t *rapid.T, r record, s *statement.Statement) *relcard.Version {
	p, err := negotiation.DecodeProffer(s.Body.Content)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := r.chain().Version(p.Head); ok {
		return &v
	}
	return nil
}

func (s *side) head(of identity.Role) (h statement.Head) {
	for _, e := range s.work.said {
		if e.s.Body.By == of {
			h = must(h.Follow(&e.s))
		}
	}
	return h
}

// say signs a statement, applies it here and puts it into the outbox.
func (s *side) say(kind statement.Kind, c encoder, answers dagcbor.CID, card *relcard.Version) {
	b := s.head(s.role).Next(s.role, personKey.DID(), vendorKey.DID(), s.head(other(s.role)), s.now)
	b.Kind, b.Content, b.Answers = kind, must(c.Encode()), answers
	if ch := s.work.chain(); kind == negotiation.KindProffer {
		b.Card = ch.Root()
	}
	signed := must(b.Sign(s.signer, s.now))
	st := must(signed.Verify(nil, s.now))
	l := letter{statement: must(signed.Encode())}
	if card != nil {
		l.version = must(card.Signed.Encode())
	}
	s.post(l)
	s.apply(&st, card)
}

func (s *side) post(l letter) {
	s.ids++
	l.id = s.ids
	s.work.outbox = append(s.work.outbox, l)
}

// apply records a statement and tells the negotiations.
func (s *side) apply(st *statement.Statement, card *relcard.Version) {
	s.work.said = append(s.work.said, entry{*st, card})
	for i, n := range s.talks {
		step := n.Apply(st, card, s.now)
		if step.Violation != nil {
			s.Fatalf("an honest %s broke a rule: %v", st.Body.By, step.Violation)
		}
		s.talks[i] = step.Next
	}
	if st.Body.Kind != negotiation.KindProffer {
		return
	}
	head := headOf(s.T, s.work, st)
	n, err := negotiation.Open(st, head, s.now, s.talks...)
	if err != nil { // too late, or crossed: say so, and keep the record of it
		n = must(negotiation.Open(st, head, st.Body.Time.Std()))
		s.talks = append(s.talks, n)
		s.say(negotiation.KindClose, ptr(negotiation.Closing(st.ID, err)), dagcbor.CID{}, nil)
		return
	}
	s.talks = append(s.talks, n)
}

// take receives a letter; it reports whether to acknowledge it.
func (s *side) take(l letter) (ok bool) {
	var card *relcard.Version
	if l.version != nil {
		card = ptr(must(must(relcard.DecodeSigned(l.version)).Verify(nil, s.now)))
	}
	if l.statement == nil {
		return s.takeVersion(card)
	}
	st := must(must(statement.DecodeSigned(l.statement)).Verify(nil, s.now))
	_, err := s.head(st.Body.By).Follow(&st)
	switch {
	case errors.Is(err, statement.ErrPast):
		return true
	case errors.Is(err, statement.ErrGap):
		return false // it will come again
	case err != nil:
		s.Fatal(err)
	}
	if p, err := negotiation.DecodeProffer(st.Body.Content); st.Body.Kind == negotiation.KindProffer && err == nil && !p.Head.IsZero() && headOf(s.T, s.work, &st) == nil {
		return false // the countersignature of what it amends is still on its way
	}
	s.apply(&st, card)
	return true
}

func (s *side) takeVersion(v *relcard.Version) bool {
	for i, n := range s.talks {
		if n.Card() == v.ID {
			next, err := n.Sign(v)
			if err != nil {
				s.Fatalf("an honest countersignature is refused: %v", err)
			}
			if n.At(s.now).State() == negotiation.StateClosed {
				s.late++
			}
			if n.State() != negotiation.StateAgreed {
				s.work.versions = append(s.work.versions, v.Signed)
			}
			s.talks[i] = next
			return true
		}
	}
	s.Fatalf("a countersignature of %s, which was never signed here", v.ID)
	return false
}

// outcome is what the two sides are to have in common.
func outcome(n negotiation.Negotiation, now time.Time) string {
	n = n.At(now)
	return fmt.Sprint(n.ID(), n.State(), n.Cause(), n.By(), n.Why(), n.Card())
}

// check is what holds at every moment; with disk, that what is stored is enough
// to tell the same again.
func (s *side) check(disk bool) {
	agreed := 0
	for _, n := range s.talks {
		if n.State() != negotiation.StateAgreed {
			continue
		}
		agreed++
		i := slices.IndexFunc(s.disk.versions, func(v relcard.Signed) bool { return dagcbor.Sum(v.Raw) == n.Card() })
		if i < 0 {
			s.Fatalf("%s: agreed on %s and does not hold it", s.role, n.Card())
		}
		if v := s.disk.versions[i]; v.Person == nil || v.Vendor == nil || v.Person.Time.Std().After(n.Proffer().Expires.Std()) {
			s.Fatalf("%s: agreed without two signatures in time", s.role)
		}
	}
	if agreed != len(s.disk.versions) {
		s.Fatalf("%s: %d agreements and %d versions", s.role, agreed, len(s.disk.versions))
	}
	if !disk {
		return
	}
	again := s.rebuild()
	if len(again) != len(s.talks) {
		s.Fatalf("%s: %d negotiations, rebuilt %d", s.role, len(s.talks), len(again))
	}
	for i := range again {
		if got, want := outcome(again[i], s.now), outcome(s.talks[i], s.now); got != want {
			s.Fatalf("%s: rebuilt it is\n%s, was\n%s", s.role, got, want)
		}
	}
}

// settle delivers everything, in order and for good.
func (w *world) settle() {
	for range 100 {
		idle := true
		for _, role := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
			from, to := w.sides[role], w.sides[other(role)]
			for _, l := range slices.Clone(from.disk.outbox) {
				idle = false
				to.work = to.disk.clone()
				ok := to.take(l)
				to.disk = to.work
				if ok {
					from.acknowledged(l.id)
				}
			}
		}
		if idle {
			return
		}
	}
	w.Fatal("the sides never come to rest")
}

func (s *side) acknowledged(id int) {
	s.disk.outbox = slices.DeleteFunc(slices.Clone(s.disk.outbox), func(l letter) bool { return l.id == id })
}

func bytesOf(c relcard.Chain) []byte {
	var out bytes.Buffer
	for _, v := range c.Versions() {
		out.Write(must(v.Signed.Encode()))
	}
	return out.Bytes()
}
