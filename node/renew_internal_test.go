package node

import (
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// What an offer may change and still be the one that was looked at.
func TestSameOffer(t *testing.T) {
	start := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	at := func(d time.Duration) identity.Time { return identity.At(start.Add(d)) }
	first := intentcast.Offer{
		Version: 1, Intent: dagcbor.Sum([]byte("version 0")), Vendor: relcard.Party{DID: "did:example:v", Name: "dear"},
		Created: at(0), Expires: at(time.Hour), Total: money.Money{Currency: "EUR", Amount: "45"},
		Fulfil: &relcard.Window{From: at(20 * time.Hour), Until: at(200 * time.Hour)}, Text: "Fresh from the field.",
	}
	for name, c := range map[string]struct {
		change func(*intentcast.Offer)
		same   bool
	}{
		"later, for the next version":     {func(*intentcast.Offer) {}, true},
		"by another address":              {func(o *intentcast.Offer) { o.Route.Addrs = []string{"/ip4/1.2.3.4/tcp/1"} }, true},
		"with the lead counted from then": {func(o *intentcast.Offer) { o.Fulfil = &relcard.Window{From: at(22 * time.Hour), Until: o.Fulfil.Until} }, true},
		"to be had much later":            {func(o *intentcast.Offer) { o.Fulfil = &relcard.Window{From: at(23 * time.Hour), Until: o.Fulfil.Until} }, false},
		"to be had sooner":                {func(o *intentcast.Offer) { o.Fulfil = &relcard.Window{From: at(19 * time.Hour), Until: o.Fulfil.Until} }, false},
		"to be had not as long":           {func(o *intentcast.Offer) { o.Fulfil = &relcard.Window{From: o.Fulfil.From, Until: at(100 * time.Hour)} }, false},
		"to be had at any time":           {func(o *intentcast.Offer) { o.Fulfil = nil }, false},
		"that stands for less long":       {func(o *intentcast.Offer) { o.Expires = at(time.Minute) }, false},
		"for more":                        {func(o *intentcast.Offer) { o.Total.Amount = "46" }, false},
		"with other words":                {func(o *intentcast.Offer) { o.Text = "From the cold store." }, false},
		"by another name":                 {func(o *intentcast.Offer) { o.Vendor.Name = "Dear & Sons" }, false},
	} {
		next := first
		next.Intent, next.Created, next.Expires = dagcbor.Sum([]byte("version 1")), at(30*time.Minute), at(48*time.Hour)
		c.change(&next)
		if got := sameOffer(&first, &next); got != c.same {
			t.Errorf("made again %s: the same is %v, want %v", name, got, c.same)
		}
	}
}

// A vendor may offer anew ten times at once and then every half minute, however
// long it has rested.
func TestOffersArePaced(t *testing.T) {
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	var used identity.Time
	take := func(now time.Time) bool {
		next, ok := paced(used, now)
		if ok {
			used = next
		}
		return ok
	}
	for _, rest := range []time.Duration{0, 24 * time.Hour} {
		now = now.Add(rest)
		n := 0
		for take(now) {
			n++
		}
		if n != offersAtOnce {
			t.Errorf("after a rest of %v, %d at once", rest, n)
		}
	}
	if take(now.Add(offerPause - time.Second)) {
		t.Error("one more before half a minute is over")
	}
	if !take(now.Add(offerPause)) || take(now.Add(offerPause)) {
		t.Error("not one more after half a minute")
	}
}
