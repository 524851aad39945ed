package node

import (
	"bytes"
	"context"
	"crypto/hpke"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// Replicas.
//
// Several nodes of one vendor over one store are its replicas. They share all
// records and so the key log; what they do not share is the private keys, which
// each keeps for itself, and what each has in memory. Two things hold them
// together:
//
//   - The log in the store is the one that counts. Every transaction of a
//     vendor's node looks whether it is the one this node signs with, and
//     changes nothing where it is not. So one log never gets two successors,
//     and nothing is signed with a key that is over.
//   - A replica has a record, renewed while it runs, by which a rotation knows
//     whom to hand the next keys to and to wait for; see rotateshared.go. What
//     a replica signs is dated before the end of its record: a rotation that
//     finds that one over is dated after all of it.
type replica struct {
	id   string // of this run
	name string
	key  hpke.PrivateKey // what is for this run alone is sealed to it; never on disk

	joined atomic.Bool  // there has been a record of this run
	until  atomic.Int64 // end of the record as it is stored, Unix seconds
}

const (
	// replicaLease is how long a replica that is heard of no more is waited
	// for.
	replicaLease = 30 * time.Second
	// replicaRenew is how much of that is left when a replica renews its record:
	// more than askedWait, so that one which dies while it is asked to take part
	// in a rotation is not passed over.
	replicaRenew = 20 * time.Second
	// replicaBeat is how often a replica looks what the others are doing.
	replicaBeat = time.Second
)

// replicaBody is a replica's record. It is of one run, and replaces that of the
// run before by its name.
type replicaBody struct {
	Version uint64 `cbor:"v"`
	Name    string `cbor:"name"`
	Key     []byte `cbor:"key"` // HPKE public key

	// Of a replica that takes part in a rotation: which, when it said so, and
	// the newest second in which it may have signed. It signs nothing until the
	// rotation is over.
	Took   string        `cbor:"took,omitempty"`
	At     identity.Time `cbor:"at,omitzero"`
	Signed int64         `cbor:"signed,omitempty"` // Unix
}

// Errors of a node whose vendor's keys are not those in force.
var (
	// errRotated is met by a transaction of a replica that has not noticed yet.
	errRotated = fmt.Errorf("another replica has rotated the vendor's keys: %w", view.ErrConflict)
	// errKeysElsewhere is for a replica that had no part in it.
	errKeysElsewhere = errors.New("the vendor's private keys in force are not in this keystore, but in that of the replica that rotated them, or in a later backup; bring that one here and start again")
)

func newReplica(name string) (*replica, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, fmt.Errorf("name a replica: %w", err)
	}
	key, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make a replica's key: %w", err)
	}
	return &replica{id: hex.EncodeToString(id), name: name, key: key}, nil
}

// fence refuses a transaction of a vendor's node that does not sign with the
// keys in force, and keeps a replica's record going.
func (n *Node) fence(c *change) error {
	if n.vendor == nil {
		return nil
	}
	rec, err := c.Get(kindSetting, settingVendorLog)
	if err != nil {
		return fmt.Errorf("read the vendor's key log: %w", err)
	}
	if !bytes.Equal(rec.Body, n.vendor.me().log) {
		return errRotated
	}
	if n.replica != nil && c.now.Before(n.vendor.me().since) {
		return fmt.Errorf("the vendor's keys in force begin at %s, and the clock here is behind: %w", identity.At(n.vendor.me().since), view.ErrUnavailable)
	}
	if n.replica == nil || !n.replica.due(c.now) {
		return nil
	}
	return n.replica.renew(c, replicaBody{})
}

// due reports whether the replica's record is to be renewed.
func (r *replica) due(now time.Time) bool {
	return now.Unix() >= r.until.Load()-int64(replicaRenew/time.Second)
}

// renew writes the replica's record anew.
func (r *replica) renew(c *change, b replicaBody) error {
	if !r.joined.Load() {
		if err := r.replace(c); err != nil {
			return fmt.Errorf("put a replica in the place of its run before: %w", err)
		}
	}
	due := c.now.Add(replicaLease).Truncate(time.Second)
	b.Version, b.Name, b.Key = 1, r.name, r.key.PublicKey().Bytes()
	if err := put(c.Tx, store.Record{Kind: kindReplica, ID: r.id, Due: due}, b); err != nil {
		return fmt.Errorf("renew the replica's record: %w", err)
	}
	c.OnDurable(func() {
		r.joined.Store(true)
		r.until.Store(due.Unix())
	})
	return nil
}

