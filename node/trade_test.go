package node_test

import (
	"bytes"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// trade is one kind of thing, so that the three wants of the next test have
// nothing of their own in common.
type trade struct {
	name     string
	category string
	item     string
	price    string
	text     string
}

var trades = []trade{
	{"Florist", "home-garden/plants/flowers", "Dozen red roses", "30", "A dozen red roses, please."},
	{"Bikes & Co", "sporting-goods/cycling/bicycles", "Touring bicycle 56 cm", "899.90", "Which bicycle would carry me to Rome?"},
	{"Bakehouse", "food-beverages/bakery/breads", "Sourdough loaf 2 kg", "7.40", "Bread for Sunday."},
}

func (tr trade) cat() intentcast.Category {
	return intentcast.Category{Taxonomy: "shopify", Value: tr.category}
}

func (tr trade) vendor(w *sim.World) spiedVendor {
	rules, _ := shop("1", "SD-BASE")
	return newSpiedVendor(w, strings.ToLower(strings.ReplaceAll(tr.name, " & ", "-")), rules,
		[]market.Item{{SKU: tr.name + "-1", Name: tr.item, Category: tr.cat(), Price: euro(tr.price)}})
}

// rival follows the same topic and answers nobody: without one, nobody would
// relay between a buyer and a seller who are not connected.
func (tr trade) rival(w *sim.World) *sim.Party {
	rules, _ := shop("1", "SD-BASE-ATP")
	return w.Vendor("rival of "+tr.name, rules, []market.Item{{SKU: "r", Name: tr.item, Category: tr.cat(), Price: euro("1")}})
}

func (tr trade) want() view.Want {
	return view.Want{
		Text: tr.text, Category: tr.cat(), Terms: []string{"SD-BASE"}, Items: []intentcast.Want{{Name: tr.item, Quantity: "1"}},
	}
}

// buy leads from an intent to a card in force and to its end.
func (tr trade) buy(w *sim.World, p *sim.Party, v spiedVendor) {
	w.T.Helper()
	ctx := w.T.Context()
	in := must[view.Intent](w)(p.Cast(ctx, tr.want()))
	offers := offersOf(w, p, in.Root, 1)
	card := must[view.Card](w)(p.Accept(ctx, offers[0].ID))
	awaitState(w, p, card.ID, "active")
	awaitState(w, v.Party, card.ID, "active")
	must[view.Card](w)(p.EndCard(ctx, card.ID, "enough of "+tr.item))
	awaitState(w, v.Party, card.ID, "ended")
	w.Eventually(5*time.Minute, "both hold the acknowledged end", func() bool {
		a, errA := p.ExportCard(ctx, card.ID)
		b, errB := v.ExportCard(ctx, card.ID)
		return errA == nil && errB == nil && bytes.Equal(a, b)
	})
	time.Sleep(time.Duration(1+len(tr.item)) * time.Second)
}
