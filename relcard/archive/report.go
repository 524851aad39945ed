package archive

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/decline"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

// Report is what a verified card says, for people and for programs.
type Report struct {
	Card       dagcbor.CID        `json:"card"` // id of the first version
	State      relcard.State      `json:"state"`
	Fork       string             `json:"fork,omitempty"` // what forked, when State is frozen
	Person     relcard.Party      `json:"person"`
	Vendor     relcard.Party      `json:"vendor"`
	Terms      terms.Ref          `json:"terms"`                // that bind, or that are proposed while nothing binds
	InForce    dagcbor.CID        `json:"inForce,omitzero"`     // the version both signed last
	Ended      *relcard.End       `json:"ended,omitempty"`      // who ended it, when State is ended
	Versions   []VersionReport    `json:"versions"`             // by seq
	Statements []StatementReport  `json:"statements,omitempty"` // the person's by seq, then the vendor's
	Missing    []string           `json:"missing,omitempty"`    // what a statement or version names and the file has not
	Data       *disclosure.Ledger `json:"data,omitempty"`       // what the statements say about the person's data
	Shown      []Shown            `json:"shown,omitempty"`      // the pieces of it that the file shows
	Chain      relcard.Chain      `json:"-"`                    // the card itself
}

// VersionReport is one version of the card.
type VersionReport struct {
	ID         dagcbor.CID   `json:"id"`
	Seq        uint64        `json:"seq"`
	State      relcard.State `json:"state"` // proposed, active or ended, by itself
	Time       identity.Time `json:"time"`
	Terms      terms.Ref     `json:"terms"`
	Total      string        `json:"total,omitempty"` // "1284.50 USD"
	Signatures []Signature   `json:"signatures"`
	Declined   *Declined     `json:"declined,omitempty"` // by the party that did not sign it
}

// Declined is that a party said no to a version.
type Declined struct {
	Statement dagcbor.CID   `json:"statement"`
	By        identity.Role `json:"by"`
	Time      identity.Time `json:"time"`
	Reason    string        `json:"reason,omitempty"`
}

// StatementReport is one statement: its signature holds, and it follows the
// one before it in its log.
type StatementReport struct {
	ID        dagcbor.CID    `json:"id"`
	By        identity.Role  `json:"by"`
	Seq       uint64         `json:"seq"`
	Kind      statement.Kind `json:"kind"`
	Time      identity.Time  `json:"time"`
	Answers   dagcbor.CID    `json:"answers,omitzero"` // the other side's statement that it answers
	Seen      dagcbor.CID    `json:"seen,omitzero"`    // the newest of the other side's that its signer held
	Signature Signature      `json:"signature"`
}

// Signature is one envelope that was verified.
type Signature struct {
	Role       identity.Role `json:"role"`
	Signer     identity.DID  `json:"signer"`
	Time       identity.Time `json:"time"`
	KeyVersion string        `json:"keyVersion,omitempty"` // versionId in the signer's log; none for did:key
	KeySince   identity.Time `json:"keySince,omitzero"`    // when that version began
	KeyUntil   identity.Time `json:"keyUntil,omitzero"`    // and ended; none while it stands
}

// Shown is a piece of data whose opening matches what was signed.
type Shown struct {
	Statement dagcbor.CID     `json:"statement"` // the disclose or comply statement
	Item      uint64          `json:"item"`      // 0: the copy of a comply statement
	Path      string          `json:"path"`      // "copy" for that
	Value     json.RawMessage `json:"value"`
}

func (h *holding) report(now time.Time) (*Report, error) {
	c := h.chain
	r := &Report{Card: c.Root(), State: c.State(), Chain: c}
	versions := c.Versions()
	telling := versions[0]
	if v, ok := c.Agreed(); ok && r.State != relcard.StateFrozen {
		telling, r.InForce = v, v.ID
	}
	r.Person, r.Vendor, r.Terms = telling.Body.Person, telling.Body.Vendor, telling.Body.Terms
	if v, ok := c.Ended(); ok {
		r.Ended = v.Body.End
	}
	if f := c.Fork(); f != nil {
		r.Fork = f.Error()
	}
	said := h.statements()
	for _, v := range versions {
		version := versionReport(v, h.keys)
		version.Declined = declined(&v, said)
		r.Versions = append(r.Versions, version)
	}
	for _, s := range said {
		r.Statements = append(r.Statements, statementReport(s, h.keys))
	}
	r.Missing = missing(versions, said)
	var err error
	if r.Data, err = h.data(now); err != nil {
		return nil, err
	}
	r.Shown, err = h.shown()
	return r, err
}

func versionReport(v relcard.Version, keys identity.KeySource) VersionReport {
	r := VersionReport{ID: v.ID, Seq: v.Body.Seq, State: v.State(), Time: v.Body.Time, Terms: v.Body.Terms}
	if v.Body.Total != nil {
		r.Total = v.Body.Total.String()
	}
	for _, e := range []*identity.Envelope{v.Signed.Person, v.Signed.Vendor} {
		if e != nil {
			r.Signatures = append(r.Signatures, signature(e, keys))
		}
	}
	return r
}

// declined is the first of the statements that says no to v.
func declined(v *relcard.Version, said []statement.Statement) *Declined {
	if v.Countersigned() {
		return nil
	}
	for _, s := range said {
		if c, ok := decline.Of(v, &s); ok {
			return &Declined{Statement: s.ID, By: s.Body.By, Time: s.Body.Time, Reason: c.Reason}
		}
	}
	return nil
}

func statementReport(s statement.Statement, keys identity.KeySource) StatementReport {
	b := &s.Body
	return StatementReport{
		ID: s.ID, By: b.By, Seq: b.Seq, Kind: b.Kind, Time: b.Time, Answers: b.Answers, Seen: b.Seen,
		Signature: signature(&s.Signed.Envelope, keys),
	}
}

func signature(e *identity.Envelope, keys identity.KeySource) Signature {
	s := Signature{Role: e.Role, Signer: e.Signer, Time: e.Time, KeyVersion: e.KeyVersion}
	if p, err := keys.SigningKeys(e.Signer, e.KeyVersion); err == nil { // a did:key has no log
		s.KeySince, s.KeyUntil = identity.At(p.From), identity.At(p.Until)
	}
	return s
}

// missing tells what is named by those who signed and is not at hand: left out
// of the file, or never known to the copy that it was made from. A card's
// proffer is missed only where there are statements.
func missing(versions []relcard.Version, all []statement.Statement) []string {
	if len(all) == 0 {
		return nil
	}
	said := make(map[dagcbor.CID]identity.Role)
	for _, s := range all {
		said[s.ID] = s.Body.By
	}
	var out []string
	miss := func(who, does string, id dagcbor.CID, by identity.Role) {
		if !id.IsZero() && said[id] != by {
			out = append(out, fmt.Sprintf("%s %s a statement of the %s, %s, that is not here", who, does, by, id))
		}
	}
	for _, v := range versions {
		miss(fmt.Sprintf("version %d", v.Body.Seq), "names", v.Body.Proffer, identity.RolePerson)
	}
	for _, s := range all {
		who, other := fmt.Sprintf("%s statement %d", s.Body.By, s.Body.Seq), otherSide(s.Body.By)
		miss(who, "had seen", s.Body.Seen, other)
		if s.Body.Answers != s.Body.Seen {
			miss(who, "answers", s.Body.Answers, other)
		}
	}
	return out
}

func otherSide(r identity.Role) identity.Role {
	if r == identity.RolePerson {
		return identity.RoleVendor
	}
	return identity.RolePerson
}
