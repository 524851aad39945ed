package negotiation_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

var family = []string{"SD-BASE", "SD-BASE-DP", "SD-BASE-A", "SD-BASE-AT", "SD-BASE-ATP-S3P-DP"}

// some draws agreements, in any order.
func (s *side) some(least int) (all []terms.Ref) {
	for _, i := range s.luck.Perm(len(family))[:least+s.luck.IntN(3)] {
		all = append(all, ref(family[i]))
	}
	return all
}

// proffer is the person's turn: of a new card, or of an amendment once there
// is one, and of another before the last has ended if it likes.
func (s *side) proffer() {
	open := slices.ContainsFunc(s.talks, func(n negotiation.Negotiation) bool { return n.At(s.now).Open() })
	if open && !s.chance(40) {
		return
	}
	s.do(func() {
		p := negotiation.Proffer{
			Version:      1,
			Agreements:   s.some(1),
			Expires:      identity.At(s.now.Add(time.Duration(1+s.luck.IntN(pick(s.world, 30, 3600))) * time.Second)),
			Jurisdiction: pick(s.world, "", "DE", "US-UT"),
		}
		if c := s.work.chain(); c.State() != relcard.StateNone {
			p.Head = must(c.Next(s.now)).Prev
		}
		s.say(negotiation.KindProffer, &p, dagcbor.CID{}, nil)
	})
}

// reply is the vendor's turn on what it has not answered.
func (s *side) reply() {
	for _, n := range s.talks {
		if n = n.At(s.now); n.State() != negotiation.StateProffered {
			continue
		}
		p := n.Proffer()
		a := negotiation.Reply(&p, s.some(0), !s.chance(3))
		s.do(func() { s.answer(n, a) })
		return
	}
}

func (s *side) answer(n negotiation.Negotiation, a negotiation.Answer) {
	proffer := n.Statement()
	crossed := func(err error) {
		s.say(negotiation.KindClose, ptr(negotiation.Closing(n.ID(), err)), n.ID(), nil)
	}
	var card *relcard.Version
	if a.Terms != nil {
		var base *relcard.Body
		c := s.work.chain()
		if c.State() != relcard.StateNone {
			base = ptr(must(c.Next(s.now)))
		} else if !n.Proffer().Head.IsZero() {
			s.Fatal("the person amends a card the vendor does not have")
		}
		if base != nil && n.Proffer().Head.IsZero() {
			crossed(negotiation.CauseCrossed) // a card came into force meanwhile
			return
		}
		b, err := negotiation.CardBody(&proffer, *a.Terms, base, shop, s.now)
		if err == nil && base != nil {
			err = c.MaySign(&b, s.role)
		}
		if err != nil {
			crossed(err)
			return
		}
		card = ptr(must(must(b.Sign(s.signer, s.now)).Verify(nil, s.now)))
		a.Card = card.ID
	}
	s.say(negotiation.KindAnswer, &a, n.ID(), card)
}

// countersign is the person's turn on an answer.
func (s *side) countersign() {
	for i, n := range s.talks {
		if st := n.At(s.now).State(); st != negotiation.StateAccepted && st != negotiation.StateCountered {
			continue
		}
		s.do(func() {
			for _, e := range s.work.said {
				if e.card == nil || e.card.ID != n.Card() {
					continue
				}
				if e.card.Body.Seq == 0 && len(s.work.versions) > 0 {
					return // of two first cards the person takes one
				}
				v := must(must(e.card.Signed.Sign(s.signer, s.now)).Verify(nil, s.now))
				s.talks[i] = must(n.Sign(&v))
				s.work.versions = append(s.work.versions, v.Signed)
				s.post(letter{version: must(v.Signed.Encode())})
				return
			}
			s.Fatal("there is no version to an answer")
		})
		return
	}
}

// closeOne is either side's turn on what is open.
func (s *side) closeOne() {
	for _, n := range s.talks {
		n = n.At(s.now)
		if !n.Open() {
			continue
		}
		cause := negotiation.CauseWithdrawn
		if n.State() == negotiation.StateCountered && s.role == identity.RolePerson {
			cause = negotiation.CauseDeclined
		}
		s.do(func() {
			s.say(negotiation.KindClose, &negotiation.Close{Version: 1, Proffer: n.ID(), Cause: cause, Reason: "changed my mind"}, dagcbor.CID{}, nil)
		})
		return
	}
}

