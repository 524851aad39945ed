package relcard

import (
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
)

// ErrKeyAhead is wrapped by what fails for a version of a key log that comes
// after the newest at hand: it was signed after keys were rotated, perhaps, and
// can be judged once the longer log is here.
var ErrKeyAhead = errors.New("the log at hand ends before it")

// Keyring is the verified key logs of the parties at hand, as an
// identity.KeySource. Each version of a log keeps its own period, so a card
// signed under a key that was rotated since still verifies.
type Keyring struct {
	histories map[identity.DID]*webvh.History
}

// NewKeyring returns a ring of the given histories. One that moved between
// domains is found under each name it had.
func NewKeyring(histories ...*webvh.History) Keyring {
	k := Keyring{make(map[identity.DID]*webvh.History)}
	for _, h := range histories {
		for _, v := range h.Versions() {
			k.histories[v.DID] = h
		}
	}
	return k
}

// SigningKeys returns the keys of did in that version of its log.
func (k Keyring) SigningKeys(did identity.DID, version string) (identity.KeyPeriod, error) {
	h, ok := k.histories[did]
	if !ok {
		return identity.KeyPeriod{}, fmt.Errorf("no key log of %.80q at hand", string(did))
	}
	v, ok := h.At(version)
	if number, is := webvh.VersionNumber(version); !ok && is && number > h.Latest().Number {
		return identity.KeyPeriod{}, fmt.Errorf("no version %.80q in the key log: %w", version, ErrKeyAhead)
	}
	if !ok || v.DID != did {
		return identity.KeyPeriod{}, fmt.Errorf("no version %.80q in the key log", version)
	}
	return identity.KeyPeriod{Keys: v.Keys, From: v.Time, Until: v.Until}, nil
}
