package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/invite"
	"github.com/parley-network/parley/node/peerbook"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/terms"
)

const (
	// inviteLife is how long an invitation stands if nothing else is said.
	inviteLife = 7 * 24 * time.Hour
	// inviteKept is how long one that is over is still shown.
	inviteKept = 30 * 24 * time.Hour
	// maxInvites bounds those that are kept.
	maxInvites = 1000
)

// inviteBody is an invitation made. Its secret is not kept: the record's id is
// a hash of it.
type inviteBody struct {
	Made    identity.Time `cbor:"made"`
	Expires identity.Time `cbor:"expires"`
	For     string        `cbor:"for,omitempty"`
	Used    identity.Time `cbor:"used,omitzero"`
	By      string        `cbor:"by,omitempty"` // peer id
	Revoked identity.Time `cbor:"revoked,omitzero"`
}

// state is where the invitation stands at now.
func (b inviteBody) state(now time.Time) string {
	switch {
	case !b.Revoked.IsZero():
		return view.InviteRevoked
	case !b.Used.IsZero():
		return view.InviteUsed
	case !now.Before(b.Expires.Std()):
		return view.InviteExpired
	}
	return view.InviteOpen
}

func (b inviteBody) view(id string, now time.Time) view.Invitation {
	return view.Invitation{
		ID: id, State: b.state(now), Made: b.Made, Expires: b.Expires, For: b.For, Used: b.Used, By: b.By, Addresses: []string{},
	}
}

// Invite makes an invitation. Its link is in the answer and nowhere else.
func (n *Node) Invite(ctx context.Context, w view.InviteWant) (view.Invitation, error) {
	now := n.now()
	in, body, err := n.invitation(ctx, w, now)
	if err != nil {
		return view.Invitation{}, fmt.Errorf("invite: %w", err)
	}
	key := n.cfg.Host.Peerstore().PrivKey(n.cfg.Host.ID())
	if key == nil {
		return view.Invitation{}, errors.New("invite: the host keeps no private key")
	}
	link, err := invite.Sign(key, in)
	if err != nil {
		return view.Invitation{}, fmt.Errorf("invite: %w", err)
	}
	id := invite.ID(in.Secret)
	if err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if count, err := tx.Count(store.Query{Kind: kindInvite}); err != nil {
			return err
		} else if count >= maxInvites {
			return fmt.Errorf("%d invitations are kept, no more: %w", count, view.ErrConflict)
		}
		return put(tx, store.Record{Kind: kindInvite, ID: id, Due: body.Expires.Std().Add(inviteKept)}, body)
	}); err != nil {
		return view.Invitation{}, fmt.Errorf("invite: %w", err)
	}
	v := body.view(id, now)
	v.Link = link
	v.Reach = view.ReachNobody
	for _, a := range inviting(n.cfg.Host.Addrs()) {
		v.Addresses = append(v.Addresses, a.String())
		v.Reach = wider(v.Reach, peerbook.ScopeOf(a))
	}
	return v, nil
}

// wider is how far the invitation can be opened, given one more address.
func wider(reach string, s peerbook.Scope) string {
	names := []string{view.ReachNobody, view.ReachMachine, view.ReachNetwork, view.ReachAnywhere}
	return names[max(slices.Index(names, reach), int(s))]
}

func (n *Node) invitation(ctx context.Context, w view.InviteWant, now time.Time) (in invite.Invitation, body inviteBody, err error) {
	life := inviteLife
	if !w.Expires.IsZero() {
		life = w.Expires.Std().Sub(now)
	}
	if life <= 0 || life > invite.MaxLife {
		return in, body, view.Invalid("expires", "%s is not within the %d days to come", w.Expires, invite.MaxLife/(24*time.Hour))
	}
	if len(w.For) > 200 {
		return in, body, view.Invalid("for", "has %d bytes, at most 200", len(w.For))
	}
	in = invite.Invitation{
		Secret: make([]byte, invite.SecretSize), Made: now.Unix(), Expires: now.Add(life).Unix(), Name: w.Name,
	}
	rand.Read(in.Secret)
	if w.Name == "" && n.cfg.Vendor != nil {
		in.Name = n.cfg.Vendor.Name // public as it is; a person's node gives no name unasked
	}
	for _, a := range inviting(n.cfg.Host.Addrs()) {
		in.Addrs = append(in.Addrs, a.Bytes())
	}
	if in.Card, err = n.proposal(ctx, w); err != nil {
		return in, body, err
	}
	return in, inviteBody{Made: identity.At(now), Expires: identity.At(in.Until()), For: w.For}, nil
}

