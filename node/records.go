package node

import (
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard/money"
)

// What the node keeps, by kind. The courier and the vendor's catalogue keep
// kinds of their own.
const (
	kindEvent   store.Kind = "event"   // ID: number · Due: forgotten
	kindIntent  store.Kind = "intent"  // own; ID: root CID · Ref: author DID · State: its status · Due: expiry
	kindHeard   store.Kind = "heard"   // others'; ID: root CID · State: its status · Due: expiry
	kindOffer   store.Kind = "offer"   // received; ID: offer CID · Ref: intent root · Due: expiry
	kindBidder  store.Kind = "bidder"  // who has an offer in; ID: intent root and vendor DID · Ref: intent root · Due: expiry
	kindRenewed store.Kind = "renewed" // offers received whose place another took; ID: offer CID · Ref: intent root · Due: expiry of that
	kindSent    store.Kind = "sent"    // offers made; ID: offer CID · Ref: intent root · Due: expiry
	kindCard    store.Kind = "card"    // ID: CID of version 0 · Ref: offer CID · State

	kindRelation  store.Kind = "relation"  // ID: the person's DID · Ref: CID of the card · State: open, frozen, stranger · Due: forgotten, of a stranger
	kindHeads     store.Kind = "relheads"  // ID: the person's DID
	kindStatement store.Kind = "statement" // ID: person's DID, side, number
	kindEarly     store.Kind = "early"     // statements before their turn; ID as above · Ref: person's DID

	kindRotate store.Kind = "rotate" // cards whose keys are to be rotated; ID: CID of the card · Due: when
	kindSpent  store.Kind = "spent"  // private keys to be erased, for they sign no more; ID: name in the keystore

	kindReplica store.Kind = "replica" // nodes of this vendor's over this store; ID: random, of one run · Due: heard of no more

	kindTerms       store.Kind = "terms"       // vendors' term updates; ID: the vendor's DID · Due: expiry
	kindNegotiation store.Kind = "negotiation" // ID: CID of the proffer · Ref: person's DID · State · Due: lapses, or is forgotten
	kindPiece       store.Kind = "piece"       // data shared; ID: person's DID, item · Ref: path · State: live, gone · Due: to be deleted, at a vendor
	kindChange      store.Kind = "change"      // of the profile; ID: random · Ref: path · Due: takes effect
	kindTold        store.Kind = "told"        // who is told of a change; ID: change, person's DID · Ref: change · State
	kindCopy        store.Kind = "copy"        // what a vendor handed over; ID: CID of the demand · Ref: person's DID · Due: forgotten, at a vendor
	kindInbox       store.Kind = "inbox"       // events; ID: person's DID, the vendor's id · Ref: card · State · Due: forgotten
	kindUnread      store.Kind = "unread"      // which letter brought what was not looked at; ID: of the inbox's record, or CID of the statement · Ref: person's DID · State: unread, read · Due: forgotten
	kindReleased    store.Kind = "released"    // details of intents opened; Ref: root of the intent

	kindWant store.Kind = "want" // standing; ID: random · State: active, paused, over · Due: cast next

	kindItem    store.Kind = "item"    // catalogue; ID: SKU, GTIN or name
	kindSetting store.Kind = "setting" // ID: its name
	kindInvite  store.Kind = "invite"  // invitations made; ID: hash of the secret · Due: forgotten
	kindPeer    store.Kind = "peer"    // known; ID: peer id · Body: peerbook.Entry, or the address that the first release kept
)

// States of an offer's record.
const (
	offerOpen     = "open"
	offerAccepted = "accepted"
	offerLapsed   = "lapsed"
	offerReplaced = "replaced" // at the vendor: it has made another to the same intent
)

type eventBody struct {
	Kind string        `cbor:"kind"`
	Ref  string        `cbor:"ref,omitempty"`
	Text string        `cbor:"text"`
	Time identity.Time `cbor:"time"`
}