// channel takes one letter off the wire, any of them, and loses it, delivers
// it, or delivers it and keeps it for another time.
func (w *world) channel() {
	if len(w.wire) == 0 {
		return
	}
	i := w.luck.IntN(len(w.wire))
	m := w.wire[i]
	fate := pick(w, "arrives", "arrives", "arrives", "lost", "twice")
	if fate != "twice" {
		w.wire = append(w.wire[:i:i], w.wire[i+1:]...)
	}
	s := w.sides[m.to]
	switch {
	case fate == "lost":
	case m.ack:
		s.acknowledged(m.l.id)
	default:
		ok := false
		s.do(func() { ok = s.take(m.l) })
		// Only what is stored is acknowledged: a crash may have lost it.
		if ok && s.holds(m.l) {
			w.wire = append(w.wire, wired{to: other(m.to), ack: true, l: m.l})
		}
	}
}

func (s *side) holds(l letter) bool {
	if l.statement == nil {
		id := dagcbor.Sum(must(relcard.DecodeSigned(l.version)).Raw)
		for _, v := range s.disk.versions {
			if dagcbor.Sum(v.Raw) == id {
				return true
			}
		}
		return false
	}
	id := must(statementID(l.statement))
	for _, e := range s.disk.said {
		if e.s.ID == id {
			return true
		}
	}
	return false
}

// turns is what happens, each as often as it stands here.
var turns = slices.Concat(
	[]string{"person closes", "vendor closes", "person crashes", "vendor crashes", "minutes pass"},
	slices.Repeat([]string{"person proffers", "vendor replies", "person countersigns", "person sends again", "vendor sends again"}, 4),
	slices.Repeat([]string{"moments pass"}, 3), slices.Repeat([]string{"channel"}, 20),
)

func TestTwoSidesOverABadChannel(t *testing.T) {
	ends := make(map[negotiation.State]int)
	causes := make(map[negotiation.Cause]int)
	var cards, late int
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		person, vendor := w.sides[identity.RolePerson], w.sides[identity.RoleVendor]
		for range 150 - rapid.IntRange(0, 140).Draw(t, "fewer") {
			switch action := pick(w, turns...); action {
			case "person proffers":
				person.proffer()
			case "vendor replies":
				vendor.reply()
			case "person countersigns":
				person.countersign()
			case "person closes":
				person.closeOne()
			case "vendor closes":
				vendor.closeOne()
			case "person crashes":
				person.crash()
			case "vendor crashes":
				vendor.crash()
			case "person sends again":
				person.send()
			case "vendor sends again":
				vendor.send()
			case "channel":
				w.channel()
			case "moments pass":
				w.now = w.now.Add(time.Duration(1+w.luck.IntN(10)) * time.Second)
			case "minutes pass":
				w.now = w.now.Add(time.Duration(1+w.luck.IntN(20)) * time.Minute)
			}
			person.check(w.chance(20))
			vendor.check(w.chance(20))
		}
		w.settle()
		w.now = w.now.Add(2 * time.Hour)
		person.check(true)
		vendor.check(true)
		if len(person.talks) != len(vendor.talks) {
			t.Fatalf("the person knows %d negotiations, the vendor %d", len(person.talks), len(vendor.talks))
		}
		for i, n := range person.talks {
			if got, want := outcome(vendor.talks[i], w.now), outcome(n, w.now); got != want {
				t.Fatalf("the person has\n%s, the vendor\n%s", want, got)
			}
			ends[n.At(w.now).State()]++
			causes[n.At(w.now).Cause()]++
		}
		a, b := person.disk.chain(), vendor.disk.chain()
		if !bytes.Equal(bytesOf(a), bytesOf(b)) || a.State() == relcard.StateFrozen {
			t.Fatalf("the two sides hold different cards, %s and %s", a.State(), b.State())
		}
		cards += len(person.disk.versions)
		late += w.late
	})
	t.Logf("ends: %v; causes: %v; %d versions agreed, %d of them after the vendor had seen the end", ends, causes, cards, late)
	if late == 0 {
		t.Error("no countersignature ever came late")
	}
	for _, s := range []negotiation.State{negotiation.StateAgreed, negotiation.StateRefused, negotiation.StateClosed} {
		if ends[s] == 0 {
			t.Errorf("nothing ever came to be %s", s)
		}
	}
}
