// Package myterms reads and writes what sites publish about the agreements
// they accept, at /.well-known/myterms.json: the document a vendor's node
// serves ([Document]) and the one of tinyMyTerms ([Tiny]).
package myterms

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/relcard/terms"
)

// Path is where a site serves its document (RFC 8615).
const Path = "/.well-known/myterms.json"

// ErrIDAlone refuses an agreement that is named without its text: others have
// published different texts under the same id.
var ErrIDAlone = errors.New("an id without registry, version and hash names no text")

// Claim is an agreement as somebody else names it.
type Claim struct {
	ID       string `json:"id"`
	Registry string `json:"registry,omitempty"`
	Version  string `json:"version,omitempty"`
	SHA256   string `json:"sha256,omitempty"` // hex in either case, "sha256:" and hex, or "sha256-" and base64 (W3C SRI)
}

// Resolve returns the agreement of the bundled roster that c names. The hash
// decides: another registry that publishes the very text of the roster, under
// the same id and whatever version, means the same agreement. All four parts
// must be there. The error wraps ErrIDAlone or one of those of
// [terms.Ref.Check].
func Resolve(c Claim) (terms.Ref, error) {
	if c.ID == "" || c.Registry == "" || c.Version == "" || c.SHA256 == "" {
		return terms.Ref{}, fmt.Errorf("terms %.40q: %w", c.ID, ErrIDAlone)
	}
	sum, err := readHash(c.SHA256)
	if err != nil {
		return terms.Ref{}, fmt.Errorf("terms %.40q: %w: %w", c.ID, terms.ErrHash, err)
	}
	r := terms.Ref{ID: c.ID, Registry: c.Registry, Version: c.Version, SHA256: sum}
	if a, ok := terms.Lookup(c.ID); ok && c.Registry != terms.Registry {
		if a.Ref.SHA256 != sum {
			return terms.Ref{}, fmt.Errorf("terms %.40q of registry %.40q are another text: %w", c.ID, c.Registry, terms.ErrHash)
		}
		r = a.Ref
	} else if !ok && c.Registry != terms.Registry {
		return terms.Ref{}, fmt.Errorf("terms %.40q of registry %.40q: %w", c.ID, c.Registry, terms.ErrID)
	}
	if err := r.Check(); err != nil {
		return terms.Ref{}, err
	}
	return r, nil
}

// readHash returns a SHA-256 in lower-case hex.
func readHash(s string) (string, error) {
	var b []byte
	var err error
	if sri, ok := strings.CutPrefix(s, "sha256-"); ok {
		b, err = base64.StdEncoding.Strict().DecodeString(sri)
	} else {
		b, err = hex.DecodeString(strings.TrimPrefix(s, "sha256:"))
	}
	if err != nil || len(b) != 32 {
		return "", fmt.Errorf("%.80q is not a SHA-256", s)
	}
	return hex.EncodeToString(b), nil
}
