package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard"
)

// pairwiseDomain stands where a did:webvh names its host. A person's pairwise
// identifier is hosted nowhere: its log travels with the card. The name is
// the same for everybody (RFC 2606 keeps .invalid free), so it tells nothing.
const pairwiseDomain = "pairwise.invalid"

// party is a DID of this node's with its log and its signing key.
type party struct {
	signer identity.Signer
	log    []byte    // the key log, as published
	number int       // of its newest version, whose key signs
	since  time.Time // when that began
}

// newParty makes an identifier with fresh keys: one that signs, one that
// updates the log, and one committed to for the update after that. The keys
// are durable when it returns, under the given name.
func (n *Node) newParty(name, domain string, now time.Time) (party, error) {
	sign, update, next, err := threeKeys()
	if err != nil {
		return party{}, err
	}
	l, err := webvh.Create(webvh.Genesis{
		Domain: domain, Update: update, Next: next.Public().(ed25519.PublicKey), Sign: sign.Public().(ed25519.PublicKey),
	}, now)
	if err != nil {
		return party{}, fmt.Errorf("create key log: %w", err)
	}
	at := keysOf(name, 1)
	if err := n.cfg.Keys.PutAll(map[string][]byte{
		at.sign: sign.Seed(), at.update: update.Seed(), at.next: next.Seed(),
	}); err != nil {
		return party{}, fmt.Errorf("keep keys: %w", err)
	}
	return n.openParty(name, l.Bytes(), now)
}

func threeKeys() (sign, update, next ed25519.PrivateKey, err error) {
	for _, k := range []*ed25519.PrivateKey{&sign, &update, &next} {
		if _, *k, err = ed25519.GenerateKey(nil); err != nil {
			return nil, nil, nil, fmt.Errorf("make key: %w", err)
		}
	}
	return sign, update, next, nil
}

// errOtherKey is for a key that was kept for a version of a log which then
// became another one's.
var errOtherKey = errors.New("the one kept here is not that of the log")

// openParty returns the party whose keys are kept under name.
func (n *Node) openParty(name string, log []byte, now time.Time) (party, error) {
	h, err := n.logs.history(log, now)
	if err != nil {
		return party{}, err
	}
	newest := h.Latest()
	seed, err := n.cfg.Keys.Get(keysOf(name, newest.Number).sign)
	if err != nil {
		return party{}, fmt.Errorf("signing key of %s: %w", h.DID(), err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	if !slices.ContainsFunc(newest.Keys, func(k ed25519.PublicKey) bool { return k.Equal(key.Public()) }) {
		return party{}, fmt.Errorf("signing key of %s: %w", h.DID(), errOtherKey)
	}
	return party{identity.NewSigner(h.DID(), newest.ID, key), log, newest.Number, newest.Time}, nil
}

// keyOf returns the key of an own identifier whose log is among those given.
func (n *Node) keyOf(me identity.DID, label string, logs [][]byte) (identity.Signer, error) {
	for _, log := range logs {
		if h, err := n.logs.history(log, n.now()); err != nil || h.DID() != me {
			continue // the other side's: its key is not to be looked for
		}
		if p, err := n.openParty(label, log, n.now()); err == nil {
			return p.signer, nil
		}
	}
	return nil, fmt.Errorf("the key of %s is not here", me)
}

// keyring returns what is needed to check envelopes by the logs' owners.
func (n *Node) keyring(now time.Time, logs ...[]byte) (relcard.Keyring, error) {
	histories := make([]*webvh.History, len(logs))
	for i, l := range n.currentLogs(logs) {
		var err error
		if histories[i], err = n.logs.history(l, now); err != nil {
			return relcard.Keyring{}, err
		}
	}
	return relcard.NewKeyring(histories...), nil
}

// setting reads a named setting's bytes; none when it was never set.
func (n *Node) setting(ctx context.Context, name string) ([]byte, error) {
	var body []byte
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		r, err := tx.Get(kindSetting, name)
		if errors.Is(err, store.ErrNotFound) {
			body = nil
			return nil
		}
		body = r.Body
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read setting %s: %w", name, err)
	}
	return body, nil
}
