package courier

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/node/courier/forward"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

// served is the protocols answered, with the largest asking frame of each.
var served = map[protocol.ID]int{
	wire.LetterProtocol:  wire.MaxLetter,
	wire.HoldProtocol:    wire.MaxHold,
	wire.ForwardProtocol: wire.MaxForward,
	wire.HelloProtocol:   wire.MaxHello,
}

func (c *Courier) serveAll() {
	for p, limit := range served {
		c.cfg.Host.SetStreamHandler(p, func(s network.Stream) { c.serve(s, p, limit) })
	}
}

func (c *Courier) unserveAll() {
	for p := range served {
		c.cfg.Host.RemoveStreamHandler(p)
	}
}

// serve answers one stream: one frame in, one frame out, and so on until the
// asker has closed it, or has not asked for a while.
func (c *Courier) serve(s network.Stream, p protocol.ID, limit int) {
	ctx, leave, ok := c.group.enter()
	if !ok {
		_ = s.Reset()
		return
	}
	defer leave()
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	r := bufio.NewReaderSize(s, askBuffer)
	for first := true; ; first = false {
		if !first && !another(s, r) {
			break
		}
		answer, more, err := c.serveFrame(ctx, s, r, p, limit)
		if err == nil {
			_ = s.SetWriteDeadline(time.Now().Add(frameTimeout))
			err = wire.WriteFrame(s, answer)
		}
		if err != nil {
			c.log.Debug("stream failed", "protocol", p, "peer", s.Conn().RemotePeer(), "error", err)
			c.count.served(p, 0)
			_ = s.Reset()
			return
		}
		c.count.served(p, wire.Status(answer[0]))
		if !more {
			break
		}
	}
	_ = s.Close()
}

// askBuffer is for what arrives of a request at a time, in bytes.
const askBuffer = 1 << 10

// another waits for the beginning of one more frame.
func another(s network.Stream, r *bufio.Reader) bool {
	if s.SetReadDeadline(time.Now().Add(serverIdle)) != nil {
		return false
	}
	_, err := r.Peek(1)
	return err == nil
}

// serveFrame reads one frame and returns its answer, and whether there may be
// one more on this stream.
func (c *Courier) serveFrame(ctx context.Context, s network.Stream, r io.Reader, p protocol.ID, limit int) (answer []byte, more bool, err error) {
	from, meter := s.Conn().RemotePeer(), c.meters[p]
	if !meter.Enter(from, 0, time.Now()) {
		return wire.EncodeAnswer(wire.Busy, nil), false, nil
	}
	n := 0
	defer func() { meter.Leave(from, n+len(answer), time.Now()) }()
	if err := s.SetReadDeadline(time.Now().Add(frameTimeout)); err != nil {
		return nil, false, err
	}
	frame, err := wire.ReadFrame(r, limit)
	switch {
	case errors.Is(err, wire.ErrFrameSize):
		return wire.EncodeAnswer(wire.TooLarge, nil), false, nil
	case errors.Is(err, wire.ErrFrame):
		return wire.EncodeAnswer(wire.Malformed, nil), false, nil
	case err != nil:
		return nil, false, err
	}
	n = len(frame)
	return c.answer(ctx, p, from, frame), true, nil
}

// answer returns the answer frame to an asking frame.
func (c *Courier) answer(ctx context.Context, p protocol.ID, from peer.ID, frame []byte) []byte {
	switch p {
	case wire.LetterProtocol:
		return c.answerLetter(ctx, from, frame)
	case wire.HoldProtocol:
		return c.answerHold(ctx, from, frame)
	case wire.ForwardProtocol:
		return c.answerForward(ctx, from, frame)
	default:
		return c.answerHello(from, frame)
	}
}

