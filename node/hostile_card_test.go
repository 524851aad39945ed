package node_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
)

// proposing is a person with all the keys to accept an offer, and their own
// ideas of what to sign.
type proposing struct {
	*besieged
	offer  view.Offer
	me     forger
	author identity.Signer
}

func (b *besieged) proposing(w *sim.World, offer view.Offer) *proposing {
	w.T.Helper()
	key := secretKey(w, b.pat, "author/"+string(b.want.Body.Author))
	return &proposing{b, offer, newForger(w.T, "pairwise.invalid"), identity.NewKeySigner(key)}
}

// body is the one card that accepting the offer can mean.
func (p *proposing) body() relcard.Body {
	o := p.offer.Body
	b := relcard.Body{
		Version: relcard.BodyVersion, Type: relcard.BodyType, Status: relcard.StatusAgreed,
		Person: p.me.party(""), Vendor: o.Vendor, Terms: o.Terms, Time: identity.At(time.Now()),
		Intent: o.Intent, Offer: p.offer.ID, Extras: o.Extras, Total: &o.Total, Fulfil: o.Fulfil,
	}
	for _, l := range o.Lines {
		b.Lines = append(b.Lines, l.Line)
	}
	return b
}

// letter proposes a card, signed as it must be.
func (p *proposing) letter(body relcard.Body) proposeLetter {
	t := p.rogue.w.T
	t.Helper()
	raw := cbor(t, body)
	env := sign(t, p.me.signer, raw, identity.RolePerson)
	return p.letterOf(relcard.Signed{Raw: raw, Person: &env})
}

func (p *proposing) letterOf(s relcard.Signed) proposeLetter {
	t := p.rogue.w.T
	t.Helper()
	wire, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return proposeLetter{1, wire, p.me.log, sign(t, p.author, s.Raw, identity.RoleAuthor)}
}

