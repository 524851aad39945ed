package node

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// nextBody is the body of the version that this side may propose next, to be
// changed. What has been declined is not in it: it is built on, so that the
// record has one line, and says again what is in force.
func (k *card) nextBody(c *change) (relcard.Body, error) {
	next, err := k.chain.Next(c.now)
	if err != nil {
		return next, fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	agreed, ok := k.chain.Agreed()
	if ok && slices.Contains(k.body.Declines, next.Prev) {
		return placed(agreed.Body, &next), nil
	}
	return next, nil
}

// placed is the deal of a body at the place of another.
func placed(deal relcard.Body, at *relcard.Body) relcard.Body {
	deal.Version, deal.Seq, deal.Prev, deal.Time = at.Version, at.Seq, at.Prev, at.Time
	return deal
}

// mustRestate reports whether this side says yes to v, the other side's
// proposal, by proposing the same on top: it has crossed with one of this
// side's own, next to which this side can't sign it, and it prevails.
func (k *card) mustRestate(v *relcard.Version) bool {
	stands, ok := k.chain.Prevailing()
	return ok && stands.ID == v.ID && k.chain.MayCountersign(&v.Body, k.body.Side) != nil
}

// restate proposes once more what the other side proposes, on top of that. Its
// node signs by itself what says the same as its own proposal.
func (n *Node) restate(c *change, k *card) error {
	next, err := k.chain.Next(c.now)
	if err != nil {
		return fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	return n.proposeVersion(c, k, next)
}

// restates reports whether a version that the other side proposes says the same
// as this side's own proposal, on which it stands: yes, where the proposals of
// both had crossed.
func (k *card) restates(body *relcard.Body) bool {
	own, ok := k.chain.Version(body.Prev)
	if !ok || own.State() != relcard.StateProposed || !k.signedBy(&own, k.body.Side) || slices.Contains(k.body.Declines, own.ID) {
		return false
	}
	mine := placed(own.Body, body)
	return sameDeal(&mine, body) && k.chain.MayCountersign(body, k.body.Side) == nil
}

// theirNewest is what this side may decline: what waits for its word or, where
// all that has crossed with a proposal of its own, the newest of that.
func (k *card) theirNewest() (relcard.Version, error) {
	v, err := k.theirProposal()
	if err == nil || k.writable() != nil {
		return v, err
	}
	for _, v := range slices.Backward(k.chain.Pending()) {
		if !slices.Contains(k.body.Declines, v.ID) && !k.signedBy(&v, k.body.Side) {
			return v, nil
		}
	}
	return v, err
}
