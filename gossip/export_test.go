package gossip

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Burden has s measure n casts on the shard's topic, as if they had come now.
func (s *Service) Burden(shard string, n float64) {
	s.gate.came(TopicPrefix+shard, n, time.Now())
	s.gate.measure(time.Now())
}

// Admit is what becomes of a cast that somebody published on a topic.
func (s *Service) Admit(topic string, data []byte, now time.Time) error {
	_, err := s.admit(topic, data, now)
	return err
}

// Kept are the roots in s's ledger that are not hidden.
func (s *Service) Kept() map[dagcbor.CID]bool {
	s.known.Lock()
	defer s.known.Unlock()
	kept := make(map[dagcbor.CID]bool)
	for _, e := range s.ledger.Entries() {
		if !e.Hidden {
			kept[e.Root] = true
		}
	}
	return kept
}

// Tells reports whether s would tell others of an intent.
func (s *Service) Tells(c *intentcast.Cast) bool {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	r := s.live.lines[lineOf(c)]
	return r != nil && r.id == digestOf(c.ID)
}

// Lose has s take p for a peer outside the mesh of the shard's topic.
func (s *Service) Lose(shard string, p peer.ID) {
	s.meshes.Prune(p, TopicPrefix+shard)
	s.conduct.Prune(p, TopicPrefix+shard)
}

// Asks is the difficulty that s asks for on a shard's topic.
func (s *Service) Asks(shard string) int { return s.gate.asks(TopicPrefix + shard) }
