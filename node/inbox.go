package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// eventLetter carries one signed event of a vendor.
type eventLetter struct {
	Version uint64       `cbor:"v"`
	Person  identity.DID `cbor:"person"` // whose relationship it belongs to
	Event   []byte       `cbor:"event"`  // channel.Signed
}

// inboxBody is an event that was taken in.
type inboxBody struct {
	Signed []byte        `cbor:"signed"`
	Action policy.Action `cbor:"action"`
	Why    []stepBody    `cbor:"why"`
	At     identity.Time `cbor:"at"`
	Order  uint64        `cbor:"order"` // tells events of one second apart
	Kind   channel.Kind  `cbor:"kind,omitempty"`
}

type stepBody struct {
	Decides bool   `cbor:"decides,omitempty"`
	Action  string `cbor:"action,omitempty"`
	Text    string `cbor:"text"`
}

// States of an event in the inbox.
const (
	inboxUnread  = "unread"
	inboxRead    = "read"
	inboxDigest  = "digest"  // waits for the next digest
	inboxDropped = "dropped" // only that it came is kept, so that it comes once
)

// inboxKept is how long events are kept.
const inboxKept = 365 * 24 * time.Hour

// SendEvent sends an event by a card's channel, where the person takes it.
func (n *Node) SendEvent(ctx context.Context, root dagcbor.CID, w view.EventWant) (string, error) {
	var id string
	err := n.update(ctx, func(c *change) error {
		r, err := n.inForce(c.Tx, root, identity.RoleVendor)
		if err != nil {
			return err
		}
		e, err := eventOf(w, r.body.Vendor.DID, c.now)
		if err != nil {
			return err
		}
		if !r.welcome().Allows(e.Kind) {
			return fmt.Errorf("%s: a %q event may not be sent: %w", settingText(r.welcome(), "the person's channel"), e.Kind, view.ErrConflict)
		}
		id = e.ID
		return n.sendEvent(c, r, e)
	})
	if err != nil {
		return "", fmt.Errorf("send event: %w", err)
	}
	return id, nil
}

