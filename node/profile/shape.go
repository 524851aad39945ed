package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-network/parley/identity/canon"
)

// InvalidError says which field of which piece is wrong, and how.
type InvalidError struct {
	Path    Path
	Field   string // from the piece, such as "components[2].value"; "" for the whole
	Problem string
}

// Error returns "addresses/home: components[2].value: problem".
func (e *InvalidError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%.80s: %s", e.Path, e.Problem)
	}
	return fmt.Sprintf("%.80s: %.120s: %s", e.Path, e.Field, e.Problem)
}

// object is a JSON object as encoding/json reads it with UseNumber.
type object = map[string]any

// shape is one JSContact type: its properties and a rule over the whole.
type shape struct {
	typ   string // the value of "@type"
	typed bool   // whether "@type" is kept, being not implied
	props []prop
	rule  func(c *cleaner, at string, o object) error
}

// prop is one property. read returns what to keep of a value, nil for nothing.
type prop struct {
	name string
	need bool
	read reader
}

type reader func(c *cleaner, at string, v any) (any, error)

// cleaner carries one piece through the check. A lax one drops what this
// package does not keep, and remembers its name; else that is an error.
type cleaner struct {
	path    Path
	lax     bool
	dropped []string
}

func (c *cleaner) fault(at, format string, args ...any) error {
	return &InvalidError{Path: c.path, Field: at, Problem: fmt.Sprintf(format, args...)}
}

// unknown is met on a property or value outside the set kept.
func (c *cleaner) unknown(at, problem string) error {
	if !c.lax {
		return c.fault(at, "%s", problem)
	}
	c.dropped = append(c.dropped, string(c.path)+"/"+at)
	return nil
}

// clean checks v against the shape and returns its normal form.
func (s *shape) clean(c *cleaner, at string, v any) (object, error) {
	in, ok := v.(object)
	if !ok {
		return nil, c.fault(at, "is not an object")
	}
	out := object{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if err := s.cleanProp(c, at, name, in[name], out); err != nil {
			return nil, err
		}
	}
	for _, p := range s.props {
		if _, ok := out[p.name]; p.need && !ok {
			return nil, c.fault(join(at, p.name), "is missing")
		}
	}
	if s.typed {
		out["@type"] = s.typ
	}
	if s.rule != nil {
		if err := s.rule(c, at, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *shape) cleanProp(c *cleaner, at, name string, v any, out object) error {
	at = join(at, name)
	if name == "@type" {
		if v != s.typ {
			return c.fault(at, "is not %q", s.typ)
		}
		return nil
	}
	for _, p := range s.props {
		if p.name == name {
			kept, err := p.read(c, at, v)
			if kept != nil && err == nil {
				out[name] = kept
			}
			return err
		}
		// RFC 9553 §1.7.1: a name that differs only in case is invalid,
		// never unknown.
		if strings.EqualFold(p.name, name) {
			return c.fault(at, "is spelled %q", p.name)
		}
	}
	return c.unknown(at, "is not a property of "+s.typ+" kept here")
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// parse reads JSON strictly: no duplicate members, no broken text.
func parse(raw []byte) (any, error) {
	if len(raw) > 4*MaxPiece {
		return nil, fmt.Errorf("%d bytes, at most %d are kept", len(raw), MaxPiece)
	}
	return parseJSON(raw)
}

func parseJSON(raw []byte) (any, error) {
	if len(raw) == 0 {
		return nil, errors.New("is empty")
	}
	plain, err := canon.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	return v, nil
}

func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	b, err = canon.Transform(b)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b, nil
}

// newPiece checks a parsed value and encodes it.
func newPiece(path Path, v any, c *cleaner) (Piece, error) {
	k, err := kindAt(path)
	if err != nil {
		return Piece{}, err
	}
	o, err := k.shape.clean(c, "", v)
	if err != nil {
		return Piece{}, err
	}
	b, err := canonical(o)
	if err != nil {
		return Piece{}, &InvalidError{Path: path, Problem: err.Error()}
	}
	if len(b) > MaxPiece {
		return Piece{}, c.fault("", "%d bytes, at most %d are kept", len(b), MaxPiece)
	}
	return Piece{path, b}, nil
}

// one reads a nested object of shape s.
func one(s *shape) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		o, err := s.clean(c, at, v)
		if err != nil {
			return nil, err
		}
		return o, nil
	}
}

// list reads a list of 1 to most objects of shape s.
func list(s *shape, most int) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		in, ok := v.([]any)
		if !ok || len(in) == 0 || len(in) > most {
			return nil, c.fault(at, "is not a list of 1 to %d", most)
		}
		out := make([]any, len(in))
		for i, v := range in {
			o, err := s.clean(c, at+"["+strconv.Itoa(i)+"]", v)
			if err != nil {
				return nil, err
			}
			out[i] = o
		}
		return out, nil
	}
}

// keyed reads a map of 1 to most objects of shape s by id.
func keyed(s *shape, most int) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		in, ok := v.(object)
		if !ok || len(in) == 0 || len(in) > most {
			return nil, c.fault(at, "is not a map of 1 to %d", most)
		}
		out := object{}
		for _, id := range slices.Sorted(maps.Keys(in)) {
			if !validID(id) {
				return nil, c.fault(at, "%.40q is not an id", id)
			}
			o, err := s.clean(c, join(at, id), in[id])
			if err != nil {
				return nil, err
			}
			out[id] = o
		}
		return out, nil
	}
}
