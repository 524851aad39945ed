package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/terms"
)

const (
	// defaultLife is how long an intent stays open when its owner says nothing.
	defaultLife = 24 * time.Hour
	// defaultResponders is how many offers an intent takes when its owner
	// sets no cap.
	defaultResponders = 100
	// clockSkew is how far another's clock may be ahead of ours.
	clockSkew = 5 * time.Minute
	// recastFirst is when an open intent goes out again for peers that came
	// later, past the two minutes GossipSub takes it for the same message. Each
	// further time takes recastSlower times as long, at most recastMost; peers
	// that have the intent drop it by its id.
	recastFirst  = 150 * time.Second
	recastSlower = 3
	recastMost   = 6 * time.Hour
	// saltSize is the length of a commitment's salt.
	saltSize = 16
	// routeGrace keeps a reply route open past its intent, for letters under way.
	routeGrace = time.Hour
)

// Cast makes an intent of w under a key of its own, keeps it, and sends it to
// the market. When no peer is connected yet it goes out as soon as one is.
func (n *Node) Cast(ctx context.Context, w view.Want) (view.Intent, error) {
	now := time.Now()
	d, err := n.draft(w, now)
	if err != nil {
		return view.Intent{}, fmt.Errorf("cast: %w", err)
	}
	cast, err := n.castAs(ctx, d, now, func(c *change, cast *intentcast.Cast) error {
		return c.note("intent.cast", cast.Root(), "cast an intent: %s", summary(&cast.Intent))
	})
	if err != nil {
		return view.Intent{}, fmt.Errorf("cast: %w", err)
	}
	return n.Intent(ctx, cast.ID)
}

// draft is an intent about to be cast, under a key made for it alone.
type draft struct {
	intent intentcast.Intent // all but the reply route
	key    ed25519.PrivateKey
	body   intentBody // all but the cast
}

func (n *Node) draft(w view.Want, now time.Time) (draft, error) {
	life, err := lifeOf(w)
	if err != nil {
		return draft{}, err
	}
	if len(w.Items) == 0 {
		return draft{}, view.Invalid("items", "nothing is wanted yet: name a thing (--item NAME) or what it must be like (--require PROPERTY=VALUE)")
	}
	if err := n.hidesNumbers(w.Memberships); err != nil {
		return draft{}, err
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return draft{}, fmt.Errorf("make key: %w", err)
	}
	in, private, err := newIntent(w, now)
	if err != nil {
		return draft{}, err
	}
	if why := market.Contradictions(in); why != nil {
		return draft{}, view.Invalid(why[0].On, "%s", why[0].Text)
	}
	in.Author, in.Expires = identity.NewKeySigner(key).DID(), identity.At(now.Add(life))
	return draft{*in, key, intentBody{Worth: w.Worth, Private: private}}, nil
}

// castAs opens the draft's reply route, signs it, and keeps it to be sent,
// along with what note does. What it made is put away again where it fails.
func (n *Node) castAs(ctx context.Context, d draft, now time.Time, note func(*change, *intentcast.Cast) error) (*intentcast.Cast, error) {
	cast, err := n.castRouted(ctx, d, now, note)
	if err != nil {
		n.abandon(ctx, intentLabel(d.intent.Author), authorKey(d.intent.Author))
		return nil, err
	}
	return cast, nil
}

