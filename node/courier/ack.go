package courier

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// ackBody is the body of a letter of [AckKind]: what became of a letter that
// came by a slot. It proves itself by the id, which only sender and recipient
// of the letter know.
type ackBody struct {
	Version uint64      `cbor:"v"`      // 1
	Letter  []byte      `cbor:"letter"` // the letter's id
	Status  wire.Status `cbor:"status"` // Taken or Refused
	Reason  string      `cbor:"reason,omitempty"`
}

// sealAck returns the acknowledgement of a letter, not yet stored; nil if there
// is none. What became of a letter that no holder had is told where it came
// from, and only a reason remains.
func (c *Courier) sealAck(in Inbound, s seen) (*task, error) {
	if in.From == nil || in.incoming.by != byHolder && s.Reason == "" {
		return nil, nil
	}
	id, err := hex.DecodeString(in.ID)
	if err != nil {
		return nil, fmt.Errorf("letter id: %w", err)
	}
	body, err := dagcbor.Marshal(ackBody{Version: 1, Letter: id, Status: s.Status, Reason: s.Reason})
	if err != nil {
		return nil, err
	}
	t, err := c.seal(Outgoing{
		To: *in.From, Kind: AckKind, Body: body, Expires: in.Expires, Direct: in.Label == "",
	})
	if errors.Is(err, errRoute) {
		c.log.Debug("letter names no usable route for its acknowledgement", "kind", in.Kind, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.rec.ID = ackID(in)
	if c.group.running() && c.handed.room() {
		t.rec.Due, t.fresh = t.rec.Due.Add(claimLease), true
	}
	return &t, nil
}

// ackID is the same for each acknowledgement of one letter, so that many
// duplicates leave one acknowledgement waiting.
func ackID(in Inbound) string {
	h := sha256.Sum256([]byte(seenID(in)))
	return "ack-" + hex.EncodeToString(h[:seal.IDSize])
}

// takeAck marks the letter acknowledged. An acknowledgement that came by
// another route than the letter names is ignored: to heed it would tell its
// sender that both routes are one person's.
func (c *Courier) takeAck(ctx context.Context, in Inbound) error {
	var a ackBody
	if err := dagcbor.Unmarshal(in.Body, &a); err != nil || a.Version != 1 || len(a.Reason) > maxReason ||
		a.Status != wire.Taken && a.Status != wire.Refused {
		c.count.received(resultMalformed)
		return nil
	}
	known := false
	err := c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		known = false
		rec, err := tx.Get(kindLetter, hex.EncodeToString(a.Letter))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		l, err := decodeOut(rec.Body)
		if err != nil {
			return err
		}
		if !bytes.Equal(l.From, in.To) || rec.State == StateDelivered || rec.State == StateRead || rec.State == StateRefused && a.Reason == l.Problem {
			return nil
		}
		known = true
		state := StateDelivered
		if a.Status == wire.Refused {
			state = StateRefused
		}
		return c.finish(tx, rec, l, state, a.Reason, true, time.Now())
	})
	switch {
	case err != nil:
		return fmt.Errorf("acknowledgement: %w", err)
	case known:
		c.count.received(resultAck)
	default:
		c.count.received(resultStrayAck)
	}
	return nil
}

// finish ends a letter's travel: its sealed bytes and the recipient's key go,
// and what became of it stays for a while. told: the problem is as the
// recipient puts it.
func (c *Courier) finish(tx store.Tx, rec store.Record, l outLetter, state, problem string, told bool, now time.Time) error {
	if l.Kind == AckKind {
		return tx.Delete(rec.Kind, rec.ID)
	}
	l.Sealed, l.Receipt, l.Addrs, l.Holders, l.Problem = nil, nil, nil, nil, problem
	l.Plain, l.Key, l.To = nil, nil, nil
	l.Done = identity.At(now)
	rec.State, rec.Due = state, now.Add(keepFinal)
	var err error
	if rec.Body, err = dagcbor.Marshal(l); err != nil {
		return err
	}
	// Whoever refuses a letter that can be answered says why in the answer.
	unsaid := state == StateRefused && !told && len(l.From) > 0
	if err := tx.Put(rec); err != nil || state == StateDelivered || state == StateRead || unsaid || c.cfg.GivenUp == nil {
		return err
	}
	return c.cfg.GivenUp(tx, l.status(rec))
}
