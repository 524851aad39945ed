package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// demandLife is how long a vendor has to answer a demand unless the owner says
// otherwise: the month of the GDPR's article 12(3).
const demandLife = 30 * 24 * time.Hour

// Demand asks the other side of a card to delete, or to hand over, what was
// shared under it. It can be made after the end as well.
func (n *Node) Demand(ctx context.Context, root dagcbor.CID, w view.DemandWant) (view.Demand, error) {
	var id dagcbor.CID
	err := n.update(ctx, func(c *change) error {
		r, _, err := n.relationOfCard(c.Tx, root)
		if err != nil {
			return err
		}
		if r.body.Side != identity.RolePerson {
			return fmt.Errorf("to demand is the person's part: %w", view.ErrConflict)
		}
		id, err = n.demand(c, r, w)
		return err
	})
	if err != nil {
		return view.Demand{}, fmt.Errorf("demand: %w", err)
	}
	all, err := n.Demands(ctx, root)
	if err != nil {
		return view.Demand{}, err
	}
	at := slices.IndexFunc(all, func(d view.Demand) bool { return d.ID == id })
	if at < 0 {
		return view.Demand{}, fmt.Errorf("demand %s is not in the ledger", id)
	}
	return all[at], nil
}

func (n *Node) demand(c *change, r *relation, w view.DemandWant) (dagcbor.CID, error) {
	d := disclosure.Demand{What: disclosure.Want(w.What), Items: w.Items, Deadline: w.Deadline, Reason: w.Reason}
	if d.Deadline.IsZero() {
		d.Deadline = identity.At(c.now.Add(demandLife))
	}
	slices.Sort(d.Items)
	content, err := d.Encode()
	if err != nil {
		return dagcbor.CID{}, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.wouldHold(c, r, disclosure.KindDemand, content); err != nil {
		return dagcbor.CID{}, err
	}
	s, err := n.say(c, r, word{kind: disclosure.KindDemand, content: content})
	if err != nil {
		return dagcbor.CID{}, err
	}
	if d.What == disclosure.WantDelete {
		if err := n.retire(c, r, d.Items); err != nil {
			return dagcbor.CID{}, err
		}
	}
	return s.ID(), c.note("demand.made", r.ref(), "demanded of %s to %s what was shared, by %s", r.name(), d.What, d.Deadline)
}

// retire puts away the pieces of the given items, or all of the relationship.
func (n *Node) retire(c *change, r *relation, items []uint64) error {
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return err
	}
	for _, e := range l.Entries {
		if len(items) > 0 && !slices.Contains(items, e.Item.ID) {
			continue
		}
		if err := retirePiece(c, r, e.Item.ID); err != nil {
			return err
		}
	}
	return nil
}

// hearDemand does what the person demands, if the vendor's rules leave that
// to the node; else its people are told.
func (n *Node) hearDemand(c *change, r *relation, st *statement.Statement) error {
	before, err := n.ledgerBefore(c, r, st)
	if err != nil {
		return err
	}
	if err := before.Check(st); err != nil {
		return n.ignore(c, r, st, err)
	}
	d, err := disclosure.DecodeDemand(st.Body.Content)
	if err != nil {
		return n.ignore(c, r, st, err)
	}
	if err := c.note("demand.received", r.ref(), "the person demands to %s data, by %s", d.What, d.Deadline); err != nil {
		return err
	}
	if n.vendor == nil {
		return nil
	}
	if _, rules := n.vendor.current(); rules.Comply == market.ModeAsk {
		return nil
	}
	did := disclosure.DidDelete
	if d.What == disclosure.WantCopy {
		did = disclosure.DidCopy
	}
	return n.comply(c, r, st.ID, d, did, "")
}

// Comply answers a demand that the vendor's rules left to its people.
func (n *Node) Comply(ctx context.Context, root dagcbor.CID, w view.ComplyWant) (view.Demand, error) {
	err := n.update(ctx, func(c *change) error {
		r, _, err := n.relationOfCard(c.Tx, root)
		if err != nil {
			return err
		}
		if r.body.Side != identity.RoleVendor {
			return fmt.Errorf("to comply is the vendor's part: %w", view.ErrConflict)
		}
		l, err := n.ledger(c.Tx, r)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(l.Demands, func(d disclosure.DemandEntry) bool { return d.Statement == w.Demand })
		if at < 0 {
			return fmt.Errorf("demand %s: %w", w.Demand, view.ErrNotFound)
		}
		return n.comply(c, r, w.Demand, l.Demands[at].Demand, disclosure.Did(w.Did), w.Reason)
	})
	if err != nil {
		return view.Demand{}, fmt.Errorf("comply: %w", err)
	}
	all, err := n.Demands(ctx, root)
	if err != nil {
		return view.Demand{}, err
	}
	return all[slices.IndexFunc(all, func(d view.Demand) bool { return d.ID == w.Demand })], nil
}

