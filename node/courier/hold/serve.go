package hold

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/wire"
)

// responseRoom is what the letters of one response may take, so that it is
// padded to 64 KiB and no more: the rest of it is a few dozen bytes. A letter
// that is larger by itself goes alone.
const responseRoom = 60 << 10

// Serve answers one encoded wire.HoldRequest that came by the peer from, which
// is rarely the owner. A fetch waits as it asks, or until ctx ends. The
// response's status is Taken; NoSlot; Full or Busy at a limit; Malformed; or
// Forbidden for a wrong signature, time or holder.
func (h *Holder) Serve(ctx context.Context, from peer.ID, body []byte) wire.HoldResponse {
	r, err := wire.DecodeHold(body)
	if err != nil {
		return wire.HoldResponse{Status: wire.Malformed}
	}
	now := time.Now()
	if r.Verify(h.self, now) != nil {
		return wire.HoldResponse{Status: wire.Forbidden}
	}
	switch r.Op {
	case wire.HoldOpen:
		return h.open(from, r, now)
	case wire.HoldFetch:
		return h.fetch(ctx, r)
	default: // ack, close
		return h.end(r, now)
	}
}

func (h *Holder) open(from peer.ID, r wire.HoldRequest, now time.Time) wire.HoldResponse {
	expires := r.Expires.Std()
	if latest := now.Add(h.lim.Life); expires.After(latest) {
		expires = latest
	}
	if !expires.After(now) {
		return wire.HoldResponse{Status: wire.Forbidden}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	k := key(r.Slot)
	s := h.live(k, now)
	if s == nil {
		if len(h.slots) >= h.lim.Slots || h.opened[from] >= h.lim.PeerSlots {
			return wire.HoldResponse{Status: wire.Full}
		}
		s = &slot{opener: from}
		h.slots[k] = s
		h.opened[from]++
	}
	if expires.After(s.expires) {
		s.expires = expires
	}
	return wire.HoldResponse{Status: wire.Taken, Expires: identity.At(s.expires)}
}

func (h *Holder) end(r wire.HoldRequest, now time.Time) wire.HoldResponse {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := key(r.Slot)
	s := h.live(k, now)
	switch {
	case s == nil && r.Op == wire.HoldClose:
		return wire.HoldResponse{Status: wire.Taken}
	case s == nil:
		return wire.HoldResponse{Status: wire.NoSlot}
	case r.Op == wire.HoldClose:
		h.drop(k, s)
		return wire.HoldResponse{Status: wire.Taken}
	}
	h.remove(s, r.Done)
	return wire.HoldResponse{Status: wire.Taken, Expires: identity.At(s.expires)}
}

func (h *Holder) fetch(ctx context.Context, r wire.HoldRequest) wire.HoldResponse {
	wait := time.NewTimer(time.Duration(r.Wait) * time.Second)
	defer wait.Stop()
	have := keySet(r.Have)
	over := r.Wait == 0
	for {
		resp, changed, leave := h.look(r, have, over)
		if changed == nil {
			return resp
		}
		select {
		case <-changed:
		case <-wait.C:
			over = true
		case <-ctx.Done():
			over = true
		}
		leave()
	}
}

// look returns the response, or if there is nothing to send and the wait is
// not over, a channel that is closed when that may have changed and what to
// call when done waiting.
func (h *Holder) look(r wire.HoldRequest, have map[key]bool, over bool) (wire.HoldResponse, <-chan struct{}, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.live(key(r.Slot), time.Now())
	if s == nil {
		return wire.HoldResponse{Status: wire.NoSlot}, nil, nil
	}
	h.remove(s, r.Done)
	resp := wire.HoldResponse{Status: wire.Taken, Expires: identity.At(s.expires), Letters: s.pick(have, r.Most)}
	if len(resp.Letters) > 0 || over {
		return resp, nil, nil
	}
	if h.polls >= h.lim.Polls || s.polls >= h.lim.SlotPolls {
		return wire.HoldResponse{Status: wire.Busy}, nil, nil
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	h.polls++
	s.polls++
	return wire.HoldResponse{}, s.changed, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.polls--
		s.polls--
	}
}

// pick returns the oldest letters not in have that fit one response, at most
// as many as asked for (0: no matter).
func (s *slot) pick(have map[key]bool, most uint64) [][]byte {
	var out [][]byte
	room := responseRoom
	for _, l := range s.letters {
		if have[l.id] {
			continue
		}
		room -= len(l.sealed) + 8
		if len(out) > 0 && (room < 0 || uint64(len(out)) == most) {
			break
		}
		out = append(out, l.sealed)
	}
	return out
}
