// Package agenda is everything in a person's relationships that has a date:
// what renews, lapses, falls due or takes effect, and when to speak of it.
//
// It is pure: it holds nothing and tells no time. The node makes Entries from
// its cards and statements, asks Due what has come up since it last asked,
// and sleeps until Next. Calendar writes the same dates for a calendar
// program, Subscriptions adds up what is paid again and again.
package agenda

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what happens at a date.
type Kind string

// The kinds, and how long before the date a person is warned unless an entry
// says otherwise.
const (
	Renewal    Kind = "renewal"    // a subscription goes on and is paid again; 7 days
	Expiry     Kind = "expiry"     // a card or a subscription ends; 14 days
	Disclosure Kind = "disclosure" // a shared piece may no longer be kept; 7 days
	Demand     Kind = "demand"     // the vendor's answer to a demand is due; 3 days
	Change     Kind = "change"     // a change dated ahead takes effect; 3 days
	Proffer    Kind = "proffer"    // a negotiation lapses; 1 day
	Fulfil     Kind = "fulfil"     // the window for fulfilment opens; 1 day
)

const day = 24 * time.Hour

// lead returns the kind's own time of warning, or false for no known kind.
func (k Kind) lead() (time.Duration, bool) {
	switch k {
	case Renewal, Disclosure:
		return 7 * day, true
	case Expiry:
		return 14 * day, true
	case Demand, Change:
		return 3 * day, true
	case Proffer, Fulfil:
		return day, true
	}
	return 0, false
}

// Entry is one date of a relationship, once or again and again.
type Entry struct {
	ID   string    // names the date for as long as it stands; no other entry has it
	Kind Kind      // what happens
	When time.Time // when, in the zone whose clock counts; the first time if it repeats

	Card   string // CID of the card, if there is one
	Vendor string // DID of the vendor
	Title  string // one line for a list
	Text   string // what more there is to say, or nothing

	// Warn is how long before When to warn: hours that really pass, whatever
	// the clocks do in between. 0 is the kind's default, less is no warning.
	Warn time.Duration
	// Known is when this node put the entry down, by its own clock, or zero
	// for always. A warning that was due before it is given then; without it
	// a deadline learnt of late would pass unannounced.
	Known time.Time
	// Done says that nothing is left to warn of.
	Done bool
	// AllDay says that the date counts and not the hour: When is its day in
	// its zone. The date has passed when the day is over.
	AllDay bool
	// Repeat is when it happens again: an ISO 8601 period counted from When
	// ("P1M": from 31 January to the last day of February, then 31 March), or
	// an RFC 5545 RRULE with FREQ, INTERVAL, COUNT, UNTIL and either BYDAY
	// (weekly, no ordinals) or BYMONTHDAY (monthly), which skips a month that
	// lacks the day. Empty is once.
	Repeat string
}

// ErrEntry is wrapped by every reason why an entry can't be used.
var ErrEntry = errors.New("agenda entry")

const (
	maxID   = 512
	maxWarn = 3660 * day
)

// Check reports whether e can be used, naming what is wrong with it.
func (e Entry) Check() error {
	_, err := e.rule()
	if err != nil {
		return fmt.Errorf("%w %.80q: %w", ErrEntry, e.ID, err)
	}
	return nil
}

// rule checks e and returns how it repeats, nil for once.
func (e Entry) rule() (*rule, error) {
	if e.ID == "" || len(e.ID) > maxID {
		return nil, fmt.Errorf("id of %d bytes, it takes 1 to %d", len(e.ID), maxID)
	}
	if _, ok := e.Kind.lead(); !ok {
		return nil, fmt.Errorf("kind %.40q is not known", string(e.Kind))
	}
	if y := e.When.Year(); e.When.IsZero() || y < 1 || y > lastYear {
		return nil, fmt.Errorf("its time %s is none", e.When)
	}
	if e.Warn > maxWarn {
		return nil, fmt.Errorf("warning %s ahead, the most is %s", e.Warn, maxWarn)
	}
	if e.Repeat == "" {
		return nil, nil
	}
	r, err := parseRepeat(e.Repeat, e.AllDay)
	if err != nil {
		return nil, fmt.Errorf("repeat %.80q: %w", e.Repeat, err)
	}
	if !r.begins(e.anchor()) {
		return nil, fmt.Errorf("repeat %.80q: its first time %s is none of the rule's", e.Repeat, e.When)
	}
	return r, nil
}

// anchor returns the time the repetition counts from. A whole day is taken at
// noon, which no change of the clocks moves to another day.
func (e Entry) anchor() time.Time {
	if !e.AllDay {
		return e.When
	}
	y, m, d := e.When.Date()
	return time.Date(y, m, d, 12, 0, 0, 0, e.When.Location())
}

// lead returns how long before the date to warn, negative for not at all.
func (e Entry) lead() time.Duration {
	if e.Warn != 0 {
		return e.Warn
	}
	d, _ := e.Kind.lead()
	return d
}

// span returns when the date e.When begins and when it has passed.
func (e Entry) span() (begin, end time.Time) {
	if !e.AllDay {
		return e.When, e.When
	}
	y, m, d := e.When.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, e.When.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, e.When.Location())
}