// intentBody is an intent of the owner's: its newest version on the wire and
// what is never told.
type intentBody struct {
	Cast     []byte        `cbor:"cast"`
	Worth    *money.Money  `cbor:"worth,omitempty"`
	Private  []privatePart `cbor:"private,omitempty"`
	Told     identity.Time `cbor:"told,omitzero"`      // when it last went out to somebody
	Times    uint64        `cbor:"times,omitempty"`    // how often it has
	Standing string        `cbor:"standing,omitempty"` // id of the standing want it was cast for
	Earlier  []dagcbor.CID `cbor:"earlier,omitempty"`  // versions before that asked the same and ended sooner
	Past     []dagcbor.CID `cbor:"past,omitempty"`     // all versions before, the last at the end; by each the owner may name it
	Asked    []byte        `cbor:"asked,omitempty"`    // the last open version, once it is closed: a closed one asks nothing
}

// privatePart opens one commitment of an intent.
type privatePart struct {
	Name   string `cbor:"name"`
	Salt   []byte `cbor:"salt"`
	Detail string `cbor:"detail"`
}

// heardBody is somebody else's intent and what this node made of it.
type heardBody struct {
	Cast        []byte           `cbor:"cast"`
	Answer      string           `cbor:"answer,omitempty"`
	Offer       dagcbor.CID      `cbor:"offer,omitzero"`
	Suggestions []suggestionBody `cbor:"suggestions,omitempty"`
}

type suggestionBody struct {
	Item string `cbor:"item"`
	Why  string `cbor:"why"`
}

// offerBody is an offer received, with the vendor's key log.
type offerBody struct {
	Offer    []byte        `cbor:"offer"` // intentcast.SignedOffer
	Log      []byte        `cbor:"log,omitempty"`
	Received identity.Time `cbor:"received"`
	Earlier  []dagcbor.CID `cbor:"earlier,omitempty"` // ids under which it was offered before, the same, the last at the end
	Private  []privatePart `cbor:"private,omitempty"` // of an accepted one: what the version it answers keeps back
}

// bidderBody is the one offer of a vendor to an intent.
type bidderBody struct {
	Offer   dagcbor.CID   `cbor:"offer"`
	Created identity.Time `cbor:"created"`
	Used    identity.Time `cbor:"used,omitzero"` // until when its offers have used up its pace
}

// sentBody is an offer made.
type sentBody struct {
	Offer   []byte                  `cbor:"offer"`
	Card    dagcbor.CID             `cbor:"card,omitzero"`     // the card that accepted it
	Private []intentcast.Commitment `cbor:"private,omitempty"` // of the version it answers
}

// cardBody is a card with all its versions and how the other side is reached.
type cardBody struct {
	Side     identity.Role     `cbor:"side"`
	Versions [][]byte          `cbor:"versions"` // relcard.Signed, oldest first
	Logs     [][]byte          `cbor:"logs"`     // both parties' key logs
	Theirs   *intentcast.Route `cbor:"theirs,omitempty"`
	Ours     *intentcast.Route `cbor:"ours,omitempty"`  // the own reply route; none at a vendor
	Label    string            `cbor:"label,omitempty"` // of the own route letters about it come by
	Intent   dagcbor.CID       `cbor:"intent,omitzero"` // root of the intent it came from
	Since    identity.Time     `cbor:"since"`
	Refused  bool              `cbor:"refused,omitempty"`  // the vendor said no
	Forked   bool              `cbor:"forked,omitempty"`   // the parties' statements have parted
	Declined dagcbor.CID       `cbor:"declined,omitzero"`  // what Declines had room for in stores of before
	Declines []dagcbor.CID     `cbor:"declines,omitempty"` // versions proposed and declined, oldest first
	EndTold  identity.Time     `cbor:"endtold,omitzero"`   // when the own end was last sent
	Alarm    string            `cbor:"alarm,omitempty"`
}

// put stores r with body as its encoding.
func put(tx store.Tx, r store.Record, body any) error {
	b, err := dagcbor.Marshal(body)
	if err != nil {
		return err
	}
	r.Body = b
	return tx.Put(r)
}

// get reads r's body. This node wrote it: that it is canonical, which doubles
// what reading takes, is for what comes from others.
func get(r store.Record, body any) error {
	if err := dagcbor.UnmarshalPart(r.Body, body); err != nil {
		return fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	}
	return nil
}
