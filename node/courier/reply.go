package courier

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// What the handler of a letter sends in return goes back in the answer to it, if
// the letter came to this node itself: whoever sent it is on now, behind the
// forwarder that carried it. So the answer needs no holder to keep it, nobody
// polls for it, and no sealed letter acknowledges it; a change told to thousands
// costs half. It is a letter like any other all the same, in the outbox and
// sealed to the route: if the answer is lost, or nothing proves within replyWait
// that it was taken, it is sent as others are.
const (
	replyWait = 30 * time.Second // well below a claim's lease
	// mostReplies bounds the memory of those unproven: at most 64 KiB each, and 3
	// as a rule. Beyond it they are sent like other letters.
	mostReplies = 1024
)

// replies are the letters that go out with an answer.
type replies struct {
	mu        sync.Mutex
	gathering map[store.Tx]*gathering
	unproven  map[string]unproven // by LetterID, or by the record's id if it went by a talk
	over      bool
}

// gathering is what the transaction in which a letter has its effect sends to
// the public key of the route the letter came from. Only that: by what others
// send there a stranger who names another's route would learn of it.
type gathering struct {
	to      []byte
	letters []task // durable
	talk    bool   // they go by a talk: not sealed yet
}

// unproven is a letter that an answer brought, until its proof comes.
type unproven struct {
	task task
	wait *time.Timer
	talk *talk // that begins with the proof; nil: none
}

func newReplies() replies {
	return replies{gathering: make(map[store.Tx]*gathering), unproven: make(map[string]unproven)}
}

// room reports whether the answer to one more letter may bring some.
func (r *replies) room() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.over && len(r.unproven)+len(r.gathering)*wire.MaxReplies < mostReplies
}

// begin has g gather what tx sends, until end.
func (r *replies) begin(tx store.Tx, g *gathering) (end func()) {
	if g == nil {
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gathering[tx] = g
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.gathering, tx)
	}
}

// of returns what gathers a letter that tx sends to the public key; nil: nothing
// does.
func (r *replies) of(tx store.Tx, to []byte) *gathering {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.gathering[tx]; g != nil && bytes.Equal(g.to, to) {
		return g
	}
	return nil
}

// await keeps a letter that an answer brings until it is proven; late is called
// if it is not in time. It returns false if the courier is being stopped.
func (r *replies) await(t task, id string, begins *talk, late func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false
	}
	r.unproven[id] = unproven{t, time.AfterFunc(replyWait, late), begins}
	return true
}

// take returns the letter kept under an id if it is unproven, and the talk that
// begins with its proof. It is the caller's then.
func (r *replies) take(id string) (t task, begins *talk, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u, ok := r.unproven[id]
	if ok {
		u.wait.Stop()
		delete(r.unproven, id)
	}
	return u.task, u.talk, ok
}

// tooLate has a letter go by itself that was not proven in time.
func (c *Courier) tooLate(id string) func() {
	return func() {
		if t, _, ok := c.replies.take(id); ok {
			c.dispatch(t)
		}
	}
}

// stop ends all waiting and returns what is unproven.
func (r *replies) stop() (left []task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	for _, u := range r.unproven {
		u.wait.Stop()
		left = append(left, u.task)
	}
	clear(r.unproven)
	return left
}

// bring returns the rest of the answer to a letter that was taken in: its
// receipt, and what is said in return. If key is that receipt's key, the first
// one's proof begins a talk with the owner of the route the letter came from.
func (c *Courier) bring(receipt []byte, said *gathering, key []byte, from *intentcast.Route) []byte {
	if said == nil {
		return receipt
	}
	sealed := make([][]byte, len(said.letters))
	for i, t := range said.letters {
		sealed[i] = t.out.Sealed
	}
	rest, brought := wire.EncodeReceipt(receipt, sealed)
	for i, t := range said.letters {
		var begins *talk
		if i == 0 && key != nil {
			begins = &talk{session: seal.Talk(key, t.out.Receipt), since: time.Now(), route: *from}
		}
		id := string(wire.LetterID(t.out.Sealed))
		if i >= brought || !c.replies.await(t, id, begins, c.tooLate(id)) {
			c.dispatch(t)
		}
	}
	return rest
}

// dispatch has letters sent that are claimed already.
func (c *Courier) dispatch(letters ...task) {
	for _, t := range letters {
		c.handed.put(t)
	}
	if len(letters) > 0 {
		c.stir()
	}
}

