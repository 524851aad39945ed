package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/agenda"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
)

// entries gathers every date of the owner's relationships.
func (n *Node) entries(tx store.Tx) ([]agenda.Entry, error) {
	recs, err := tx.List(store.Query{Kind: kindCard})
	if err != nil {
		return nil, err
	}
	var out []agenda.Entry
	for _, rec := range recs {
		k, err := n.readCard(rec)
		if err != nil {
			n.log.Warn("a card's dates can't be read", "error", err)
			continue
		}
		if k.body.Side == "" {
			continue
		}
		some, err := n.cardEntries(tx, k)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	talks, err := n.profferEntries(tx)
	if err != nil {
		return nil, err
	}
	changes, err := changeEntries(tx)
	return slices.Concat(out, talks, changes), err
}

func (n *Node) cardEntries(tx store.Tx, k *card) ([]agenda.Entry, error) {
	root := k.chain.Root().String()
	var out []agenda.Entry
	add := func(e agenda.Entry) {
		e.Card, e.Vendor = root, string(k.chain.Versions()[0].Body.Vendor.DID)
		if e.Check() == nil { // a date that can't be read warns of nothing
			out = append(out, e)
		}
	}
	if v, ok := k.chain.Agreed(); ok && k.state() != string(relcard.StateEnded) {
		termEntries(k, v, add)
		told, err := renewalsTold(tx, k, n.now())
		if err != nil {
			return nil, err
		}
		for _, e := range told {
			add(toldEntry(k, e))
		}
	}
	l, err := n.cardLedger(tx, k)
	if err != nil {
		return nil, err
	}
	for _, e := range l.Entries {
		if e.Live() && !e.Item.Until.IsZero() {
			add(agenda.Entry{
				ID: fmt.Sprintf("disclosure %s %d", root, e.Item.ID), Kind: agenda.Disclosure, When: e.Item.Until.Std(), Known: e.Shared.Std(),
				Title: fmt.Sprintf("%s may no longer keep your %s", k.other(), e.Item.Path),
			})
		}
	}
	for _, d := range l.Demands {
		add(agenda.Entry{
			ID: "demand " + d.Statement.String(), Kind: agenda.Demand, When: d.Demand.Deadline.Std(), Known: d.Made.Std(),
			Title: fmt.Sprintf("%s is to answer the demand to %s what was shared", k.other(), d.Demand.What),
			Done:  d.State == disclosure.DemandComplied || d.State == disclosure.DemandRefused,
		})
	}
	return out, nil
}

// termEntries are the dates that the version in force names.
func termEntries(k *card, v relcard.Version, add func(agenda.Entry)) {
	root, b := k.chain.Root(), v.Body
	if b.Fulfil != nil && !b.Fulfil.From.IsZero() {
		add(agenda.Entry{
			ID: fmt.Sprintf("fulfil %s", root), Kind: agenda.Fulfil, When: b.Fulfil.From.Std(), Known: b.Time.Std(),
			Title: fmt.Sprintf("%s: %s is due", k.other(), whatOf(&b)),
		})
	}
	if b.Term == nil {
		return
	}
	switch {
	case b.Term.Renews:
		add(agenda.Entry{
			ID: fmt.Sprintf("renewal %s", root), Kind: agenda.Renewal, When: firstRenewal(&b), Known: b.Time.Std(), Repeat: b.Term.Every,
			Title: fmt.Sprintf("%s: %s renews", k.other(), whatOf(&b)),
		})
	case !b.Term.Until.IsZero():
		add(agenda.Entry{
			ID: fmt.Sprintf("expiry %s", root), Kind: agenda.Expiry, When: b.Term.Until.Std(), Known: b.Time.Std(),
			Title: fmt.Sprintf("%s: %s ends", k.other(), whatOf(&b)),
		})
	}
}

// firstRenewal is when the agreement first renews: at the end of its term or,
// where it has none, one period after it was agreed.
func firstRenewal(b *relcard.Body) time.Time {
	if !b.Term.Until.IsZero() {
		return b.Term.Until.Std()
	}
	p, err := agenda.ParsePeriod(b.Term.Every)
	if err != nil {
		return b.Time.Std()
	}
	return p.From(b.Time.Std(), 1)
}

// whatOf says in a few words what a card is about.
func whatOf(b *relcard.Body) string {
	if len(b.Lines) == 0 {
		return "the agreement " + b.Terms.ID
	}
	s := b.Lines[0].Name
	if len(b.Lines) > 1 {
		s += fmt.Sprintf(" and %d more", len(b.Lines)-1)
	}
	return s
}

func (n *Node) profferEntries(tx store.Tx) ([]agenda.Entry, error) {
	recs, err := tx.List(store.Query{Kind: kindNegotiation, DueBefore: farAhead})
	if err != nil {
		return nil, err
	}
	var out []agenda.Entry
	for _, rec := range recs {
		if !isOpen(negotiation.State(rec.State)) {
			continue
		}
		g, err := n.readNegotiation(tx, rec)
		if err != nil {
			n.log.Warn("a negotiation's dates can't be read", "error", err)
			continue
		}
		r, err := loadRelation(tx, g.body.Person)
		if err != nil {
			return nil, err
		}
		p := g.neg.Proffer()
		out = append(out, agenda.Entry{
			ID: "proffer " + rec.ID, Kind: agenda.Proffer, When: p.Expires.Std(), Known: g.neg.Statement().Body.Time.Std(),
			Vendor: string(r.body.Vendor.DID), Title: fmt.Sprintf("the proffer of %s to %s lapses", profferText(&p), r.name()),
		})
	}
	return out, nil
}

func changeEntries(tx store.Tx) ([]agenda.Entry, error) {
	next, err := pendingChanges(tx)
	if err != nil {
		return nil, err
	}
	var out []agenda.Entry
	for _, path := range sortedKeys(next) {
		out = append(out, agenda.Entry{
			ID: "change " + path + " " + next[path].From.String(), Kind: agenda.Change, When: next[path].From.Std(),
			Title: fmt.Sprintf("%s becomes %s", path, next[path].Text),
		})
	}
	return out, nil
}

// Agenda returns the dates to come, and those that passed without being done,
// in their order.
func (n *Node) Agenda(ctx context.Context) ([]view.Deadline, error) {
	out := []view.Deadline{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		entries, err := n.entries(tx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Done {
				continue
			}
			v, err := n.deadlineView(tx, e)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read agenda: %w", err)
	}
	slices.SortStableFunc(out, func(a, b view.Deadline) int { return a.When.Std().Compare(b.When.Std()) })
	return out, nil
}

func (n *Node) deadlineView(tx store.Tx, e agenda.Entry) (view.Deadline, error) {
	now := n.now()
	when := e.When
	if p, err := agenda.ParsePeriod(e.Repeat); err == nil && e.Repeat != "" {
		for i := 1; !when.After(now) && i < 10000; i++ {
			when = p.From(e.When, i)
		}
	}
	v := view.Deadline{Kind: string(e.Kind), When: identity.At(when), Title: e.Title, Passed: !when.After(now)}
	if e.Card == "" {
		return v, nil
	}
	root, err := dagcbor.ParseCID(e.Card)
	if err != nil {
		return v, err
	}
	rs, err := n.relations(tx, root)
	if err != nil {
		return v, err
	}
	v.Card, v.With = root, rs[0].name()
	return v, nil
}

// Calendar returns all dates as an iCalendar file.
func (n *Node) Calendar(ctx context.Context) ([]byte, error) {
	var out []byte
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		entries, err := n.entries(tx)
		if err != nil {
			return err
		}
		out, err = agenda.Calendar(entries, "Parley: "+n.cfg.Name, n.now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export calendar: %w", err)
	}
	return out, nil
}

const (
	settingWarned = "warned" // up to when warnings have been told
	warnEvery     = 10 * time.Minute
)

// agendaLoop warns of dates in time, makes digests, and does what falls due.
func (n *Node) agendaLoop(ctx context.Context) error {
	tick := time.NewTicker(warnEvery)
	defer tick.Stop()
	for {
		now := time.Now()
		for what, do := range map[string]func() error{
			"warning of dates":  func() error { return n.warn(ctx) },
			"making the digest": func() error { return n.makeDigest(ctx, now) },
		} {
			if err := do(); err != nil && ctx.Err() == nil {
				n.log.Warn(what, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// warn tells the owner of every date that has come near, once.
func (n *Node) warn(ctx context.Context) error {
	return n.update(ctx, func(c *change) error {
		since := c.now
		rec, err := c.Get(kindSetting, settingWarned)
		switch {
		case err == nil:
			t, err := identity.ParseTime(string(rec.Body))
			if err != nil {
				return fmt.Errorf("setting %s: %w", settingWarned, err)
			}
			since = t.Std()
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		now := identity.At(c.now)
		if err := c.Put(store.Record{Kind: kindSetting, ID: settingWarned, Body: []byte(now.String())}); err != nil {
			return err
		}
		entries, err := n.entries(c.Tx)
		if err != nil {
			return err
		}
		for _, w := range agenda.Due(entries, since, now.Std()) {
			if err := n.tellWarning(c, w); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n *Node) tellWarning(c *change, w agenda.Warning) error {
	var ref dagcbor.CID
	if w.Entry.Card != "" {
		var err error
		if ref, err = dagcbor.ParseCID(w.Entry.Card); err != nil {
			return err
		}
	}
	when := identity.At(w.Entry.When)
	if w.Passed {
		return c.note("date.passed", ref, "%s: %s has passed", w.Entry.Title, when)
	}
	return c.note("date.near", ref, "%s, on %s", w.Entry.Title, when)
}
