package relcard_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// model is a card told naively: facts in a list, and the rules of the package
// documentation written down by brute force over all pairs of facts.
type model struct{ facts []*fact }

type fact struct {
	id, prev       dagcbor.CID
	end            identity.Role // who ends it; "" for an agreement
	person, vendor bool          // has signed
}

func (m *model) find(id dagcbor.CID) *fact {
	for _, f := range m.facts {
		if f.id == id {
			return f
		}
	}
	return nil
}

func (m *model) before(f, g *fact) bool { // f is an ancestor of g
	for g = m.find(g.prev); g != nil; g = m.find(g.prev) {
		if f == g {
			return true
		}
	}
	return false
}

func (f *fact) inForce() bool { return f.end != "" || (f.person && f.vendor) }

func (m *model) frozen() bool {
	for _, f := range m.facts {
		for _, g := range m.facts {
			if f == g || (f.end != "" && g.end != "") && f.end != g.end {
				continue
			}
			siblings := f.prev == g.prev
			acts := func(f *fact, r identity.Role, signed bool) bool { return signed && (f.end == "" || f.end == r) }
			twice := acts(f, identity.RolePerson, f.person) && acts(g, identity.RolePerson, g.person) ||
				acts(f, identity.RoleVendor, f.vendor) && acts(g, identity.RoleVendor, g.vendor)
			apart := f.inForce() && g.inForce() && (f.end == "" || g.end == "") && !m.before(f, g) && !m.before(g, f)
			if siblings && twice || apart {
				return true
			}
		}
	}
	return false
}

func (m *model) state() relcard.State {
	agreed, ended, pending := false, false, false
	for _, f := range m.facts {
		ended = ended || f.end != ""
		agreed = agreed || f.end == "" && f.inForce()
	}
	for _, f := range m.facts {
		live := !f.inForce()
		for _, g := range m.facts {
			if g.end == "" && g.inForce() && !m.before(g, f) {
				live = false // something else came into force, here or elsewhere
			}
			if g.prev == f.id {
				live = false // answered
			}
		}
		pending = pending || live
	}
	switch {
	case len(m.facts) == 0:
		return relcard.StateNone
	case m.frozen():
		return relcard.StateFrozen
	case ended:
		return relcard.StateEnded
	case !agreed:
		return relcard.StateProposed
	case pending:
		return relcard.StateAmending
	}
	return relcard.StateActive
}

// story draws what two parties, honest or not, send about one card.
type story struct {
	*rapid.T
	careful        bool // nobody signs two versions after the same one
	person, vendor identity.Signer
	bodies         []relcard.Body
	ids            []dagcbor.CID
	sent           []relcard.Signed
	model          model
}

func newStory(t *rapid.T) *story {
	return &story{T: t, careful: rapid.Bool().Draw(t, "careful"), person: identity.NewKeySigner(cardtest.Key("p")), vendor: identity.NewKeySigner(cardtest.Key("v"))}
}

// write draws a new version after any that is no end.
func (s *story) write() int {
	n := len(s.bodies)
	b := cardtest.Body(s.person.DID(), s.vendor.DID(), cardtest.Start)
	b.Vendor.Name = ""
	if n > 0 {
		at := rapid.IntRange(0, n-1).Draw(s.T, "after")
		if s.bodies[at].End != nil {
			at = 0
		}
		b.Seq, b.Prev = s.bodies[at].Seq+1, s.ids[at]
		if rapid.IntRange(0, 5).Draw(s.T, "kind") == 0 {
			by := rapid.SampledFrom([]identity.Role{identity.RolePerson, identity.RoleVendor}).Draw(s.T, "by")
			b = relcard.Body{Version: 1, Type: b.Type, Seq: b.Seq, Prev: b.Prev, Status: relcard.StatusEnded,
				Person: b.Person, Vendor: b.Vendor, Terms: b.Terms, Time: b.Time, End: &relcard.End{By: by, Reason: fmt.Sprint(n)}}
		} else {
			b.Lines[0].Name = fmt.Sprint("car ", n)
		}
	}
	_, id, err := b.Encode()
	if err != nil {
		s.Fatal(err)
	}
	f := &fact{id: id, prev: b.Prev}
	if b.End != nil {
		f.end = b.End.By
	}
	s.bodies, s.ids = append(s.bodies, b), append(s.ids, id)
	s.model.facts = append(s.model.facts, f)
	return n
}

// unwrite forgets the last version, which nobody has signed.
func (s *story) unwrite() {
	n := len(s.bodies) - 1
	s.bodies, s.ids, s.model.facts = s.bodies[:n], s.ids[:n], s.model.facts[:n]
}

