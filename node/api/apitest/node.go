// Package apitest has a node that is only an answer sheet, for tests of the
// API and of what speaks to it.
package apitest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// Node implements api.Node over plain fields. Lookups by CID compare with
// what the fields hold; Err, when set, is what every method returns.
type Node struct {
	Err error

	Own, Heard []view.Intent
	Bids       []view.Offer
	Held       []view.Card
	Car        []byte
	Stock      []market.Item
	Policy     market.Rules
	Hints      []view.Suggestion
	Sent       []view.Letter
	Asked      view.Want // of the last Cast or Amend

	TermsSheet
	DataSheet
	ChannelSheet
	FinderSheet
	WantSheet

	stock sync.Mutex // of Stock: an upload may go on while the catalogue is read

	mu    sync.Mutex
	calls []string // each method called, with its plain arguments
	gave  any      // to the last method that takes more than those
	log   []view.Event
	more  chan struct{}
}

// ID returns a CID that stands for name.
func ID(name string) dagcbor.CID { return dagcbor.Sum([]byte(name)) }

// When is the time of everything in a Sample.
var When = identity.At(time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC))

// Sample returns a node with one of everything: an intent "intent", an offer
// "offer" to it, a card "card" that came of that, a negotiation "proffer", and
// what was shared, sent and agreed under the card.
func Sample() *Node {
	price, next := money.Money{Currency: "USD", Amount: "199.00"}, When
	category := intentcast.Category{Taxonomy: "shopify", Value: "Vehicles/SUV"}
	line := relcard.Line{Name: "4-wheel-drive SUV", Quantity: "1", Price: price}
	vendor := relcard.Party{DID: "did:webvh:Qm:shop.example", Name: "Shop"}
	n := &Node{
		Own: []view.Intent{{ID: ID("intent"), Root: ID("intent"), Mine: true, Offers: 1, Body: intentcast.Intent{
			Status: intentcast.StatusOpen, Category: category, Created: When, Expires: When, Text: "an SUV in Park City",
		}}},
		Heard: []view.Intent{{ID: ID("heard"), Root: ID("heard"), Body: intentcast.Intent{Status: intentcast.StatusOpen, Category: category, Created: When, Expires: When}}},
		Bids: []view.Offer{{
			ID: ID("offer"), Intent: ID("intent"), Rank: 1, Acceptable: true, State: "open", Received: When,
			Reasons: []market.Reason{{Code: market.CodePrice, Text: "the only price"}},
			Body:    intentcast.Offer{Vendor: vendor, Lines: []intentcast.OfferLine{{Line: line}}, Total: price, Created: When, Expires: When},
		}},
		Held: []view.Card{{ID: ID("card"), Head: ID("card"), State: "active", Since: When, Side: identity.RolePerson, Versions: 1,
			Body: relcard.Body{Version: 1, Type: relcard.BodyType, Status: relcard.StatusAgreed, Vendor: vendor, Person: relcard.Party{DID: "did:webvh:Qm:pairwise.invalid"}, Lines: []relcard.Line{line}, Total: &price, Time: When},
		}},
		Car: []byte("a CAR file"),
		Sent: []view.Letter{{ID: "c0ffee", Kind: "propose", Ref: ID("card").String(), State: "held", Text: "kept for the recipient by another peer",
			HeldBy: "12D3KooWOther", Attempts: 1, Created: When, Expires: When, Next: &next}},
		Hints: []view.Suggestion{{Intent: ID("heard"), Text: "an SUV", Item: "Minivan", Why: "shares a word"}},
	}
	n.TermsSheet, n.DataSheet, n.ChannelSheet = sampleTerms(n.Held[0]), sampleData(n.Held[0]), sampleChannels(n.Held[0])
	n.FinderSheet = sampleFinder(n.Held[0])
	n.WantSheet = sampleWants(view.Want{Text: "roses", Category: category, Items: []intentcast.Want{{Name: "roses"}}})
	return n
}

func (n *Node) call(format string, args ...any) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls = append(n.calls, fmt.Sprintf(format, args...))
	return n.Err
}

