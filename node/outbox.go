package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// Letters returns where the letters this node has sent stand: those about one
// card, or with no card all; the newest first. What became of one is known for
// a week after its travel ended.
func (n *Node) Letters(ctx context.Context, card dagcbor.CID) ([]view.Letter, error) {
	refs := []string{""}
	if !card.IsZero() {
		refs = []string{card.String()}
		err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
			k, err := n.loadCard(tx, card)
			if err != nil || k.body.Side == "" {
				return err
			}
			r, err := relationOf(tx, k)
			if err == nil && !r.body.Proffer.IsZero() {
				refs = append(refs, r.body.Proffer.String()) // letters from before there was the card
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list letters: %w", err)
		}
	}
	out := []view.Letter{}
	for _, ref := range refs {
		letters, err := n.courier.Letters(ctx, ref)
		if err != nil {
			return nil, err
		}
		for _, l := range letters {
			out = append(out, letterView(l))
		}
	}
	if err := n.addressed(ctx, out); err != nil {
		return nil, fmt.Errorf("list letters: %w", err)
	}
	slices.SortStableFunc(out, func(a, b view.Letter) int {
		return cmp.Or(b.Created.Std().Compare(a.Created.Std()), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// letterView puts a letter's state into the owner's words.
func letterView(l courier.LetterStatus) view.Letter {
	v := view.Letter{
		ID: l.ID, Kind: l.Kind, Ref: l.Ref, State: l.State, Attempts: l.Attempts, Problem: l.Problem,
		Created: identity.At(l.Created), Expires: identity.At(l.Expires),
	}
	if l.State == courier.StateHeld {
		if v.HeldBy = l.HeldBy; v.HeldBy == "" {
			v.HeldBy = l.Peer
		}
	}
	if l.State == courier.StateQueued && l.Attempts == 0 {
		v.Text = "waits to be sent"
	} else {
		v.Text = map[string]string{
			courier.StateQueued:    "not taken by anybody yet, and tried again",
			courier.StateHeld:      "kept for the recipient by another peer, and not yet fetched as far as is known here",
			courier.StateDelivered: "delivered: the recipient's node has acknowledged it",
			courier.StateRead:      "read: the other side says that it was looked at",
			courier.StateRefused:   "refused by the recipient's node",
			courier.StateExpired:   "given up: nobody acknowledged it in its time",
		}[l.State]
	}
	if !l.Next.IsZero() {
		next := identity.At(l.Next)
		v.Next = &next
	}
	return v
}
