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

// road is how a letter came, and so whether its sender has an answer.
type road int

const (
	byStream road = iota // handed in here: the stream's answer tells what became of it
	byHolder             // fetched: it is to be acknowledged
	byAnswer             // in the answer to a letter from here: what became of it is proven the same way
)

// incoming is how a letter came in.
type incoming struct {
	label string     // of the own route it came by; "": the direct one
	to    []byte     // SHA-256 of the public key it was sealed to
	by    road       //
	said  *gathering // gathers what its effect sends back; nil: that goes by itself

	also func(store.Tx) error // done where the effect is, in one transaction; nil: nothing
}

// receive has the letter's effect, once, and returns Taken, Duplicate or
// Refused. After an error nothing has changed.
func (c *Courier) receive(ctx context.Context, l seal.Letter, a incoming) (wire.Status, error) {
	now := time.Now()
	if expires := l.Expires.Std(); !expires.After(now) || expires.After(now.Add(MaxLife+wire.MaxSkew)) {
		c.count.received(resultExpired)
		return wire.Refused, nil
	}
	in := Inbound{
		ID: hex.EncodeToString(l.ID), Kind: l.Kind, Body: l.Body, From: l.From, Label: a.label, To: a.to,
		Sent: l.Sent.Std(), Expires: l.Expires.Std(), Received: now, incoming: a,
	}
	if l.Kind == AckKind {
		return wire.Taken, c.takeAck(ctx, in)
	}
	if c.cfg.Read != nil {
		in.Read = c.cfg.Read(in)
	}
	status, err := c.effect(ctx, in, func(tx store.Tx) error { return c.cfg.Handle(ctx, tx, in) })
	var no *Refusal
	if errors.As(err, &no) {
		status, err = c.effect(ctx, in, func(store.Tx) error { return nil }, clip(no.Reason, maxReason))
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
	return status, nil
}

// effect runs do and records the letter as taken, or with a reason as refused,
// in one transaction, and has it acknowledged. A letter seen before is only
// acknowledged again, with what was recorded.
//
// The acknowledgement is stored only if it can't go out at once: one that is
// lost with the process is made again when the letter is repeated. To write and
// delete it was a tenth of what a letter costs its recipient.
func (c *Courier) effect(ctx context.Context, in Inbound, do func(store.Tx) error, refusal ...string) (status wire.Status, err error) {
	s := seen{Version: 1, Status: wire.Taken}
	if len(refusal) > 0 {
		s.Status, s.Reason = wire.Refused, refusal[0]
	}
	ready, err := c.sealAck(in, s) // before the transaction, which keeps others from theirs
	if err != nil {
		return 0, err
	}
	var ack *task
	err = c.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		defer c.replies.begin(tx, in.incoming.said)()
		status, ack = s.Status, ready
		switch err := recordSeen(tx, in, s); {
		case errors.Is(err, store.ErrExists):
			told, err := seenBefore(tx, in)
			if err != nil {
				return err
			}
			if status = told.Status; status == wire.Taken {
				status = wire.Duplicate
			}
			if told != s {
				if ack, err = c.sealAck(in, told); err != nil {
					return err
				}
			}
		case err != nil:
			return err
		default:
			if err := do(tx); err != nil {
				return err
			}
		}
		if ack != nil && !ack.fresh {
			if err := tx.Put(ack.rec); err != nil {
				return err
			}
		}
		if in.incoming.also == nil {
			return nil
		}
		return in.incoming.also(tx)
	})
	if err != nil {
		return 0, err
	}
	c.pass(ack)
	return status, nil
}

// pass has the acknowledgement of what is durable now sent, and what the
// handler sent.
func (c *Courier) pass(ack *task) {
	switch {
	case ack == nil:
	case ack.fresh:
		c.handed.put(*ack)
		c.stir()
	default:
		c.rouse()
	}
	c.Wake()
}

// recordSeen records the letter's id with what becomes of it, or returns
// store.ErrExists.
func recordSeen(tx store.Tx, in Inbound, s seen) error {
	body, err := dagcbor.Marshal(s)
	if err != nil {
		return err
	}
	rec := store.Record{Kind: kindSeen, ID: seenID(in), Due: in.Expires.Add(seenMargin), Body: body}
	if err := tx.Insert(rec); err != nil {
		return fmt.Errorf("record letter as seen: %w", err)
	}
	return nil
}

func seenBefore(tx store.Tx, in Inbound) (s seen, err error) {
	rec, err := tx.Get(kindSeen, seenID(in))
	if err != nil {
		return s, fmt.Errorf("look for letter among those seen: %w", err)
	}
	if err := dagcbor.Unmarshal(rec.Body, &s); err != nil {
		return s, fmt.Errorf("record of seen letter: %w", err)
	}
	return s, nil
}

// seenID names a letter by recipient key and id together. By id alone, a
// sender of one id to two routes could learn from the second one's silence
// that they are one person's.
func seenID(in Inbound) string { return string(in.To) + in.ID }
