package loyalty

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
)

// Bounds, in bytes and entries. Those of names are an intent's.
const (
	maxName       = 200
	maxNumber     = 128
	maxNote       = 1024
	maxAttached   = 16
	MaxProgrammes = 200
)

// ErrNoProgramme is returned for a name that is not on the list.
var ErrNoProgramme = errors.New("no such programme")

// InvalidError says which field is wrong, and how.
type InvalidError struct {
	Field   string
	Problem string
}

// Error returns "field: problem".
func (e *InvalidError) Error() string { return e.Field + ": " + e.Problem }

func invalid(field, format string, args ...any) error {
	return &InvalidError{field, fmt.Sprintf(format, args...)}
}

// Programme is one that a person belongs to. Its name is its key.
type Programme struct {
	Name   string        `json:"name"`             // "Avis Wizard"; 1 to 200 bytes
	Issuer string        `json:"issuer,omitempty"` // who runs it; at most 200 bytes
	Number Number        `json:"number,omitzero"`  // secret
	Tier   string        `json:"tier,omitempty"`   // "gold"; at most 200 bytes
	Since  identity.Time `json:"since,omitzero"`   // member since
	Until  identity.Time `json:"until,omitzero"`   // lapses then
	Note   string        `json:"note,omitempty"`   // the person's own; at most 1 KiB, may have line ends
}

// Check returns an [*InvalidError] that names the first field at fault. What
// may be shown to others may not repeat the number.
func (p *Programme) Check() error {
	for _, f := range []struct {
		name, text string
		most       int
		lines      bool
	}{
		{"name", p.Name, maxName, false}, {"issuer", p.Issuer, maxName, false},
		{"tier", p.Tier, maxName, false}, {"note", p.Note, maxNote, true},
	} {
		if f.text == "" && f.name != "name" {
			continue
		}
		if err := checkText(f.name, f.text, f.most, f.lines); err != nil {
			return err
		}
		if f.name != "note" && repeats(f.text, p.Number.Reveal()) {
			return invalid(f.name, "repeats the number, which must not be shown")
		}
	}
	if !p.Until.IsZero() && !p.Since.IsZero() && p.Until.Before(p.Since) {
		return invalid("until", "%s is before since, %s", p.Until, p.Since)
	}
	return nil
}

// Lapsed reports whether the membership is over at now.
func (p *Programme) Lapsed(now time.Time) bool {
	return !p.Until.IsZero() && !p.Until.Std().After(now)
}

// repeats reports whether text holds the number, however it is spaced. A
// number of under four characters may stand in a name by chance.
func repeats(text, number string) bool {
	n := bare(number)
	return len(n) >= 4 && strings.Contains(bare(text), n)
}

func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func checkText(field, s string, most int, lines bool) error {
	switch {
	case strings.TrimSpace(s) == "":
		return invalid(field, "is missing")
	case len(s) > most:
		return invalid(field, "%d bytes, at most %d are allowed", len(s), most)
	case !utf8.ValidString(s):
		return invalid(field, "is not UTF-8")
	}
	for i, r := range s {
		if unicode.IsControl(r) && (r != '\n' || !lines) {
			return invalid(field, "control character %U at byte %d", r, i)
		}
	}
	return nil
}

// Programmes is the list of a person's programmes. It is a value: each change
// returns another list and leaves the old one as it was.
type Programmes struct {
	list []Programme // sorted by name
}

// List returns the programmes in the order of their names.
func (l Programmes) List() []Programme { return slices.Clone(l.list) }

// Get returns the programme of that name.
func (l Programmes) Get(name string) (Programme, bool) {
	i, ok := l.find(name)
	if !ok {
		return Programme{}, false
	}
	return l.list[i], true
}

// Put returns the list with p on it, in place of one of the same name, or an
// [*InvalidError].
func (l Programmes) Put(p Programme) (Programmes, error) {
	if err := p.Check(); err != nil {
		return l, fmt.Errorf("put programme: %w", err) // not its name, which may repeat the number
	}
	i, ok := l.find(p.Name)
	next := slices.Clone(l.list)
	switch {
	case ok:
		next[i] = p
	case len(next) >= MaxProgrammes:
		return l, fmt.Errorf("programme %.40q: at most %d are kept", p.Name, MaxProgrammes)
	default:
		next = slices.Insert(next, i, p)
	}
	return Programmes{next}, nil
}

// Remove returns the list without the programme of that name, or
// [ErrNoProgramme].
func (l Programmes) Remove(name string) (Programmes, error) {
	i, ok := l.find(name)
	if !ok {
		return l, fmt.Errorf("remove %.40q: %w", name, ErrNoProgramme)
	}
	return Programmes{slices.Delete(slices.Clone(l.list), i, i+1)}, nil
}

// Attach returns the names as an intent's memberships: each on the list, none
// twice, at most 16. Names alone: no number is in what it returns.
func (l Programmes) Attach(names ...string) ([]string, error) {
	if len(names) > maxAttached {
		return nil, fmt.Errorf("attach: %d programmes, at most %d are allowed", len(names), maxAttached)
	}
	var out []string
	for _, name := range names {
		if _, ok := l.find(name); !ok {
			return nil, fmt.Errorf("attach %.40q: %w", name, ErrNoProgramme)
		}
		if slices.Contains(out, name) {
			return nil, fmt.Errorf("attach %.40q: stands twice", name)
		}
		out = append(out, name)
	}
	return out, nil
}

func (l Programmes) find(name string) (int, bool) {
	return slices.BinarySearchFunc(l.list, name, func(p Programme, name string) int { return cmp.Compare(p.Name, name) })
}
