package node

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/standing"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// mostWants bounds the standing wants of one owner.
const mostWants = 256

// States of a standing want's record.
const (
	wantActive = "active"
	wantPaused = "paused"
	wantOver   = "over"
)

// wantBody is a standing want. Its record is due when it is cast next.
type wantBody struct {
	Want       []byte          `cbor:"want"` // view.StandingWant, JSON
	Made       identity.Time   `cbor:"made"`
	Occurrence identity.Time   `cbor:"occurrence,omitzero"` // the rule's time that is cast for next
	Casts      uint64          `cbor:"casts,omitempty"`
	Intent     dagcbor.CID     `cbor:"intent,omitzero"` // root of the newest intent
	Seen       market.Standing `cbor:"seen"`            // what new offers are held against
	Now        market.Standing `cbor:"now"`             // what the newest intent was last offered
	Told       identity.Time   `cbor:"told,omitzero"`
	Why        string          `cbor:"why,omitempty"`
}

// wanting is a stored standing want at hand.
type wanting struct {
	rec  store.Record
	body wantBody
	want view.StandingWant
	rule *standing.Rule
}

func readWant(rec store.Record) (*wanting, error) {
	s := &wanting{rec: rec}
	err := get(rec, &s.body)
	if err == nil {
		err = json.Unmarshal(s.body.Want, &s.want)
	}
	if err == nil {
		s.rule, err = ruleOf(s.want, s.body.Made.Std())
	}
	if err != nil {
		return nil, fmt.Errorf("want %s: %w", rec.ID, err)
	}
	return s, nil
}

func loadWant(tx store.Tx, id string) (*wanting, error) {
	rec, err := tx.Get(kindWant, id)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrInvalid) {
		return nil, fmt.Errorf("want %.80q: %w", id, view.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return readWant(rec)
}

func (s *wanting) save(c *change) error { return put(c.Tx, s.rec, s.body) }

// ruleOf reads when a want comes again.
func ruleOf(w view.StandingWant, start time.Time) (*standing.Rule, error) {
	zone, err := time.LoadLocation(w.Zone)
	if err != nil || w.Zone == "Local" {
		return nil, view.Invalid("zone", "there is no time zone %.64q here", w.Zone)
	}
	rule, err := standing.Parse(w.Every, start.In(zone))
	if err != nil {
		return nil, view.Invalid("every", "%v", err)
	}
	return rule, nil
}

// check refuses a want that could never be cast.
func (n *Node) checkStanding(w view.StandingWant, now time.Time) error {
	switch {
	case w.Want.Window != nil:
		return view.Invalid("want.window", "a want that comes again has no dates of its own: say within how long of each casting")
	case w.Percent != nil && *w.Percent > 100:
		return view.Invalid("percent", "%d, the most is 100", *w.Percent)
	}
	if w.Within != "" {
		if d, err := time.ParseDuration(w.Within); err != nil || d <= 0 || d > 366*24*time.Hour {
			return view.Invalid("within", "%q is not a duration of up to 8784h", w.Within)
		}
	}
	return n.tryWant(w, now)
}

// tryWant drafts an intent of w that goes nowhere: what is wrong with the want
// is better heard now than at the first occurrence.
func (n *Node) tryWant(w view.StandingWant, now time.Time) error {
	one, err := onceOf(w, now, intentcast.MaxLife)
	if err != nil {
		return err
	}
	d, err := n.draft(one, now)
	if err != nil {
		return err
	}
	var bad *intentcast.InvalidError
	if err := d.intent.Check(); err != nil && !(errors.As(err, &bad) && bad.Field == "reply") { // the route comes with the casting
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return nil
}

// onceOf is what is cast at now for a standing want: wanted within its span
// from now on, and open for no longer than most.
func onceOf(w view.StandingWant, now time.Time, most time.Duration) (view.Want, error) {
	one := w.Want
	life, err := lifeOf(one)
	if err != nil {
		return one, err
	}
	one.Life = min(life, most).Truncate(time.Second).String()
	if w.Within != "" {
		d, err := time.ParseDuration(w.Within)
		if err != nil {
			return one, view.Invalid("within", "%v", err)
		}
		one.Window = &relcard.Window{From: identity.At(now), Until: identity.At(now.Add(d))}
	}
	return one, nil
}

// AddWant sets up a want that is cast again and again. Each time it is an
// intent under a key and a route of its own, at a random while after the
// rule's time: nothing but what is wanted shows that two are one owner's.
func (n *Node) AddWant(ctx context.Context, w view.StandingWant) (view.Standing, error) {
	id, err := newChangeID()
	if err == nil {
		err = n.update(ctx, func(c *change) error { return n.addWant(c, id, w) })
	}
	if err != nil {
		return view.Standing{}, fmt.Errorf("add want: %w", err)
	}
	n.wakeWants()
	return n.Want(ctx, id)
}

func (n *Node) addWant(c *change, id string, w view.StandingWant) error {
	have, err := c.Count(store.Query{Kind: kindWant})
	switch {
	case err != nil:
		return err
	case have >= mostWants:
		return fmt.Errorf("there are %d standing wants, and no more are kept: %w", have, view.ErrConflict)
	}
	if err := n.checkStanding(w, c.now); err != nil {
		return err
	}
	made := identity.At(c.now)
	rule, err := ruleOf(w, made.Std())
	if err != nil {
		return err
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return err
	}
	s := &wanting{rec: store.Record{Kind: kindWant, ID: id, State: wantActive}, body: wantBody{Want: raw, Made: made}, want: w, rule: rule}
	// The first is due at once where the rule names the moment it is set up.
	s.plan(rule.Next(c.now.Add(-time.Second), n.draw))
	if err := s.save(c); err != nil {
		return err
	}
	return c.note("want.added", dagcbor.CID{}, "a standing want, %s: %s", w.Every, wantText(w.Want))
}

// plan puts down what the want does next.
func (s *wanting) plan(p standing.Plan) {
	s.body.Occurrence, s.rec.Due = identity.Time{}, noTime
	if p.Occurrence.IsZero() {
		s.rec.State = wantOver
		return
	}
	s.body.Occurrence, s.rec.Due = identity.At(p.Occurrence), p.At
}

func (s *wanting) planned() standing.Plan {
	return standing.Plan{Occurrence: s.body.Occurrence.Std(), At: s.rec.Due}
}

// draw is a random number in [0,1) that nobody can foretell.
func (n *Node) draw() float64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}

// wantText says in a few words what is wanted.
func wantText(w view.Want) string {
	if w.Text != "" {
		return clip(w.Text, 80)
	}
	names := make([]string, 0, len(w.Items))
	for _, it := range w.Items {
		if it.Name != "" {
			names = append(names, it.Name)
		}
	}
	if len(names) == 0 {
		return w.Category.Value
	}
	return clip(strings.Join(names, ", "), 80)
}

// Wants returns the standing wants, the oldest first.
func (n *Node) Wants(ctx context.Context) ([]view.Standing, error) {
	out := []view.Standing{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindWant})
		if err != nil {
			return err
		}
		for _, rec := range recs {
			s, err := readWant(rec)
			if err != nil {
				return err
			}
			out = append(out, s.view())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read wants: %w", err)
	}
	orderWants(out)
	return out, nil
}

