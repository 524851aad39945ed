package view

import "github.com/parley-network/parley/identity"

// The states of an invitation.
const (
	InviteOpen    = "open"
	InviteUsed    = "used"
	InviteRevoked = "revoked"
	InviteExpired = "expired"
)

// From how far an invitation can be opened.
const (
	ReachNobody   = "nobody"   // the node listens nowhere
	ReachMachine  = "machine"  // by programs on the same machine
	ReachNetwork  = "network"  // on the same local network
	ReachAnywhere = "anywhere" // if nothing between keeps connections from coming in
)

// InviteWant is what the owner says of an invitation to make. All of it may be
// left out.
type InviteWant struct {
	Name       string        `json:"name,omitempty" doc:"what the one invited is told that this is; at most 64 bytes"`
	For        string        `json:"for,omitempty" doc:"whom it is for: a note of the owner's, which stays here"`
	Expires    identity.Time `json:"expires,omitzero" doc:"at most 31 days ahead; 7 days when left out"`
	Vendor     identity.DID  `json:"vendor,omitempty" doc:"with agreements: the vendor that the card is to be with; this node's own when left out"`
	Agreements []string      `json:"agreements,omitempty" doc:"ids of the roster that the card is to be under, the preferred one first; at most 2"`
}

// Invitation is one that this node has made.
type Invitation struct {
	ID        string        `json:"id"`
	State     string        `json:"state" doc:"open, used, revoked or expired"`
	Made      identity.Time `json:"made"`
	Expires   identity.Time `json:"expires"`
	For       string        `json:"for,omitempty"`
	Used      identity.Time `json:"used,omitzero"`
	By        string        `json:"by,omitempty" doc:"peer id of the node that used it"`
	Link      string        `json:"link,omitempty" doc:"shown when it is made and not kept: whoever has it can use it"`
	Reach     string        `json:"reach,omitempty" doc:"from where it can be opened: nobody, machine, network or anywhere"`
	Addresses []string      `json:"addresses" doc:"that it names"`
}

// Joined is what came of opening an invitation.
type Joined struct {
	Peer Peer        `json:"peer" doc:"the inviter, connected and remembered"`
	Name string      `json:"name,omitempty" doc:"what the inviter calls itself, whatever that is worth"`
	Card *InviteCard `json:"card,omitempty" doc:"the relationship it is meant to lead to"`
}

// InviteCard is a relationship proposed. It binds nobody until it is proffered
// and agreed.
type InviteCard struct {
	Vendor     identity.DID `json:"vendor"`
	Name       string       `json:"name,omitempty" doc:"what the inviter calls the vendor"`
	Agreements []string     `json:"agreements" doc:"ids of the roster, the preferred one first"`
}
