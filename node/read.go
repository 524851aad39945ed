package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// mostRead is how many letters one letterRead names at most.
const mostRead = 64

// readLetter says which letters have been looked at.
type readLetter struct {
	Version uint64   `cbor:"v"`
	Letters [][]byte `cbor:"letters"` // their ids
}

// unreadBody is what came and was not looked at yet.
type unreadBody struct {
	Letter string       `cbor:"letter"` // that brought it
	Person identity.DID `cbor:"person"` // whose relationship it belongs to
}

// settingReceipts is "on" or "off"; nothing: a vendor's node tells what was
// read and a person's does not.
const settingReceipts = "read-receipts"

// Receipts returns whether this node tells senders what was read.
func (n *Node) Receipts(ctx context.Context) (view.Receipts, error) {
	var v view.Receipts
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		v.Send, err = n.tellsRead(tx)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read settings: %w", err)
	}
	return v, nil
}

func (n *Node) tellsRead(tx store.Tx) (bool, error) {
	rec, err := tx.Get(kindSetting, settingReceipts)
	if errors.Is(err, store.ErrNotFound) {
		return n.vendor != nil, nil
	}
	return string(rec.Body) == "on", err
}

// SetReceipts sets it, for what is read from now on.
func (n *Node) SetReceipts(ctx context.Context, v view.Receipts) error {
	body := "off"
	if v.Send {
		body = "on"
	}
	err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Put(store.Record{Kind: kindSetting, ID: settingReceipts, Body: []byte(body)})
	})
	if err != nil {
		return fmt.Errorf("set receipts: %w", err)
	}
	return nil
}

// unread notes which letter brought something, under the id it is shown by.
// It is forgotten when the sender forgets the letter.
func (n *Node) unread(c *change, id string, r *relation, letter string) error {
	if letter == "" {
		return nil
	}
	return put(c.Tx, store.Record{Kind: kindUnread, ID: id, Ref: string(r.body.Person), State: inboxUnread, Due: c.now.Add(letterLife)},
		unreadBody{Letter: letter, Person: r.body.Person})
}

// looked tells whoever sent what is shown under id that it was looked at: once,
// and only where the owner lets that be known at the time. It reports whether
// there was something to be looked at.
func (n *Node) looked(c *change, id string) (bool, error) {
	rec, err := c.Get(kindUnread, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var b unreadBody
	if err := get(rec, &b); err != nil {
		return true, err
	}
	if rec.State == inboxRead {
		return true, nil
	}
	rec.State = inboxRead
	if err := c.Put(rec); err != nil {
		return true, err
	}
	tells, err := n.tellsRead(c.Tx)
	if err != nil || !tells {
		return true, err
	}
	r, err := loadRelation(c.Tx, b.Person)
	if errors.Is(err, view.ErrNotFound) || err == nil && r.body.Theirs == nil {
		return true, nil // nobody to tell
	}
	if err != nil {
		return true, err
	}
	raw, err := hex.DecodeString(b.Letter)
	if err != nil {
		return true, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
	}
	letter, err := encode(readLetter{Version: letterVersion, Letters: [][]byte{raw}})
	if err != nil {
		return true, err
	}
	return true, n.post(c, r, letterRead, letter)
}

// isUnread reports whether what the other side sent, shown under id, waits to
// be marked as looked at.
func isUnread(tx store.Tx, id string) (bool, error) {
	rec, err := tx.Get(kindUnread, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return rec.State == inboxUnread, err
}

// decodeRead returns the ids that a letterRead names.
func decodeRead(b []byte) ([][]byte, error) {
	var l readLetter
	if err := decodeLetter(b, &l, &l.Version); err != nil {
		return nil, err
	}
	if len(l.Letters) == 0 || len(l.Letters) > mostRead {
		return nil, refuse("it names %d letters, want 1 to %d", len(l.Letters), mostRead)
	}
	for _, id := range l.Letters {
		if len(id) != seal.IDSize {
			return nil, refuse("an id of %d bytes, want %d", len(id), seal.IDSize)
		}
	}
	return l.Letters, nil
}

// receiveRead notes what of the letters sent has been read. One that is not
// known, or was read before, changes nothing.
func (n *Node) receiveRead(c *change, in courier.Inbound) error {
	ids, err := decodeRead(in.Body)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := n.courier.MarkRead(c.Tx, hex.EncodeToString(id)); err != nil {
			return err
		}
	}
	return nil
}
