package disclosure

import (
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

// Ledger is what one relationship's two logs say about the person's data. It
// is a value, to be read only; Apply returns another. The zero Ledger is that
// of two empty logs.
//
// An item that replaces another takes its place: from the replacing item's
// From on, the older ones in that place are no longer to be used; until then
// both are. A replacement that the vendor refused, or that was taken back
// before its From, changes nothing for what it replaces. Nothing comes back by
// itself: to undo a change is to replace once more.
//
// What a ledger says does not depend on how the two logs lie between each
// other in time: a retraction that crosses a receipt gives both sides the same.
type Ledger struct {
	Entries  []Entry       `json:"entries"`  // by rising item ID
	Demands  []DemandEntry `json:"demands"`  // in the order they were made
	Problems []string      `json:"problems"` // statements that break a rule: named, with the rule; they have no other effect
	NextID   uint64        `json:"nextId"`   // what the next item may be called

	person, vendor           identity.DID
	personCount, vendorCount uint64 // how far each log is read
	personProblems           int    // how many of Problems, the first ones, are the person's
}

// State is where an item stands.
type State string

// The states of an item. The vendor may hold an item that is waiting, recorded
// or future, and use the first two.
const (
	StateWaiting   State = "waiting"   // no receipt has come
	StateRecorded  State = "recorded"  // the vendor has it, and may use it
	StateFuture    State = "future"    // the vendor has it, to be used from its From on
	StateRefused   State = "refused"   // the vendor does not take it
	StateReplaced  State = "replaced"  // another item has taken its place
	StateExpired   State = "expired"   // its Until has come
	StateRetracted State = "retracted" // taken back, by a retract or a demand to delete
	StateDeleted   State = "deleted"   // the vendor says that it is gone
)

// Entry is one item and what became of it. Times are by the clock of the side
// that made the statement.
type Entry struct {
	Item      Item          `json:"item"`
	State     State         `json:"state"`
	Shared    identity.Time `json:"shared"`    // when
	Statement dagcbor.CID   `json:"statement"` // by which statement

	Verdict   Verdict       `json:"verdict,omitempty"`  // of the receipt; none: none has come
	Receipt   dagcbor.CID   `json:"receipt,omitzero"`   //
	ReceiptAt identity.Time `json:"receiptAt,omitzero"` //
	Reason    string        `json:"reason,omitempty"`   // the vendor's, in the receipt

	ReplacedBy uint64        `json:"replacedBy,omitempty"` // the item that has taken its place or, until ReplacedAt, will
	ReplacedAt identity.Time `json:"replacedAt,omitzero"`  //

	Retract        dagcbor.CID   `json:"retract,omitzero"`         // the retract, or demand to delete, that took it back
	RetractedAt    identity.Time `json:"retractedAt,omitzero"`     //
	RetractVerdict Verdict       `json:"retractVerdict,omitempty"` // of the receipt for a retract
	RetractReceipt dagcbor.CID   `json:"retractReceipt,omitzero"`  //
	RetractReason  string        `json:"retractReason,omitempty"`  // the vendor's, in that receipt

	Deleted   dagcbor.CID   `json:"deleted,omitzero"` // the comply statement that says it is gone
	DeletedAt identity.Time `json:"deletedAt,omitzero"`

	place uint64 // the first item of those that took one another's place
}

// Live reports whether the vendor may hold the item: to use it now, or when
// its From comes.
func (e Entry) Live() bool {
	return e.State == StateWaiting || e.State == StateRecorded || e.State == StateFuture
}

// DemandState is where a demand stands.
type DemandState string

// The states of a demand.
const (
	DemandWaiting  DemandState = "waiting"  // no answer has come
	DemandOverdue  DemandState = "overdue"  // nor did one by the deadline
	DemandPartly   DemandState = "partly"   // done for some items
	DemandRefused  DemandState = "refused"  //
	DemandComplied DemandState = "complied" // done for all
)

// DemandEntry is one demand and what the vendor did about it.
type DemandEntry struct {
	Demand    Demand        `json:"demand"`
	State     DemandState   `json:"state"`
	Made      identity.Time `json:"made"`
	Statement dagcbor.CID   `json:"statement"`
	Items     []uint64      `json:"items,omitempty"` // that it covers

	Did        Did           `json:"did,omitempty"` // the newest answer
	Answer     dagcbor.CID   `json:"answer,omitzero"`
	AnsweredAt identity.Time `json:"answeredAt,omitzero"`
	Reason     string        `json:"reason,omitempty"` // the vendor's
	Done       []uint64      `json:"done,omitempty"`   // items for which it is done, by all answers
	Digest     []byte        `json:"digest,omitempty"` // of the copy given last

	Overdue identity.Time `json:"overdue,omitzero"` // the deadline, where it passed with no answer or not all done; a late answer does not clear it
}

// Fold reads both logs, each in order and from its beginning, as of now.
// Statements of kinds that are not of this package are skipped and may be left
// out.
//
// A statement that breaks a rule has no effect and is named in Problems, so
// that neither side can make the other's ledger unreadable. The error, ErrLog,
// is for logs that VerifyLog would not have returned: of other parties, by the
// other side, or out of order.
func Fold(person, vendor []statement.Statement, now time.Time) (Ledger, error) {
	b := build(Ledger{})
	for _, log := range []struct {
		by  identity.Role
		all []statement.Statement
	}{{identity.RolePerson, person}, {identity.RoleVendor, vendor}} {
		for i := range log.all {
			s := &log.all[i]
			if s.Body.By != log.by {
				return Ledger{}, refuse(ErrLog, "%s in the log of the %s", name(s), log.by)
			}
			if b.past(s) {
				return Ledger{}, refuse(ErrLog, "%s comes after a later one", name(s))
			}
			if err := b.apply(s); err != nil {
				return Ledger{}, err
			}
		}
	}
	return b.settle(now), nil
}

// Apply returns the ledger after s, a verified statement of either side, as
// of now: the same that Fold returns for all statements applied so far,
// whichever of the two logs each came from. A statement must come after those
// before it in its own log, and after the one it answers. One that was applied
// before changes nothing. The error, ErrLog, is for a statement of another
// relationship; one that breaks a rule goes to Problems, and Check tells
// beforehand.
func (l Ledger) Apply(s *statement.Statement, now time.Time) (Ledger, error) {
	b := build(l)
	if err := b.apply(s); err != nil {
		return l, err
	}
	return b.settle(now), nil
}

// Check reports whether s would be valid as the next statement: for one's own
// before it is signed (the body is enough), for the other side's on arrival.
// Statements of kinds that are not of this package are.
func (l Ledger) Check(s *statement.Statement) error {
	b := build(l)
	if err := b.frame(s); err != nil {
		return err
	}
	if b.past(s) {
		return refuse(ErrLog, "%s comes after a later one", name(s))
	}
	return b.rule(s)
}

// At returns the same ledger as of now: what waits may be overdue, what was to
// come may be there.
func (l Ledger) At(now time.Time) Ledger { return build(l).settle(now) }

// Live returns the items at path, or at any path for "", that the vendor may
// hold as of now: to use them now, or when their From comes.
func (l Ledger) Live(path string, now time.Time) []Entry {
	var live []Entry
	for _, e := range l.At(now).Entries {
		if e.Live() && (path == "" || e.Item.Path == path) {
			live = append(live, e)
		}
	}
	return live
}

// Newest leaves out of entries of one ledger, by rising item ID, those whose
// place a later one among them takes, now or when its From comes. What is left
// stands side by side: one piece, given for several purposes.
func Newest(entries []Entry) []Entry {
	var kept []Entry
	for i, e := range entries {
		later := slices.ContainsFunc(entries[i+1:], func(o Entry) bool { return o.place == e.place })
		if !later {
			kept = append(kept, e)
		}
	}
	return kept
}

// Entry returns the entry of an item.
func (l Ledger) Entry(id uint64) (Entry, bool) {
	if i, ok := l.find(id); ok {
		return l.Entries[i], true
	}
	return Entry{}, false
}

func (l Ledger) find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(l.Entries, id, func(e Entry, id uint64) int {
		switch {
		case e.Item.ID < id:
			return -1
		case e.Item.ID > id:
			return 1
		}
		return 0
	})
}

// name says which statement is meant.
func name(s *statement.Statement) string {
	return fmt.Sprintf("%s statement %d (%s)", s.Body.By, s.Body.Seq, s.Body.Kind)
}
