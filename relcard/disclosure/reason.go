package disclosure

import (
	"errors"
	"fmt"
)

// Reason is why something is refused here. It is an error to look for with
// errors.Is, and its text is the reason id of the published vectors; the error
// around it says what and where.
type Reason string

// The reasons. No two describe the same fault.
const (
	ErrSize     Reason = "size"     // more bytes than allowed
	ErrEncoding Reason = "encoding" // not the canonical encoding of what is expected
	ErrVersion  Reason = "version"  // of a version not known here
	ErrField    Reason = "field"    // a field breaks its own rule
	ErrOpening  Reason = "opening"  // an opening is not that of the item
	ErrLog      Reason = "log"      // a statement of another relationship or log, or out of its order
	ErrRole     Reason = "role"     // said by the side that can't say it
	ErrItem     Reason = "item"     // names an item that is not there, or not any more, or a number used before
	ErrAnswer   Reason = "answer"   // answers nothing that it can answer, or what was answered
)

// Error returns the reason id.
func (r Reason) Error() string { return string(r) }

// ReasonOf returns the reason in err, or "" when it has none.
func ReasonOf(err error) Reason {
	var r Reason
	errors.As(err, &r)
	return r
}

// refuse says what is wrong and why.
func refuse(r Reason, format string, args ...any) error {
	return fmt.Errorf("%w: %w", r, fmt.Errorf(format, args...))
}
