package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

type (
	shareInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.ShareWant
	}
	retractInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body struct {
			Items  []uint64 `json:"items" minItems:"1" maxItems:"1000" nullable:"false" doc:"numbers of the items"`
			Reason string   `json:"reason,omitempty" doc:"the other side reads it" maxLength:"1000"`
		}
	}
	underCard struct {
		Card dagcbor.CID `query:"card" doc:"CID of a card; all cards when left out"`
	}
	sharedInput struct {
		Card dagcbor.CID `query:"card" doc:"CID of a card; all cards when left out"`
		Path string      `query:"path" maxLength:"128" doc:"of a piece, such as addresses/home; all when left out"`
	}
	demandInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.DemandWant
	}
	complyInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.ComplyWant
	}
	releaseInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body struct {
			Names []string `json:"names" minItems:"1" maxItems:"32" nullable:"false" doc:"of the details"`
		}
	}
	leakInput struct {
		Body struct {
			Value string `json:"value" minLength:"1" maxLength:"4096" doc:"what turned up: an address, a number, a name as it is spelled there"`
		}
	}
	evidenceInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Item uint64      `query:"item" required:"true" doc:"number of the item that leaked"`
	}
)

// sharingRoutes are who knows what of the owner, and what becomes of it.
func (s *Server) sharingRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodPost, "/v1/cards/{id}/share", "share", "Give the other side pieces of the profile", func(ctx context.Context, in *shareInput) (list[view.Shared], error) {
		return listed(n.Share(ctx, in.ID, in.Body))
	}, created, says("For a purpose and, if wished, until a time. Answers with everything shared under the card."))
	handle(s, http.MethodPost, "/v1/cards/{id}/retract", "retract", "Take shared items back", func(ctx context.Context, in *retractInput) (list[view.Shared], error) {
		return listed(n.Retract(ctx, in.ID, in.Body.Items, in.Body.Reason))
	}, says("The vendor may not use them from then on. To have them deleted, demand it."))
	handle(s, http.MethodGet, "/v1/shared", "listShared", "Who knows what", func(ctx context.Context, in *sharedInput) (list[view.Shared], error) {
		return listed(n.Shared(ctx, in.Card, in.Path))
	}, says("Every piece shared with whom, for what, until when, and what came back. At a vendor's node it is what the vendor holds."))
	handle(s, http.MethodPost, "/v1/cards/{id}/demands", "demand", "Demand that the vendor delete data or hand over a copy", func(ctx context.Context, in *demandInput) (view.Demand, error) {
		return n.Demand(ctx, in.ID, in.Body)
	}, created, says("The node waits for the vendor's signed answer and warns when the deadline passes."))
	handle(s, http.MethodGet, "/v1/demands", "listDemands", "Demands and how they stand", func(ctx context.Context, in *underCard) (list[view.Demand], error) {
		return listed(n.Demands(ctx, in.Card))
	}, says("At a person's node those made, at a vendor's those received."))
	handle(s, http.MethodPost, "/v1/cards/{id}/comply", "comply", "Answer a person's demand, as the vendor", func(ctx context.Context, in *complyInput) (view.Demand, error) {
		return n.Comply(ctx, in.ID, in.Body)
	}, says("For demands that the vendor's rules leave to people."))
	handle(s, http.MethodPost, "/v1/offers/{id}/release", "release", "Open private details of an own intent to one bidder", func(ctx context.Context, in *releaseInput) (list[view.Released], error) {
		return listed(n.Release(ctx, view.ReleaseWant{Offer: in.ID, Names: in.Body.Names}))
	}, says("The bidder can check them against the hashes that the intent carried."))
	handle(s, http.MethodGet, "/v1/intents/{id}/released", "listReleased", "Private details of an intent that were opened", func(ctx context.Context, in *byID) (list[view.Released], error) {
		return listed(n.Released(ctx, in.ID))
	}, says("At the author's node to whom, at a vendor's what it was told."))
	handle(s, http.MethodPost, "/v1/leaks/check", "checkLeak", "Which relationships were given a value that has leaked", func(ctx context.Context, in *leakInput) (view.Leak, error) {
		return n.CheckLeak(ctx, in.Body.Value)
	}, asks, says("A variant made for one relationship names it for certain."))
	download(s, "/v1/cards/{id}/evidence", "leakEvidence", "A file that shows a stranger what one relationship was given", []string{carType}, func(ctx context.Context, in *evidenceInput) (file, error) {
		b, err := n.LeakEvidence(ctx, in.ID, in.Item)
		return file{carType, b}, err
	}, says("The card's record with the value of that one item, checked as a dispute's file is."))
}
