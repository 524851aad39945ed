package market

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/money"
)

// Standing is how a want that is cast again and again stands: what its owner
// was last told, or what is there now.
type Standing struct {
	Met     bool           `json:"met" cbor:"met"`                             // some offer is all that is asked
	Best    *money.Money   `json:"best,omitempty" cbor:"best,omitempty"`       // the total of the best such offer
	Vendors []identity.DID `json:"vendors,omitempty" cbor:"vendors,omitempty"` // whose offers were all that is asked
}

// MaterialPercent is by how much a new best offer must be cheaper to be worth
// telling, unless the owner says otherwise.
const MaterialPercent = 5

// mostSeen bounds the vendors remembered; of more, those longest known are
// forgotten.
const mostSeen = 256

// StandingOf sums up ranked offers.
func StandingOf(ranked []Ranked) Standing {
	var s Standing
	for _, r := range ranked {
		if !r.Acceptable {
			continue
		}
		if !s.Met {
			total := r.Offer.Total
			s.Met, s.Best = true, &total
		}
		if did := r.Offer.Vendor.DID; !slices.Contains(s.Vendors, did) {
			s.Vendors = append(s.Vendors, did)
		}
	}
	return s
}

// Material reports whether what changed from prev to next is worth telling the
// owner of a want, and why, in plain words. It is if
//
//  1. the want can be met and could not be before, or
//  2. the best offer is in the same currency and cheaper by at least percent,
//     where 0 is any cheaper one, or
//  3. a vendor offers all that is asked that did not before.
//
// That it can be met no more, or that it has become dearer, is not told: there
// is nothing to do about it. Offers in two currencies can't be compared.
func Material(prev, next Standing, percent uint64) (bool, string) {
	switch {
	case !next.Met || next.Best == nil:
		return false, "nothing offered is all that is asked"
	case !prev.Met || prev.Best == nil:
		return true, fmt.Sprintf("it can be met now, for %s", next.Best)
	case cheaperBy(*prev.Best, *next.Best, percent):
		return true, fmt.Sprintf("the best offer is now %s, it was %s", next.Best, prev.Best)
	}
	for _, did := range next.Vendors {
		if !slices.Contains(prev.Vendors, did) {
			return true, fmt.Sprintf("a vendor that did not offer before does now; the best offer is %s", next.Best)
		}
	}
	return false, "no better offer, and no new vendor"
}

// cheaperBy reports whether next is below prev by at least so many percent of
// prev, and below it at all. Amounts that can't be read or compared are not.
func cheaperBy(prev, next money.Money, percent uint64) bool {
	if prev.Currency != next.Currency || percent > 100 {
		return false
	}
	a, errA := prev.Decimal()
	b, errB := next.Decimal()
	if errA != nil || errB != nil || !b.LessThan(a) {
		return false
	}
	return b.Mul(decimal.NewFromInt(100)).LessThanOrEqual(a.Mul(decimal.NewFromInt(100 - int64(percent))))
}

// Told is what is remembered once the owner was told of next: its best offer,
// and every vendor known so far.
func (s Standing) Told(next Standing) Standing {
	vendors := slices.DeleteFunc(slices.Clone(s.Vendors), func(did identity.DID) bool { return slices.Contains(next.Vendors, did) })
	next.Vendors = append(vendors, next.Vendors...)
	next.Vendors = next.Vendors[max(0, len(next.Vendors)-mostSeen):]
	return next
}
