package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// Pauses between attempts: doubled from base up to limit.
const (
	retryBase  = time.Second // nobody took the letter
	retryLimit = 10 * time.Minute
	laneLimit  = 2 * time.Minute // for all letters to a peer out of reach
	heldBase   = 5 * time.Minute // a holder took it; the recipient has not acknowledged
	heldLimit  = 6 * time.Hour
)

// outcome is what one attempt came to.
type outcome struct {
	state     string // StateQueued: nobody has it
	problem   string
	unreached bool   // the peer was not reached
	via       string // who was to carry it, if nobody has it
	heldBy    string // the holder that took it
	brought   *brought
}

// attempt sends a claimed letter once and records what came of it. It reports
// whether the peer was out of reach, and when the letter is due again; zero: it
// is not, or not by this claim.
func (c *Courier) attempt(ctx context.Context, t task) (unreached bool, due time.Time) {
	now := time.Now()
	if !now.Before(t.rec.Due) {
		return false, time.Time{} // the lease is over: the letter may be somebody else's by now
	}
	o := outcome{state: StateExpired, problem: t.out.Problem}
	if now.Before(t.out.Expires.Std()) {
		t.out.order = c.orderOf(t)
		o = c.speakOrDeliver(ctx, &t)
		if ctx.Err() != nil {
			return c.cutShort(t)
		}
	}
	c.count.sent(o.state)
	if t.fresh && o.state != StateQueued {
		return false, time.Time{} // it has gone, and was never stored
	}
	if c.takeReplies(ctx, t, o) {
		return false, time.Time{}
	}
	err := c.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		due, err = c.settle(tx, t, o)
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			c.log.Error("outcome of a letter not recorded, it is sent again", "id", t.rec.ID, "error", err)
		}
		due = t.rec.Due
	}
	if (o.state == StateDelivered && o.brought == nil || o.state == StateHeld) && len(t.out.From) > 0 {
		c.expect(t.out.From, o.state == StateHeld && len(t.out.Slot) == 0)
	}
	return o.unreached, due
}

// cutShort ends an attempt with this process's end: the lease will run out. An
// acknowledgement that only memory has is stored.
func (c *Courier) cutShort(t task) (unreached bool, due time.Time) {
	if t.fresh {
		ctx, cancel := context.WithTimeout(context.Background(), storePause)
		defer cancel()
		if err := c.release(ctx, []release{{rec: t.rec, due: time.Now(), fresh: true}}); err != nil {
			c.log.Warn("an acknowledgement waits until its letter is repeated", "error", err)
		}
	}
	return false, time.Time{}
}

// settle writes the outcome of an attempt, if the claim still holds, and
// returns when the letter is due again, if it is.
func (c *Courier) settle(tx store.Tx, t task, o outcome) (due time.Time, err error) {
	rec := t.rec
	if !t.fresh {
		rec, err = claimed(tx, t.rec)
	}
	if errors.Is(err, store.ErrNotFound) {
		return due, nil
	}
	if err != nil {
		return due, err
	}
	now, l := time.Now(), t.out
	l.Attempts++
	l.Problem, l.Via = o.problem, o.via
	if o.heldBy != "" {
		l.HeldBy = o.heldBy
	}
	switch {
	case o.state == StateDelivered, o.state == StateRefused, o.state == StateExpired:
		return due, c.finish(tx, rec, l, o.state, o.problem, false, now)
	case o.state == StateHeld && l.Kind == AckKind:
		return due, c.finish(tx, rec, l, StateDelivered, "", false, now) // acknowledgements are not acknowledged
	case o.state == StateHeld:
		rec.State = StateHeld
		rec.Due = now.Add(c.choice.backoff(int(l.Handed), heldBase, heldLimit))
		l.Handed++
	default:
		// Once held it stays "held": the holder may have it even so.
		rec.Due = now.Add(c.choice.backoff(int(l.Attempts-1), retryBase, retryLimit))
	}
	if end := l.Expires.Std(); rec.Due.After(end) {
		rec.Due = end
	}
	if rec.Body, err = dagcbor.Marshal(l); err != nil {
		return due, err
	}
	return rec.Due, tx.Put(rec)
}

// deliver hands the letter in at one place.
func (c *Courier) deliverTo(ctx context.Context, l outLetter, at place) outcome {
	to, err := wire.ParsePeer(at.Peer, at.Addrs)
	if err != nil {
		return outcome{state: StateQueued, problem: "its address is no address: " + err.Error()}
	}
	p, err := c.passageTo(to, l)
	if err != nil && !c.mayHandIn(l, at, to.ID) {
		return outcome{state: StateQueued, problem: err.Error()}
	}
	replies := len(at.Slot) == 0 && len(l.From) > 0
	status, rest, err := c.handIn(ctx, p, at.Slot, l.Sealed, replies)
	var letters [][]byte
	if err == nil && replies && status != wire.NeedsWork {
		rest, letters, err = wire.DecodeReceipt(rest)
	}
	var o outcome
	switch {
	case err != nil:
		o = outcome{state: StateQueued, problem: err.Error(), unreached: errors.Is(err, errUnreached)}
	case len(at.Slot) > 0:
		if o = heldOutcome(status); o.state == StateHeld {
			o.heldBy = at.Peer
		}
	default:
		if o = directOutcome(l.Receipt, status, rest); o.state != StateQueued && len(letters) > 0 {
			o.brought = &brought{by: p, letters: letters}
		}
	}
	if p.via != nil && o.state == StateQueued {
		c.blame(&o, p.via.ID, err)
	}
	return o
}

// blame has the next attempt at a letter go through another than via, which
// may be at fault, or lie. Only what it owns to is held against it elsewhere:
// that it does not reach some recipient is most often true, and if each that
// sleeps cast suspicion on it our routes would soon have been asked about
// through every peer there is.
func (c *Courier) blame(o *outcome, via peer.ID, err error) {
	if errors.Is(err, errCarrierBusy) {
		return
	}
	o.via = via.String()
	if failed := (*carrierError)(nil); errors.As(err, &failed) {
		c.book.suspect(via, time.Now())
	}
}

// heldOutcome judges a holder's answer. Nothing proves it, and nothing needs
// to: the letter is sent again until the recipient acknowledges.
func heldOutcome(status wire.Status) outcome {
	switch status {
	case wire.Taken, wire.Duplicate:
		return outcome{state: StateHeld}
	case wire.NoSlot:
		return outcome{state: StateQueued, problem: "the holder has no such slot: it restarted, or the recipient has closed the route"}
	}
	return outcome{state: StateQueued, problem: fmt.Sprintf("the holder answers: %s", status)}
}

// directOutcome judges a recipient's answer. It counts only with the receipt
// that the recipient alone can make, else a forwarder could swallow letters.
func directOutcome(receiptKey []byte, status wire.Status, receipt []byte) outcome {
	proven := seal.VerifyReceipt(receiptKey, byte(status), receipt)
	switch {
	case proven && (status == wire.Taken || status == wire.Duplicate):
		return outcome{state: StateDelivered}
	case proven && status == wire.Refused:
		return outcome{state: StateRefused, problem: "the recipient refuses it"}
	case status == wire.Taken, status == wire.Duplicate, status == wire.Refused:
		return outcome{state: StateQueued, problem: fmt.Sprintf("answer %q without the recipient's receipt", status)}
	}
	return outcome{state: StateQueued, problem: fmt.Sprintf("the recipient answers: %s", status)}
}
