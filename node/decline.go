package node

import (
	"fmt"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/statement"
)

// kindDecline is the statement by which a side says no to a proposed version
// of the card, so that the record shows it.
const kindDecline statement.Kind = "decline"

type declineContent struct {
	Version  uint64      `cbor:"v"`
	Proposal dagcbor.CID `cbor:"proposal"`
	Reason   string      `cbor:"reason,omitempty"`
}

func (d declineContent) encode() ([]byte, error) {
	if len(d.Reason) > maxReason {
		return nil, view.Invalid("reason", "has %d bytes, more than %d", len(d.Reason), maxReason)
	}
	return encode(d)
}

func decodeDecline(b []byte) (declineContent, error) {
	var d declineContent
	if err := dagcbor.Unmarshal(b, &d); err != nil {
		return d, err
	}
	if d.Version != 1 || len(d.Reason) > maxReason {
		return d, fmt.Errorf("version %d with a reason of %d bytes", d.Version, len(d.Reason))
	}
	return d, nil
}

// hearDecline takes in that the other side will not sign what was proposed.
func (n *Node) hearDecline(c *change, r *relation, st *statement.Statement) error {
	d, err := decodeDecline(st.Body.Content)
	if err != nil || r.body.Card.IsZero() {
		return n.ignore(c, r, st, err)
	}
	k, err := n.loadCard(c.Tx, r.body.Card)
	if err != nil {
		return err
	}
	v, known := k.chain.Version(d.Proposal)
	if !known || v.Countersigned() || !k.signedBy(&v, k.body.Side) {
		return n.ignore(c, r, st, fmt.Errorf("version %s is none that this side proposes", d.Proposal))
	}
	k.decline(d.Proposal)
	if err := k.save(c); err != nil {
		return err
	}
	return c.note("card.declined", r.body.Card, "%s declined version %d of the card: %s", r.name(), v.Body.Seq, clip(d.Reason, maxReason))
}
