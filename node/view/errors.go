package view

import (
	"errors"
	"fmt"
)

// What a use case can answer besides success. The node returns them wrapped
// with what was being done; the API turns each into the HTTP status named
// here and the client turns that back, so errors.Is holds on both sides.
// Anything else is a failure of the node itself: 500.
var (
	// ErrNotFound is for a thing that is not there: 404.
	ErrNotFound = errors.New("not found")
	// ErrInvalid is for input that can't be used as it is: 422. Use [Invalid]
	// to name the field.
	ErrInvalid = errors.New("invalid")
	// ErrConflict is for a request that the state of a thing forbids, such as
	// accepting a lapsed offer or ending a frozen card: 409.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable is for what can't be done now and may be later, such as
	// while the node is closing: 503.
	ErrUnavailable = errors.New("unavailable")
	// ErrFull is for a change that found no room on the disk: 507. Nothing
	// has changed.
	ErrFull = errors.New("disk is full")
)

// FieldError is an ErrInvalid that says which part of the input is at fault.
type FieldError struct {
	Field   string // in the JSON's own words, such as "items[2].qty"
	Problem string // such as "is not a positive decimal"
}

// Error returns the field and the problem.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// Is makes errors.Is(err, ErrInvalid) hold.
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

// Invalid returns a [FieldError].
func Invalid(field, format string, args ...any) error {
	return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
}
