package disclosure

import (
	"time"

	"github.com/parley-network/parley/identity"
)

// settle derives from what was said the states as of now.
func (b *builder) settle(now time.Time) Ledger {
	l := b.l
	l.NextID = 1
	if n := len(l.Entries); n > 0 {
		l.NextID = l.Entries[n-1].Item.ID + 1
	}
	next := make(map[uint64]successor)
	for i := len(l.Entries) - 1; i >= 0; i-- {
		e := &l.Entries[i]
		s := next[e.place]
		e.ReplacedBy, e.ReplacedAt = s.id, s.at
		e.State = e.state(s.id != 0 && !s.at.Std().After(now), now)
		if at, ok := e.takesPlace(); ok && (s.id == 0 || !s.at.Before(at)) {
			next[e.place] = successor{e.Item.ID, at}
		}
	}
	for i := range l.Demands {
		l.Demands[i].settle(now)
	}
	return l
}

// successor is the item that takes a place first, of those seen so far.
type successor struct {
	id uint64
	at identity.Time
}

// takesPlace returns when e takes, or took, the place of the item it replaces;
// false where it never does: refused, taken back or over before its time.
func (e *Entry) takesPlace() (identity.Time, bool) {
	at := e.Shared
	if at.Before(e.Item.From) {
		at = e.Item.From
	}
	switch {
	case e.Verdict == Refused,
		!e.Retract.IsZero() && e.RetractedAt.Before(at),
		!e.Item.Until.IsZero() && !at.Before(e.Item.Until):
		return at, false
	}
	return at, true
}

func (e *Entry) state(replaced bool, now time.Time) State {
	switch {
	case !e.Deleted.IsZero():
		return StateDeleted
	case !e.Retract.IsZero():
		return StateRetracted
	case e.Verdict == Refused:
		return StateRefused
	case replaced:
		return StateReplaced
	case !e.Item.Until.IsZero() && !now.Before(e.Item.Until.Std()):
		return StateExpired
	case e.Receipt.IsZero():
		return StateWaiting
	case e.Item.From.Std().After(now):
		return StateFuture
	}
	return StateRecorded
}

func (d *DemandEntry) complied() bool {
	return d.Did == DidDelete || d.Did == DidCopy || d.Did == DidPartly && len(d.Done) == len(d.Items)
}

func (d *DemandEntry) settle(now time.Time) {
	late := now
	if d.complied() || d.Did == DidRefuse {
		late = d.AnsweredAt.Std()
	}
	d.Overdue = identity.Time{}
	if late.After(d.Demand.Deadline.Std()) {
		d.Overdue = d.Demand.Deadline
	}
	switch {
	case d.complied():
		d.State = DemandComplied
	case len(d.Done) > 0:
		d.State = DemandPartly
	case d.Did == DidRefuse:
		d.State = DemandRefused
	case !d.Overdue.IsZero():
		d.State = DemandOverdue
	default:
		d.State = DemandWaiting
	}
}
