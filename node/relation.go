package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// relationBody is one relationship, from the first proffer on: who the two
// are, how the other is reached, and how far both logs of statements go. It
// is found by the person's identifier, which serves this relationship alone.
type relationBody struct {
	Side    identity.Role     `cbor:"side"`
	Person  identity.DID      `cbor:"person"`
	Vendor  relcard.Party     `cbor:"vendor"`
	Logs    [][]byte          `cbor:"logs"` // both parties' key logs
	Theirs  *intentcast.Route `cbor:"theirs,omitempty"`
	Ours    *intentcast.Route `cbor:"ours,omitempty"`  // the own reply route; none at a vendor
	Label   string            `cbor:"label,omitempty"` // of that route, and of the own keys
	Mine    statement.Head    `cbor:"mine,omitzero"`   // statements this side has made
	Other   statement.Head    `cbor:"other,omitzero"`  // statements of the other side's
	Proffer dagcbor.CID       `cbor:"proffer,omitzero"`
	Card    dagcbor.CID       `cbor:"card,omitzero"` // first version of the card, once there is one
	Closed  bool              `cbor:"closed,omitempty"`
	Welcome []string          `cbor:"welcome,omitempty"` // kinds of events the person takes; none: all
	Forked  []byte            `cbor:"forked,omitempty"`  // the statement that contradicts the log kept here
	Alarm   string            `cbor:"alarm,omitempty"`
	Asked   identity.Time     `cbor:"asked,omitzero"`  // when missing statements of the other side's were last asked for
	Resent  identity.Time     `cbor:"resent,omitzero"` // when own ones were last sent again

	TheirsSeq  uint64        `cbor:"theirsseq,omitempty"`  // number of the letter that told theirs; 0: it stood in the first one
	OursSeq    uint64        `cbor:"oursseq,omitempty"`    // of the last that told ours
	Told       dagcbor.CID   `cbor:"told,omitzero"`        // of the route it told; none: ours
	ToldLetter string        `cbor:"toldletter,omitempty"` // its id, until it has arrived
	ToldSeen   identity.Time `cbor:"toldseen,omitzero"`    // when it was seen to have arrived

	KeysTold   uint64 `cbor:"keystold,omitempty"`   // newest version of the own key log told; 0: the first
	KeysLetter string `cbor:"keysletter,omitempty"` // id of the letter that told it, until it has arrived
	ForkedLog  []byte `cbor:"forkedlog,omitempty"`  // a key log of the other side's that contradicts the one kept
}

// relation is a stored relationship at hand.
type relation struct {
	rec  store.Record // as it is kept
	body relationBody
	kept bool // there is such a record
}

