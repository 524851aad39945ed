package negotiation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard/terms"
)

// Preferences is what a person answers by itself to an agreement that it is
// asked about, such as a vendor's counter. The zero value asks each time.
type Preferences struct {
	Default    Choice                  `json:"default,omitzero" doc:"for all that have no choice of their own"`
	Vendors    map[identity.DID]Choice `json:"vendors,omitempty" doc:"by DID"`
	Categories map[string]Choice       `json:"categories,omitempty" doc:"by category path, with all beneath it; the longest wins"`
}

// Choice is the preference for one vendor, one category or all.
type Choice struct {
	Always []string `json:"always,omitempty" doc:"roster ids that are agreed to"`
	Never  []string `json:"never,omitempty" doc:"roster ids that are declined"`
	Else   Else     `json:"else,omitempty" doc:"of what neither names; the next wider choice decides when left out" enum:"ask,accept-stricter,refuse"`
}

// Else is what a [Choice] says of an agreement that it does not name.
type Else string

// The answers of Else. The empty one leaves it to the next wider choice.
const (
	ElseAsk      Else = "ask"
	ElseStricter Else = "accept-stricter" // agree where no rule is wider than under one of Always; ask about the others
	ElseRefuse   Else = "refuse"
)

// Decision is the outcome of [Preferences.Decide].
type Decision string

// The decisions.
const (
	Always Decision = "always" // agree
	Never  Decision = "never"  // decline
	Ask    Decision = "ask"    // the person must say
)

// Bounds of a preferences file.
const (
	maxPreferences = 1 << 20 // bytes
	maxChoices     = 10_000
	maxCategory    = 200 // bytes
)

// Check reports whether p is valid, naming the first field that is not.
func (p Preferences) Check() error {
	if n := len(p.Vendors) + len(p.Categories); n > maxChoices {
		return fmt.Errorf("preferences: %d choices, the most is %d", n, maxChoices)
	}
	if err := p.Default.check("default"); err != nil {
		return err
	}
	for _, did := range slices.Sorted(maps.Keys(p.Vendors)) {
		field := vendorField(did)
		if err := checkDID(did); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		if err := p.Vendors[did].check(field); err != nil {
			return err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(p.Categories)) {
		field := categoryField(path)
		if path == "" || strings.Trim(path, "/") != path || len(path) > maxCategory || checkText(path, maxCategory) != nil {
			return fmt.Errorf("%s: not a category's path", field)
		}
		if err := p.Categories[path].check(field); err != nil {
			return err
		}
	}
	return nil
}

func vendorField(d identity.DID) string { return fmt.Sprintf("vendors[%.80q]", string(d)) }
func categoryField(path string) string  { return fmt.Sprintf("categories[%.80q]", path) }

func checkDID(d identity.DID) error {
	if d.IsKey() {
		_, err := d.PublicKey()
		return err
	}
	_, err := webvh.ParseID(d)
	return err
}

func (c Choice) check(field string) error {
	for i, id := range c.Always {
		if err := checkListed(c.Always, i); err != nil {
			return fmt.Errorf("%s.always[%d]: %w", field, i, err)
		}
		if slices.Contains(c.Never, id) {
			return fmt.Errorf("%s.always[%d]: %s is in never too", field, i, id)
		}
	}
	for i := range c.Never {
		if err := checkListed(c.Never, i); err != nil {
			return fmt.Errorf("%s.never[%d]: %w", field, i, err)
		}
	}
	switch c.Else {
	case "", ElseAsk, ElseStricter, ElseRefuse:
		return nil
	}
	return fmt.Errorf("%s.else: %.40q is not %q, %q or %q", field, string(c.Else), ElseAsk, ElseStricter, ElseRefuse)
}

func checkListed(ids []string, i int) error {
	if _, ok := terms.Lookup(ids[i]); !ok {
		return fmt.Errorf("%.40q: %w", ids[i], terms.ErrID)
	}
	if slices.Contains(ids[:i], ids[i]) {
		return fmt.Errorf("%s is there twice", ids[i])
	}
	return nil
}

// Decide says what to answer a vendor of the given category, "" for none, that
// asks for ref, and why in words. The vendor's own choice is asked first, then
// that of the category, then the default; the first to name the agreement, or
// to say what becomes of all it does not name, decides. Where none does, and
// about terms outside the roster, the person is asked.
func (p Preferences) Decide(vendor identity.DID, category string, ref terms.Ref) (Decision, string) {
	if err := ref.Check(); err != nil {
		return Ask, displayable(err.Error())
	}
	if c, ok := p.Vendors[vendor]; ok {
		if d, why, ok := c.decide(ref, "for this vendor"); ok {
			return d, why
		}
	}
	for path := category; path != ""; path = path[:max(0, strings.LastIndexByte(path, '/'))] {
		if c, ok := p.Categories[path]; ok {
			if d, why, ok := c.decide(ref, "for "+path); ok {
				return d, why
			}
		}
	}
	if d, why, ok := p.Default.decide(ref, "by default"); ok {
		return d, why
	}
	return Ask, "no preference names " + ref.ID
}

func (c Choice) decide(ref terms.Ref, where string) (d Decision, why string, ok bool) {
	switch {
	case slices.Contains(c.Never, ref.ID):
		return Never, fmt.Sprintf("%s is never agreed to %s", ref.ID, where), true
	case slices.Contains(c.Always, ref.ID):
		return Always, fmt.Sprintf("%s is always agreed to %s", ref.ID, where), true
	case c.Else == ElseRefuse:
		return Never, fmt.Sprintf("%s is not among what is agreed to %s", ref.ID, where), true
	case c.Else == ElseAsk:
		return Ask, fmt.Sprintf("to be asked %s about %s", where, ref.ID), true
	case c.Else != ElseStricter:
		return "", "", false
	}
	for _, id := range c.Always {
		a, _ := terms.Lookup(id)
		if way, ok := between(a.Ref, ref); ok && way.wider == 0 {
			return Always, fmt.Sprintf("%s is no wider than %s, which is always agreed to %s", ref.ID, id, where), true
		}
	}
	return Ask, fmt.Sprintf("%s is wider than all that is agreed to %s", ref.ID, where), true
}
