package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

type (
	programmesInput struct {
		Reveal bool `query:"reveal" doc:"with their numbers, which the read-only token may not see"`
	}
	programmeInput struct {
		Body view.Programme
	}
	byName struct {
		Name string `query:"name" required:"true" minLength:"1" maxLength:"200" doc:"of the programme"`
	}
	loyaltyInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.LoyaltyWant
	}
)

// programmeRoutes are loyalty, on the owner's side.
func (s *Server) programmeRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/programmes", "listProgrammes", "The loyalty programmes the owner belongs to", func(ctx context.Context, in *programmesInput) (list[view.Programme], error) {
		if in.Reveal {
			if err := ownerOnly(ctx); err != nil {
				return list[view.Programme]{}, err
			}
		}
		return listed(n.Programmes(ctx, in.Reveal))
	}, says("Without their numbers, unless asked for."))
	perform(s, http.MethodPut, "/v1/programmes", "putProgramme", "Add a programme, or replace the one of its name", func(ctx context.Context, in *programmeInput) error {
		return n.PutProgramme(ctx, in.Body)
	}, says("What is left out, the number too, is not kept of the one replaced."))
	perform(s, http.MethodDelete, "/v1/programmes", "removeProgramme", "Forget a programme", func(ctx context.Context, in *byName) error {
		return n.RemoveProgramme(ctx, in.Name)
	}, says("Statements that named it stay as they were made."))
	handle(s, http.MethodPost, "/v1/cards/{id}/loyalty", "stateLoyalty", "Tell the vendor of the owner's loyalty", func(ctx context.Context, in *loyaltyInput) (view.Relationship, error) {
		return n.StateLoyalty(ctx, in.ID, in.Body)
	}, says("In the owner's own words, signed; programmes are named without their numbers."))
}