// takeProof heeds the proof that a letter brought by an answer was taken in, or
// is refused.
func (c *Courier) takeProof(ctx context.Context, p *wire.Proof) wire.Status {
	t, begins, ok := c.replies.take(string(p.Letter))
	if !ok {
		return wire.NoSession
	}
	if !seal.VerifyReceipt(t.out.Receipt, byte(p.Status), p.Receipt) {
		c.dispatch(t) // whoever carried it meddles: rather by another way
		return wire.Forbidden
	}
	if err := c.noteOutcome(ctx, t, directOutcome(t.out.Receipt, p.Status, p.Receipt)); err != nil {
		c.log.Warn("proof of a letter not recorded, it is sent again", "id", t.rec.ID, "error", err)
		c.dispatch(t)
		return wire.Busy
	}
	c.count.received(resultProof)
	if begins != nil {
		c.talks.join(begins)
	}
	return wire.Taken
}

// noteOutcome writes the outcome of an attempt.
func (c *Courier) noteOutcome(ctx context.Context, t task, o outcome) error {
	return c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		_, err := c.settle(tx, t, o)
		return err
	})
}

// brought is what the answer to a letter brought: what is said in return, and by
// whom it came.
type brought struct {
	by      *passage
	letters [][]byte // sealed; or, by a talk, as they are
	talk    *talk    // nil: none
}

// takeReplies takes in the letters that the answer to one from here brought, and
// proves it by the way they came. What is not proven comes again. It reports
// whether what became of the letter from here is recorded too: that is done with
// the effect of the first, as a transaction of its own costs as much as the rest
// of what is written then.
func (c *Courier) takeReplies(ctx context.Context, t task, o outcome) (settled bool) {
	if o.brought == nil {
		return false
	}
	if o.brought.talk != nil {
		return c.takeSpoken(ctx, t, o)
	}
	settle, ran := c.settleWith(t, o)
	for i, sealed := range o.brought.letters {
		p, key, err := c.takeReply(ctx, t.out.From, sealed, settle)
		switch {
		case err != nil && ctx.Err() == nil:
			c.log.Warn("letter in an answer not taken, it will come again", "error", err)
		case p != nil:
			if *ran {
				settle, settled = nil, true
			}
			// Lost, it costs one letter more.
			status, _, err := c.carryBy(ctx, o.brought.by, wire.EncodeProof(*p))
			if err != nil {
				c.log.Debug("proof of a letter did not arrive", "error", err)
			}
			if err == nil && status == wire.Taken && i == 0 {
				c.talks.put(keyOfTalk(t.out), &talk{session: seal.Talk(t.out.Receipt, key), since: time.Now()})
			}
		}
	}
	return settled
}

// takeReply takes in one letter sealed to the own route, or the direct one,
// whose key has the SHA-256 key, and to no other: that it is read, or not, would
// show whose a route is. It returns what proves it, and the key of that receipt,
// or nil if nothing is to be proven; also is done with the letter's effect, unless that is nil.
func (c *Courier) takeReply(ctx context.Context, key, sealed []byte, also func(store.Tx) error) (p *wire.Proof, receipt []byte, err error) {
	label, private := "", c.key
	if !bytes.Equal(key, []byte(c.keyHash)) {
		rt := c.routes.of(key)
		if rt == nil {
			return nil, nil, nil // closed meanwhile
		}
		own, err := seal.NewPrivateKey(rt.seed)
		if err != nil {
			return nil, nil, err
		}
		label, private = rt.label, own
	}
	l, receipt, err := private.Open(sealed)
	if errors.Is(err, seal.ErrUnreadable) || errors.Is(err, seal.ErrMalformed) {
		c.count.received(resultUnreadable)
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	status, err := c.receive(ctx, l, incoming{label: label, to: slices.Clone(key), by: byAnswer, also: also})
	if err != nil {
		return nil, nil, err
	}
	if status == wire.Duplicate {
		status = wire.Taken
	}
	return &wire.Proof{Letter: wire.LetterID(sealed), Status: status, Receipt: seal.Receipt(receipt, byte(status))}, receipt, nil
}

// labelOf returns the label of the own route, "" of the direct one, whose key has
// that SHA-256; false if there is none.
func (c *Courier) labelOf(key []byte) (string, bool) {
	if bytes.Equal(key, []byte(c.keyHash)) {
		return "", true
	}
	if rt := c.routes.of(key); rt != nil {
		return rt.label, true
	}
	return "", false
}

// recipientOf is the route that a letter goes to which is not sealed yet.
func recipientOf(l outLetter) *intentcast.Route {
	return &intentcast.Route{Peer: l.Peer, Addrs: l.Addrs, Slot: l.Slot, Key: l.Key, Holders: l.Holders}
}
