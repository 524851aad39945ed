package apitest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// DataSheet is what a [Node] answers as an api.Keeper.
type DataSheet struct {
	Pieces   []view.Piece
	Took     view.ProfileReport
	Contact  []byte // every export of the profile
	Told     []view.Change
	Ledger   []view.Shared
	Demanded []view.Demand
	Opened   []view.Released
	Leaked   view.Leak
	Clubs    []view.Programme // with their numbers
}

func sampleData(card view.Card) DataSheet {
	street := json.RawMessage(`{"full":"Main St 1, Park City"}`)
	change := view.Change{ID: "c1", Path: "addresses/home", Old: "Side St 2", New: "Main St 1", Made: When, Confirmed: 1,
		Cards: []view.ChangeCard{{Card: card.ID, With: "Shop", State: "confirmed", Receipt: ID("receipt"), At: When}}}
	return DataSheet{
		Pieces:  []view.Piece{{Path: "addresses/home", Value: street, Text: "Main St 1, Park City", Next: &view.FuturePiece{From: When, Value: street, Text: "the same"}}},
		Took:    view.ProfileReport{Taken: []string{"addresses/home"}, Dropped: []string{"photo"}, Changes: []view.Change{change}},
		Contact: []byte(`{"@type":"Card"}`),
		Told:    []view.Change{change},
		Ledger: []view.Shared{{Card: card.ID, With: "Shop", Item: 7, Path: "addresses/home", Value: street, Text: "Main St 1", Purpose: []string{"delivery"},
			State: "recorded", Since: When, Until: When, Receipt: ID("receipt"), Current: true}},
		Demanded: []view.Demand{{ID: ID("demand"), Card: card.ID, With: "Shop", What: "delete", Items: []uint64{7}, Made: When, Deadline: When, State: "waiting"}},
		Opened:   []view.Released{{Intent: ID("intent"), Name: "flight", Detail: "UA 2210", At: When, To: "Shop"}},
		Leaked: view.Leak{Certain: true, Text: "Only Shop was given this value.",
			Hits: []view.LeakHit{{Card: card.ID, With: "Shop", Item: 7, Path: "addresses/home", Canary: true, Since: When, Why: "a variant"}}},
		Clubs: []view.Programme{{Name: "Hertz 1 Club", Issuer: "Hertz", Number: "7788-99", Tier: "gold", Since: When}},
	}
}

// Profile implements api.Keeper.
func (n *Node) Profile(context.Context) ([]view.Piece, error) { return n.Pieces, n.call("profile") }

// SetPiece implements api.Keeper.
func (n *Node) SetPiece(_ context.Context, path string, w view.ChangeWant) (view.Change, error) {
	return n.Told[0], n.given(w, "set piece %s", path)
}

// RemovePiece implements api.Keeper.
func (n *Node) RemovePiece(_ context.Context, path string) error {
	_, err := find(n.Pieces, n.call("remove piece %s", path), func(p view.Piece) bool { return p.Path == path })
	return err
}

// ImportProfile implements api.Keeper.
func (n *Node) ImportProfile(_ context.Context, format string, file []byte, quiet bool) (view.ProfileReport, error) {
	return n.Took, n.call("import %s of %d bytes quiet=%t", format, len(file), quiet)
}

// ExportProfile implements api.Keeper.
func (n *Node) ExportProfile(_ context.Context, format string) ([]byte, error) {
	return n.Contact, n.call("export profile as %s", format)
}

// Changes implements api.Keeper.
func (n *Node) Changes(context.Context) ([]view.Change, error) { return n.Told, n.call("changes") }

func (n *Node) change(id string, err error) (view.Change, error) {
	return find(n.Told, err, func(c view.Change) bool { return c.ID == id })
}

// Change implements api.Keeper.
func (n *Node) Change(_ context.Context, id string) (view.Change, error) {
	return n.change(id, n.call("change %s", id))
}

// UndoChange implements api.Keeper.
func (n *Node) UndoChange(_ context.Context, id string) (view.Change, error) {
	return n.change(id, n.call("undo change %s", id))
}

// Share implements api.Keeper.
func (n *Node) Share(_ context.Context, root dagcbor.CID, w view.ShareWant) ([]view.Shared, error) {
	return under(n, root, n.Ledger, n.given(w, "share under %s", root))
}

// Retract implements api.Keeper.
func (n *Node) Retract(_ context.Context, root dagcbor.CID, items []uint64, reason string) ([]view.Shared, error) {
	return under(n, root, n.Ledger, n.call("retract %v under %s: %s", items, root, reason))
}

// Shared implements api.Keeper.
func (n *Node) Shared(_ context.Context, root dagcbor.CID, path string) ([]view.Shared, error) {
	return n.Ledger, n.call("shared card=%s path=%s", root, path)
}

// Demand implements api.Keeper.
func (n *Node) Demand(_ context.Context, root dagcbor.CID, w view.DemandWant) (view.Demand, error) {
	return under(n, root, n.Demanded[0], n.given(w, "demand %s under %s", w.What, root))
}

// Demands implements api.Keeper.
func (n *Node) Demands(_ context.Context, root dagcbor.CID) ([]view.Demand, error) {
	return n.Demanded, n.call("demands card=%s", root)
}

// Comply implements api.Keeper.
func (n *Node) Comply(_ context.Context, root dagcbor.CID, w view.ComplyWant) (view.Demand, error) {
	return under(n, root, n.Demanded[0], n.given(w, "comply with %s under %s", w.Demand, root))
}

// Release implements api.Keeper.
func (n *Node) Release(_ context.Context, w view.ReleaseWant) ([]view.Released, error) {
	return n.Opened, n.given(w, "release %v to %s", w.Names, w.Offer)
}

// Released implements api.Keeper.
func (n *Node) Released(_ context.Context, intent dagcbor.CID) ([]view.Released, error) {
	return n.Opened, n.call("released %s", intent)
}

// CheckLeak implements api.Keeper.
func (n *Node) CheckLeak(_ context.Context, value string) (view.Leak, error) {
	return n.Leaked, n.call("check leak %s", value)
}

// LeakEvidence implements api.Keeper.
func (n *Node) LeakEvidence(_ context.Context, root dagcbor.CID, item uint64) ([]byte, error) {
	return under(n, root, n.Bundle, n.call("evidence %s %d", root, item))
}

// Programmes implements api.Keeper.
func (n *Node) Programmes(_ context.Context, reveal bool) ([]view.Programme, error) {
	err := n.call("programmes reveal=%t", reveal)
	clubs := slices.Clone(n.Clubs)
	for i := range clubs {
		if !reveal {
			clubs[i].Number = ""
		}
	}
	return clubs, err
}

// PutProgramme implements api.Keeper.
func (n *Node) PutProgramme(_ context.Context, p view.Programme) error {
	return n.given(p, "put programme %s", p.Name)
}

// RemoveProgramme implements api.Keeper.
func (n *Node) RemoveProgramme(_ context.Context, name string) error {
	return n.call("remove programme %s", name)
}

// StateLoyalty implements api.Keeper.
func (n *Node) StateLoyalty(_ context.Context, root dagcbor.CID, w view.LoyaltyWant) (view.Relationship, error) {
	return under(n, root, n.Said, n.given(w, "state loyalty %s under %s", w.Level, root))
}
