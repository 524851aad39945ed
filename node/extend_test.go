package node_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// An intent is extended: nothing else about it changes, an offer to the
// version before can be accepted, and each vendor still has one offer in,
// renewed where it would have ended with the intent.
func TestExtend(t *testing.T) {
	sim.Run(t, 412, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		want := roses()
		want.Life, want.Private = "1h", map[string]string{"name": "Maria"}
		in := must[view.Intent](w)(tn.pat.Cast(ctx, want))
		before := offersOf(w, tn.pat, in.Root, 2)
		if before[0].Body.Vendor.Name != "cheap" {
			t.Fatalf("the best is %s", before[0].Body.Vendor.Name)
		}
		tn.cheap.Stop() // it does not hear of the extension

		longer := must[view.Intent](w)(tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: "48h"}))
		if longer.Body.Seq != 1 || longer.Body.Prev != in.ID || !in.Body.Expires.Before(longer.Body.Expires) {
			t.Errorf("after the extension: %+v", longer.Body)
		}
		as := longer.Body
		as.Seq, as.Root, as.Prev, as.Created, as.Expires = 0, dagcbor.CID{}, dagcbor.CID{}, in.Body.Created, in.Body.Expires
		if a, b := cbor(t, as), cbor(t, in.Body); !bytes.Equal(a, b) {
			t.Errorf("the extension changed more than the end:\n%x\n%x", a, b)
		}
		w.Eventually(time.Minute, "the other shop renews its offer", func() bool {
			for _, o := range must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root)) {
				if o.Body.Vendor.Name == "dear" && in.Body.Expires.Before(o.Body.Expires) {
					return true
				}
			}
			return false
		})
		after := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
		if len(after) != 2 || after[0].ID != before[0].ID || !after[0].Acceptable || !after[1].Acceptable {
			t.Fatalf("after the extension there are %d offers: %+v", len(after), after)
		}
		card := must[view.Card](w)(tn.pat.Accept(ctx, after[0].ID))
		tn.cheap.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, tn.cheap, tn.dear, tn.bystanders[0], tn.bystanders[1])
		awaitState(w, tn.pat, card.ID, "active")
	})
}

// An offer that would have ended with the intent is made once more when that is
// extended, the same but for its end. Who had looked at it accepts it by the id
// it had, in one card; there is one offer of that vendor, and it was not news.
func TestAcceptOfAnOfferRenewedMeanwhile(t *testing.T) {
	sim.Run(t, 431, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		want := roses()
		want.Life = "1h"
		in := must[view.Intent](w)(tn.pat.Cast(ctx, want))
		looked := byVendor(w, tn.pat, in.Root, "dear", offersOf(w, tn.pat, in.Root, 2))
		news := told(w, tn.pat, "offer.received")
		for i, life := range []string{"4h", "12h", "48h"} {
			must[view.Intent](w)(tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: life}))
			w.Eventually(time.Minute, "the shop renews its offer", func() bool {
				return len(byVendor(w, tn.pat, in.Root, "dear", must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))).Earlier) == i+1
			})
			time.Sleep(time.Minute)
		}
		all := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
		live := byVendor(w, tn.pat, in.Root, "dear", all)
		if len(all) != 2 || live.ID == looked.ID || !live.Acceptable || live.Body.Total != looked.Body.Total {
			t.Fatalf("after three extensions: %+v", all)
		}
		if len(live.Earlier) != 3 || live.Earlier[0] != looked.ID {
			t.Errorf("it was offered before as %v, first as %s", live.Earlier, looked.ID)
		}
		if n := told(w, tn.pat, "offer.received"); n != news {
			t.Errorf("%d offers that say the same were told as news", n-news)
		}
		card := must[view.Card](w)(tn.pat.Accept(ctx, looked.ID))
		if card.Body.Offer != live.ID {
			t.Errorf("the card accepts %s, want the offer that stands, %s", card.Body.Offer, live.ID)
		}
		awaitState(w, tn.pat, card.ID, "active")
		if _, err := tn.pat.Accept(ctx, looked.ID); !errors.Is(err, view.ErrConflict) {
			t.Errorf("accepted once more: %v", err)
		}
	})
}

