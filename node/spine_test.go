package node_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
)

var flowers = intentcast.Category{Taxonomy: "shopify", Value: "home-garden/plants/flowers"}

func euro(amount string) money.Money { return money.Money{Currency: "EUR", Amount: amount} }

// shop is what a flower shop sells and how it answers.
func shop(price string, accepted ...string) (market.Rules, []market.Item) {
	r := market.Rules{Answer: market.ModeAuto}
	for _, id := range accepted {
		a, _ := terms.Lookup(id)
		r.Accepts = append(r.Accepts, a.Ref)
	}
	return r, []market.Item{{SKU: "rose-12", Name: "Dozen red roses", Category: flowers, Price: euro(price)}}
}

func roses() view.Want {
	return view.Want{
		Text: "A dozen red roses, please.", Category: flowers, Terms: []string{"SD-BASE"},
		Items: []intentcast.Want{{Name: "dozen red roses", Quantity: "1"}},
	}
}

// market of a person, two shops that answer, one that refuses the terms, and
// bystanders who relay.
type town struct {
	pat                 *sim.Party
	cheap, dear, greedy *sim.Party
	bystanders          []*sim.Party
}

func newTown(w *sim.World) *town {
	tn := &town{pat: w.Person("pat")}
	rules, items := shop("30", "SD-BASE")
	tn.cheap = w.Vendor("cheap", rules, items)
	rules, items = shop("45", "SD-BASE", "SD-BASE-A")
	tn.dear = w.Vendor("dear", rules, items)
	rules, items = shop("10", "SD-BASE-ATP")
	tn.greedy = w.Vendor("greedy", rules, items)
	for _, name := range []string{"quinn", "rosa"} {
		tn.bystanders = append(tn.bystanders, w.Person(name))
	}
	all := tn.all()
	w.Meet(sim.Random(w.RandFor("town"), len(all), 3), all...)
	w.Eventually(time.Minute, "everybody knows who keeps letters, and the shops hear each other", func() bool {
		return !slices.ContainsFunc(all, func(p *sim.Party) bool { return holders(w, p) < 2 }) &&
			tn.cheap.Listening() && tn.dear.Listening() && tn.greedy.Listening()
	})
	w.Eventually(5*time.Minute, "the shops have mailboxes", func() bool {
		return mailboxes(w, tn.cheap) == 2 && mailboxes(w, tn.dear) == 2 && mailboxes(w, tn.greedy) == 2
	})
	return tn
}

func (tn *town) all() []*sim.Party {
	return append([]*sim.Party{tn.pat, tn.cheap, tn.dear, tn.greedy}, tn.bystanders...)
}

func holders(w *sim.World, p *sim.Party) int {
	peers, err := p.Peers(w.T.Context())
	if err != nil {
		w.T.Fatal(err)
	}
	n := 0
	for _, q := range peers {
		if q.Holds {
			n++
		}
	}
	return n
}

func must[V any](w *sim.World) func(V, error) V {
	return func(v V, err error) V {
		w.T.Helper()
		if err != nil {
			w.T.Fatal(err)
		}
		return v
	}
}

// offersOf waits for n offers to an intent.
func offersOf(w *sim.World, p *sim.Party, root dagcbor.CID, n int) []view.Offer {
	w.T.Helper()
	var got []view.Offer
	w.Eventually(2*time.Minute, "offers arrive", func() bool {
		got = must[[]view.Offer](w)(p.Offers(w.T.Context(), root))
		return len(got) >= n
	})
	return got
}

func awaitState(w *sim.World, p *sim.Party, card dagcbor.CID, state string) view.Card {
	w.T.Helper()
	var got view.Card
	w.Eventually(3*time.Minute, "card at "+p.Name+" becomes "+state, func() bool {
		var err error
		got, err = p.Card(w.T.Context(), card)
		return err == nil && got.State == state
	})
	return got
}

func TestFromIntentToCard(t *testing.T) {
	sim.Run(t, 1, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offers := offersOf(w, tn.pat, in.Root, 2)
		if got := offers[0].Body.Vendor.Name; got != "cheap" || !offers[0].Acceptable {
			w.T.Fatalf("best is %s (%v), want cheap", got, offers[0].Reasons)
		}
		heard := must[view.Intent](w)(tn.greedy.Intent(ctx, in.Root))
		if !strings.Contains(heard.Answer, "erms refused") {
			w.T.Errorf("greedy stayed silent because %q, want because of the terms", heard.Answer)
		}

		card := must[view.Card](w)(tn.pat.Accept(ctx, offers[0].ID))
		if card.State != "proposed" {
			w.T.Errorf("card is %s before the vendor has signed", card.State)
		}
		awaitState(w, tn.pat, card.ID, "active")
		awaitState(w, tn.cheap, card.ID, "active")
		a := must[[]byte](w)(tn.pat.ExportCard(ctx, card.ID))
		b := must[[]byte](w)(tn.cheap.ExportCard(ctx, card.ID))
		if !bytes.Equal(a, b) {
			w.T.Error("the two sides' cards differ")
		}
		_, report, err := archive.Import(bytes.NewReader(a), time.Now())
		if err != nil || report.State != relcard.StateActive {
			w.T.Errorf("offline: %v, %v", report, err)
		}
		w.Eventually(time.Minute, "the market knows the intent is fulfilled", func() bool {
			v, err := tn.dear.Intent(ctx, in.Root)
			return err == nil && v.Body.Status == intentcast.StatusFulfilled
		})
	})
}

