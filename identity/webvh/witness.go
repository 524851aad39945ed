package webvh

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
)

// Witness says who must witness the versions of a log: at least Threshold of
// Keys, which differ. The zero Witness means nobody.
type Witness struct {
	Threshold int
	Keys      []ed25519.PublicKey
}

// parseWitness reads the witness parameter: {} or a threshold from 1 to the
// number of distinct witnesses. A malformed one never means "nobody".
func parseWitness(c canon) (Witness, error) {
	m, err := c.objectOf("threshold", "witnesses")
	if err != nil || len(m) == 0 {
		return Witness{}, err
	}
	list, err := m["witnesses"].array()
	if err != nil {
		return Witness{}, fmt.Errorf("witnesses: %w", err)
	}
	w := Witness{}
	for i, e := range list {
		key, err := parseWitnessID(e)
		if err != nil {
			return Witness{}, fmt.Errorf("witnesses: element %d: %w", i, err)
		}
		if w.has(key) {
			return Witness{}, fmt.Errorf("witnesses: element %d is there twice", i)
		}
		w.Keys = append(w.Keys, key)
	}
	if w.Threshold, err = m["threshold"].natural(len(w.Keys)); err != nil || w.Threshold < 1 {
		return Witness{}, fmt.Errorf("threshold is not a whole number from 1 to %d, the number of witnesses", len(w.Keys))
	}
	return w, nil
}

// parseWitnessID reads {"id": DID}, where a bare Multikey stands for its
// did:key.
func parseWitnessID(c canon) (ed25519.PublicKey, error) {
	m, err := c.objectOf("id")
	if err != nil {
		return nil, err
	}
	id, err := m["id"].text()
	if err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	key, err := identity.ParseMultikey(strings.TrimPrefix(id, "did:key:"))
	if err != nil {
		return nil, fmt.Errorf("id %.80q: %w", id, err)
	}
	return key, nil
}

func (w Witness) has(key ed25519.PublicKey) bool {
	for _, k := range w.Keys {
		if k.Equal(key) {
			return true
		}
	}
	return false
}

// value returns w as the value of the witness parameter.
func (w Witness) value() any {
	if w.Threshold == 0 {
		return struct{}{}
	}
	ids := make([]map[string]string, len(w.Keys))
	for i, k := range w.Keys {
		ids[i] = map[string]string{"id": string(identity.KeyDID(k))}
	}
	return map[string]any{"threshold": w.Threshold, "witnesses": ids}
}

// attestations are the proofs of a witness file, by versionId.
type attestations map[string][]*proof

// parseAttestations reads a did-witness.json file. A proof that is not one of
// ours in form is dropped, as one that does not verify would be; JSON of
// another shape is an error.
func parseAttestations(file []byte) (attestations, error) {
	a := make(attestations)
	if len(file) == 0 {
		return a, nil
	}
	if len(file) > maxLog {
		return nil, fmt.Errorf("witness file has %d bytes, the most is %d", len(file), maxLog)
	}
	c, err := canonical(file)
	if err != nil {
		return nil, fmt.Errorf("witness file: %w", err)
	}
	list, err := c.array()
	if err != nil {
		return nil, fmt.Errorf("witness file: %w", err)
	}
	for i, c := range list {
		if err := a.read(c); err != nil {
			return nil, fmt.Errorf("witness file: element %d: %w", i, err)
		}
	}
	return a, nil
}

func (a attestations) read(c canon) error {
	m, err := c.objectOf("versionId", "proof")
	if err != nil {
		return err
	}
	id, err := m["versionId"].text()
	if err != nil {
		return fmt.Errorf("versionId: %w", err)
	}
	list, err := m["proof"].array()
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	for _, c := range list {
		if p, err := parseProof(c); err == nil {
			a[id] = append(a[id], p)
		}
	}
	return nil
}

// attested is what a witness signs: the versionId, which is a hash over the
// entry and, through the entries before it, over the whole log.
func attested(versionID string) canon {
	return canon(`{"versionId":"` + versionID + `"}`)
}

// checkWitnesses verifies that each entry was witnessed as needed: by the
// threshold of distinct witnesses, each with a valid proof over that entry or
// a later one of this log. required has who must witness, entry by entry.
func (l *Log) checkWitnesses(required []Witness, file []byte, now time.Time) error {
	proofs, err := parseAttestations(file)
	if err != nil {
		return invalid(0, reasonWitness, "%w", err)
	}
	newest := make(map[string]int) // witness key → number of the newest entry it witnessed
	for i, w := range required {
		count := 0
		for _, key := range w.Keys {
			n, known := newest[string(key)]
			if !known {
				n = l.newestBy(key, proofs, now)
				newest[string(key)] = n
			}
			if n >= i+1 {
				count++
			}
		}
		if count < w.Threshold {
			return invalid(i+1, reasonWitness, "%d of %d needed witnesses have signed it or a later entry", count, w.Threshold)
		}
	}
	return nil
}

// newestBy returns the number of the newest entry with a valid proof by key,
// or 0.
func (l *Log) newestBy(key ed25519.PublicKey, proofs attestations, now time.Time) int {
	for i := len(l.entries) - 1; i >= 0; i-- {
		id := l.entries[i].versionID
		for _, p := range proofs[id] {
			if p.key.Equal(key) && p.check(sha256.Sum256(attested(id)), now) == nil {
				return i + 1
			}
		}
	}
	return 0
}

// Attest makes a did-witness.json file in which each of the witnesses approves
// version versionID, and so all versions before it. A witness verifies the log
// with the new entry before it signs.
func Attest(versionID string, now time.Time, witnesses ...ed25519.PrivateKey) ([]byte, error) {
	if _, _, err := splitVersionID(versionID); err != nil {
		return nil, fmt.Errorf("attest: %w", err)
	}
	if len(witnesses) == 0 {
		return nil, errors.New("attest: no witness")
	}
	list := make([]map[string]string, 0, len(witnesses))
	for _, key := range witnesses {
		p, err := sign(key, attested(versionID), now)
		if err != nil {
			return nil, fmt.Errorf("attest: %w", err)
		}
		list = append(list, p)
	}
	return canonicalOf([]any{map[string]any{"versionId": versionID, "proof": list}})
}
