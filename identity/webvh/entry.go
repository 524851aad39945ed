package webvh

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
)

// entry is one line of a log, read but not verified.
type entry struct {
	versionID      string
	number         int    // from versionID
	hash           string // from versionID
	versionTime    string // as written, which is what is hashed
	time           time.Time
	parametersJSON canon
	parameters     *parameters
	state          canon // the DID document
	did            ID    // its id
	proofs         []*proof
}

// parseEntry reads line n (from 1) of a log. Errors are *InvalidError.
func parseEntry(line []byte, n int) (*entry, error) {
	c, err := canonical(line)
	if err != nil {
		return nil, invalid(n, reasonJSON, "%w", err)
	}
	m, err := c.objectOf("versionId", "versionTime", "parameters", "state", "proof")
	if err != nil {
		return nil, invalid(n, reasonJSON, "%w", err)
	}
	e := new(entry)
	for _, part := range []struct {
		reason string
		read   func(m map[string]canon) error
	}{
		{reasonNumber, e.readVersionID},
		{reasonTime, e.readVersionTime},
		{reasonParameters, e.readParameters},
		{reasonDocument, e.readState},
		{reasonProof, e.readProofs},
	} {
		if err := part.read(m); err != nil {
			return nil, invalid(n, part.reason, "%w", err)
		}
	}
	return e, nil
}

func (e *entry) readVersionID(m map[string]canon) (err error) {
	if e.versionID, err = m["versionId"].text(); err != nil {
		return fmt.Errorf("versionId: %w", err)
	}
	e.number, e.hash, err = splitVersionID(e.versionID)
	return err
}

func (e *entry) readVersionTime(m map[string]canon) (err error) {
	if e.versionTime, err = m["versionTime"].text(); err != nil {
		return fmt.Errorf("versionTime: %w", err)
	}
	if e.time, err = parseTime(e.versionTime); err != nil {
		return fmt.Errorf("versionTime: %w", err)
	}
	return nil
}

func (e *entry) readParameters(m map[string]canon) (err error) {
	e.parametersJSON = m["parameters"]
	e.parameters, err = parseParameters(e.parametersJSON)
	return err
}

func (e *entry) readState(m map[string]canon) error {
	e.state = m["state"]
	doc, err := e.state.object()
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	id, err := doc["id"].text()
	if err != nil {
		return fmt.Errorf("state.id: %w", err)
	}
	if e.did, err = ParseID(identity.DID(id)); err != nil {
		return fmt.Errorf("state.id: %w", err)
	}
	return nil
}

// readProofs reads the proof, which the schema allows to be one object or an
// array of them.
func (e *entry) readProofs(m map[string]canon) error {
	list := []canon{m["proof"]}
	if _, err := m["proof"].object(); err != nil {
		if list, err = m["proof"].array(); err != nil {
			return errors.New("neither an object nor an array")
		}
	}
	if len(list) == 0 {
		return errors.New("none")
	}
	for i, c := range list {
		p, err := parseProof(c)
		if err != nil {
			return fmt.Errorf("proof %d: %w", i+1, err)
		}
		e.proofs = append(e.proofs, p)
	}
	return nil
}
