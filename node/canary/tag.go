package canary

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Tag is what tells one relationship's canary from another's: seven syllables
// of a consonant and a vowel, 42 random bits. Each is drawn on its own, so
// that from any number of tags nothing follows about another.
type Tag string

const (
	consonants = "bdfghjklmnprstvz" // 4 bits
	vowels     = "aiou"             // 2 bits
	syllables  = 7
	tagBits    = 6 * syllables
)

// NewTag draws a tag from r, which must be cryptographic randomness.
func NewTag(r io.Reader) (Tag, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:(tagBits+7)/8]); err != nil {
		return "", fmt.Errorf("draw a tag: %w", err)
	}
	bits := binary.LittleEndian.Uint64(b[:])
	var s strings.Builder
	for range syllables {
		s.WriteByte(consonants[bits&15])
		s.WriteByte(vowels[bits>>4&3])
		bits >>= 6
	}
	return Tag(s.String()), nil
}

// ParseTag reads a tag and accepts no other text.
func ParseTag(s string) (Tag, error) {
	ok := len(s) == 2*syllables
	for i := 0; ok && i < len(s); i += 2 {
		ok = strings.IndexByte(consonants, s[i]) >= 0 && strings.IndexByte(vowels, s[i+1]) >= 0
	}
	if !ok {
		return "", fmt.Errorf("%.40q is not a tag", s)
	}
	return Tag(s), nil
}

// bits are 64 that follow from the tag for one use, and show nothing of it.
func (t Tag) bits(use Kind) uint64 {
	sum := sha256.Sum256([]byte("parley/canary/1\n" + string(use) + "\n" + string(t)))
	return binary.BigEndian.Uint64(sum[:])
}

// unitCode is what a Unit canary adds: letter, digit, letter, digit, of those
// that are not taken for one another.
func (t Tag) unitCode() string {
	const letters, digits = "ABCDEFGHJKLMNPRTUWXY", "23456789"
	b := t.bits(Unit)
	code := make([]byte, 4)
	for i := range code {
		set := letters
		if i%2 == 1 {
			set = digits
		}
		code[i] = set[b%uint64(len(set))]
		b /= uint64(len(set))
	}
	return string(code)
}

// initials are what an Initials canary adds.
func (t Tag) initials() [2]string {
	b := t.bits(Initials)
	return [2]string{string(rune('A'+b%26)) + ".", string(rune('A'+b/26%26)) + "."}
}
