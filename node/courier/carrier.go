package courier

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/wire"
)

// errNoForwarder says that nobody is known who could hide this node from the
// other end.
var errNoForwarder = errors.New("no peer is known that could carry it: connect to one more peer")

// forwarder chooses who carries what is asked about a route to the peer to, its
// holder: the least used. It returns nil where this node may go itself, see
// forwarderBy.
func (c *Courier) forwarder(to peer.ID, avoid []peer.ID) (*peer.AddrInfo, error) {
	return c.forwarderBy(to, avoid, func(e entry, now time.Time) candidate {
		return c.candidate(e, now, c.routes.viaUses(e.info.ID))
	})
}

// forwarderBy chooses who carries something to the peer to, by what weigh says of
// each. It returns nil where this node may go itself: it has looked around for
// Limits.Settle, has never known two forwarders nor has a route that was opened
// through one, and is connected to that peer anyway. That is the network of two;
// with the first other peer it ends for good.
func (c *Courier) forwarderBy(to peer.ID, avoid []peer.ID, weigh func(entry, time.Time) candidate) (*peer.AddrInfo, error) {
	now := time.Now()
	fresh := c.book.fresh(now)
	cands := make([]candidate, 0, len(fresh))
	for _, e := range fresh {
		if e.rec.Forward && e.info.ID != c.cfg.Host.ID() {
			cands = append(cands, weigh(e, now))
		}
	}
	got, ok := pick(cands, slices.Concat(avoid, []peer.ID{to}), betterForwarder, c.choice.intn)
	if !ok { // rather the holder of our own route than nobody
		got, ok = pick(cands, []peer.ID{to}, betterForwarder, c.choice.intn)
	}
	_, hidden := c.routes.counts()
	switch {
	case ok:
		return &got.info, nil
	case c.group.since() < c.lim.Settle, c.book.hadCrowd(), hidden > 0,
		c.cfg.Host.Network().Connectedness(to) != network.Connected:
		return nil, errNoForwarder
	}
	return nil, nil
}

// mayHandIn reports whether a letter may be handed in without a forwarder at one
// of the mailboxes that its recipient has named to everybody: where there is no
// other to carry it, and the one who keeps it carries for others too. As the
// forwarder to the recipient itself, which is tried first, it learns as much: who
// writes to whom.
func (c *Courier) mayHandIn(l outLetter, at place, keeper peer.ID) bool {
	e, known := c.book.entry(keeper, time.Now())
	return len(at.Slot) > 0 && len(l.Slot) == 0 && known && e.rec.Forward && c.cfg.Host.Network().Connectedness(keeper) == network.Connected
}

func (c *Courier) candidate(e entry, now time.Time, uses int) candidate {
	return candidate{
		info:      e.info,
		connected: c.cfg.Host.Network().Connectedness(e.info.ID) == network.Connected,
		suspect:   now.Before(e.suspectTo),
		busy:      now.Before(e.busyTo),
		uses:      uses,
	}
}

// passage is how a letter goes to a peer.
type passage struct {
	to     peer.AddrInfo
	via    *peer.AddrInfo // who carries it; nil: this node goes itself
	letter outLetter
}

// mostCarriers is how many are asked to carry a letter at a time, where each has
// too much to do.
const mostCarriers = 4

// passageTo returns the letter's passage to a peer: through the first forwarder in
// the order that is the letter's own. After an error nobody is there to carry it.
func (c *Courier) passageTo(to peer.AddrInfo, l outLetter) (*passage, error) {
	p := &passage{to: to, letter: l}
	if l.Direct || to.ID == c.cfg.Host.ID() {
		return p, nil
	}
	via, err := c.forwarderBy(to.ID, l.avoid(), func(e entry, now time.Time) candidate {
		cand := c.candidate(e, now, 0)
		cand.rank = rank(l.order, e.info.ID)
		return cand
	})
	p.via = via
	return p, err
}

// orderOf is what the letters that belong to one thing, such as a card, and go to
// one peer have in common: the order in which forwarders are asked to carry them.
// So each of a node's relationships is seen by one forwarder, and not in time by
// all, and those of a thousand cards are spread over all. Nobody else can say who
// that is, else whoever picks a peer id for himself could have it be his.
func (c *Courier) orderOf(t task) uint64 {
	return c.box.Mark([]byte(t.out.Peer + "\x00" + cmp.Or(t.rec.Ref, t.rec.ID)))
}

// rank is a peer's place in an order, as in rendezvous hashing: that one goes
// changes nothing among the others.
func rank(order uint64, p peer.ID) uint64 {
	var end [8]byte
	copy(end[:], p[max(0, len(p)-len(end)):])
	x := order ^ binary.LittleEndian.Uint64(end[:])
	// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// carryBy has one frame of the letter protocol carried, by the next forwarder
// where one has too much to do: it said so without passing anything on.
func (c *Courier) carryBy(ctx context.Context, p *passage, frame []byte) (wire.Status, []byte, error) {
	for asked := 1; ; asked++ {
		status, rest, err := c.carry(ctx, p.via, p.to, wire.LetterProtocol, frame, 0)
		if !errors.Is(err, errCarrierBusy) {
			return status, rest, err
		}
		c.book.busy(p.via.ID, time.Now())
		next, none := c.passageTo(p.to, p.letter)
		if none != nil || next.via == nil || next.via.ID == p.via.ID || asked == mostCarriers {
			return status, rest, err
		}
		p.via = next.via
	}
}
