package node

import (
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// Telling a longer key log.
//
// Each side keeps both parties' key logs with the record, and verifies with
// them what both have signed. The side that rotated its keys sends its log in a
// letter "keys", ahead of anything signed with the new key, and again until it
// is acknowledged:
//
//	keysLetter  {v: 1, person: DID, card: CID, log: bytes}
//
// The letter has no signature: a log proves itself, and only the holder of the
// key committed to before can lengthen it. The receiver takes it in place of
// the one kept if it continues that ([webvh.History.Continues]) and if all
// that was signed still holds under it. An older copy changes nothing. A fork,
// and a log dated so that signatures kept here would not hold any more, freeze
// the relationship: either is proof that the keys' holder tells two stories.
//
// Letters overtake each other. What is signed with a version of a log that is
// not here yet is not refused, but left to come again.
type keysLetter struct {
	Version uint64       `cbor:"v"`
	Person  identity.DID `cbor:"person"`
	Card    dagcbor.CID  `cbor:"card,omitzero"` // for who has the card before the relationship
	Log     []byte       `cbor:"log"`
}

// unjudged is the error for a letter whose signature did not verify: a refusal,
// unless it is signed with a key that is still to be told of.
func unjudged(err error) error {
	if errors.Is(err, relcard.ErrKeyAhead) {
		return err // not refused: it comes again
	}
	return courier.Refuse("%v", err)
}

// currentLogs returns logs with the vendor's own as it is now. A vendor has one
// log for all cards and keeps it in one place: what stands with a card may be
// older.
func (n *Node) currentLogs(logs [][]byte) [][]byte {
	if n.vendor == nil {
		return logs
	}
	me := n.vendor.me()
	if me == nil || me.number == 1 {
		return logs
	}
	return n.withLog(logs, me.signer.DID(), me.log)
}

// withLog returns logs with the one of did replaced.
func (n *Node) withLog(logs [][]byte, did identity.DID, log []byte) [][]byte {
	for i, l := range logs {
		if h, err := n.logs.history(l, n.now()); err != nil || h.DID() != did {
			continue
		}
		if len(logs) == 2 {
			return sortedLogs(logs[1-i], log)
		}
		out := append([][]byte(nil), logs...)
		out[i] = log
		return out
	}
	return logs
}

// ownKeys are this side's log in a relationship and the number of its newest
// version.
func (n *Node) ownKeys(r *relation) (log []byte, number uint64) {
	if r.body.Side == identity.RoleVendor {
		if n.vendor == nil {
			return nil, 0
		}
		return n.vendor.me().log, uint64(n.vendor.me().number)
	}
	log = r.ownLog(n)
	h, err := n.logs.history(log, n.now())
	if err != nil {
		return nil, 0
	}
	return log, uint64(h.Latest().Number)
}

// keysUntold reports whether the other side may know less of the own key log
// than there is. Whatever a relationship began with is taken for the first
// version: an offer of before may have been what told it.
func (n *Node) keysUntold(r *relation) bool {
	_, number := n.ownKeys(r)
	return number > max(1, r.body.KeysTold)
}

// tellKeys sends the own log to the other side unless it was told; the
// relationship is saved with it.
func (n *Node) tellKeys(c *change, r *relation) error {
	log, number := n.ownKeys(r)
	if number <= max(1, r.body.KeysTold) || r.body.Theirs == nil || r.body.Alarm != "" {
		return nil
	}
	letter, err := encode(keysLetter{Version: letterVersion, Person: r.body.Person, Card: r.body.Card, Log: log})
	if err != nil {
		return err
	}
	r.body.KeysTold = number // before the letter goes out, which asks the same
	if r.body.KeysLetter, err = n.postLetter(c, r, letterKeys, letter); err != nil {
		return err
	}
	return r.save(c)
}

// tellKeysOn is tellKeys for a card.
func (n *Node) tellKeysOn(c *change, k *card) error {
	r, err := relationOf(c.Tx, k)
	if err != nil {
		return err
	}
	return n.tellKeys(c, r)
}

// seeKeysTold sees to it that the other side has the own log: a letter that was
// given up is written again.
func (n *Node) seeKeysTold(c *change, person identity.DID) error {
	r, err := loadRelation(c.Tx, person)
	if err != nil || r.body.Alarm != "" {
		return err
	}
	if over, err := ended(c.Tx, r); err != nil || over {
		return err
	}
	if r.body.KeysLetter != "" {
		state, err := courier.StateOf(c.Tx, r.body.KeysLetter)
		switch {
		case err != nil:
			return err
		case state == courier.StateQueued || state == courier.StateHeld:
		case state == courier.StateDelivered || state == courier.StateRead || state == courier.StateRefused:
			r.body.KeysLetter = ""
		default:
			r.body.KeysLetter, r.body.KeysTold = "", 0
		}
		if err := r.save(c); err != nil {
			return err
		}
	}
	return n.tellKeys(c, r)
}

// receiveKeys takes in a longer log of the other side's.
func (n *Node) receiveKeys(c *change, in courier.Inbound) error {
	var l keysLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	h, err := n.logs.history(l.Log, c.now)
	if err != nil {
		return refuse("%v", err)
	}
	r, k, err := n.relationOfKeys(c, in, l)
	if err != nil {
		return err
	}
	them := r.them()
	if h.DID() != them {
		return refuse("the key log of %.80s is not that of the other side", h.DID())
	}
	kept, err := n.historyIn(r.body.Logs, them)
	if err != nil {
		return err
	}
	var fork *webvh.ForkError
	switch err := h.Continues(kept); {
	case errors.Is(err, webvh.ErrBehind), err == nil && h.Latest().ID == kept.Latest().ID:
		return nil // told before, or since
	case errors.As(err, &fork):
		return n.forkedKeys(c, r, l.Log, err)
	case err != nil:
		return refuse("%v", err)
	}
	if err := n.putLog(c, r, k, l.Log); err != nil {
		return n.forkedKeys(c, r, l.Log, err)
	}
	if err := n.saveUnlessEarly(c, r); err != nil {
		return err
	}
	return c.note("keys.told", r.ref(), "%s has rotated its keys: they are at version %d of its key log", r.name(), h.Latest().Number)
}

// relationOfKeys finds what a log is sent about: a relationship, or a card that
// waits for its countersignature, for which a relationship is returned that is
// not stored.
func (n *Node) relationOfKeys(c *change, in courier.Inbound, l keysLetter) (*relation, *card, error) {
	r, err := loadRelation(c.Tx, l.Person)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return nil, nil, err
	}
	var k *card
	if err != nil {
		if k, err = n.cardOfLetter(c, l.Card, in); err != nil {
			return nil, nil, err
		}
		if r, err = relationOf(c.Tx, k); err != nil {
			return nil, nil, err
		}
	} else if !r.body.Card.IsZero() {
		if k, err = n.loadCard(c.Tx, r.body.Card); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case r.body.Person != l.Person || r.body.Label != in.Label:
		return nil, nil, refuse("the relationship is not known here")
	case r.body.Alarm != "":
		return nil, nil, refuse("the relationship is frozen: %s", clip(r.body.Alarm, 120))
	}
	return r, k, nil
}

