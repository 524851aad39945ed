package courier

import (
	"encoding/hex"
	"errors"
	"time"

	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/store"
)

// MarkRead notes within tx that the letter sent under an id, in hex, has been
// read, which ends its travel if its acknowledgement is still on the way. It
// reports whether that is news: a letter that is not or no longer known, or was
// refused or given up, stays as it is.
//
// The id is all the proof there is and needs to be: 128 random bits that only
// sender and recipient know.
func (c *Courier) MarkRead(tx store.Tx, id string) (bool, error) {
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != seal.IDSize {
		return false, nil
	}
	rec, err := tx.Get(kindLetter, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	switch rec.State {
	case StateQueued, StateHeld, StateDelivered:
	default:
		return false, nil
	}
	l, err := decodeOut(rec.Body)
	if err != nil || l.Kind == AckKind {
		return false, err
	}
	return true, c.finish(tx, rec, l, StateRead, "", true, time.Now())
}