// An offer that ends before the intent does stands as it is when that is
// extended: no vendor offers anew.
func TestExtensionLeavesOffersThatStand(t *testing.T) {
	sim.Run(t, 433, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		for _, p := range []*sim.Party{tn.cheap, tn.dear} {
			rules := must[market.Rules](w)(p.Rules(ctx))
			rules.OfferLife = market.Duration(10 * time.Hour)
			ok(w, p.SetRules(ctx, rules))
		}
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses())) // for a day
		before := offersOf(w, tn.pat, in.Root, 2)
		must[view.Intent](w)(tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: "72h"}))
		w.Eventually(time.Minute, "the shops hear of it", func() bool {
			v, err := tn.dear.Intent(ctx, in.Root)
			return err == nil && v.Body.Seq == 1
		})
		time.Sleep(time.Minute)
		after := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
		if len(after) != 2 || after[0].ID != before[0].ID || after[1].ID != before[1].ID || !after[0].Acceptable {
			t.Errorf("the offers were %s and %s, and after the extension there are %+v", before[0].ID, before[1].ID, after)
		}
		for _, p := range []*sim.Party{tn.cheap, tn.dear} {
			if n := told(w, p, "offer.sent"); n != 1 {
				t.Errorf("%s made %d offers", p.Name, n)
			}
		}
		awaitState(w, tn.pat, must[view.Card](w)(tn.pat.Accept(ctx, after[0].ID)).ID, "active")
	})
}

// A vendor that changes what it offers takes the place of its own offer; nobody
// accepts the other by the id of the first.
func TestAcceptOfAnOfferReplacedByAnother(t *testing.T) {
	sim.Run(t, 432, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		want := roses()
		want.Life = "1h"
		in := must[view.Intent](w)(tn.pat.Cast(ctx, want))
		looked := byVendor(w, tn.pat, in.Root, "dear", offersOf(w, tn.pat, in.Root, 2))
		tn.dear.Stock(shop("46", "SD-BASE", "SD-BASE-A"))
		must[view.Intent](w)(tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: "4h"}))
		w.Eventually(time.Minute, "the shop offers something else", func() bool {
			o := byVendor(w, tn.pat, in.Root, "dear", must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root)))
			return o.ID != looked.ID
		})
		live := byVendor(w, tn.pat, in.Root, "dear", must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root)))
		if len(live.Earlier) != 0 {
			t.Errorf("it says something else, and was offered before as %v", live.Earlier)
		}
		_, err := tn.pat.Accept(ctx, looked.ID)
		if !errors.Is(err, view.ErrConflict) || !strings.Contains(err.Error(), live.ID.String()) {
			t.Errorf("accepted by the id of the first: %v", err)
		}
	})
}

// byVendor is the one offer among them of the vendor of that name.
func byVendor(w *sim.World, p *sim.Party, root dagcbor.CID, name string, all []view.Offer) (found view.Offer) {
	w.T.Helper()
	n := 0
	for _, o := range all {
		if o.Body.Vendor.Name == name {
			found, n = o, n+1
		}
	}
	if n != 1 {
		w.T.Fatalf("%d offers of %s among %d to %s", n, name, len(all), root)
	}
	return found
}

