package gossip

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/gossip/reconcile"
	"github.com/parley-network/parley/gossip/termupdate"
)

// shelf holds the records of one set: those shown to askers, with the sketch
// of their short ids, and those that are not, or not yet.
type shelf struct {
	id     uint64 // reconcile.ShardID
	key    reconcile.Key
	shown  []*record
	hidden []*record
	short  map[uint64]*record // those shown
	sketch *reconcile.Sketch
}

func (s *shelf) add(r *record) {
	r.at = -1
	s.hidden = append(s.hidden, r)
}

// remove takes r out and returns how many are left.
func (s *shelf) remove(r *record) int {
	if r.at < 0 {
		s.hidden = slices.DeleteFunc(s.hidden, func(o *record) bool { return o == r })
		return len(s.shown) + len(s.hidden)
	}
	s.sketch.Remove(r.short)
	delete(s.short, r.short)
	last := len(s.shown) - 1
	s.shown[r.at] = s.shown[last]
	s.shown[r.at].at = r.at
	s.shown[last] = nil
	s.shown = s.shown[:last]
	return last + len(s.hidden)
}

// show brings the shelf up to date: all that is due is shown, under key. Where
// two records share a short id, one of them stays hidden until the next key.
func (s *shelf) show(key reconcile.Key, now time.Time) {
	if s.sketch == nil || s.key != key {
		s.hidden = append(s.hidden, s.shown...)
		s.key, s.shown, s.short, s.sketch = key, nil, make(map[uint64]*record), reconcile.NewSketch(sketchSize)
	}
	s.hidden = slices.DeleteFunc(s.hidden, func(r *record) bool {
		r.at = -1
		if r.wire == nil || r.from.After(now) {
			return false
		}
		r.short = key.Short(r.id[:])
		if s.short[r.short] != nil {
			return false
		}
		r.at = len(s.shown)
		s.shown = append(s.shown, r)
		s.short[r.short] = r
		s.sketch.Add(r.short)
		return true
	})
}

// telling is what one asker was told of: a set that does not change with what
// comes in meanwhile, and where to find its records.
type telling struct {
	*reconcile.Answerer
	live    *live
	key     reconcile.Key
	shelves []*shelf
}

// tell begins to answer an asker at now. about says of a shelf by its shard
// whether it is among what was asked for; the terms are if terms is set.
func (l *live) tell(about func(shard string, id uint64) bool, terms bool, now time.Time) (*telling, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.drawn.IsZero() || now.Sub(l.drawn) >= keyLife {
		if _, err := rand.Read(l.key[:]); err != nil {
			return nil, fmt.Errorf("draw a key: %w", err)
		}
		l.drawn = now
	}
	t := &telling{live: l, key: l.key}
	if terms {
		t.shelves = append(t.shelves, &l.terms)
	}
	for shard, s := range l.shelves {
		if about(shard, s.id) {
			t.shelves = append(t.shelves, s)
		}
	}
	sketch := reconcile.NewSketch(sketchSize)
	var shorts []uint64
	for _, s := range t.shelves {
		s.show(l.key, now)
		sketch.Merge(s.sketch)
		shorts = slices.Grow(shorts, len(s.shown))
		for _, r := range s.shown {
			shorts = append(shorts, r.short)
		}
	}
	t.Answerer = reconcile.NewAnswerer(l.key, sketch, shorts)
	return t, nil
}

// find returns a record by its short id, if it is still to be had.
func (t *telling) find(short uint64) (reconcile.Record, bool) {
	t.live.mu.Lock()
	defer t.live.mu.Unlock()
	for _, s := range t.shelves {
		r := s.short[short]
		if r == nil || s.key != t.key || !r.until.After(time.Now()) {
			continue
		}
		if wire, err := r.wire(); err == nil {
			return reconcile.Record{Kind: r.kind, Wire: wire}, true
		}
	}
	return reconcile.Record{}, false
}

// setTerms makes the terms' shelf hold exactly these updates.
func (l *live) setTerms(updates []termupdate.Entry, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stand := make(map[digest]*termupdate.Verified, len(updates))
	for i := range updates {
		e := &updates[i]
		if e.Alive(now) {
			stand[digestOf(e.ID)] = &e.Verified
			if e.Fork != nil {
				stand[digestOf(e.Fork.ID)] = e.Fork
			}
		}
	}
	s := &l.terms
	for _, r := range slices.Concat(s.shown, s.hidden) {
		if stand[r.id] == nil {
			s.remove(r)
		}
		delete(stand, r.id)
	}
	for id, v := range stand {
		s.add(&record{id: id, kind: reconcile.KindTerms, wire: v.Signed.Encode, until: v.Update.Expires.Std()})
	}
}
