package node

import (
	"context"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/odrl"
	"github.com/parley-network/parley/relcard/terms/receipt"
)

// May answers whether the vendor may do something with a field under a card.
func (n *Node) May(ctx context.Context, root dagcbor.CID, ask view.MayAsk) (view.MayAnswer, error) {
	var v view.MayAnswer
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		k, err := n.loadCard(tx, root)
		if err != nil {
			return err
		}
		agreed, ok := k.chain.Agreed()
		if _, over := k.chain.Ended(); over || !ok || k.body.Forked {
			v = view.MayAnswer{Rule: "no card in force", Text: fmt.Sprintf("No: the card is %s, and nothing is allowed under it.", k.state())}
			return nil
		}
		l, err := n.cardLedger(tx, k)
		if err != nil {
			return err
		}
		verdict := terms.May(terms.Request{
			Terms: agreed.Body.Terms, Practice: ask.Practice, Third: ask.Third, Field: ask.Field, Disclosed: disclosed(l),
		}, n.now())
		v = view.MayAnswer{Allowed: verdict.Allowed, Rule: verdict.Rule, Text: verdict.Sentence}
		return nil
	})
	if err != nil {
		return v, fmt.Errorf("ask what is allowed: %w", err)
	}
	return v, nil
}

// cardLedger is the ledger of a card; an empty one for a card of others.
func (n *Node) cardLedger(tx store.Tx, k *card) (disclosure.Ledger, error) {
	if k.body.Side == "" {
		return disclosure.Ledger{}, nil
	}
	r, err := relationOf(tx, k)
	if err != nil {
		return disclosure.Ledger{}, err
	}
	return n.ledger(tx, r)
}

func disclosed(l disclosure.Ledger) []terms.Disclosure {
	var out []terms.Disclosure
	for _, e := range l.Entries {
		d := terms.Disclosure{
			Field: e.Item.Path, Purposes: e.Item.Purpose, From: e.Item.From.Std(), Until: e.Item.Until.Std(), Retracted: e.RetractedAt.Std(),
		}
		switch e.State {
		case disclosure.StateRefused:
			continue
		case disclosure.StateReplaced:
			if d.Retracted.IsZero() || e.ReplacedAt.Std().Before(d.Retracted) {
				d.Retracted = e.ReplacedAt.Std()
			}
		}
		out = append(out, d)
	}
	return out
}

// ExportTerms writes what a card agrees as "odrl", "iso27560" or "kantara".
func (n *Node) ExportTerms(ctx context.Context, root dagcbor.CID, format string) ([]byte, error) {
	var out []byte
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		k, err := n.loadCard(tx, root)
		if err != nil {
			return err
		}
		agreed, ok := k.chain.Agreed()
		if !ok {
			return fmt.Errorf("card %s is not in force: %w", root, view.ErrConflict)
		}
		if format == "odrl" {
			out, err = odrl.Deal{
				Kind: odrl.Agreement, Terms: agreed.Body.Terms, UID: agreed.ID, Person: agreed.Body.Person.DID,
				Vendor: agreed.Body.Vendor.DID, Time: agreed.Body.Time,
			}.Encode()
			return err
		}
		a, err := n.agreedOf(tx, k)
		if err != nil {
			return err
		}
		switch format {
		case "iso27560":
			out, err = receipt.ISO27560(a)
		case "kantara":
			out, err = receipt.Kantara(a)
		default:
			return view.Invalid("format", "%q is none of odrl, iso27560, kantara", format)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", view.ErrConflict, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("export terms: %w", err)
	}
	return out, nil
}

func (n *Node) agreedOf(tx store.Tx, k *card) (receipt.Agreed, error) {
	v, _ := k.chain.Agreed()
	a := receipt.Agreed{
		Card: v.ID, Terms: v.Body.Terms, TextURL: termsURL(v.Body.Terms), Time: v.Body.Time, Jurisdiction: v.Body.Jurisdiction,
		Person: v.Body.Person.DID, Vendor: receipt.Vendor{DID: v.Body.Vendor.DID, Name: v.Body.Vendor.Name}, Issued: identity.At(n.now()),
	}
	if v.Body.Term != nil && !v.Body.Term.Renews {
		a.Expires = v.Body.Term.Until
	}
	if end, over := k.chain.Ended(); over {
		a.Ended, a.EndedBy = end.Body.Time, end.Body.End.By
	}
	l, err := n.cardLedger(tx, k)
	if err != nil {
		return a, err
	}
	for _, e := range l.Entries {
		if e.Live() {
			a.Pieces = append(a.Pieces, receipt.Piece{Path: e.Item.Path, Purposes: e.Item.Purpose, Until: e.Item.Until})
		}
	}
	return a, nil
}

// termsURL names the text of an agreement by its hash: every node has it.
func termsURL(r terms.Ref) string { return "urn:sha256:" + r.SHA256 }