// given is a call with more than plain arguments.
func (n *Node) given(v any, format string, args ...any) error {
	n.mu.Lock()
	n.gave = v
	n.mu.Unlock()
	return n.call(format, args...)
}

// Given returns what the last method was given that takes more than ids, texts
// and files.
func (n *Node) Given() any {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.gave
}

// set puts v in place unless there is an error.
func set[T any](to *T, v T, err error) error {
	if err == nil {
		*to = v
	}
	return err
}

// Asks returns the calls so far.
func (n *Node) Asks() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.calls)
}

// Last returns the last call, "" before the first.
func (n *Node) Last() string {
	calls := n.Asks()
	if len(calls) == 0 {
		return ""
	}
	return calls[len(calls)-1]
}

func find[T any](all []T, err error, is func(T) bool) (T, error) {
	if i := slices.IndexFunc(all, is); i >= 0 && err == nil {
		return all[i], nil
	}
	var none T
	if err == nil {
		err = view.ErrNotFound
	}
	return none, err
}

// Status implements api.Node.
func (n *Node) Status(context.Context) (view.Status, error) {
	return view.Status{Name: "sample", Version: "test", Started: When, PeerID: "12D3KooWSample", Addresses: []string{}, Reach: view.Reach{Kind: "local", Text: "Only here."}, Connections: []view.Connection{}, Cards: len(n.Held), Routing: "direct"}, n.call("status")
}

// Letters implements api.Node.
func (n *Node) Letters(_ context.Context, card dagcbor.CID) ([]view.Letter, error) {
	if card.IsZero() {
		return n.Sent, n.call("letters")
	}
	return n.Sent, n.call("letters of %s", card)
}

// Cast implements api.Node.
func (n *Node) Cast(_ context.Context, w view.Want) (view.Intent, error) {
	n.Asked = w
	return n.Own[0], n.call("cast %s", w.Text)
}

// Intents implements api.Node.
func (n *Node) Intents(_ context.Context, mine bool) ([]view.Intent, error) {
	err := n.call("intents mine=%t", mine)
	if mine {
		return n.Own, err
	}
	return n.Heard, err
}

// Intent implements api.Node.
func (n *Node) Intent(_ context.Context, id dagcbor.CID) (view.Intent, error) {
	return find(slices.Concat(n.Own, n.Heard), n.call("intent %s", id), func(i view.Intent) bool { return i.Root == id })
}

func (n *Node) own(verb string, id dagcbor.CID) (view.Intent, error) {
	return find(n.Own, n.call("%s %s", verb, id), func(i view.Intent) bool { return i.Root == id })
}

// Amend implements api.Node.
func (n *Node) Amend(_ context.Context, id dagcbor.CID, w view.Want) (view.Intent, error) {
	n.Asked = w
	return n.own("amend", id)
}

// Extend implements api.Node.
func (n *Node) Extend(_ context.Context, id dagcbor.CID, w view.ExtendWant) (view.Intent, error) {
	return find(n.Own, n.given(w, "extend %s", id), func(in view.Intent) bool { return in.Root == id })
}

// Withdraw implements api.Node.
func (n *Node) Withdraw(_ context.Context, id dagcbor.CID) (view.Intent, error) {
	return n.own("withdraw", id)
}

// Fulfil implements api.Node.
func (n *Node) Fulfil(_ context.Context, id dagcbor.CID) (view.Intent, error) {
	return n.own("fulfil", id)
}

// Offers implements api.Node.
func (n *Node) Offers(_ context.Context, intent dagcbor.CID) ([]view.Offer, error) {
	if _, err := n.own("offers", intent); err != nil {
		return nil, err
	}
	return n.Bids, nil
}

// Accept implements api.Node.
func (n *Node) Accept(_ context.Context, offer dagcbor.CID) (view.Card, error) {
	if _, err := find(n.Bids, n.call("accept %s", offer), func(o view.Offer) bool { return o.ID == offer }); err != nil {
		return view.Card{}, err
	}
	return n.Held[0], nil
}

// Cards implements api.Node.
func (n *Node) Cards(context.Context) ([]view.Card, error) { return n.Held, n.call("cards") }

