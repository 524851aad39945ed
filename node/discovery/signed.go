package discovery

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// signed are the records in which connected peers have signed where they are,
// as they gave them in identify: the host itself keeps the addresses alone.
type signed struct {
	mu   sync.Mutex
	recs map[peer.ID][]byte
}

func (s *signed) get(p peer.ID) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recs[p]
}

// collect keeps the records of connected peers until ctx ends.
func (s *signed) collect(ctx context.Context, events event.Subscription, net network.Network) error {
	defer events.Close()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			s.sweep(net)
		case e, ok := <-events.Out():
			if !ok {
				return nil
			}
			if e, ok := e.(event.EvtPeerIdentificationCompleted); ok {
				s.put(e)
			}
		}
	}
}

func (s *signed) put(e event.EvtPeerIdentificationCompleted) {
	if e.SignedPeerRecord == nil {
		return
	}
	b, err := e.SignedPeerRecord.Marshal()
	if err != nil || len(b) > maxRecord {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recs == nil {
		s.recs = make(map[peer.ID][]byte)
	}
	s.recs[e.Peer] = b
}

// sweep drops the records of those that have gone.
func (s *signed) sweep(net network.Network) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.recs {
		if net.Connectedness(p) == network.NotConnected {
			delete(s.recs, p)
		}
	}
}
