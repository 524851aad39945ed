package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
)

// maxCard bounds a card's file; a body of exactly this size is refused.
const maxCard = archive.MaxSize + 1

// carType is the media type of a CAR file (IANA).
const carType = "application/vnd.ipld.car"

type (
	byID struct {
		ID dagcbor.CID `path:"id" doc:"CID"`
	}
	peerInput struct {
		Body struct {
			Address string `json:"address" doc:"multiaddr with a /p2p part" maxLength:"1024"`
		}
	}
	wantInput struct {
		Body view.Want
	}
	amendInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.Want
	}
	intentsInput struct {
		Mine bool `query:"mine" doc:"the owner's own rather than those heard of others"`
	}
)

// personRoutes are the node itself, its peers, intents and offers.
func (s *Server) personRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/status", "status", "The node at a glance", func(ctx context.Context, _ *none) (view.Status, error) {
		return n.Status(ctx)
	})
	handle(s, http.MethodGet, "/v1/peers", "listPeers", "Nodes connected now", func(ctx context.Context, _ *none) (list[view.Peer], error) {
		return listed(n.Peers(ctx))
	})
	handle(s, http.MethodPost, "/v1/peers", "addPeer", "Connect to a node and remember it", func(ctx context.Context, in *peerInput) (view.Peer, error) {
		return n.AddPeer(ctx, in.Body.Address)
	}, created)
	handle(s, http.MethodPost, "/v1/intents", "cast", "Cast an intent to the market", func(ctx context.Context, in *wantInput) (view.Intent, error) {
		return n.Cast(ctx, in.Body)
	}, created)
	handle(s, http.MethodGet, "/v1/intents", "listIntents", "Intents heard of others or, with mine, the owner's own", func(ctx context.Context, in *intentsInput) (list[view.Intent], error) {
		return listed(n.Intents(ctx, in.Mine))
	})
	handle(s, http.MethodGet, "/v1/intents/{id}", "getIntent", "One intent", func(ctx context.Context, in *byID) (view.Intent, error) {
		return n.Intent(ctx, in.ID)
	})
	handle(s, http.MethodPut, "/v1/intents/{id}", "amendIntent", "Replace what an own open intent asks for", func(ctx context.Context, in *amendInput) (view.Intent, error) {
		return n.Amend(ctx, in.ID, in.Body)
	})
	handle(s, http.MethodPost, "/v1/intents/{id}/withdraw", "withdrawIntent", "Tell the market that an own intent no longer stands", func(ctx context.Context, in *byID) (view.Intent, error) {
		return n.Withdraw(ctx, in.ID)
	})
	handle(s, http.MethodPost, "/v1/intents/{id}/fulfil", "fulfilIntent", "Tell the market that an own intent has been met", func(ctx context.Context, in *byID) (view.Intent, error) {
		return n.Fulfil(ctx, in.ID)
	})
	handle(s, http.MethodGet, "/v1/intents/{id}/offers", "listOffers", "Offers to an own intent, ranked, with reasons", func(ctx context.Context, in *byID) (list[view.Offer], error) {
		return listed(n.Offers(ctx, in.ID))
	})
	handle(s, http.MethodPost, "/v1/offers/{id}/accept", "acceptOffer", "Propose the card that accepts an offer", func(ctx context.Context, in *byID) (view.Card, error) {
		return n.Accept(ctx, in.ID)
	})
}

type (
	endInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body struct {
			Reason string `json:"reason,omitempty" doc:"the other side reads it" maxLength:"1024"`
		}
	}
	carInput struct {
		RawBody []byte `contentType:"application/vnd.ipld.car"`
	}
	carReply struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
)

// cardRoutes are the owner's relationships.
func (s *Server) cardRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/cards", "listCards", "All relationships", func(ctx context.Context, _ *none) (list[view.Card], error) {
		return listed(n.Cards(ctx))
	})
	handle(s, http.MethodGet, "/v1/cards/{id}", "getCard", "One relationship", func(ctx context.Context, in *byID) (view.Card, error) {
		return n.Card(ctx, in.ID)
	})
	handle(s, http.MethodPost, "/v1/cards/{id}/end", "endCard", "End a relationship", func(ctx context.Context, in *endInput) (view.Card, error) {
		return n.EndCard(ctx, in.ID, in.Body.Reason)
	})
	handle(s, http.MethodPost, "/v1/cards/import", "importCard", "Verify a card's file and keep it when it is one of ours", func(ctx context.Context, in *carInput) (view.CardReport, error) {
		return n.ImportCard(ctx, in.RawBody)
	}, func(op *huma.Operation) { op.MaxBodyBytes = maxCard })
	s.exportRoute()
}

// exportRoute answers with a file, which no JSON schema describes.
func (s *Server) exportRoute() {
	op := huma.Operation{
		OperationID: "exportCard", Method: http.MethodGet, Path: "/v1/cards/{id}/export",
		Summary: "A relationship as one file that anyone can verify",
		Responses: map[string]*huma.Response{"200": {
			Description: "CAR file",
			Content:     map[string]*huma.MediaType{carType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}},
	}
	huma.Register(s.api, op, func(ctx context.Context, in *byID) (*carReply, error) {
		car, err := s.cfg.Node.ExportCard(ctx, in.ID)
		if err != nil {
			return nil, s.problem(ctx, op.OperationID, err)
		}
		return &carReply{ContentType: carType, Body: car}, nil
	})
}
