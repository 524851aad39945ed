package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
)

// changeBody is one change of the profile. It is told to everybody who had
// the old value, one after another.
type changeBody struct {
	Path    string        `cbor:"path"`
	Old     []byte        `cbor:"old,omitempty"` // canonical JSON; none: there was no such piece
	New     []byte        `cbor:"new,omitempty"` // none: it was taken out
	Made    identity.Time `cbor:"made"`
	Order   uint64        `cbor:"order"`         // tells changes of one second apart
	From    identity.Time `cbor:"from,omitzero"` // takes effect then
	Applied bool          `cbor:"applied,omitempty"`
	Undoes  string        `cbor:"undoes,omitempty"`
	Undone  string        `cbor:"undone,omitempty"`
}

// toldBody is one relationship that is to hear of a change.
type toldBody struct {
	Person    identity.DID  `cbor:"person"`
	Item      uint64        `cbor:"item"`               // the newest of those that the new value replaces
	Statement dagcbor.CID   `cbor:"statement,omitzero"` // that told it
	Receipt   dagcbor.CID   `cbor:"receipt,omitzero"`
	Reason    string        `cbor:"reason,omitempty"`
	At        identity.Time `cbor:"at,omitzero"`
}

// States of a told record. Each relationship is in one of them, so that every
// one is either confirmed or listed.
const (
	toldNext      = "telling" // not yet sent
	toldWaiting   = "waiting"
	toldConfirmed = "confirmed"
	toldRefused   = "refused"
)

func toldID(change string, person identity.DID) string { return change + " " + string(person) }

// SetPiece changes a piece of the profile, and tells every relationship under
// which the old value was shared, or those chosen: change once, tell all.
func (n *Node) SetPiece(ctx context.Context, path string, w view.ChangeWant) (view.Change, error) {
	id, err := newChangeID()
	if err == nil {
		err = n.update(ctx, func(c *change) error {
			b, err := newChange(c, path, w)
			if err != nil {
				return err
			}
			return n.begin(c, id, b, w.Cards, w.Quiet)
		})
	}
	if err != nil {
		return view.Change{}, fmt.Errorf("set %s: %w", path, err)
	}
	n.wakeTelling()
	if !w.From.IsZero() {
		n.wakeSweep() // it looks when the next thing is due
	}
	return n.Change(ctx, id)
}