// Want returns one standing want.
func (n *Node) Want(ctx context.Context, id string) (view.Standing, error) {
	var v view.Standing
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		s, err := loadWant(tx, id)
		if err == nil {
			v = s.view()
		}
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read want: %w", err)
	}
	return v, nil
}

func (s *wanting) view() view.Standing {
	v := view.Standing{
		StandingWant: s.want, ID: s.rec.ID, State: s.rec.State, Made: s.body.Made, Casts: s.body.Casts, Intent: s.body.Intent,
		Told: s.body.Told, Why: s.body.Why, Seen: s.body.Seen,
	}
	if !s.rec.Due.IsZero() {
		v.Next = identity.At(s.rec.Due)
	}
	return v
}

// PauseWant has a standing want rest, or go on with the rule's next time after
// now. The intent of it that is open stays so.
func (n *Node) PauseWant(ctx context.Context, id string, pause bool) (view.Standing, error) {
	err := n.update(ctx, func(c *change) error {
		s, err := loadWant(c.Tx, id)
		if err != nil {
			return err
		}
		if s.rec.State == wantOver {
			return fmt.Errorf("want %s: its rule names no more times: %w", id, view.ErrConflict)
		}
		switch {
		case pause:
			s.rec.State, s.rec.Due = wantPaused, noTime
		case s.rec.State == wantPaused:
			s.rec.State = wantActive
			s.plan(s.rule.Next(c.now, n.draw))
		}
		return s.save(c)
	})
	if err != nil {
		return view.Standing{}, fmt.Errorf("pause want: %w", err)
	}
	n.wakeWants()
	return n.Want(ctx, id)
}

// RemoveWant ends a standing want. The intent of it that is open is withdrawn.
func (n *Node) RemoveWant(ctx context.Context, id string) error {
	err := n.update(ctx, func(c *change) error {
		s, err := loadWant(c.Tx, id)
		if err != nil {
			return err
		}
		if err := c.Delete(kindWant, id); err != nil || s.body.Intent.IsZero() {
			return err
		}
		err = n.succeedIn(c, s.body.Intent, intentcast.StatusWithdrawn, nil)
		if errors.Is(err, view.ErrConflict) || errors.Is(err, view.ErrNotFound) {
			return nil // it is closed already, or forgotten
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("remove want: %w", err)
	}
	return nil
}
