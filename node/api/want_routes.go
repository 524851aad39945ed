package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/node/view"
)

// Wanter is a node's part in wants that are cast again and again.
type Wanter interface {
	// AddWant sets up a standing want; it is cast first when its rule says.
	AddWant(ctx context.Context, w view.StandingWant) (view.Standing, error)
	Wants(ctx context.Context) ([]view.Standing, error)
	Want(ctx context.Context, id string) (view.Standing, error)
	// PauseWant has a standing want rest, or go on.
	PauseWant(ctx context.Context, id string, pause bool) (view.Standing, error)
	// RemoveWant ends a standing want and withdraws its open intent.
	RemoveWant(ctx context.Context, id string) error
}

type (
	standingInput struct {
		Body view.StandingWant
	}
	wantID struct {
		ID string `path:"id" doc:"of the standing want" maxLength:"64"`
	}
)

// wantRoutes are standing wants.
func (s *Server) wantRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodPost, "/v1/wants", "addWant", "Have a want cast again and again", func(ctx context.Context, in *standingInput) (view.Standing, error) {
		return n.AddWant(ctx, in.Body)
	}, created, says("Each time it is a fresh intent that nothing but its content links to the last. The owner is told again only of what is worth it."))
	handle(s, http.MethodGet, "/v1/wants", "listWants", "The standing wants", func(ctx context.Context, _ *none) (list[view.Standing], error) {
		return listed(n.Wants(ctx))
	}, says("With when each is cast next, and what its owner was last told."))
	handle(s, http.MethodGet, "/v1/wants/{id}", "getWant", "One standing want", func(ctx context.Context, in *wantID) (view.Standing, error) {
		return n.Want(ctx, in.ID)
	}, says("With all that is cast each time."))
	handle(s, http.MethodPost, "/v1/wants/{id}/pause", "pauseWant", "Have a standing want rest", func(ctx context.Context, in *wantID) (view.Standing, error) {
		return n.PauseWant(ctx, in.ID, true)
	}, says("The intent of it that is open stays so."))
	handle(s, http.MethodPost, "/v1/wants/{id}/resume", "resumeWant", "Have a standing want go on", func(ctx context.Context, in *wantID) (view.Standing, error) {
		return n.PauseWant(ctx, in.ID, false)
	}, says("With the next time its rule names. What it missed is not made good."))
	perform(s, http.MethodDelete, "/v1/wants/{id}", "removeWant", "End a standing want", func(ctx context.Context, in *wantID) error {
		return n.RemoveWant(ctx, in.ID)
	}, says("The intent of it that is open is withdrawn."))
}