// free reports whether the role can sign f without having signed another
// version after the same one, as far as that matters in this story.
func (s *story) free(f *fact, r identity.Role) bool {
	for _, g := range s.model.facts {
		signed := r == identity.RolePerson && g.person || r == identity.RoleVendor && g.vendor
		if s.careful && g != f && g.prev == f.prev && signed && (f.end == "" || f.end == r) && (g.end == "" || g.end == r) {
			return false
		}
	}
	return true
}

// send draws who signs version i, and when; false if nobody can.
func (s *story) send(i int) bool {
	f := s.model.facts[i]
	person := rapid.Bool().Draw(s.T, "person signs") || f.end == identity.RolePerson
	vendor := rapid.Bool().Draw(s.T, "vendor signs") || f.end == identity.RoleVendor || !person
	person, vendor = person && s.free(f, identity.RolePerson), vendor && s.free(f, identity.RoleVendor)
	if !person && !vendor || f.end == identity.RolePerson && !person || f.end == identity.RoleVendor && !vendor {
		return false
	}
	at := now.Add(time.Duration(rapid.IntRange(0, 2).Draw(s.T, "minute")) * time.Minute)
	var signed relcard.Signed
	raw, _, err := s.bodies[i].Encode()
	if signed.Raw = raw; err != nil {
		s.Fatal(err)
	}
	for _, who := range []struct {
		signs  bool
		signer identity.Signer
	}{{person && f.end != identity.RoleVendor, s.person}, {vendor, s.vendor}, {person, s.person}} {
		if who.signs {
			if signed, err = signed.Sign(who.signer, at); err != nil {
				s.Fatal(err)
			}
		}
	}
	f.person, f.vendor = f.person || person, f.vendor || vendor
	s.sent = append(s.sent, signed)
	return true
}

func TestChainFollowsTheModelInAnyOrder(t *testing.T) {
	seen := make(map[relcard.State]int)
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t)
		var c relcard.Chain
		for range rapid.IntRange(1, 14).Draw(t, "steps") {
			i := len(s.bodies)
			if i == 0 || rapid.Bool().Draw(t, "new") {
				i = s.write()
			} else {
				i = rapid.IntRange(0, i-1).Draw(t, "which")
			}
			if !s.send(i) {
				if i == len(s.bodies)-1 && !s.model.facts[i].person && !s.model.facts[i].vendor {
					s.unwrite()
				}
				continue
			}
			c = s.take(c, s.sent[len(s.sent)-1])
			if got, want := c.State(), s.model.state(); got != want {
				t.Fatalf("state %q, the model says %q", got, want)
			}
			seen[c.State()]++
		}
		want := bytesOf(t, c)
		seed := rapid.Uint64().Draw(t, "order")
		if got := bytesOf(t, s.inOrder(rand.New(rand.NewPCG(seed, 0)))); !bytes.Equal(got, want) {
			t.Fatal("another order of arrival gave another card")
		}
		var all []relcard.Signed
		for _, v := range c.Versions() {
			all = append(all, v.Signed)
		}
		whole, err := relcard.NewChain(all, nil, now)
		if (err != nil) != (c.State() == relcard.StateFrozen) || !bytes.Equal(bytesOf(t, whole), want) {
			t.Fatalf("at once it gave another card: %v", err)
		}
	})
	for _, state := range []relcard.State{relcard.StateProposed, relcard.StateActive, relcard.StateAmending, relcard.StateEnded, relcard.StateFrozen} {
		if seen[state] == 0 {
			t.Errorf("no story came to the state %q", state)
		}
	}
}

// take applies twice what must be accepted.
func (s *story) take(c relcard.Chain, signed relcard.Signed) relcard.Chain {
	for range 2 {
		next, err := c.Apply(signed, nil, now)
		if frozen := errors.Is(err, relcard.ErrFork); (err != nil && !frozen) || frozen != (next.State() == relcard.StateFrozen) {
			s.Fatalf("apply: %v, state %s", err, next.State())
		}
		c = next
	}
	return c
}

// inOrder applies everything sent in an order drawn from r, coming back to
// what arrived before its predecessor.
func (s *story) inOrder(r *rand.Rand) relcard.Chain {
	queue := append([]relcard.Signed(nil), s.sent...)
	r.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	var c relcard.Chain
	for len(queue) > 0 {
		signed := queue[0]
		queue = queue[1:]
		if _, err := c.Apply(signed, nil, now); relcard.ReasonOf(err) == relcard.ErrOrphan {
			queue = append(queue, signed)
			continue
		}
		c = s.take(c, signed)
	}
	return c
}

func bytesOf(t *rapid.T, c relcard.Chain) []byte {
	all := []byte(c.State())
	for _, v := range c.Versions() {
		b, err := v.Signed.Encode()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
