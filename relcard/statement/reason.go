package statement

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Reason is why a statement or a log of them is refused. It is an error to
// look for with errors.Is, and its text is the reason id of the published
// vectors; the error around it says what and where.
type Reason string

// The reasons. No two describe the same fault.
const (
	ErrSize      Reason = "size"      // more bytes than allowed
	ErrEncoding  Reason = "encoding"  // not the canonical encoding of a statement
	ErrVersion   Reason = "version"   // of a type or version not known here
	ErrField     Reason = "field"     // a field breaks its own rule
	ErrSigner    Reason = "signer"    // signed by somebody else
	ErrSignature Reason = "signature" // a signature or the key it names does not hold
	ErrClock     Reason = "clock"     // dated in the future, or signed before it was written
	ErrGap       Reason = "gap"       // statements before it are not known (yet)
	ErrPast      Reason = "past"      // one with its number is known
	ErrFork      Reason = "fork"      // the log has two continuations
	ErrLog       Reason = "log"       // a list of statements is no log
)

// Error returns the reason id.
func (r Reason) Error() string { return string(r) }

// refuse says what is wrong and why.
func refuse(r Reason, format string, args ...any) error {
	return fmt.Errorf("%w: %w", r, fmt.Errorf(format, args...))
}

// ForkError is the alarm: one side has told two stories. A and B are two
// statements of its with one number, or the two that stand in its log before
// the statement numbered Seq.
type ForkError struct {
	By   identity.Role
	Seq  uint64
	A, B dagcbor.CID
}

// Error says whose log forked and where.
func (e *ForkError) Error() string {
	return fmt.Sprintf("%s: the %s's statements up to %d are told in two ways, %s and %s", ErrFork, e.By, e.Seq, e.A, e.B)
}

// Unwrap returns ErrFork.
func (e *ForkError) Unwrap() error { return ErrFork }