func (n *Node) card(id dagcbor.CID, err error) (view.Card, error) {
	return find(n.Held, err, func(c view.Card) bool { return c.ID == id })
}

// Card implements api.Node.
func (n *Node) Card(_ context.Context, id dagcbor.CID) (view.Card, error) {
	return n.card(id, n.call("card %s", id))
}

// EndCard implements api.Node.
func (n *Node) EndCard(_ context.Context, id dagcbor.CID, reason string) (view.Card, error) {
	return n.card(id, n.call("end %s: %s", id, reason))
}

// MoveRoute implements api.Node.
func (n *Node) MoveRoute(_ context.Context, id dagcbor.CID) (view.Card, error) {
	return n.card(id, n.call("move %s", id))
}

// RotateCard implements api.Node.
func (n *Node) RotateCard(_ context.Context, id dagcbor.CID) (view.KeyRotation, error) {
	c, err := n.card(id, n.call("rotate %s", id))
	return view.KeyRotation{DID: c.Body.Person.DID, Number: 2, Told: 1}, err
}

// RotateCards implements api.Node.
func (n *Node) RotateCards(context.Context) ([]view.KeyRotationDue, error) {
	return []view.KeyRotationDue{{Card: n.Held[0].ID, With: n.Held[0].Body.Vendor.Name}}, n.call("rotate all")
}

// RotateVendor implements api.Node.
func (n *Node) RotateVendor(context.Context) (view.KeyRotation, error) {
	return view.KeyRotation{DID: n.Held[0].Body.Vendor.DID, Number: 2, Told: len(n.Held)}, n.call("rotate vendor")
}

// ExportCard implements api.Node.
func (n *Node) ExportCard(_ context.Context, id dagcbor.CID) ([]byte, error) {
	_, err := n.card(id, n.call("export %s", id))
	return n.Car, err
}

// ImportCard implements api.Node.
func (n *Node) ImportCard(_ context.Context, car []byte) (view.CardReport, error) {
	return view.CardReport{Valid: true, Card: n.Held[0], Lines: []string{}}, n.call("import card of %d bytes", len(car))
}

// ImportCatalogue implements api.Node.
func (n *Node) ImportCatalogue(_ context.Context, r io.Reader, format vendor.Format) (view.ImportReport, error) {
	report := view.ImportReport{Refused: []view.LineProblem{}}
	if err := n.call("import catalogue %s", format); err != nil {
		return report, err
	}
	for line, err := range vendor.ReadCatalogue(r, format) {
		switch bad := (*vendor.LineError)(nil); {
		case err == nil:
			n.stock.Lock()
			n.Stock = append(n.Stock, line.Item)
			n.stock.Unlock()
			report.Accepted++
		case asLine(err, &bad):
			report.Refused = append(report.Refused, view.LineProblem{Line: bad.Line, Problem: bad.Err.Error()})
		default:
			return report, fmt.Errorf("import catalogue: %w", err)
		}
	}
	n.stock.Lock()
	defer n.stock.Unlock()
	report.Items = len(n.Stock)
	return report, nil
}

func asLine(err error, to **vendor.LineError) (ok bool) {
	*to, ok = err.(*vendor.LineError)
	return ok
}

// Catalogue implements api.Node; items are in the order they came.
func (n *Node) Catalogue(_ context.Context, after string, limit int) ([]market.Item, error) {
	n.stock.Lock()
	defer n.stock.Unlock()
	from := 1 + slices.IndexFunc(n.Stock, func(it market.Item) bool { return vendor.Key(it) == after })
	return slices.Clone(n.Stock[from:min(len(n.Stock), from+limit)]), n.call("catalogue after=%s limit=%d", after, limit)
}

// Rules implements api.Node.
func (n *Node) Rules(context.Context) (market.Rules, error) { return n.Policy, n.call("rules") }

// SetRules implements api.Node.
func (n *Node) SetRules(_ context.Context, r market.Rules) error {
	if err := r.Check(); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	n.Policy = r
	return n.call("set rules")
}

// Suggestions implements api.Node.
func (n *Node) Suggestions(context.Context) ([]view.Suggestion, error) {
	return n.Hints, n.call("suggestions")
}
