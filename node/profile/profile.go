package profile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gowebpki/jcs"
)

// Bounds of a profile, in bytes and pieces.
const (
	MaxProfile = 64 << 10 // of the stored form
	MaxPieces  = 200
	MaxPiece   = 4 << 10 // of one piece's value
)

// Errors of a profile's operations, beside [*InvalidError].
var (
	ErrNoPiece = errors.New("no such piece")
	ErrTooBig  = errors.New("the profile would be too big")
)

// Piece is one field of a profile. Value is the canonical JSON of the
// JSContact object of that path, in this package's normal form.
type Piece struct {
	Path  Path            `json:"path"`
	Value json.RawMessage `json:"value"`
}

// NewPiece checks value against the kind at path and returns it in normal
// form. A value that is not of the kind is an [*InvalidError] that names the
// field. It is also how the other side checks a piece it was handed.
func NewPiece(path Path, value json.RawMessage) (Piece, error) {
	v, err := parse(value)
	if err != nil {
		return Piece{}, &InvalidError{Path: path, Problem: err.Error()}
	}
	return newPiece(path, v, &cleaner{path: path})
}

// Profile is what a person keeps about themselves: pieces by path. It is a
// value: each change returns another profile and leaves the old one as it was.
// The zero Profile is empty.
type Profile struct {
	pieces []Piece // sorted by path
}

// Get returns the piece at path.
func (p Profile) Get(path Path) (Piece, bool) {
	i, ok := p.find(path)
	if !ok {
		return Piece{}, false
	}
	return p.pieces[i].clone(), true
}

// List returns all pieces in the order of their paths.
func (p Profile) List() []Piece {
	all := make([]Piece, len(p.pieces))
	for i, piece := range p.pieces {
		all[i] = piece.clone()
	}
	return all
}

// Set returns the profile with the piece at path made value, or an
// [*InvalidError] that names the field at fault.
func (p Profile) Set(path Path, value json.RawMessage) (Profile, error) {
	piece, err := NewPiece(path, value)
	if err != nil {
		return p, err
	}
	return p.with(piece)
}

// Remove returns the profile without the piece at path, or [ErrNoPiece].
func (p Profile) Remove(path Path) (Profile, error) {
	i, ok := p.find(path)
	if !ok {
		return p, fmt.Errorf("remove %.80q: %w", string(path), ErrNoPiece)
	}
	return Profile{slices.Delete(slices.Clone(p.pieces), i, i+1)}, nil
}

func (p Profile) find(path Path) (int, bool) {
	return slices.BinarySearchFunc(p.pieces, path, func(a Piece, b Path) int { return cmp.Compare(a.Path, b) })
}

// with returns the profile with a checked piece put in its place.
func (p Profile) with(piece Piece) (Profile, error) {
	i, ok := p.find(piece.Path)
	next := slices.Clone(p.pieces)
	if ok {
		next[i] = piece
	} else {
		next = slices.Insert(next, i, piece)
	}
	if len(next) > MaxPieces {
		return p, fmt.Errorf("set %s: %w: %d pieces, at most %d are kept", piece.Path, ErrTooBig, len(next), MaxPieces)
	}
	if n := storedSize(next); n > MaxProfile {
		return p, fmt.Errorf("set %s: %w: %d bytes, at most %d are kept", piece.Path, ErrTooBig, n, MaxProfile)
	}
	return Profile{next}, nil
}

func (p Piece) clone() Piece { return Piece{p.Path, bytes.Clone(p.Value)} }

// storedVersion is the only version of the stored form.
const storedVersion = 1

type stored struct {
	Version int                      `json:"v"`
	Pieces  map[Path]json.RawMessage `json:"pieces"`
}

// storedSize is the length of the stored form: the frame, and for each piece
// its value, its path in quotes, a colon and a comma.
func storedSize(pieces []Piece) int {
	n := len(`{"pieces":{},"v":1}`)
	for i, piece := range pieces {
		n += len(piece.Value) + len(piece.Path) + len(`"":`) + min(i, 1)
	}
	return n
}

// Encode returns the node's stored form: one document of canonical JSON,
// {"pieces": {path: value, …}, "v": 1}.
func (p Profile) Encode() ([]byte, error) {
	doc := stored{storedVersion, make(map[Path]json.RawMessage, len(p.pieces))}
	for _, piece := range p.pieces {
		doc.Pieces[piece.Path] = piece.Value
	}
	return canonical(doc)
}

// Decode reads the stored form and no other: every piece is checked again,
// and bytes that Encode would not have written are refused.
func Decode(b []byte) (Profile, error) {
	if len(b) > MaxProfile {
		return Profile{}, fmt.Errorf("decode profile: %w: %d bytes", ErrTooBig, len(b))
	}
	var doc stored
	if err := json.Unmarshal(b, &doc); err != nil {
		return Profile{}, fmt.Errorf("decode profile: %w", err)
	}
	if doc.Version != storedVersion {
		return Profile{}, fmt.Errorf("decode profile: version %d is not known", doc.Version)
	}
	if len(doc.Pieces) > MaxPieces {
		return Profile{}, fmt.Errorf("decode profile: %w: %d pieces", ErrTooBig, len(doc.Pieces))
	}
	var p Profile
	for path, value := range doc.Pieces {
		piece, err := NewPiece(path, value)
		if err != nil {
			return Profile{}, fmt.Errorf("decode profile: %w", err)
		}
		p.pieces = append(p.pieces, piece)
	}
	slices.SortFunc(p.pieces, func(a, b Piece) int { return cmp.Compare(a.Path, b.Path) })
	if again, err := p.Encode(); err != nil || !bytes.Equal(again, b) {
		return Profile{}, errors.New("decode profile: not in the form it is stored in")
	}
	return p, nil
}

// MarshalJSON writes the stored form, so that a profile can stand in a larger
// document.
func (p Profile) MarshalJSON() ([]byte, error) { return p.Encode() }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Profile) UnmarshalJSON(b []byte) error {
	again, err := jcs.Transform(b) // an indenting encoder may have been over it
	if err != nil {
		return fmt.Errorf("decode profile: %w", err)
	}
	got, err := Decode(again)
	if err != nil {
		return err
	}
	*p = got
	return nil
}
