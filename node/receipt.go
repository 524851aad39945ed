package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

var noTime time.Time

// hearDisclose takes in pieces of the person's data, all or none, and answers
// with a receipt.
func (n *Node) hearDisclose(c *change, r *relation, st *statement.Statement, l *sayLetter) error {
	d, problem, err := n.takePieces(c, r, st, l)
	if err != nil {
		return err
	}
	if err := n.giveReceipt(c, r, st, problem); err != nil {
		return err
	}
	if problem != nil {
		return c.note("data.refused", r.ref(), "refused data of the person: %s", problem)
	}
	paths := make([]string, len(d.Items))
	for i, it := range d.Items {
		paths[i] = it.Path
	}
	return c.note("data.received", r.ref(), "the person shared %s", strings.Join(paths, ", "))
}

// takePieces stores what a disclose statement gives; problem is why not.
func (n *Node) takePieces(c *change, r *relation, st *statement.Statement, l *sayLetter) (d disclosure.Disclose, problem, err error) {
	before, err := n.ledgerBefore(c, r, st)
	if err != nil {
		return d, nil, err
	}
	if problem := before.Check(st); problem != nil {
		return d, problem, nil
	}
	if d, problem = disclosure.DecodeDisclose(st.Body.Content); problem != nil {
		return d, problem, nil
	}
	if problem, err := n.wantsPieces(c, r, d); problem != nil || err != nil {
		return d, problem, err
	}
	pieces := make([]pieceBody, len(d.Items))
	for i, it := range d.Items {
		at := slices.IndexFunc(l.Openings, func(o disclosure.Opening) bool { return o.Item == it.ID })
		if at < 0 {
			return d, fmt.Errorf("item %d came without its value", it.ID), nil
		}
		if problem := it.Opens(l.Openings[at]); problem != nil {
			return d, problem, nil
		}
		if _, problem := profile.NewPiece(profile.Path(it.Path), l.Openings[at].Value); problem != nil {
			return d, problem, nil
		}
		pieces[i] = pieceBody{Person: r.body.Person, Card: r.body.Card, Item: it, Opening: l.Openings[at], Statement: st.ID}
	}
	for _, p := range pieces {
		if err := keepPiece(c, r, p); err != nil {
			return d, nil, err
		}
	}
	return d, nil, nil
}

// wantsPieces asks the vendor's rules, and the card, whether data is taken.
func (n *Node) wantsPieces(c *change, r *relation, d disclosure.Disclose) (problem, err error) {
	if n.vendor == nil || r.body.Card.IsZero() {
		return errors.New("there is no card to share data under"), nil
	}
	// What the record says will do: to load the card checks the signatures of all
	// its versions, two for each.
	k, err := c.Get(kindCard, r.body.Card.String())
	if err != nil {
		return nil, err
	}
	if k.State == string(relcard.StateEnded) {
		return errors.New("the card has ended"), nil
	}
	_, rules := n.vendor.current()
	for _, it := range d.Items {
		if !rules.Takes(it.Path) {
			return fmt.Errorf("this vendor does not keep %s", it.Path), nil
		}
	}
	return nil, nil
}

func (n *Node) giveReceipt(c *change, r *relation, st *statement.Statement, problem error) error {
	receipt := disclosure.Receipt{Verdict: disclosure.Recorded}
	if problem != nil {
		receipt = disclosure.Receipt{Verdict: disclosure.Refused, Reason: clip(problem.Error(), 400)}
	}
	content, err := receipt.Encode()
	if err != nil {
		receipt.Reason = "it can't be taken as it is"
		if content, err = receipt.Encode(); err != nil {
			return err
		}
	}
	_, err = n.say(c, r, word{kind: disclosure.KindReceipt, content: content, answers: st.ID})
	return err
}

// hearRetract deletes what the person takes back.
func (n *Node) hearRetract(c *change, r *relation, st *statement.Statement) error {
	before, err := n.ledgerBefore(c, r, st)
	if err != nil {
		return err
	}
	problem := before.Check(st)
	var content disclosure.Retract
	if problem == nil {
		content, problem = disclosure.DecodeRetract(st.Body.Content)
	}
	if problem == nil {
		if err := n.retireAndRevive(c, r, content.Items); err != nil {
			return err
		}
	}
	if err := n.giveReceipt(c, r, st, problem); err != nil {
		return err
	}
	return c.note("data.retracted", r.ref(), "the person took back %d pieces of data", len(content.Items))
}

// hearReceipt notes the vendor's answer to what was shared or taken back.
func (n *Node) hearReceipt(c *change, r *relation, st *statement.Statement) error {
	before, err := n.ledgerBefore(c, r, st)
	if err != nil {
		return err
	}
	if err := before.Check(st); err != nil {
		return n.ignore(c, r, st, err)
	}
	receipt, err := disclosure.DecodeReceipt(st.Body.Content)
	if err != nil {
		return n.ignore(c, r, st, err)
	}
	if receipt.Verdict == disclosure.Refused {
		if err := n.unshare(c, r, before, st.Body.Answers); err != nil {
			return err
		}
	}
	told, err := n.hearTold(c, r, before, st, receipt)
	if told || err != nil {
		return err
	}
	if receipt.Verdict == disclosure.Refused {
		return c.note("data.refused", r.ref(), "%s refused: %s", r.name(), clip(receipt.Reason, maxReason))
	}
	return c.note("data.recorded", r.ref(), "%s recorded what was shared or taken back", r.name())
}

// unshare undoes here what the vendor did not take: what the refused items
// were to replace is live again.
func (n *Node) unshare(c *change, r *relation, l disclosure.Ledger, refused dagcbor.CID) error {
	var items []uint64
	for _, e := range l.Entries {
		if e.Statement == refused {
			items = append(items, e.Item.ID)
		}
	}
	return n.retireAndRevive(c, r, items)
}
