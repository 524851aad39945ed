package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/button"
)

// framed is the route of the r-button's frame. Pages of other sites are meant
// to cause it, so it takes neither token nor Origin: package button sees to it
// that they learn nothing by it. The Host is checked as everywhere.
const framed = "GET " + button.FramePath

func (s *Server) frame() http.Handler {
	return button.Handler(func(ctx context.Context, vendor string) (button.State, error) {
		return s.cfg.Node.Button(ctx, identity.DID(vendor))
	})
}

// buttonState is the state of a relationship as symbol and in words.
type buttonState struct {
	State  button.State `json:"state" enum:"none,theirs,mine,both"`
	Symbol string       `json:"symbol" doc:"three characters for a terminal"`
	Words  string       `json:"words"`
}

func buttonOf(state button.State, err error) (buttonState, error) {
	return buttonState{state, button.Symbol(state), button.Words(state)}, err
}
