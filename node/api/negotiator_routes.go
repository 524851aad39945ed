package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/negotiation"
)

type (
	byDID struct {
		DID identity.DID `path:"did" maxLength:"512" doc:"DID of the vendor"`
	}
	byVendor struct {
		DID identity.DID `query:"vendor" required:"true" minLength:"1" maxLength:"512" doc:"DID of the vendor"`
	}
	profferInput struct {
		Body view.ProfferWant
	}
	reasonInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body struct {
			Reason string `json:"reason,omitempty" doc:"the other side reads it" maxLength:"1000"`
		}
	}
	preferencesInput struct {
		Body negotiation.Preferences
	}
)

// negotiatorRoutes are how the owner and vendors come to terms.
func (s *Server) negotiatorRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/vendors", "listVendors", "Vendors and the agreements they accept", func(ctx context.Context, _ *none) (list[view.Vendor], error) {
		return listed(n.Vendors(ctx))
	}, says("Vendors whose signed term updates stand, and those the owner has a card with."))
	handle(s, http.MethodGet, "/v1/vendors/{did}", "getVendor", "One vendor", func(ctx context.Context, in *byDID) (view.Vendor, error) {
		return n.Vendor(ctx, in.DID)
	}, says("What the vendor publishes of its terms, and the cards with it."))
	handle(s, http.MethodGet, "/v1/button", "getButton", "The state of the relationship with a vendor, ⊂ ⊃", func(ctx context.Context, in *byVendor) (buttonState, error) {
		return buttonOf(n.Button(ctx, in.DID))
	}, says("A vendor that is not known here has the state none."))
	handle(s, http.MethodPost, "/v1/negotiations", "proffer", "Proffer terms to a vendor", func(ctx context.Context, in *profferInput) (view.Negotiation, error) {
		return n.Proffer(ctx, in.Body)
	}, created, says("For a new relationship, or for a card whose terms are to change. The vendor accepts one of the agreements, names one other from the roster, or refuses."))
	handle(s, http.MethodGet, "/v1/negotiations", "listNegotiations", "All negotiations", func(ctx context.Context, _ *none) (list[view.Negotiation], error) {
		return listed(n.Negotiations(ctx))
	}, says("Those under way and those that have ended, each with what both sides said."))
	handle(s, http.MethodGet, "/v1/negotiations/{id}", "getNegotiation", "One negotiation", func(ctx context.Context, in *byID) (view.Negotiation, error) {
		return n.Negotiation(ctx, in.ID)
	}, says("By the id of its proffer."))
	handle(s, http.MethodPost, "/v1/negotiations/{id}/accept", "acceptCounter", "Agree to what the vendor named instead", func(ctx context.Context, in *reasonInput) (view.Negotiation, error) {
		return n.Decide(ctx, in.ID, true, in.Body.Reason)
	}, says("The card is in force once the vendor has it back with both signatures."))
	handle(s, http.MethodPost, "/v1/negotiations/{id}/decline", "declineCounter", "Say no to what the vendor named instead", func(ctx context.Context, in *reasonInput) (view.Negotiation, error) {
		return n.Decide(ctx, in.ID, false, in.Body.Reason)
	}, says("Withdraws a proffer that the vendor has not answered yet."))
	handle(s, http.MethodGet, "/v1/preferences", "getPreferences", "What the node answers by itself to terms that vendors name", func(ctx context.Context, _ *none) (negotiation.Preferences, error) {
		return n.Preferences(ctx)
	}, says("By vendor, by category and by default: agreements always agreed to, never agreed to, and what becomes of the rest."))
	handle(s, http.MethodPut, "/v1/preferences", "setPreferences", "Replace the preferences", func(ctx context.Context, in *preferencesInput) (negotiation.Preferences, error) {
		if err := n.SetPreferences(ctx, in.Body); err != nil {
			return negotiation.Preferences{}, err
		}
		return n.Preferences(ctx)
	}, upTo(1<<20), says("All of them: what is left out is asked about. Answers with what holds now."))
}

type (
	amendmentInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.Amendment
	}
	mayInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.MayAsk
	}
	termsInput struct {
		ID     dagcbor.CID `path:"id" doc:"CID"`
		Format string      `query:"format" enum:"odrl,iso27560,kantara" default:"odrl" doc:"an ODRL agreement, an ISO/IEC TS 27560 or a Kantara consent receipt"`
	}
	disputeInput struct {
		ID    dagcbor.CID `path:"id" doc:"CID"`
		Items []uint64    `query:"item,explode" minItems:"1" maxItems:"1000" doc:"numbers of the shared items to show; none when left out"`
	}
)

// termsTypes are the media types of the formats of terms.
var termsTypes = map[string]string{
	"odrl": "application/ld+json", "iso27560": "application/ld+json", "kantara": "application/json",
}

// cardTermsRoutes are what a card agrees, how it changes and what shows it.
func (s *Server) cardTermsRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodPost, "/v1/cards/{id}/amend", "amendCard", "Propose a card's next version", func(ctx context.Context, in *amendmentInput) (view.Card, error) {
		return n.AmendCard(ctx, in.ID, in.Body)
	}, says("It is in force once the other side has signed it; until then the version before is."))
	handle(s, http.MethodPost, "/v1/cards/{id}/sign", "signCard", "Agree to the version the other side proposed", func(ctx context.Context, in *byID) (view.Card, error) {
		return n.SignCard(ctx, in.ID)
	}, says("Signs it and sends it back; with both signatures it is in force."))
	handle(s, http.MethodPost, "/v1/cards/{id}/decline", "declineCard", "Say no to the version the other side proposed", func(ctx context.Context, in *reasonInput) (view.Card, error) {
		return n.DeclineCard(ctx, in.ID, in.Body.Reason)
	}, says("The version in force stays as it is."))
	handle(s, http.MethodGet, "/v1/cards/{id}/relationship", "getRelationship", "A card with all that was said under it", func(ctx context.Context, in *byID) (view.Relationship, error) {
		return n.Relationship(ctx, in.ID)
	}, says("Both sides' logs in plain words, and a digest that is the same at both sides when nothing is under way."))
	handle(s, http.MethodPost, "/v1/cards/{id}/may", "mayVendor", "Whether the vendor may do something under a card", func(ctx context.Context, in *mayInput) (view.MayAnswer, error) {
		return n.May(ctx, in.ID, in.Body)
	}, asks, says("Answers with the rule it rests on. What no rule speaks of is prohibited."))
	download(s, "/v1/cards/{id}/terms", "exportTerms", "What a card agrees, for other programs", []string{"application/ld+json", "application/json"}, func(ctx context.Context, in *termsInput) (file, error) {
		b, err := n.ExportTerms(ctx, in.ID, in.Format)
		return file{termsTypes[in.Format], b}, err
	}, says("A copy for reading: the card itself is what binds."))
	download(s, "/v1/cards/{id}/dispute", "disputeCard", "A card's whole record as one file for a third party", []string{carType}, func(ctx context.Context, in *disputeInput) (file, error) {
		b, err := n.DisputeCard(ctx, in.ID, in.Items)
		return file{carType, b}, err
	}, says("Both sides' logs and whatever contradicts this side's copy. It shows the values of the items named and no others."))
	handle(s, http.MethodPost, "/v1/disputes/verify", "verifyDispute", "Check anybody's dispute file", func(ctx context.Context, in *carInput) (view.DisputeReport, error) {
		return n.VerifyDispute(ctx, in.RawBody)
	}, asks, upTo(archive.MaxDispute), says("Needs nothing but the file, and keeps nothing of it."))
}
