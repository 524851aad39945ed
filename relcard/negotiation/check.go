package negotiation

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
)

// Bounds of the contents, in bytes of UTF-8 or in elements.
const (
	maxText       = 1000
	maxLocation   = 200
	maxAgreements = 8
)

// Check reports whether p is a valid proffer by itself, naming the first field
// that is not; whether it is fresh is for [Open] to say. The error wraps
// CauseRoster for terms outside the roster and CauseInvalid for anything else.
func (p *Proffer) Check() error {
	if err := checkVersion(p.Version); err != nil {
		return err
	}
	if n := len(p.Agreements); n < 1 || n > maxAgreements {
		return refuse(CauseInvalid, "agreements: %d, want 1 to %d", n, maxAgreements)
	}
	for i, r := range p.Agreements {
		if err := r.Check(); err != nil {
			return refuse(CauseRoster, "agreements[%d]: %w", i, err)
		}
		if slices.Contains(p.Agreements[:i], r) {
			return refuse(CauseInvalid, "agreements[%d]: %s is there already", i, r.ID)
		}
	}
	switch {
	case !validTime(p.Expires):
		return refuse(CauseInvalid, "expires: none, or outside the years 0 to 9999")
	case p.Intent.IsZero() && !p.Offer.IsZero():
		return refuse(CauseInvalid, "intent: an offer answers an intent, and none is named")
	case !p.Head.IsZero() && !p.Intent.IsZero():
		return refuse(CauseInvalid, "intent: a card that is amended keeps its own")
	}
	if err := checkJurisdiction(p.Jurisdiction); err != nil {
		return refuse(CauseInvalid, "jurisdiction: %w", err)
	}
	if err := checkText(p.Location, maxLocation); err != nil {
		return refuse(CauseInvalid, "location: %w", err)
	}
	if err := checkText(p.Text, maxText); err != nil {
		return refuse(CauseInvalid, "text: %w", err)
	}
	return nil
}

// Check reports whether a is a valid answer by itself, naming the first field
// that is not. The error wraps CauseRoster for terms outside the roster and
// CauseInvalid for anything else.
func (a *Answer) Check() error {
	if err := checkVersion(a.Version); err != nil {
		return err
	}
	switch a.Verdict {
	case Accept, Counter:
		if a.Terms == nil {
			return refuse(CauseInvalid, "terms: none to %s", a.Verdict)
		}
		if err := a.Terms.Check(); err != nil {
			return refuse(CauseRoster, "terms: %w", err)
		}
		if a.Card.IsZero() {
			return refuse(CauseInvalid, "card: none is signed")
		}
	case Refuse:
		if a.Terms != nil || !a.Card.IsZero() {
			return refuse(CauseInvalid, "verdict: a refusal comes with terms or a card")
		}
		if a.Reason == "" {
			return refuse(CauseInvalid, "reason: a refusal gives one")
		}
	default:
		return refuse(CauseInvalid, "verdict: %.40q is not accept, counter or refuse", string(a.Verdict))
	}
	if err := checkText(a.Reason, maxText); err != nil {
		return refuse(CauseInvalid, "reason: %w", err)
	}
	return nil
}

// Check reports whether c is a valid close by itself, naming the first field
// that is not; the error wraps CauseInvalid.
func (c *Close) Check() error {
	if err := checkVersion(c.Version); err != nil {
		return err
	}
	if c.Proffer.IsZero() {
		return refuse(CauseInvalid, "proffer: none is named")
	}
	if !c.Cause.known() {
		return refuse(CauseInvalid, "cause: %.40q is not known", string(c.Cause))
	}
	if err := checkText(c.Reason, maxText); err != nil {
		return refuse(CauseInvalid, "reason: %w", err)
	}
	return nil
}

func checkVersion(v uint64) error {
	if v != Version {
		return refuse(CauseInvalid, "v: %d, known is %d", v, Version)
	}
	return nil
}

// checkJurisdiction and checkText are the card's own rules, in which whatever
// is agreed here ends up; a test holds the two together.
func checkJurisdiction(s string) error {
	if s == "" {
		return nil
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	country, part, divided := strings.Cut(s, "-")
	if len(country) != 2 || strings.Trim(country, letters) != "" ||
		(divided && (len(part) < 1 || len(part) > 3 || strings.Trim(part, letters+"0123456789") != "")) {
		return fmt.Errorf("%.40q is not an ISO 3166 code", s)
	}
	return nil
}

func checkText(s string, most int) error {
	switch {
	case len(s) > most:
		return fmt.Errorf("%d bytes, the most is %d", len(s), most)
	case !utf8.ValidString(s):
		return fmt.Errorf("%.40q is not UTF-8", s)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%.40q has blanks at its edges", s)
	}
	for i, r := range s {
		if hidden(r) {
			return fmt.Errorf("character %U at byte %d is not for display", r, i)
		}
	}
	return nil
}

// hidden reports whether a reader would not see r as it stands.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

func validTime(t identity.Time) bool {
	y := t.Std().Year()
	return !t.IsZero() && y >= 0 && y <= 9999
}
