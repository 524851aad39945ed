package archive

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// Report is what a verified card says, for people and for programs.
type Report struct {
	Card     dagcbor.CID     `json:"card"` // id of the first version
	State    relcard.State   `json:"state"`
	Fork     string          `json:"fork,omitempty"` // what forked, when State is frozen
	Person   relcard.Party   `json:"person"`
	Vendor   relcard.Party   `json:"vendor"`
	Terms    terms.Ref       `json:"terms"`            // that bind, or that are proposed while nothing binds
	InForce  dagcbor.CID     `json:"inForce,omitzero"` // the version both signed last
	Ended    *relcard.End    `json:"ended,omitempty"`  // who ended it, when State is ended
	Versions []VersionReport `json:"versions"`         // by seq
	Chain    relcard.Chain   `json:"-"`                // the card itself
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

// Verify checks every key log, version and envelope of b as of now, with
// nothing but b, and reports what they say. A forked card verifies: its
// report has State frozen and says what forked.
func Verify(b Bundle, now time.Time) (*Report, error) {
	ring, err := keyring(b, now)
	if err != nil {
		return nil, err
	}
	chain, err := relcard.NewChain(b.Versions, ring, now)
	if fork := (*relcard.ForkError)(nil); err != nil && !errors.As(err, &fork) {
		return nil, err
	}
	if len(b.Versions) == 0 {
		return nil, refuse("no versions")
	}
	return report(chain, ring), nil
}

// keyring verifies the key logs, each of which must be a party's.
func keyring(b Bundle, now time.Time) (relcard.Keyring, error) {
	parties := make(map[identity.DID]bool)
	for _, s := range b.Versions {
		body, _, err := relcard.DecodeBody(s.Raw)
		if err != nil {
			return relcard.Keyring{}, err
		}
		parties[body.Person.DID], parties[body.Vendor.DID] = true, true
	}
	var histories []*webvh.History
	for _, k := range b.Logs {
		if !parties[k.DID] {
			return relcard.Keyring{}, refuse("key log of %.80q, who is no party, or is there twice", string(k.DID))
		}
		delete(parties, k.DID)
		h, err := history(k, now)
		if err != nil {
			return relcard.Keyring{}, fmt.Errorf("%w: key log of %.80s: %w", relcard.ErrSignature, k.DID, err)
		}
		histories = append(histories, h)
	}
	return relcard.NewKeyring(histories...), nil
}

func history(k KeyLog, now time.Time) (*webvh.History, error) {
	l, err := webvh.Parse(k.Log)
	if err != nil {
		return nil, err
	}
	h, err := webvh.Verify(l, k.Witness, now)
	if err != nil {
		return nil, err
	}
	if !h.Names(k.DID) {
		return nil, fmt.Errorf("it is the log of %.80s", h.DID())
	}
	return h, nil
}

func report(c relcard.Chain, keys identity.KeySource) *Report {
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
	for _, v := range versions {
		r.Versions = append(r.Versions, versionReport(v, keys))
	}
	return r
}

func versionReport(v relcard.Version, keys identity.KeySource) VersionReport {
	r := VersionReport{ID: v.ID, Seq: v.Body.Seq, State: v.State(), Time: v.Body.Time, Terms: v.Body.Terms}
	if v.Body.Total != nil {
		r.Total = v.Body.Total.String()
	}
	for _, e := range []*identity.Envelope{v.Signed.Person, v.Signed.Vendor} {
		if e == nil {
			continue
		}
		s := Signature{Role: e.Role, Signer: e.Signer, Time: e.Time, KeyVersion: e.KeyVersion}
		if p, err := keys.SigningKeys(e.Signer, e.KeyVersion); err == nil { // a did:key has no log
			s.KeySince, s.KeyUntil = identity.At(p.From), identity.At(p.Until)
		}
		r.Signatures = append(r.Signatures, s)
	}
	return r
}
