package intentcast

import (
	"fmt"
	"strconv"
)

// InvalidError says which field of a body is wrong, and how.
type InvalidError struct {
	Field   string // path from the body, such as "items[2].qty"
	Problem string
}

// Error returns "items[2].qty: problem".
func (e *InvalidError) Error() string { return e.Field + ": " + e.Problem }

// invalid makes the error for one field. Paths are put together on the way
// out, by in and at, so that a valid body costs no strings.
func invalid(field, format string, args ...any) *InvalidError {
	return &InvalidError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// in puts e beneath the field named; nil stays nil.
func (e *InvalidError) in(field string) *InvalidError {
	if e == nil {
		return nil
	}
	if e.Field == "" || e.Field[0] == '[' {
		e.Field = field + e.Field
	} else {
		e.Field = field + "." + e.Field
	}
	return e
}

// at puts e beneath element i of the list named; nil stays nil.
func (e *InvalidError) at(list string, i int) *InvalidError {
	if e == nil {
		return nil
	}
	return e.in(list + "[" + strconv.Itoa(i) + "]")
}

// err is e as an error, so that a nil e is a nil error.
func (e *InvalidError) err() error {
	if e == nil {
		return nil
	}
	return e
}

// first returns the first failure, for rules that are cheap to state together.
func first(es ...*InvalidError) *InvalidError {
	for _, e := range es {
		if e != nil {
			return e
		}
	}
	return nil
}

// Refusal is a rule that a well-formed, well-signed message met. It is an
// error of its own, to be found with errors.Is and errors.As; its text is
// short and stable, fit for the label of a counter.
type Refusal string

// Error returns the refusal's text.
func (r Refusal) Error() string { return string(r) }

// Why an intent or an offer is refused.
const (
	Expired Refusal = "expired"              // its time is over
	Future  Refusal = "from the future"      // made later than the clock allows
	Fork    Refusal = "fork"                 // another version of the same number is known; the first is kept
	Forged  Refusal = "forged successor"     // succeeds an intent of another author
	Moved   Refusal = "moved to a new topic" // succeeds an intent of another shard

	Duplicate Refusal = "duplicate"     // the very version known
	Stale     Refusal = "older version" // a newer version is known
	Dead      Refusal = "dead"          // withdrawn or fulfilled
	Full      Refusal = "full"          // no room for another intent

	OtherIntent    Refusal = "for another intent"
	OtherRecipient Refusal = "sealed to another person"
	OtherSigner    Refusal = "signed by another than its vendor"
	OtherTerms     Refusal = "terms not among the intent's"
	WrongTotal     Refusal = "total is not the sum"
	WrongWant      Refusal = "answers an item not wanted"
)

// refuse says what met the rule r: "total: 3 USD, …: total is not the sum".
func refuse(r Refusal, format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, r)...)
}
