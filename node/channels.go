package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

const settingPolicy = "channel-policy"

// channelPolicy keeps the owner's rules compiled between events.
type channelPolicy struct {
	mu       sync.Mutex
	raw      string
	compiled *policy.Compiled
}

// of returns the rules kept in the store.
func (p *channelPolicy) of(tx store.Tx) (*policy.Compiled, policy.Policy, error) {
	rec, err := tx.Get(kindSetting, settingPolicy)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, policy.Policy{}, err
	}
	stored := policy.Policy{Version: 1}
	if err == nil {
		if stored, err = policy.Decode(rec.Body); err != nil {
			return nil, stored, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.compiled == nil || p.raw != string(rec.Body) {
		compiled, err := policy.Compile(stored)
		if err != nil {
			return nil, stored, err
		}
		p.raw, p.compiled = string(rec.Body), compiled
	}
	return p.compiled, stored, nil
}

// ChannelPolicy returns the owner's preferences for events: for all channels
// and for each.
func (n *Node) ChannelPolicy(ctx context.Context) (policy.Policy, error) {
	var p policy.Policy
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		_, p, err = n.policy.of(tx)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("read channel policy: %w", err)
	}
	return p, nil
}

// SetChannelPolicy replaces them. Whether a channel is open is not set here
// but by SetChannel, which tells the vendor.
func (n *Node) SetChannelPolicy(ctx context.Context, p policy.Policy) error {
	p.Version = 1
	body, err := p.Encode()
	if err == nil {
		_, err = policy.Compile(p)
	}
	if err != nil {
		return fmt.Errorf("set channel policy: %w: %w", view.ErrInvalid, err)
	}
	err = n.update(ctx, func(c *change) error {
		if err := c.Put(store.Record{Kind: kindSetting, ID: settingPolicy, Body: body}); err != nil {
			return err
		}
		return c.note("channels.set", dagcbor.CID{}, "set the preferences for events")
	})
	if err != nil {
		return fmt.Errorf("set channel policy: %w", err)
	}
	return nil
}

// SetChannel opens, closes or narrows the channel of a card, and tells the
// vendor's node. Closed, nothing more is taken in from that moment on,
// whatever the vendor's node does.
func (n *Node) SetChannel(ctx context.Context, root dagcbor.CID, w view.ChannelWant) (view.Channel, error) {
	err := n.update(ctx, func(c *change) error {
		r, k, err := n.relationOfCard(c.Tx, root)
		if err != nil {
			return err
		}
		if r.body.Side != identity.RolePerson {
			return fmt.Errorf("the channel is the person's: %w", view.ErrConflict)
		}
		if _, over := k.chain.Ended(); over {
			return fmt.Errorf("the relationship with %s has ended, and its channel with it: %w", k.other(), view.ErrConflict)
		}
		setting, err := channelSetting(w)
		if err != nil {
			return err
		}
		return n.setChannel(c, r, setting)
	})
	if err != nil {
		return view.Channel{}, fmt.Errorf("set channel: %w", err)
	}
	return n.Channel(ctx, root)
}

func channelSetting(w view.ChannelWant) (channel.Setting, error) {
	if !w.Open {
		if len(w.Welcome) > 0 {
			return channel.Setting{}, view.Invalid("welcome", "a closed channel takes nothing")
		}
		return channel.Closed(), nil
	}
	kinds := make([]channel.Kind, len(w.Welcome))
	for i, k := range w.Welcome {
		kinds[i] = channel.Kind(k)
		if !kinds[i].Known() {
			return channel.Setting{}, view.Invalid(fmt.Sprintf("welcome[%d]", i), "%q is no kind of event", k)
		}
	}
	return channel.Welcome(kinds...), nil
}

func (n *Node) setChannel(c *change, r *relation, s channel.Setting) error {
	content, err := s.Encode()
	if err != nil {
		return err
	}
	r.setWelcome(s)
	if _, err := n.say(c, r, word{kind: channel.StatementKind, content: content}); err != nil {
		return err
	}
	return c.note("channel.set", r.ref(), "%s", settingText(s, "the channel of "+r.name()))
}

func (r *relation) setWelcome(s channel.Setting) {
	r.body.Closed, r.body.Welcome = !s.Open, nil
	for _, k := range s.Kinds {
		r.body.Welcome = append(r.body.Welcome, string(k))
	}
}

// welcome is what the person said of the channel last.
func (r *relation) welcome() channel.Setting {
	if r.body.Closed {
		return channel.Closed()
	}
	kinds := make([]channel.Kind, len(r.body.Welcome))
	for i, k := range r.body.Welcome {
		kinds[i] = channel.Kind(k)
	}
	return channel.Welcome(kinds...)
}

func settingText(s channel.Setting, what string) string {
	switch {
	case !s.Open:
		return what + " is closed"
	case len(s.Kinds) == 0:
		return what + " is open"
	}
	kinds := make([]string, len(s.Kinds))
	for i, k := range s.Kinds {
		kinds[i] = string(k)
	}
	return fmt.Sprintf("%s takes %s events alone", what, strings.Join(kinds, ", "))
}

// hearChannel takes in what the person says of the channel. Statements come in
// their order, so the newest holds.
func (n *Node) hearChannel(c *change, r *relation, st *statement.Statement) error {
	s, err := channel.DecodeSetting(st.Body.Content)
	if err != nil {
		return n.ignore(c, r, st, err)
	}
	r.setWelcome(s)
	if err := r.save(c); err != nil {
		return err
	}
	return c.note("channel.set", r.ref(), "the person says: %s", settingText(s, "the channel"))
}

// Channels returns every channel into the owner's life.
func (n *Node) Channels(ctx context.Context) ([]view.Channel, error) {
	out := []view.Channel{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		rs, err := n.relations(tx, dagcbor.CID{})
		if err != nil {
			return err
		}
		for _, r := range rs {
			if r.body.Card.IsZero() {
				continue
			}
			v, err := n.channelView(tx, r)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	orderChannels(out)
	return out, nil
}

// Channel returns the channel of one card.
func (n *Node) Channel(ctx context.Context, root dagcbor.CID) (view.Channel, error) {
	var v view.Channel
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		rs, err := n.relations(tx, root)
		if err != nil {
			return err
		}
		v, err = n.channelView(tx, rs[0])
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read channel: %w", err)
	}
	return v, nil
}

func (n *Node) channelView(tx store.Tx, r *relation) (view.Channel, error) {
	s := r.welcome()
	v := view.Channel{Card: r.body.Card, With: r.name(), Open: s.Open, Welcome: r.body.Welcome}
	rec, err := tx.Get(kindCard, r.body.Card.String())
	if err != nil {
		return v, err
	}
	if rec.State == string(relcard.StateEnded) { // nothing is taken in under a card that has ended
		v.Open, v.Welcome = false, nil
	}
	if r.body.Side == identity.RoleVendor {
		return v, nil
	}
	compiled, _, err := n.policy.of(tx)
	if err != nil {
		return v, err
	}
	v.Settings = compiled.Effective(r.body.Card)
	if v.Unread, err = tx.Count(store.Query{Kind: kindInbox, Ref: r.body.Card.String(), State: inboxUnread}); err != nil {
		return v, err
	}
	v.Taken, err = tx.Count(store.Query{Kind: kindInbox, Ref: r.body.Card.String()})
	return v, err
}
