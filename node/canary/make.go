package canary

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/parley-network/parley/node/profile"
)

// Kind is a way to vary a piece. The package comment lists them.
type Kind string

// The kinds, and the pieces they go with.
const (
	Subaddress Kind = "subaddress" // emails
	Catchall   Kind = "catchall"   // emails
	Unit       Kind = "unit"       // addresses
	Initials   Kind = "initials"   // name
)

// Errors of making a canary.
var (
	// ErrCannot is returned for a piece that has no variant of the kind.
	ErrCannot = errors.New("this piece has no such variant")
	// ErrUsedUp is returned where nearly every variant of the kind has been
	// given to somebody.
	ErrUsedUp = errors.New("the variants of this kind are used up")
)

// Make returns the variant of the piece that the tag makes. It has the same
// path and, but for the variation, the same value.
func Make(kind Kind, piece profile.Piece, tag Tag) (profile.Piece, error) {
	fail := func(err error) (profile.Piece, error) {
		return profile.Piece{}, fmt.Errorf("make a canary of %.80s: %w", piece.Path, err)
	}
	if _, err := ParseTag(string(tag)); err != nil {
		return fail(err)
	}
	checked, err := profile.NewPiece(piece.Path, piece.Value)
	if err != nil {
		return fail(err)
	}
	var v value
	if err := json.Unmarshal(checked.Value, &v); err != nil {
		return fail(err)
	}
	switch on := piece.Path.Kind(); {
	case on == "emails" && kind == Subaddress:
		err = v.subaddress(tag)
	case on == "emails" && kind == Catchall:
		err = v.catchall(tag)
	case on == "addresses" && kind == Unit:
		err = v.unit(tag.unitCode())
	case on == "name" && kind == Initials:
		err = v.initials(tag.initials())
	default:
		err = fmt.Errorf("%w: %.40q does not go with %s", ErrCannot, string(kind), on)
	}
	if err != nil {
		return fail(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fail(err)
	}
	made, err := profile.NewPiece(piece.Path, raw)
	if err != nil {
		return fail(err)
	}
	return made, nil
}

// draws is how often Fresh tries.
const draws = 256

// Fresh draws tags from r until one makes a variant unlike every canary of the
// kind among given, and returns both. r must be cryptographic randomness.
func Fresh(kind Kind, piece profile.Piece, r io.Reader, given []Given) (profile.Piece, Tag, error) {
	used := map[string]bool{}
	for i := range given {
		if given[i].Kind == kind && given[i].Tag != "" {
			used[mark(kind, given[i].Tag)] = true
		}
	}
	plain := fold(profile.Text(piece))
	for range draws {
		tag, err := NewTag(r)
		if err != nil {
			return profile.Piece{}, "", err
		}
		// A mark that the plain piece shows too, as a postcode may, marks nothing.
		if m := mark(kind, tag); used[m] || strings.Contains(plain.s, m) {
			continue
		}
		made, err := Make(kind, piece, tag)
		return made, tag, err
	}
	return profile.Piece{}, "", fmt.Errorf("make a canary of %.80s: %w", piece.Path, ErrUsedUp)
}

// mark is what the variant shows of the tag, folded.
func mark(kind Kind, tag Tag) string {
	switch kind {
	case Unit:
		return strings.ToLower(tag.unitCode())
	case Initials:
		in := tag.initials()
		return keyOf(in[0] + in[1])
	}
	return string(tag)
}

// value is a piece's JSON object, with what is varied taken out of it.
type value struct {
	Address    string
	Full       string
	Components []part
	Ordered    bool
	rest       map[string]json.RawMessage
}

type part struct {
	Kind     string `json:"kind"`
	Value    string `json:"value"`
	Phonetic string `json:"phonetic,omitempty"`
}

// fields are the members that are varied, by name.
func (v *value) fields() map[string]any {
	return map[string]any{"address": &v.Address, "full": &v.Full, "components": &v.Components, "isOrdered": &v.Ordered}
}

// UnmarshalJSON reads a checked piece's value.
func (v *value) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &v.rest); err != nil {
		return err
	}
	for name, to := range v.fields() {
		if raw, ok := v.rest[name]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// MarshalJSON writes the object with the members that were there before.
func (v value) MarshalJSON() ([]byte, error) {
	for name, from := range v.fields() {
		if _, ok := v.rest[name]; !ok {
			continue
		}
		raw, err := json.Marshal(from)
		if err != nil {
			return nil, err
		}
		v.rest[name] = raw
	}
	return json.Marshal(v.rest)
}

// subaddress puts the tag behind the local part (RFC 5233), which may be 64
// bytes long (RFC 5321 §4.5.3.1.1).
func (v *value) subaddress(tag Tag) error {
	at := strings.LastIndexByte(v.Address, '@')
	local := v.Address[:at]
	if strings.HasPrefix(local, `"`) {
		return fmt.Errorf("%w: the local part is quoted", ErrCannot)
	}
	if local += "+" + string(tag); len(local) > 64 {
		return fmt.Errorf("%w: the local part would be %d bytes long", ErrCannot, len(local))
	}
	v.Address = local + v.Address[at:]
	return nil
}

func (v *value) catchall(tag Tag) error {
	v.Address = string(tag) + v.Address[strings.LastIndexByte(v.Address, '@'):]
	return nil
}

// unit adds the code to the apartment or room there is, or else as a unit of
// its own behind the street.
func (v *value) unit(code string) error {
	if v.Full == "" && v.Components == nil {
		return fmt.Errorf("%w: the address has no street", ErrCannot)
	}
	i := slices.IndexFunc(v.Components, func(p part) bool { return p.Kind == "apartment" || p.Kind == "room" })
	if i >= 0 {
		old := v.Components[i].Value
		v.Components[i].Value = old + "-" + code
		if before, after, ok := strings.Cut(v.Full, old); ok && !startsWord(after) {
			v.Full = before + old + "-" + code + after
			return nil
		}
	} else if v.Components != nil {
		street := 1 + lastIndex(v.Components, "number", "name", "building", "postOfficeBox")
		v.Components = slices.Insert(v.Components, street, part{Kind: "apartment", Value: "Unit " + code})
	}
	if v.Full != "" {
		v.Full = insertUnit(v.Full, "Unit "+code)
	}
	return nil
}

func startsWord(s string) bool {
	return s != "" && (unicode.IsLetter(rune(s[0])) || unicode.IsDigit(rune(s[0])))
}

// insertUnit puts the unit behind the first part of an address, on a line of
// its own where the address has lines.
func insertUnit(full, unit string) string {
	i := strings.IndexAny(full, ",\n")
	switch {
	case i < 0:
		return full + ", " + unit
	case full[i] == '\n':
		return full[:i] + "\n" + unit + full[i:]
	}
	return full[:i] + ", " + unit + full[i:]
}

// initials puts two initials behind the given names.
func (v *value) initials(in [2]string) error {
	given := 1 + lastIndex(v.Components, "given", "given2")
	words := strings.Fields(v.Full)
	if !latin(v.Full) || given == 0 && len(words) < 2 {
		return fmt.Errorf("%w: initials do not go with this name", ErrCannot)
	}
	behind := ""
	if len(words) > 1 {
		behind = words[0]
	}
	if given > 0 {
		behind = v.Components[given-1].Value
		if !latin(behind) {
			return fmt.Errorf("%w: initials do not go with this script", ErrCannot)
		}
		v.Components = slices.Insert(v.Components, given, part{Kind: "given2", Value: in[0]}, part{Kind: "given2", Value: in[1]})
	}
	if v.Full == "" {
		return nil
	}
	before, after, ok := strings.Cut(v.Full, behind)
	if !ok || startsWord(after) {
		return fmt.Errorf("%w: the full name does not hold the given name", ErrCannot)
	}
	v.Full = before + behind + " " + in[0] + " " + in[1] + after
	return nil
}

func lastIndex(parts []part, kinds ...string) int {
	for i := len(parts) - 1; i >= 0; i-- {
		if slices.Contains(kinds, parts[i].Kind) {
			return i
		}
	}
	return -1
}

func latin(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}
