// Package terms is the roster of agreements a card can stand under, bundled,
// pinned by hash and readable offline, and what each of them allows.
package terms

// Ref names one agreement for certain. An id alone is not enough: others have
// published different texts under the same id.
type Ref struct {
	ID       string `cbor:"id" json:"id"`             // "SD-BASE"
	Registry string `cbor:"registry" json:"registry"` // whose roster
	Version  string `cbor:"version" json:"version"`   // of the agreement's text
	SHA256   string `cbor:"sha256" json:"sha256"`     // of the agreement's text, 64 lower-case hex digits
}
