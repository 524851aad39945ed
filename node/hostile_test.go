package node_test

import (
	"bytes"
	"slices"
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

// besieged is a town with an open intent of Pat's, answered by both shops, and
// an attacker who knows everything that is public.
type besieged struct {
	*town
	rogue *rogue
	want  view.Intent // Pat's
	shop  forger      // the attacker's own identifier, in order
}

func siege(w *sim.World, want view.Want) *besieged {
	w.T.Helper()
	b := &besieged{town: newTown(w)}
	b.rogue = newRogue(w, "mallory", b.all()...)
	b.want = must[view.Intent](w)(b.pat.Cast(w.T.Context(), want))
	b.shop = newForger(w.T, "mallory.example")
	offersOf(w, b.pat, b.want.Root, 2)
	return b
}

// offer is a correct offer of the attacker's to an intent.
func (b *besieged) offer(to view.Intent) intentcast.Offer {
	return intentcast.Offer{
		Version: intentcast.BodyVersion, Type: intentcast.OfferType, Intent: to.ID, Recipient: to.Body.Reply.KeyHash(),
		Vendor: b.shop.party("mallory"), Created: identity.At(time.Now()), Expires: identity.At(time.Now().Add(time.Hour)),
		Lines: []intentcast.OfferLine{{Line: relcard.Line{Name: "Dozen red roses", Quantity: "1", Price: euro("29")}}},
		Total: euro("29"), Terms: to.Body.Terms[0], Route: b.rogue.courier.Self(),
	}
}

func TestHostileOffers(t *testing.T) {
	other := func(b *besieged) identity.Signer { return newForger(b.rogue.w.T, "mallory.example").signer }
	altered := func(change func(*intentcast.Offer)) func(*besieged) offerLetter {
		return func(b *besieged) offerLetter {
			o := b.offer(b.want)
			change(&o)
			return offerLetter{1, signRawAt(b.rogue.w.T, o, b.shop.signer, identity.RoleVendor, o.Created.Std()), b.shop.log}
		}
	}
	ref := func(id string) terms.Ref { a, _ := terms.Lookup(id); return a.Ref }
	cases := []struct {
		name   string
		letter func(*besieged) offerLetter
		says   []string
	}{
		{"for another intent", altered(func(o *intentcast.Offer) { o.Intent = dagcbor.Sum([]byte("another")) }), []string{"for another intent", "intent:"}},
		{"for another person", altered(func(o *intentcast.Offer) { o.Recipient = bytes.Repeat([]byte{1}, 32) }), []string{"recipient: 0101"}},
		{"an item nobody asked for", altered(func(o *intentcast.Offer) { o.Lines[0].Want = 3 }), []string{"not wanted", "lines[0].want"}},
		{"terms not asked for", altered(func(o *intentcast.Offer) { o.Terms = ref("SD-BASE-ATP-S3P") }), []string{"terms not among"}},
		{"terms under another hash", altered(func(o *intentcast.Offer) { o.Terms.SHA256 = ref("SD-BASE-A").SHA256 }), []string{"terms"}},
		{"unknown terms", altered(func(o *intentcast.Offer) { o.Terms.ID = "SD-ALL" }), []string{"terms"}},
		{"a total of its own", altered(func(o *intentcast.Offer) { o.Total = euro("28") }), []string{"total is not the sum"}},
		{"over already", altered(func(o *intentcast.Offer) {
			o.Created, o.Expires = identity.At(time.Now().Add(-time.Minute)), identity.At(time.Now().Add(-time.Second))
		}), []string{"expired", "expires:"}},
		{"from the future", altered(func(o *intentcast.Offer) {
			o.Created, o.Expires = identity.At(time.Now().Add(time.Hour)), identity.At(time.Now().Add(2*time.Hour))
		}), []string{"from the future", "created:"}},
		{"with a route that leads nowhere", altered(func(o *intentcast.Offer) { o.Route.Key = bytes.Repeat([]byte{0xff}, len(o.Route.Key)) }), []string{"route: "}},
		{"of another version", altered(func(o *intentcast.Offer) { o.Version = 2 }), []string{"v: version 2"}},
		{"in another vendor's name", func(b *besieged) offerLetter {
			real := must[view.Offer](b.rogue.w)(b.best(b.rogue.w))
			o := b.offer(b.want)
			o.Vendor = real.Body.Vendor
			return offerLetter{1, reSigned(b.rogue.w.T, o, b.shop.signer), b.shop.log}
		}, []string{"no key log of"}},
		{"in a long name that can't be cut anywhere", func(b *besieged) offerLetter {
			o := b.offer(b.want)
			o.Vendor.DID = identity.DID(strings.Repeat("é", 200))
			return offerLetter{1, signRaw(b.rogue.w.T, o, borrowed{b.shop.signer, identity.DID(strings.Repeat("è", 200))}, identity.RoleVendor), b.shop.log}
		}, []string{`signer "èèè`}},
		{"signed by another", func(b *besieged) offerLetter {
			return offerLetter{1, signRaw(b.rogue.w.T, b.offer(b.want), other(b), identity.RoleVendor), b.shop.log}
		}, []string{"signed by another than its vendor"}},
		{"signed in another role", func(b *besieged) offerLetter {
			return offerLetter{1, signRaw(b.rogue.w.T, b.offer(b.want), b.shop.signer, identity.RolePerson), b.shop.log}
		}, []string{`signed as "person"`}},
		{"with another's key log", func(b *besieged) offerLetter {
			l := altered(func(*intentcast.Offer) {})(b)
			l.Log = newForger(b.rogue.w.T, "mallory.example").log
			return l
		}, []string{"no key log of"}},
		{"with no key log", func(b *besieged) offerLetter {
			l := altered(func(*intentcast.Offer) {})(b)
			l.Log = nil
			return l
		}, []string{"key log"}},
		{"with a key log that does not verify", func(b *besieged) offerLetter {
			l := altered(func(*intentcast.Offer) {})(b)
			at := bytes.Index(l.Log, []byte(`"proofValue":"z`)) + len(`"proofValue":"z`) + 20
			l.Log = bytes.Clone(l.Log)
			l.Log[at]++
			return l
		}, []string{"key log"}},
		{"in a letter of another version", func(b *besieged) offerLetter {
			l := altered(func(*intentcast.Offer) {})(b)
			l.Version = 7
			return l
		}, []string{"version 7"}},
		{"of nothing", func(b *besieged) offerLetter { return offerLetter{1, nil, b.shop.log} }, []string{"decode offer"}},
	}
	sim.Run(t, 11, func(w *sim.World) {
		b := siege(w, roses())
		before := holdings(w, b.pat)
		for _, c := range cases {
			letter := cbor(w.T, c.letter(b))
			wantRefused(w, c.name, b.rogue.send(*b.want.Body.Reply, "offer", letter), append(c.says, "letter offer: ")...)
		}
		wantSame(w, b.pat, before)
	})
}

// reSigned is a body in the envelope of a signer that claims to be the body's
// vendor.
func reSigned(t *testing.T, o intentcast.Offer, s identity.Signer) []byte {
	t.Helper()
	return signRaw(t, o, borrowed{s, o.Vendor.DID}, identity.RoleVendor)
}

// borrowed signs with one's key in another's name.
type borrowed struct {
	identity.Signer
	did identity.DID
}

func (b borrowed) DID() identity.DID { return b.did }

// best is Pat's best offer.
func (b *besieged) best(w *sim.World) (view.Offer, error) {
	v, _, err := b.pat.Best(w.T.Context(), b.want.Root)
	return v, err
}

// A shop's real offer to Pat, opened by nobody else, is of no use when it is
// sealed again to Quinn, nor by any other of Pat's own routes.
func TestResealedOffer(t *testing.T) {
	sim.Run(t, 12, func(w *sim.World) {
		b := siege(w, roses())
		quinn := b.bystanders[0]
		theirs := must[view.Intent](w)(quinn.Cast(w.T.Context(), roses()))
		second := must[view.Intent](w)(b.pat.Cast(w.T.Context(), roses()))
		offersOf(w, quinn, theirs.Root, 2)
		offersOf(w, b.pat, second.Root, 2)
		o := b.offer(b.want)
		letter := cbor(w.T, offerLetter{1, signRaw(w.T, o, b.shop.signer, identity.RoleVendor), b.shop.log})
		beforeQ, beforeP := holdings(w, quinn), holdings(w, b.pat)
		wantRefused(w, "sealed to Quinn", b.rogue.send(*theirs.Body.Reply, "offer", letter), "for another intent")
		wantRefused(w, "by Pat's other route", b.rogue.send(*second.Body.Reply, "offer", letter), "for another intent")
		o.Intent = theirs.ID // and signed for Quinn's intent, but to Pat's key
		letter = cbor(w.T, offerLetter{1, signRaw(w.T, o, b.shop.signer, identity.RoleVendor), b.shop.log})
		wantRefused(w, "to another's key", b.rogue.send(*theirs.Body.Reply, "offer", letter), "recipient:")
		wantSame(w, quinn, beforeQ)
		wantSame(w, b.pat, beforeP)
	})
}

func TestOffersOverTheCap(t *testing.T) {
	sim.Run(t, 13, func(w *sim.World) {
		want := roses()
		want.MaxResponders = 3
		b := siege(w, want)
		offer := func(f forger, price string) []byte {
			o := b.offer(b.want)
			o.Vendor, o.Lines[0].Line.Price, o.Total = f.party("mallory"), euro(price), euro(price)
			return cbor(w.T, offerLetter{1, signRaw(w.T, o, f.signer, identity.RoleVendor), f.log})
		}
		first := b.rogue.send(*b.want.Body.Reply, "offer", offer(b.shop, "29"))
		if first.State != courier.StateDelivered {
			w.T.Fatalf("the third offer is %s: %s", first.State, first.Problem)
		}
		before := holdings(w, b.pat)
		wantRefused(w, "a fourth", b.rogue.send(*b.want.Body.Reply, "offer", offer(newForger(w.T, "sybil.example"), "1")), "takes 3 offers and has them")
		wantRefused(w, "another of the same second", b.rogue.send(*b.want.Body.Reply, "offer", offer(b.shop, "1")), "same vendor")
		wantSame(w, b.pat, before)

		time.Sleep(2 * time.Second) // one's own offer may be bettered, within the cap
		if l := b.rogue.send(*b.want.Body.Reply, "offer", offer(b.shop, "28")); l.State != courier.StateDelivered {
			w.T.Errorf("a newer offer of the same vendor is %s: %s", l.State, l.Problem)
		}
		if got := must[[]view.Offer](w)(b.pat.Offers(w.T.Context(), b.want.Root)); len(got) != 3 || got[0].Body.Total != euro("28") {
			w.T.Errorf("%d offers, the best of %s", len(got), got[0].Body.Total)
		}
	})
}

// An offer can't come by the direct route, where it would tell its sender
// whose node the intent's author runs, nor after the end of the intent.
func TestOfferOutOfPlace(t *testing.T) {
	sim.Run(t, 14, func(w *sim.World) {
		b := siege(w, roses())
		letter := cbor(w.T, offerLetter{1, signRaw(w.T, b.offer(b.want), b.shop.signer, identity.RoleVendor), b.shop.log})
		before := holdings(w, b.cheap)
		direct := must[view.Offer](w)(b.best(w)).Body.Route
		wantRefused(w, "direct", b.rogue.send(direct, "offer", letter), "no intent's")
		wantSame(w, b.cheap, before)

		must[view.Intent](w)(b.pat.Withdraw(w.T.Context(), b.want.Root))
		before = holdings(w, b.pat)
		wantRefused(w, "late", b.rogue.send(*b.want.Body.Reply, "offer", letter), "no longer open")
		wantSame(w, b.pat, before)
	})
}

// Letters that are no letters: unknown kinds, versions, fields, and bodies
// that are not canonical.
func TestHostileLetters(t *testing.T) {
	sim.Run(t, 15, func(w *sim.World) {
		b := siege(w, roses())
		shop := must[view.Offer](w)(b.best(w)).Body.Route
		good := cbor(w.T, offerLetter{1, signRaw(w.T, b.offer(b.want), b.shop.signer, identity.RoleVendor), b.shop.log})
		kinds := []string{"offer", "propose", "countersign", "refuse", "end", "end-seen"}
		bodies := map[string][]byte{
			"nothing":        nil,
			"not CBOR":       []byte("hello"),
			"a list":         cbor(w.T, []string{"v"}),
			"another field":  cbor(w.T, map[string]any{"v": 1, "extra": true}),
			"a float":        {0xa1, 0x61, 'v', 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0},
			"long form":      {0xa1, 0x61, 'v', 0x18, 0x01},
			"a key twice":    {0xa2, 0x61, 'v', 0x01, 0x61, 'v', 0x01},
			"endless":        {0xbf, 0x61, 'v', 0x01, 0xff},
			"deep":           append(bytes.Repeat([]byte{0x81}, 4000), 0x80),
			"cut short":      good[:len(good)/2],
			"with a tail":    append(slices.Clone(good), 0),
			"huge in a head": {0xa1, 0x61, 'v', 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		}
		beforeP, beforeS := holdings(w, b.pat), holdings(w, b.cheap)
		for name, body := range bodies {
			for _, kind := range kinds {
				wantRefused(w, name+" to Pat as "+kind, b.rogue.send(*b.want.Body.Reply, kind, body), "letter "+kind)
				wantRefused(w, name+" to the shop as "+kind, b.rogue.send(shop, kind, body), "letter "+kind)
			}
		}
		for _, kind := range []string{"Offer", "offer2", "\x00", "gift"} {
			wantRefused(w, "unknown kind", b.rogue.send(*b.want.Body.Reply, kind, good), "unknown kind")
			wantRefused(w, "unknown kind", b.rogue.send(shop, kind, good), "unknown kind")
		}
		wantSame(w, b.pat, beforeP)
		wantSame(w, b.cheap, beforeS)
	})
}

// However a good offer is flipped or cut, the node refuses it and goes on.
func TestFlippedOffers(t *testing.T) {
	sim.Run(t, 16, func(w *sim.World) {
		b := siege(w, roses())
		good := cbor(w.T, offerLetter{1, signRaw(w.T, b.offer(b.want), b.shop.signer, identity.RoleVendor), b.shop.log})
		before := holdings(w, b.pat)
		for bit, l := range b.rogue.flip(*b.want.Body.Reply, "offer", good) {
			if l.State != courier.StateRefused {
				w.T.Errorf("bit %d flipped, or cut there: %s (%s)", bit, l.State, l.Problem)
			}
		}
		wantSame(w, b.pat, before)
		must[view.Card](w)(b.pat.Accept(w.T.Context(), must[view.Offer](w)(b.best(w)).ID))
	})
}

// The same with a good proposal, which a shop answers with a refusal of its
// own where it can still be read; and the good one itself is then taken.
func TestFlippedProposals(t *testing.T) {
	sim.Run(t, 17, func(w *sim.World) {
		b := siege(w, roses())
		p := b.proposing(w, must[view.Offer](w)(b.best(w)))
		good := cbor(w.T, p.letter(p.body()))
		before := holdings(w, b.cheap)
		for bit, l := range b.rogue.flip(p.offer.Body.Route, "propose", good) {
			if l.State != courier.StateRefused && l.State != courier.StateDelivered {
				w.T.Errorf("bit %d flipped, or cut there: %s (%s)", bit, l.State, l.Problem)
			}
		}
		wantSame(w, b.cheap, before)
		b.rogue.send(p.offer.Body.Route, "propose", good)
		w.Eventually(time.Minute, "the shop countersigns what was not flipped", func() bool {
			return len(b.rogue.answers("countersign")) == 1
		})
	})
}
