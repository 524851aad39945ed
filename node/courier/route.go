package courier

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

const kindRoute store.Kind = "route"

// The states of a route's record.
const (
	routeOpening = "opening" // its keys may be there, and nobody was told of it
	routeOpen    = "open"
	routeClosing = "closing"

	maxLabel = 512
)

// routeRecord is the body of an own route's record. Its keys are in Secrets. The
// first route of a label stands under the label; one that took the place of
// another under an id of its own.
type routeRecord struct {
	Version uint64           `cbor:"v"`                 // 1
	Route   intentcast.Route `cbor:"route"`             // as others are told
	Holder  []byte           `cbor:"holder"`            // the holder's HPKE public key
	Hidden  bool             `cbor:"hidden"`            // opened through a forwarder: the holder is never asked otherwise
	Created identity.Time    `cbor:"created"`           //
	Expires identity.Time    `cbor:"expires"`           //
	Granted identity.Time    `cbor:"granted,omitzero"`  // what the holder granted at first
	Avoid   []string         `cbor:"avoid,omitempty"`   // peers that neither hold it nor are asked to carry, where there are others
	Label   string           `cbor:"label,omitempty"`   // none: the record's id
	Retired identity.Time    `cbor:"retired,omitzero"`  // when another took its place: letters to it are taken for a while
	Mailbox bool             `cbor:"mailbox,omitempty"` // for letters to this node's direct route: its holder is asked openly
}

// retire has the route end soon.
func (r *routeRecord) retire(now time.Time, grace time.Duration) {
	r.Retired = identity.At(now)
	if end := identity.At(now.Add(grace)); end.Before(r.Expires) {
		r.Expires = end
	}
}

// ownRoute is an open route of this node.
type ownRoute struct {
	id      string // of its record
	label   string // what its letters are labelled with; that of a mailbox is none
	slot    ed25519.PrivateKey
	seed    []byte  // of its HPKE key, which is made when a letter comes: ready for use it takes 10 KiB
	keyHash []byte  // SHA-256 of its public key; none for a mailbox
	holder  peer.ID // who holds it
	poll    *poller
	line    lineHolder // to the holder

	mu   sync.Mutex
	rec  routeRecord
	via  peer.ID // forwarder in use; "" none yet; changed by routes.goBy alone
	out  int     // times in a row that it did not reach the holder
	shun peer.ID // forwarder that did not; another is asked where there is one
}

func (rt *ownRoute) record() routeRecord {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.rec
}

// reached notes that the holder answered by the forwarder in use.
func (rt *ownRoute) reached() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.out, rt.shun = 0, ""
}

// open opens a letter sealed to the route.
func (rt *ownRoute) open(sealed []byte) (seal.Letter, error) {
	key, err := seal.NewPrivateKey(rt.seed)
	if err != nil {
		return seal.Letter{}, err
	}
	l, _, err := key.Open(sealed)
	return l, err
}

// newRoute returns a route with new keys, and its public key.
func newRoute(label string) (*ownRoute, []byte, error) {
	key, err := seal.GenerateKey()
	if err != nil {
		return nil, nil, err
	}
	seed, err := key.Seed()
	if err != nil {
		return nil, nil, err
	}
	_, slot, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generate slot key: %w", err)
	}
	pub := key.Public()
	return &ownRoute{id: label, label: label, slot: slot, seed: seed, keyHash: seal.KeyHash(pub)}, pub, nil
}

// secret returns what is kept in Secrets: 32 bytes Ed25519 seed of the slot,
// 32 bytes seed of the HPKE key; a mailbox has none of its own.
func (rt *ownRoute) secret() []byte { return append(rt.slot.Seed(), rt.seed...) }

// routeSecret names a route's secrets without telling its label.
func routeSecret(id string) string {
	h := sha256.Sum256([]byte(id))
	return "courier/route/" + hex.EncodeToString(h[:16])
}

// loadKeys gets the secrets of rt, which has its id and record.
func (c *Courier) loadKeys(rt *ownRoute) error {
	b, err := c.cfg.Secrets.Get(routeSecret(rt.id))
	if err != nil {
		return err
	}
	want := ed25519.SeedSize + seal.SeedSize
	if rt.rec.Mailbox {
		want = ed25519.SeedSize
	}
	if len(b) != want {
		return fmt.Errorf("secret of route %q has %d bytes", rt.id, len(b))
	}
	rt.slot, rt.seed = ed25519.NewKeyFromSeed(b[:ed25519.SeedSize]), b[ed25519.SeedSize:]
	return nil
}

