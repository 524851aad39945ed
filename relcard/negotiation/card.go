package negotiation

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

// CardBody returns the one card, or next version of one, that agreeing on ref
// means; the vendor makes it to sign and the person to compare. at is the time
// of the answer's statement, cut to its second.
//
// A new card has nil for base and names vendor, whose name is the vendor's to
// choose. An amendment has for base what [relcard.Chain.Next] gives, and keeps
// all of it but the terms, the proffer, and the jurisdiction and location
// where the proffer gives them; vendor then only has to be the right party.
//
// The error wraps CauseCrossed where base does not follow the version the
// proffer amends, else CauseCard; of a proffer that does not decode it is that
// of [DecodeProffer].
func CardBody(proffer *statement.Statement, ref terms.Ref, base *relcard.Body, vendor relcard.Party, at time.Time) (relcard.Body, error) {
	p, err := DecodeProffer(proffer.Body.Content)
	if err != nil {
		return relcard.Body{}, err
	}
	if vendor.DID != proffer.Body.Vendor {
		return relcard.Body{}, refuse(CauseCard, "vendor: %.80q, the proffer is to %s", string(vendor.DID), proffer.Body.Vendor)
	}
	var b relcard.Body
	switch {
	case base == nil && !p.Head.IsZero():
		return b, refuse(CauseCrossed, "the proffer amends %s, which is not at hand", p.Head)
	case base == nil:
		b = relcard.Body{
			Type: relcard.BodyType, Status: relcard.StatusAgreed, Person: relcard.Party{DID: proffer.Body.Person}, Vendor: vendor,
			Intent: p.Intent, Offer: p.Offer,
		}
	case base.Prev != p.Head:
		return b, refuse(CauseCrossed, "the proffer amends %s, the card's next version follows %s", p.Head, base.Prev)
	case base.Person.DID != proffer.Body.Person || base.Vendor.DID != proffer.Body.Vendor:
		return b, refuse(CauseCard, "the card is between other parties")
	default:
		b = *base
	}
	b.Version, b.Terms, b.Proffer, b.Time = relcard.BodyVersion, ref, proffer.ID, identity.At(at)
	if p.Jurisdiction != "" {
		b.Jurisdiction = p.Jurisdiction
	}
	if p.Location != "" {
		b.Location = p.Location
	}
	if err := b.Check(); err != nil {
		return relcard.Body{}, refuse(CauseCard, "%w", err)
	}
	return b, nil
}

// next is the body after the head, as relcard.Chain.Next builds it; nil for a
// new card.
func (n Negotiation) next() *relcard.Body {
	if n.head == nil {
		return nil
	}
	b := n.head.Body
	b.Seq, b.Prev = b.Seq+1, n.head.ID
	return &b
}

// checkCard checks that card is what the answer a, given at the time at, means
// and the vendor has signed it.
func (n Negotiation) checkCard(a *Answer, at identity.Time, card *relcard.Version) error {
	switch {
	case card == nil:
		return refuse(CauseCard, "the answer names %s, which is not beside it", a.Card)
	case card.ID != a.Card:
		return refuse(CauseCard, "the answer names %s, beside it is %s", a.Card, card.ID)
	case card.Signed.Vendor == nil:
		return refuse(CauseCard, "the vendor has not signed %s", card.ID)
	}
	want, err := CardBody(&n.proffer, *a.Terms, n.next(), card.Body.Vendor, at.Std())
	if err != nil {
		return err
	}
	_, id, err := want.Encode()
	if err != nil {
		return refuse(CauseCard, "%w", err)
	}
	if id != card.ID {
		return refuse(CauseCard, "%s is not the card that the proffer and the answer mean, %s", card.ID, id)
	}
	return nil
}

// Sign takes the version of the card with the signatures it has: on the
// person's side when it has countersigned, on the vendor's when that has come.
// With both, and the person's dated no later than the expiry, the negotiation
// is agreed, whatever was said before. It must be verified (see
// [relcard.Signed.Verify]); ask here before it goes into the card's chain,
// which knows nothing of the expiry.
//
// The error wraps CauseCard for another version than that of the answer, or
// one that lacks a signature, and CauseExpired for a signature given too late;
// n is then returned as it was.
func (n Negotiation) Sign(v *relcard.Version) (Negotiation, error) {
	switch {
	case n.Card().IsZero():
		return n, refuse(CauseCard, "no answer has come that %s could be the version of", v.ID)
	case v.ID != n.Card():
		return n, refuse(CauseCard, "%s is signed, the answer is %s", v.ID, n.Card())
	case v.Signed.Person == nil:
		return n, refuse(CauseCard, "the person has not signed %s", v.ID)
	case v.Signed.Vendor == nil:
		return n, refuse(CauseCard, "the vendor has not signed %s", v.ID)
	case n.content.Expires.Before(v.Signed.Person.Time):
		return n, refuse(CauseExpired, "the person signed at %s, the proffer stood until %s", v.Signed.Person.Time, n.content.Expires)
	}
	n.agreed = true
	return n, nil
}
