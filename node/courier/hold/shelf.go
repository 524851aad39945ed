package hold

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/store"
)

// Kinds of records. The ids are raw bytes, so that the index of a letter can
// be rebuilt without reading into it:
//
//	slot    32 bytes slot key, 8 bytes number (big endian)
//	letter  32 bytes slot key, 8 bytes number, 32 bytes LetterID
//
// Ref is the holder's peer id, since several nodes may keep their records in
// one database; State is the raw id of the peer that opened the slot or handed
// the letter in; a slot's Due is the end of its life; a letter's body is the
// sealed bytes as they came.
const (
	kindSlot   store.Kind = "held-slot"
	kindLetter store.Kind = "held-letter"

	slotIDSize   = 32 + 8
	letterIDSize = 32 + 8 + 32
	loadPage     = 64 // records read at a time: letters with their bytes
	buryBatch    = 512
	buryPause    = time.Second // deletions of so long share a transaction
)

// shelf is the durable part of a holder.
type shelf struct {
	store store.Store
	self  string
}

func recordID(k key, seq uint64, rest ...byte) string {
	return string(append(binary.BigEndian.AppendUint64(k[:], seq), rest...))
}

// peerState cuts a peer id to what a record's state may take; the ids there
// are today are two thirds of that.
func peerState(p peer.ID) string { return string(p)[:min(len(p), store.MaxName)] }

func (f shelf) slotRecord(s *slot) store.Record {
	return store.Record{Kind: kindSlot, ID: recordID(s.key, s.seq), Ref: f.self, State: peerState(s.opener), Due: s.expires}
}

func (f shelf) letterRecord(l *letter) store.Record {
	return store.Record{Kind: kindLetter, ID: recordID(l.slot, l.seq, l.id[:]...), Ref: f.self, State: peerState(l.from)}
}

func (f shelf) put(ctx context.Context, r store.Record) error {
	return f.store.Update(ctx, func(tx store.Tx) error { return tx.Put(r) })
}

func (f shelf) putLetter(ctx context.Context, l *letter, sealed []byte) error {
	r := f.letterRecord(l)
	r.Body = sealed
	return f.put(ctx, r)
}

// bodies reads letters. One that is no longer there is nil.
func (f shelf) bodies(ctx context.Context, ids []string) (out [][]byte, err error) {
	err = f.store.View(ctx, func(tx store.Tx) error {
		out = make([][]byte, len(ids))
		for i, id := range ids {
			r, err := tx.Get(kindLetter, id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("read letter held for another: %w", err)
			}
			out[i] = r.Body
		}
		return nil
	})
	return out, err
}

// each calls fn with every record of a kind, in the order of ids.
func (f shelf) each(ctx context.Context, kind store.Kind, fn func(store.Record)) error {
	for q := (store.Query{Kind: kind, Ref: f.self, Limit: loadPage}); ; {
		var recs []store.Record
		if err := f.store.View(ctx, func(tx store.Tx) (err error) {
			recs, err = tx.List(q)
			return err
		}); err != nil {
			return err
		}
		for _, r := range recs {
			fn(r)
		}
		if len(recs) < loadPage {
			return nil
		}
		q = q.Next(recs[len(recs)-1])
	}
}

// Load takes up what an earlier run has kept. It is called once, before
// anything else. Letters without a slot, and slots whose life is over, are
// deleted.
func (h *Holder) Load(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if err := h.shelf.each(ctx, kindSlot, func(r store.Record) { h.loadSlot(r, now) }); err != nil {
		return fmt.Errorf("load slots held for others: %w", err)
	}
	if err := h.shelf.each(ctx, kindLetter, h.loadLetter); err != nil {
		return fmt.Errorf("load letters held for others: %w", err)
	}
	for _, s := range h.slots {
		slices.SortFunc(s.letters, func(a, b *letter) int { return int(int64(a.seq - b.seq)) })
	}
	return nil
}

// loadSlot takes up a slot. Of two with one key the later was opened after the
// earlier had gone.
func (h *Holder) loadSlot(r store.Record, now time.Time) {
	if len(r.ID) != slotIDSize || !now.Before(r.Due) {
		h.bury(r)
		return
	}
	s := &slot{key: key([]byte(r.ID[:32])), seq: binary.BigEndian.Uint64([]byte(r.ID[32:40])), opener: peer.ID(r.State), expires: r.Due}
	if old := h.slots[s.key]; old != nil {
		h.bury(h.shelf.slotRecord(old))
		decrement(h.opened, old.opener, 1)
	}
	h.slots[s.key] = s
	h.opened[s.opener]++
	h.seq = max(h.seq, s.seq)
}

func (h *Holder) loadLetter(r store.Record) {
	if len(r.ID) != letterIDSize || h.slots[key([]byte(r.ID[:32]))] == nil {
		h.bury(r)
		return
	}
	l := &letter{
		slot: key([]byte(r.ID[:32])), seq: binary.BigEndian.Uint64([]byte(r.ID[32:40])), id: key([]byte(r.ID[40:])),
		size: len(r.Body), from: peer.ID(r.State), kept: true,
	}
	s := h.slots[l.slot]
	if l.seq < s.seq { // of an earlier slot of the same key
		h.bury(r)
		return
	}
	s.letters = append(s.letters, l)
	h.count(s, l, +1)
	h.seq = max(h.seq, l.seq)
}

// bury has a record deleted soon. Should this process end before, the letter
// is there again after the restart, and the owner has had it: a duplicate,
// without effect. h.mu is held.
func (h *Holder) bury(r store.Record) {
	h.dead = append(h.dead, store.Record{Kind: r.Kind, ID: r.ID})
	h.rouse()
}

// Run deletes from the store what is no longer held, until ctx ends and then
// once more.
func (h *Holder) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			_ = h.flush(context.WithoutCancel(ctx)) // what stays is found at the next start
			return
		case <-h.wake:
		}
		t := time.NewTimer(buryPause)
		select {
		case <-ctx.Done():
		case <-t.C:
			if h.flush(ctx) != nil {
				h.rouse() // the store is out of order, and others say so
			}
		}
		t.Stop()
	}
}

// rouse has the dead buried soon.
func (h *Holder) rouse() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// flush deletes what is dead, a batch in a transaction.
func (h *Holder) flush(ctx context.Context) error {
	for {
		h.mu.Lock()
		batch := slices.Clone(h.dead[:min(len(h.dead), buryBatch)])
		h.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := h.shelf.store.Update(ctx, func(tx store.Tx) error {
			for _, r := range batch {
				if err := tx.Delete(r.Kind, r.ID); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		h.mu.Lock()
		if h.dead = h.dead[len(batch):]; len(h.dead) == 0 {
			h.dead = nil
		}
		h.mu.Unlock()
	}
}
