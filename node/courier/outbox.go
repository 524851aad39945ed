package courier

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

const (
	kindLetter store.Kind = "letter"
	// keepFinal is how long it is remembered what became of a letter.
	keepFinal = 7 * 24 * time.Hour
)

// errRoute is returned for a route that no letter can be sent to.
var errRoute = errors.New("not a usable route")

type holders = []intentcast.RouteHolder

// outLetter is the body of a letter's record. It holds the letter sealed: what
// was in it can't be read from the outbox.
type outLetter struct {
	Version  uint64        `cbor:"v"`                 // 1
	Kind     string        `cbor:"kind"`              //
	Peer     string        `cbor:"peer"`              // whom it is handed to
	Addrs    []string      `cbor:"addrs,omitempty"`   //
	Slot     []byte        `cbor:"slot,omitempty"`    // at that peer; none: the peer is the recipient
	Holders  holders       `cbor:"holders,omitempty"` // other peers that keep letters for the recipient
	HeldBy   string        `cbor:"heldby,omitempty"`  // the peer that last said to have it, if that is not the recipient
	Plain    []byte        `cbor:"plain,omitempty"`   // the letter, closed under this node's own key, until it is sealed: see late.go
	Key      []byte        `cbor:"key,omitempty"`     // public key that it is then sealed to
	To       []byte        `cbor:"to,omitempty"`      // SHA-256 of the recipient's public key, if this node may go on by a session
	Sealed   []byte        `cbor:"sealed,omitempty"`  // gone once its travel has ended
	Receipt  []byte        `cbor:"receipt,omitempty"` // key of the receipt
	From     []byte        `cbor:"from,omitempty"`    // SHA-256 of the key an acknowledgement is sealed to
	Avoid    string        `cbor:"avoid,omitempty"`   // holder of that route: a bad forwarder, it would see both ends
	Direct   bool          `cbor:"direct,omitempty"`  // no forwarder
	Via      string        `cbor:"via,omitempty"`     // forwarder of the last attempt, which failed: another may not
	Created  identity.Time `cbor:"created"`           //
	Expires  identity.Time `cbor:"expires"`           //
	Attempts uint64        `cbor:"attempts"`          //
	Handed   uint64        `cbor:"handed,omitempty"`  // times a holder took it
	Problem  string        `cbor:"problem,omitempty"` // of the last attempt, in plain words
	Done     identity.Time `cbor:"done,omitzero"`     // end of its travel

	order uint64 // of the forwarders that may carry it: see orderOf; not stored
}

func decodeOut(b []byte) (outLetter, error) {
	var l outLetter
	if err := dagcbor.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("letter in the outbox: %w", err)
	}
	return l, nil
}

// Send seals a letter and puts it into the outbox within tx: it is sent if
// and only if tx commits. Call [Courier.Wake] after the commit. It returns the
// letter's id; an error names what of out is wrong, or is the store's.
//
// From the outbox it is read again only if it can't go out at once.
func (c *Courier) Send(tx Tx, out Outgoing) (string, error) {
	if out.Kind == AckKind {
		return "", fmt.Errorf("send letter: kind %q is the courier's own", AckKind)
	}
	said := c.replies.of(tx, out.To.Key)
	t, err := c.compose(out, said != nil && said.talk || c.talks.may(out))
	if err == nil {
		err = c.queue(tx, t, said)
	}
	if err != nil {
		return "", fmt.Errorf("send letter of kind %.64q: %w", out.Kind, err)
	}
	return t.rec.ID, nil
}

// queue writes a letter within tx: as claimed already, where as soon as it is
// durable it can be handed to the dispatcher, or to an answer.
func (c *Courier) queue(tx Tx, t task, said *gathering) error {
	if !c.group.running() || !c.handed.room() && said == nil {
		c.queued.Store(time.Now().UnixNano())
		return tx.Put(t.rec)
	}
	t.rec.Due = t.rec.Due.Add(claimLease)
	if err := tx.Put(t.rec); err != nil {
		return err
	}
	tx.OnDurable(func() {
		if said == nil {
			c.dispatch(t)
			return
		}
		said.letters = append(said.letters, t)
	})
	return nil
}

