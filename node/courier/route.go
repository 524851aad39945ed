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

// routeRecord is the body of an own route's record, under its label. Its keys
// are in Secrets.
type routeRecord struct {
	Version uint64           `cbor:"v"`                // 1
	Route   intentcast.Route `cbor:"route"`            // as others are told
	Holder  []byte           `cbor:"holder"`           // the holder's HPKE public key
	Hidden  bool             `cbor:"hidden"`           // opened through a forwarder: the holder is never asked otherwise
	Created identity.Time    `cbor:"created"`          //
	Expires identity.Time    `cbor:"expires"`          //
	Granted identity.Time    `cbor:"granted,omitzero"` // what the holder granted at first
}

// ownRoute is an open route of this node.
type ownRoute struct {
	label  string
	slot   ed25519.PrivateKey
	key    *seal.PrivateKey
	cancel context.CancelFunc // ends its polling
	ended  chan struct{}      // closed when its polling has ended

	mu  sync.Mutex
	rec routeRecord
	via peer.ID // forwarder in use; "" none yet
	out int     // times in a row that it did not reach the holder
}

func (rt *ownRoute) record() routeRecord {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.rec
}

// routes are the own routes of a courier.
type routes struct {
	polls chan struct{} // a token for each fetch that waits

	mu   sync.Mutex
	open map[string]*ownRoute
	busy map[string]bool // labels being opened or closed
}

// lock reserves a label; false if somebody has it.
func (r *routes) lock(label string) (unlock func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[label] {
		return nil, false
	}
	r.busy[label] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.busy, label)
	}, true
}

func (r *routes) get(label string) *ownRoute {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[label]
}

func (r *routes) all() []*ownRoute {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*ownRoute, 0, len(r.open))
	for _, rt := range r.open {
		out = append(out, rt)
	}
	return out
}

// uses counts the open routes by what of tells of each.
func (r *routes) uses(of func(*ownRoute) string) map[peer.ID]int {
	n := make(map[peer.ID]int)
	for _, rt := range r.all() {
		rt.mu.Lock()
		p := of(rt)
		rt.mu.Unlock()
		if id, err := peer.Decode(p); err == nil {
			n[id]++
		}
	}
	return n
}

func (r *routes) holderUses() map[peer.ID]int {
	return r.uses(func(rt *ownRoute) string { return rt.rec.Route.Peer })
}

func (r *routes) viaUses() map[peer.ID]int {
	return r.uses(func(rt *ownRoute) string { return rt.via.String() })
}

// anyHidden reports whether an open route was opened through a forwarder.
func (r *routes) anyHidden() bool {
	for _, rt := range r.all() {
		if rt.record().Hidden {
			return true
		}
	}
	return false
}

// routeKeys are the secrets of a route: 32 bytes Ed25519 seed of the slot, 32
// bytes seed of the HPKE key.
func newRouteKeys() (ed25519.PrivateKey, *seal.PrivateKey, error) {
	key, err := seal.GenerateKey()
	if err != nil {
		return nil, nil, err
	}
	_, slot, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generate slot key: %w", err)
	}
	return slot, key, nil
}

func (rt *ownRoute) secret() ([]byte, error) {
	seed, err := rt.key.Seed()
	return append(rt.slot.Seed(), seed...), err
}

// routeSecret names a route's secrets without telling its label.
func routeSecret(label string) string {
	h := sha256.Sum256([]byte(label))
	return "courier/route/" + hex.EncodeToString(h[:16])
}

func (c *Courier) loadRouteKeys(label string) (ed25519.PrivateKey, *seal.PrivateKey, error) {
	b, err := c.cfg.Secrets.Get(routeSecret(label))
	if err != nil {
		return nil, nil, err
	}
	if len(b) != ed25519.SeedSize+seal.SeedSize {
		return nil, nil, fmt.Errorf("secret of route %q has %d bytes", label, len(b))
	}
	key, err := seal.NewPrivateKey(b[ed25519.SeedSize:])
	if err != nil {
		return nil, nil, err
	}
	return ed25519.NewKeyFromSeed(b[:ed25519.SeedSize]), key, nil
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
	return open, nil
}

var errGone = errors.New("route is no longer open")

func (c *Courier) restoreRoute(rec store.Record) (*ownRoute, error) {
	rt := &ownRoute{label: rec.ID}
	if rec.State != routeOpen {
		return nil, errGone
	}
	if err := dagcbor.Unmarshal(rec.Body, &rt.rec); err != nil {
		return nil, err
	}
	var err error
	rt.slot, rt.key, err = c.loadRouteKeys(rec.ID)
	if errors.Is(err, fs.ErrNotExist) {
		c.log.Error("route dropped, its keys are gone", "label", rec.ID)
		return nil, errGone
	}
	return rt, err
}

// putRoute stores the record of a route in a state.
func (c *Courier) putRoute(ctx context.Context, label, state string, r routeRecord) error {
	r.Version = 1
	body, err := dagcbor.Marshal(r)
	if err != nil {
		return err
	}
	err = c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Put(store.Record{Kind: kindRoute, ID: label, State: state, Due: r.Expires.Std(), Body: body})
	})
	if err != nil {
		return fmt.Errorf("store route %q: %w", label, err)
	}
	return nil
}

// forgetRoute deletes a route's keys and then its record: a record without
// keys is cleared at the next start, keys without a record would stay.
func (c *Courier) forgetRoute(ctx context.Context, label string) error {
	if err := c.cfg.Secrets.Delete(routeSecret(label)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete keys of route %q: %w", label, err)
	}
	err := c.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.Delete(kindRoute, label) })
	if err != nil {
		return fmt.Errorf("delete route %q: %w", label, err)
	}
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
