package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// Rotating keys.
//
// A party's private keys and its key log are in two places that share no
// transaction. The log in the store says which keys are current: those kept
// under the number of its newest version. A rotation keeps the keys of the next
// version first; then one transaction puts the longer log in place of the one
// before and lists the old keys as spent; then these are erased. Whatever it is
// killed between, the log and the keys it names are there. Keys kept for a
// version that there is not are used by the next rotation; spent keys that are
// still there are erased at the next start.

// keyNames are where the keys of one version of an identifier are kept: the one
// that signs, and the one that may write the next version. Those of the first
// have also the one that wrote it.
type keyNames struct{ sign, next, update string }

func keysOf(name string, number int) keyNames {
	if number > 1 {
		name = fmt.Sprintf("%s/%d", name, number)
	}
	return keyNames{name + "/sign", name + "/next", name + "/update"}
}

// mintNext keeps keys for the version after the newest of log, unless a
// rotation that was cut off left some.
func (n *Node) mintNext(name string, log []byte) error {
	h, err := n.logs.history(log, n.now())
	if err != nil {
		return err
	}
	at := keysOf(name, h.Latest().Number+1)
	_, sign := n.cfg.Keys.Get(at.sign)
	_, next := n.cfg.Keys.Get(at.next)
	switch {
	case sign == nil && next == nil:
		return nil
	case sign != nil && !errors.Is(sign, fs.ErrNotExist):
		return fmt.Errorf("look for keys: %w", sign)
	}
	fresh, after, _, err := threeKeys()
	if err != nil {
		return err
	}
	if err := n.cfg.Keys.PutAll(map[string][]byte{at.sign: fresh.Seed(), at.next: after.Seed()}); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	return nil
}

// lengthen returns the party whose log is log and one version more, dated now,
// with the keys that mintNext kept.
func (n *Node) lengthen(name string, log []byte, now time.Time) (party, error) {
	h, err := n.logs.history(log, now)
	if err != nil {
		return party{}, err
	}
	number := h.Latest().Number
	update, err := n.privateKey(keysOf(name, number).next)
	if errors.Is(err, fs.ErrNotExist) {
		return party{}, fmt.Errorf("the key that may rotate those of %s is not here: %w", h.DID(), view.ErrConflict)
	}
	if err != nil {
		return party{}, err
	}
	at := keysOf(name, number+1)
	sign, err := n.privateKey(at.sign)
	if err != nil {
		return party{}, err
	}
	next, err := n.privateKey(at.next)
	if err != nil {
		return party{}, err
	}
	l, err := webvh.Parse(log)
	if err != nil {
		return party{}, err
	}
	l, err = l.Rotate(webvh.Rotation{
		Update: update, Next: next.Public().(ed25519.PublicKey), Sign: sign.Public().(ed25519.PublicKey),
	}, now)
	if errors.Is(err, webvh.ErrTooSoon) {
		err = fmt.Errorf("%w (is the clock right?): %w", err, view.ErrConflict)
	}
	if err != nil {
		return party{}, err
	}
	return n.openParty(name, l.Bytes(), now)
}

