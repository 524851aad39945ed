package profile

import (
	"fmt"
	"strings"
)

// maxID is the longest id after the slash, in bytes.
const maxID = 64

// Path names one piece: "name", "emails/work", "addresses/home". The package
// comment lists them all. An id is 1 to 64 letters, digits, '-' and '_'
// (RFC 9553 §1.4.1 with a smaller bound), and its case counts.
type Path string

// ParsePath reads a path and accepts no other spelling of it.
func ParsePath(s string) (Path, error) {
	if _, err := kindAt(Path(s)); err != nil {
		return "", err
	}
	return Path(s), nil
}

// Kind returns the part before the slash: "emails" of "emails/work".
func (p Path) Kind() string {
	kind, _, _ := strings.Cut(string(p), "/")
	return kind
}

// ID returns the part after the slash, or "" for a path without one.
func (p Path) ID() string {
	_, id, _ := strings.Cut(string(p), "/")
	return id
}

// kindAt returns the kind of piece at p, or what is wrong with p.
func kindAt(p Path) (*kind, error) {
	name, id, keyed := strings.Cut(string(p), "/")
	k := kindNamed(name)
	switch {
	case k == nil:
		return nil, fmt.Errorf("path %.80q: no such kind of piece", string(p))
	case k.many && !keyed:
		return nil, fmt.Errorf("path %q: which of them? as in %q", string(p), name+"/home")
	case !k.many && keyed:
		return nil, fmt.Errorf("path %.80q: there is but one %s", string(p), name)
	case k.many && !validID(id):
		return nil, fmt.Errorf("path %.80q: the id is not 1 to %d letters, digits, '-' and '_'", string(p), maxID)
	}
	return k, nil
}

func validID(s string) bool {
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxID
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
