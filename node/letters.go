package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// The kinds of letters parties send each other, and their bodies. All travel
// sealed; each body is strict DAG-CBOR with a version of its own.
const (
	letterOffer       = "offer"       // vendor → author: a signed offer
	letterPropose     = "propose"     // person → vendor: a card signed by the person
	letterCountersign = "countersign" // vendor → person: the vendor's envelope over it
	letterRefuse      = "refuse"      // vendor → person: why there is no card
	letterEnd         = "end"         // either → other: the card's ending version
	letterEndSeen     = "end-seen"    // the other's envelope over the ending
	letterSay         = "say"         // either → other: a statement and what travels beside it
	letterAmend       = "amend"       // either → other: a next version of the card, signed by one
	letterSign        = "sign"        // the other's envelope over a version
	letterEvent       = "event"       // vendor → person: an event, by the card's channel
	letterRelease     = "release"     // author → bidder: private details of an intent
	letterMissing     = "missing"     // either → other: asks for statements that did not come
	letterRead        = "read"        // either → other: which letters were looked at
	letterRoute       = "route"       // either → other: where letters are taken from now on
	letterKeys        = "keys"        // either → other: the sender's longer key log
)

const letterVersion = 1

// letterLife is how long a letter about a card is retried.
const letterLife = 7 * 24 * time.Hour

type offerLetter struct {
	Version uint64 `cbor:"v"`
	Offer   []byte `cbor:"offer"` // intentcast.SignedOffer
	Log     []byte `cbor:"log"`   // the vendor's key log
}

// proposeLetter carries a card as the person signed it. Author is the same
// card signed by the intent's one-off key: who accepts is who asked.
type proposeLetter struct {
	Version uint64            `cbor:"v"`
	Card    []byte            `cbor:"card"` // relcard.Signed with the person's envelope
	Log     []byte            `cbor:"log"`  // the person's pairwise key log
	Author  identity.Envelope `cbor:"author"`
}

type countersignLetter struct {
	Version  uint64            `cbor:"v"`
	Card     dagcbor.CID       `cbor:"card"` // of version 0
	Envelope identity.Envelope `cbor:"env"`
}

type refuseLetter struct {
	Version uint64      `cbor:"v"`
	Card    dagcbor.CID `cbor:"card"`
	Reason  string      `cbor:"reason"`
}

type endLetter struct {
	Version uint64      `cbor:"v"`
	Card    dagcbor.CID `cbor:"card"`
	Ending  []byte      `cbor:"ending"` // relcard.Signed with the ender's envelope
}

// receive gives a letter its effect, in the transaction that records it as
// seen. What can never be right is refused; anything else is tried again.
func (n *Node) receive(ctx context.Context, tx store.Tx, in courier.Inbound) error {
	c, ok := tx.(*change)
	if !ok {
		return errors.New("letter outside a transaction of the node's") // journaled sees to it
	}
	name, err := in.Kind, error(nil)
	if take, known := n.takers()[in.Kind]; known {
		err = take(c, in)
	} else {
		name, err = fmt.Sprintf("%.40q", in.Kind), refuse("unknown kind")
	}
	var no *courier.Refusal
	if errors.As(err, &no) {
		return refuse("%s", clip("letter "+name+": "+no.Reason, mostRefusal))
	}
	if err != nil {
		return fmt.Errorf("letter %s: %w", name, err)
	}
	return nil
}

// takers are what this node does with each kind of letter.
func (n *Node) takers() map[string]func(*change, courier.Inbound) error {
	return map[string]func(*change, courier.Inbound) error{
		letterOffer: n.receiveOffer, letterPropose: n.receiveProposal, letterCountersign: n.receiveCountersign,
		letterRefuse: n.receiveRefusal, letterEnd: n.receiveEnd, letterEndSeen: n.receiveEndSeen,
		letterSay: n.receiveSay, letterAmend: n.receiveAmend, letterSign: n.receiveSign,
		letterEvent: n.receiveEvent, letterRelease: n.receiveRelease, letterMissing: n.receiveMissing,
		letterRoute: n.receiveRoute, letterRead: n.receiveRead, letterKeys: n.receiveKeys,
	}
}

// mostRefusal keeps a refusal's reason, with the mark of a cut, within what the
// courier carries: it would cut within a character, and what is not text can't
// be sent.
const mostRefusal = 250

// refuse is the error for a letter that can never be right.
func refuse(format string, args ...any) error {
	return courier.Refuse(format, args...)
}

// replyRoute opens an own reply route. Where no peer keeps letters, or none that
// does answers now, the error is view.ErrUnavailable: it may be otherwise later.
// The peer of the party that the route is for should not be the one that keeps
// its letters, where there are others.
func (n *Node) replyRoute(ctx context.Context, label string, until time.Time, with ...*intentcast.Route) (intentcast.Route, error) {
	var avoid []peer.ID
	for _, r := range with {
		if info, err := wire.ParsePeer(r.Peer, r.Addrs); err == nil {
			avoid = append(avoid, info.ID)
		}
	}
	route, err := n.courier.OpenRoute(ctx, label, until, avoid...)
	if err != nil && !errors.Is(err, view.ErrFull) {
		err = fmt.Errorf("%w: %w", err, view.ErrUnavailable)
	}
	return route, err
}

// vendorMailboxes is how many peers keep a vendor's letters while its node is
// off: one of them may be off too.
const vendorMailboxes = 2

// mailboxes is how many this node wants. A person's node gives out reply routes
// instead, which do not show whose they are.
func (n *Node) mailboxes() int {
	if n.cfg.Vendor == nil {
		return 0
	}
	return vendorMailboxes
}

// checkRoute reports whether letters can be sent to a route another party gave.
func checkRoute(r *intentcast.Route) error {
	if _, err := wire.ParsePeer(r.Peer, r.Addrs); err != nil {
		return err
	}
	return seal.CheckKey(r.Key)
}

// decodeLetter reads a letter's body strictly.
func decodeLetter(b []byte, v any, version *uint64) error {
	if err := dagcbor.Unmarshal(b, v); err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // the name of a type of ours says nothing to others
		}
		return refuse("body: %v", err)
	}
	if *version != letterVersion {
		return refuse("version %d: only %d is known", *version, letterVersion)
	}
	return nil
}

func encode(v any) ([]byte, error) { return dagcbor.Marshal(v) }