// loadRoutes returns the open routes in the store, ready to be polled, and
// clears away those whose opening or closing was cut short.
func (c *Courier) loadRoutes(ctx context.Context) ([]*ownRoute, error) {
	var recs []store.Record
	err := c.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindRoute})
		return err
	})
	if err != nil {
		return nil, err
	}
	var open []*ownRoute
	for _, rec := range recs {
		rt, err := c.restoreRoute(rec)
		switch {
		case errors.Is(err, errGone):
			if err := c.forgetRoute(ctx, rec.ID); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, fmt.Errorf("route %q: %w", rec.ID, err)
		default:
			open = append(open, rt)
		}
	}
	return c.supersede(ctx, open)
}

// supersede retires all but the newest route of each label: the run that opened
// it may have been cut short before it did.
func (c *Courier) supersede(ctx context.Context, open []*ownRoute) ([]*ownRoute, error) {
	newest := make(map[string]*ownRoute)
	for _, rt := range open {
		have := newest[rt.label]
		if rt.rec.Retired.IsZero() && !rt.rec.Mailbox && (have == nil || have.rec.Created.Before(rt.rec.Created)) {
			newest[rt.label] = rt
		}
	}
	for _, rt := range open {
		if rt.rec.Mailbox || !rt.rec.Retired.IsZero() || newest[rt.label] == rt {
			continue
		}
		rt.rec.retire(time.Now(), c.lim.Grace)
		if err := c.putRoute(ctx, rt.id, routeOpen, rt.rec); err != nil {
			return nil, err
		}
	}
	return open, nil
}

var errGone = errors.New("route is no longer open")

func (c *Courier) restoreRoute(rec store.Record) (*ownRoute, error) {
	rt := &ownRoute{id: rec.ID, label: rec.ID}
	if rec.State != routeOpen {
		return nil, errGone
	}
	if err := dagcbor.Unmarshal(rec.Body, &rt.rec); err != nil {
		return nil, err
	}
	var err error
	if rt.holder, err = peer.Decode(rt.rec.Route.Peer); err != nil {
		return nil, fmt.Errorf("holder: %w", err)
	}
	switch {
	case rt.rec.Mailbox:
		rt.label = ""
	case rt.rec.Label != "":
		rt.label = rt.rec.Label
	}
	if !rt.rec.Mailbox {
		rt.keyHash = seal.KeyHash(rt.rec.Route.Key)
	}
	err = c.loadKeys(rt)
	if errors.Is(err, fs.ErrNotExist) {
		c.log.Error("route dropped, its keys are gone", "label", rec.ID)
		return nil, errGone
	}
	return rt, err
}

// putRoute stores the record of a route in a state.
func (c *Courier) putRoute(ctx context.Context, id, state string, r routeRecord) error {
	r.Version = 1
	body, err := dagcbor.Marshal(r)
	if err != nil {
		return err
	}
	err = c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Put(store.Record{Kind: kindRoute, ID: id, State: state, Due: r.Expires.Std(), Body: body})
	})
	if err != nil {
		return fmt.Errorf("store route %q: %w", id, err)
	}
	return nil
}

// forgetRoute deletes a route's keys and then its record: a record without
// keys is cleared at the next start, keys without a record would stay.
func (c *Courier) forgetRoute(ctx context.Context, id string) error {
	if err := c.cfg.Secrets.Delete(routeSecret(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete keys of route %q: %w", id, err)
	}
	err := c.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.Delete(kindRoute, id) })
	if err != nil {
		return fmt.Errorf("delete route %q: %w", id, err)
	}
	c.toPurge.Store(true)
	return nil
}

// holderOf returns whom to ask about r and with which key: what the holder
// said of itself last, else what it said when the route was opened.
func (c *Courier) holderOf(r routeRecord) (peer.AddrInfo, []byte, error) {
	info, err := wire.ParsePeer(r.Route.Peer, r.Route.Addrs)
	if err != nil {
		return info, nil, fmt.Errorf("holder of route: %w", err)
	}
	if rec, ok := c.book.get(info.ID, time.Now()); ok {
		return info, rec.Key, nil
	}
	return info, r.Holder, nil
}
