package courier

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// Strangers at the direct route.
//
// A vendor's node is known to everybody and has one key: that a letter is from
// a party with a card shows only once it is open, and to open it takes a tenth
// of a millisecond. So this is done for everyone until it is too much, and for
// those that have brought letters of known parties before others. What is a
// stranger's then is asked for work where strangers come too fast, by one peer
// or in all; who is known passes free.
//
// A peer is most often a forwarder, which stands for many. If one is abused, who
// comes by it works more, or comes by another.

const (
	// strangersRate and peerRate are strangers' letters a second, over a minute
	// on average, in all and of these brought by one peer, before work is asked
	// for. Each costs a millisecond or two, most of it the disk's.
	strangersRate = 8
	peerRate      = 2
	// opensRate and opensBurst bound the letters opened without the work asked
	// for, of one peer that is not known to bring letters of known parties; and
	// allOpens and allOpensBurst those of all such peers: 1% of a core.
	opensRate, opensBurst    = 5, 100
	allOpens, allOpensBurst  = 50, 500
	peersFollowed            = 4096
	friendFor                = time.Hour
	unopenedCost, openedCost = 1.0 / 16, 1.0 / 8 // what letters count for that were refused for want of work
)

// door is what is known of those who bring letters to the direct route.
type door struct {
	mu      sync.Mutex
	all     admission.Toll
	peers   *admission.Tolls[peer.ID]
	opens   *admission.Quota[peer.ID]
	others  *admission.Quota[struct{}] // of all that are no friends
	friends map[peer.ID]time.Time      // who brought a known party's letter, and until when that counts
}

func newDoor() *door {
	return &door{
		peers: admission.NewTolls[peer.ID](peerRate, peersFollowed), opens: admission.NewQuota[peer.ID](opensRate, opensBurst, peersFollowed),
		others: admission.NewQuota[struct{}](allOpens, allOpensBurst, 1), friends: make(map[peer.ID]time.Time),
	}
}

// knock returns the work asked of strangers whose letters from brings, and
// whether one with so many bits of work is opened.
func (d *door) knock(from peer.ID, bits int, now time.Time) (asked int, open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked = max(d.all.Bits(strangersRate, now), d.peers.Bits(from, now))
	switch {
	case bits >= asked, now.Before(d.friends[from]):
		return asked, true
	case d.opens.Allow(from, 1, now) && d.others.Allow(struct{}{}, 1, now):
		return asked, true
	}
	d.add(from, unopenedCost, now)
	return asked, false
}

// stranger counts a letter of a stranger's.
func (d *door) stranger(from peer.ID, n float64, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.add(from, n, now)
}

func (d *door) add(from peer.ID, n float64, now time.Time) {
	d.all.Add(n, strangersRate, now)
	d.peers.Add(from, n, now)
}

// friend notes that from brought a known party's letter.
func (d *door) friend(from peer.ID, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.friends[from]; !known && len(d.friends) >= peersFollowed {
		for p, until := range d.friends {
			if !now.Before(until) {
				delete(d.friends, p)
			}
		}
		if len(d.friends) >= peersFollowed {
			return
		}
	}
	d.friends[from] = now.Add(friendFor)
}

// Why a letter that was handed in was refused, as counted beside where.
const (
	whyStamp = "stamp" // it did not do what it claims
	whyWork  = "work"  // less than is asked for
	whyFull  = "full"  // no room, whatever work was done
)

const (
	atDirect = "direct route"
	atSlot   = "slot"
)

// receiveDirect takes a letter to this node's direct route and returns the
// answer. Only the key of that route is tried: a letter to the key of another
// own route would show, by being read here, whose route that is. With replies
// the answer brings what the letter's handler sends back.
func (c *Courier) receiveDirect(ctx context.Context, from peer.ID, ask wire.LetterAsk, bits int) []byte {
	now := time.Now()
	asked, open := c.door.knock(from, bits, now)
	if !open {
		return c.needsWork(atDirect, asked)
	}
	l, receipt, err := c.key.Open(ask.Sealed)
	if err != nil {
		c.count.received(resultUnreadable)
		c.door.stranger(from, openedCost, now)
		if errors.Is(err, seal.ErrMalformed) {
			return wire.EncodeAnswer(wire.Malformed, nil)
		}
		return wire.EncodeAnswer(wire.Unreadable, nil)
	}
	known, err := c.knows(ctx, l)
	switch {
	case err != nil:
		c.log.Warn("letter not taken, it will come again", "kind", l.Kind, "error", err)
		return wire.EncodeAnswer(wire.Busy, nil)
	case known:
		c.door.friend(from, now)
	case bits < asked:
		c.door.stranger(from, openedCost, now)
		return c.needsWork(atDirect, asked)
	default:
		c.door.stranger(from, 1, now)
	}
	var said *gathering
	if ask.Replies && l.From != nil && c.replies.room() {
		said = &gathering{to: l.From.Key}
	}
	status, err := c.receive(ctx, l, incoming{to: []byte(c.keyHash), by: byStream, said: said})
	if err != nil {
		c.log.Warn("letter not taken, it will come again", "kind", l.Kind, "error", err)
		return wire.EncodeAnswer(wire.Busy, nil)
	}
	return wire.EncodeAnswer(status, c.bring(seal.Receipt(receipt, byte(status)), said, talkKeyOf(receipt, known), l.From))
}

// talkKeyOf is a receipt's key where a talk may begin with it: with parties that
// are known, so that strangers can't fill what is kept of talks.
func talkKeyOf(receipt []byte, known bool) []byte {
	if !known {
		return nil
	}
	return receipt
}

// needsWork is the answer to who did too little, counted.
func (c *Courier) needsWork(where string, bits int) []byte {
	c.count.refused(where, whyWork)
	return wire.EncodeNeeds(max(bits, admission.MinBits))
}

// knows reports whether a letter to the direct route is of a party that is
// known: as it acknowledges a letter of this node's, or as the owner says.
func (c *Courier) knows(ctx context.Context, l seal.Letter) (known bool, err error) {
	if c.cfg.Known == nil {
		return true, nil
	}
	in := Inbound{ID: hex.EncodeToString(l.ID), Kind: l.Kind, Body: l.Body, From: l.From, To: []byte(c.keyHash), Sent: l.Sent.Std(), Expires: l.Expires.Std()}
	err = c.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if l.Kind != AckKind {
			known, err = c.cfg.Known(tx, in)
			return err
		}
		known = false
		var a ackBody
		if dagcbor.Unmarshal(l.Body, &a) != nil {
			return nil
		}
		state, err := StateOf(tx, hex.EncodeToString(a.Letter))
		known = state != ""
		return err
	})
	return known, err
}

// worked returns the difficulty of the stamp beside a letter that was handed in
// here; 0 without one, and an error if it did not do what it claims.
func (c *Courier) worked(slot, sealed, work []byte) (int, error) {
	if len(work) == 0 {
		return 0, nil
	}
	s, err := admission.ParseStamp(work)
	if err != nil {
		return 0, err
	}
	if !s.Done(wire.LetterChallenge(c.cfg.Host.ID(), slot, sealed)) {
		return 0, errors.New("the stamp did not do what it claims")
	}
	return min(s.Bits, admission.MaxBits), nil
}
