// Package channel is what a vendor may send a person under a card, and what
// the person lets it send.
//
// An [Event] is a CloudEvent 1.0 of one of six kinds, signed once by the
// vendor for one card. A [Setting] is the content of the statement by which the
// person opens the channel, closes it or names the kinds that are welcome; the
// vendor's node asks it before it sends and the person's before it takes. What
// the person's node then does with an event is package policy's to say.
package channel

import "fmt"

// FieldError says which field of an event, a setting or a policy breaks its
// rule.
type FieldError struct {
	Field   string // in the encoding's own words: "data.amount", "global.rules[2].when"
	Problem string // "is missing"
}

// Error returns the field and the problem.
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

func invalid(field, format string, args ...any) error {
	return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
}
