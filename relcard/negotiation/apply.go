package negotiation

import (
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// maxHeard bounds how many statements are kept in mind to know a duplicate. A
// negotiation that has heard as many is over, and one more changes nothing.
const maxHeard = 16

// Step is what a statement did to a negotiation.
type Step struct {
	Next      Negotiation // to keep, whatever else the step says
	Duplicate bool        // the statement was applied before; Next is as it was
	Foreign   bool        // the statement is about something else; Next is as it was
	Violation error       // the rule it breaks, wrapping a Cause; nil if it breaks none
}

// Apply takes a verified statement of either side, the own ones too: an
// answer, a close, or another proffer, which takes the first one's place. card
// is the version that came beside an answer, verified; nil if none did. The
// statements of one side come in the order of its log; how the two logs are
// mixed makes no difference in the end.
//
// A violation closes what is open and changes nothing that has ended: Next
// tells whose it was and what, and [Closing] makes of it the close to answer
// with.
func (n Negotiation) Apply(s *statement.Statement, card *relcard.Version, now time.Time) Step {
	if slices.Contains(n.heard, s.ID) {
		return Step{Next: n, Duplicate: true}
	}
	b := &s.Body
	if mine := &n.proffer.Body; b.Person != mine.Person || b.Vendor != mine.Vendor {
		return Step{Next: n, Foreign: true}
	}
	switch b.Kind {
	case KindProffer:
		if b.By == identity.RolePerson && b.Seq > n.proffer.Body.Seq {
			return n.hear(s, now).closed(s, CauseWithdrawn, fmt.Sprintf("the person proffers anew, %s", s.ID))
		}
	case KindAnswer:
		if b.Answers == n.id || (b.By == identity.RolePerson && b.Answers == n.replied && !n.replied.IsZero()) {
			return n.hear(s, now).answered(s, card)
		}
	case KindClose:
		c, err := DecodeClose(b.Content)
		if err != nil {
			return n.hear(s, now).violated(s, err)
		}
		if c.Proffer == n.id {
			return n.hear(s, now).closed(s, c.Cause, c.Reason)
		}
	}
	return Step{Next: n, Foreign: true}
}

// hear is n as of now and with s among the statements applied.
func (n Negotiation) hear(s *statement.Statement, now time.Time) Negotiation {
	n = n.At(now)
	if len(n.heard) < maxHeard {
		n.heard = append(slices.Clip(n.heard), s.ID)
	}
	return n
}

// endBy ends n by what s says.
func (n Negotiation) endBy(s *statement.Statement, st State, c Cause, why string) Negotiation {
	return n.end(ending{at: s.Body.Time, id: s.ID, state: st, cause: c, by: s.Body.By, why: why})
}

func (n Negotiation) violated(s *statement.Statement, err error) Step {
	return Step{Next: n.endBy(s, StateClosed, CauseOf(err), err.Error()), Violation: err}
}

func (n Negotiation) closed(s *statement.Statement, c Cause, why string) Step {
	if c == CauseDeclined && s.Body.By != identity.RolePerson {
		return n.violated(s, refuse(CauseRole, "the %s declines, which is the person's to do", s.Body.By))
	}
	return Step{Next: n.endBy(s, StateClosed, c, why)}
}

// answered takes the vendor's answer. One that comes after the end is kept for
// the countersignature that may have been given in time.
func (n Negotiation) answered(s *statement.Statement, card *relcard.Version) Step {
	if by := s.Body.By; by != identity.RoleVendor {
		return n.violated(s, refuse(CauseRole, "the %s answers, which is the vendor's to do", by))
	}
	if !n.replied.IsZero() {
		return n.violated(s, refuse(CauseSecond, "the vendor answered with %s, and again with %s", n.replied, s.ID))
	}
	n.replied = s.ID
	a, err := n.readAnswer(s, card)
	if err != nil {
		return n.violated(s, err)
	}
	n.answer = a
	if a.Verdict == Refuse {
		n = n.endBy(s, StateRefused, "", a.Reason)
	}
	return Step{Next: n}
}

// readAnswer reads the answer in s and checks it against the proffer and the
// card beside it.
func (n Negotiation) readAnswer(s *statement.Statement, card *relcard.Version) (*Answer, error) {
	a, err := DecodeAnswer(s.Body.Content)
	if err != nil {
		return nil, err
	}
	switch at := s.Body.Time; {
	case n.content.Expires.Before(at):
		return nil, refuse(CauseExpired, "answered at %s a proffer that stood until %s", at, n.content.Expires)
	case at.Std().Before(n.proffer.Body.Time.Std().Add(-clockSkew)):
		return nil, refuse(CauseInvalid, "time: answered at %s what was written at %s", at, n.proffer.Body.Time)
	case a.Verdict == Refuse:
		return a, nil
	}
	switch proffered := slices.Contains(n.content.Agreements, *a.Terms); {
	case a.Verdict == Accept && !proffered:
		return nil, refuse(CauseTerms, "accepts %s, which was not proffered", a.Terms.ID)
	case a.Verdict == Counter && proffered:
		return nil, refuse(CauseTerms, "counters with %s, which was proffered", a.Terms.ID)
	}
	if err := n.checkCard(a, s.Body.Time, card); err != nil {
		return nil, err
	}
	return a, nil
}
