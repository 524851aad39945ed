package webvh

import (
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
)

// Errors of [History.Continues], beside [*ForkError].
var (
	// ErrOtherLog means that the two are logs of different identifiers: their
	// SCIDs are not the same.
	ErrOtherLog = errors.New("key log is of another identifier")
	// ErrBehind means that the log ends before the one it was compared with:
	// an older copy, or an attempt to put one back.
	ErrBehind = errors.New("key log is an older copy of the one at hand")
)

// ForkError says that two logs of one identifier part: whoever held the keys
// signed two different versions after the same one. Both verify, and together
// they prove it.
type ForkError struct {
	DID    identity.DID
	Number int    // of the first version in which they differ
	A, B   string // its versionId in the log at hand, and in the other
}

// Error names the version and both its ids.
func (e *ForkError) Error() string {
	return fmt.Sprintf("key log of %s forks at version %d: %s and %s", e.DID, e.Number, e.A, e.B)
}

// Continues reports whether h is before, or before with more versions: nil. A
// verifier that holds a log takes a longer one in its place only then. Versions
// are compared by their ids, which are chained hashes: where one id is the same,
// so is all ahead of it. The other answers are [ErrOtherLog], [ErrBehind], and
// [*ForkError] where each has a version that the other has not.
func (h *History) Continues(before *History) error {
	if h.versions[0].ID != before.versions[0].ID {
		return fmt.Errorf("%w: %s, not %s", ErrOtherLog, h.DID(), before.DID())
	}
	common := min(len(h.versions), len(before.versions))
	for i, v := range before.versions[:common] {
		if v.ID != h.versions[i].ID {
			return &ForkError{before.DID(), v.Number, v.ID, h.versions[i].ID}
		}
	}
	if len(h.versions) < len(before.versions) {
		return fmt.Errorf("%w: %s at version %d, not %d", ErrBehind, h.DID(), len(h.versions), len(before.versions))
	}
	return nil
}
