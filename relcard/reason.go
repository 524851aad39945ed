package relcard

import (
	"errors"
	"fmt"
)

// Reason is why a card, a version of one or a file with one is refused. It is
// an error to look for with errors.Is, and its text is the reason id of the
// published vectors; the error around it says what and where.
type Reason string

// The reasons. No two describe the same fault.
const (
	ErrSize       Reason = "size"       // more bytes or versions than allowed
	ErrEncoding   Reason = "encoding"   // not the canonical encoding of what is expected
	ErrVersion    Reason = "version"    // a body of a type or version not known here
	ErrField      Reason = "field"      // a field breaks its own rule
	ErrTotal      Reason = "total"      // the total is not the sum of lines and extras
	ErrTerms      Reason = "terms"      // terms not in the roster, or under another hash
	ErrSigner     Reason = "signer"     // signed by a third party or in the wrong role
	ErrSignature  Reason = "signature"  // a signature or the key it names does not hold
	ErrClock      Reason = "clock"      // dated in the future, or before what it follows
	ErrSuccession Reason = "succession" // not the next version of the one it names
	ErrOrphan     Reason = "orphan"     // the version before is not known here (yet)
	ErrEnded      Reason = "ended"      // follows the end of the relationship
	ErrFork       Reason = "fork"       // the card has two continuations; see [ForkError]
	ErrArchive    Reason = "archive"    // a file's blocks are not those of one card
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
