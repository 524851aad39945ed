// Package decline is the statement by which a party says no to a version of
// the card that the other proposed, so that the record shows it.
package decline

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// Kind is the kind of the statement.
const Kind statement.Kind = "decline"

// MaxReason is the most bytes of a reason.
const MaxReason = 500

const contentVersion = 1

// Content is what the statement says.
type Content struct {
	Version  uint64      `cbor:"v"` // 1
	Proposal dagcbor.CID `cbor:"proposal"`
	Reason   string      `cbor:"reason,omitempty"` // of at most [MaxReason] bytes
}

func (c Content) check() error {
	switch {
	case c.Version != contentVersion:
		return fmt.Errorf("decline: version %d, not %d", c.Version, contentVersion)
	case len(c.Reason) > MaxReason:
		return fmt.Errorf("decline: a reason of %d bytes, more than %d", len(c.Reason), MaxReason)
	}
	return nil
}

// Encode checks c and returns its one encoding, a statement's content.
func (c Content) Encode() ([]byte, error) {
	c.Version = contentVersion
	if err := c.check(); err != nil {
		return nil, err
	}
	return dagcbor.Marshal(c)
}

// Decode reads what Encode writes and nothing else.
func Decode(b []byte) (Content, error) {
	var c Content
	if err := dagcbor.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("decline: %w", err)
	}
	return c, c.check()
}

// Of reports whether a statement says no to v, and what it says: one of the
// party that has not signed v, while the other alone has.
func Of(v *relcard.Version, st *statement.Statement) (Content, bool) {
	if st.Body.Kind != Kind || v.Countersigned() || !signedBy(v, proposer(st.Body.By)) {
		return Content{}, false
	}
	c, err := Decode(st.Body.Content)
	return c, err == nil && c.Proposal == v.ID
}

// proposer is the other party than the one that declines.
func proposer(by identity.Role) identity.Role {
	if by == identity.RolePerson {
		return identity.RoleVendor
	}
	return identity.RolePerson
}

func signedBy(v *relcard.Version, r identity.Role) bool {
	if r == identity.RolePerson {
		return v.Signed.Person != nil
	}
	return v.Signed.Vendor != nil
}
