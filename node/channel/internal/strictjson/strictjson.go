// Package strictjson reads JSON more strictly than encoding/json does.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const maxDepth = 16

// Decode reads the one JSON value in b into v. Names v does not have, names
// twice in one object, names with letters other than a to z (encoding/json
// would take "ID" for "id"), nulls, nesting beyond 16 and anything after the
// value are errors that say where. The caller bounds len(b). On error *v holds
// nothing to be used.
func Decode(b []byte, v any) error {
	if err := scan(b); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return explain(dec.Decode(v))
}

func explain(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("JSON breaks off before its end")
	case errors.As(err, &kind):
		return fmt.Errorf("%s: is a %s, wants %s", kind.Field, kind.Value, kind.Type)
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, err)
	}
	return err
}

// level is one object or array that a scan is within.
type level struct {
	names map[string]bool // nil: an array
	value bool            // a name was read and its value comes next
}

func scan(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var open []level
	for first := true; first || len(open) > 0; first = false {
		tok, err := dec.Token()
		if err != nil {
			return explain(err)
		}
		if open, err = enter(open, tok); err != nil {
			return fmt.Errorf("at byte %d: %w", dec.InputOffset(), err)
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("at byte %d: more after the end of the value", dec.InputOffset())
	}
	return nil
}

// enter follows one token into or out of objects and arrays.
func enter(open []level, tok json.Token) ([]level, error) {
	if d, ok := tok.(json.Delim); ok && (d == '}' || d == ']') {
		return open[:len(open)-1], nil
	}
	if n := len(open); n > 0 && open[n-1].names != nil {
		top := &open[n-1]
		if top.value = !top.value; top.value {
			return open, top.name(tok.(string))
		}
	}
	d, ok := tok.(json.Delim)
	switch {
	case tok == nil:
		return nil, errors.New("null: what is not there is left out")
	case !ok:
		return open, nil
	case len(open) == maxDepth:
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	case d == '{':
		return append(open, level{names: map[string]bool{}}), nil
	}
	return append(open, level{}), nil
}

func (l *level) name(s string) error {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return fmt.Errorf("name %.80q is not all a-z, 0-9 and _", s)
	}
	if l.names[s] {
		return fmt.Errorf("name %.80q is there twice", s)
	}
	l.names[s] = true
	return nil
}
