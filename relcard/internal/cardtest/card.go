package cardtest

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// Terms returns the reference of an agreement in the roster.
func Terms(id string) terms.Ref {
	a, ok := terms.Lookup(id)
	if !ok {
		panic("cardtest: no terms " + id)
	}
	return a.Ref
}

// Body returns a first version in which every field that an agreement can
// have is set: five days of a rented car.
func Body(person, vendor identity.DID, at time.Time) relcard.Body {
	return relcard.Body{
		Version: relcard.BodyVersion, Type: relcard.BodyType, Status: relcard.StatusAgreed,
		Person: relcard.Party{DID: person}, Vendor: relcard.Party{DID: vendor, Name: "Alpine Cars"},
		Terms: Terms("SD-BASE"), Time: identity.At(at),
		Intent: dagcbor.Sum([]byte("an intent")), Offer: dagcbor.Sum([]byte("an offer")),
		Proffer: dagcbor.Sum([]byte("a proffer")), Jurisdiction: "US-UT", Location: "Park City",
		Term: &relcard.Term{Until: identity.At(at.AddDate(1, 0, 0)), Every: "P1M", Renews: true},
		Lines: []relcard.Line{
			{Name: "4-wheel-drive SUV", SKU: "SUV-4WD", Quantity: "5", Unit: "day", Price: money.Money{Currency: "USD", Amount: "89.90"}},
			{Name: "Ski rack", GTIN: "4006381333931", Quantity: "1", Price: money.Money{Currency: "USD", Amount: "25"}},
		},
		Extras: []relcard.Extra{
			{Property: "airport fee", Price: money.Money{Currency: "USD", Amount: "12.50"}},
			{Property: "member discount", Price: money.Money{Currency: "USD", Amount: "-20"}},
		},
		Total:  &money.Money{Currency: "USD", Amount: "467.00"},
		Fulfil: &relcard.Window{From: identity.At(at.AddDate(0, 0, 19)), Until: identity.At(at.AddDate(0, 0, 24))},
	}
}
