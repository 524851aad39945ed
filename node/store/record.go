package store

import (
	"fmt"
	"time"
)

// Limits of a record, in bytes, the same for every backend.
const (
	MaxName = 64       // Kind, State
	MaxID   = 1024     // ID, Ref
	MaxBody = 16 << 20 // Body
)

// Precision is the resolution of Due: times are cut to whole microseconds
// since the Unix epoch (the resolution of PostgreSQL's timestamptz), towards
// the past, so that a record put with Due = now is due at once.
const Precision = time.Microsecond

// Kind names a sort of record, such as "offer": 1 to [MaxName] bytes.
type Kind string

// Record is one durable thing; (Kind, ID) is its key.
//
// ID, Ref and State are byte strings: any bytes, NUL and invalid UTF-8
// included, compared and ordered bytewise. They come back as they were put. A
// Body comes back with the same bytes (nil if it had none), Due in UTC and cut
// to [Precision].
type Record struct {
	Kind  Kind
	ID    string    // 1 to MaxID bytes
	Ref   string    // what it belongs to, such as the intent CID of an offer; "" nothing; indexed
	State string    // indexed; "" none
	Due   time.Time // when it next needs attention or expires, in the years 1 to 9999; zero: never; indexed
	Body  []byte    // at most MaxBody
}

// Normalize returns r as a store gives it back, or ErrInvalid with the field
// at fault. The body is not copied. Backends pass every record through it.
func (r Record) Normalize() (Record, error) {
	if err := CheckKey(r.Kind, r.ID); err != nil {
		return r, err
	}
	bad := func(field string, n, limit int) (Record, error) {
		return r, fmt.Errorf("record %s %.80q: %s of %d bytes, at most %d: %w", r.Kind, r.ID, field, n, limit, ErrInvalid)
	}
	switch {
	case len(r.Ref) > MaxID:
		return bad("ref", len(r.Ref), MaxID)
	case len(r.State) > MaxName:
		return bad("state", len(r.State), MaxName)
	case len(r.Body) > MaxBody:
		return bad("body", len(r.Body), MaxBody)
	}
	if r.Due = roundDue(r.Due); r.Due.Year() < 1 || r.Due.Year() > 9999 {
		return r, fmt.Errorf("record %s %.80q: due in the year %d: %w", r.Kind, r.ID, r.Due.Year(), ErrInvalid)
	}
	if len(r.Body) == 0 {
		r.Body = nil
	}
	return r, nil
}

// CheckKey returns ErrInvalid, naming the field, for a key no record can have.
func CheckKey(kind Kind, id string) error {
	switch {
	case kind == "" || len(kind) > MaxName:
		return fmt.Errorf("record kind %.80q: want 1 to %d bytes: %w", string(kind), MaxName, ErrInvalid)
	case id == "":
		return fmt.Errorf("record of kind %s: id is empty: %w", kind, ErrInvalid)
	case len(id) > MaxID:
		return fmt.Errorf("record %s %.80q: id of %d bytes, at most %d: %w", kind, id, len(id), MaxID, ErrInvalid)
	}
	return nil
}

// CheckClaim returns ErrInvalid for arguments that [Store.Claim] refuses.
func CheckClaim(kind Kind, lease time.Duration, limit int) error {
	switch {
	case kind == "" || len(kind) > MaxName:
		return fmt.Errorf("claim of kind %.80q: want 1 to %d bytes: %w", string(kind), MaxName, ErrInvalid)
	case lease < Precision:
		return fmt.Errorf("claim of %s for %v: want %v or longer: %w", kind, lease, Precision, ErrInvalid)
	case limit < 1:
		return fmt.Errorf("claim of %d %s records: want 1 or more: %w", limit, kind, ErrInvalid)
	}
	return nil
}

// roundDue cuts t to Precision towards the past, in UTC without a monotonic
// reading, so that equal times are == whatever backend they went through.
func roundDue(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), int64(t.Nanosecond())).Truncate(Precision).UTC()
}
