// Package negotiation is how a person and a vendor come to terms.
//
// The person proffers one agreement of the roster, or several. The vendor
// accepts one of them, counters with one other, or refuses; to accept or
// counter it signs the version of the card that this means and sends it along.
// The person agrees by countersigning that version, and with nothing else.
// Anything beyond these steps ends the negotiation, and both sides keep why.
//
// # What holds when messages cross
//
// One fact decides, and it is the same for both sides and in any order of
// arrival: the version of the vendor's one valid answer bears both signatures,
// and the person's is dated no later than the proffer's expiry. That is
// agreed, for good. Without that fact there is nothing, not even half an
// agreement. So
//
//   - a countersignature made in time holds however late it comes;
//   - one dated after the expiry does not, however early it comes;
//   - what a vendor signed binds it until the expiry. By closing it asks the
//     person not to sign; a signature that crosses the close stands;
//   - who closes, or sees a breach, does not sign any more. See
//     [Negotiation.At] for when a person may.
//
// How it ended otherwise is what came first by the dates of the statements, so
// both sides come to give the same reason too.
//
// The date is the person's own word. A vendor that could not live with a
// countersignature dated back gives its answer to short-lived proffers only.
package negotiation

import (
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

// State is where a negotiation stands.
type State string

// The states. In the first three it is open, the others are its end.
const (
	StateProffered State = "proffered" // the vendor is to answer
	StateAccepted  State = "accepted"  // the person is to countersign
	StateCountered State = "countered" // the person is to countersign, or to decline
	StateAgreed    State = "agreed"    // both have signed the version that Card names
	StateRefused   State = "refused"   // the vendor agrees to none of it
	StateClosed    State = "closed"    // anything else; Cause says what
)

// Negotiation is one proffer and all that came of it, as one of the two sides
// knows it; both use the same code. It is a value: Apply, Sign and At return
// another.
//
// Nothing but statements and the card need be stored. To rebuild it, open it
// with the proffer, apply the statements about it in the order of each
// log with the version beside the answer, each at its own time
// (Body.Time.Std()), and Sign the version if it is stored with both
// signatures.
type Negotiation struct {
	id      dagcbor.CID
	proffer statement.Statement
	content Proffer
	head    *relcard.Version
	heard   []dagcbor.CID // statements applied
	replied dagcbor.CID   // the vendor's first answer, valid or not
	answer  *Answer       // the same, if valid
	agreed  bool
	over    ending // how it ends if it is not agreed
}

// ending is how a negotiation ended without agreement; none has no state.
type ending struct {
	at    identity.Time
	id    dagcbor.CID // of the statement; none where time alone ended it
	state State       // refused or closed
	cause Cause
	by    identity.Role
	why   string
}

// ID returns the id of the proffer's statement, by which a negotiation is
// known.
func (n Negotiation) ID() dagcbor.CID { return n.id }

// Statement returns the proffer's statement.
func (n Negotiation) Statement() statement.Statement { return n.proffer }

// Proffer returns what the person proffered.
func (n Negotiation) Proffer() Proffer {
	p := n.content
	p.Agreements = slices.Clone(p.Agreements)
	return p
}

// State returns where it stands.
func (n Negotiation) State() State {
	switch {
	case n.agreed:
		return StateAgreed
	case n.over.state != "":
		return n.over.state
	case n.answer == nil:
		return StateProffered
	case n.answer.Verdict == Counter:
		return StateCountered
	}
	return StateAccepted
}

// Open reports whether it may still come to an agreement.
func (n Negotiation) Open() bool { return !n.agreed && n.over.state == "" }

// Cause returns why it is closed, "" in every other state.
func (n Negotiation) Cause() Cause { return n.ended().cause }

// Why returns in words why it is refused or closed, "" in every other state
// and where the side that closed it said no more than the cause.
func (n Negotiation) Why() string { return n.ended().why }

// By returns who ended it: the vendor that refused, the side that closed it or
// broke a rule. It is "" while it is open, once it is agreed, and where time
// alone has ended it.
func (n Negotiation) By() identity.Role { return n.ended().by }

func (n Negotiation) ended() ending {
	if n.agreed {
		return ending{}
	}
	return n.over
}

// Terms returns the agreement that the vendor accepted or countered with, if
// there is a valid answer.
func (n Negotiation) Terms() (terms.Ref, bool) {
	if n.Card().IsZero() {
		return terms.Ref{}, false
	}
	return *n.answer.Terms, true
}

// Card returns the id of the card version that the vendor signed with its
// valid answer; zero if there is none.
func (n Negotiation) Card() dagcbor.CID {
	if n.answer == nil {
		return dagcbor.CID{}
	}
	return n.answer.Card
}

// At returns n as of now: once the proffer has expired, what is open is closed
// with CauseExpired. A person countersigns only where At(now).State() is
// accepted or countered, and dates its signature then.
func (n Negotiation) At(now time.Time) Negotiation {
	if !now.After(n.content.Expires.Std()) {
		return n
	}
	return n.end(ending{
		at: n.content.Expires, state: StateClosed, cause: CauseExpired,
		why: "nothing was agreed by " + n.content.Expires.String(),
	})
}

// end takes one more ending into account: the earliest is the one that counts.
func (n Negotiation) end(e ending) Negotiation {
	if n.over.state == "" || e.before(n.over) {
		n.over = e
	}
	return n
}

// before orders endings the same way on both sides. What was said in the last
// second was said in time.
func (e ending) before(f ending) bool {
	if c := e.at.Std().Compare(f.at.Std()); c != 0 {
		return c < 0
	}
	if e.id.IsZero() || f.id.IsZero() {
		return f.id.IsZero() && !e.id.IsZero()
	}
	return e.id.Cid().KeyString() < f.id.Cid().KeyString()
}
