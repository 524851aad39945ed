package node

import (
	"fmt"

	"github.com/parley-network/parley/relcard/decline"
	"github.com/parley-network/parley/relcard/statement"
)

// hearDecline takes in that the other side will not sign what was proposed.
func (n *Node) hearDecline(c *change, r *relation, st *statement.Statement) error {
	d, err := decline.Decode(st.Body.Content)
	if err != nil || r.body.Card.IsZero() {
		return n.ignore(c, r, st, err)
	}
	k, err := n.loadCard(c.Tx, r.body.Card)
	if err != nil {
		return err
	}
	v, known := k.chain.Version(d.Proposal)
	if !known {
		return n.ignore(c, r, st, fmt.Errorf("version %s is not known here", d.Proposal))
	}
	if _, ok := decline.Of(&v, st); !ok {
		return n.ignore(c, r, st, fmt.Errorf("version %s is none that this side proposes", d.Proposal))
	}
	k.decline(d.Proposal)
	if err := k.save(c); err != nil {
		return err
	}
	return c.note("card.declined", r.body.Card, "%s declined version %d of the card: %s", r.name(), v.Body.Seq, clip(d.Reason, maxReason))
}