func loadRelation(tx store.Tx, person identity.DID) (*relation, error) {
	rec, err := tx.Get(kindRelation, string(person))
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("relationship of %s: %w", person, view.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return readRelation(tx, rec)
}

func newRelation(b relationBody) *relation {
	return &relation{rec: store.Record{Kind: kindRelation, ID: string(b.Person)}, body: b}
}

// States of a relationship's record.
const (
	relationOpen   = "open"
	relationFrozen = "frozen" // the other side told two stories, or ours were lost
	// relationStranger is one that a vendor has with somebody who has asked and
	// has no card: it is forgotten; see strangerKept.
	relationStranger = "stranger"
)

func (r *relation) save(c *change) error {
	rec := r.rec
	rec.State, rec.Due = relationOpen, noTime
	if r.body.Side == identity.RoleVendor && r.body.Card.IsZero() {
		rec.State, rec.Due = relationStranger, c.now.Add(strangerKept)
	}
	if r.body.Alarm != "" {
		rec.State = relationFrozen
	}
	rec.Ref = ""
	if !r.body.Card.IsZero() {
		rec.Ref = r.body.Card.String()
	}
	return r.keep(c, rec)
}

// other is the role of the party across the table.
func (r *relation) other() identity.Role {
	if r.body.Side == identity.RolePerson {
		return identity.RoleVendor
	}
	return identity.RolePerson
}

// them is the identifier of the party across the table.
func (r *relation) them() identity.DID {
	if r.body.Side == identity.RolePerson {
		return r.body.Vendor.DID
	}
	return r.body.Person
}

// name is what the owner calls the other side.
func (r *relation) name() string {
	if r.body.Side == identity.RoleVendor {
		return "the person"
	}
	if r.body.Vendor.Name != "" {
		return r.body.Vendor.Name
	}
	return string(r.body.Vendor.DID)
}

// counterparty is whom a relationship is with, and the card it stands for. Neither
// changes once there is a card.
type counterparty struct {
	card dagcbor.CID
	name string
}

// noteWhom keeps in memory whom a relationship is with: who looks on while a
// change is told to ten thousand looks often, and each of their records has 6 KB.
func (n *Node) noteWhom(r *relation) counterparty {
	who := counterparty{r.body.Card, r.name()}
	if !who.card.IsZero() {
		n.whom.put(r.body.Person, who)
	}
	return who
}

// ref names the relationship in events and letters: its card, or the proffer
// while there is none.
func (r *relation) ref() dagcbor.CID {
	if r.body.Card.IsZero() {
		return r.body.Proffer
	}
	return r.body.Card
}

func (r *relation) frozen() error {
	if r.body.Alarm == "" {
		return nil
	}
	return fmt.Errorf("the relationship with %s is frozen: %s: %w", r.name(), r.body.Alarm, view.ErrConflict)
}

// relationOf returns the relationship a card stands for. One made before
// relationships were kept apart from cards begins with empty logs.
func relationOf(tx store.Tx, k *card) (*relation, error) {
	if k.body.Side == "" {
		return nil, fmt.Errorf("card %s is somebody else's: %w", k.chain.Root(), view.ErrConflict)
	}
	first := k.chain.Versions()[0].Body
	r, err := loadRelation(tx, first.Person.DID)
	if !errors.Is(err, view.ErrNotFound) {
		return r, err
	}
	return newRelation(relationBody{
		Side: k.body.Side, Person: first.Person.DID, Vendor: first.Vendor, Logs: k.body.Logs,
		Theirs: k.body.Theirs, Ours: k.body.Ours, Label: k.body.Label, Card: k.chain.Root(),
	}), nil
}

// relationOfCard is relationOf for a card by its id; the card must be at hand
// to be written to: frozen ones are an error.
func (n *Node) relationOfCard(tx store.Tx, root dagcbor.CID) (*relation, *card, error) {
	k, err := n.loadCard(tx, root)
	if err != nil {
		return nil, nil, err
	}
	r, err := relationOf(tx, k)
	if err != nil {
		return nil, nil, err
	}
	return r, k, r.frozen()
}

// signerOf returns the key this node signs with in a relationship.
func (n *Node) signerOf(r *relation) (identity.Signer, error) {
	if r.body.Side == identity.RoleVendor {
		if n.vendor == nil {
			return nil, errNotVendor
		}
		return n.vendor.me().signer, nil
	}
	return n.keyOf(r.body.Person, r.body.Label, r.body.Logs)
}

// post sends a letter to the other side.
func (n *Node) post(c *change, r *relation, kind string, letter []byte) error {
	_, err := n.postLetter(c, r, kind, letter)
	return err
}

// postLetter is post, and returns the letter's id. What is signed with keys that
// the other side may not know yet goes out after the log that shows them.
func (n *Node) postLetter(c *change, r *relation, kind string, letter []byte) (string, error) {
	if r.body.Theirs == nil {
		return "", fmt.Errorf("no route to %s: %w", r.name(), view.ErrConflict)
	}
	if err := n.tellKeys(c, r); err != nil {
		return "", err
	}
	out := courier.Outgoing{
		To: *r.body.Theirs, From: r.body.Ours, Kind: kind, Body: letter, Expires: c.now.Add(letterLife),
		Ref: r.ref().String(), Direct: r.body.Side == identity.RoleVendor,
	}
	if out.Direct {
		self := n.courier.Self()
		out.From = &self
	}
	return n.courier.Send(c, out)
}

// settingRelations says that every card has its relationship.
const settingRelations = "relations"

// adopt gives the cards of a store from before relationships were kept theirs,
// so that statements about them are taken in.
func (n *Node) adopt(ctx context.Context) error {
	return n.update(ctx, func(c *change) error {
		if _, err := c.Get(kindSetting, settingRelations); err == nil || !errors.Is(err, store.ErrNotFound) {
			return err
		}
		recs, err := c.List(store.Query{Kind: kindCard})
		if err != nil {
			return err
		}
		for _, rec := range recs {
			k, err := n.readCard(rec)
			if err != nil {
				return err
			}
			if k.body.Side == "" || rec.State == stateRefused || rec.State == string(relcard.StateProposed) {
				continue
			}
			r, err := relationOf(c.Tx, k)
			if err != nil {
				return err
			}
			if err := r.save(c); err != nil {
				return err
			}
		}
		return c.Put(store.Record{Kind: kindSetting, ID: settingRelations, Body: []byte("1")})
	})
}