// What can't be extended, and how far.
func TestExtendRefuses(t *testing.T) {
	sim.Run(t, 413, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses())) // for a day
		for name, c := range map[string]struct {
			want view.ExtendWant
			err  error
		}{
			"neither":         {view.ExtendWant{}, view.ErrInvalid},
			"both":            {view.ExtendWant{For: "48h", Until: identity.At(time.Now().Add(48 * time.Hour))}, view.ErrInvalid},
			"no duration":     {view.ExtendWant{For: "long"}, view.ErrInvalid},
			"to the past":     {view.ExtendWant{Until: identity.At(time.Now().Add(-time.Hour))}, view.ErrInvalid},
			"to sooner":       {view.ExtendWant{For: "1h"}, view.ErrInvalid},
			"beyond the week": {view.ExtendWant{For: "169h"}, view.ErrInvalid},
		} {
			if _, err := tn.pat.Extend(ctx, in.Root, c.want); !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must[view.Intent](w)(tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: "168h"}))
		must[view.Intent](w)(tn.pat.Withdraw(ctx, in.Root))
		if _, err := tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: "168h"}); !errors.Is(err, view.ErrConflict) {
			t.Errorf("a withdrawn one: %v", err)
		}
		if _, err := tn.pat.Extend(ctx, dagcbor.Sum([]byte("x")), view.ExtendWant{For: "1h"}); !errors.Is(err, view.ErrNotFound) {
			t.Errorf("none: %v", err)
		}
	})
}

// An amendment that asks something else has the offers lapse, the renewed ones
// of an extension before it as well; and a vendor has one place among them.
func TestAmendmentAfterExtension(t *testing.T) {
	sim.Run(t, 414, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offersOf(w, tn.pat, in.Root, 2)
		must[view.Intent](w)(tn.pat.Extend(ctx, in.Root, view.ExtendWant{For: "72h"}))
		time.Sleep(10 * time.Second)
		old := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
		if len(old) != 2 {
			t.Errorf("%d offers of two vendors", len(old))
		}
		more := roses()
		more.Items[0].Quantity = "2"
		must[view.Intent](w)(tn.pat.Amend(ctx, in.Root, more))
		if _, err := tn.pat.Accept(ctx, old[0].ID); !errors.Is(err, view.ErrConflict) {
			t.Errorf("an offer of before the amendment was accepted: %v", err)
		}
		w.Eventually(time.Minute, "both offer anew", func() bool {
			all := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
			return len(all) == 2 && all[0].Body.Total == euro("60") && all[0].Acceptable && all[1].Acceptable
		})
	})
}

// An intent that was withdrawn is let in again by a hostile neighbour, from
// each side of a node: it is neither relayed to who never had it nor
// delivered; news of the withdrawal goes on.
func TestDeadIntentGoesNoFurther(t *testing.T) {
	sim.Run(t, 415, func(w *sim.World) {
		ctx := w.T.Context()
		b := siege(w, roses())
		topic := gossip.TopicPrefix + b.want.Body.Shard()
		first := castOf(w, b.cheap, b.want.Root)
		must[view.Intent](w)(b.pat.Withdraw(ctx, b.want.Root))
		w.Eventually(time.Minute, "both shops hear of it", func() bool {
			for _, p := range []*sim.Party{b.cheap, b.dear} {
				if v, err := p.Intent(ctx, b.want.Root); err != nil || v.Body.Status != intentcast.StatusWithdrawn {
					return false
				}
			}
			return true
		})
		time.Sleep(5 * time.Minute) // beyond what GossipSub remembers of it
		ear := newTap(w, "ear", b.cheap, b.dear)
		ear.follow(b.cheap, topic)
		ear.follow(b.dear, topic)
		time.Sleep(5 * time.Second)
		had := holdings(w, b.cheap)
		events := told(w, b.cheap, "intent.heard")
		eve := newTap(w, "eve", b.cheap, b.dear)
		for range 3 {
			eve.publish(b.cheap, topic, first)
			eve.publish(b.dear, topic, first)
			time.Sleep(3 * time.Minute)
		}
		for _, m := range ear.messages() {
			if bytes.Equal(m.Data, first) {
				t.Error("a dead intent was relayed")
			}
		}
		wantSame(w, b.cheap, had)
		if n := told(w, b.cheap, "intent.heard"); n != events {
			t.Errorf("a dead intent was delivered %d times", n-events)
		}
		if n := len(must[[]view.Offer](w)(b.pat.Offers(ctx, b.want.Root))); n != 2 {
			t.Errorf("%d offers to an intent that was withdrawn", n)
		}
	})
}
