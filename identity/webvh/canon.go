package webvh

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gowebpki/jcs"
)

// maxDepth bounds how deeply objects and arrays of foreign JSON may nest.
const maxDepth = 32

// canon is one JSON value in its canonical form (RFC 8785): no white space,
// sorted unique keys, one spelling for each string and number. All reading
// goes through it, so what is read is exactly what was hashed and signed.
type canon []byte

// canonical checks b as strict JSON (valid UTF-8, no duplicate keys, bounded
// depth, nothing after the value) and returns its canonical form.
func canonical(b []byte) (canon, error) {
	if err := checkDepth(b); err != nil {
		return nil, err
	}
	c, err := jcs.Transform(b)
	if err != nil {
		return nil, fmt.Errorf("not strict JSON: %w", err)
	}
	return c, nil
}

// canonicalOf returns the canonical form of a value of our own.
func canonicalOf(v any) (canon, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	return canonical(b)
}

func checkDepth(b []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("JSON nests deeper than %d at byte %d", maxDepth, i)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// span returns the length of the value at the start of c.
func (c canon) span() int {
	depth, inString := 0, false
	for i := 0; i < len(c); i++ {
		b := c[i]
		switch {
		case inString && b == '\\':
			i++
			continue
		case b == '"':
			inString = !inString
		case inString:
			continue
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			if depth == 0 {
				return i
			}
			depth--
		case (b == ',' || b == ':') && depth == 0:
			return i
		default:
			continue
		}
		if depth == 0 && !inString {
			return i + 1
		}
	}
	return len(c)
}

var errNotObject = errors.New("not a JSON object")

// object returns the members of a JSON object.
func (c canon) object() (map[string]canon, error) {
	if len(c) < 2 || c[0] != '{' {
		return nil, errNotObject
	}
	members := make(map[string]canon, 8)
	for rest := c[1:]; rest[0] != '}'; {
		n := rest.span()
		name, err := rest[:n].text()
		if err != nil {
			return nil, err
		}
		rest = rest[n+1:] // the colon
		n = rest.span()
		members[name] = rest[:n:n]
		rest = rest[n:]
		if rest[0] == ',' {
			rest = rest[1:]
		}
	}
	return members, nil
}

// objectOf returns the members of a JSON object that may have no others than
// those named.
func (c canon) objectOf(known ...string) (map[string]canon, error) {
	members, err := c.object()
	if err != nil {
		return nil, err
	}
	left := len(members)
	for _, k := range known {
		if _, ok := members[k]; ok {
			left--
		}
	}
	if left == 0 {
		return members, nil
	}
	for name := range members {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown property %.40q", name)
		}
	}
	return members, nil
}

// array returns the elements of a JSON array.
func (c canon) array() ([]canon, error) {
	if len(c) < 2 || c[0] != '[' {
		return nil, errors.New("not a JSON array")
	}
	var elems []canon
	for rest := c[1:]; rest[0] != ']'; {
		n := rest.span()
		elems = append(elems, rest[:n:n])
		rest = rest[n:]
		if rest[0] == ',' {
			rest = rest[1:]
		}
	}
	return elems, nil
}

// text returns the content of a JSON string.
func (c canon) text() (string, error) {
	if len(c) < 2 || c[0] != '"' {
		return "", errors.New("not a JSON string")
	}
	if bytes.IndexByte(c, '\\') < 0 {
		return string(c[1 : len(c)-1]), nil
	}
	var s string
	if err := json.Unmarshal(c, &s); err != nil {
		return "", fmt.Errorf("not a JSON string: %w", err)
	}
	return s, nil
}

// texts returns the content of a JSON array of strings that differ.
func (c canon) texts() ([]string, error) {
	elems, err := c.array()
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(elems))
	seen := make(map[string]bool, len(elems))
	for i, e := range elems {
		s, err := e.text()
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		if seen[s] {
			return nil, fmt.Errorf("element %d: %.80q is there twice", i, s)
		}
		seen[s] = true
		list = append(list, s)
	}
	return list, nil
}

// boolean returns a JSON true or false.
func (c canon) boolean() (bool, error) {
	switch string(c) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("not true or false")
}

// natural returns a JSON number that is a whole number from 0 to max.
func (c canon) natural(max int) (int, error) {
	n := 0
	for _, b := range c {
		if b < '0' || b > '9' || n > max {
			return 0, fmt.Errorf("not a whole number from 0 to %d", max)
		}
		n = 10*n + int(b-'0')
	}
	if len(c) == 0 || n > max {
		return 0, fmt.Errorf("not a whole number from 0 to %d", max)
	}
	return n, nil
}
