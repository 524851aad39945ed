package node

import (
	"cmp"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// Every list that is shown comes in one order, the same each time: what
// happened by time, the newest first; what is to come, the soonest first; who
// there is, by name. What is equal goes by its id. Two lists are read from
// their beginning: events and statements, which are logs.

func newestFirst(a, b identity.Time) int { return b.Std().Compare(a.Std()) }

func byID(a, b dagcbor.CID) int { return cmp.Compare(a.Cid().KeyString(), b.Cid().KeyString()) }

func orderCards(all []view.Card) {
	slices.SortFunc(all, func(a, b view.Card) int { return cmp.Or(newestFirst(a.Since, b.Since), byID(a.ID, b.ID)) })
}

func orderNegotiations(all []view.Negotiation) {
	slices.SortFunc(all, func(a, b view.Negotiation) int { return cmp.Or(newestFirst(a.Made, b.Made), byID(a.ID, b.ID)) })
}

// orderIntents goes by when each was last changed.
func orderIntents(all []view.Intent) {
	slices.SortFunc(all, func(a, b view.Intent) int {
		return cmp.Or(newestFirst(a.Body.Created, b.Body.Created), byID(a.Root, b.Root))
	})
}

func orderHeard(all []heard) {
	slices.SortFunc(all, func(a, b heard) int {
		return cmp.Or(newestFirst(a.cast.Intent.Created, b.cast.Intent.Created), byID(a.root, b.root))
	})
}

func orderReleased(all []view.Released) {
	slices.SortFunc(all, func(a, b view.Released) int {
		return cmp.Or(newestFirst(a.At, b.At), cmp.Compare(a.Name, b.Name), cmp.Compare(a.To, b.To))
	})
}

func orderChannels(all []view.Channel) {
	slices.SortFunc(all, func(a, b view.Channel) int { return cmp.Or(cmp.Compare(a.With, b.With), byID(a.Card, b.Card)) })
}

func orderTold(all []view.ChangeCard) {
	slices.SortFunc(all, func(a, b view.ChangeCard) int { return cmp.Or(cmp.Compare(a.With, b.With), byID(a.Card, b.Card)) })
}

func orderWants(all []view.Standing) {
	slices.SortFunc(all, func(a, b view.Standing) int { return cmp.Or(newestFirst(a.Made, b.Made), cmp.Compare(a.ID, b.ID)) })
}

// orderShared has the relationship first in which something was given last, and
// in each the newest item first.
func orderShared(all []view.Shared) {
	last := map[dagcbor.CID]identity.Time{}
	for _, s := range all {
		if last[s.Card].Before(s.Since) {
			last[s.Card] = s.Since
		}
	}
	slices.SortFunc(all, func(a, b view.Shared) int {
		return cmp.Or(newestFirst(last[a.Card], last[b.Card]), byID(a.Card, b.Card), cmp.Compare(b.Item, a.Item))
	})
}

// orderDemands has those first that wait for an answer, by their deadlines.
func orderDemands(all []view.Demand) {
	slices.SortFunc(all, func(a, b view.Demand) int {
		open := func(d view.Demand) bool { return d.Answer.IsZero() }
		switch {
		case open(a) && open(b):
			return cmp.Or(a.Deadline.Std().Compare(b.Deadline.Std()), byID(a.ID, b.ID))
		case open(a):
			return -1
		case open(b):
			return 1
		}
		return cmp.Or(newestFirst(a.Made, b.Made), byID(a.ID, b.ID))
	})
}
