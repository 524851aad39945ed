package loyalty

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Kind is the kind of a signed statement whose content is a [Statement].
const Kind = "loyalty"

// statementVersion is the only version of Statement known here.
const statementVersion = 1

// maxStatement is the largest encoding read, in bytes.
const maxStatement = 8 << 10

// The levels of loyalty a person may state, from the least.
const (
	Tried     = "tried"     // bought once
	Returning = "returning" // came back
	Regular   = "regular"   // comes as a habit
	Devoted   = "devoted"   // comes here first
)

var levels = []string{Tried, Returning, Regular, Devoted}

// Statement is what a person says to a vendor of their own loyalty: how far it
// goes, since when, and in their own words. A newer one takes the place of an
// older one. It carries no personal data but what the person writes.
type Statement struct {
	Version    uint64        `cbor:"v" json:"v"`                                       // 1
	Text       string        `cbor:"text,omitempty" json:"text,omitempty"`             // at most 1 KiB, may have line ends
	Since      identity.Time `cbor:"since,omitzero" json:"since,omitzero"`             // a customer since
	Level      string        `cbor:"level" json:"level"`                               // one of the levels
	Programmes []string      `cbor:"programmes,omitempty" json:"programmes,omitempty"` // by name, as Attach gave them; at most 16
}

// NewStatement returns a statement of that level, of the version known here.
func NewStatement(level string) Statement { return Statement{Version: statementVersion, Level: level} }

// Check returns an [*InvalidError] that names the first field at fault.
func (s *Statement) Check() error {
	switch {
	case s.Version != statementVersion:
		return invalid("v", "version %d is not known", s.Version)
	case !slices.Contains(levels, s.Level):
		return invalid("level", "%.20q is not one of %q", s.Level, levels)
	case len(s.Programmes) > maxAttached:
		return invalid("programmes", "%d entries, at most %d are allowed", len(s.Programmes), maxAttached)
	}
	if s.Text != "" {
		if err := checkText("text", s.Text, maxNote, true); err != nil {
			return err
		}
	}
	for i, name := range s.Programmes {
		field := fmt.Sprintf("programmes[%d]", i)
		if err := checkText(field, name, maxName, false); err != nil {
			return err
		}
		if slices.Contains(s.Programmes[:i], name) {
			return invalid(field, "%.40q stands twice", name)
		}
	}
	return nil
}

// Encode checks the statement and returns its DAG-CBOR.
func (s *Statement) Encode() ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("encode loyalty: %w", err)
	}
	b, err := dagcbor.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode loyalty: %w", err)
	}
	return b, nil
}

// DecodeStatement reads what Encode wrote and nothing else.
func DecodeStatement(b []byte) (*Statement, error) {
	if len(b) > maxStatement {
		return nil, fmt.Errorf("decode loyalty: %d bytes, at most %d are read", len(b), maxStatement)
	}
	var s Statement
	if err := dagcbor.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("decode loyalty: %w", err)
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("decode loyalty: %w", err)
	}
	return &s, nil
}
