package apitest

import (
	"context"

	"github.com/parley-network/parley/node/view"
)

// WantSheet is what the node answers about standing wants.
type WantSheet struct {
	Standings []view.Standing
}

func sampleWants(w view.Want) WantSheet {
	return WantSheet{[]view.Standing{{
		StandingWant: view.StandingWant{Want: w, Every: "RRULE:FREQ=WEEKLY;BYDAY=MO"}, ID: "w1", State: "active", Made: When, Next: When, Casts: 2,
		Intent: ID("intent"), Why: "it can be met now, for 199.00 USD", Told: When,
	}}}
}

// AddWant implements api.Node.
func (n *Node) AddWant(_ context.Context, w view.StandingWant) (view.Standing, error) {
	return n.standing("w1", n.given(w, "add want %s", w.Every))
}

// Wants implements api.Node.
func (n *Node) Wants(context.Context) ([]view.Standing, error) { return n.Standings, n.call("wants") }

// Want implements api.Node.
func (n *Node) Want(_ context.Context, id string) (view.Standing, error) {
	return n.standing(id, n.call("want %s", id))
}

// PauseWant implements api.Node.
func (n *Node) PauseWant(_ context.Context, id string, pause bool) (view.Standing, error) {
	return n.standing(id, n.call("pause want %s %v", id, pause))
}

// RemoveWant implements api.Node.
func (n *Node) RemoveWant(_ context.Context, id string) error {
	_, err := n.standing(id, n.call("remove want %s", id))
	return err
}

func (n *Node) standing(id string, err error) (view.Standing, error) {
	return find(n.Standings, err, func(s view.Standing) bool { return s.ID == id })
}
