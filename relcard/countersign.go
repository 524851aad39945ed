package relcard

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// MayCountersign reports whether the party in role r can put its envelope to
// b, which the other has signed, without harm. It asks what [Chain.MaySign]
// asks, and two things more: b lies on one line with what is in force; and of
// two proposals that crossed, b's branch is the one that prevails over every
// branch r has signed on. Which prevails is decided where the two part: the
// version with the lower CID, by its bytes, and with it all that follows it.
//
// Two versions on different branches can so never both come into force. For
// that, each side would have countersigned the other's version with its own on
// the other branch, and for one of the two its own prevails. What does not
// prevail is withdrawn: its author proposes it anew, with [Chain.Next], on top
// of what does. No card stays stuck: what Next builds on is the end of the line
// that prevails over all others, so that once both sides know the same, either
// one may countersign it, or the other may countersign what the first puts on
// top.
func (c Chain) MayCountersign(b *Body, r identity.Role) error {
	if err := c.MaySign(b, r); err != nil {
		return err
	}
	_, id, err := b.Encode()
	if err != nil {
		return err
	}
	line, err := c.line(b, id)
	if err != nil {
		return err
	}
	if v, inForce := c.against(line, r); inForce {
		return fmt.Errorf("countersign as the %s: version %d, %s, is in force beside it", r, v.Body.Seq, v.ID)
	} else if v != nil {
		return fmt.Errorf("countersign as the %s: version %d, %s, is this side's own and prevails where they crossed: it is for the other side to propose again on top",
			r, v.Body.Seq, v.ID)
	}
	return nil
}

// against returns what forbids r to countersign the end of the line: the
// version in force, if that is beside it, or a version that r has signed, that
// can still come into force, and whose branch prevails over the line.
func (c Chain) against(line []dagcbor.CID, r identity.Role) (v *Version, inForce bool) {
	type place struct{ beside, prevails, alive bool }
	places := make(map[dagcbor.CID]place, len(c.versions))
	tip := c.agreed()
	for _, v := range c.versions { // by seq: a version comes after the one it follows
		at, seq := places[v.Body.Prev], v.Body.Seq
		at.alive = at.alive || tip == nil || v == tip
		if !at.beside && seq < uint64(len(line)) && line[seq] != v.ID {
			at.beside, at.prevails = true, v.ID.Cid().KeyString() < line[seq].Cid().KeyString()
		}
		places[v.ID] = at
		switch {
		case at.beside && v == tip:
			return v, true
		case at.beside && at.prevails && at.alive && v.Body.Status == StatusAgreed && v.Signed.envelope(r) != nil:
			return v, false
		}
	}
	return nil, false
}

// Prevailing returns the proposal that can come into force now: of those that
// crossed, the one that prevails; see [Chain.MayCountersign]. The others of
// [Chain.Pending] are withdrawn by that. There is none where nothing is
// proposed.
func (c Chain) Prevailing() (Version, bool) {
	if c.Fork() != nil || c.end() != nil {
		return Version{}, false
	}
	if head := c.head(); head != nil && head.State() == StateProposed {
		return *head, true
	}
	return Version{}, false
}

// line returns the ids of b and of all that it follows, by seq.
func (c Chain) line(b *Body, id dagcbor.CID) ([]dagcbor.CID, error) {
	line := make([]dagcbor.CID, 1, len(c.versions)+1)
	line[0] = id
	for at := b; at.Seq > 0; {
		i, ok := c.search(at.Seq-1, at.Prev)
		if !ok {
			return nil, refuse(ErrOrphan, "version %d follows %s, which is not known", at.Seq, at.Prev)
		}
		line, at = append(line, at.Prev), &c.versions[i].Body
	}
	slices.Reverse(line)
	return line, nil
}
