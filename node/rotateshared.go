package node

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// Rotating the keys of a vendor with replicas.
//
//  1. The one that was told to shuts its gate, keeps the next keys, and asks for
//     the others: a record with the next keys, sealed to each that runs.
//  2. Each of these shuts its gate, keeps the keys, and says in its own record
//     that it takes part, and up to which second it may have signed.
//  3. Once all have, and that second is over, one transaction puts the longer
//     log in place and takes the record of the asking away.
//  4. The others see that it is gone, go by the log that is stored, and open.
//
// The keys are with everybody before the log names them, so whoever is killed
// at whatever moment, each replica can sign with what is in force. Where not
// all take part in time nothing is rotated. One that took part opens only when
// the record of the asking is gone; it takes it away itself where the one who
// asked seems to be, and that one then finds it gone, in the transaction that
// would lengthen the log.
type askedRotation struct {
	Version uint64        `cbor:"v"`
	ID      string        `cbor:"id"`
	By      string        `cbor:"by"`     // name of the replica
	Number  uint64        `cbor:"number"` // of the version of the log that is to be
	Until   identity.Time `cbor:"until"`  // when it is given up
	Keys    []sealedKeys  `cbor:"keys"`
}

// sealedKeys are the seeds of the next keys, the one that signs and the one
// after, for one replica.
type sealedKeys struct {
	Replica string `cbor:"replica"`
	Sealed  []byte `cbor:"sealed"`
}

const (
	settingRotation = "rotation" // askedRotation, while there is one

	// askedWait is how long the others have to take part.
	askedWait = 10 * time.Second
	// askedLook is how often both sides look how far it is.
	askedLook = 100 * time.Millisecond
	// askedOver is how long after its end one that took part ends it itself.
	askedOver = 5 * time.Second
	// mostSkew is how far the replicas' clocks may be apart, with what it takes
	// to be heard.
	mostSkew = 5 * time.Second
)

func (a *askedRotation) sealedTo(replica string) []byte {
	if a == nil {
		return nil
	}
	for _, k := range a.Keys {
		if k.Replica == replica {
			return k.Sealed
		}
	}
	return nil
}

// info binds sealed keys to the rotation that they are for.
func (a *askedRotation) info() []byte {
	return fmt.Appendf(nil, "parley/replica/1 %s %d", a.ID, a.Number)
}

// askedRotationIn returns the one under way; nil: none is.
func askedRotationIn(tx store.Tx) (*askedRotation, error) {
	rec, err := tx.Get(kindSetting, settingRotation)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a := new(askedRotation)
	return a, get(rec, a)
}

// together is the others' part in a rotation: none where nobody else runs.
type together struct {
	n     *Node
	asked *askedRotation
	after int64 // the newest second in which another may have signed
}

// gather has the other replicas take part in a rotation; the caller has the
// gate for itself, and the next keys kept. It ends with commit or with undo.
func (n *Node) gather(ctx context.Context) (*together, error) {
	t := &together{n: n}
	var others []liveReplica
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		others, err = n.others(tx, time.Now())
		return err
	})
	if err != nil || len(others) == 0 {
		return t, err
	}
	if err = n.cfg.Store.Update(ctx, func(tx store.Tx) error { return t.ask(tx, time.Now()) }); err == nil {
		err = t.await(ctx)
	}
	if err == nil {
		err = pause(ctx, time.Until(time.Unix(t.after+1, 0)))
	}
	if err != nil {
		t.undo(context.WithoutCancel(ctx))
		return nil, err
	}
	return t, nil
}

// ask puts down what is asked of the others.
func (t *together) ask(tx store.Tx, now time.Time) error {
	t.asked = nil
	under, err := askedRotationIn(tx)
	if err != nil {
		return err
	}
	if under != nil && now.Before(under.Until.Std().Add(askedOver)) {
		return fmt.Errorf("replica %q is rotating them already: %w", under.By, view.ErrConflict)
	}
	others, err := t.n.others(tx, now)
	if err != nil || len(others) == 0 {
		return err
	}
	if t.n.replica == nil {
		return fmt.Errorf("replica %q of this vendor runs over the same store, and this node was not started as one: %w", others[0].body.Name, view.ErrConflict)
	}
	a := &askedRotation{
		Version: 1, ID: rand.Text(), By: t.n.replica.name, Number: uint64(t.n.vendor.me().number + 1), Until: identity.At(now.Add(askedWait)),
	}
	keys, err := t.n.nextKeys(int(a.Number))
	if err != nil {
		return err
	}
	for _, o := range others {
		pub, err := hpke.MLKEM768X25519().NewPublicKey(o.body.Key)
		if err != nil {
			return fmt.Errorf("the key of replica %q: %w", o.body.Name, err)
		}
		sealed, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), a.info(), keys)
		if err != nil {
			return fmt.Errorf("seal keys to replica %q: %w", o.body.Name, err)
		}
		a.Keys = append(a.Keys, sealedKeys{o.id, sealed})
	}
	t.asked = a
	return put(tx, store.Record{Kind: kindSetting, ID: settingRotation}, a)
}

// nextKeys are the seeds of the keys kept for a version that is to be.
func (n *Node) nextKeys(number int) ([]byte, error) {
	at := keysOf(vendorKeys, number)
	sign, err := n.cfg.Keys.Get(at.sign)
	if err != nil {
		return nil, err
	}
	next, err := n.cfg.Keys.Get(at.next)
	if err != nil {
		return nil, err
	}
	return append(sign, next...), nil
}

