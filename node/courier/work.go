package courier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/node/courier/wire"
)

const (
	// workRate and workBurst bound the work that is done for letters to one
	// peer, in tries: the most that may be asked for a letter once a minute, and
	// four times at once. Whoever asks for it need not be under any load: an
	// intent that brings vendors' nodes to work is cheap.
	workRate  = (1 << admission.MaxBits) / 60.0
	workBurst = 4 << admission.MaxBits
	// workers is how many stamps are made at a time, one core each; a letter that
	// finds all busy goes again later, so that it holds up no others.
	workers     = 1
	workTimeout = time.Minute
	// mostStamps is how often a letter is worked for in one attempt: what is asked
	// for may rise meanwhile.
	mostStamps = 3
)

// works is the work done for letters.
type works struct {
	room chan struct{}

	mu    sync.Mutex
	spent *admission.Quota[peer.ID]
}

func newWorks() works {
	return works{room: make(chan struct{}, workers), spent: admission.NewQuota[peer.ID](workRate, workBurst, peersFollowed)}
}

// stamp works for a letter to be handed in at a peer, in a slot or none. The
// error says why that is not done now.
func (c *Courier) stamp(ctx context.Context, to peer.ID, slot, sealed []byte, bits int) ([]byte, error) {
	w := &c.works
	select {
	case w.room <- struct{}{}:
	default:
		return nil, fmt.Errorf("%d bits of work are wanted, and this node is busy with others", bits)
	}
	defer func() { <-w.room }()
	w.mu.Lock()
	allowed := w.spent.Allow(to, float64(admission.Expected(bits)), time.Now())
	w.mu.Unlock()
	if !allowed {
		return nil, fmt.Errorf("%d bits of work are wanted, and enough was done for that peer in the last minutes", bits)
	}
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	s, err := admission.Mint(ctx, wire.LetterChallenge(to, slot, sealed), bits, rand.Uint64(), nil)
	if err != nil {
		return nil, err
	}
	c.count.minted.Inc()
	return s.Encode(), nil
}

// handIn asks the peer to take a letter, in a slot or none, and where it wants
// work for that does as much and asks again.
func (c *Courier) handIn(ctx context.Context, by *passage, slot, sealed []byte, replies bool) (wire.Status, []byte, error) {
	var work []byte
	for tries, done := 0, 0; ; tries++ {
		frame := wire.EncodeLetter(slot, sealed, work)
		if replies {
			frame = append(wire.EncodeLetterForReplies(sealed), work...)
		}
		status, rest, err := c.carryBy(ctx, by, frame)
		if err != nil || status != wire.NeedsWork {
			return status, rest, err
		}
		bits, err := wire.DecodeNeeds(rest)
		if err != nil || bits <= done || tries >= mostStamps {
			return status, nil, err
		}
		if work, err = c.stamp(ctx, by.to.ID, slot, sealed, bits); err != nil {
			return status, nil, err
		}
		done = bits
	}
}
