package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

// Cards returns every card this node holds, the one that changed last first.
func (n *Node) Cards(ctx context.Context) ([]view.Card, error) {
	out := []view.Card{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindCard})
		if err != nil {
			return err
		}
		for _, r := range recs {
			k, err := n.readCard(r)
			if err != nil {
				return err
			}
			out = append(out, k.view())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	orderCards(out)
	return out, nil
}

// Card returns one card by the CID of its first version.
func (n *Node) Card(ctx context.Context, root dagcbor.CID) (view.Card, error) {
	k, err := n.viewCard(ctx, root)
	if err != nil {
		return view.Card{}, err
	}
	return k.view(), nil
}

func (n *Node) viewCard(ctx context.Context, root dagcbor.CID) (*card, error) {
	var k *card
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		k, err = n.loadCard(tx, root)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read card: %w", err)
	}
	return k, nil
}

// view shows the version that binds, or the newest proposal before there is one.
func (k *card) view() view.Card {
	versions := k.chain.Versions()
	shown := versions[len(versions)-1]
	agreed, binds := k.chain.Agreed()
	if binds {
		shown = agreed
	}
	if ended, ok := k.chain.Ended(); ok {
		shown = ended
		if binds { // an end repeats the terms of what it follows, were they only proposed
			shown.Body.Terms = agreed.Body.Terms
		}
	}
	return view.Card{
		ID: k.chain.Root(), Head: shown.ID, State: k.rec.State, Since: k.body.Since, Side: k.body.Side,
		Body: shown.Body, Versions: len(versions), Alarm: k.body.Alarm, Button: string(button.Of(k.facts())),
	}
}

// facts are what the card alone says to the r-button.
func (k *card) facts() button.Facts {
	f := button.Facts{Frozen: k.body.Forked}
	switch relcard.State(k.state()) {
	case relcard.StateActive, relcard.StateAmending:
		f.CardInForce, f.MyTerms, f.TheirTerms = true, true, true
	case relcard.StateEnded:
		f.Ended = true
	case relcard.StateFrozen:
		f.Frozen = true
	case relcard.StateProposed:
		first := k.chain.Versions()[0]
		f.MyTerms, f.TheirTerms = first.Signed.Person != nil, first.Signed.Vendor != nil
	}
	return f
}

// ExportCard returns a card as one file that a stranger can verify with
// nothing else. Both sides' files are the same, byte for byte.
func (n *Node) ExportCard(ctx context.Context, root dagcbor.CID) ([]byte, error) {
	var bundle archive.Bundle
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		k, err := n.loadCard(tx, root)
		if err != nil {
			return err
		}
		bundle, err = n.agreedBundle(tx, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export card %s: %w", root, err)
	}
	var file bytes.Buffer
	if err := archive.Export(&file, bundle); err != nil {
		return nil, fmt.Errorf("export card %s: %w", root, err)
	}
	return file.Bytes(), nil
}

// bundle is the card with both key logs, as a file has them.
func (k *card) bundle() (archive.Bundle, error) {
	var b archive.Bundle
	for _, v := range k.chain.Versions() {
		b.Versions = append(b.Versions, v.Signed)
	}
	for _, raw := range k.body.Logs {
		l, err := webvh.Parse(raw)
		if err != nil {
			return b, fmt.Errorf("card %s: key log: %w", k.rec.ID, err)
		}
		b.Logs = append(b.Logs, archive.KeyLog{DID: l.DID(), Log: raw})
	}
	return b, nil
}

// ImportCard verifies a card's file and keeps the card. What it adds to a
// card already here is applied to that: a contradiction freezes it.
func (n *Node) ImportCard(ctx context.Context, file []byte) (view.CardReport, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	bundle, report, err := archive.Import(bytes.NewReader(file), n.now())
	if err != nil {
		return view.CardReport{Problem: err.Error(), Lines: []string{}}, nil
	}
	var kept *card
	err = n.update(ctx, func(c *change) error {
		kept, err = n.mergeCard(c, bundle, report.Chain)
		return err
	})
	if err != nil {
		return view.CardReport{}, fmt.Errorf("import card: %w", err)
	}
	return view.CardReport{Valid: true, Card: kept.view(), Lines: strings.Split(strings.TrimSpace(report.String()), "\n")}, nil
}

// mergeLogs takes in what a card's file has of key logs beyond those kept. An
// own log is never longer than the one kept: the keys would be missing.
func (n *Node) mergeLogs(c *change, k *card, b *archive.Bundle) error {
	r, err := n.relationBeside(c, k)
	if err != nil {
		return err
	}
	for _, l := range b.Logs {
		h, err := n.logs.history(l.Log, c.now)
		if err != nil {
			return fmt.Errorf("%w: %w", view.ErrInvalid, err)
		}
		kept, err := n.historyIn(k.body.Logs, l.DID)
		if err != nil || k.body.Side == identity.RolePerson && l.DID == r.body.Person || k.body.Side == identity.RoleVendor && l.DID == r.body.Vendor.DID {
			continue
		}
		err = h.Continues(kept)
		if errors.Is(err, webvh.ErrBehind) || err == nil && h.Latest().ID == kept.Latest().ID {
			continue
		}
		if err == nil {
			err = n.putLog(c, r, k, l.Log)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", view.ErrConflict, err)
		}
		if err := n.saveUnlessEarly(c, r); err != nil {
			return err
		}
	}
	return nil
}

// relationBeside is relationOf, for somebody else's card too, which has none.
func (n *Node) relationBeside(c *change, k *card) (*relation, error) {
	if k.body.Side == "" {
		return newRelation(relationBody{Person: k.chain.Versions()[0].Body.Person.DID, Logs: k.body.Logs}), nil
	}
	return relationOf(c.Tx, k)
}

func (n *Node) mergeCard(c *change, b *archive.Bundle, chain relcard.Chain) (*card, error) {
	root := chain.Root()
	k, err := n.loadCard(c.Tx, root)
	if errors.Is(err, view.ErrNotFound) {
		k = &card{
			rec:   store.Record{Kind: kindCard, ID: root.String()},
			body:  cardBody{Since: identity.At(c.now)},
			chain: chain,
		}
		for _, l := range b.Logs {
			k.body.Logs = append(k.body.Logs, l.Log)
		}
		if err := k.save(c); err != nil {
			return nil, err
		}
		return k, c.note("card.imported", root, "imported a card of others, to keep and verify")
	}
	if err != nil {
		return nil, err
	}
	if err := n.mergeLogs(c, k, b); err != nil {
		return nil, err
	}
	for _, v := range chain.Versions() {
		if err := k.apply(c, v.Signed); err != nil {
			return nil, fmt.Errorf("%w: %w", view.ErrConflict, err)
		}
	}
	return k, k.save(c)
}
