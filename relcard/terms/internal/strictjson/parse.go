// Package strictjson reads JSON of strangers more strictly than encoding/json:
// a name twice in one object, a name that is not known in exactly that case,
// null, broken text, deep nesting, too many bytes and anything after the value
// are errors that say where.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The bounds of a document.
const (
	MaxBytes = 64 << 10
	MaxDepth = 16
)

// Parse reads the one JSON value in b: map[string]any, []any, string,
// json.Number or bool, nested.
func Parse(b []byte) (any, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%d bytes of JSON, the most is %d", len(b), MaxBytes)
	}
	if !utf8.Valid(b) {
		return nil, errors.New("JSON is not UTF-8")
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(b))}
	p.dec.UseNumber()
	v, err := p.value("", 0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("at byte %d: more after the end of the value", p.dec.InputOffset())
	}
	return v, nil
}

type parser struct{ dec *json.Decoder }

// token reads the next token, which must be there.
func (p parser) token() (json.Token, error) {
	tok, err := p.dec.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("JSON breaks off at byte %d", p.dec.InputOffset())
	case err != nil:
		return nil, fmt.Errorf("not JSON at byte %d: %w", p.dec.InputOffset(), err)
	}
	return tok, nil
}

func (p parser) value(path string, depth int) (any, error) {
	tok, err := p.token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case json.Delim:
		if depth == MaxDepth {
			return nil, at(path, "nested more than %d deep", MaxDepth)
		}
		if t == '{' {
			return p.object(path, depth)
		}
		return p.array(path, depth)
	case nil:
		return nil, at(path, "null; leave out what is not there")
	case string:
		return t, text(path, t)
	default:
		return t, nil
	}
}

func (p parser) object(path string, depth int) (any, error) {
	m := map[string]any{}
	for p.dec.More() {
		tok, err := p.token()
		if err != nil {
			return nil, err
		}
		name := tok.(string) // the decoder lets nothing else stand there
		if err := text(path, name); err != nil {
			return nil, err
		}
		if _, twice := m[name]; twice {
			return nil, at(path, "%.80q is there twice", name)
		}
		if m[name], err = p.value(join(path, name), depth+1); err != nil {
			return nil, err
		}
	}
	_, err := p.token()
	return m, err
}

func (p parser) array(path string, depth int) (any, error) {
	list := []any{}
	for p.dec.More() {
		v, err := p.value(fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := p.token()
	return list, err
}

// text refuses what encoding/json puts in place of half a surrogate pair.
func text(path, s string) error {
	if strings.ContainsRune(s, utf8.RuneError) {
		return at(path, "%.80q has a broken character", s)
	}
	return nil
}

// join adds a name to a path, cut short: a path is for a reader of an error.
func join(path, name string) string {
	if len(name) > 40 {
		name = strings.ToValidUTF8(name[:40], "") + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// at says where, then what.
func at(path, format string, args ...any) error {
	if path == "" {
		return fmt.Errorf(format, args...)
	}
	return fmt.Errorf("%s: %w", path, fmt.Errorf(format, args...))
}