func sign(t *testing.T, s identity.Signer, raw []byte, role identity.Role) identity.Envelope {
	t.Helper()
	env, err := identity.Sign(s, dagcbor.Sum(raw), role, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// wantNoCard proposes, and expects a shop that says no and why.
func (p *proposing) wantNoCard(name string, l proposeLetter, says string) {
	w := p.rogue.w
	w.T.Helper()
	heard := len(p.rogue.answers("refuse"))
	got := p.rogue.send(p.offer.Body.Route, "propose", cbor(w.T, l))
	if got.State == courier.StateRefused { // the letter as such
		wantRefused(w, name, got, says)
		return
	}
	w.Eventually(time.Minute, "the shop answers a card that is "+name, func() bool { return len(p.rogue.answers("refuse")) > heard })
	var no refuseLetter
	if err := dagcbor.Unmarshal(p.rogue.answers("refuse")[heard].Body, &no); err != nil {
		w.T.Fatal(err)
	}
	if !strings.Contains(no.Reason, says) {
		w.T.Errorf("%s: refused with %q, want %q in it", name, no.Reason, says)
	}
}

func TestHostileProposals(t *testing.T) {
	altered := func(change func(*relcard.Body)) func(*proposing) proposeLetter {
		return func(p *proposing) proposeLetter {
			b := p.body()
			change(&b)
			return p.letter(b)
		}
	}
	asIs := func(p *proposing) proposeLetter { return p.letter(p.body()) }
	total := func(amount string) func(*relcard.Body) {
		return func(b *relcard.Body) { m := euro(amount); b.Total, b.Lines[0].Price = &m, m }
	}
	ref := func(id string) terms.Ref { a, _ := terms.Lookup(id); return a.Ref }
	stranger := identity.NewKeySigner(newKey(1))
	cases := []struct {
		name   string
		letter func(*proposing) proposeLetter
		says   string
	}{
		{"cheaper", altered(total("3")), "something else than the offer"},
		{"more for the same", altered(func(b *relcard.Body) { b.Lines[0].Quantity = "2"; m := euro("60"); b.Total = &m }), "something else than the offer"},
		{"a line more", altered(func(b *relcard.Body) {
			b.Lines = append(b.Lines, relcard.Line{Name: "vase", Quantity: "1", Price: euro("0")})
		}), "something else than the offer"},
		{"of a total that is no sum", altered(func(b *relcard.Body) { m := euro("1"); b.Total = &m }), "total"},
		{"under other terms", altered(func(b *relcard.Body) { b.Terms = ref("SD-BASE-A") }), "something else than the offer"},
		{"under terms with another hash", altered(func(b *relcard.Body) { b.Terms.SHA256 = ref("SD-BASE-A").SHA256 }), "terms"},
		{"from another intent", altered(func(b *relcard.Body) { b.Intent = dagcbor.Sum([]byte("x")) }), "something else than the offer"},
		{"for an offer nobody made", altered(func(b *relcard.Body) { b.Offer = dagcbor.Sum([]byte("x")) }), "is not known here"},
		{"with a jurisdiction of its own", altered(func(b *relcard.Body) { b.Jurisdiction = "US-UT" }), "something else than the offer"},
		{"with another vendor", altered(func(b *relcard.Body) { b.Vendor.Name = "dear" }), "something else than the offer"},
		{"dated back", altered(func(b *relcard.Body) { b.Time = identity.At(time.Now().Add(-30 * 24 * time.Hour)) }), "about now"},
		{"dated ahead", altered(func(b *relcard.Body) { b.Time = identity.At(time.Now().Add(time.Hour)) }), "about now"},
		{"by somebody who did not ask", func(p *proposing) proposeLetter {
			l := asIs(p)
			card, _ := relcard.DecodeSigned(l.Card)
			l.Author = sign(p.rogue.w.T, stranger, card.Raw, identity.RoleAuthor)
			return l
		}, "who accepts is not who asked"},
		{"by somebody who says they asked", func(p *proposing) proposeLetter {
			l := asIs(p)
			card, _ := relcard.DecodeSigned(l.Card)
			l.Author = sign(p.rogue.w.T, borrowed{stranger, p.author.DID()}, card.Raw, identity.RoleAuthor)
			return l
		}, "signature does not hold"},
		{"by the asker of another card", func(p *proposing) proposeLetter {
			l := asIs(p)
			l.Author = sign(p.rogue.w.T, p.author, []byte("another"), identity.RoleAuthor)
			return l
		}, "signature does not hold"},
		{"by the asker in another role", func(p *proposing) proposeLetter {
			l := asIs(p)
			card, _ := relcard.DecodeSigned(l.Card)
			l.Author = sign(p.rogue.w.T, p.author, card.Raw, identity.RolePerson)
			return l
		}, "signature does not hold"},
		{"not signed by the person", func(p *proposing) proposeLetter {
			raw := cbor(p.rogue.w.T, p.body())
			return p.letterOf(relcard.Signed{Raw: raw})
		}, "signature is missing"},
		{"signed by a third key for the person", func(p *proposing) proposeLetter {
			raw := cbor(p.rogue.w.T, p.body())
			env := sign(p.rogue.w.T, borrowed{p.shop.signer, p.me.signer.DID()}, raw, identity.RolePerson)
			return p.letterOf(relcard.Signed{Raw: raw, Person: &env})
		}, "signature"},
		{"countersigned by a third key already", func(p *proposing) proposeLetter {
			raw := cbor(p.rogue.w.T, p.body())
			mine := sign(p.rogue.w.T, p.me.signer, raw, identity.RolePerson)
			theirs := sign(p.rogue.w.T, borrowed{p.shop.signer, p.offer.Body.Vendor.DID}, raw, identity.RoleVendor)
			return p.letterOf(relcard.Signed{Raw: raw, Person: &mine, Vendor: &theirs})
		}, "signature"},
		{"with the log of another", func(p *proposing) proposeLetter {
			l := asIs(p)
			l.Log = newForger(p.rogue.w.T, "pairwise.invalid").log
			return l
		}, "no key log of"},
		{"with a log that does not verify", func(p *proposing) proposeLetter {
			l := asIs(p)
			l.Log = bytes.Replace(l.Log, []byte(`"versionTime":"2000`), []byte(`"versionTime":"1999`), 1)
			return l
		}, "key log"},
		{"between the vendor and itself", altered(func(b *relcard.Body) { b.Person.DID = b.Vendor.DID }), "person"},
		{"a second version", altered(func(b *relcard.Body) { b.Seq, b.Prev = 1, dagcbor.Sum([]byte("x")) }), "something else than the offer"},
		{"an end", altered(func(b *relcard.Body) { b.Status = relcard.StatusEnded }), "can't be an end"},
		{"in a letter of another version", func(p *proposing) proposeLetter { l := asIs(p); l.Version = 2; return l }, "version 2"},
		{"nothing", func(p *proposing) proposeLetter { l := asIs(p); l.Card = nil; return l }, "signed card"},
	}
	sim.Run(t, 21, func(w *sim.World) {
		b := siege(w, roses())
		best := must[view.Offer](w)(b.best(w))
		p := b.proposing(w, best)
		before := holdings(w, b.cheap)
		for _, c := range cases {
			p.wantNoCard(c.name, c.letter(p), c.says)
		}
		good := cbor(w.T, asIs(p))
		ref := b.rogue.post(best.Body.Route, nil, "propose", good) // a letter that can't be answered
		time.Sleep(5 * time.Second)
		wantRefused(w, "without a way back", b.rogue.status(ref))
		lost := b.rogue.courier.Self()
		lost.Key = bytes.Repeat([]byte{0xff}, len(lost.Key)) // no key: its numbers are out of range
		ref = b.rogue.post(best.Body.Route, &lost, "propose", good)
		time.Sleep(5 * time.Second)
		wantRefused(w, "with a way back that is none", b.rogue.status(ref))
		wantSame(w, b.cheap, before)

		// The offer still stands for who asked, once.
		card := must[view.Card](w)(b.pat.Accept(w.T.Context(), best.ID))
		awaitState(w, b.pat, card.ID, "active")
		b.awaitFulfilled(w)
		before = holdings(w, b.cheap)
		p.wantNoCard("for an offer that is taken", asIs(p), "already been accepted")
		wantSame(w, b.cheap, before)
	})
}

// An offer that is over can't be accepted, neither by the node nor past it.
func TestProposalAfterExpiry(t *testing.T) {
	sim.Run(t, 22, func(w *sim.World) {
		want := roses()
		want.Life = "10m"
		b := siege(w, want)
		p := b.proposing(w, must[view.Offer](w)(b.best(w)))
		time.Sleep(15 * time.Minute)
		before := holdings(w, b.cheap)
		p.wantNoCard("for an offer that is over", p.letter(p.body()), "expired")
		wantSame(w, b.cheap, before)
		if _, err := b.pat.Accept(w.T.Context(), p.offer.ID); err == nil || !strings.Contains(err.Error(), "expired at") {
			w.T.Errorf("accept: %v", err)
		}
	})
}

// While a proposal is on its way, only the vendor that offered can bring the
// card into force, by its own key and the card's own road.
func TestHostileCountersignatures(t *testing.T) {
	sim.Run(t, 23, func(w *sim.World) {
		b := siege(w, roses())
		best := must[view.Offer](w)(b.best(w))
		b.cheap.Stop()
		card := must[view.Card](w)(b.pat.Accept(w.T.Context(), best.ID))
		road := ownRoute(w, b.pat, "card/"+best.ID.String())
		raw := cbor(w.T, card.Body)
		before := holdings(w, b.pat)
		letter := func(s identity.Signer, role identity.Role, raw []byte) []byte {
			return cbor(w.T, countersignLetter{1, card.ID, sign(w.T, s, raw, role)})
		}
		pretender := borrowed{b.shop.signer, card.Body.Vendor.DID}
		for name, c := range map[string]struct {
			to   intentcast.Route
			kind string
			body []byte
			says string
		}{
			"by a third key":             {road, "countersign", letter(b.shop.signer, identity.RoleVendor, raw), "countersign"},
			"by a third key as vendor":   {road, "countersign", letter(pretender, identity.RoleVendor, raw), "signature"},
			"of another card":            {road, "countersign", letter(pretender, identity.RoleVendor, []byte("another")), "signature"},
			"for a card not here":        {road, "countersign", cbor(w.T, countersignLetter{1, dagcbor.Sum([]byte("x")), sign(w.T, pretender, raw, identity.RoleVendor)}), "not found"},
			"by the intent's road":       {*b.want.Body.Reply, "countersign", letter(pretender, identity.RoleVendor, raw), "another route"},
			"refused by another's road":  {*b.want.Body.Reply, "refuse", cbor(w.T, refuseLetter{1, card.ID, "no"}), "another route"},
			"an end that nobody made":    {road, "end-seen", cbor(w.T, endLetter{1, card.ID, b.ending(w, card, pretender, identity.RoleVendor)}), "end-seen"},
			"ended by a third key":       {road, "end", cbor(w.T, endLetter{1, card.ID, b.ending(w, card, pretender, identity.RoleVendor)}), "signature"},
			"changed by a third key":     {road, "end", cbor(w.T, endLetter{1, card.ID, b.amendment(w, card, pretender, "1")}), "end"},
			"ended in the person's name": {road, "end", cbor(w.T, endLetter{1, card.ID, b.ending(w, card, borrowed{b.shop.signer, card.Body.Person.DID}, identity.RolePerson)}), "end"},
		} {
			wantRefused(w, name, b.rogue.send(c.to, c.kind, c.body), c.says)
		}
		real := letter(b.vendorSigner(w, card), identity.RoleVendor, raw) // by the shop's very key
		for bit, l := range b.rogue.flip(road, "countersign", real) {
			wantRefused(w, fmt.Sprintf("the shop's own, bit %d flipped or cut there", bit), l)
		}
		wantSame(w, b.pat, before)
		if got := must[view.Card](w)(b.pat.Card(w.T.Context(), card.ID)); got.State != "proposed" {
			w.T.Errorf("the card is %s", got.State)
		}
		b.cheap.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, b.cheap, b.dear, b.bystanders[0], b.bystanders[1])
		w.Eventually(time.Hour, "the real one comes", func() bool {
			got, err := b.pat.Card(w.T.Context(), card.ID)
			return err == nil && got.State == "active"
		})
	})
}
