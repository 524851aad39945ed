package webvh

import (
	"crypto/ed25519"
	"encoding/json"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
)

// Version is one proven version of a DID document and what held with it.
type Version struct {
	// ID is the versionId, "NUMBER-HASH". The hash is over the entry and
	// everything before it, so two logs with a version of the same ID agree
	// up to there.
	ID string
	// Number counts versions from 1.
	Number int
	// DID is the identifier in this version. It differs between versions only
	// where a portable log moved to another domain.
	DID identity.DID
	// Time is when the controller says the version began; Until is when the
	// next one did, and zero for the current version.
	Time, Until time.Time
	// Document is the DID document, in canonical JSON.
	Document json.RawMessage
	// Keys are the Ed25519 Multikeys under assertionMethod of the document:
	// those that may sign for the DID in this version. A version that
	// deactivates the DID has none.
	Keys []ed25519.PublicKey
	// UpdateKeys and NextKeyHashes are who may sign the next entry: while
	// NextKeyHashes has hashes, only keys committed to there.
	UpdateKeys    []ed25519.PublicKey
	NextKeyHashes []string
	// Witness, Watchers, Portable, Deactivated and TTL are the parameters of
	// these names as they stand after this version.
	Witness     Witness
	Watchers    []string
	Portable    bool
	Deactivated bool
	TTL         time.Duration
}

// History is a verified log.
type History struct {
	versions []Version
}

// DID returns the identifier in the newest version. Compare it with the one
// you asked for (or see [History.Names]): a log proves itself, not that it is
// the log you wanted.
func (h *History) DID() identity.DID { return h.Latest().DID }

// Names reports whether did is or was the identifier of this log.
func (h *History) Names(did identity.DID) bool {
	return slices.ContainsFunc(h.versions, func(v Version) bool { return v.DID == did })
}

// Latest returns the newest version.
func (h *History) Latest() Version { return h.versions[len(h.versions)-1] }

// At returns the version with this versionId.
func (h *History) At(versionID string) (Version, bool) {
	number, _, err := splitVersionID(versionID)
	if err != nil || number > len(h.versions) || h.versions[number-1].ID != versionID {
		return Version{}, false
	}
	return h.versions[number-1], true
}

// VersionNumber returns the number in a versionId, "NUMBER-HASH"; false where it
// is none.
func VersionNumber(versionID string) (int, bool) {
	number, _, err := splitVersionID(versionID)
	return number, err == nil
}

// Deactivated reports whether the log has ended.
func (h *History) Deactivated() bool { return h.Latest().Deactivated }

// Versions returns all versions, oldest first.
func (h *History) Versions() []Version { return slices.Clone(h.versions) }
