package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/statement"
)

// Relationship returns a card with all that both sides have said under it.
func (n *Node) Relationship(ctx context.Context, root dagcbor.CID) (view.Relationship, error) {
	var v view.Relationship
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		k, err := n.loadCard(tx, root)
		if err != nil {
			return err
		}
		r, err := relationOf(tx, k)
		if err != nil {
			return err
		}
		v, err = n.relationshipView(tx, k, r)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read relationship: %w", err)
	}
	return v, nil
}

func (n *Node) relationshipView(tx store.Tx, k *card, r *relation) (view.Relationship, error) {
	v := view.Relationship{Card: k.view()}
	facts, err := n.buttonFacts(tx, r)
	if err != nil {
		return v, err
	}
	v.Button = string(button.Of(facts))
	person, vendor, err := bothLogs(tx, r)
	if err != nil {
		return v, err
	}
	v.Person, v.Vendor = statementViews(person), statementViews(vendor)
	v.Digest, err = recordDigest(k, person, vendor)
	return v, err
}

// recordDigest is one hash over the whole record of a relationship: the card's
// versions with their signatures, and both logs. Both sides keep the same
// bytes, so both have the same digest once nothing is under way.
func recordDigest(k *card, logs ...[]statement.Statement) (string, error) {
	h := sha256.New()
	for _, v := range k.chain.Versions() {
		raw, err := v.Signed.Encode()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "version %d\n", len(raw))
		h.Write(raw)
	}
	for _, log := range logs {
		for _, s := range log {
			raw, err := s.Signed.Encode()
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "statement %d\n", len(raw))
			h.Write(raw)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func statementViews(log []statement.Statement) []view.Statement {
	out := make([]view.Statement, len(log))
	for i, s := range log {
		out[i] = view.Statement{
			ID: s.ID, By: s.Body.By, Seq: s.Body.Seq, Kind: string(s.Body.Kind), Time: s.Body.Time,
			Answers: s.Body.Answers, Text: statementText(&s),
		}
	}
	return out
}

// Button returns the state of the relationship with a vendor.
func (n *Node) Button(ctx context.Context, vendor identity.DID) (button.State, error) {
	state := button.None
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		all, err := n.relationFacts(tx)
		if err != nil {
			return err
		}
		f := all[vendor].facts
		if t, err := heardTerms(tx, vendor); err == nil && t.Update.Expires.Std().After(n.now()) {
			f.TheirTerms = f.TheirTerms || len(t.Update.Accepts) > 0
		}
		state = button.Of(f)
		return nil
	})
	if err != nil {
		return state, fmt.Errorf("read button: %w", err)
	}
	return state, nil
}
