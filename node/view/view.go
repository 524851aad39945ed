// Package view is what a node shows of itself: plain data, as the local API
// carries it in JSON. The node fills these in, the API passes them on, and
// the client, the command line and the pages read them.
package view

import (
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// Status is a node at a glance.
type Status struct {
	Name      string        `json:"name" doc:"what the owner calls this node"`
	Version   string        `json:"version" doc:"of the program"`
	Started   identity.Time `json:"started"`
	PeerID    string        `json:"peer_id" doc:"the device's address, not an identity"`
	Addresses []string      `json:"addresses" doc:"where other nodes can reach this one"`
	Peers     int           `json:"peers" doc:"connected now"`
	Reach     Reach         `json:"reach"`
	Vendor    *VendorStatus `json:"vendor,omitempty" doc:"set when this node answers intents"`
	Intents   IntentCounts  `json:"intents"`
	Cards     int           `json:"cards" doc:"all that are kept: proposed, in force, ended, refused, frozen, and those of others"`
	InForce   int           `json:"cards_in_force" doc:"the owner's own that both sides have signed and neither has ended"`
	Outbox    int           `json:"outbox" doc:"letters not delivered as far as is known here; a peer may keep them for the other side"`
	Asks      int           `json:"asks" doc:"negotiations and proposed versions of cards that wait for the owner's word"`
	Unread    int           `json:"unread" doc:"events in the inbox that were not looked at; those for the digest do not count"`
	Routing   string        `json:"routing" doc:"in plain words: how replies reach this node, and who could tell"`

	Connections []Connection `json:"connections" doc:"open now"`
}

// VendorStatus is the vendor's half of a node.
type VendorStatus struct {
	DID   identity.DID `json:"did"`
	Name  string       `json:"name"`
	Items int          `json:"items" doc:"in the catalogue"`
	Mail  []string     `json:"mail" doc:"ids of the peers that keep letters for it while it is off; its terms name them"`
}

// IntentCounts are the intents a node knows of.
type IntentCounts struct {
	Mine      int `json:"mine" doc:"all the owner cast, until they are forgotten"`
	MineOpen  int `json:"mine_open" doc:"of those, open still"`
	Heard     int `json:"heard" doc:"all of others that are kept here"`
	HeardOpen int `json:"heard_open" doc:"of those, open still"`
}

// Peer is a connected node.
type Peer struct {
	PeerID    string   `json:"peer_id"`
	Addresses []string `json:"addresses"`
	Holds     bool     `json:"holds" doc:"willing to hold sealed replies for others"`

	Source string        `json:"source" doc:"how it came to be known: manual, invite, mdns, dht, exchange or incoming"`
	Since  identity.Time `json:"since,omitzero" doc:"connected since"`
	Kept   bool          `json:"kept,omitempty" doc:"the node stays connected to it and remembers it"`
}

// Want is what a person asks the node to cast: an intent's content without
// what the node itself sets (author, keys, route, times).
type Want struct {
	Text          string                 `json:"text,omitempty"`
	Language      string                 `json:"lang,omitempty"`
	Category      intentcast.Category    `json:"category"`
	Items         []intentcast.Want      `json:"items,omitempty"`
	Seller        intentcast.Wishes      `json:"seller,omitzero"`
	Exclude       []intentcast.Exclusion `json:"exclude,omitempty"`
	Place         *intentcast.Place      `json:"place,omitempty"`
	Window        *relcard.Window        `json:"window,omitempty"`
	Budget        *money.Money           `json:"budget,omitempty"`
	Memberships   []string               `json:"memberships,omitempty"`
	Terms         []string               `json:"terms,omitempty" doc:"ids from the roster; SD-BASE when empty"`
	MaxResponders uint64                 `json:"responders,omitempty"`
	Life          string                 `json:"life,omitempty" doc:"how long it stays open, such as 24h; at most 168h"`
	Private       map[string]string      `json:"private,omitempty" doc:"details kept back: only their salted hashes go out"`
	Worth         *money.Money           `json:"worth,omitempty" doc:"never told to anyone: offers above it are not taken"`
}

// ExtendWant says until when an own intent is to stay open: one of the two.
type ExtendWant struct {
	Until identity.Time `json:"until,omitzero" doc:"the new end, at most 168h from now"`
	For   string        `json:"for,omitempty" doc:"the same, counted from now, such as 48h" maxLength:"32"`
}

// Intent is one intent this node cast or heard.
type Intent struct {
	ID   dagcbor.CID       `json:"id" doc:"of its newest version"`
	Root dagcbor.CID       `json:"root" doc:"of its first version; stays the same, and names the intent in every call"`
	Mine bool              `json:"mine"`
	Body intentcast.Intent `json:"body"`
	// Asked is what it asked when it was last open, since a closed one says
	// nothing of that any more.
	Asked  *intentcast.Intent `json:"asked,omitempty" doc:"when mine and closed: what it asked"`
	Offers int                `json:"offers" doc:"received, when mine; 1 when this node answered"`
	Answer string             `json:"answer,omitempty" doc:"in plain words: what this node answered and why"`
	// Earlier are the last 64 at most.
	Earlier []dagcbor.CID `json:"earlier,omitempty" doc:"when mine: ids of the versions before, the last at the end"`
}

// Offer is one offer to an intent of this node's owner, with its rank.
type Offer struct {
	ID         dagcbor.CID      `json:"id"`
	Intent     dagcbor.CID      `json:"intent"`
	Rank       int              `json:"rank" doc:"1 is best"`
	Acceptable bool             `json:"acceptable" doc:"meets everything asked"`
	Reasons    []market.Reason  `json:"reasons"`
	Body       intentcast.Offer `json:"body"`
	Received   identity.Time    `json:"received"`
	State      string           `json:"state" doc:"open, accepted, lapsed"`
	Earlier    []dagcbor.CID    `json:"earlier,omitempty" doc:"ids under which the vendor made the same offer before; it can be accepted under these too"`
}

// Card is one relationship.
type Card struct {
	ID       dagcbor.CID   `json:"id" doc:"of the first version; stays the same"`
	Head     dagcbor.CID   `json:"head" doc:"of the newest version"`
	State    string        `json:"state" doc:"proposed, active, amended, ended, refused, frozen"`
	Since    identity.Time `json:"since"`
	Side     identity.Role `json:"side" doc:"which party this node is"`
	Body     relcard.Body  `json:"body"`
	Versions int           `json:"versions"`
	Alarm    string        `json:"alarm,omitempty" doc:"why it is frozen or refused"`
	Button   string        `json:"button" doc:"the r-button: none, theirs, mine, both"`
}

// CardReport is what an offline check of a card found.
type CardReport struct {
	Valid   bool     `json:"valid"`
	Card    Card     `json:"card"`
	Lines   []string `json:"lines" doc:"the findings in plain words"`
	Problem string   `json:"problem,omitempty" doc:"the first thing that does not hold"`
}

// ImportReport tells what became of a catalogue file.
type ImportReport struct {
	Accepted int           `json:"accepted"`
	Refused  []LineProblem `json:"refused" doc:"the lines that did not go in, the first thousand of them"`
	More     int           `json:"more,omitempty" doc:"refused lines beyond those"`
	Items    int           `json:"items" doc:"in the catalogue now"`
}

// LineProblem is one line that did not go in.
type LineProblem struct {
	Line    int    `json:"line" doc:"counted from 1"`
	Problem string `json:"problem"`
}

// Suggestion is an intent that a looser reading would match: for the vendor's
// people to look at, never answered by itself.
type Suggestion struct {
	Intent dagcbor.CID `json:"intent"`
	Text   string      `json:"text"`
	Item   string      `json:"item"`
	Why    string      `json:"why"`
}

// Event is one thing that happened at this node, as its owner may read it.
type Event struct {
	Seq  uint64        `json:"seq"`
	Time identity.Time `json:"time"`
	Kind string        `json:"kind" doc:"intent.cast, intent.heard, offer.sent, offer.received, card.proposed, card.active, …"`
	Ref  string        `json:"ref,omitempty" doc:"CID of what it is about"`
	Text string        `json:"text" doc:"in plain words"`
}