// inviting picks the addresses that are worth a place in a code people scan:
// the farthest-reaching, QUIC before TCP before the longer ones of relays and
// browsers.
func inviting(addrs []ma.Multiaddr) []ma.Multiaddr {
	addrs = peerbook.Usable(addrs, peerbook.Loopback)
	slices.SortStableFunc(addrs, func(x, y ma.Multiaddr) int {
		return cmp.Or(cmp.Compare(peerbook.ScopeOf(y), peerbook.ScopeOf(x)), cmp.Compare(len(x.Bytes()), len(y.Bytes())))
	})
	if len(addrs) > 0 && peerbook.ScopeOf(addrs[0]) > peerbook.Loopback {
		addrs = peerbook.Usable(addrs, peerbook.Local) // its own machine is another one there
	}
	return addrs[:min(len(addrs), invite.MaxAddrs)]
}

// proposal is the relationship that the invitation is to lead to, if any.
func (n *Node) proposal(ctx context.Context, w view.InviteWant) (*invite.Proposal, error) {
	if len(w.Agreements) == 0 {
		if w.Vendor != "" {
			return nil, view.Invalid("agreements", "name those that the card is to be under")
		}
		return nil, nil
	}
	p := &invite.Proposal{Vendor: w.Vendor}
	switch {
	case w.Vendor == "" && n.vendor != nil:
		p.Vendor, p.Name = n.vendor.me().signer.DID(), n.vendor.cfg.Name
	case w.Vendor == "":
		return nil, fmt.Errorf("say with which vendor the card is to be: this node is none: %w", view.ErrConflict)
	default:
		if vs, err := n.Vendors(ctx); err == nil {
			for _, v := range vs {
				if v.DID == w.Vendor {
					p.Name = v.Name
				}
			}
		}
	}
	for i, id := range w.Agreements {
		a, ok := terms.Lookup(id)
		if !ok {
			return nil, view.Invalid(fmt.Sprintf("agreements[%d]", i), "%q is not in the roster", id)
		}
		p.Agreements = append(p.Agreements, a.Ref)
	}
	return p, nil
}

// Invites lists the invitations made, the newest first.
func (n *Node) Invites(ctx context.Context) (out []view.Invitation, err error) {
	now := n.now()
	err = n.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: kindInvite})
		if err != nil {
			return err
		}
		out = make([]view.Invitation, len(recs))
		for i, r := range recs {
			var b inviteBody
			if err := get(r, &b); err != nil {
				return err
			}
			out[i] = b.view(r.ID, now)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	slices.SortFunc(out, func(a, b view.Invitation) int {
		return cmp.Or(b.Made.Std().Compare(a.Made.Std()), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// RevokeInvite takes an open invitation back, named by its id.
func (n *Node) RevokeInvite(ctx context.Context, id string) (v view.Invitation, err error) {
	now := n.now()
	err = n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.Get(kindInvite, id)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrInvalid) {
			return view.ErrNotFound
		}
		if err != nil {
			return err
		}
		var b inviteBody
		if err := get(r, &b); err != nil {
			return err
		}
		if s := b.state(now); s != view.InviteOpen {
			return fmt.Errorf("it is %s already: %w", s, view.ErrConflict)
		}
		b.Revoked = identity.At(now)
		v = b.view(id, now)
		return put(tx, r, b)
	})
	if err != nil {
		return v, fmt.Errorf("revoke invitation %.80s: %w", id, err)
	}
	return v, nil
}

// claimInvite is what comes of a claim by the peer from: the one place where
// an invitation is used, in one transaction, so that of two who have the link
// one gets in.
func (n *Node) claimInvite(ctx context.Context, from peer.ID, secret []byte) (o invite.Outcome, err error) {
	now := n.now()
	err = n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.Get(kindInvite, invite.ID(secret))
		if errors.Is(err, store.ErrNotFound) {
			o = invite.Unknown
			return nil
		}
		if err != nil {
			return err
		}
		var b inviteBody
		if err := get(r, &b); err != nil {
			return err
		}
		switch b.state(now) {
		case view.InviteRevoked:
			o = invite.Revoked
		case view.InviteExpired:
			o = invite.Expired
		case view.InviteUsed:
			if o = invite.Used; b.By == from.String() {
				o = invite.Welcome // its first answer may have been lost
			}
		default:
			o, b.Used, b.By = invite.Welcome, identity.At(now), from.String()
			return put(tx, r, b)
		}
		return nil
	})
	return o, err
}

