package node

import (
	"errors"
	"strings"
	"testing"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/view"
)

// Who wants what can't be is told so, not left to wait for offers.
func TestContradictoryWishesAreNotCast(t *testing.T) {
	n := hearer(t, nil)
	_, err := n.Cast(t.Context(), view.Want{
		Category: intentcast.Category{Taxonomy: "parley", Value: "baby/strollers"},
		Items: []intentcast.Want{{Name: "stroller", Quantity: "1", Wishes: intentcast.Wishes{Require: []intentcast.Constraint{
			{Property: "canopy", Op: intentcast.OpExists},
			{Property: "canopy", Type: intentcast.TypeBool, Op: intentcast.OpNe, Values: []string{"true"}},
		}}}},
	})
	if !errors.Is(err, view.ErrInvalid) || !strings.Contains(err.Error(), "nothing can meet") || !strings.Contains(err.Error(), "items[0].wishes.require[1]") {
		t.Errorf("%v", err)
	}
}
