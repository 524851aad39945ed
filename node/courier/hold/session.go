package hold

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

// tag is how a session's request is found to be one.
type tag [seal.TagSize]byte

// keep gives a slot a session in place of the one it had. There is one for each
// slot, and it ends with it.
func (h *Holder) keep(k key, session *seal.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.live(k, time.Now())
	if s == nil {
		return
	}
	h.forget(s)
	s.session, s.next = session, 0
	h.tags[tag(session.Tag(0))] = s
}

// forget ends a slot's session. h.mu is held.
func (h *Holder) forget(s *slot) {
	if s.session != nil {
		delete(h.tags, tag(s.session.Tag(s.next)))
		s.session = nil
	}
}

// Session returns the session whose next request has the tag, [seal.TagSize]
// bytes, with that request's number and the slot it is about; nil if there is
// none. That number is used up by it.
func (h *Holder) Session(of []byte) (session *seal.Session, n uint64, slot []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.tags[tag(of)]
	if s == nil {
		return nil, 0, nil
	}
	n = s.next
	delete(h.tags, tag(of))
	s.next++
	h.tags[tag(s.session.Tag(s.next))] = s
	return s.session, n, s.key[:]
}

// ServeSession answers one encoded wire.HoldRequest of a session about a slot,
// as [Holder.Serve] does a signed one.
func (h *Holder) ServeSession(ctx context.Context, from peer.ID, slot, body []byte) wire.HoldResponse {
	r, err := wire.DecodeSessionHold(body)
	if err != nil {
		return wire.HoldResponse{Status: wire.Malformed}
	}
	r.Slot = slot
	return h.do(ctx, from, r, time.Now())
}
