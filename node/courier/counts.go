package courier

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node/store"
)

// Waiting returns how many letters of the outbox have not arrived yet, as far
// as this node knows.
func Waiting(tx store.Tx) (int, error) {
	sum := 0
	for _, state := range []string{StateQueued, StateHeld} {
		n, err := tx.Count(store.Query{Kind: kindLetter, State: state})
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Holds reports whether a peer has said that it keeps letters for others.
func (c *Courier) Holds(p peer.ID) bool {
	r, ok := c.book.get(p, time.Now())
	return ok && r.Hold
}
