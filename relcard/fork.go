package relcard

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// ForkError is the alarm: the card has two continuations, A and B, that can't
// both hold. Either a party signed both as the version after the same one, or
// both came into force on different branches. The two versions with their
// envelopes are the proof, so both are kept.
type ForkError struct {
	A, B dagcbor.CID
	By   []identity.Role // who signed both after the same version; none when the branches lie further apart
}

// Error says what forked and by whom.
func (e *ForkError) Error() string {
	if len(e.By) == 0 {
		return fmt.Sprintf("%s: %s and %s are both in force and neither follows the other", ErrFork, e.A, e.B)
	}
	return fmt.Sprintf("%s: the %s signed both %s and %s after the same version", ErrFork, joinRoles(e.By), e.A, e.B)
}

// Unwrap returns ErrFork.
func (e *ForkError) Unwrap() error { return ErrFork }

func joinRoles(rs []identity.Role) string {
	if len(rs) == 2 {
		return string(rs[0]) + " and the " + string(rs[1])
	}
	return string(rs[0])
}

// Fork returns the proof that the card has forked, or nil. More versions and
// envelopes never mend a fork.
func (c Chain) Fork() *ForkError {
	for i, v := range c.versions {
		for _, w := range c.versions[i+1:] {
			if w.Body.Seq != v.Body.Seq {
				break
			}
			if by := bothSigned(v, w); len(by) > 0 {
				return &ForkError{v.ID, w.ID, by}
			}
		}
	}
	return c.split()
}

// forkError is Fork as an error, nil where there is none.
func (c Chain) forkError() error {
	if f := c.Fork(); f != nil {
		return f
	}
	return nil
}

// bothSigned returns who signed v and w, two versions after the same one,
// each as an act of its own.
func bothSigned(v, w *Version) []identity.Role {
	if v.Body.Prev != w.Body.Prev {
		return nil
	}
	var by []identity.Role
	for _, r := range roles {
		if v.commits(r) && w.commits(r) {
			by = append(by, r)
		}
	}
	return by
}

// split finds two versions in force of which neither follows the other. Two
// ends may stand side by side: both say the same.
func (c Chain) split() *ForkError {
	tip := c.agreed()
	if tip == nil {
		return nil
	}
	line := make(map[*Version]bool)
	for v := tip; v != nil; v = c.parent(v) {
		line[v] = true
	}
	for _, v := range c.versions {
		s := v.State()
		if (s == StateActive && !line[v]) || (s == StateEnded && !c.descends(v, tip)) {
			return &ForkError{A: v.ID, B: tip.ID}
		}
	}
	return nil
}
