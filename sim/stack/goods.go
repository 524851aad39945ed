package stack

import (
	"fmt"
	"strconv"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// goods translates categories, places and prices, which are numbers to a
// society, into what nodes understand.
//
// Unsharded, all categories have one root and places are regions, which name no
// topic: there is one topic, and a vendor picks what it serves by its rules.
// Sharded, each category is a root and each place a cell of the map, two cells
// from the next, so that a vendor's topics are its own and those at its
// borders.
type goods struct{ sharded bool }

const (
	taxonomy = "sim"
	currency = "EUR"
	// maxCells is how many places a map has that lie two cells apart, between 45
	// degrees south and north, where a cell is wider than a vendor's margin.
	maxCells = 128 * 32
	// maxRegions is how many regions three letters or digits name.
	maxRegions = 36 * 36 * 36
)

func checkShards(s scenario.Scenario) error {
	most := maxRegions
	if s.Protocol.Sharded {
		most = maxCells
	}
	if s.People.Places > most {
		return fmt.Errorf("%d places, at most %d can be told apart", s.People.Places, most)
	}
	if !s.Protocol.Sharded {
		return nil
	}
	categories, places := min(max(1, s.Vendors.Categories), max(1, s.People.Categories)), min(max(1, s.Vendors.Places), max(1, s.People.Places))
	if topics := categories * (9*places + 1); topics > intentcast.MaxShards {
		return fmt.Errorf("a vendor of %d categories in %d places follows %d topics, at most %d are allowed", categories, places, topics, intentcast.MaxShards)
	}
	return nil
}

func (g goods) category(c int32) intentcast.Category {
	root := ""
	if !g.sharded {
		root = "all/"
	}
	return intentcast.Category{Taxonomy: taxonomy, Value: root + "c" + strconv.Itoa(int(c))}
}

func (g goods) place(p int32) *intentcast.Place {
	if g.sharded {
		return &intentcast.Place{Geohash: cell(p)}
	}
	return &intentcast.Place{Region: region(p)}
}

func (g goods) area(p int32) market.Area {
	if g.sharded {
		return market.Area{Geohash: cell(p)}
	}
	return market.Area{Region: region(p)}
}

// region is a code of the form of ISO 3166-2, of a country that is none.
func region(p int32) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return "ZZ-" + string([]byte{digits[p/36/36%36], digits[p/36%36], digits[p%36]})
}

// cell is the geohash of place p: three characters of five bits, which are
// longitude's and latitude's in turn.
func cell(p int32) string {
	x, y := 2*(p%128), 32+2*(p/128)
	bits := 0
	for i := 7; i >= 0; i-- {
		bits = bits<<1 | int(x>>i&1)
		if i > 0 {
			bits = bits<<1 | int(y>>(i-1)&1)
		}
	}
	const letters = "0123456789bcdefghjkmnpqrstuvwxyz"
	return string([]byte{letters[bits>>10&31], letters[bits>>5&31], letters[bits&31]})
}

func thing(c int32) string { return "thing " + strconv.Itoa(int(c)) }

// price is an amount to the cent, and never less than one.
func price(v float64) money.Money {
	return money.Money{Currency: currency, Amount: strconv.FormatFloat(max(v, 0.01), 'f', 2, 64)}
}

// stock is what a vendor sells, and how it answers.
func (g goods) stock(a society.Agent) (market.Rules, []market.Item) {
	base, _ := terms.Lookup("SD-BASE")
	r := market.Rules{Answer: market.ModeAuto, Accepts: []terms.Ref{base.Ref}}
	var items []market.Item
	for _, c := range a.Categories {
		r.Categories = append(r.Categories, g.category(c))
		items = append(items, market.Item{SKU: "c" + strconv.Itoa(int(c)), Name: thing(c), Category: g.category(c), Price: price(a.Price)})
	}
	for _, p := range a.Places {
		r.Areas = append(r.Areas, g.area(p))
	}
	return r, items
}

// want is an intent as a person's node takes it; life is a Go duration. Its text
// fills it up to size bytes on the wire, if it is smaller; base is what an
// intent without text takes.
func (g goods) want(in society.Intent, life string, text string) view.Want {
	most := price(in.Most)
	return view.Want{
		Text: text, Category: g.category(in.Category), Place: g.place(in.Place), Terms: []string{"SD-BASE"},
		Items: []intentcast.Want{{Name: thing(in.Category), Quantity: "1"}}, Budget: &most, Life: life,
	}
}