func (n *Node) castRouted(ctx context.Context, d draft, now time.Time, note func(*change, *intentcast.Cast) error) (*intentcast.Cast, error) {
	in := d.intent
	route, err := n.replyRoute(ctx, intentLabel(in.Author), in.Expires.Std().Add(routeGrace))
	if err != nil {
		return nil, err
	}
	in.Reply = &route
	cast, err := intentcast.Sign(in, identity.NewKeySigner(d.key), now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.cfg.Keys.PutAll(map[string][]byte{authorKey(in.Author): d.key.Seed()}); err != nil {
		return nil, fmt.Errorf("keep key: %w", err)
	}
	return cast, n.update(ctx, func(c *change) error {
		if err := c.keepCast(cast, d.body); err != nil {
			return err
		}
		return note(c, cast)
	})
}

func lifeOf(w view.Want) (time.Duration, error) {
	if w.Life == "" {
		return defaultLife, nil
	}
	d, err := time.ParseDuration(w.Life)
	if err != nil {
		return 0, fmt.Errorf("%w: life: %w", view.ErrInvalid, err)
	}
	if d < time.Minute || d > intentcast.MaxLife {
		return 0, fmt.Errorf("%w: life: %s is not between 1m and %s", view.ErrInvalid, w.Life, intentcast.MaxLife)
	}
	return d, nil
}

// newIntent fills in an open intent's content; author, times and route are
// the caller's.
func newIntent(w view.Want, now time.Time) (*intentcast.Intent, []privatePart, error) {
	in := &intentcast.Intent{
		Version: intentcast.BodyVersion, Type: intentcast.IntentType, Status: intentcast.StatusOpen,
		Created: identity.At(now), Category: w.Category, Place: w.Place,
		Text: w.Text, Language: w.Language, Items: w.Items, Seller: w.Seller, Exclude: w.Exclude,
		Window: w.Window, Budget: w.Budget, Memberships: w.Memberships, MaxResponders: w.MaxResponders,
	}
	if w.Window != nil && !w.Window.Until.IsZero() && !now.Before(w.Window.Until.Std()) {
		return nil, nil, view.Invalid("window.until", "%s is past: nothing could be had by then", w.Window.Until)
	}
	if in.MaxResponders == 0 {
		in.MaxResponders = defaultResponders
	}
	ids := w.Terms
	if len(ids) == 0 {
		ids = []string{"SD-BASE"}
	}
	for _, id := range ids {
		a, ok := terms.Lookup(id)
		if !ok {
			return nil, nil, fmt.Errorf("%w: terms: %q is not in the roster", view.ErrInvalid, id)
		}
		in.Terms = append(in.Terms, a.Ref)
	}
	var private []privatePart
	for _, name := range sortedKeys(w.Private) {
		p := privatePart{Name: name, Salt: make([]byte, saltSize), Detail: w.Private[name]}
		rand.Read(p.Salt) // never fails
		commitment, err := intentcast.Commit(name, p.Salt, []byte(p.Detail))
		if err != nil {
			return nil, nil, fmt.Errorf("%w: private: %w", view.ErrInvalid, err)
		}
		private = append(private, p)
		in.Private = append(in.Private, commitment)
	}
	return in, private, nil
}

// keepCast stores a new version of an own intent, to be sent at once.
func (c *change) keepCast(cast *intentcast.Cast, body intentBody) error {
	wire, err := cast.Encode()
	if err != nil {
		return err
	}
	if !cast.Intent.Prev.IsZero() {
		body.Past = append(body.Past, cast.Intent.Prev)
		body.Past = body.Past[max(0, len(body.Past)-mostEarlier):]
	}
	body.Cast, c.cast = wire, true
	return put(c.Tx, store.Record{
		Kind: kindIntent, ID: cast.Root().String(), Ref: string(cast.Intent.Author), State: string(cast.Intent.Status), Due: cast.Intent.Expires.Std(),
	}, body)
}

// Withdraw tells the market that an own intent no longer stands.
func (n *Node) Withdraw(ctx context.Context, root dagcbor.CID) (view.Intent, error) {
	return n.succeed(ctx, root, intentcast.StatusWithdrawn, nil)
}

// Fulfil tells the market that an own intent has been met.
func (n *Node) Fulfil(ctx context.Context, root dagcbor.CID) (view.Intent, error) {
	return n.succeed(ctx, root, intentcast.StatusFulfilled, nil)
}

// Amend replaces the content of an own open intent. Category and place stay:
// they decide who hears of it. Offers made to the earlier version lapse.
func (n *Node) Amend(ctx context.Context, root dagcbor.CID, w view.Want) (view.Intent, error) {
	return n.succeed(ctx, root, intentcast.StatusOpen, &w)
}

// succeed signs and sends the next version of an own intent.
func (n *Node) succeed(ctx context.Context, root dagcbor.CID, status intentcast.Status, w *view.Want) (view.Intent, error) {
	err := n.update(ctx, func(c *change) error { return n.succeedIn(c, root, status, w) })
	if err != nil {
		return view.Intent{}, err
	}
	return n.Intent(ctx, root)
}

func (n *Node) succeedIn(c *change, root dagcbor.CID, status intentcast.Status, w *view.Want) error {
	cast, body, err := ownIntent(c.Tx, root)
	if err != nil {
		return err
	}
	if cast.Intent.Status != intentcast.StatusOpen {
		return fmt.Errorf("intent %s is already %s: %w", root, cast.Intent.Status, view.ErrConflict)
	}
	next, err := successor(cast, status, w, &body, c.now)
	if err != nil {
		return err
	}
	signer, err := n.authorSigner(cast.Intent.Author)
	if err != nil {
		return err
	}
	signed, err := intentcast.Sign(*next, signer, c.now)
	if err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if status != intentcast.StatusOpen {
		body.Asked = body.Cast
	}
	body.Told, body.Times = identity.Time{}, 0
	verb := map[intentcast.Status]string{
		intentcast.StatusOpen: "amended", intentcast.StatusWithdrawn: "withdrew", intentcast.StatusFulfilled: "closed as fulfilled",
	}[status]
	if err := c.keepCast(signed, body); err != nil {
		return err
	}
	return c.note("intent."+string(status), root, "%s the intent %s", verb, short(root))
}

// fulfilled closes the intent a card came from, if it is still open.
func (n *Node) fulfilled(c *change, root dagcbor.CID) error {
	if root.IsZero() {
		return nil
	}
	err := n.succeedIn(c, root, intentcast.StatusFulfilled, nil)
	if errors.Is(err, view.ErrConflict) || errors.Is(err, view.ErrNotFound) {
		return nil
	}
	return err
}

func successor(cast *intentcast.Cast, status intentcast.Status, w *view.Want, body *intentBody, now time.Time) (*intentcast.Intent, error) {
	next := cast.Successor(status, now)
	if w == nil {
		return &next, nil
	}
	fresh, private, err := newIntent(*w, now)
	if err != nil {
		return nil, err
	}
	fresh.Author, fresh.Seq, fresh.Root, fresh.Prev = next.Author, next.Seq, next.Root, next.Prev
	fresh.Category, fresh.Place, fresh.Expires, fresh.Reply = next.Category, next.Place, next.Expires, next.Reply
	body.Worth, body.Private, body.Earlier = w.Worth, private, nil
	return fresh, nil
}

// ownIntent returns the newest version of an intent of the owner's.
func ownIntent(tx store.Tx, root dagcbor.CID) (*intentcast.Cast, intentBody, error) {
	var body intentBody
	r, err := tx.Get(kindIntent, root.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, body, fmt.Errorf("intent %s is not one of yours: %w", root, view.ErrNotFound)
	}
	if err != nil {
		return nil, body, fmt.Errorf("read intent %s: %w", root, err)
	}
	if err := get(r, &body); err != nil {
		return nil, body, err
	}
	cast, err := intentcast.DecodeCast(body.Cast)
	if err != nil {
		return nil, body, fmt.Errorf("read intent %s: %w", root, err)
	}
	return cast, body, nil
}

// asked returns the last open version of a closed intent, or nil.
func (b *intentBody) asked() (*intentcast.Cast, error) {
	if len(b.Asked) == 0 {
		return nil, nil
	}
	cast, err := intentcast.DecodeCast(b.Asked)
	if err != nil {
		return nil, fmt.Errorf("what was asked: %w", err)
	}
	return cast, nil
}

func (n *Node) authorSigner(author identity.DID) (identity.Signer, error) {
	seed, err := n.cfg.Keys.Get(authorKey(author))
	if err != nil {
		return nil, fmt.Errorf("key of the intent's author: %w", err)
	}
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed)), nil
}

