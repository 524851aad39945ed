package gossip

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// restreamEvery is how often it is looked whether each neighbour has a stream
// of ours. One that lacks it at two looks gets one.
const restreamEvery = 10 * time.Second

// restream opens what GossipSub has given up opening. It opens its stream to a
// peer when that is identified, and again a few times when the stream ends.
// Where a peer is back at once after a crash, the end of the old connection and
// the identification on the new one come together, and it can be left with
// none: then neither hears of the other's topics for as long as they stay
// connected.
func (s *Service) restream(ctx context.Context) error {
	again, err := s.cfg.Host.EventBus().Emitter(new(event.EvtPeerProtocolsUpdated))
	if err != nil {
		return fmt.Errorf("watch streams to neighbours: %w", err)
	}
	defer again.Close()
	without := map[peer.ID]bool{} // at the last look
	for {
		if err := pause(ctx, restreamEvery); err != nil {
			return err
		}
		now := map[peer.ID]bool{}
		for _, p := range s.cfg.Host.Network().Peers() {
			speaks := s.lacksStream(p)
			if len(speaks) == 0 {
				continue
			}
			if now[p] = true; !without[p] {
				continue
			}
			s.log.Debug("a neighbour has no stream; opening one", "peer", p)
			if err := again.Emit(event.EvtPeerProtocolsUpdated{Peer: p, Added: speaks}); err != nil {
				return fmt.Errorf("open a stream to %s again: %w", p, err)
			}
		}
		without = now
	}
}

// lacksStream returns the protocols of ours that a connected peer speaks, if
// this node has no stream to it.
func (s *Service) lacksStream(p peer.ID) []protocol.ID {
	h := s.cfg.Host
	if h.Network().Connectedness(p) != network.Connected {
		return nil
	}
	for _, c := range h.Network().ConnsToPeer(p) {
		for _, stream := range c.GetStreams() {
			if stream.Stat().Direction == network.DirOutbound && slices.Contains(protocols, stream.Protocol()) {
				return nil
			}
		}
	}
	speaks, err := h.Peerstore().SupportsProtocols(p, protocols...)
	if err != nil {
		return nil // not identified yet: it is heard of then
	}
	return speaks
}
