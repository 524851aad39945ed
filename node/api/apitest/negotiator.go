package apitest

import (
	"context"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

// TermsSheet is what a [Node] answers as an api.Negotiator.
type TermsSheet struct {
	Known   []view.Vendor
	Talks   []view.Negotiation
	Prefers negotiation.Preferences
	Said    view.Relationship
	Stands  button.State // with every vendor
	MayDo   view.MayAnswer
	Paper   []byte // every export of terms
	Bundle  []byte // every dispute's or evidence file
	Found   view.DisputeReport
}

func sampleTerms(card view.Card) TermsSheet {
	ref := terms.Ref{ID: "SD-BASE", Registry: "https://terms.example", Version: "1", SHA256: "00"}
	said := view.Statement{ID: ID("proffer"), By: identity.RolePerson, Kind: "proffer", Time: When, Text: "proffers SD-BASE"}
	return TermsSheet{
		Known: []view.Vendor{{
			DID: card.Body.Vendor.DID, Name: "Shop", Site: "https://shop.example", Accepts: []terms.Ref{ref}, Requests: "anyone",
			Seq: 3, Updated: When, Expires: When, Cards: []dagcbor.CID{card.ID}, Button: string(button.Both),
		}},
		Talks: []view.Negotiation{{
			ID: ID("proffer"), Side: identity.RolePerson, Person: card.Body.Person.DID, Vendor: card.Body.Vendor, State: negotiation.StateCountered,
			Asks: true, Agreements: []terms.Ref{ref}, Terms: &ref, Made: When, Expires: When, Log: []view.Statement{said},
		}},
		Prefers: negotiation.Preferences{Default: negotiation.Choice{Always: []string{"SD-BASE"}, Else: negotiation.ElseAsk}},
		Said: view.Relationship{
			Card: card, Button: string(button.Both), Person: []view.Statement{said}, Vendor: []view.Statement{}, Digest: "00",
		},
		Stands: button.Both,
		MayDo:  view.MayAnswer{Allowed: true, Rule: "service-delivery", Text: "The vendor must deliver."},
		Paper:  []byte(`{"@type":"Agreement"}`),
		Bundle: []byte("a dispute's CAR file"),
		Found:  view.DisputeReport{Valid: true, Lines: []string{"both copies agree"}},
	}
}

// Vendors implements api.Negotiator.
func (n *Node) Vendors(context.Context) ([]view.Vendor, error) { return n.Known, n.call("vendors") }

// Vendor implements api.Negotiator.
func (n *Node) Vendor(_ context.Context, did identity.DID) (view.Vendor, error) {
	return find(n.Known, n.call("vendor %s", did), func(v view.Vendor) bool { return v.DID == did })
}

// Proffer implements api.Negotiator.
func (n *Node) Proffer(_ context.Context, w view.ProfferWant) (view.Negotiation, error) {
	return n.Talks[0], n.given(w, "proffer to %s", w.Vendor)
}

// Negotiations implements api.Negotiator.
func (n *Node) Negotiations(context.Context) ([]view.Negotiation, error) {
	return n.Talks, n.call("negotiations")
}

func (n *Node) talk(id dagcbor.CID, err error) (view.Negotiation, error) {
	return find(n.Talks, err, func(t view.Negotiation) bool { return t.ID == id })
}

// Negotiation implements api.Negotiator.
func (n *Node) Negotiation(_ context.Context, id dagcbor.CID) (view.Negotiation, error) {
	return n.talk(id, n.call("negotiation %s", id))
}

// Decide implements api.Negotiator.
func (n *Node) Decide(_ context.Context, id dagcbor.CID, yes bool, reason string) (view.Negotiation, error) {
	return n.talk(id, n.call("decide %s %t: %s", id, yes, reason))
}

// Preferences implements api.Negotiator.
func (n *Node) Preferences(context.Context) (negotiation.Preferences, error) {
	return n.Prefers, n.call("preferences")
}

// SetPreferences implements api.Negotiator.
func (n *Node) SetPreferences(_ context.Context, p negotiation.Preferences) error {
	return set(&n.Prefers, p, n.given(p, "set preferences"))
}

// AmendCard implements api.Negotiator.
func (n *Node) AmendCard(_ context.Context, root dagcbor.CID, a view.Amendment) (view.Card, error) {
	return n.card(root, n.given(a, "amend card %s", root))
}

// SignCard implements api.Negotiator.
func (n *Node) SignCard(_ context.Context, root dagcbor.CID) (view.Card, error) {
	return n.card(root, n.call("sign card %s", root))
}

// DeclineCard implements api.Negotiator.
func (n *Node) DeclineCard(_ context.Context, root dagcbor.CID, reason string) (view.Card, error) {
	return n.card(root, n.call("decline card %s: %s", root, reason))
}

// under returns v when there is a card root.
func under[T any](n *Node, root dagcbor.CID, v T, err error) (T, error) {
	if _, err := n.card(root, err); err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// Relationship implements api.Negotiator.
func (n *Node) Relationship(_ context.Context, root dagcbor.CID) (view.Relationship, error) {
	return under(n, root, n.Said, n.call("relationship %s", root))
}

// Button implements api.Negotiator.
func (n *Node) Button(_ context.Context, vendor identity.DID) (button.State, error) {
	err := n.call("button %s", vendor)
	if !slices.ContainsFunc(n.Known, func(v view.Vendor) bool { return v.DID == vendor }) {
		return button.None, err
	}
	return n.Stands, err
}

// May implements api.Negotiator.
func (n *Node) May(_ context.Context, root dagcbor.CID, ask view.MayAsk) (view.MayAnswer, error) {
	return under(n, root, n.MayDo, n.given(ask, "may %s: %s", root, ask.Practice))
}

// ExportTerms implements api.Negotiator.
func (n *Node) ExportTerms(_ context.Context, root dagcbor.CID, format string) ([]byte, error) {
	return under(n, root, n.Paper, n.call("export terms %s as %s", root, format))
}

// DisputeCard implements api.Negotiator.
func (n *Node) DisputeCard(_ context.Context, root dagcbor.CID, items []uint64) ([]byte, error) {
	return under(n, root, n.Bundle, n.call("dispute %s %v", root, items))
}

// VerifyDispute implements api.Negotiator.
func (n *Node) VerifyDispute(_ context.Context, file []byte) (view.DisputeReport, error) {
	return n.Found, n.call("verify dispute of %d bytes", len(file))
}
