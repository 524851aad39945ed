package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// eventIn reads a stored event.
func eventIn(rec store.Record) (inboxBody, channel.Event, error) {
	var b inboxBody
	if err := get(rec, &b); err != nil {
		return b, channel.Event{}, err
	}
	signed, err := channel.DecodeSigned(b.Signed)
	if err != nil {
		return b, channel.Event{}, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
	}
	e, err := channel.DecodeEvent(signed.Raw)
	return b, e, err
}

func (n *Node) inboxView(tx store.Tx, rec store.Record) (view.InboxEntry, error) {
	b, e, err := eventIn(rec)
	if err != nil {
		return view.InboxEntry{}, err
	}
	raw, err := e.Encode()
	if err != nil {
		return view.InboxEntry{}, err
	}
	root, err := dagcbor.ParseCID(rec.Ref)
	if err != nil {
		return view.InboxEntry{}, err
	}
	v := view.InboxEntry{
		ID: entryID(rec.ID), Card: root, Kind: string(e.Kind), Title: e.Data.Title, Text: e.Data.Text, Time: b.At,
		Action: string(b.Action), Read: rec.State == inboxRead, Event: json.RawMessage(raw), Why: []policy.Step{},
	}
	for _, s := range b.Why {
		v.Why = append(v.Why, policy.Step{Decides: s.Decides, Action: policy.Action(s.Action), Text: s.Text})
	}
	rs, err := n.relations(tx, root)
	if err != nil {
		return v, err
	}
	v.With = rs[0].name()
	return v, nil
}

const (
	settingDigest     = "digest"      // digest.Schedule
	settingDigestPage = "digest-page" // the newest page
	settingDigestLast = "digest-last" // when it was made
)

// DigestSchedule returns when digests are made; a page a day at 8, UTC, unless
// the owner says otherwise.
func (n *Node) DigestSchedule(ctx context.Context) (digest.Schedule, error) {
	s := digest.Schedule{Hour: 8}
	raw, err := n.setting(ctx, settingDigest)
	if err != nil || raw == nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("stored digest schedule: %w", err)
	}
	return s, nil
}

// SetDigestSchedule replaces it.
func (n *Node) SetDigestSchedule(ctx context.Context, s digest.Schedule) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("set digest schedule: %w: %w", view.ErrInvalid, err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("set digest schedule: %w", err)
	}
	return n.update(ctx, func(c *change) error {
		return c.Put(store.Record{Kind: kindSetting, ID: settingDigest, Body: body})
	})
}

// Digest returns the newest digest, and what waits for the next one.
func (n *Node) Digest(ctx context.Context) (view.DigestPage, error) {
	var v view.DigestPage
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		last, err := lastDigest(tx)
		if err != nil {
			return err
		}
		v.Made = identity.At(last)
		if rec, err := tx.Get(kindSetting, settingDigestPage); err == nil {
			v.Text = string(rec.Body)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		v.Waiting, err = tx.Count(store.Query{Kind: kindInbox, State: inboxDigest})
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read digest: %w", err)
	}
	return v, nil
}

func lastDigest(tx store.Tx) (time.Time, error) {
	rec, err := tx.Get(kindSetting, settingDigestLast)
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	t, err := identity.ParseTime(string(rec.Body))
	return t.Std(), err
}

// makeDigest makes the page that is due, if one is.
func (n *Node) makeDigest(ctx context.Context, now time.Time) error {
	s, err := n.DigestSchedule(ctx)
	if err != nil {
		return err
	}
	loc, err := time.LoadLocation(s.Zone)
	if err != nil {
		return err
	}
	return n.update(ctx, func(c *change) error {
		last, err := lastDigest(c.Tx)
		if err != nil {
			return err
		}
		if last.IsZero() { // the first digest is the next one: nothing waits yet
			return c.Put(store.Record{Kind: kindSetting, ID: settingDigestLast, Body: []byte(identity.At(now).String())})
		}
		due, err := digest.Next(s, last, now)
		if err != nil || due.After(now) {
			return err
		}
		return n.writeDigest(c, loc)
	})
}

func (n *Node) writeDigest(c *change, loc *time.Location) error {
	recs, err := c.List(store.Query{Kind: kindInbox, State: inboxDigest})
	if err != nil {
		return err
	}
	var entries []digest.Entry
	for _, rec := range recs {
		_, e, err := eventIn(rec)
		if err != nil {
			return err
		}
		v, err := n.inboxView(c.Tx, rec)
		if err != nil {
			return err
		}
		entries = append(entries, digest.Entry{Name: v.With, Event: e})
		rec.State = inboxRead
		if err := c.Put(rec); err != nil {
			return err
		}
	}
	if err := c.Put(store.Record{Kind: kindSetting, ID: settingDigestLast, Body: []byte(identity.At(c.now).String())}); err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	if err := c.Put(store.Record{Kind: kindSetting, ID: settingDigestPage, Body: []byte(digest.Page(entries, loc))}); err != nil {
		return err
	}
	return c.note("digest", dagcbor.CID{}, "a digest of %d events is ready", len(entries))
}
