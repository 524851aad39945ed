package negotiation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity/dagcbor"
)

// Cause is why a negotiation ended without agreement. It is an error to look
// for with errors.Is, and its text is what a [Close] carries; the error around
// it says what and where.
type Cause string

// The causes. The first three are in order; each of the others is a breach of
// the rules by one side.
const (
	CauseDeclined  Cause = "declined"  // the person does not take the counter
	CauseWithdrawn Cause = "withdrawn" // one side takes its word back, or proffers anew
	CauseExpired   Cause = "expired"   // its time is over; said or signed after that, a breach

	CauseInvalid  Cause = "invalid"  // the statement's content breaks its own rules
	CauseRole     Cause = "role"     // said by the side whose part it is not
	CauseReplayed Cause = "replayed" // a proffer that has had its negotiation
	CauseRoster   Cause = "roster"   // terms that are not in the roster, or under another hash
	CauseTerms    Cause = "terms"    // accepts what was not proffered, or counters with what was
	CauseSecond   Cause = "second"   // a second answer, such as a second counter
	CauseCard     Cause = "card"     // the card beside the answer is not the one that it means
	CauseCrossed  Cause = "crossed"  // the card to be amended has moved on, or is another
)

var causes = []Cause{
	CauseDeclined, CauseWithdrawn, CauseExpired, CauseInvalid, CauseRole, CauseReplayed,
	CauseRoster, CauseTerms, CauseSecond, CauseCard, CauseCrossed,
}

// Error returns the cause's word.
func (c Cause) Error() string { return string(c) }

// CauseOf returns the cause in err, or "" when it has none.
func CauseOf(err error) Cause {
	var c Cause
	errors.As(err, &c)
	return c
}

func (c Cause) known() bool { return slices.Contains(causes, c) }

// refuse says what is wrong and why.
func refuse(c Cause, format string, args ...any) error {
	return fmt.Errorf("%w: %w", c, fmt.Errorf(format, args...))
}

// Closing returns the close by which a side tells the other what it has found
// wrong: err is the error of [Open] or [Negotiation.Sign], or the violation of
// a [Step].
func Closing(proffer dagcbor.CID, err error) Close {
	c := Close{Version: Version, Proffer: proffer, Cause: CauseOf(err), Reason: displayable(err.Error())}
	if c.Cause == "" {
		c.Cause = CauseInvalid
	}
	return c
}

// displayable makes s fit to be a reason.
func displayable(s string) string {
	s = strings.Map(func(r rune) rune {
		if hidden(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	for len(s) > maxText {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimFunc(s, unicode.IsSpace)
}
