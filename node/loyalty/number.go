package loyalty

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// hidden is how a number prints.
const hidden = "[hidden]"

// Number is a membership number. It is a secret: whoever has it can often spend
// the points. No way of printing, logging or encoding shows it; [Number.Reveal]
// does. The zero Number is none.
type Number struct {
	// Behind a pointer, since fmt prints what it finds in another type's
	// unexported fields without asking for String.
	held *string
}

// NewNumber returns s, without the spaces around it, as a number.
func NewNumber(s string) (Number, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Number{}, nil
	}
	if s == hidden {
		return Number{}, fmt.Errorf("number: %s stands for a number, it is none", hidden)
	}
	if err := checkText("number", s, maxNumber, false); err != nil {
		return Number{}, err
	}
	return Number{&s}, nil
}

// Reveal returns the number itself, to be shown to its owner or kept.
func (n Number) Reveal() string {
	if n.held == nil {
		return ""
	}
	return *n.held
}

// IsZero reports whether there is no number.
func (n Number) IsZero() bool { return n.held == nil }

// Equal reports whether two numbers are the same.
func (n Number) Equal(m Number) bool { return n.Reveal() == m.Reveal() }

// String returns "[hidden]", or "" for no number.
func (n Number) String() string {
	if n.IsZero() {
		return ""
	}
	return hidden
}

// GoString is String.
func (n Number) GoString() string { return n.String() }

// Format writes String for every verb.
func (n Number) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(n.String())) }

// LogValue is String, for structured logs.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText writes String.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// MarshalJSON writes String. Only [Programmes.Encode] writes the number.
func (n Number) MarshalJSON() ([]byte, error) { return json.Marshal(n.String()) }

// MarshalCBOR fails: no number belongs in a body.
func (n Number) MarshalCBOR() ([]byte, error) {
	return nil, errors.New("a membership number is not encoded: it stays with its owner")
}

// UnmarshalJSON reads the number itself, as its owner gives it.
func (n *Number) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return errors.New("number: is not text") // the json error may quote it
	}
	got, err := NewNumber(s)
	if err != nil {
		return err
	}
	*n = got
	return nil
}