func (n *Node) comply(c *change, r *relation, demand dagcbor.CID, d disclosure.Demand, did disclosure.Did, reason string) error {
	answer := disclosure.Comply{Did: did, Reason: reason}
	w := word{kind: disclosure.KindComply, answers: demand}
	switch did {
	case disclosure.DidDelete:
		if err := n.retire(c, r, d.Items); err != nil {
			return err
		}
		if len(d.Items) == 0 {
			if err := forgetReleased(c, r); err != nil {
				return err
			}
		}
	case disclosure.DidCopy:
		o, err := n.copyOf(c, r, d.Items)
		if err != nil {
			return err
		}
		answer.Digest, w.openings = o.Digest(), []disclosure.Opening{o}
		if err := keepCopy(c, r, demand, o); err != nil {
			return err
		}
	}
	var err error
	if w.content, err = answer.Encode(); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.answerHolds(c, r, w); err != nil {
		return err
	}
	if _, err := n.say(c, r, w); err != nil {
		return err
	}
	return c.note("demand.answered", r.ref(), "answered the person's demand: %s", did)
}

// answerHolds asks the ledger whether an own answer would be valid.
func (n *Node) answerHolds(c *change, r *relation, w word) error {
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return err
	}
	b := r.body.Mine.Next(r.body.Side, r.body.Person, r.body.Vendor.DID, r.body.Other, c.now)
	b.Kind, b.Content, b.Card, b.Answers = w.kind, w.content, r.body.Card, w.answers
	if err := l.Check(&statement.Statement{Body: b}); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return nil
}

// heldCopy is what a vendor hands over: everything it holds of the person.
type heldCopy struct {
	Pieces []heldPiece `json:"pieces"`
}

type heldPiece struct {
	Path    string          `json:"path"`
	Value   json.RawMessage `json:"value"`
	Purpose []string        `json:"purpose"`
}

func (n *Node) copyOf(c *change, r *relation, items []uint64) (disclosure.Opening, error) {
	held := heldCopy{Pieces: []heldPiece{}}
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return disclosure.Opening{}, err
	}
	for _, e := range l.Entries {
		if len(items) > 0 && !slices.Contains(items, e.Item.ID) {
			continue
		}
		rec, err := c.Get(kindPiece, pieceID(r.body.Person, e.Item.ID))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return disclosure.Opening{}, err
		}
		var b pieceBody
		if err := get(rec, &b); err != nil {
			return disclosure.Opening{}, err
		}
		if len(b.Opening.Value) > 0 {
			held.Pieces = append(held.Pieces, heldPiece{b.Item.Path, b.Opening.Value, b.Item.Purpose})
		}
	}
	raw, err := json.Marshal(held)
	if err != nil {
		return disclosure.Opening{}, err
	}
	if raw, err = jcs.Transform(raw); err != nil {
		return disclosure.Opening{}, err
	}
	return disclosure.NewOpening(rand.Reader, 0, raw)
}

// hearComply takes in what the vendor did about a demand, and the copy where
// one came.
func (n *Node) hearComply(c *change, r *relation, st *statement.Statement, l *sayLetter) error {
	before, err := n.ledgerBefore(c, r, st)
	if err != nil {
		return err
	}
	if err := before.Check(st); err != nil {
		return n.ignore(c, r, st, err)
	}
	answer, err := disclosure.DecodeComply(st.Body.Content)
	if err != nil {
		return n.ignore(c, r, st, err)
	}
	if answer.Did == disclosure.DidCopy {
		if len(l.Openings) != 1 || answer.Opens(l.Openings[0]) != nil {
			return c.note("demand.answered", r.ref(), "%s says it sent a copy, and none that fits came", r.name())
		}
		rec := store.Record{Kind: kindCopy, ID: st.Body.Answers.String(), Ref: string(r.body.Person)}
		if err := put(c.Tx, rec, l.Openings[0]); err != nil {
			return err
		}
	}
	return c.note("demand.answered", r.ref(), "%s answered the demand: %s %s", r.name(), answer.Did, clip(answer.Reason, maxReason))
}

// Demands returns the demands made under a card, or under all for the zero
// root, and how each stands.
func (n *Node) Demands(ctx context.Context, root dagcbor.CID) ([]view.Demand, error) {
	out := []view.Demand{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		rs, err := n.relations(tx, root)
		if err != nil {
			return err
		}
		for _, r := range rs {
			l, err := n.ledger(tx, r)
			if err != nil {
				return err
			}
			for _, d := range l.Demands {
				v, err := demandView(tx, r, d)
				if err != nil {
					return err
				}
				out = append(out, v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read demands: %w", err)
	}
	orderDemands(out)
	return out, nil
}

func demandView(tx store.Tx, r *relation, d disclosure.DemandEntry) (view.Demand, error) {
	v := view.Demand{
		ID: d.Statement, Card: r.body.Card, With: r.name(), What: string(d.Demand.What), Items: d.Items, Made: d.Made,
		Deadline: d.Demand.Deadline, State: string(d.State), Answer: d.Answer, Reason: d.Reason,
	}
	if r.body.Side == identity.RoleVendor {
		var err error
		v.Unread, err = isUnread(tx, d.Statement.String())
		return v, err
	}
	came, err := copyBeside(tx, d.Statement)
	if err != nil || len(came) == 0 {
		return v, err
	}
	var held heldCopy
	if err := json.Unmarshal(came[0].Value, &held); err != nil {
		return v, nil // a copy in words of the vendor's own: kept, and not shown piece by piece
	}
	for _, p := range held.Pieces {
		v.Copy = append(v.Copy, view.Piece{Path: p.Path, Value: p.Value, Text: pieceText(p.Path, p.Value)})
	}
	return v, nil
}
