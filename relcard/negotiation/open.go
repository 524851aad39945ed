package negotiation

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// clockSkew is how far the clocks of honest parties may lie apart.
const clockSkew = 5 * time.Minute

// Open begins the negotiation of a verified proffer, on either side. head is
// the version of the card that the proffer would amend, verified, or nil for a
// new card. Give the negotiations that the relationship has had before, in any
// order, to have a replayed proffer known as one.
//
// A head that the proffer names and that is not at hand may still be on its
// way, with the signature that put it in force: let the proffer wait for it
// as for a statement out of order.
//
// The error wraps the Cause: CauseRole for a proffer by the vendor, or for
// another kind of statement; CauseExpired; CauseReplayed; CauseCrossed for
// another head than the proffer names; CauseRoster and CauseInvalid. Tell the
// other side with [Closing]. One that is still open when a new proffer comes
// is ended by [Negotiation.Apply] with the new one.
func Open(proffer *statement.Statement, head *relcard.Version, now time.Time, before ...Negotiation) (Negotiation, error) {
	b := &proffer.Body
	if b.Kind != KindProffer || b.By != identity.RolePerson {
		return Negotiation{}, refuse(CauseRole, "a %s by the %s opens no negotiation", b.Kind, b.By)
	}
	p, err := DecodeProffer(b.Content)
	if err != nil {
		return Negotiation{}, err
	}
	for _, n := range before {
		if old := &n.proffer.Body; old.Person == b.Person && old.Vendor == b.Vendor && b.Seq <= old.Seq {
			return Negotiation{}, refuse(CauseReplayed, "statement %d of the person comes after its proffer in statement %d", b.Seq, old.Seq)
		}
	}
	switch life := p.Expires.Std().Sub(b.Time.Std()); {
	case life <= 0:
		return Negotiation{}, refuse(CauseInvalid, "expires: %s, before it was written at %s", p.Expires, b.Time)
	case life > MaxLife:
		return Negotiation{}, refuse(CauseInvalid, "expires: %s, more than %d days after %s", p.Expires, MaxLife/(24*time.Hour), b.Time)
	case now.After(p.Expires.Std()):
		return Negotiation{}, refuse(CauseExpired, "the proffer stood until %s", p.Expires)
	}
	if err := checkHead(p, b, head); err != nil {
		return Negotiation{}, err
	}
	return Negotiation{
		id: proffer.ID, proffer: *proffer, content: *p, head: head,
		heard: []dagcbor.CID{proffer.ID},
	}, nil
}

// checkHead checks that head is the version the proffer would amend.
func checkHead(p *Proffer, b *statement.Body, head *relcard.Version) error {
	switch {
	case p.Head.IsZero() != b.Card.IsZero():
		return refuse(CauseInvalid, "head: a proffer names the version that it amends exactly when its statement names a card")
	case p.Head.IsZero() && head == nil:
		return nil
	case p.Head.IsZero():
		return refuse(CauseCrossed, "head: the proffer is of a new card, and there is %s", head.ID)
	case head == nil:
		return refuse(CauseCrossed, "head: version %s is not at hand", p.Head)
	case head.ID != p.Head:
		return refuse(CauseCrossed, "head: the proffer amends %s, and the card is at %s", p.Head, head.ID)
	case head.Body.Status != relcard.StatusAgreed:
		return refuse(CauseCrossed, "head: the card is ended")
	case head.Body.Person.DID != b.Person || head.Body.Vendor.DID != b.Vendor:
		return refuse(CauseInvalid, "head: the card is between other parties")
	}
	return nil
}
