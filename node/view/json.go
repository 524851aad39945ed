package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// MaxJSONDepth is the deepest nesting of arrays and objects [DecodeJSON] reads.
const MaxJSONDepth = 32

// DecodeJSON reads the one JSON value in b into v, more strictly than
// encoding/json: a name v does not have, a name twice in one object (names
// that differ in case alone are one, for encoding/json takes them so), nesting
// beyond [MaxJSONDepth] and anything after the value are errors that say
// where. The caller bounds len(b). On error *v holds nothing to be used.
func DecodeJSON(b []byte, v any) error {
	if err := scanJSON(b); err != nil {
		return err
	}
	if string(bytes.TrimSpace(b)) == "null" { // encoding/json would leave v as it is: an order to forget all it holds
		return errors.New("null where a JSON value should be")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return jsonError(b, err)
	}
	return nil
}

// jsonError says in plain words what encoding/json found.
func jsonError(b []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF) && len(bytes.TrimSpace(b)) == 0:
		return errors.New("nothing where a JSON value should be")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("JSON breaks off before its end")
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, err)
	case errors.As(err, &kind) && kind.Field != "":
		return Invalid(kind.Field, "is a %s, wants %s", kind.Value, kind.Type)
	default:
		return err
	}
}

// object is one array or object that a scan is within.
type object struct {
	names map[string]bool // nil: an array
	name  bool            // the next token is a name
}

// scanJSON checks what encoding/json lets pass.
func scanJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var open []object
	for first := true; first || len(open) > 0; first = false {
		tok, err := dec.Token()
		if err != nil {
			return jsonError(b, err)
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

// enter follows one token into or out of arrays and objects.
func enter(open []object, tok json.Token) ([]object, error) {
	if d, ok := tok.(json.Delim); ok && (d == ']' || d == '}') {
		open = open[:len(open)-1]
		return afterValue(open), nil
	}
	if n := len(open); n > 0 && open[n-1].name {
		name := tok.(string)
		key := strings.Map(foldRune, name)
		if open[n-1].names[key] {
			return nil, fmt.Errorf("%.80q is there twice", name)
		}
		open[n-1].names[key] = true
		open[n-1].name = false
		return open, nil
	}
	d, ok := tok.(json.Delim)
	if !ok {
		return afterValue(open), nil
	}
	if len(open) == MaxJSONDepth {
		return nil, fmt.Errorf("nested more than %d deep", MaxJSONDepth)
	}
	if d == '{' {
		return append(open, object{names: map[string]bool{}, name: true}), nil
	}
	return append(open, object{}), nil
}

func afterValue(open []object) []object {
	if n := len(open); n > 0 && open[n-1].names != nil {
		open[n-1].name = true
	}
	return open
}

// foldRune returns the first of the letters that encoding/json takes for r.
func foldRune(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
