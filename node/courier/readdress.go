package courier

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
)

// Readdress has the letters sent for ref that wait to go to the route from go
// to the route to, within tx. What is sealed stays as it is: the recipient's
// node opens there what was sealed to the earlier keys of the same label.
func (c *Courier) Readdress(tx store.Tx, ref string, from, to intentcast.Route) error {
	recs, err := tx.List(store.Query{Kind: kindLetter, Ref: ref})
	if err != nil {
		return fmt.Errorf("readdress letters: %w", err)
	}
	for _, rec := range recs {
		l, err := decodeOut(rec.Body)
		if err != nil {
			return err
		}
		if !l.Done.IsZero() || l.Peer != from.Peer || !bytes.Equal(l.Slot, from.Slot) {
			continue
		}
		l.Peer, l.Addrs, l.Slot, l.Holders = to.Peer, to.Addrs, to.Slot, to.Holders
		if len(l.Plain) > 0 {
			l.Key, l.To = to.Key, nil
		}
		if rec.Body, err = dagcbor.Marshal(l); err != nil {
			return err
		}
		rec.Due = time.Now()
		if err := tx.Put(rec); err != nil {
			return fmt.Errorf("readdress letter: %w", err)
		}
	}
	c.returned.put(to.Peer)
	c.queued.Store(time.Now().UnixNano())
	return nil
}

// RefsTo returns what the letters belong to that wait for the node of a peer,
// itself and not some slot at it.
func RefsTo(tx store.Tx, peer string) ([]string, error) {
	recs, err := waitingIn(tx)
	if err != nil {
		return nil, err
	}
	var refs []string
	for _, rec := range recs {
		l, err := decodeOut(rec.Body)
		if err != nil {
			return nil, err
		}
		if l.Peer == peer && len(l.Slot) == 0 && rec.Ref != "" && !slices.Contains(refs, rec.Ref) {
			refs = append(refs, rec.Ref)
		}
	}
	return refs, nil
}

// Answered notes within tx that the letters of a kind sent for ref have come,
// as something shows that was said since, though no acknowledgement has: it was
// lost, or will be late.
func (c *Courier) Answered(tx store.Tx, ref, kind string) error {
	recs, err := tx.List(store.Query{Kind: kindLetter, Ref: ref})
	if err != nil {
		return fmt.Errorf("letters that were answered: %w", err)
	}
	for _, rec := range recs {
		if rec.State != StateQueued && rec.State != StateHeld {
			continue
		}
		l, err := decodeOut(rec.Body)
		if err != nil {
			return err
		}
		if l.Kind != kind {
			continue
		}
		if err := c.finish(tx, rec, l, StateDelivered, "", false, time.Now()); err != nil {
			return fmt.Errorf("letter that was answered: %w", err)
		}
	}
	return nil
}

// StateOf returns the state of a letter sent; "" if nothing is known of it
// (any more).
func StateOf(tx store.Tx, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	rec, err := tx.Get(kindLetter, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return rec.State, err
}
