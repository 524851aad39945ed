package identity

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
)

// Time is an instant as bodies carry it: RFC 3339 text in UTC with whole
// seconds, "2026-03-20T09:00:00Z", so that it has one encoding. The zero Time
// means none and is left out with `omitzero`.
type Time struct{ t time.Time }

const timeLayout = "2006-01-02T15:04:05Z"

// At returns t as a Time, cut to its second.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Second)}
}

// ParseTime reads the text form and no other.
func ParseTime(s string) (Time, error) {
	t, err := time.Parse(timeLayout, s)
	if err != nil || t.Format(timeLayout) != s || t.IsZero() {
		return Time{}, fmt.Errorf("time %.40q is not of the form %s", s, timeLayout)
	}
	return Time{t}, nil
}

// Std returns the instant as a time.Time in UTC.
func (t Time) Std() time.Time { return t.t }

// IsZero reports whether t is no time at all.
func (t Time) IsZero() bool { return t.t.IsZero() }

// Before reports whether t is earlier than u.
func (t Time) Before(u Time) bool { return t.t.Before(u.t) }

// String returns the text form, or "" for no time.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.t.Format(timeLayout)
}

// MarshalCBOR writes the text form.
func (t Time) MarshalCBOR() ([]byte, error) {
	if t.IsZero() {
		return nil, fmt.Errorf("encode time: none set")
	}
	if y := t.t.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("encode time: year %d has no RFC 3339 form", y)
	}
	return t.t.AppendFormat([]byte{0x60 | byte(len(timeLayout))}, timeLayout), nil
}

// UnmarshalCBOR reads the text form.
func (t *Time) UnmarshalCBOR(b []byte) error {
	var s string
	if err := dagcbor.UnmarshalPart(b, &s); err != nil {
		return err
	}
	got, err := ParseTime(s)
	if err != nil {
		return err
	}
	*t = got
	return nil
}

// MarshalText writes the text form, for JSON and logs.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the text form; empty text is no time.
func (t *Time) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = Time{}
		return nil
	}
	got, err := ParseTime(string(b))
	if err != nil {
		return err
	}
	*t = got
	return nil
}