func (c *Courier) answerLetter(ctx context.Context, from peer.ID, frame []byte) []byte {
	ask, err := wire.DecodeLetter(frame)
	switch {
	case err != nil:
		return wire.EncodeAnswer(wire.Malformed, nil)
	case ask.Talk != nil:
		return c.answerTalk(ctx, from, ask.Talk)
	case ask.Proof != nil:
		return wire.EncodeAnswer(c.takeProof(ctx, ask.Proof), nil)
	case ask.Slot != nil && c.cfg.NoHold:
		return wire.EncodeAnswer(wire.Unwilling, nil)
	}
	where := atDirect
	if ask.Slot != nil {
		where = atSlot
	}
	bits, err := c.worked(ask.Slot, ask.Sealed, ask.Work)
	if err != nil { // nothing makes it so but whoever wrote it
		c.count.refused(where, whyStamp)
		return wire.EncodeAnswer(wire.Malformed, nil)
	}
	if ask.Slot == nil {
		return c.receiveDirect(ctx, from, ask, bits)
	}
	status, needs := c.holder.Put(ctx, hold.Handed{From: from, Slot: ask.Slot, Sealed: ask.Sealed, Bits: bits})
	switch status {
	case wire.NeedsWork:
		return c.needsWork(where, needs)
	case wire.Full:
		c.count.refused(where, whyFull)
	}
	return wire.EncodeAnswer(status, nil)
}

func (c *Courier) answerHold(ctx context.Context, from peer.ID, frame []byte) []byte {
	if c.cfg.NoHold {
		return wire.EncodeAnswer(wire.Unwilling, nil)
	}
	if seal.IsSession(len(frame)) {
		return c.answerSession(ctx, from, frame)
	}
	body, reply, err := c.key.OpenRequest(frame)
	switch {
	case errors.Is(err, seal.ErrMalformed):
		return wire.EncodeAnswer(wire.Malformed, nil)
	case err != nil:
		return wire.EncodeAnswer(wire.Unreadable, nil)
	}
	encoded, err := wire.EncodeHoldResponse(c.holder.Serve(ctx, from, body, reply.Session()))
	if err == nil {
		encoded, err = reply.Seal(encoded)
	}
	return c.holderAnswer(encoded, err)
}

// answerSession answers a request of a session that a slot's owner has begun.
func (c *Courier) answerSession(ctx context.Context, from peer.ID, frame []byte) []byte {
	s, n, slot := c.holder.Session(frame[:seal.TagSize])
	if s == nil {
		return wire.EncodeAnswer(wire.NoSession, nil)
	}
	body, err := s.OpenRequest(n, frame)
	switch {
	case errors.Is(err, seal.ErrMalformed):
		return wire.EncodeAnswer(wire.Malformed, nil)
	case err != nil:
		return wire.EncodeAnswer(wire.Unreadable, nil)
	}
	encoded, err := wire.EncodeHoldResponse(c.holder.ServeSession(ctx, from, slot, body))
	if err == nil {
		encoded, err = s.SealResponse(n, encoded)
	}
	return c.holderAnswer(encoded, err)
}

func (c *Courier) holderAnswer(sealed []byte, err error) []byte {
	if err != nil {
		c.log.Error("holder response", "error", err)
		return wire.EncodeAnswer(wire.Busy, nil)
	}
	return wire.EncodeAnswer(wire.Taken, sealed)
}

// answerForward carries one exchange for the peer from. Only a libp2p peer of
// the id asked for is ever spoken to, and only in the two sealed protocols.
func (c *Courier) answerForward(ctx context.Context, from peer.ID, frame []byte) []byte {
	if c.cfg.NoForward {
		return wire.EncodeAnswer(wire.Unwilling, nil)
	}
	to, p, payload, err := wire.DecodeForward(frame)
	if err != nil {
		return wire.EncodeAnswer(wire.Malformed, nil)
	}
	h := c.cfg.Host
	if to.ID == h.ID() || to.ID == from {
		return wire.EncodeAnswer(wire.Unwilling, nil)
	}
	known := h.Network().Connectedness(to.ID) == network.Connected || len(h.Peerstore().Addrs(to.ID)) > 0
	if !known && len(forward.Dialable(h.Addrs(), to.Addrs)) == 0 {
		return wire.EncodeAnswer(wire.Unreachable, nil)
	}
	wait := time.Duration(0)
	if p == wire.HoldProtocol {
		wait = wire.MaxWait
	}
	answer, err := c.ask(ctx, to, p, payload, exchangeTimeout+wait)
	if err != nil {
		c.log.Debug("could not carry", "protocol", p, "to", to.ID, "error", err)
		return wire.EncodeAnswer(wire.Unreachable, nil)
	}
	return wire.EncodeAnswer(wire.Taken, answer)
}
