package terms

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Request asks whether a practice is allowed under a card.
type Request struct {
	Terms    Ref    // the card's agreement
	Practice string // one of Practices; any other is prohibited
	Third    bool   // a third party would do it, not the vendor

	// Field is the profile path of the data ("emails/home"). Empty, the
	// question is about what arises between the two by itself, such as visits
	// and orders, and the agreement alone decides.
	Field string
	// Disclosed is what was shared under the card, oldest first; those of
	// other fields are passed over.
	Disclosed []Disclosure
}

// Disclosure is one field shared under the card. A zero time is none.
type Disclosure struct {
	Field     string
	Purposes  []string  // words, see Agreement.Covers
	From      time.Time // may be used from then on
	Until     time.Time // and no longer from then on
	Retracted time.Time // taken back from then on
}

// Reason says what a verdict rests on.
type Reason string

// The reasons of verdicts. Only the first allows.
const (
	Allowed      Reason = "allowed"
	BadTerms     Reason = "terms"            // not an agreement of the roster
	Unknown      Reason = "unknown-practice" // not named, so not allowed
	Prohibited   Reason = "rule"             // the agreement's rule is no
	ThirdParty   Reason = "third-party"      // allowed to the vendor at most
	NotDisclosed Reason = "not-disclosed"    // the field was not shared under the card
	WrongPurpose Reason = "purpose"          // shared for something else
	NotYet       Reason = "not-yet"          // shared from a later time on
	Expired      Reason = "expired"          // the time it was shared for is over
	Retracted    Reason = "retracted"        // taken back
)

// Verdict is the answer to a [Request].
type Verdict struct {
	Allowed  bool   `json:"allowed"`
	Rule     string `json:"rule"` // the rule that was applied: "SD-BASE: tracking = no"
	Reason   Reason `json:"reason"`
	Sentence string `json:"sentence"` // the answer in plain words
}

// May answers whether the practice is allowed under the card's agreement with
// the data that was shared, at the time now. What is not named is prohibited,
// and when in doubt the answer is no. It does not know whether the card is
// still in force: under an ended card nothing may be used (section 8).
//
// A third party may act only in the delivery itself and bound like the vendor,
// where the agreement's section 5 says so; the texts that allow anonymised
// sharing do not. No purpose is needed for a copy to the person, but what was
// retracted or has expired is to be deleted and not copied.
func May(req Request, now time.Time) Verdict {
	if err := req.Terms.Check(); err != nil {
		return Verdict{Rule: "none", Reason: BadTerms, Sentence: fmt.Sprintf("Nothing is allowed: %v.", err)}
	}
	a, _ := Lookup(req.Terms.ID)
	q := question{a: a, Request: req}
	if v, decided := q.byAgreement(); decided {
		return v
	}
	if req.Field == "" {
		return q.answer(Allowed, "what arises between the two may be used for it")
	}
	return q.byDisclosure(now)
}

// question is a request about an agreement that is known.
type question struct {
	a Agreement
	Request
}

// answer makes the verdict; why ends its sentence.
func (q question) answer(r Reason, format string, args ...any) Verdict {
	who, can := "The vendor", "may not do"
	if q.Third {
		who = "A third party"
	}
	if r == Allowed {
		can = "may do"
	}
	with := ""
	if q.Field != "" {
		with = fmt.Sprintf(" with %.80q", q.Field)
	}
	what := fmt.Sprintf("%.40q", q.Practice)
	if r != Unknown {
		what = strings.ReplaceAll(q.Practice, "-", " ")
	}
	return Verdict{
		Allowed: r == Allowed, Reason: r, Rule: q.rule(),
		Sentence: fmt.Sprintf("%s %s %s%s under %s: %s.", who, can, what, with, q.a.Ref.ID, fmt.Sprintf(format, args...)),
	}
}

// rule names the rule that the agreement has for what was asked.
func (q question) rule() string {
	if q.Third && !q.handedOn() {
		return fmt.Sprintf("%s: %s%.40s = no", q.a.Ref.ID, thirdParty, strings.TrimPrefix(q.Practice, thirdParty))
	}
	return fmt.Sprintf("%s: %.40s = %s", q.a.Ref.ID, q.Practice, q.a.Of(q.Practice))
}

// handedOn reports whether the agreement lets a third party do it for the
// vendor.
func (q question) handedOn() bool {
	return q.Practice == serviceDelivery && q.a.Rules.AnonymisedSharing == No
}

// byAgreement decides what does not depend on the data.
func (q question) byAgreement() (Verdict, bool) {
	switch {
	case !slices.Contains(Practices(), q.Practice):
		return q.answer(Unknown, "what an agreement does not name is not allowed"), true
	case !q.a.Of(q.Practice).Allows() && strings.HasPrefix(q.Practice, thirdParty):
		return q.answer(ThirdParty, "no agreement lets others measure, follow or profile the person"), true
	case !q.a.Of(q.Practice).Allows():
		return q.answer(Prohibited, "its rule for that is no"), true
	case q.Third && !q.handedOn():
		return q.answer(ThirdParty, "it is allowed to the vendor alone"), true
	}
	return Verdict{}, false
}

// byDisclosure decides by what was shared. One disclosure that is live and for
// the purpose is enough; if there is none, the newest that comes closest is
// the reason.
func (q question) byDisclosure(now time.Time) Verdict {
	v := q.answer(NotDisclosed, "it was not shared under this card")
	close := 0
	for _, d := range q.Disclosed {
		if d.Field != q.Field {
			continue
		}
		state, at := d.state(now)
		covers := q.covered(d)
		switch {
		case state == Allowed && covers:
			return q.answer(Allowed, "it was shared for %s", words(d.Purposes))
		case covers:
			v, close = q.answer(state, "%s", stateWords(state, at)), 3
		case state == Allowed && close < 3:
			v, close = q.answer(WrongPurpose, "it was shared for %s", words(d.Purposes)), 2
		case close < 2:
			v, close = q.answer(state, "%s", stateWords(state, at)), 1
		}
	}
	return v
}

func (q question) covered(d Disclosure) bool {
	if q.Practice == portability {
		return true
	}
	return slices.ContainsFunc(d.Purposes, func(p string) bool { return q.a.Covers(p, q.Practice) })
}

// state returns Allowed while d is live, or why it is not and since or until when.
func (d Disclosure) state(now time.Time) (Reason, time.Time) {
	switch {
	case !d.Retracted.IsZero() && !now.Before(d.Retracted):
		return Retracted, d.Retracted
	case !d.Until.IsZero() && !now.Before(d.Until):
		return Expired, d.Until
	case now.Before(d.From):
		return NotYet, d.From
	}
	return Allowed, time.Time{}
}

func stateWords(r Reason, at time.Time) string {
	t := at.UTC().Format(time.RFC3339)
	switch r {
	case Retracted:
		return "it was taken back, or replaced by what was shared since, on " + t
	case Expired:
		return "it was shared until " + t
	default:
		return "it is shared only from " + t
	}
}

// words lists purposes for a sentence.
func words(purposes []string) string {
	if len(purposes) == 0 {
		return "no purpose"
	}
	var b strings.Builder
	for i, p := range purposes {
		if i == 8 {
			b.WriteString(" and more")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", p)
	}
	return b.String()
}
