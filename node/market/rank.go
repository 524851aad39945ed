package market

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/money"
)

// Received is an offer as it came in, opened and verified: it is signed by its
// vendor and answers this intent.
type Received struct {
	ID    dagcbor.CID       `json:"id"` // of the offer's body
	Offer *intentcast.Offer `json:"offer"`
}

// Preferences are a person's own, never sent to anybody.
type Preferences struct {
	Worth   *money.Money `json:"worth,omitempty" toml:"worth,omitempty"`       // what the whole is worth: nothing dearer is acceptable
	PerWish *money.Money `json:"per_wish,omitempty" toml:"per_wish,omitempty"` // what each preferred attribute met is worth; none: it only decides among equal prices
}

// Ranked is an offer in its place.
type Ranked struct {
	Received
	Acceptable bool     `json:"acceptable"` // by its own claims it is all that the intent asks
	Reasons    []Reason `json:"reasons"`    // why not, or why it stands here
}

// Rank orders offers, the best first. The order depends on nothing but what
// the offers claim, field by typed field: not on the order of arrival, not on
// anybody's name, not on free text. An offer received twice is one.
//
//  1. Acceptable before not; among the latter, fewer reasons first.
//  2. By currency code, for amounts of two currencies can't be compared. All
//     acceptable offers are in one wherever the intent or Worth states one.
//  3. Lower total, to which Preferences.PerWish is added for every preferred
//     attribute that is not met.
//  4. More preferred attributes met.
//  5. The offer's id, which no vendor can choose freely and which favours none.
func Rank(in *intentcast.Intent, offers []Received, p Preferences, now time.Time) []Ranked {
	places := make([]place, 0, len(offers))
	v, perWish, err := prepare(in, p, now)
	for _, r := range offers {
		switch {
		case r.Offer == nil:
		case err != nil:
			places = append(places, place{Received: r, verdict: verdict{reasons: []Reason{{CodeMalformed, "", "nothing can be compared: " + err.Error()}}}})
		default:
			places = append(places, newPlace(r, v, perWish))
		}
	}
	order := make([]*place, len(places))
	for i := range places {
		order[i] = &places[i]
	}
	slices.SortFunc(order, compare)
	order = slices.CompactFunc(order, func(a, b *place) bool { return a.ID == b.ID })
	return explainAll(order, v)
}

// prepare reads the intent and the preferences. Unreadable preferences accept
// nothing: they may be a limit.
func prepare(in *intentcast.Intent, p Preferences, now time.Time) (*verifier, *weight, error) {
	a, err := newAsk(in)
	if err != nil {
		return nil, nil, err
	}
	v := newVerifier(a, now)
	if p.Worth != nil {
		f, err := price(*p.Worth)
		if err != nil {
			return nil, nil, err
		}
		v.worth, v.in = &f, p.Worth.Currency
	}
	if p.PerWish == nil {
		return v, nil, nil
	}
	f, err := price(*p.PerWish)
	return v, &weight{f, p.PerWish.Currency}, err
}

// weight is what a preferred attribute is worth.
type weight struct {
	each     fixed
	currency string
}

// place is an offer with all that its order depends on.
type place struct {
	Received
	verdict
	key fixed // total, and what the missing preferred attributes are worth
}

func newPlace(r Received, v *verifier, w *weight) place {
	p := place{Received: r, verdict: v.verify(r.Offer)}
	p.key = p.total
	if w != nil && w.currency == r.Offer.Total.Currency {
		missing, fits := w.each.scale(uint64(v.wanted - p.met))
		sum, ok := p.total.plus(missing)
		if p.key = sum; !fits || !ok { // as dear as can be
			p.key = fixed{^uint64(0), ^uint64(0)}
		}
	}
	return p
}

func (p *place) acceptable() bool { return len(p.reasons) == 0 }

// compare is the total order that Rank documents.
func compare(a, b *place) int {
	if c := cmp.Compare(len(a.reasons), len(b.reasons)); c != 0 {
		return c
	}
	if a.readable != b.readable {
		if a.readable {
			return -1
		}
		return 1
	}
	if c := strings.Compare(a.Offer.Total.Currency, b.Offer.Total.Currency); c != 0 {
		return c
	}
	if c := a.key.cmp(b.key); c != 0 {
		return c
	}
	if c := cmp.Compare(b.met, a.met); c != 0 {
		return c
	}
	return strings.Compare(a.ID.Cid().KeyString(), b.ID.Cid().KeyString())
}

// explainAll gives every acceptable offer the reasons for its place.
func explainAll(order []*place, v *verifier) []Ranked {
	out := make([]Ranked, len(order))
	good := 0
	for good < len(order) && order[good].acceptable() {
		good++
	}
	for i, p := range order {
		out[i] = Ranked{Received: p.Received, Acceptable: i < good, Reasons: p.reasons}
		if i < good {
			out[i].Reasons = explainPlace(order[:good], i, v.wanted)
		}
	}
	return out
}

// explainPlace says why order[i] stands where it does among the acceptable.
func explainPlace(order []*place, i, wanted int) []Reason {
	text := ""
	if i == 0 {
		text = explainBest(order)
	} else {
		text = comparePrice(order[i], order[0], "the best")
	}
	out := []Reason{{Code: CodePrice, Text: text}}
	if wanted > 0 {
		out = append(out, Reason{Code: CodePreferred, Text: "meets " + strconv.Itoa(order[i].met) + " of " + some(wanted, "preferred attribute", "preferred attributes")})
	}
	return out
}

func explainBest(order []*place) string {
	if len(order) == 1 {
		return "the only offer that meets everything"
	}
	first, next := order[0], order[1]
	head := "best of "
	if cheapest(order) {
		head = "cheapest of "
	}
	text := head + strconv.Itoa(len(order)) + " that meet everything; " + comparePrice(first, next, "the next")
	if first.Offer.Total.Currency == next.Offer.Total.Currency && first.key == next.key {
		if first.met > next.met {
			return text + " and more preferred attributes met"
		}
		return text + "; among equals the offers' ids decide"
	}
	if first.total.cmp(next.total) > 0 {
		return text + ", which the preferred attributes it meets outweigh"
	}
	return text
}

// cheapest reports whether no acceptable offer costs less than the first, all
// being in one currency.
func cheapest(order []*place) bool {
	return !slices.ContainsFunc(order, func(p *place) bool {
		return p.total.cmp(order[0].total) < 0 || p.Offer.Total.Currency != order[0].Offer.Total.Currency
	})
}

// comparePrice says how a's price stands to b's: "3.20 USD below the next".
func comparePrice(a, b *place, name string) string {
	currency := a.Offer.Total.Currency
	if currency != b.Offer.Total.Currency {
		return "in another currency than " + name
	}
	switch a.total.cmp(b.total) {
	case -1:
		return b.total.minus(a.total).text(currency) + " below " + name
	case 1:
		return a.total.minus(b.total).text(currency) + " above " + name
	}
	return "the same price as " + name
}
