package node

import (
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
)

// letterGivenUp tells the owner, in the transaction that records it, of a
// letter that the other side's node refused or nobody took while it lived: who
// waits for an answer would wait for ever. A proposal so refused is a card
// refused; a proffer is a negotiation closed.
func (n *Node) letterGivenUp(tx store.Tx, s courier.LetterStatus) error {
	c, ok := tx.(*change)
	if !ok {
		return errors.New("letter given up outside a transaction of the node's")
	}
	if s.Kind == letterRead {
		return nil // nobody waits for it
	}
	ref, err := dagcbor.ParseCID(s.Ref)
	if err != nil {
		return nil // it belongs to nothing that could be shown
	}
	if s.State == courier.StateRefused {
		if told, err := n.refusedUnread(c, ref, s); told || err != nil {
			return err
		}
	}
	return c.note("letter."+s.State, ref, "%s", givenUpText(s))
}

func givenUpText(s courier.LetterStatus) string {
	if s.State == courier.StateRefused {
		return fmt.Sprintf("the other side's node refused a letter (%s): %s", s.Kind, clip(s.Problem, maxReason))
	}
	return fmt.Sprintf("a letter (%s) did not arrive while it was good and is given up: %s", s.Kind, clip(s.Problem, maxReason))
}

// refusedUnread ends what the refused letter was to begin, and reports whether
// it did.
func (n *Node) refusedUnread(c *change, ref dagcbor.CID, s courier.LetterStatus) (bool, error) {
	switch s.Kind {
	case letterPropose:
		k, err := n.loadCard(c.Tx, ref)
		if errors.Is(err, view.ErrNotFound) {
			return false, nil
		}
		if err != nil || k.chain.State() != relcard.StateProposed || k.body.Refused {
			return false, err
		}
		k.body.Refused, k.body.Alarm = true, "refused by the vendor's node: "+clip(s.Problem, maxReason)
		k.body.Since = identity.At(c.now)
		if err := k.save(c); err != nil {
			return false, err
		}
		return true, c.note("card.refused", ref, "%s's node refused the card: %s", k.other(), clip(s.Problem, maxReason))
	case letterSay:
		return n.profferUnread(c, ref, s)
	}
	return false, nil
}

// profferUnread closes a negotiation that has got no further than the proffer.
func (n *Node) profferUnread(c *change, ref dagcbor.CID, s courier.LetterStatus) (bool, error) {
	g, err := n.loadNegotiation(c.Tx, ref)
	if errors.Is(err, view.ErrNotFound) {
		return false, nil
	}
	if err != nil || g.body.Problem != "" || g.neg.State() != negotiation.StateProffered {
		return false, err
	}
	r, err := loadRelation(c.Tx, g.body.Person)
	if err != nil {
		return false, err
	}
	return true, n.closeTalk(c, r, g, negotiation.Close{
		Version: negotiation.Version, Proffer: g.neg.ID(), Cause: negotiation.CauseWithdrawn,
		Reason: clip("the other side's node refused the proffer: "+strings.Join(strings.Fields(s.Problem), " "), maxReason),
	})
}
