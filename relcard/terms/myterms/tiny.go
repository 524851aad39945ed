package myterms

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/internal/strictjson"
)

// MaxBytes is the most bytes a document may have.
const MaxBytes = strictjson.MaxBytes

// Tiny is the document of tinyMyTerms (github.com/dmarti/tinyMyTerms,
// docs/consent-dialog-spec.md): agreements by id and address, without hashes.
type Tiny struct {
	Effective  time.Time       // since when it holds
	Agreements []TinyAgreement // those the site lists
	TermsURL   string          // of the site's own terms page, or ""
	Terms      string          // that page as HTML, or ""; to be shown as text only
}

// TinyAgreement is one agreement by the id the site gives it.
type TinyAgreement struct {
	ID  string `json:"id"`
	URL string `json:"url"` // where its text is said to be
}

// maxAgreements is the most agreements a document may list.
const maxAgreements = 64

// DecodeTiny reads a tinyMyTerms document. effective_date is a date of RFC
// 2822 as Go and JavaScript write it; agreements must not be empty.
func DecodeTiny(b []byte) (Tiny, error) {
	var w struct {
		Effective  string          `json:"effective_date"`
		Agreements []TinyAgreement `json:"agreements"`
		TermsURL   string          `json:"tos_url,omitempty"`
		Terms      string          `json:"tos,omitempty"`
	}
	if err := strictjson.Decode(b, &w); err != nil {
		return Tiny{}, fmt.Errorf("read tinyMyTerms: %w", err)
	}
	at, err := readDate(w.Effective)
	if err != nil {
		return Tiny{}, fmt.Errorf("read tinyMyTerms: effective_date: %w", err)
	}
	if n := len(w.Agreements); n == 0 || n > maxAgreements {
		return Tiny{}, fmt.Errorf("read tinyMyTerms: agreements: %d, from 1 to %d are allowed", n, maxAgreements)
	}
	seen := map[string]bool{}
	for i, a := range w.Agreements {
		if err := checkID(a.ID); err != nil {
			return Tiny{}, fmt.Errorf("read tinyMyTerms: agreements[%d].id: %w", i, err)
		}
		if seen[a.ID] {
			return Tiny{}, fmt.Errorf("read tinyMyTerms: agreements[%d].id: %s is there twice", i, a.ID)
		}
		seen[a.ID] = true
		if err := checkURL(a.URL); err != nil {
			return Tiny{}, fmt.Errorf("read tinyMyTerms: agreements[%d].url: %w", i, err)
		}
	}
	if w.TermsURL != "" {
		if err := checkURL(w.TermsURL); err != nil {
			return Tiny{}, fmt.Errorf("read tinyMyTerms: tos_url: %w", err)
		}
	}
	return Tiny{at, w.Agreements, w.TermsURL, w.Terms}, nil
}

// Claims returns the listed agreements as claims. Ids are all a tinyMyTerms
// document has, so [Resolve] refuses each.
func (t Tiny) Claims() []Claim {
	out := make([]Claim, 0, len(t.Agreements))
	for _, a := range t.Agreements {
		out = append(out, Claim{ID: a.ID})
	}
	return out
}

// Candidates returns the agreements of the roster that have an id of the
// list, in its order: what a person might proffer to the site. The site has
// not accepted these texts; that takes an answer to the proffer.
func (t Tiny) Candidates() []terms.Ref {
	var out []terms.Ref
	for _, a := range t.Agreements {
		if r, ok := terms.Lookup(a.ID); ok {
			out = append(out, r.Ref)
		}
	}
	return out
}

// dateLayouts are the forms of an RFC 2822 date that are read: with a numeric
// zone or GMT, with one or two digits of the day.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 GMT", "2 Jan 2006 15:04:05 -0700",
}

func readDate(s string) (time.Time, error) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.60q is not a date of RFC 2822", s)
}
