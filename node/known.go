package node

import (
	"encoding/hex"
	"errors"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// anybodyWrites reports whether the route of a label is told to everybody: an
// intent's is.
func anybodyWrites(label string) bool { return !mayMove(label) }

// knownParty reports whether a letter to this node's own route names what only
// a party knows that this node has to do with: the person of a relationship with
// a card, the card itself, an offer made here, or a letter of this node's. Such a
// party is asked for no work. Whether it may do what it wants is found out when
// the letter has its effect: no signature is looked at here.
func (n *Node) knownParty(tx store.Tx, in courier.Inbound) (bool, error) {
	of, read := knownBy[in.Kind]
	if !read {
		return false, nil
	}
	kind, id := of(in.Body)
	if id == "" {
		return false, nil
	}
	if kind == "" {
		state, err := courier.StateOf(tx, id)
		return state != "", err
	}
	rec, err := tx.Get(kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && (kind != kindRelation || rec.State == relationOpen), err
}

// knownBy says which record a letter's sender has to know of, by kind of
// letter; an empty id: none, and an empty kind: a letter sent from here.
var knownBy = map[string]func(body []byte) (store.Kind, string){
	letterSay: func(body []byte) (store.Kind, string) {
		l := part[sayLetter](body)
		st, err := statement.Decode(l.Statement)
		if err != nil {
			return kindRelation, ""
		}
		return kindRelation, string(st.Body.Person)
	},
	letterMissing: func(body []byte) (store.Kind, string) {
		l := part[missingLetter](body)
		return kindRelation, string(l.Person)
	},
	letterRoute: func(body []byte) (store.Kind, string) {
		l := part[routeLetter](body)
		b, err := decodeRoute(l.Body)
		if err != nil {
			return kindRelation, ""
		}
		return kindRelation, string(b.Person)
	},
	letterKeys: func(body []byte) (store.Kind, string) {
		l := part[keysLetter](body)
		return kindRelation, string(l.Person)
	},
	letterPropose: func(body []byte) (store.Kind, string) {
		l := part[proposeLetter](body)
		signed, err := relcard.DecodeSigned(l.Card)
		if err != nil {
			return kindSent, ""
		}
		b, _, err := relcard.DecodeBody(signed.Raw)
		if err != nil {
			return kindSent, ""
		}
		return kindSent, b.Offer.String()
	},
	letterRead: func(body []byte) (store.Kind, string) {
		l := part[readLetter](body)
		if len(l.Letters) == 0 {
			return "", ""
		}
		return "", hex.EncodeToString(l.Letters[0])
	},
	letterAmend:   cardNamed[amendLetter],
	letterSign:    cardNamed[signLetter],
	letterEnd:     cardNamed[endLetter],
	letterEndSeen: cardNamed[endLetter],
}

// part reads a letter's body; what is none says nothing.
func part[T any](body []byte) T {
	var l, none T
	if err := dagcbor.Unmarshal(body, &l); err != nil {
		return none
	}
	return l
}

type cardLetter interface{ card() dagcbor.CID }

func (l amendLetter) card() dagcbor.CID { return l.Card }
func (l signLetter) card() dagcbor.CID  { return l.Card }
func (l endLetter) card() dagcbor.CID   { return l.Card }

func cardNamed[T cardLetter](body []byte) (store.Kind, string) {
	return kindCard, part[T](body).card().String()
}
