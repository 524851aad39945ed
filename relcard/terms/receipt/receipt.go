// Package receipt writes what a card's agreement allows, and which data was
// shared under it, in two published forms of consent receipts.
//
//   - ISO/IEC TS 27560:2023, by the field names of the W3C DPVCG guide "Consent
//     Records and Receipts as per ISO/IEC TS 27560:2023 using DPV" (Final
//     Community Group Report, 15 February 2026): [ISO27560].
//   - Kantara Initiative Consent Receipt 1.1.0, by its published JSON schema
//     (github.com/KantaraInitiative/consent-receipt-v-next, CR_v1_1):
//     [Kantara].
//
// Both are exports for others' tools. The record itself is the card; a receipt
// names it by its CID, names data by its path and never holds a value.
package receipt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/terms"
)

// Agreed is a card's agreement and what was shared under it.
type Agreed struct {
	Card         dagcbor.CID   `json:"card"`         // the version in force
	Terms        terms.Ref     `json:"terms"`        // its agreement
	TextURL      string        `json:"textURL"`      // where the agreement's text can be read
	Time         identity.Time `json:"time"`         // since when it has been in force
	Jurisdiction string        `json:"jurisdiction"` // ISO 3166-1 or -2
	Person       identity.DID  `json:"person"`       // as this card names the person
	Vendor       Vendor        `json:"vendor"`
	Pieces       []Piece       `json:"pieces,omitempty"`  // what was shared and not taken back
	Expires      identity.Time `json:"expires,omitzero"`  // when it ends by itself; none: when either party ends it
	Ended        identity.Time `json:"ended,omitzero"`    // when it was ended; none: in force
	EndedBy      identity.Role `json:"endedBy,omitempty"` // by whom it was ended; the person if empty
	Issued       identity.Time `json:"issued"`            // when the receipt is made
}

// Vendor is the second party as a receipt names it. What is empty beside DID
// and Name is written as not stated.
type Vendor struct {
	DID      identity.DID `json:"did"`
	Name     string       `json:"name"`
	Contact  string       `json:"contact,omitempty"` // a person or department
	Email    string       `json:"email,omitempty"`
	Phone    string       `json:"phone,omitempty"`
	URL      string       `json:"url,omitempty"`
	Address  string       `json:"address,omitempty"`  // on one line
	Country  string       `json:"country,omitempty"`  // ISO 3166-1
	StoredIn string       `json:"storedIn,omitempty"` // the country where it keeps the data, ISO 3166-1
}

// Piece is one field of the person's profile.
type Piece struct {
	Path      string        `json:"path"`                // "emails/home"; never its value
	Purposes  []string      `json:"purposes"`            // words, see terms.Agreement.Covers
	Until     identity.Time `json:"until,omitzero"`      // none: as long as the agreement
	Sensitive bool          `json:"sensitive,omitempty"` // of a kind that the law protects more
}

const notStated = "not stated by the second party"

// uid is the IRI of the card.
func (a *Agreed) uid() string { return "ipfs://" + a.Card.String() }

// check returns the agreement when a has all that both forms require.
func (a *Agreed) check() (terms.Agreement, error) {
	if err := a.Terms.Check(); err != nil {
		return terms.Agreement{}, err
	}
	for _, f := range []struct {
		missing bool
		name    string
	}{
		{a.Card.IsZero(), "card"}, {a.TextURL == "", "URL of the text"}, {a.Time.IsZero(), "time of the agreement"},
		{a.Jurisdiction == "", "jurisdiction"}, {a.Issued.IsZero(), "time of issue"}, {a.Vendor.Name == "", "vendor's name"},
		{!strings.HasPrefix(string(a.Person), "did:"), "person's DID"}, {!strings.HasPrefix(string(a.Vendor.DID), "did:"), "vendor's DID"},
	} {
		if f.missing {
			return terms.Agreement{}, fmt.Errorf("the %s is missing", f.name)
		}
	}
	if a.Issued.Before(a.Time) {
		return terms.Agreement{}, fmt.Errorf("issued %s, before the agreement of %s", a.Issued, a.Time)
	}
	for i, p := range a.Pieces {
		if p.Path == "" || len(p.Purposes) == 0 {
			return terms.Agreement{}, fmt.Errorf("piece %d: path or purposes are missing", i)
		}
	}
	agreement, ok := terms.Lookup(a.Terms.ID)
	if !ok {
		return agreement, errors.New("agreement is not in the roster")
	}
	return agreement, nil
}

// use is a practice that the agreement allows, with the data for it.
type use struct {
	practice
	pieces []Piece
}

// uses lists what a allows, each with the pieces shared for it. Portability is
// the person's right and no use.
func (a *Agreed) uses(agreement terms.Agreement) []use {
	var all []use
	for _, p := range practices {
		if !agreement.Of(p.name).Allows() {
			continue
		}
		u := use{practice: p}
		for _, piece := range a.Pieces {
			for _, purpose := range piece.Purposes {
				if agreement.Covers(purpose, p.name) {
					u.pieces = append(u.pieces, piece)
					break
				}
			}
		}
		all = append(all, u)
	}
	return all
}

// orNotStated returns s, or says that there is nothing.
func orNotStated(s string) string {
	if s == "" {
		return notStated
	}
	return s
}

func write(form string, doc any) ([]byte, error) {
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", form, err)
	}
	return append(b, '\n'), nil
}
