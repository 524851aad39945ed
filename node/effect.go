package node

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/loyalty"
	"github.com/parley-network/parley/relcard/decline"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// effect does what a statement of the other side's asks for. It stands in the
// log whatever becomes of it: one that can't be read, or is not this side's to
// hear, is told to the owner and does nothing.
func (n *Node) effect(c *change, r *relation, st *statement.Statement, l *sayLetter) error {
	type deed func() error
	byPerson := map[statement.Kind]deed{
		negotiation.KindProffer: func() error { return n.hearProffer(c, r, st, l) },
		negotiation.KindClose:   func() error { return n.hearClose(c, r, st) },
		decline.Kind:            func() error { return n.hearDecline(c, r, st) },
		disclosure.KindDisclose: func() error { return n.hearDisclose(c, r, st, l) },
		disclosure.KindRetract:  func() error { return n.hearRetract(c, r, st) },
		disclosure.KindDemand:   func() error { return n.hearDemand(c, r, st) },
		channel.StatementKind:   func() error { return n.hearChannel(c, r, st) },
		loyalty.Kind:            func() error { return n.hearLoyalty(c, r, st) },
		kindAlarm:               func() error { return n.hearAlarm(c, r, st) },
	}
	byVendor := map[statement.Kind]deed{
		negotiation.KindAnswer: func() error { return n.hearAnswer(c, r, st, l) },
		negotiation.KindClose:  func() error { return n.hearClose(c, r, st) },
		decline.Kind:           func() error { return n.hearDecline(c, r, st) },
		disclosure.KindReceipt: func() error { return n.hearReceipt(c, r, st) },
		disclosure.KindComply:  func() error { return n.hearComply(c, r, st, l) },
		kindAlarm:              func() error { return n.hearAlarm(c, r, st) },
	}
	deeds := byPerson
	if st.Body.By == identity.RoleVendor {
		deeds = byVendor
	}
	do, known := deeds[st.Body.Kind]
	if !known {
		return n.wrongPart(c, r, st)
	}
	return do()
}

// wrongPart is a statement that is not for the side that made it to make. An
// open negotiation ends by it.
func (n *Node) wrongPart(c *change, r *relation, st *statement.Statement) error {
	if st.Body.Kind != negotiation.KindProffer && st.Body.Kind != negotiation.KindAnswer {
		return n.ignore(c, r, st, nil)
	}
	talks, err := n.talks(c.Tx, r)
	if err != nil {
		return err
	}
	for _, g := range talks {
		if !g.open(c.now) {
			continue
		}
		step := g.neg.Apply(st, nil, c.now)
		if st.Body.Kind == negotiation.KindProffer { // it opens none, and is about none
			step.Violation = fmt.Errorf("%w: the %s proffers, which is the person's to do", negotiation.CauseRole, st.Body.By)
		}
		if step.Violation == nil {
			continue
		}
		g.neg = step.Next
		if !step.Foreign {
			if err := g.heard(st.Signed); err != nil {
				return err
			}
		}
		if err := n.closeTalk(c, r, g, negotiation.Closing(g.neg.ID(), step.Violation)); err != nil {
			return err
		}
	}
	return n.ignore(c, r, st, nil)
}

// ignore tells the owner of a statement that has no effect.
func (n *Node) ignore(c *change, r *relation, st *statement.Statement, why error) error {
	if why == nil {
		return c.note("statement.ignored", r.ref(), "%s made a statement of kind %q, which is not its to make or not known here", r.name(), st.Body.Kind)
	}
	return c.note("statement.ignored", r.ref(), "%s made a statement of kind %q that says nothing here: %s", r.name(), st.Body.Kind, clip(why.Error(), maxReason))
}
