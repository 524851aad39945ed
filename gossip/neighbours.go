package gossip

import (
	"maps"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// meshes follows GossipSub's meshes, which it does not show by itself. A
// topic's mesh is formed by a heartbeat, up to a second after peers met; what
// is published before then reaches only those who have one.
type meshes struct {
	untraced

	mu    sync.Mutex
	peers map[string]map[peer.ID]bool // by topic
}

// Neighbours returns how many peers are in the mesh of a shard's topic: those
// that casts on it come from and go to.
func (s *Service) Neighbours(shard string) int {
	s.meshes.mu.Lock()
	defer s.meshes.mu.Unlock()
	return len(s.meshes.peers[TopicPrefix+shard])
}

// of returns the peers in a topic's mesh, in no order.
func (m *meshes) of(topic string) []peer.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.peers[topic]))
}

// Graft notes that p is in the topic's mesh.
func (m *meshes) Graft(p peer.ID, topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.peers == nil {
		m.peers = make(map[string]map[peer.ID]bool)
	}
	if m.peers[topic] == nil {
		m.peers[topic] = make(map[peer.ID]bool)
	}
	m.peers[topic][p] = true
}

// Prune notes that p has left the topic's mesh.
func (m *meshes) Prune(p peer.ID, topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers[topic], p)
}

// OnClosedOutboundStream notes that p is gone.
func (m *meshes) OnClosedOutboundStream(p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, peers := range m.peers {
		delete(peers, p)
	}
}

// Leave notes that this node has left the topic.
func (m *meshes) Leave(topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, topic)
}