func newChangeID() (string, error) {
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// newChange reads what is wanted against the profile as it is.
func newChange(c *change, path string, w view.ChangeWant) (changeBody, error) {
	b := changeBody{Path: path, Made: identity.At(c.now), Order: c.n.events.next(c.now), From: w.From}
	if _, err := profile.ParsePath(path); err != nil {
		return b, view.Invalid("path", "%v", err)
	}
	p, err := ownProfile(c.Tx)
	if err != nil {
		return b, err
	}
	if old, ok := p.Get(profile.Path(path)); ok {
		b.Old = old.Value
	}
	switch {
	case w.Text == "" && len(w.Value) == 0:
		return b, view.Invalid("", "its value is empty: give one, or remove the piece")
	case w.Text != "" && len(w.Value) > 0:
		return b, view.Invalid("value", "give either value or text")
	case w.Text != "":
		p, err = p.SetText(profile.Path(path), w.Text)
	default:
		p, err = p.Set(profile.Path(path), w.Value)
	}
	if err != nil {
		return b, profileError(err)
	}
	piece, _ := p.Get(profile.Path(path))
	b.New = piece.Value
	switch {
	case slices.Equal(b.Old, b.New):
		return b, fmt.Errorf("that is what %s says already: %w", path, view.ErrConflict)
	case !w.From.IsZero() && !w.From.Std().After(c.now):
		return b, view.Invalid("from", "%s is not in the future", w.From)
	}
	return b, nil
}

// begin records a change and who is to be told.
func (n *Node) begin(c *change, id string, b changeBody, cards []dagcbor.CID, quiet bool) error {
	rec := store.Record{Kind: kindChange, ID: id, Ref: b.Path}
	if b.From.IsZero() {
		b.Applied = true
		if err := applyChange(c.Tx, &b); err != nil {
			return err
		}
	} else {
		rec.Due = b.From.Std()
	}
	if err := supersede(c.Tx, id, b); err != nil {
		return err
	}
	if err := put(c.Tx, rec, b); err != nil {
		return err
	}
	told := 0
	if !quiet {
		var err error
		if told, err = n.audience(c, id, b.Path, cards); err != nil {
			return err
		}
	}
	return c.note("profile.changed", dagcbor.CID{}, "changed %s, and %d relationships are being told", b.Path, told)
}

// supersede takes back the changes of the same path that were to take effect
// when this one does, or later: with whom the piece is shared this one takes
// their place, and so it must here.
func supersede(tx store.Tx, id string, b changeBody) error {
	recs, err := tx.List(store.Query{Kind: kindChange, Ref: b.Path, DueBefore: farAhead})
	if err != nil {
		return err
	}
	for _, rec := range recs {
		var later changeBody
		if err := get(rec, &later); err != nil {
			return err
		}
		if rec.ID == id || later.Applied || later.Undone != "" || later.From.Before(b.From) {
			continue
		}
		later.Undone = id
		if err := putChange(tx, rec.ID, later); err != nil {
			return err
		}
		if err := unsend(tx, rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// applyChange makes the profile say what the change does.
func applyChange(tx store.Tx, b *changeBody) error {
	p, err := ownProfile(tx)
	if err != nil {
		return err
	}
	if len(b.New) == 0 {
		p, err = p.Remove(profile.Path(b.Path))
		if errors.Is(err, profile.ErrNoPiece) {
			return nil
		}
	} else {
		p, err = p.Set(profile.Path(b.Path), b.New)
	}
	if err != nil {
		return profileError(err)
	}
	return keepProfile(tx, p)
}

// audience lists the relationships that hold a live copy of a path, among the
// cards chosen if any are.
func (n *Node) audience(c *change, id, path string, cards []dagcbor.CID) (int, error) {
	recs, err := c.List(store.Query{Kind: kindPiece, Ref: path, State: pieceLive})
	if err != nil {
		return 0, err
	}
	chosen := make(map[dagcbor.CID]bool, len(cards))
	for _, k := range cards {
		chosen[k] = false
	}
	newest := map[identity.DID]uint64{}
	for _, rec := range recs {
		var b pieceBody
		if err := get(rec, &b); err != nil {
			return 0, err
		}
		if _, asked := chosen[b.Card]; len(cards) > 0 && !asked {
			continue
		}
		chosen[b.Card] = true
		newest[b.Person] = max(newest[b.Person], b.Item.ID)
	}
	for k, has := range chosen {
		if len(cards) > 0 && !has {
			return 0, fmt.Errorf("%s was not shared under card %s: %w", path, k, view.ErrConflict)
		}
	}
	// In the order of their records: in no order ten thousand would be written to as
	// many places.
	for _, person := range slices.Sorted(maps.Keys(newest)) {
		item := newest[person]
		err := put(c.Tx, store.Record{Kind: kindTold, ID: toldID(id, person), Ref: id, State: toldNext}, toldBody{Person: person, Item: item})
		if err != nil {
			return 0, err
		}
	}
	return len(newest), nil
}

// tellBatch is how many relationships are told in one transaction: it bounds
// how long other writers wait, and keeps the cost of a commit per card small.
const tellBatch = 64

// tellAgain is the pause before those are told again that could not be.
const tellAgain = 10 * time.Minute

// tellLoop tells of changes, after a restart those that were under way.
func (n *Node) tellLoop(ctx context.Context) error {
	for {
		var again <-chan time.Time
		q, drafts := store.Query{Kind: kindTold, State: toldNext, Limit: tellBatch}, map[string]*foresaid(nil)
		var w wanted
		err := n.eachDueWhen(ctx, func(ctx context.Context) {
			n.courier.AwaitRoom(ctx) // no faster than letters go out: what comes back meanwhile has its turn
			drafts = n.foresayAll(ctx, q)
		}, q, tellBatch, func(c *change, rec store.Record) error { return n.tellOne(c, &w, rec, drafts[rec.ID]) })
		if err != nil && ctx.Err() == nil {
			n.log.Warn("telling of a change", "error", err)
			again = time.After(tellAgain)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.tell:
		case <-again:
		}
	}
}

func (n *Node) wakeTelling() {
	select {
	case n.tell <- struct{}{}:
	default:
	}
}

// tellOne sends the new value to one relationship, in place of the old.
func (n *Node) tellOne(c *change, w *wanted, rec store.Record, ahead *foresaid) error {
	t, r, given, why, err := n.toTell(c, w, rec)
	if err != nil {
		return err
	}
	fail := func(why string) error {
		rec.State, t.Reason, t.At = toldRefused, why, identity.At(c.now)
		return put(c.Tx, rec, t)
	}
	if why != "" {
		return fail(why)
	}
	t.Statement, err = n.disclose(c, r, given, ahead)
	if errors.Is(err, view.ErrInvalid) { // as for a piece that it must forget before the change is due
		return fail(clip(err.Error(), maxReason))
	}
	if err != nil {
		return err
	}
	rec.State = toldWaiting
	return put(c.Tx, rec, t)
}

// toTell is what a record asks to be told to whom; why says what stands in the way.
func (n *Node) toTell(c *change, w *wanted, rec store.Record) (t toldBody, r *relation, given []giving, why string, err error) {
	if err := get(rec, &t); err != nil {
		return t, nil, nil, "", err
	}
	b, err := w.load(c, rec.Ref)
	if err != nil {
		return t, nil, nil, "", err
	}
	if r, err = loadRelation(c.Tx, t.Person); err != nil {
		return t, nil, nil, "", err
	}
	if err := r.frozen(); err != nil {
		return t, r, nil, clip(err.Error(), maxReason), nil
	}
	given, why, err = n.successors(c, r, t.Item, b)
	for i := range given {
		given[i].told = rec.ID
	}
	return t, r, given, why, err
}

// wanted is the change that was last looked at in a transaction: of those to be
// told, one after another has the same.
type wanted struct {
	in   *change
	id   string
	body changeBody
}

func (w *wanted) load(c *change, id string) (changeBody, error) {
	if w.in == c && w.id == id {
		return w.body, nil
	}
	b, err := loadChange(c.Tx, id)
	if err == nil {
		*w = wanted{c, id, b}
	}
	return b, err
}

// successors are the items that take the old ones' places with the new value,
// one for each purpose the piece was given for, none newer than newest; why
// says what stands in the way.
func (n *Node) successors(c *change, r *relation, newest uint64, b changeBody) (given []giving, why string, err error) {
	// Counted in the index: its record has 7 KB, and may be one of ten thousand.
	ended, err := c.Count(store.Query{Kind: kindCard, State: string(relcard.StateEnded), Prefix: r.body.Card.String()})
	if err != nil {
		return nil, "", err
	}
	if ended > 0 {
		return nil, "the card has ended", nil
	}
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return nil, "", err
	}
	held := slices.DeleteFunc(l.Live(b.Path, c.now), func(e ledgerEntry) bool { return e.Item.ID > newest })
	if len(held) == 0 {
		return nil, "it was taken back", nil
	}
	for i, e := range disclosure.Newest(held) {
		g, why, err := inItsPlace(c, r, e.Item.ID, b)
		if why != "" || err != nil {
			return nil, why, err
		}
		g.item.ID = l.NextID + uint64(i)
		given = append(given, g)
	}
	return given, "", nil
}

// inItsPlace is the item, without a number, that takes an old one's place.
func inItsPlace(c *change, r *relation, item uint64, b changeBody) (g giving, why string, err error) {
	rec, err := c.Get(kindPiece, pieceID(r.body.Person, item))
	if err != nil {
		return g, "", err
	}
	var old pieceBody
	if err := get(rec, &old); err != nil {
		return g, "", err
	}
	g.item = old.Item
	g.item.Replaces, g.item.From, g.item.Digest = item, b.From, nil
	g.value = b.New
	if old.Canary != "" {
		piece := profile.Piece{Path: profile.Path(b.Path), Value: b.New}
		if err := g.vary(old.Canary, old.Tag, piece); err != nil {
			return g, clip(err.Error(), maxReason), nil
		}
	}
	return g, "", nil
}

func loadChange(tx store.Tx, id string) (changeBody, error) {
	var b changeBody
	rec, err := tx.Get(kindChange, id)
	if errors.Is(err, store.ErrNotFound) {
		return b, fmt.Errorf("change %s: %w", id, view.ErrNotFound)
	}
	if err != nil {
		return b, err
	}
	return b, get(rec, &b)
}
