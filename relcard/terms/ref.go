// Package terms is the roster of agreements a card can stand under, bundled,
// pinned by hash and readable offline, and what each of them allows.
package terms

import (
	"errors"
	"fmt"
)

// Ref names one agreement for certain. An id alone is not enough: others have
// published different texts under the same id.
type Ref struct {
	ID       string `cbor:"id" json:"id"`             // "SD-BASE"
	Registry string `cbor:"registry" json:"registry"` // whose roster
	Version  string `cbor:"version" json:"version"`   // of the agreement's text
	SHA256   string `cbor:"sha256" json:"sha256"`     // of the agreement's text, 64 lower-case hex digits
}

// Why a Ref is refused.
var (
	ErrRegistry = errors.New("another registry's terms")
	ErrID       = errors.New("terms id not in the roster")
	ErrVersion  = errors.New("terms version not in the roster")
	ErrHash     = errors.New("terms text has another hash")
)

// Check reports whether r names an agreement of the bundled roster, in all
// four parts; the error wraps ErrRegistry, ErrID, ErrVersion or ErrHash.
func (r Ref) Check() error {
	if r.Registry != Registry {
		return fmt.Errorf("terms %.40q of registry %.40q, this is %s: %w", r.ID, r.Registry, Registry, ErrRegistry)
	}
	a, ok := Lookup(r.ID)
	switch {
	case !ok:
		return fmt.Errorf("terms %.40q: %w", r.ID, ErrID)
	case r.Version != a.Ref.Version:
		return fmt.Errorf("terms %s version %.20q, known is %s: %w", r.ID, r.Version, a.Ref.Version, ErrVersion)
	case r.SHA256 != a.Ref.SHA256:
		return fmt.Errorf("terms %s with hash %.64q, the text has %s: %w", r.ID, r.SHA256, a.Ref.SHA256, ErrHash)
	}
	return nil
}

// String returns "SD-BASE (parley.roster 1)".
func (r Ref) String() string { return fmt.Sprintf("%s (%s %s)", r.ID, r.Registry, r.Version) }
