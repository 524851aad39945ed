package disclosure

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
)

// Bounds of a content's parts, in bytes of UTF-8 or in elements.
const (
	maxPath    = 96
	maxWord    = 32
	maxPurpose = 8
	maxReason  = 1000
	maxListed  = 1024 // items named by a retract, demand or comply
)

func (d Disclose) check() error {
	if err := checkVersion(d.Version); err != nil {
		return err
	}
	if n := len(d.Items); n == 0 || n > MaxItems {
		return refuse(ErrField, "items: %d, from 1 to %d are allowed", n, MaxItems)
	}
	for i, it := range d.Items {
		if err := it.check(); err != nil {
			return refuse(ErrField, "items[%d].%w", i, err)
		}
		switch {
		case i > 0 && it.ID <= d.Items[i-1].ID:
			return refuse(ErrField, "items[%d].id: %d does not rise", i, it.ID)
		case it.Replaces >= d.Items[0].ID:
			return refuse(ErrField, "items[%d].replaces: %d is no item before this statement", i, it.Replaces)
		case it.Replaces > 0 && slices.ContainsFunc(d.Items[:i], func(o Item) bool { return o.Replaces == it.Replaces }):
			return refuse(ErrField, "items[%d].replaces: %d is replaced twice", i, it.Replaces)
		}
	}
	return nil
}

func (it Item) check() error {
	switch {
	case it.ID == 0 || it.ID > MaxID:
		return fmt.Errorf("id: %d, from 1 to %d are allowed", it.ID, MaxID)
	case len(it.Digest) != sha256.Size:
		return fmt.Errorf("digest: %d bytes, want %d", len(it.Digest), sha256.Size)
	case len(it.Purpose) == 0 || len(it.Purpose) > maxPurpose:
		return fmt.Errorf("purpose: %d words, from 1 to %d are allowed", len(it.Purpose), maxPurpose)
	case !it.From.IsZero() && !validTime(it.From):
		return fmt.Errorf("from: outside the years 0 to 9999")
	case !it.Until.IsZero() && !validTime(it.Until):
		return fmt.Errorf("until: outside the years 0 to 9999")
	case !it.Until.IsZero() && !it.From.Before(it.Until):
		return fmt.Errorf("until: %s is not after from, %s", it.Until, it.From)
	}
	if err := checkPath(it.Path); err != nil {
		return fmt.Errorf("path: %w", err)
	}
	for i, w := range it.Purpose {
		if !isWord(w) {
			return fmt.Errorf("purpose[%d]: %.40q is no lower-case word", i, w)
		}
		if slices.Contains(it.Purpose[:i], w) {
			return fmt.Errorf("purpose[%d]: %q is there twice", i, w)
		}
	}
	return nil
}

// checkPath takes up to 4 words divided by slashes.
func checkPath(p string) error {
	parts := strings.Split(p, "/")
	if len(p) > maxPath || len(parts) > 4 {
		return fmt.Errorf("%.100q is longer than %d bytes or 4 parts", p, maxPath)
	}
	for _, part := range parts {
		if !isWord(part) {
			return fmt.Errorf("%.100q: %.40q is no lower-case word", p, part)
		}
	}
	return nil
}

// isWord reports whether w is lower-case letters, digits and inner hyphens.
func isWord(w string) bool {
	return w != "" && len(w) <= maxWord && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		w[0] != '-' && w[len(w)-1] != '-'
}

func (r Retract) check() error {
	if err := checkVersion(r.Version); err != nil {
		return err
	}
	if err := checkIDs(r.Items, false); err != nil {
		return err
	}
	return checkText("reason", r.Reason, false)
}

func (r Receipt) check() error {
	if err := checkVersion(r.Version); err != nil {
		return err
	}
	if r.Verdict != Recorded && r.Verdict != Refused {
		return refuse(ErrField, "verdict: %.40q is neither %q nor %q", string(r.Verdict), Recorded, Refused)
	}
	return checkText("reason", r.Reason, r.Verdict == Refused)
}

func (d Demand) check() error {
	if err := checkVersion(d.Version); err != nil {
		return err
	}
	if d.What != WantDelete && d.What != WantCopy {
		return refuse(ErrField, "what: %.40q is neither %q nor %q", string(d.What), WantDelete, WantCopy)
	}
	if !validTime(d.Deadline) {
		return refuse(ErrField, "deadline: none, or outside the years 0 to 9999")
	}
	if err := checkIDs(d.Items, true); err != nil {
		return err
	}
	if err := checkText("basis", d.Basis, false); err != nil {
		return err
	}
	return checkText("reason", d.Reason, false)
}

func (c Comply) check() error {
	if err := checkVersion(c.Version); err != nil {
		return err
	}
	copied := len(c.Digest) > 0
	switch c.Did {
	case DidDelete, DidRefuse:
		if copied {
			return refuse(ErrField, "digest: %q names a copy", c.Did)
		}
	case DidCopy:
		if !copied {
			return refuse(ErrField, "digest: %q names no copy", c.Did)
		}
	case DidPartly:
	default:
		return refuse(ErrField, "did: %.40q is unknown", string(c.Did))
	}
	if copied && len(c.Digest) != sha256.Size {
		return refuse(ErrField, "digest: %d bytes, want %d", len(c.Digest), sha256.Size)
	}
	if c.Did != DidPartly && len(c.Items) > 0 {
		return refuse(ErrField, "items: %q is for the demand as a whole", c.Did)
	}
	if err := checkIDs(c.Items, c.Did != DidPartly); err != nil {
		return err
	}
	return checkText("reason", c.Reason, c.Did == DidRefuse || c.Did == DidPartly)
}

func checkVersion(v uint64) error {
	if v != contentVersion {
		return refuse(ErrVersion, "v: %d, known is %d", v, contentVersion)
	}
	return nil
}

func checkIDs(ids []uint64, none bool) error {
	if len(ids) == 0 && !none || len(ids) > maxListed {
		return refuse(ErrField, "items: %d, from 1 to %d are allowed", len(ids), maxListed)
	}
	for i, id := range ids {
		if id == 0 || id > MaxID || i > 0 && id <= ids[i-1] {
			return refuse(ErrField, "items[%d]: %d does not rise or is not from 1 to %d", i, id, MaxID)
		}
	}
	return nil
}

// checkText refuses what a reader would not see as it stands: control
// characters, line breaks, changes of writing direction and blank edges.
func checkText(field, s string, required bool) error {
	switch {
	case s == "" && required:
		return refuse(ErrField, "%s: none is given", field)
	case len(s) > maxReason:
		return refuse(ErrField, "%s: %d bytes, the most is %d", field, len(s), maxReason)
	case !utf8.ValidString(s):
		return refuse(ErrField, "%s: is not UTF-8", field)
	case strings.TrimSpace(s) != s:
		return refuse(ErrField, "%s: has blanks at its edges", field)
	}
	for i, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return refuse(ErrField, "%s: character %U at byte %d is not for display", field, r, i)
		}
	}
	return nil
}

func validTime(t identity.Time) bool {
	y := t.Std().Year()
	return !t.IsZero() && y >= 0 && y <= 9999
}