func (n *Node) privateKey(name string) (ed25519.PrivateKey, error) {
	seed, err := n.cfg.Keys.Get(name)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// spend lists the keys of a version that is over as to be erased.
func spend(c *change, name string, number int) error {
	at := keysOf(name, number)
	for _, key := range []string{at.sign, at.next, at.update} {
		if err := c.Put(store.Record{Kind: kindSpent, ID: key, Body: []byte("1")}); err != nil {
			return err
		}
	}
	return nil
}

// eraseSpent erases the private keys that sign no more. What they signed is
// verified with the log.
func (n *Node) eraseSpent(ctx context.Context) error {
	var spent []store.Record
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		spent, err = tx.List(store.Query{Kind: kindSpent})
		return err
	})
	if err != nil || len(spent) == 0 {
		return err
	}
	for _, r := range spent {
		if err := n.cfg.Keys.Delete(r.ID); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("erase a spent key: %w", err)
		}
	}
	if p, ok := n.cfg.Keys.(roomyKeys); ok {
		if err := p.Purge(); err != nil {
			return fmt.Errorf("erase spent keys: %w", err)
		}
	}
	return n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		for _, r := range spent {
			if err := tx.Delete(kindSpent, r.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

// rotated does what there is to do once c, which rotated keys, is durable:
// those spent are erased, and the other sides told.
func (n *Node) rotated(ctx context.Context, c *change) {
	n.committed(c)
	if err := n.eraseSpent(context.WithoutCancel(ctx)); err != nil {
		n.log.Warn("spent keys are still here, and will be erased at the next start", "error", err)
	}
	select {
	case n.moved <- struct{}{}:
	default:
	}
}

// RotateVendor replaces all keys of the vendor's identifier, which stays the
// same. Its terms are signed with the new key at once, and everybody it has a
// relationship with is told, which is repeated until it is acknowledged. What
// the old key signed holds. It fails with view.ErrConflict where the longer key
// log would not fit into what it publishes of its terms.
func (n *Node) RotateVendor(ctx context.Context) (view.KeyRotation, error) {
	if n.vendor == nil {
		return view.KeyRotation{}, errNotVendor
	}
	var told int
	c, err := n.rotateVendor(ctx, &told)
	if err != nil {
		return view.KeyRotation{}, fmt.Errorf("rotate the vendor's keys: %w", err)
	}
	n.rotated(ctx, c)
	n.vendor.tellChanged()
	return rotationView(n.vendor.me(), c.now, told), nil
}

func (n *Node) rotateVendor(ctx context.Context, told *int) (*change, error) {
	if err := n.gate.alone(ctx); err != nil {
		return nil, err
	}
	defer n.gate.open()
	if err := n.catchUpAlone(ctx); err != nil {
		return nil, err
	}
	if err := n.mintNext(vendorKeys, n.vendor.me().log); err != nil {
		return nil, err
	}
	others, err := n.gather(ctx)
	if err != nil {
		return nil, err
	}
	c, err := n.commit(ctx, func(c *change) (err error) {
		if err := others.commit(c); err != nil {
			return err
		}
		if *told, err = c.Count(store.Query{Kind: kindRelation, State: relationOpen}); err != nil {
			return err
		}
		return n.rotateVendorIn(c)
	})
	if err != nil {
		others.undo(context.WithoutCancel(ctx))
	}
	if opened := n.reopenVendor(context.WithoutCancel(ctx)); err == nil {
		err = opened
	}
	return c, err
}

func (n *Node) rotateVendorIn(c *change) error {
	me := n.vendor.me()
	next, err := n.lengthen(vendorKeys, me.log, c.now)
	if err != nil {
		return err
	}
	if err := c.Put(store.Record{Kind: kindSetting, ID: settingVendorLog, Body: next.log}); err != nil {
		return err
	}
	if err := spend(c, vendorKeys, me.number); err != nil {
		return err
	}
	seq, err := nextSeq(c, settingTermsSeq)
	if err != nil {
		return err
	}
	if _, err := n.signTerms(c, &next, seq); err != nil {
		return fmt.Errorf("%w: %w", err, view.ErrConflict)
	}
	return c.note("keys.rotated", noCID, "rotated the vendor's keys: they are at version %d of its key log", next.number)
}

// reopenVendor has the node sign with the key of the log that is stored: after
// a commit that failed nobody else knows which that is.
func (n *Node) reopenVendor(ctx context.Context) error {
	log, err := n.setting(ctx, settingVendorLog)
	if err != nil {
		return err
	}
	p, err := n.openVendorKeys(log)
	if err != nil {
		return err
	}
	n.vendor.party.Store(&p)
	return nil
}

// openVendorKeys is openParty for the vendor, whose keys another replica may
// have rotated.
func (n *Node) openVendorKeys(log []byte) (party, error) {
	p, err := n.openParty(vendorKeys, log, n.now())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errOtherKey) {
		err = fmt.Errorf("%w: %w", errKeysElsewhere, err)
	}
	return p, err
}

func rotationView(me *party, now time.Time, told int) view.KeyRotation {
	return view.KeyRotation{
		DID: me.signer.DID(), Version: me.signer.KeyVersion(), Number: me.number, Since: identity.At(now), Told: told,
	}
}