// castLoop sends own intents that have not gone out, and open ones again
// from time to time. Each is sent by itself: one that nobody listens for waits
// for a peer, and the others must not wait with it.
func (n *Node) castLoop(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	under := newUnderWay(mostCasting)
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		err := n.castDue(ctx, time.Now(), func(root string, body intentBody) {
			if !under.begin(root) {
				return
			}
			sending.Go(func() {
				err := n.sendCast(ctx, root, body, time.Now())
				under.end(root)
				if err != nil {
					n.log.Debug("intent did not go out", "intent", root, "error", err)
					return
				}
				n.wakeCast() // for a newer version that came meanwhile
			})
		})
		if err != nil && ctx.Err() == nil {
			n.log.Warn("sending own intents", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-n.recast:
		}
	}
}

// mostCasting is how many own intents wait for a listener at one time; the
// others take their turns.
const mostCasting = 64

// underWay is what is being sent, each thing once and so many at most.
type underWay struct {
	mu   sync.Mutex
	most int
	now  map[string]bool
}

func newUnderWay(most int) *underWay { return &underWay{most: most, now: make(map[string]bool)} }

// begin reports whether what may be sent now.
func (u *underWay) begin(what string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.now[what] || len(u.now) >= u.most {
		return false
	}
	u.now[what] = true
	return true
}

