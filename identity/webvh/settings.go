package webvh

import (
	"slices"
	"time"
)

// settings are the parameters in force after an entry.
type settings struct {
	updateKeys    []string // Multikeys
	nextKeyHashes []string
	witness       Witness
	watchers      []string
	portable      bool
	deactivated   bool
	ttl           time.Duration
}

// with returns the settings after an entry with parameters p.
func (s settings) with(p *parameters) settings {
	override(&s.updateKeys, p.updateKeys)
	override(&s.nextKeyHashes, p.nextKeyHashes)
	override(&s.witness, p.witness)
	override(&s.watchers, p.watchers)
	override(&s.portable, p.portable)
	override(&s.deactivated, p.deactivated)
	override(&s.ttl, p.ttl)
	return s
}

func override[T any](field, by *T) {
	if by != nil {
		*field = *by
	}
}

// commits tells whether key, a Multikey, is among those committed to for the
// next entry.
func (s *settings) commits(key string) bool {
	return slices.Contains(s.nextKeyHashes, multihash58([]byte(key)))
}

// signers returns the Multikeys that may sign an entry after which s holds;
// before is what held ahead of it, nil for the first entry (spec, "Authorized
// Keys").
func (s *settings) signers(before *settings) []string {
	if before == nil || len(before.nextKeyHashes) > 0 {
		return s.updateKeys
	}
	return before.updateKeys
}

// witnesses returns those who must witness an entry after which s holds. A new
// list counts after the entry that sets it, except that the first list counts
// at once (spec, "witness" parameter).
func (s *settings) witnesses(before *settings) Witness {
	if before == nil || before.witness.Threshold == 0 {
		return s.witness
	}
	return before.witness
}
