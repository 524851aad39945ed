package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// UnmarshalJSON reads what encoding/json wrote of a scenario. It refuses keys
// it doesn't know, and gives an axis' values the type of its field.
func (s *Scenario) UnmarshalJSON(text []byte) error {
	type bare Scenario // without this method
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	var b bare
	if err := dec.Decode(&b); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	next := Scenario(b)
	if next.Constants != nil { // as a file that is read has them, whatever the white space
		plain, err := canonical(next.Constants)
		if err != nil {
			return fmt.Errorf("scenario: calibration_constants: %w", err)
		}
		next.Constants = plain
	}
	if err := next.plainAxes(); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	*s = next
	return nil
}

// plainAxes gives the axes' values the types of their fields.
func (s *Scenario) plainAxes() error {
	axes := make([]Axis, len(s.Sweep))
	for i, axis := range s.Sweep {
		values, err := s.plainValues(axis)
		if err != nil {
			return err
		}
		axes[i] = Axis{Field: axis.Field, Values: values}
	}
	if len(axes) > 0 {
		s.Sweep = axes
	}
	return nil
}