func (u *underWay) end(what string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.now, what)
}

func (n *Node) wakeCast() {
	select {
	case n.recast <- struct{}{}:
	default:
	}
}

// castDue hands every own intent that should go out at now to send.
func (n *Node) castDue(ctx context.Context, now time.Time, send func(root string, body intentBody)) error {
	var recs []store.Record
	if err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindIntent})
		return err
	}); err != nil {
		return fmt.Errorf("list own intents: %w", err)
	}
	for _, r := range recs {
		var body intentBody
		if err := get(r, &body); err != nil {
			n.log.Warn("a stored intent can't be read", "error", err)
			continue
		}
		if castWanted(r, body, now) {
			send(r.ID, body)
		}
	}
	return nil
}

// castWanted reports whether an own intent should go out at now: an open one
// again and again until it expires, the news of its end until somebody took it.
func castWanted(r store.Record, body intentBody, now time.Time) bool {
	if !now.Before(r.Due) {
		return false
	}
	if body.Told.IsZero() {
		return true
	}
	return r.State == string(intentcast.StatusOpen) && now.Sub(body.Told.Std()) >= recastAfter(body.Times)
}

// recastAfter is the pause after an intent has gone out so many times.
func recastAfter(times uint64) time.Duration {
	pause := recastFirst
	for ; times > 1 && pause < recastMost; times-- {
		pause *= recastSlower
	}
	return min(pause, recastMost)
}

// sendCast publishes and, when a peer was there to take it, marks it told.
func (n *Node) sendCast(ctx context.Context, root string, body intentBody, now time.Time) error {
	cast, err := intentcast.DecodeCast(body.Cast)
	if err != nil {
		return err
	}
	if err := n.gossip.Cast(ctx, cast); err != nil {
		return err
	}
	return n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.Get(kindIntent, root)
		if err != nil {
			return err
		}
		var cur intentBody
		if err := get(r, &cur); err != nil {
			return err
		}
		if string(cur.Cast) != string(body.Cast) {
			return nil // a newer version took its place meanwhile
		}
		cur.Told, cur.Times = identity.At(now), cur.Times+1
		return put(tx, r, cur)
	})
}
