package node

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// Each list comes in its one order, however the store had it: the newest or
// the soonest first, and of what is equal always the same.
func TestListsComeInOneOrder(t *testing.T) {
	at := func(hour int) identity.Time { return identity.At(time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC)) }
	id := func(s string) dagcbor.CID { return dagcbor.Sum([]byte(s)) }
	one, two := id("one"), id("two")
	if byID(one, two) > 0 {
		one, two = two, one
	}
	inOrder(t, "cards", orderCards, []view.Card{{Since: at(3)}, {Since: at(2), ID: one}, {Since: at(2), ID: two}, {Since: at(1)}})
	inOrder(t, "negotiations", orderNegotiations, []view.Negotiation{{Made: at(3)}, {Made: at(1), ID: one}, {Made: at(1), ID: two}})
	inOrder(t, "intents", orderIntents, []view.Intent{intent(at(3), two), intent(at(1), one), intent(at(1), two)})
	inOrder(t, "released", orderReleased, []view.Released{{At: at(2), Name: "b"}, {At: at(1), Name: "a"}, {At: at(1), Name: "b", To: "X"}, {At: at(1), Name: "b", To: "Y"}})
	inOrder(t, "channels", orderChannels, []view.Channel{{With: "Acme", Card: one}, {With: "Acme", Card: two}, {With: "Gym"}})
	inOrder(t, "told", orderTold, []view.ChangeCard{{With: "Acme", Card: one}, {With: "Acme", Card: two}, {With: "Gym"}})
	inOrder(t, "wants", orderWants, []view.Standing{{Made: at(2), ID: "x"}, {Made: at(1), ID: "a"}, {Made: at(1), ID: "b"}})
	inOrder(t, "shared", orderShared, []view.Shared{
		{Card: two, Item: 2, Since: at(5)}, {Card: two, Item: 1, Since: at(1)}, {Card: one, Item: 9, Since: at(3)}, {Card: one, Item: 8, Since: at(3)},
	})
	inOrder(t, "demands", orderDemands, []view.Demand{
		{Deadline: at(7), Made: at(1), ID: one}, {Deadline: at(9), Made: at(0)},
		{Deadline: at(3), Made: at(2), Answer: one}, {Deadline: at(1), Made: at(1), Answer: one},
	})
}

func intent(created identity.Time, root dagcbor.CID) view.Intent {
	var v view.Intent
	v.Body.Created, v.Root = created, root
	return v
}

func inOrder[T any](t *testing.T, name string, order func([]T), want []T) {
	t.Helper()
	for seed := range uint64(20) {
		got := slices.Clone(want)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		order(got)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("%s: %s", name, cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)))
		}
	}
}