func TestEitherSideEndsAlone(t *testing.T) {
	for _, ender := range []string{"pat", "cheap"} {
		t.Run(ender, func(t *testing.T) {
			sim.Run(t, 2, func(w *sim.World) {
				ctx := w.T.Context()
				tn := newTown(w)
				card := deal(w, tn)
				p := map[string]*sim.Party{"pat": tn.pat, "cheap": tn.cheap}[ender]
				must[view.Card](w)(p.EndCard(ctx, card, "moving away"))
				for _, side := range []*sim.Party{tn.pat, tn.cheap} {
					got := awaitState(w, side, card, "ended")
					if got.Body.End == nil || got.Body.End.Reason != "moving away" {
						w.T.Errorf("%s's card does not say why it ended", side.Name)
					}
				}
				w.Eventually(3*time.Minute, "both hold the same ending", func() bool {
					a, b := must[[]byte](w)(tn.pat.ExportCard(ctx, card)), must[[]byte](w)(tn.cheap.ExportCard(ctx, card))
					return bytes.Equal(a, b)
				})
				if _, err := p.EndCard(ctx, card, "again"); !errors.Is(err, view.ErrConflict) {
					w.T.Errorf("ending twice: %v, want a conflict", err)
				}
			})
		})
	}
}

// deal takes the best offer for roses and waits until the card is in force.
func deal(w *sim.World, tn *town) dagcbor.CID {
	w.T.Helper()
	in := must[view.Intent](w)(tn.pat.Cast(w.T.Context(), roses()))
	offers := offersOf(w, tn.pat, in.Root, 2)
	card := must[view.Card](w)(tn.pat.Accept(w.T.Context(), offers[0].ID))
	awaitState(w, tn.pat, card.ID, "active")
	awaitState(w, tn.cheap, card.ID, "active")
	return card.ID
}

func TestRestartsLoseNothing(t *testing.T) {
	sim.Run(t, 3, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offers := offersOf(w, tn.pat, in.Root, 2)
		// The vendor is away while the person accepts, and the person while it
		// would answer.
		tn.cheap.Stop()
		card := must[view.Card](w)(tn.pat.Accept(ctx, offers[0].ID))
		time.Sleep(30 * time.Second)
		tn.pat.Stop()
		tn.cheap.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}}, tn.cheap, tn.dear, tn.bystanders[0])
		time.Sleep(time.Minute)
		tn.pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, tn.pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		w.Eventually(time.Hour, "the card comes into force on both sides", func() bool {
			a, errA := tn.pat.Card(ctx, card.ID)
			b, errB := tn.cheap.Card(ctx, card.ID)
			return errA == nil && errB == nil && a.State == "active" && b.State == "active"
		})
	})
}

func TestWithdrawnIntentTakesNoOffers(t *testing.T) {
	sim.Run(t, 4, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offersOf(w, tn.pat, in.Root, 2)
		must[view.Intent](w)(tn.pat.Withdraw(ctx, in.Root))
		w.Eventually(time.Minute, "the shops hear of it", func() bool {
			v, err := tn.cheap.Intent(ctx, in.Root)
			return err == nil && v.Body.Status == intentcast.StatusWithdrawn
		})
		if _, err := tn.pat.Withdraw(ctx, in.Root); !errors.Is(err, view.ErrConflict) {
			w.T.Errorf("withdrawing twice: %v, want a conflict", err)
		}
	})
}

func TestAmendedIntentIsAnsweredAnew(t *testing.T) {
	sim.Run(t, 5, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		old := offersOf(w, tn.pat, in.Root, 2)
		two := roses()
		two.Items[0].Quantity = "2"
		must[view.Intent](w)(tn.pat.Amend(ctx, in.Root, two))
		var best view.Offer
		w.Eventually(2*time.Minute, "new offers take the place of the old", func() bool {
			offers := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
			best = offers[0]
			return best.Acceptable && best.Body.Total.Amount == "60"
		})
		if _, err := tn.pat.Accept(ctx, old[0].ID); err == nil {
			w.T.Error("an offer to the earlier version could be accepted")
		}
	})
}

func TestCapOnResponders(t *testing.T) {
	sim.Run(t, 6, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		want := roses()
		want.MaxResponders = 1
		in := must[view.Intent](w)(tn.pat.Cast(ctx, want))
		offersOf(w, tn.pat, in.Root, 1)
		time.Sleep(time.Minute)
		if got := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root)); len(got) != 1 {
			w.T.Errorf("%d offers taken, the cap is 1", len(got))
		}
	})
}

func TestAcceptOnce(t *testing.T) {
	sim.Run(t, 7, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offers := offersOf(w, tn.pat, in.Root, 2)
		must[view.Card](w)(tn.pat.Accept(ctx, offers[0].ID))
		if _, err := tn.pat.Accept(ctx, offers[0].ID); !errors.Is(err, view.ErrConflict) {
			w.T.Errorf("accepting twice: %v, want a conflict", err)
		}
		if _, err := tn.pat.Accept(ctx, dagcbor.Sum([]byte("no such offer"))); !errors.Is(err, view.ErrNotFound) {
			w.T.Errorf("accepting nothing: %v, want not found", err)
		}
	})
}

func TestAnUnheardIntentDelaysNoOther(t *testing.T) {
	sim.Run(t, 8, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		for _, nobody := range []string{"toys", "boats", "hats"} {
			unheard := roses()
			unheard.Category = intentcast.Category{Taxonomy: "shopify", Value: nobody}
			must[view.Intent](w)(tn.pat.Cast(ctx, unheard))
		}
		began := w.Elapsed()
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offersOf(w, tn.pat, in.Root, 2)
		if took := w.Elapsed() - began; took > 5*time.Second {
			w.T.Errorf("offers took %s behind intents nobody listens for", took)
		}
	})
}
