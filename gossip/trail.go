package gossip

import (
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// trailLength is how many casts back it is known who sent them.
	trailLength = 2048
	// maxRefusers is how many neighbours' refusals of one cast are kept.
	maxRefusers = 32
)

// trail remembers of the casts taken in lately whom they came from and what
// stamp they had. A refusal of a cast goes back along it.
type trail struct {
	mu    sync.Mutex
	steps map[dagcbor.CID]*step
	order []dagcbor.CID // oldest first
}

type step struct {
	topic   string
	from    peer.ID
	bits    int // of the best stamp it came with
	extra   int // of them, what its life takes beyond a price
	refused map[peer.ID]int
	passed  int // the most that was passed on
}

// note takes in a cast that was relayed, with the stamp it had.
func (t *trail) note(id dagcbor.CID, topic string, from peer.ID, bits, extra int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.steps[id]; s != nil {
		s.from, s.bits = from, max(s.bits, bits)
		return
	}
	if t.steps == nil {
		t.steps = make(map[dagcbor.CID]*step)
	}
	if len(t.order) >= trailLength {
		delete(t.steps, t.order[0])
		t.order = t.order[1:]
	}
	t.steps[id] = &step{topic: topic, from: from, bits: bits, extra: extra}
	t.order = append(t.order, id)
}

// bits is the best stamp that a cast on the trail came with.
func (t *trail) bits(id dagcbor.CID) (bits int, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.steps[id]
	if s == nil {
		return 0, false
	}
	return s.bits, true
}

// refuse notes that a neighbour refused a cast and returns to whom that is to
// be passed on and with what difficulty, 0 for not: what is believed of those
// it was relayed to, where that is more than it had and than was passed on.
func (t *trail) refuse(id dagcbor.CID, topic string, by peer.ID, bits int, neighbours []peer.ID) (to peer.ID, believed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.steps[id]
	if s == nil || s.topic != topic || s.from == by || s.from == "" {
		return "", 0
	}
	if s.refused == nil {
		s.refused = make(map[peer.ID]int)
	}
	if _, known := s.refused[by]; !known && len(s.refused) >= maxRefusers {
		return "", 0
	}
	s.refused[by] = bits
	var demands []int
	for _, p := range neighbours {
		if p != s.from {
			demands = append(demands, s.refused[p])
		}
	}
	if believed = admission.Believed(demands); believed <= max(s.bits-s.extra, s.passed) {
		return "", 0
	}
	s.passed = believed
	return s.from, believed
}
