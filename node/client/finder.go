package client

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/node/view"
)

// Peers lists the nodes connected now.
func (c *Client) Peers(ctx context.Context) ([]view.Peer, error) {
	return getList[view.Peer](ctx, c, "/v1/peers")
}

// AddPeer connects the node to a multiaddr with a /p2p part.
func (c *Client) AddPeer(ctx context.Context, addr string) (view.Peer, error) {
	return post[view.Peer](ctx, c, "/v1/peers", map[string]string{"address": addr})
}

// RemovePeer has the node forget a peer and disconnect from it.
func (c *Client) RemovePeer(ctx context.Context, id string) error {
	return c.tell(ctx, http.MethodDelete, "/v1/peers/"+segment(id), nil)
}

// FindParty connects the node to nodes that say they are a vendor's.
func (c *Client) FindParty(ctx context.Context, name string) ([]view.Peer, error) {
	l, err := post[list[view.Peer]](ctx, c, "/v1/peers/find", map[string]string{"name": name})
	return l.Items, err
}

// Invite makes an invitation; its link is shown this once.
func (c *Client) Invite(ctx context.Context, w view.InviteWant) (view.Invitation, error) {
	return post[view.Invitation](ctx, c, "/v1/invites", w)
}

// Invites lists the invitations made.
func (c *Client) Invites(ctx context.Context) ([]view.Invitation, error) {
	return getList[view.Invitation](ctx, c, "/v1/invites")
}

// RevokeInvite takes an open invitation back.
func (c *Client) RevokeInvite(ctx context.Context, id string) (view.Invitation, error) {
	return post[view.Invitation](ctx, c, "/v1/invites/"+segment(id)+"/revoke", nil)
}

// Join opens an invitation of another node's.
func (c *Client) Join(ctx context.Context, link string) (view.Joined, error) {
	return post[view.Joined](ctx, c, "/v1/join", map[string]string{"link": link})
}
