package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

// viaFor returns the forwarder for talk with the holder of rt: the one in use
// as long as it does not fail, so that few peers see who asks that holder. A
// route opened through a forwarder is never polled without.
func (c *Courier) viaFor(rt *ownRoute) (*peer.AddrInfo, error) {
	if rt.record().Mailbox {
		return nil, nil // everybody is told whose it is
	}
	rt.mu.Lock()
	inUse, shun, hidden, avoid := rt.via, rt.shun, rt.rec.Hidden, rt.rec.avoid()
	rt.mu.Unlock()
	if e, ok := c.book.entry(inUse, time.Now()); ok && e.rec.Forward && inUse != rt.holder {
		return &e.info, nil
	}
	if shun != "" {
		avoid = append(avoid, shun)
	}
	via, _ := c.forwarder(rt.holder, avoid) // it has one error
	if via == nil && !hidden {
		return nil, nil // the holder knows whose it is
	}
	if via == nil {
		return nil, errNoForwarder
	}
	c.routes.goBy(rt, via.ID)
	return via, nil
}

// holderError is a holder's no.
type holderError struct{ status wire.Status }

func (e *holderError) Error() string { return "the holder answers: " + e.status.String() }

// askHolder makes one request about rt's slot: the next of the session there
// is with the holder, or a signed one that begins another.
func (c *Courier) askHolder(ctx context.Context, rt *ownRoute, via *peer.AddrInfo, req wire.HoldRequest) (wire.HoldResponse, error) {
	to, key, err := c.holderOf(rt.record())
	if err != nil {
		return wire.HoldResponse{}, err
	}
	if l := rt.line.take(time.Now()); l != nil {
		resp, err := c.askOnLine(ctx, rt, via, to, l, req)
		var no *holderError
		if !errors.As(err, &no) || no.status != wire.NoSession {
			return resp, err
		}
	}
	c.count.askedAbout(proofSigned)
	req.Holder, req.Time = to.ID.String(), identity.At(time.Now())
	signed, err := wire.SignHold(rt.slot, req)
	if err != nil {
		return wire.HoldResponse{}, err
	}
	sealed, x, err := seal.SealRequest(key, signed)
	if err != nil {
		return wire.HoldResponse{}, err
	}
	resp, err := c.exchange(ctx, rt, via, to, sealed, x.Open, req)
	if err == nil && (req.Op == wire.HoldOpen || req.Op == wire.HoldFetch) {
		rt.line.put(&line{session: x.Session(), since: time.Now()})
	}
	return resp, err
}

// askOnLine is askHolder by a session. One whose request failed is not gone on
// with: whether the holder has had it is not known.
func (c *Courier) askOnLine(ctx context.Context, rt *ownRoute, via *peer.AddrInfo, to peer.AddrInfo, l *line, req wire.HoldRequest) (wire.HoldResponse, error) {
	c.count.askedAbout(proofSession)
	body, err := wire.EncodeSessionHold(req)
	if err != nil {
		return wire.HoldResponse{}, err
	}
	n := l.next
	sealed, err := l.session.SealRequest(n, body)
	if err != nil {
		return wire.HoldResponse{}, err
	}
	resp, err := c.exchange(ctx, rt, via, to, sealed, func(b []byte) ([]byte, error) { return l.session.OpenResponse(n, b) }, req)
	if err == nil {
		l.next++
		rt.line.put(l)
	}
	return resp, err
}

// exchange has one sealed request carried to the holder, and reads its answer.
func (c *Courier) exchange(ctx context.Context, rt *ownRoute, via *peer.AddrInfo, to peer.AddrInfo, sealed []byte, open func([]byte) ([]byte, error), req wire.HoldRequest) (wire.HoldResponse, error) {
	status, rest, err := c.carry(ctx, via, to, wire.HoldProtocol, sealed, time.Duration(req.Wait)*time.Second)
	if err != nil {
		c.forwarderFailed(ctx, rt, via, err)
		return wire.HoldResponse{}, err
	}
	if status != wire.Taken {
		return wire.HoldResponse{}, &holderError{status}
	}
	body, err := open(rest)
	if err != nil {
		c.forwarderFailed(ctx, rt, via, err) // only it could have changed the answer
		return wire.HoldResponse{}, fmt.Errorf("answer of the holder: %w", err)
	}
	resp, err := wire.DecodeHoldResponse(body)
	if err != nil {
		return wire.HoldResponse{}, err
	}
	if resp.Status != wire.Taken {
		return wire.HoldResponse{}, &holderError{resp.Status}
	}
	return resp, nil
}

// unreachedLimit is how often in a row a forwarder may say that it does not
// reach the holder before another is asked: each one asked learns who asks for
// that holder, and most often it is the holder that is gone.
const unreachedLimit = 4

// forwarderFailed has the next request about rt go through another if via is,
// or may be, at fault. One that has too much to do is not.
func (c *Courier) forwarderFailed(ctx context.Context, rt *ownRoute, via *peer.AddrInfo, err error) {
	if via == nil || ctx.Err() != nil || errors.Is(err, errCarrierBusy) {
		return
	}
	rt.mu.Lock()
	if rt.via != via.ID {
		rt.mu.Unlock()
		return
	}
	rt.out++
	unreached := errors.Is(err, errUnreached)
	stay := unreached && rt.out < unreachedLimit
	if !stay {
		rt.shun = via.ID
	}
	rt.mu.Unlock()
	if stay {
		return
	}
	c.routes.goBy(rt, "")
	if !unreached { // else it fails for this holder, and may be right
		c.book.suspect(via.ID, time.Now())
	}
}
