package courier

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

const (
	kindSeen store.Kind = "letter-seen"
	// seenMargin is how long past a letter's expiry its id is remembered: the
	// clocks of sender and recipient may differ, and so may two replicas'.
	seenMargin = 24 * time.Hour
)

// seen is what became of a letter received.
type seen struct {
	Version uint64      `cbor:"v"`
	Status  wire.Status `cbor:"status"` // Taken or Refused
	Reason  string      `cbor:"reason,omitempty"`
}

// receiveDirect takes a letter to this node's direct route and returns the
// answer. Only the key of that route is tried: a letter to the key of another
// own route would show, by being read here, whose route that is.
func (c *Courier) receiveDirect(ctx context.Context, sealed []byte) []byte {
	l, receipt, err := c.key.Open(sealed)
	if err != nil {
		c.count.received(resultUnreadable)
		if errors.Is(err, seal.ErrMalformed) {
			return wire.EncodeAnswer(wire.Malformed, nil)
		}
		return wire.EncodeAnswer(wire.Unreadable, nil)
	}
	status, err := c.receive(ctx, l, "", []byte(c.keyHash))
	if err != nil {
		c.log.Warn("letter not taken, it will come again", "kind", l.Kind, "error", err)
		return wire.EncodeAnswer(wire.Busy, nil)
	}
	return wire.EncodeAnswer(status, seal.Receipt(receipt, byte(status)))
}

// receive has the letter's effect, once, and returns Taken, Duplicate or
// Refused. After an error nothing has changed.
func (c *Courier) receive(ctx context.Context, l seal.Letter, label string, to []byte) (wire.Status, error) {
	now := time.Now()
	if expires := l.Expires.Std(); !expires.After(now) || expires.After(now.Add(MaxLife+wire.MaxSkew)) {
		c.count.received(resultExpired)
		return wire.Refused, nil
	}
	in := Inbound{
		ID: hex.EncodeToString(l.ID), Kind: l.Kind, Body: l.Body, From: l.From, Label: label, To: to,
		Sent: l.Sent.Std(), Expires: l.Expires.Std(), Received: now,
	}
	if l.Kind == AckKind {
		return wire.Taken, c.takeAck(ctx, in)
	}
	status, err := c.effect(ctx, in, func(tx store.Tx) error { return c.cfg.Handle(ctx, tx, in) })
	var no *Refusal
	if errors.As(err, &no) {
		status, err = c.effect(ctx, in, func(store.Tx) error { return nil }, no.Reason)
	}
	switch {
	case err != nil:
		c.count.received(resultFailed)
		return 0, fmt.Errorf("letter of kind %s: %w", in.Kind, err)
	case status == wire.Taken:
		c.count.received(resultTaken)
	case status == wire.Duplicate:
		c.count.received(resultDuplicate)
	default:
		c.count.received(resultRefused)
	}
	c.Wake() // for the acknowledgement
	return status, nil
}

// effect runs do and records the letter as taken, or with a reason as refused,
// and queues the acknowledgement, in one transaction. A letter seen before is
// only acknowledged again, with what was recorded.
func (c *Courier) effect(ctx context.Context, in Inbound, do func(store.Tx) error, refusal ...string) (status wire.Status, err error) {
	id := seenID(in)
	err = c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		var s seen
		switch rec, err := tx.Get(kindSeen, id); {
		case err == nil:
			if err := dagcbor.Unmarshal(rec.Body, &s); err != nil {
				return fmt.Errorf("record of seen letter: %w", err)
			}
			if status = s.Status; status == wire.Taken {
				status = wire.Duplicate
			}
		case errors.Is(err, store.ErrNotFound):
			if err := do(tx); err != nil {
				return err
			}
			s = seen{Version: 1, Status: wire.Taken}
			if len(refusal) > 0 {
				s.Status, s.Reason = wire.Refused, refusal[0]
			}
			status = s.Status
			body, err := dagcbor.Marshal(s)
			if err != nil {
				return err
			}
			rec := store.Record{Kind: kindSeen, ID: id, State: s.Status.String(), Due: in.Expires.Add(seenMargin), Body: body}
			if err := tx.Insert(rec); err != nil {
				return fmt.Errorf("record letter as seen: %w", err)
			}
		default:
			return fmt.Errorf("look for letter among those seen: %w", err)
		}
		return c.sendAck(tx, in, s)
	})
	return status, err
}

// seenID names a letter by recipient key and id together. By id alone, a
// sender of one id to two routes could learn from the second one's silence
// that they are one person's.
func seenID(in Inbound) string { return string(in.To) + in.ID }
