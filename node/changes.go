package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

type ledgerEntry = disclosure.Entry

// hearTold notes the vendor's receipt for a change it was told of. told is
// false where the receipt is for something else.
func (n *Node) hearTold(c *change, r *relation, l disclosure.Ledger, st *statement.Statement, receipt disclosure.Receipt) (told bool, err error) {
	id, err := toldBy(c, r, l, st.Body.Answers)
	if id == "" || err != nil {
		return false, err
	}
	rec, err := c.Get(kindTold, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	var t toldBody
	if err := get(rec, &t); err != nil {
		return true, err
	}
	rec.State, t.Receipt, t.At = toldConfirmed, st.ID, st.Body.Time
	if receipt.Verdict == disclosure.Refused {
		rec.State, t.Reason = toldRefused, clip(receipt.Reason, maxReason)
	}
	if err := put(c.Tx, rec, t); err != nil {
		return true, err
	}
	return true, n.toldAll(c, r, rec, t)
}

// toldBy returns the ID of the told record that a statement came from: the
// pieces it gave know. "" if no change made it.
func toldBy(c *change, r *relation, l disclosure.Ledger, said dagcbor.CID) (string, error) {
	i := slices.IndexFunc(l.Entries, func(e ledgerEntry) bool { return e.Statement == said })
	if i < 0 {
		return "", nil
	}
	rec, err := c.Get(kindPiece, pieceID(r.body.Person, l.Entries[i].Item.ID))
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var p pieceBody
	err = get(rec, &p)
	return p.Told, err
}

// toldAll tells the owner of a refusal, and of the last answer. Each single
// confirmation is in the list, and no event: a change may be told to
// thousands.
func (n *Node) toldAll(c *change, r *relation, rec store.Record, t toldBody) error {
	if rec.State == toldRefused {
		if err := c.note("change.refused", r.ref(), "%s refused a change: %s", r.name(), t.Reason); err != nil {
			return err
		}
	}
	for _, open := range []string{toldWaiting, toldNext} { // most often one of the first is left
		// Whatever change the first open one is of: by both, the store would walk
		// past all that have answered to find one that has not.
		left, err := c.List(store.Query{Kind: kindTold, State: open, Limit: 1})
		if err == nil && len(left) > 0 && left[0].Ref != rec.Ref {
			left, err = c.List(store.Query{Kind: kindTold, Ref: rec.Ref, State: open, Limit: 1})
		}
		if err != nil || len(left) > 0 {
			return err
		}
	}
	return c.note("change.told", dagcbor.CID{}, "everybody has answered the change %s", rec.Ref)
}

// UndoChange takes a change back: the old value is told to whoever was told
// the new one.
func (n *Node) UndoChange(ctx context.Context, id string) (view.Change, error) {
	undo, err := newChangeID()
	if err == nil {
		err = n.update(ctx, func(c *change) error { return n.undo(c, id, undo) })
	}
	if err != nil {
		return view.Change{}, fmt.Errorf("undo change: %w", err)
	}
	n.wakeTelling()
	return n.Change(ctx, undo)
}

func (n *Node) undo(c *change, id, undo string) error {
	b, err := loadChange(c.Tx, id)
	if err != nil {
		return err
	}
	newer, err := newerChange(c.Tx, id, b)
	switch {
	case err != nil:
		return err
	case b.Undone != "":
		return fmt.Errorf("change %s is undone already, by %s: %w", id, b.Undone, view.ErrConflict)
	case newer != "":
		return fmt.Errorf("%s has been changed again since, by %s: undo that first: %w", b.Path, newer, view.ErrConflict)
	case len(b.Old) == 0 && !b.Applied:
		// It was only to come, and there was nothing before: nobody was told.
	}
	b.Undone = undo
	if err := putChange(c.Tx, id, b); err != nil {
		return err
	}
	if err := unsend(c.Tx, id); err != nil {
		return err
	}
	back := changeBody{Path: b.Path, Old: b.New, New: b.Old, Made: identity.At(c.now), Order: c.n.events.next(c.now), Undoes: id}
	cards, err := n.toldCards(c.Tx, id)
	if err != nil {
		return err
	}
	return n.begin(c, undo, back, cards, len(cards) == 0 || len(b.Old) == 0)
}

// putChange stores a change; one that is done or undone is due no more.
func putChange(tx store.Tx, id string, b changeBody) error {
	rec := store.Record{Kind: kindChange, ID: id, Ref: b.Path}
	if !b.Applied && b.Undone == "" {
		rec.Due = b.From.Std()
	}
	return put(tx, rec, b)
}

// newerChange returns a change of the same path that was made later and
// stands, "" for none.
func newerChange(tx store.Tx, id string, b changeBody) (string, error) {
	recs, err := tx.List(store.Query{Kind: kindChange, Ref: b.Path})
	if err != nil {
		return "", err
	}
	for _, rec := range recs {
		var other changeBody
		if err := get(rec, &other); err != nil {
			return "", err
		}
		if rec.ID != id && other.Undone == "" && other.Undoes == "" && b.Order < other.Order {
			return rec.ID, nil
		}
	}
	return "", nil
}

// unsend drops those that a change has not been told to yet.
func unsend(tx store.Tx, id string) error {
	recs, err := tx.List(store.Query{Kind: kindTold, Ref: id, State: toldNext})
	if err != nil {
		return err
	}
	for _, rec := range recs {
		if err := tx.Delete(kindTold, rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// toldCards are the cards that a change was told to and that hold its value.
func (n *Node) toldCards(tx store.Tx, id string) ([]dagcbor.CID, error) {
	var out []dagcbor.CID
	for _, state := range []string{toldWaiting, toldConfirmed} {
		recs, err := tx.List(store.Query{Kind: kindTold, Ref: id, State: state})
		if err != nil {
			return nil, err
		}
		for _, rec := range recs {
			var t toldBody
			if err := get(rec, &t); err != nil {
				return nil, err
			}
			r, err := loadRelation(tx, t.Person)
			if err != nil {
				return nil, err
			}
			out = append(out, r.body.Card)
		}
	}
	return out, nil
}

// takeEffect makes the profile say what was to come by now.
func (n *Node) takeEffect(c *change, rec store.Record) error {
	var b changeBody
	if err := get(rec, &b); err != nil {
		return err
	}
	b.Applied = true
	if err := applyChange(c.Tx, &b); err != nil {
		return err
	}
	if err := putChange(c.Tx, rec.ID, b); err != nil {
		return err
	}
	return c.note("profile.changed", dagcbor.CID{}, "%s is now %s", b.Path, pieceText(b.Path, b.New))
}

// Changes returns every change of the profile, the newest first.
func (n *Node) Changes(ctx context.Context) ([]view.Change, error) {
	out := []view.Change{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindChange})
		if err != nil {
			return err
		}
		order := make(map[string]uint64, len(recs))
		for _, rec := range recs {
			v, err := changeView(tx, rec)
			if err != nil {
				return err
			}
			var b changeBody
			if err := get(rec, &b); err != nil {
				return err
			}
			order[rec.ID] = b.Order
			out = append(out, v)
		}
		slices.SortFunc(out, func(a, b view.Change) int { return cmp.Compare(order[b.ID], order[a.ID]) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return out, nil
}

// Change returns one change with the answer of each relationship.
func (n *Node) Change(ctx context.Context, id string) (view.Change, error) {
	var v view.Change
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		rec, err := tx.Get(kindChange, id)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("change %s: %w", id, view.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if v, err = changeView(tx, rec); err != nil {
			return err
		}
		v.Cards, err = n.toldViews(tx, id)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read change: %w", err)
	}
	return v, nil
}

func changeView(tx store.Tx, rec store.Record) (view.Change, error) {
	var b changeBody
	if err := get(rec, &b); err != nil {
		return view.Change{}, err
	}
	v := view.Change{
		ID: rec.ID, Path: b.Path, Old: pieceText(b.Path, b.Old), New: pieceText(b.Path, b.New),
		Made: b.Made, From: b.From, Undoes: b.Undoes, Undone: b.Undone,
	}
	for state, to := range map[string]*int{toldNext: &v.Telling, toldWaiting: &v.Waiting, toldConfirmed: &v.Confirmed, toldRefused: &v.Refused} {
		var err error
		if *to, err = tx.Count(store.Query{Kind: kindTold, Ref: rec.ID, State: state}); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (n *Node) toldViews(tx store.Tx, id string) ([]view.ChangeCard, error) {
	recs, err := tx.List(store.Query{Kind: kindTold, Ref: id})
	if err != nil {
		return nil, err
	}
	out := make([]view.ChangeCard, 0, len(recs))
	for _, rec := range recs {
		var t toldBody
		if err := get(rec, &t); err != nil {
			return nil, err
		}
		who, ok := n.whom.get(t.Person)
		if !ok {
			r, err := loadRelation(tx, t.Person)
			if err != nil {
				return nil, err
			}
			who = n.noteWhom(r)
		}
		out = append(out, view.ChangeCard{Card: who.card, With: who.name, State: rec.State, Reason: t.Reason, Receipt: t.Receipt, At: t.At})
	}
	orderTold(out)
	return out, nil
}
