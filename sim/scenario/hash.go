package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Hash returns the SHA-256, in hex, of the scenario as canonical JSON: every
// field with its value, keys sorted, no white space, numbers as short as they
// are exact. Of the files that the scenario names, their content counts and not
// their paths. Two files that mean the same have the same hash.
func (s Scenario) Hash() (string, error) {
	if s.Network.Digest != "" {
		s.Network.File = ""
	}
	if s.Constants != nil {
		s.Calibration = ""
	}
	if err := s.plainAxes(); err != nil {
		return "", fmt.Errorf("hash the scenario: %w", err)
	}
	text, err := canonical(s)
	if err != nil {
		return "", fmt.Errorf("hash the scenario: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// plainValues are an axis' values as the field has them: 1 is 1.0 in a number.
func (s Scenario) plainValues(axis Axis) ([]any, error) {
	out := make([]any, len(axis.Values))
	for i, value := range axis.Values {
		if err := s.Set(axis.Field, value); err != nil {
			return nil, err
		}
		out[i], _ = s.Get(axis.Field)
	}
	return out, nil
}

// canonical goes through a map, whose keys encoding/json sorts.
func canonical(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}