func eventOf(w view.EventWant, vendor identity.DID, now time.Time) (channel.Event, error) {
	e := channel.Event{ID: w.ID, Source: vendor, Kind: channel.Kind(w.Kind), Subject: w.Subject, Time: identity.At(now), Data: w.Data}
	if e.ID == "" {
		var err error
		if e.ID, err = newChangeID(); err != nil {
			return e, err
		}
	}
	if err := e.Check(); err != nil {
		return e, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return e, nil
}

func (n *Node) sendEvent(c *change, r *relation, e channel.Event) error {
	signer, err := n.signerOf(r)
	if err != nil {
		return err
	}
	signed, err := channel.SignEvent(e, signer, r.body.Card, c.now)
	if err != nil {
		return err
	}
	raw, err := signed.Encode()
	if err != nil {
		return err
	}
	letter, err := encode(eventLetter{Version: letterVersion, Person: r.body.Person, Event: raw})
	if err != nil {
		return err
	}
	if err := n.post(c, r, letterEvent, letter); err != nil {
		return err
	}
	return c.note("event.sent", r.body.Card, "sent a %s: %s", e.Kind, e.Data.Title)
}

// receiveEvent takes in a vendor's event and does with it what the owner's
// rules say. What the person does not welcome is refused.
func (n *Node) receiveEvent(c *change, in courier.Inbound) error {
	var l eventLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	r, err := loadRelation(c.Tx, l.Person)
	if errors.Is(err, view.ErrNotFound) && isCardLabel(in.Label) && c.now.Sub(in.Sent) < overtaking {
		return errors.New("the card is not in force yet") // the countersignature is on its way
	}
	if errors.Is(err, view.ErrNotFound) || err == nil && (r.body.Side != identity.RolePerson || r.body.Label != in.Label) {
		return refuse("the relationship is not known here")
	}
	if err != nil {
		return err
	}
	signed, err := channel.DecodeSigned(l.Event)
	if err != nil {
		return refuse("%v", err)
	}
	ring, err := n.keyring(c.now, r.body.Logs...)
	if err != nil {
		return err
	}
	e, err := signed.Verify(ring, c.now)
	switch {
	case err != nil:
		return unjudged(err)
	case e.Source != r.body.Vendor.DID || signed.Card != r.body.Card:
		return refuse("the event is not of this relationship")
	case !r.welcome().Allows(e.Kind):
		return refuse("%s, and takes no %q", settingText(r.welcome(), "the channel"), e.Kind)
	}
	k, err := n.loadCard(c.Tx, r.body.Card)
	if err != nil {
		return err
	}
	if err := k.writable(); err != nil || k.state() == "ended" {
		return refuse("the card is %s", k.state())
	}
	return n.takeEvent(c, r, k, e, l.Event, in.ID)
}

// takeEvent decides what becomes of an event, once for each of its ids.
func (n *Node) takeEvent(c *change, r *relation, k *card, e channel.Event, raw []byte, letter string) error {
	id := inboxID(r, e.ID)
	switch came, err := c.Get(kindInbox, id); {
	case err == nil:
		return sameEvent(came, e)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	compiled, _, err := n.policy.of(c.Tx)
	if err != nil {
		return err
	}
	about, err := n.eventContext(c.Tx, r, k)
	if err != nil {
		return err
	}
	d := compiled.Decide(e, about, c.now)
	b := inboxBody{Signed: raw, Action: d.Action, At: identity.At(c.now), Order: n.events.next(c.now), Why: stepBodies(d.Why), Kind: e.Kind}
	rec := store.Record{Kind: kindInbox, ID: id, Ref: r.body.Card.String(), State: inboxUnread, Due: c.now.Add(inboxKept)}
	switch d.Action {
	case policy.Drop:
		rec.State, b.Signed = inboxDropped, nil
	case policy.Digest:
		rec.State = inboxDigest
	}
	if err := put(c.Tx, rec, b); err != nil {
		return err
	}
	if d.Action != policy.Drop {
		if err := n.unread(c, id, r, letter); err != nil {
			return err
		}
	}
	if d.Action != policy.Notify {
		return nil
	}
	return c.note("event."+string(e.Kind), r.body.Card, "%s: %s", r.name(), e.Data.Title)
}

// sameEvent refuses an event that says something else than the one that came
// with its id. Of one that was dropped nothing is known but that.
func sameEvent(came store.Record, e channel.Event) error {
	if came.State == inboxDropped {
		return nil
	}
	_, first, err := eventIn(came)
	if err != nil {
		return err
	}
	first.Time, e.Time = identity.Time{}, identity.Time{} // when it was sent
	if !reflect.DeepEqual(first, e) {
		return refuse("another event came with the id %q", e.ID)
	}
	return nil
}

func inboxID(r *relation, event string) string { return string(r.body.Person) + " " + event }

// entryID is the key of an entry's record as the owner is shown it: "~" can't
// be in a DID, and is one word in a shell and in an address. recordID goes
// back, and takes the key as well, which was shown before.
func entryID(record string) string { return strings.Replace(record, " ", "~", 1) }

func recordID(entry string) string {
	if at := strings.IndexAny(entry, " ~"); at >= 0 && entry[at] == '~' {
		return entry[:at] + " " + entry[at+1:]
	}
	return entry
}

func stepBodies(why []policy.Step) []stepBody {
	out := make([]stepBody, len(why))
	for i, s := range why {
		out[i] = stepBody{s.Decides, string(s.Action), s.Text}
	}
	return out
}

func (n *Node) eventContext(tx store.Tx, r *relation, k *card) (policy.Context, error) {
	agreed, _ := k.chain.Agreed()
	category, err := categoryOf(tx, r.body.Vendor.DID)
	if err != nil {
		return policy.Context{}, err
	}
	unread, err := tx.Count(store.Query{Kind: kindInbox, Ref: r.body.Card.String(), State: inboxUnread})
	return policy.Context{
		Vendor: r.body.Vendor.DID, Name: r.body.Vendor.Name, Card: r.body.Card, Terms: agreed.Body.Terms.ID,
		Category: category, Since: k.body.Since.Std(), Unread: unread,
	}, err
}

// TryEvent says what would become of an event, and why, without sending it.
func (n *Node) TryEvent(ctx context.Context, root dagcbor.CID, w view.EventWant) (policy.Decision, error) {
	var d policy.Decision
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		r, k, err := n.relationOfCard(tx, root)
		if err != nil {
			return err
		}
		e, err := eventOf(w, r.body.Vendor.DID, n.now())
		if err != nil {
			return err
		}
		compiled, _, err := n.policy.of(tx)
		if err != nil {
			return err
		}
		about, err := n.eventContext(tx, r, k)
		if err != nil {
			return err
		}
		if !r.welcome().Allows(e.Kind) {
			d = policy.Decision{Action: policy.Drop, Why: []policy.Step{{
				Decides: true, Action: policy.Drop, Text: settingText(r.welcome(), "the channel") + ": the vendor was told, and what it sends all the same is refused",
			}}}
			return nil
		}
		d = compiled.Decide(e, about, n.now())
		return nil
	})
	if err != nil {
		return d, fmt.Errorf("try event: %w", err)
	}
	return d, nil
}

// Inbox returns the events that were kept, the newest first; only those not
// looked at, if so wished.
func (n *Node) Inbox(ctx context.Context, unread bool) ([]view.InboxEntry, error) {
	out := []view.InboxEntry{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindInbox})
		if err != nil {
			return err
		}
		order := make(map[string]uint64, len(recs))
		for _, rec := range recs {
			if rec.State == inboxDropped || unread && rec.State != inboxUnread {
				continue
			}
			v, err := n.inboxView(tx, rec)
			if err != nil {
				return err
			}
			var b inboxBody
			if err := get(rec, &b); err != nil {
				return err
			}
			order[v.ID] = b.Order
			out = append(out, v)
		}
		slices.SortFunc(out, func(a, b view.InboxEntry) int { return cmp.Compare(order[b.ID], order[a.ID]) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read inbox: %w", err)
	}
	return out, nil
}

// MarkRead marks an event as looked at or, by its CID, what the other side has
// said under a card, such as a demand. Whoever sent it is told, once, if this
// node tells that (SetReceipts).
func (n *Node) MarkRead(ctx context.Context, id string) error {
	err := n.update(ctx, func(c *change) error {
		if _, err := dagcbor.ParseCID(id); err == nil {
			if said, err := n.looked(c, id); said || err != nil {
				return err
			}
		}
		rec, err := c.Get(kindInbox, recordID(id))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("event %q: %w", id, view.ErrNotFound)
		}
		if err != nil {
			return err
		}
		rec.State = inboxRead
		if err := c.Put(rec); err != nil {
			return err
		}
		_, err = n.looked(c, rec.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark read: %w", err)
	}
	return nil
}