// await waits until every other replica takes part.
func (t *together) await(ctx context.Context) error {
	for {
		var missing string
		err := t.n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
			missing, err = t.missing(tx, time.Now())
			return err
		})
		switch {
		case err != nil:
			return err
		case missing == "":
			return nil
		case !time.Now().Before(t.asked.Until.Std()):
			return fmt.Errorf("replica %q runs and takes no part; nothing is changed, try again in a while: %w", missing, view.ErrUnavailable)
		}
		if err := pause(ctx, askedLook); err != nil {
			return err
		}
	}
}

// missing names a replica that runs and takes no part.
func (t *together) missing(tx store.Tx, now time.Time) (name string, err error) {
	others, err := t.n.others(tx, now)
	if err != nil {
		return "", err
	}
	for _, o := range others {
		if t.asked == nil || o.body.Took != t.asked.ID {
			return o.body.Name, nil
		}
		if apart := now.Sub(o.body.At.Std()); apart < -mostSkew || apart > mostSkew+askedWait {
			return "", fmt.Errorf("the clock of replica %q is some %s off the one here; set them right first: %w", o.body.Name, apart.Abs().Round(time.Second), view.ErrConflict)
		}
		t.after = max(t.after, o.body.Signed)
	}
	return "", nil
}

// commit is the others' part in the transaction that lengthens the log: all
// that run now take part still.
func (t *together) commit(c *change) error {
	missing, err := t.missing(c.Tx, c.now)
	if err != nil {
		return err
	}
	if missing != "" {
		return fmt.Errorf("replica %q has just started; nothing is changed, try again: %w", missing, view.ErrUnavailable)
	}
	under, err := askedRotationIn(c.Tx)
	if err != nil || t.asked == nil {
		return err
	}
	if under == nil || under.ID != t.asked.ID || c.now.Unix() <= t.after {
		return fmt.Errorf("it took too long, and the other replicas go on with the keys of before; nothing is changed, try again: %w", view.ErrUnavailable)
	}
	return c.Delete(kindSetting, settingRotation)
}

// undo has the others go on as before. Where even that fails they do so by
// themselves after a while.
func (t *together) undo(ctx context.Context) {
	if t.asked == nil {
		return
	}
	if err := t.n.endAsked(ctx, t.asked.ID); err != nil {
		t.n.log.Warn("telling the other replicas that keys are not rotated", "error", err)
	}
}

// endAsked takes away a rotation that was asked for and is not to be.
func (n *Node) endAsked(ctx context.Context, id string) error {
	return n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if under, err := askedRotationIn(tx); err != nil || under == nil || under.ID != id {
			return err
		}
		return tx.Delete(kindSetting, settingRotation)
	})
}

// takePart is a replica's part in a rotation that another asks for. From when
// it may have said so the gate is shut until the asking is over, by whichever
// side's transaction: what is signed in between could be dated into the next
// version.
func (n *Node) takePart(ctx context.Context, a *askedRotation, sealed []byte) error {
	keys, err := hpke.Open(n.replica.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), a.info(), sealed)
	if err != nil {
		return fmt.Errorf("open the next keys, from replica %q: %w", a.By, err)
	}
	if len(keys) != 2*ed25519.SeedSize {
		return fmt.Errorf("the next keys, from replica %q, have %d bytes", a.By, len(keys))
	}
	if err := n.gate.shut(ctx); err != nil {
		return err
	}
	at := keysOf(vendorKeys, int(a.Number))
	if err := n.cfg.Keys.PutAll(map[string][]byte{at.sign: keys[:ed25519.SeedSize], at.next: keys[ed25519.SeedSize:]}); err != nil {
		n.gate.open()
		return fmt.Errorf("keep the next keys: %w", err)
	}
	err = n.sayTook(ctx, a)
	if err == nil {
		err = n.awaitOver(ctx, a)
	}
	for err != nil {
		if end := n.endAsked(context.WithoutCancel(ctx), a.ID); end == nil {
			break
		}
		if pause(ctx, replicaBeat) != nil {
			return fmt.Errorf("take part in the rotation by replica %q: %w", a.By, err) // it ends, with the gate shut
		}
	}
	defer n.gate.open()
	return n.catchUpAlone(ctx)
}

// sayTook says in the replica's record that it takes part, while it is asked.
func (n *Node) sayTook(ctx context.Context, a *askedRotation) error {
	var c *change
	err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if under, err := askedRotationIn(tx); err != nil || under == nil || under.ID != a.ID {
			return errors.Join(err, errNotAsked)
		}
		c = &change{Tx: tx, n: n, now: time.Now()}
		return n.replica.renew(c, replicaBody{Took: a.ID, At: identity.At(c.now), Signed: n.gate.last.Load()})
	})
	if err != nil {
		return err
	}
	n.committed(c)
	return nil
}

var errNotAsked = errors.New("the rotation is not asked for any more")

// awaitOver waits until a rotation is done or given up. Past its time it is
// for this side to end it.
func (n *Node) awaitOver(ctx context.Context, a *askedRotation) error {
	for {
		var under *askedRotation
		err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
			under, err = askedRotationIn(tx)
			return err
		})
		switch {
		case err != nil:
			return err
		case under == nil || under.ID != a.ID:
			return nil
		case time.Now().After(a.Until.Std().Add(askedOver)):
			return fmt.Errorf("replica %q has not ended it: %w", a.By, view.ErrUnavailable)
		}
		if err := pause(ctx, askedLook); err != nil {
			return err
		}
	}
}
