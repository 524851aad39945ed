package hold

import (
	"context"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// responseRoom is what the letters of one response may take, so that it is
// padded to 64 KiB and no more: the rest of it is a few dozen bytes. A letter
// that is larger by itself goes alone.
const responseRoom = 60 << 10

// Serve answers one encoded wire.HoldRequest that came by the peer from, which
// is rarely the owner. A fetch waits as it asks, or until ctx ends. The
// response's status is Taken; NoSlot; Full or Busy at a limit; Malformed; or
// Forbidden for a wrong signature, time or holder. A request that finds or makes
// a slot leaves the slot with the session, unless that is nil.
func (h *Holder) Serve(ctx context.Context, from peer.ID, body []byte, session *seal.Session) wire.HoldResponse {
	r, err := wire.DecodeHold(body)
	if err != nil {
		return wire.HoldResponse{Status: wire.Malformed}
	}
	now := time.Now()
	if r.Verify(h.self, now) != nil {
		return wire.HoldResponse{Status: wire.Forbidden}
	}
	resp := h.do(ctx, from, r, now)
	if resp.Status == wire.Taken && session != nil {
		h.keep(key(r.Slot), session)
	}
	return resp
}

// do does what a request of the slot's owner says.
func (h *Holder) do(ctx context.Context, from peer.ID, r wire.HoldRequest, now time.Time) wire.HoldResponse {
	switch r.Op {
	case wire.HoldOpen:
		return h.open(ctx, from, r, now)
	case wire.HoldFetch:
		return h.fetch(ctx, r)
	default: // ack, close
		return h.end(r, now)
	}
}

// open makes or extends a slot, durably.
func (h *Holder) open(ctx context.Context, from peer.ID, r wire.HoldRequest, now time.Time) wire.HoldResponse {
	expires := r.Expires.Std()
	if latest := now.Add(h.lim.Life); expires.After(latest) {
		expires = latest
	}
	if !expires.After(now) {
		return wire.HoldResponse{Status: wire.Forbidden}
	}
	s, rec, fresh := h.openSlot(from, key(r.Slot), expires, now)
	if s == nil {
		return wire.HoldResponse{Status: wire.Full}
	}
	if err := h.shelf.put(ctx, rec); err != nil {
		return wire.HoldResponse{Status: h.notOpened(s, fresh, err)}
	}
	return wire.HoldResponse{Status: wire.Taken, Expires: identity.At(rec.Due)}
}

// openSlot returns the slot k, made or with a later end, and its record; nil if
// there is no room for one more.
func (h *Holder) openSlot(from peer.ID, k key, expires, now time.Time) (s *slot, rec store.Record, fresh bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s = h.live(k, now); s == nil {
		if len(h.slots) >= h.lim.Slots || h.opened[from] >= h.lim.PeerSlots {
			return nil, rec, false
		}
		h.seq++
		s, fresh = &slot{key: k, seq: h.seq, opener: from}, true
		h.slots[k] = s
		h.opened[from]++
	}
	if expires.After(s.expires) {
		s.expires = expires
	}
	return s, h.shelf.slotRecord(s), fresh
}

// notOpened undoes a slot that could not be stored.
func (h *Holder) notOpened(s *slot, fresh bool, err error) wire.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	if fresh && h.slots[s.key] == s {
		h.drop(s)
	}
	if errors.Is(err, store.ErrFull) {
		return wire.Full
	}
	return wire.Busy
}

func (h *Holder) end(r wire.HoldRequest, now time.Time) wire.HoldResponse {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.live(key(r.Slot), now)
	switch {
	case s == nil && r.Op == wire.HoldClose:
		return wire.HoldResponse{Status: wire.Taken}
	case s == nil:
		return wire.HoldResponse{Status: wire.NoSlot}
	case r.Op == wire.HoldClose:
		h.drop(s)
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
		f := h.look(r, have, over)
		if f.changed == nil {
			return h.hand(ctx, f)
		}
		select {
		case <-f.changed:
		case <-wait.C:
			over = true
		case <-ctx.Done():
			over = true
		}
		f.leave()
	}
}

// found is what a fetch came upon: a response, with the letters to go with it;
// or, if there is nothing to send and the wait is not over, a channel that is
// closed when that may have changed, and what to call when done waiting.
type found struct {
	resp    wire.HoldResponse
	recent  [][]byte // sealed letters; nil: to be read
	stored  []string // ids of those, "" elsewhere
	changed <-chan struct{}
	leave   func()
}

func (h *Holder) look(r wire.HoldRequest, have map[key]bool, over bool) found {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.live(key(r.Slot), time.Now())
	if s == nil {
		return found{resp: wire.HoldResponse{Status: wire.NoSlot}}
	}
	h.remove(s, r.Done)
	f := found{resp: wire.HoldResponse{Status: wire.Taken, Expires: identity.At(s.expires)}}
	for _, l := range s.pick(have, r.Most) {
		id := ""
		if l.sealed == nil {
			id = h.shelf.letterRecord(l).ID
		}
		f.recent, f.stored = append(f.recent, l.sealed), append(f.stored, id)
	}
	if len(f.recent) > 0 || over {
		return f
	}
	if h.polls >= h.lim.Polls || s.polls >= h.lim.SlotPolls {
		return found{resp: wire.HoldResponse{Status: wire.Busy}}
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	h.polls++
	s.polls++
	return found{changed: s.changed, leave: func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.polls--
		s.polls--
	}}
}

// hand completes a response with the letters.
func (h *Holder) hand(ctx context.Context, f found) wire.HoldResponse {
	var ids []string
	for _, id := range f.stored {
		if id != "" {
			ids = append(ids, id)
		}
	}
	var read [][]byte
	if len(ids) > 0 {
		var err error
		if read, err = h.shelf.bodies(ctx, ids); err != nil {
			return wire.HoldResponse{Status: wire.Busy}
		}
	}
	for i, sealed := range f.recent {
		if f.stored[i] != "" {
			sealed, read = read[0], read[1:]
		}
		if sealed != nil { // else it was deleted meanwhile
			f.resp.Letters = append(f.resp.Letters, sealed)
		}
	}
	return f.resp
}

// pick returns the oldest letters not in have that fit one response, at most
// as many as asked for (0: no matter).
func (s *slot) pick(have map[key]bool, most uint64) []*letter {
	var out []*letter
	room := responseRoom
	for _, l := range s.letters {
		if !l.kept || have[l.id] {
			continue
		}
		room -= l.size + 8
		if len(out) > 0 && (room < 0 || uint64(len(out)) == most) {
			break
		}
		out = append(out, l)
	}
	return out
}
