package gossip

import "time"

// Burden has s measure n casts on the shard's topic, as if they had come now.
func (s *Service) Burden(shard string, n float64) {
	s.gate.came(TopicPrefix+shard, n, time.Now())
	s.gate.measure(time.Now())
}

// Asks is the difficulty that s asks for on a shard's topic.
func (s *Service) Asks(shard string) int { return s.gate.asks(TopicPrefix + shard) }
