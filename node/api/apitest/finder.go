package apitest

import (
	"context"

	"github.com/parley-network/parley/node/view"
)

// FinderSheet is what a Node answers about finding others.
type FinderSheet struct {
	Connected []view.Peer
	Invited   []view.Invitation
	Entered   view.Joined
}

// InviteLink is the link of every invitation made.
const InviteLink = "parley://invite/bGluaw"

func sampleFinder(card view.Card) FinderSheet {
	return FinderSheet{
		Invited: []view.Invitation{{ID: "ab12cd34", State: view.InviteOpen, Made: When, Expires: When, For: "Ann", Addresses: []string{}}},
		Entered: view.Joined{
			Peer: view.Peer{PeerID: "12D3KooWInviter", Addresses: []string{}, Source: "invite", Kept: true}, Name: "Shop",
			Card: &view.InviteCard{Vendor: card.Body.Vendor.DID, Name: "Shop", Agreements: []string{"SD-BASE"}},
		},
	}
}

// Peers implements api.Node.
func (n *Node) Peers(context.Context) ([]view.Peer, error) { return n.Connected, n.call("peers") }

// AddPeer implements api.Node.
func (n *Node) AddPeer(_ context.Context, addr string) (view.Peer, error) {
	return view.Peer{PeerID: "12D3KooWOther", Addresses: []string{addr}}, n.call("add peer %s", addr)
}

// RemovePeer implements api.Node.
func (n *Node) RemovePeer(_ context.Context, id string) error { return n.call("remove peer %s", id) }

// FindParty implements api.Node.
func (n *Node) FindParty(_ context.Context, name string) ([]view.Peer, error) {
	return n.Connected, n.call("find %s", name)
}

// Invite implements api.Node.
func (n *Node) Invite(_ context.Context, w view.InviteWant) (view.Invitation, error) {
	v := n.Invited[0]
	v.Link, v.Reach, v.Addresses = InviteLink, view.ReachMachine, []string{"/ip4/127.0.0.1/udp/1/quic-v1"}
	return v, n.given(w, "invite for %s", w.For)
}

// Invites implements api.Node.
func (n *Node) Invites(context.Context) ([]view.Invitation, error) {
	return n.Invited, n.call("invites")
}

// RevokeInvite implements api.Node.
func (n *Node) RevokeInvite(_ context.Context, id string) (view.Invitation, error) {
	v, err := find(n.Invited, n.call("revoke invite %s", id), func(v view.Invitation) bool { return v.ID == id })
	v.State = view.InviteRevoked
	return v, err
}

// Join implements api.Node.
func (n *Node) Join(_ context.Context, link string) (view.Joined, error) {
	return n.Entered, n.call("join %s", link)
}
