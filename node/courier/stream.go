package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/node/courier/forward"
	"github.com/parley-network/parley/node/courier/wire"
)

const (
	exchangeTimeout = 20 * time.Second // dial, ask and answer, on each hop
	frameTimeout    = 15 * time.Second // one frame in one direction
)

// ask writes one frame to a peer and reads one. Requests may be repeated
// without harm, and one on a stream kept from before is, on a new one, if that
// stream turns out to be gone.
func (c *Courier) ask(ctx context.Context, to peer.AddrInfo, p protocol.ID, frame []byte, timeout time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if s := c.streams.take(streamKey{to.ID, p}, time.Now()); s != nil {
		if answer, err := c.askOn(ctx, s, p, frame); err == nil || ctx.Err() != nil {
			return answer, err
		}
	}
	h := c.cfg.Host
	if h.Network().Connectedness(to.ID) != network.Connected {
		addrs := forward.Dialable(h.Addrs(), to.Addrs)
		h.Peerstore().AddAddrs(to.ID, addrs, peerstore.TempAddrTTL)
	}
	s, err := h.NewStream(network.WithAllowLimitedConn(ctx, "courier"), to.ID, p)
	if err != nil {
		return nil, fmt.Errorf("reach peer %s: %w", to.ID, err)
	}
	return c.askOn(ctx, s, p, frame)
}

// askOn has one exchange on a stream, and then keeps it for the next.
func (c *Courier) askOn(ctx context.Context, s network.Stream, p protocol.ID, frame []byte) ([]byte, error) {
	// A stream takes no context: its end resets what is being read or written.
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	answer, err := converse(ctx, s, frame)
	whole := stop()
	to := s.Conn().RemotePeer()
	if err != nil {
		_ = s.Reset()
		return nil, fmt.Errorf("ask peer %s by %s: %w", to, p, err)
	}
	if whole {
		c.streams.put(streamKey{to, p}, s, time.Now())
	}
	return answer, nil
}

func converse(ctx context.Context, s network.Stream, frame []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := s.SetDeadline(deadline); err != nil {
			return nil, fmt.Errorf("set deadline: %w", err)
		}
	}
	// Writing fails where the other end has answered and stopped reading, such
	// as one that is busy: then the answer tells.
	errWrite := wire.WriteFrame(s, frame)
	answer, err := wire.ReadFrame(s, wire.MaxAnswer+1)
	if err != nil && errWrite != nil {
		return nil, errWrite
	}
	return answer, err
}

// carrierError is a failure on the way, before the other end was asked.
type carrierError struct {
	carrier peer.ID
	err     error
}

func (e *carrierError) Error() string { return fmt.Sprintf("forwarder %s: %v", e.carrier, e.err) }
func (e *carrierError) Unwrap() error { return e.err }

// errCarrierBusy marks that a forwarder has too much to do for now.
var errCarrierBusy = errors.New("busy")

// errUnreached marks that the other end was not reached, whoever tried.
var errUnreached = errors.New("not reached")

// carry has to asked with one frame: by this node itself if via is nil, else
// through via. wait is how long the other end may take beyond an ordinary
// exchange.
func (c *Courier) carry(ctx context.Context, via *peer.AddrInfo, to peer.AddrInfo, p protocol.ID, frame []byte, wait time.Duration) (wire.Status, []byte, error) {
	var answer []byte
	var err error
	switch {
	case to.ID == c.cfg.Host.ID():
		answer = c.answer(ctx, p, to.ID, frame)
	case via == nil:
		if answer, err = c.ask(ctx, to, p, frame, exchangeTimeout+wait); err != nil {
			return 0, nil, fmt.Errorf("%w: %w", errUnreached, err)
		}
	default:
		if answer, err = c.askThrough(ctx, *via, to, p, frame, wait); err != nil {
			return 0, nil, err
		}
	}
	return wire.DecodeAnswer(answer)
}

func (c *Courier) askThrough(ctx context.Context, via, to peer.AddrInfo, p protocol.ID, frame []byte, wait time.Duration) ([]byte, error) {
	request, err := wire.EncodeForward(to, p, frame)
	if err != nil {
		return nil, err
	}
	answer, err := c.ask(ctx, via, wire.ForwardProtocol, request, 2*exchangeTimeout+wait)
	if err != nil {
		return nil, &carrierError{via.ID, err}
	}
	status, rest, err := wire.DecodeAnswer(answer)
	switch {
	case err != nil:
		return nil, &carrierError{via.ID, err}
	case status == wire.Unreachable:
		return nil, fmt.Errorf("%w: forwarder %s could not reach peer %s", errUnreached, via.ID, to.ID)
	case status == wire.Busy:
		return nil, &carrierError{via.ID, errCarrierBusy}
	case status != wire.Taken:
		return nil, &carrierError{via.ID, errors.New(status.String())}
	}
	return rest, nil
}

// pause waits for d, or returns false when ctx ends.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