// seal returns a new letter, sealed, as it is stored under its id, due now.
func (c *Courier) seal(out Outgoing) (task, error) { return c.compose(out, false) }

// compose is seal; or, late, has the letter sealed when it goes out.
func (c *Courier) compose(out Outgoing, late bool) (task, error) {
	if err := seal.CheckRoute(out.To); err != nil {
		return task{}, fmt.Errorf("to: %w: %w", errRoute, err)
	}
	if _, err := wire.ParsePeer(out.To.Peer, out.To.Addrs); err != nil {
		return task{}, fmt.Errorf("to: %w: %w", errRoute, err)
	}
	now := time.Now()
	if !out.Expires.After(now.Add(time.Second)) || out.Expires.After(now.Add(MaxLife)) {
		return task{}, fmt.Errorf("expires %s: want within %v from now", out.Expires.UTC().Format(time.RFC3339), MaxLife)
	}
	l := seal.Letter{
		Version: seal.LetterVersion, ID: seal.NewID(), Kind: out.Kind, Body: out.Body,
		Sent: identity.At(now), Expires: identity.At(out.Expires), From: out.From,
	}
	o := outLetter{
		Version: 1, Kind: out.Kind, Peer: out.To.Peer, Addrs: out.To.Addrs, Slot: out.To.Slot, Holders: out.To.Holders,
		Direct: out.Direct, Created: l.Sent, Expires: l.Expires,
	}
	if out.From != nil {
		o.From = seal.KeyHash(out.From.Key)
		if len(out.From.Slot) > 0 {
			o.Avoid = out.From.Peer
		}
		if len(out.To.Slot) == 0 {
			o.To = seal.KeyHash(out.To.Key)
		}
	}
	var plain []byte
	var err error
	if late {
		plain, err = c.putOff(&o, l, out.To.Key)
	} else {
		err = c.sealTo(&o, out.To.Key, l)
	}
	return c.newTask(o, l.ID, out.Ref, plain, now, err)
}

// sealTo seals the letter to a public key.
func (c *Courier) sealTo(o *outLetter, pub []byte, l seal.Letter) error {
	key, err := c.recipients.of(pub)
	if err != nil {
		return fmt.Errorf("to: %w: %w", errRoute, err)
	}
	o.Sealed, o.Receipt, err = key.Seal(l)
	return err
}

// newTask returns a letter as it is stored, unless err is not nil.
func (c *Courier) newTask(o outLetter, id []byte, ref string, plain []byte, now time.Time, err error) (task, error) {
	if err != nil {
		return task{}, err
	}
	body, err := dagcbor.Marshal(o)
	if err != nil {
		return task{}, err
	}
	rec := store.Record{Kind: kindLetter, ID: hex.EncodeToString(id), Ref: ref, State: StateQueued, Due: now, Body: body}
	rec, err = rec.Normalize() // cuts Due, which may become a claim's token
	return task{rec: rec, out: o, plain: plain}, err
}

// Letters returns where the letters sent for ref stand, by id; for ref "" all
// but acknowledgements. What became of a letter is known for a week.
func (c *Courier) Letters(ctx context.Context, ref string) ([]LetterStatus, error) {
	var out []LetterStatus
	err := c.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: kindLetter, Ref: ref})
		if err != nil {
			return err
		}
		out = out[:0]
		for _, rec := range recs {
			l, err := decodeOut(rec.Body)
			if err != nil {
				return err
			}
			if l.Kind != AckKind {
				out = append(out, l.status(rec))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list letters: %w", err)
	}
	return out, nil
}

func (l outLetter) status(rec store.Record) LetterStatus {
	s := LetterStatus{
		ID: rec.ID, Ref: rec.Ref, Kind: l.Kind, State: rec.State, Peer: l.Peer, Slot: len(l.Slot) > 0,
		HeldBy: l.HeldBy, Attempts: int(l.Attempts), Problem: l.Problem, Created: l.Created.Std(), Expires: l.Expires.Std(),
	}
	if l.Done.IsZero() {
		s.Next = rec.Due
	}
	return s
}

// avoid returns the peers that must not carry the letter, where there is a
// choice.
func (l outLetter) avoid() (out []peer.ID) {
	for _, text := range []string{l.Avoid, l.Via} {
		if p, err := peer.Decode(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}
