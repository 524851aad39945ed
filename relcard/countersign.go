package relcard

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// MayCountersign reports whether the party in role r can put its envelope to
// b, which the other has signed, without harm. Beside what [Chain.MaySign]
// asks, it must have signed nothing on another branch that can still come into
// force: where several proposals of both sides have crossed, each side could
// else countersign one of the other's, and the card would have two
// continuations in force. Who is refused proposes anew, with [Chain.Next], on
// top of the version that both take.
//
// The rule is for safety alone. Where each side has left a proposal of its own
// beside the branch that both take, as when three proposals cross twice over,
// neither can countersign any more and the card stays as it is in force: it can
// be lived under and ended, not amended.
func (c Chain) MayCountersign(b *Body, r identity.Role) error {
	if err := c.MaySign(b, r); err != nil {
		return err
	}
	_, id, err := b.Encode()
	if err != nil {
		return err
	}
	if v := c.beside(b, id, r); v != nil {
		return fmt.Errorf("countersign as the %s: version %d, %s, is this side's own, beside it: propose again on top", r, v.Body.Seq, v.ID)
	}
	return nil
}

// beside returns a version of an agreement that the party in role r has
// signed, that neither comes before b nor follows it, and that can still come
// into force: it follows what is in force now.
func (c Chain) beside(b *Body, id dagcbor.CID, r identity.Role) *Version {
	past := map[dagcbor.CID]bool{id: true}
	for prev, ok := c.Version(b.Prev); ok; prev, ok = c.Version(prev.Body.Prev) {
		past[prev.ID] = true
	}
	future, alive := map[dagcbor.CID]bool{id: true}, map[dagcbor.CID]bool{}
	if tip := c.agreed(); tip != nil {
		alive[tip.ID] = true
	}
	for _, v := range c.versions { // by seq: a version comes after the one it follows
		alive[v.ID] = alive[v.ID] || alive[v.Body.Prev]
		switch {
		case future[v.Body.Prev]:
			future[v.ID] = true
		case alive[v.ID] && !past[v.ID] && v.Body.Status == StatusAgreed && v.Signed.envelope(r) != nil:
			return v
		}
	}
	return nil
}
