package myterms

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/internal/strictjson"
)

// DocumentVersion is the version of [Document] written and read here.
const DocumentVersion = 1

// Document is what a vendor's node serves at [Path]: who it is, which
// agreements it accepts, where each text can be read, and where proffers go.
// It is a convenience for those who come by the web and binds nobody: the
// vendor's signed term update and its answer to a proffer do. Its
// effective_date and agreements are laid out as tinyMyTerms has them.
type Document struct {
	Version    int           `json:"version"` // DocumentVersion
	DID        identity.DID  `json:"did"`     // the vendor
	Name       string        `json:"name"`
	KeyLog     string        `json:"key_log"`        // https URL of its key log
	Effective  Date          `json:"effective_date"` // since when
	Agreements []Accepted    `json:"agreements"`     // in the order the vendor likes them
	Proffers   []string      `json:"proffers"`       // URIs or multiaddrs that take proffers, at least one
	Until      identity.Time `json:"until,omitzero"` // when to ask again; none: the reader's choice
}

// Accepted is one agreement that the vendor accepts.
type Accepted struct {
	terms.Ref
	URL string `json:"url"` // where its text can be read
}

// Date is a time written as in RFC 2822, "Fri, 20 Mar 2026 09:00:00 +0000":
// UTC, whole seconds, the right weekday.
type Date struct{ Time time.Time }

const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"

// MarshalText writes the one form.
func (d Date) MarshalText() ([]byte, error) {
	t := d.Time.UTC()
	if y := t.Year(); t.IsZero() || y < 1 || y > 9999 {
		return nil, fmt.Errorf("no time, or one in the year %d", y)
	}
	return []byte(t.Format(dateLayout)), nil
}

// UnmarshalText reads the one form.
func (d *Date) UnmarshalText(b []byte) error {
	t, err := time.Parse(dateLayout, string(b))
	if err != nil || t.UTC().Format(dateLayout) != string(b) || t.IsZero() {
		return fmt.Errorf("%.60q is not of the form %s in UTC", b, dateLayout)
	}
	d.Time = t.UTC()
	return nil
}

// The most bytes of a document's fields, and proffer addresses in it.
const (
	maxName     = 200
	maxURL      = 2048
	maxID       = 64
	maxProffers = 16
)

// Check reports the first field of d that is wrong.
func (d *Document) Check() error {
	if d.Version != DocumentVersion {
		return fmt.Errorf("version: is %d, known is %d", d.Version, DocumentVersion)
	}
	if !strings.HasPrefix(string(d.DID), "did:") || len(d.DID) > maxURL || strings.ContainsFunc(string(d.DID), notInURL) {
		return fmt.Errorf("did: %.80q is not a DID", string(d.DID))
	}
	if d.Name == "" || len(d.Name) > maxName || strings.TrimSpace(d.Name) != d.Name || strings.ContainsFunc(d.Name, notShown) {
		return fmt.Errorf("name: %.80q is empty, too long or not for display", d.Name)
	}
	if err := checkURL(d.KeyLog); err != nil {
		return fmt.Errorf("key_log: %w", err)
	}
	if _, err := d.Effective.MarshalText(); err != nil {
		return fmt.Errorf("effective_date: %w", err)
	}
	if n := len(d.Proffers); n == 0 || n > maxProffers {
		return fmt.Errorf("proffers: %d, from 1 to %d are allowed", n, maxProffers)
	}
	for i, p := range d.Proffers {
		if p == "" || len(p) > maxURL || strings.ContainsFunc(p, notInURL) {
			return fmt.Errorf("proffers[%d]: %.80q is no address", i, p)
		}
	}
	return d.checkAgreements()
}

func (d *Document) checkAgreements() error {
	if n := len(d.Agreements); n == 0 || n > maxAgreements {
		return fmt.Errorf("agreements: %d, from 1 to %d are allowed", n, maxAgreements)
	}
	seen := map[terms.Ref]bool{}
	for i, a := range d.Agreements {
		if a.Registry == "" || a.Version == "" || a.SHA256 == "" {
			return fmt.Errorf("agreements[%d]: %.40q: %w", i, a.ID, ErrIDAlone)
		}
		if err := checkID(a.ID); err != nil {
			return fmt.Errorf("agreements[%d].id: %w", i, err)
		}
		if sum, err := readHash(a.SHA256); err != nil || sum != a.SHA256 {
			return fmt.Errorf("agreements[%d].sha256: %.80q is not 64 lower-case hex digits", i, a.SHA256)
		}
		if len(a.Registry) > maxName || len(a.Version) > maxID || strings.ContainsFunc(a.Registry+a.Version, notShown) {
			return fmt.Errorf("agreements[%d]: registry or version is too long or not for display", i)
		}
		if err := checkURL(a.URL); err != nil {
			return fmt.Errorf("agreements[%d].url: %w", i, err)
		}
		if seen[a.Ref] {
			return fmt.Errorf("agreements[%d]: %.40s is there twice", i, a.ID)
		}
		seen[a.Ref] = true
	}
	return nil
}

// Encode checks d and writes it as JSON, two spaces deep.
func (d *Document) Encode() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("write myterms document: %w", err)
	}
	b, err := json.MarshalIndent(d, "", "  ")
	switch {
	case err != nil:
		return nil, fmt.Errorf("write myterms document: %w", err)
	case len(b) >= MaxBytes:
		return nil, fmt.Errorf("write myterms document: %d bytes, the most is %d", len(b)+1, MaxBytes)
	}
	return append(b, '\n'), nil
}

// Decode reads a document and checks it. Agreements of other rosters are kept
// as they stand; [Document.Known] returns those that are known here.
func Decode(b []byte) (*Document, error) {
	d := new(Document)
	if err := strictjson.Decode(b, d); err != nil {
		return nil, fmt.Errorf("read myterms document: %w", err)
	}
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("read myterms document: %w", err)
	}
	return d, nil
}

// Known returns the agreements of d that [Resolve] finds in the bundled
// roster, in d's order, each once.
func (d *Document) Known() []terms.Ref {
	var out []terms.Ref
	seen := map[terms.Ref]bool{}
	for _, a := range d.Agreements {
		r, err := Resolve(Claim{a.ID, a.Registry, a.Version, a.SHA256})
		if err == nil && !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}