// saveUnlessEarly saves a relationship, but not one that begins only with the
// countersignature to its card.
func (n *Node) saveUnlessEarly(c *change, r *relation) error {
	if _, err := c.Get(kindRelation, string(r.body.Person)); errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return r.save(c)
}

func (n *Node) historyIn(logs [][]byte, did identity.DID) (*webvh.History, error) {
	for _, log := range logs {
		if h, err := n.logs.history(log, n.now()); err == nil && h.DID() == did {
			return h, nil
		}
	}
	return nil, fmt.Errorf("no key log of %s is kept here", did)
}

// forkedKeys freezes a relationship whose other side has shown a key log that
// contradicts what is kept. The log is kept as proof.
func (n *Node) forkedKeys(c *change, r *relation, log []byte, why error) error {
	if _, err := c.Get(kindRelation, string(r.body.Person)); err != nil {
		return refuse("%v", why) // there is nothing to freeze yet
	}
	r.body.ForkedLog = log
	return n.freeze(c, r, why.Error())
}

// putLog puts a longer log of one of the parties' in place of the one kept, in
// the relationship at hand and in its card, which is saved. It is an error if
// something that was signed would not hold any more: a log may be dated back.
func (n *Node) putLog(c *change, r *relation, k *card, log []byte) error {
	h, err := n.logs.history(log, c.now)
	if err != nil {
		return err
	}
	logs := n.withLog(r.body.Logs, h.DID(), log)
	ring, err := n.keyring(c.now, logs...)
	if err != nil {
		return err
	}
	if err := n.holdsUnder(c, r, k, ring); err != nil {
		return fmt.Errorf("under version %d of the key log of %s, what it signed before would not hold: %w", h.Latest().Number, h.DID(), err)
	}
	r.body.Logs = logs
	if k == nil {
		return nil
	}
	k.body.Logs, k.ring = n.withLog(k.body.Logs, h.DID(), log), ring
	return k.save(c)
}

// holdsUnder verifies a relationship's record anew.
func (n *Node) holdsUnder(c *change, r *relation, k *card, ring relcard.Keyring) error {
	if k != nil {
		versions := make([]relcard.Signed, 0, len(k.body.Versions))
		for _, v := range k.chain.Versions() {
			versions = append(versions, v.Signed)
		}
		var fork *relcard.ForkError
		if _, err := relcard.NewChain(versions, ring, c.now); err != nil && !errors.As(err, &fork) {
			return err
		}
	}
	for _, by := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		recs, err := c.List(logOf(r.body.Person, by))
		if err != nil {
			return err
		}
		for _, rec := range recs {
			st, err := statement.Decode(rec.Body)
			if err != nil {
				return err
			}
			if err := st.Verify(ring, c.now); err != nil {
				return err
			}
		}
	}
	return nil
}