// Join opens an invitation: connects to the inviter, is let in by it, and
// remembers it.
func (n *Node) Join(ctx context.Context, link string) (view.Joined, error) {
	in, err := invite.Open(strings.TrimSpace(link), n.now())
	if errors.Is(err, invite.ErrExpired) || errors.Is(err, invite.ErrEarly) { // it is whole, and of another time
		return view.Joined{}, fmt.Errorf("%w: %w", err, view.ErrConflict)
	}
	if err != nil {
		return view.Joined{}, fmt.Errorf("%w: %w", err, view.ErrInvalid)
	}
	info, err := in.Info()
	if err != nil {
		return view.Joined{}, err
	}
	if info.ID == n.cfg.Host.ID() {
		return view.Joined{}, fmt.Errorf("this node's own invitation: %w", view.ErrConflict)
	}
	if err := n.allow(ctx, info.ID); err != nil {
		return view.Joined{}, err
	}
	if err := n.reachInviter(ctx, info); err != nil {
		return view.Joined{}, err
	}
	o, err := n.presentInvite(ctx, info.ID, in.Secret)
	if err != nil {
		return view.Joined{}, fmt.Errorf("present the invitation: %w: %w", err, view.ErrUnavailable)
	}
	if o != invite.Welcome {
		return view.Joined{}, fmt.Errorf("%s: %w", outcomeText(o), view.ErrConflict)
	}
	if err := n.keepPeer(ctx, peerbook.Invite, info); err != nil {
		return view.Joined{}, err
	}
	j := view.Joined{Peer: n.viewPeer(info.ID), Name: in.Name}
	if j.Peer.PeerID == "" {
		j.Peer = view.Peer{PeerID: info.ID.String(), Addresses: []string{}, Source: string(peerbook.Invite), Kept: true}
	}
	if c := in.Card; c != nil {
		j.Card = &view.InviteCard{Vendor: c.Vendor, Name: c.Name}
		for _, ref := range c.Agreements {
			j.Card.Agreements = append(j.Card.Agreements, ref.ID)
		}
	}
	return j, nil
}

func (n *Node) reachInviter(ctx context.Context, info peer.AddrInfo) error {
	info.Addrs = peerbook.Usable(info.Addrs, peerbook.Loopback)
	if len(info.Addrs) == 0 && len(n.cfg.Host.Network().ConnsToPeer(info.ID)) == 0 {
		return fmt.Errorf("the invitation says nowhere that the inviter is to be reached: %w", view.ErrInvalid)
	}
	err := n.dial(ctx, info)
	if err == nil {
		return nil
	}
	why := "it may be switched off, or not be reachable from here"
	if !slices.ContainsFunc(info.Addrs, func(a ma.Multiaddr) bool { return peerbook.ScopeOf(a) == peerbook.Public }) {
		why = "its addresses are of its own network, or its own machine, alone; it has to listen where you can reach it and invite again"
	}
	n.log.Debug("an inviter can't be connected to", "peer", info.ID, "error", err)
	return fmt.Errorf("connect to the inviter: %s: %s: %w", dialProblem(err), why, view.ErrUnavailable)
}

func outcomeText(o invite.Outcome) string {
	switch o {
	case invite.Used:
		return "the invitation has been used by another node; ask for a new one"
	case invite.Revoked:
		return "the inviter has taken the invitation back"
	case invite.Expired:
		return "the invitation has expired; ask for a new one"
	case invite.Busy:
		return "the inviter is too busy; try again in a minute"
	}
	return "the inviter does not know this invitation"
}
