package webvh

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
)

// Verify proves a log: every entry's place in the hash chain, its signature
// by a key the log itself allows, the rules for parameters, and, where the log
// asks for them, its witnesses, whose proofs stand in the content of
// did-witness.json (nil where there is none). An entry dated after now is
// refused, by as little as it may be: a caller who forgives clocks that run
// ahead passes a later now.
//
// It proves that one controller wrote the whole log, not that it is the
// whole log: an older copy verifies too. Errors are [*InvalidError].
func Verify(l *Log, witnesses []byte, now time.Time) (*History, error) {
	r, err := replay(l, now)
	if err != nil {
		return nil, err
	}
	if err := l.checkWitnesses(r.required, witnesses, now); err != nil {
		return nil, err
	}
	return &History{r.versions}, nil
}

// replayed is what following a log from its start yields.
type replayed struct {
	scid     string
	last     *entry    // nil at the start
	now      settings  // in force after last
	versions []Version // one an entry
	required []Witness // who must witness, one an entry
}

// replay verifies everything but the witnesses' proofs.
func replay(l *Log, now time.Time) (*replayed, error) {
	r := &replayed{now: settings{ttl: defaultTTL}}
	for i, e := range l.entries {
		if reason, err := r.add(e, now); err != nil {
			return nil, invalid(i+1, reason, "%w", err)
		}
	}
	return r, nil
}

// add verifies one entry and takes it in. The checks run from the cheap to
// the dear.
func (r *replayed) add(e *entry, now time.Time) (reason string, err error) {
	if r.last != nil && r.now.deactivated {
		return reasonDeactivated, errors.New("the entry before it deactivates the log")
	}
	if want := len(r.versions) + 1; e.number != want {
		return reasonNumber, fmt.Errorf("version number is %d, want %d", e.number, want)
	}
	if err := r.checkTime(e, now); err != nil {
		return reasonTime, err
	}
	if err := r.checkParameters(e.parameters); err != nil {
		return reasonParameters, err
	}
	if reason, err := r.checkSCID(e); err != nil {
		return reason, err
	}
	if err := r.checkDID(e); err != nil {
		return reasonDocument, err
	}
	prev := r.scid
	if r.last != nil {
		prev = r.last.versionID
	}
	if got := entryHash(e, prev); got != e.hash {
		return reasonHash, fmt.Errorf("versionId has hash %s, the entry has %s", e.hash, got)
	}
	after := r.now.with(e.parameters)
	var before *settings
	if r.last != nil {
		before = &r.now
	}
	if err := checkProofs(e, after.signers(before), now); err != nil {
		return reasonProof, err
	}
	v, err := version(e, &after)
	if err != nil {
		return reasonDocument, err
	}
	r.required = append(r.required, after.witnesses(before))
	r.take(e, v, after)
	return "", nil
}

func (r *replayed) take(e *entry, v Version, after settings) {
	if n := len(r.versions); n > 0 {
		r.versions[n-1].Until = e.time
	}
	r.versions = append(r.versions, v)
	r.last, r.now = e, after
}

func (r *replayed) checkTime(e *entry, now time.Time) error {
	if r.last != nil && !e.time.After(r.last.time) {
		return fmt.Errorf("versionTime %s is not later than %s of the entry before", e.versionTime, r.last.versionTime)
	}
	if e.time.After(now) {
		return fmt.Errorf("versionTime %s is in the future, it is %s", e.versionTime, formatTime(now))
	}
	return nil
}

func (r *replayed) checkParameters(p *parameters) error {
	if r.last == nil {
		return p.checkFirst()
	}
	return p.checkLater(&r.now)
}

// checkSCID verifies at the first entry that the SCID is its hash, and at
// every entry that the document is named by it.
func (r *replayed) checkSCID(e *entry) (reason string, err error) {
	if r.last == nil {
		claimed := *e.parameters.scid
		got, err := scidOf(e, claimed)
		if err != nil {
			return reasonSCID, err
		}
		if got != claimed {
			return reasonSCID, fmt.Errorf("scid is %s, the entry hashes to %s", claimed, got)
		}
		r.scid = claimed
	}
	if e.did.SCID != r.scid {
		return reasonSCID, fmt.Errorf("state.id has SCID %s, the log has %s", e.did.SCID, r.scid)
	}
	return "", nil
}

// checkDID allows the identifier to change only where the log is portable and
// the document names the identifier before (spec, "DID Portability").
func (r *replayed) checkDID(e *entry) error {
	if r.last == nil {
		return nil
	}
	before := r.last.did.DID()
	if e.did.DID() == before {
		return nil
	}
	if !r.now.portable {
		return fmt.Errorf("state.id changes from %s in a log that is not portable", before)
	}
	doc, err := e.state.object()
	if err != nil {
		return err
	}
	known, err := doc["alsoKnownAs"].texts()
	if err != nil || !slices.Contains(known, string(before)) {
		return fmt.Errorf("state.id changes, and alsoKnownAs does not have %s", before)
	}
	return nil
}

// checkProofs wants every proof to verify and to be by one of signers.
func checkProofs(e *entry, signers []string, now time.Time) error {
	document := sha256.Sum256(body(e.versionID, e.versionTime, e.parametersJSON, e.state))
	for i, p := range e.proofs {
		if !slices.Contains(signers, identity.Multikey(p.key)) {
			return fmt.Errorf("proof %d: key %s may not sign this entry", i+1, identity.Multikey(p.key))
		}
		if err := p.check(document, now); err != nil {
			return fmt.Errorf("proof %d: %w", i+1, err)
		}
	}
	return nil
}

// version puts together what entry e proves; s holds after it.
func version(e *entry, s *settings) (Version, error) {
	updateKeys, err := multikeys(s.updateKeys)
	if err != nil {
		return Version{}, err
	}
	v := Version{
		ID: e.versionID, Number: e.number, DID: e.did.DID(), Time: e.time,
		Document: []byte(e.state), UpdateKeys: updateKeys, NextKeyHashes: s.nextKeyHashes,
		Witness: s.witness, Watchers: s.watchers,
		Portable: s.portable, Deactivated: s.deactivated, TTL: s.ttl,
	}
	keys, err := assertionKeys(e.state, string(v.DID))
	if err != nil {
		return Version{}, err
	}
	if !v.Deactivated {
		v.Keys = keys
	}
	return v, nil
}
