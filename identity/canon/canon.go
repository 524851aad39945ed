// Package canon brings JSON to the canonical form of RFC 8785, in which what is
// signed or hashed has one spelling. The work is gowebpki/jcs's; here is a quick
// look that spares it for what is plainly canonical already, as nearly all is
// that was brought to that form before.
package canon

import (
	"fmt"

	"github.com/gowebpki/jcs"
)

// Transform returns the canonical form of one JSON value. It may be b itself. The
// error does not quote b.
func Transform(b []byte) ([]byte, error) {
	if plain(b) {
		return b, nil
	}
	c, err := jcs.Transform(b)
	if err != nil {
		return nil, fmt.Errorf("not strict JSON: %w", err)
	}
	return c, nil
}

// mostNested is how deep plain looks.
const mostNested = 16

// plain reports whether b is the canonical form of its JSON, for sure: an object
// or array of printable ASCII without escapes, the names of an object in
// rising order, no number but whole ones of at most 15 digits. Of other JSON it
// says false, whether it is canonical or not.
func plain(b []byte) bool {
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return false // jcs takes nothing else either, as of now
	}
	rest, ok := value(b, mostNested)
	return ok && len(rest) == 0
}

// value returns what is behind the plain value that b begins with.
func value(b []byte, nested int) (rest []byte, ok bool) {
	if len(b) == 0 || nested == 0 {
		return nil, false
	}
	switch b[0] {
	case '{':
		return object(b[1:], nested-1)
	case '[':
		return array(b[1:], nested-1)
	case '"':
		_, rest, ok = text(b)
		return rest, ok
	}
	for _, word := range []string{"true", "false", "null"} {
		if len(b) >= len(word) && string(b[:len(word)]) == word {
			return b[len(word):], true
		}
	}
	return number(b)
}

func object(b []byte, nested int) (rest []byte, ok bool) {
	if len(b) > 0 && b[0] == '}' {
		return b[1:], true
	}
	for before := []byte(nil); ; {
		name, rest, ok := text(b)
		if !ok || before != nil && string(name) <= string(before) || len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		before = name
		if b, ok = value(rest[1:], nested); !ok || len(b) == 0 {
			return nil, false
		}
		switch b[0] {
		case '}':
			return b[1:], true
		case ',':
			b = b[1:]
		default:
			return nil, false
		}
	}
}

func array(b []byte, nested int) (rest []byte, ok bool) {
	if len(b) > 0 && b[0] == ']' {
		return b[1:], true
	}
	for {
		if b, ok = value(b, nested); !ok || len(b) == 0 {
			return nil, false
		}
		switch b[0] {
		case ']':
			return b[1:], true
		case ',':
			b = b[1:]
		default:
			return nil, false
		}
	}
}

// text returns what is between the quotes that b begins with. In ASCII the order
// of bytes is that of UTF-16's units, which RFC 8785 sorts by.
func text(b []byte) (inside, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for i, c := range b[1:] {
		switch {
		case c == '"':
			return b[1 : i+1 : i+1], b[i+2:], true
		case c < ' ', c >= 0x7f, c == '\\':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// number takes a whole number without sign, fraction or exponent that a double
// holds exactly.
func number(b []byte) (rest []byte, ok bool) {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n == 0 || n > 15 || n > 1 && b[0] == '0' || n < len(b) && (b[n] == '.' || b[n] == 'e' || b[n] == 'E') {
		return nil, false
	}
	return b[n:], true
}
