package loyalty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
)

// maxStored is the largest stored list, in bytes.
const maxStored = 1 << 20

const storedVersion = 1

type stored struct {
	Version    int      `json:"v"`
	Programmes []record `json:"programmes"`
}

// record is a Programme with its number in the open.
type record struct {
	Name   string        `json:"name"`
	Issuer string        `json:"issuer,omitempty"`
	Number string        `json:"number,omitempty"`
	Tier   string        `json:"tier,omitempty"`
	Since  identity.Time `json:"since,omitzero"`
	Until  identity.Time `json:"until,omitzero"`
	Note   string        `json:"note,omitempty"`
}

// Encode returns the node's stored form, JSON with the numbers in it: it is for
// the person's own store and backup.
func (l Programmes) Encode() ([]byte, error) {
	doc := stored{storedVersion, make([]record, len(l.list))}
	for i, p := range l.list {
		doc.Programmes[i] = record{p.Name, p.Issuer, p.Number.Reveal(), p.Tier, p.Since, p.Until, p.Note}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode programmes: %w", err)
	}
	return b, nil
}

// Decode reads the stored form and no other.
func Decode(b []byte) (Programmes, error) {
	if len(b) > maxStored {
		return Programmes{}, fmt.Errorf("decode programmes: %d bytes, at most %d are read", len(b), maxStored)
	}
	var doc stored
	if err := json.Unmarshal(b, &doc); err != nil {
		return Programmes{}, errors.New("decode programmes: is not the stored form") // the json error may quote a number
	}
	if doc.Version != storedVersion {
		return Programmes{}, fmt.Errorf("decode programmes: version %d is not known", doc.Version)
	}
	var l Programmes
	for _, r := range doc.Programmes {
		n, err := NewNumber(r.Number)
		if err != nil {
			return Programmes{}, fmt.Errorf("decode programmes: %w", err)
		}
		if l, err = l.Put(Programme{r.Name, r.Issuer, n, r.Tier, r.Since, r.Until, r.Note}); err != nil {
			return Programmes{}, fmt.Errorf("decode programmes: %w", err)
		}
	}
	if again, err := l.Encode(); err != nil || !bytes.Equal(again, b) {
		return Programmes{}, errors.New("decode programmes: not in the form it is stored in")
	}
	return l, nil
}
