package gossip

// Neighbours returns how many connected peers follow a shard's topic; 0 when
// this node does not follow it.
func (s *Service) Neighbours(shard string) int {
	s.topics.mu.Lock()
	t := s.topics.open[shard]
	s.topics.mu.Unlock()
	if t == nil {
		return 0
	}
	return len(t.ListPeers())
}
