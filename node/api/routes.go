package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
)

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
	extendInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.ExtendWant
	}
	lettersInput struct {
		Card string `query:"card" maxLength:"128" doc:"CID of a card: only letters about it"`
	}
	intentsInput struct {
		Mine bool `query:"mine" doc:"the owner's own rather than those heard of others"`
	}
)

// personRoutes are the node itself, intents and offers.
func (s *Server) personRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/status", "status", "The node at a glance", func(ctx context.Context, _ *none) (view.Status, error) {
		return n.Status(ctx)
	}, says("What it is called, where it can be reached, and how much there is of everything."))
	handle(s, http.MethodGet, "/v1/letters", "listLetters", "Letters this node has sent and where they stand, the newest first", func(ctx context.Context, in *lettersInput) (list[view.Letter], error) {
		var card dagcbor.CID
		if in.Card != "" {
			var err error
			if card, err = dagcbor.ParseCID(in.Card); err != nil {
				return list[view.Letter]{}, view.Invalid("card", "%v", err)
			}
		}
		return listed(n.Letters(ctx, card))
	}, says("All, or those about one card. A letter waits here, is kept for the recipient by a peer, was delivered, was refused, or was given up; what became of one is known for a week."))
	handle(s, http.MethodPost, "/v1/intents", "cast", "Cast an intent to the market", func(ctx context.Context, in *wantInput) (view.Intent, error) {
		return n.Cast(ctx, in.Body)
	}, created, says("The node signs it with a key of its own. Private details stay here; only their salted hashes go out."))
	handle(s, http.MethodGet, "/v1/intents", "listIntents", "Intents heard of others or, with mine, the owner's own", func(ctx context.Context, in *intentsInput) (list[view.Intent], error) {
		return listed(n.Intents(ctx, in.Mine))
	}, says("Those heard are what other nodes have cast and this one has let in."))
	handle(s, http.MethodGet, "/v1/intents/{id}", "getIntent", "One intent", func(ctx context.Context, in *byID) (view.Intent, error) {
		return n.Intent(ctx, in.ID)
	}, says("By the id of its first version."))
	handle(s, http.MethodPut, "/v1/intents/{id}", "amendIntent", "Replace what an own open intent asks for", func(ctx context.Context, in *amendInput) (view.Intent, error) {
		return n.Amend(ctx, in.ID, in.Body)
	}, says("All of it: the new version takes the place of the old one wherever that has come."))
	handle(s, http.MethodPost, "/v1/intents/{id}/extend", "extendIntent", "Have an own open intent stay open longer", func(ctx context.Context, in *extendInput) (view.Intent, error) {
		return n.Extend(ctx, in.ID, in.Body)
	}, says("At most a week from now. What it asks stays as it is, and so do the offers to it."))
	handle(s, http.MethodPost, "/v1/intents/{id}/withdraw", "withdrawIntent", "Tell the market that an own intent no longer stands", func(ctx context.Context, in *byID) (view.Intent, error) {
		return n.Withdraw(ctx, in.ID)
	}, says("Nodes stop passing it on."))
	handle(s, http.MethodPost, "/v1/intents/{id}/fulfil", "fulfilIntent", "Tell the market that an own intent has been met", func(ctx context.Context, in *byID) (view.Intent, error) {
		return n.Fulfil(ctx, in.ID)
	}, says("Nodes stop passing it on."))
	handle(s, http.MethodGet, "/v1/intents/{id}/offers", "listOffers", "Offers to an own intent, ranked, with reasons", func(ctx context.Context, in *byID) (list[view.Offer], error) {
		return listed(n.Offers(ctx, in.ID))
	}, says("The best first. What does not meet everything asked is marked."))
	handle(s, http.MethodPost, "/v1/offers/{id}/accept", "acceptOffer", "Propose the card that accepts an offer", func(ctx context.Context, in *byID) (view.Card, error) {
		return n.Accept(ctx, in.ID)
	}, says("The card is in force once the vendor has signed it too."))
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
)

// cardRoutes are the owner's relationships.
func (s *Server) cardRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/cards", "listCards", "All relationships", func(ctx context.Context, _ *none) (list[view.Card], error) {
		return listed(n.Cards(ctx))
	}, says("Those in force, those proposed and those that have ended."))
	handle(s, http.MethodGet, "/v1/cards/{id}", "getCard", "One relationship", func(ctx context.Context, in *byID) (view.Card, error) {
		return n.Card(ctx, in.ID)
	}, says("By the id of its first version."))
	handle(s, http.MethodPost, "/v1/cards/{id}/end", "endCard", "End a relationship", func(ctx context.Context, in *endInput) (view.Card, error) {
		return n.EndCard(ctx, in.ID, in.Body.Reason)
	}, says("Either side may, alone. The other side is told until it has acknowledged."))
	handle(s, http.MethodPost, "/v1/cards/{id}/move", "moveCardRoute", "Take letters about a relationship elsewhere", func(ctx context.Context, in *byID) (view.Card, error) {
		return n.MoveRoute(ctx, in.ID)
	}, says("New reply keys and, where there is one, another peer that keeps the letters, at once; the other side is told. For who fears that a copy of the node was taken. It happens by itself each week. A vendor's own route does not move."))
	handle(s, http.MethodPost, "/v1/cards/{id}/rotate", "rotateCardKeys", "Replace the owner's keys for a relationship", func(ctx context.Context, in *byID) (view.KeyRotation, error) {
		return n.RotateCard(ctx, in.ID)
	}, says("The identifier stays the same and what was signed holds. The other side is sent the longer key log until it has acknowledged it. A vendor has the same keys for all cards."))
	handle(s, http.MethodPost, "/v1/cards/rotate", "rotateAllCardKeys", "Replace the owner's keys for all relationships", func(ctx context.Context, _ *none) (list[view.KeyRotationDue], error) {
		return listed(n.RotateCards(ctx))
	}, says("Of cards in force, each at a random time within the next hour, so that the times don't show that they are one person's. Answers with the times."))
	handle(s, http.MethodPost, "/v1/cards/import", "importCard", "Verify a card's file and keep it when it is one of ours", func(ctx context.Context, in *carInput) (view.CardReport, error) {
		return n.ImportCard(ctx, in.RawBody)
	}, upTo(archive.MaxSize), says("Answers with the findings in plain words. A file that contradicts a card kept here freezes that card."))
	download(s, "/v1/cards/{id}/export", "exportCard", "A relationship as one file that anyone can verify", []string{carType}, func(ctx context.Context, in *byID) (file, error) {
		car, err := n.ExportCard(ctx, in.ID)
		return file{carType, car}, err
	}, says("All versions with their signatures and key logs, as a CAR file."))
}