// replace takes away what a run of this name has left that did not end well:
// nobody need wait for it.
func (r *replica) replace(c *change) error {
	recs, err := c.List(store.Query{Kind: kindReplica})
	if err != nil {
		return err
	}
	for _, rec := range recs {
		var b replicaBody
		if err := get(rec, &b); err != nil {
			return err
		}
		if rec.ID == r.id || b.Name != r.name && c.now.Before(rec.Due.Add(replicaLease)) {
			continue
		}
		if err := c.Delete(kindReplica, rec.ID); err != nil {
			return err
		}
	}
	if asked, err := askedRotationIn(c.Tx); err != nil || asked == nil || asked.By != r.name {
		return err
	}
	return c.Delete(kindSetting, settingRotation)
}

// liveReplica is another replica that runs, or did a moment ago.
type liveReplica struct {
	id   string
	body replicaBody
}

// others returns the replicas beside this one whose records are not over.
func (n *Node) others(tx store.Tx, now time.Time) (live []liveReplica, err error) {
	recs, err := tx.List(store.Query{Kind: kindReplica})
	if err != nil {
		return nil, err
	}
	for _, rec := range recs {
		if n.replica != nil && rec.ID == n.replica.id || !now.Before(rec.Due) {
			continue
		}
		l := liveReplica{id: rec.ID}
		if err := get(rec, &l.body); err != nil {
			return nil, err
		}
		live = append(live, l)
	}
	return live, nil
}

// replicaLoop keeps up with the other replicas. It fails, and the node with it,
// where the keys in force are not to be had.
func (n *Node) replicaLoop(ctx context.Context) error {
	if n.replica == nil || n.vendor == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	for {
		err := n.beat(ctx)
		if errors.Is(err, errKeysElsewhere) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			n.log.Warn("keeping up with the other replicas", "error", err)
		}
		if err := pause(ctx, replicaBeat); err != nil {
			return err
		}
	}
}

// beat takes part in a rotation that is asked for, and otherwise sees to it that
// this replica is on record, and signs with the keys in force.
func (n *Node) beat(ctx context.Context) error {
	var asked *askedRotation
	var log []byte
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if asked, err = askedRotationIn(tx); err != nil {
			return err
		}
		rec, err := tx.Get(kindSetting, settingVendorLog)
		log = rec.Body
		return err
	})
	if err != nil {
		return err
	}
	if sealed := asked.sealedTo(n.replica.id); sealed != nil {
		return n.takePart(ctx, asked, sealed)
	}
	if bytes.Equal(log, n.vendor.me().log) && !n.replica.due(n.now()) {
		return nil
	}
	return n.update(ctx, func(*change) error { return nil }) // every transaction does both
}

// catchUp has this node sign with the keys in force. The caller holds no place
// within the gate.
func (n *Node) catchUp(ctx context.Context) error {
	if err := n.gate.shut(ctx); err != nil {
		return err
	}
	defer n.gate.open()
	return n.catchUpAlone(ctx)
}

// catchUpAlone is catchUp for who has the gate for itself. It waits until what
// it signs is dated within the version that is in force: the clock here may be
// behind that of who rotated.
func (n *Node) catchUpAlone(ctx context.Context) error {
	if err := n.reopenVendor(ctx); err != nil {
		return err
	}
	me := n.vendor.me()
	if err := pause(ctx, time.Until(me.since)); err != nil {
		return err
	}
	return n.eraseBefore(me.number)
}

// eraseBefore erases the vendor's private keys of versions before number. The
// list of spent keys is for all replicas, and the first to act on it clears it.
func (n *Node) eraseBefore(number int) error {
	erased := false
	for v := range number - 1 {
		at := keysOf(vendorKeys, v+1)
		for _, key := range []string{at.sign, at.next, at.update} {
			err := n.cfg.Keys.Delete(key)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("erase a spent key: %w", err)
			}
			erased = erased || err == nil
		}
	}
	if p, ok := n.cfg.Keys.(roomyKeys); ok && erased {
		if err := p.Purge(); err != nil {
			return fmt.Errorf("erase spent keys: %w", err)
		}
	}
	return nil
}

// leave ends the replica's record, so that nobody waits for it.
func (n *Node) leave(ctx context.Context) {
	if n.replica == nil {
		return
	}
	n.replica.until.Store(0) // what is still signed, as for a request under way, has a record again
	if err := n.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.Delete(kindReplica, n.replica.id) }); err != nil {
		n.log.Warn("telling the other replicas that this one ends", "error", err)
	}
}
