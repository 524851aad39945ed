package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/node/view"
)

// Finder is what the API needs of a node to find others and be found.
type Finder interface {
	// Peers lists the nodes connected now.
	Peers(ctx context.Context) ([]view.Peer, error)
	// AddPeer connects to a multiaddr with a /p2p part and remembers it.
	AddPeer(ctx context.Context, addr string) (view.Peer, error)
	// RemovePeer forgets a peer and closes the connections to it.
	RemovePeer(ctx context.Context, id string) error
	// FindParty connects to nodes that say they are a vendor's.
	FindParty(ctx context.Context, name string) ([]view.Peer, error)

	// Invite makes an invitation; its link is shown this once.
	Invite(ctx context.Context, w view.InviteWant) (view.Invitation, error)
	Invites(ctx context.Context) ([]view.Invitation, error)
	RevokeInvite(ctx context.Context, id string) (view.Invitation, error)
	// Join opens an invitation of another node's.
	Join(ctx context.Context, link string) (view.Joined, error)
}

type (
	byPeer struct {
		ID string `path:"id" maxLength:"128" doc:"peer id"`
	}
	byInvite struct {
		ID string `path:"id" maxLength:"128" doc:"of the invitation, as the list has it"`
	}
	findInput struct {
		Body struct {
			Name string `json:"name" doc:"the vendor's domain or identifier" minLength:"1" maxLength:"512"`
		}
	}
	inviteInput struct {
		Body view.InviteWant
	}
	joinInput struct {
		Body struct {
			Link string `json:"link" doc:"parley://invite/…" maxLength:"4096"`
		}
	}
)

// finderRoutes are the peers, and invitations.
func (s *Server) finderRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/peers", "listPeers", "Nodes connected now", func(ctx context.Context, _ *none) (list[view.Peer], error) {
		return listed(n.Peers(ctx))
	}, says("With their addresses, how they came to be known, and whether they hold sealed replies for others."))
	handle(s, http.MethodPost, "/v1/peers", "addPeer", "Connect to a node and remember it", func(ctx context.Context, in *peerInput) (view.Peer, error) {
		return n.AddPeer(ctx, in.Body.Address)
	}, created, says("By a multiaddr with a /p2p part."))
	perform(s, http.MethodDelete, "/v1/peers/{id}", "removePeer", "Forget a node and disconnect from it", func(ctx context.Context, in *byPeer) error {
		return n.RemovePeer(ctx, in.ID)
	}, says("It may come again by itself."))
	handle(s, http.MethodPost, "/v1/peers/find", "findParty", "Look up a vendor's nodes and connect to them", func(ctx context.Context, in *findInput) (list[view.Peer], error) {
		return listed(n.FindParty(ctx, in.Body.Name))
	}, says("In the network's own directory. Anybody can say there that they are somebody: a vendor is known by the terms it signs, which come once a node of it is connected. Those asked learn whom you look for."))
	handle(s, http.MethodPost, "/v1/invites", "invite", "Make an invitation", func(ctx context.Context, in *inviteInput) (view.Invitation, error) {
		return n.Invite(ctx, in.Body)
	}, created, says("Its link lets one node in, once. It is in this answer and nowhere else."))
	handle(s, http.MethodGet, "/v1/invites", "listInvites", "Invitations made", func(ctx context.Context, _ *none) (list[view.Invitation], error) {
		return listed(n.Invites(ctx))
	}, says("And what became of them, the newest first."))
	handle(s, http.MethodPost, "/v1/invites/{id}/revoke", "revokeInvite", "Take an open invitation back", func(ctx context.Context, in *byInvite) (view.Invitation, error) {
		return n.RevokeInvite(ctx, in.ID)
	}, says("Who opens it from now on is refused."))
	handle(s, http.MethodPost, "/v1/join", "join", "Open an invitation", func(ctx context.Context, in *joinInput) (view.Joined, error) {
		return n.Join(ctx, in.Body.Link)
	}, says("Connects to the inviter and remembers it. A card it proposes is shown and nothing more: proffer those terms if you agree."))
}
