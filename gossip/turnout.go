package gossip

import (
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
)

// maxOut is how many turned out intents wait to be given out.
const maxOut = 16 << 10

// turnOut does what is to be done when a cast on a shard had the ledger turn
// an intent out or hide it: others are told of it no more, and if the topic lost one of
// its own, that is load on it. s.known is held.
func (s *Service) turnOut(shard string, out *intentcast.Entry, now time.Time) {
	if out == nil {
		return
	}
	s.live.turnOut(line{out.Root, out.Author}, now)
	if out.Shard == shard && out.Alive(now) {
		s.gate.turned(TopicPrefix+shard, s.ledger.Share(shard), now)
	}
	if out.Hidden {
		return
	}
	s.metrics.turnedOut.Inc()
	if len(s.out) < maxOut {
		s.out = append(s.out, out.Root)
	}
}

// Hold has the ledger keep the intent that began with root for as long as it
// lives, as one that this node has answered; it reports whether it does. It
// does not if the intent is not known, or once a quarter of the ledger is held
// so: strangers have a say in what a vendor answers.
func (s *Service) Hold(root dagcbor.CID) bool {
	s.known.Lock()
	defer s.known.Unlock()
	return s.ledger.Hold(root)
}

// TurnedOut returns the roots of intents that the ledger has turned out for
// others, once each, at most some of the latest minutes' worth: whoever keeps
// intents beside the service need not keep these.
func (s *Service) TurnedOut() []dagcbor.CID {
	s.known.Lock()
	defer s.known.Unlock()
	out := s.out
	s.out = nil
	return out
}
