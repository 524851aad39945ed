package channel

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity/dagcbor"
)

// StatementKind is the kind of the statement whose content is a [Setting].
const StatementKind = "channel"

// maxSetting is the most bytes of an encoded Setting: all kinds fit.
const maxSetting = 256

const settingVersion = 1

// Setting is what a person tells a vendor about the channel of their card. It
// replaces what the person's earlier ones said, all of it.
type Setting struct {
	Version uint64 `cbor:"v" json:"v"` // 1
	Open    bool   `cbor:"open" json:"open"`
	// Kinds are those welcome, each once, in the order of [Kinds]; none: all.
	// A closed channel names none.
	Kinds []Kind `cbor:"kinds,omitempty" json:"kinds,omitempty"`
}

// Welcome is the setting of an open channel for the given kinds in any order,
// or for all when none is given: what holds where a person has said nothing.
func Welcome(kinds ...Kind) Setting {
	kinds = slices.Clone(kinds)
	slices.Sort(kinds)
	return Setting{Version: settingVersion, Open: true, Kinds: slices.Compact(kinds)}
}

// Closed is the setting of a channel that takes nothing.
func Closed() Setting { return Setting{Version: settingVersion} }

// Allows reports whether an event of kind k may be sent and taken.
func (s Setting) Allows(k Kind) bool {
	return s.Open && k.Known() && (len(s.Kinds) == 0 || slices.Contains(s.Kinds, k))
}

// Check reports whether s is well formed. The error is a [*FieldError].
func (s Setting) Check() error {
	if s.Version != settingVersion {
		return invalid("v", "is %d, known is %d", s.Version, settingVersion)
	}
	if !s.Open && len(s.Kinds) > 0 {
		return invalid("kinds", "has no place in a closed channel")
	}
	for i, k := range s.Kinds {
		if !k.Known() {
			return invalid(fmt.Sprintf("kinds[%d]", i), "%.40q is no known kind", string(k))
		}
		if i > 0 && k <= s.Kinds[i-1] {
			return invalid(fmt.Sprintf("kinds[%d]", i), "%q stands after %q", k, s.Kinds[i-1])
		}
	}
	return nil
}

// Encode checks s and returns its canonical bytes: a statement's content.
func (s Setting) Encode() ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	b, err := dagcbor.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode channel setting: %w", err)
	}
	return b, nil
}

// DecodeSetting reads what Encode writes and nothing else.
func DecodeSetting(b []byte) (Setting, error) {
	if len(b) > maxSetting {
		return Setting{}, fmt.Errorf("channel setting of %d bytes, the most is %d", len(b), maxSetting)
	}
	var s Setting
	if err := dagcbor.Unmarshal(b, &s); err != nil {
		return Setting{}, fmt.Errorf("channel setting: %w", err)
	}
	if err := s.Check(); err != nil {
		return Setting{}, err
	}
	return s, nil
}
