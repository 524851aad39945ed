package gossip

import (
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// untraced is a tracer of GossipSub that passes everything over, for those
// that look at some of it to embed.
type untraced struct{}

func (untraced) OnNewOutboundStream(peer.ID, protocol.ID) {}
func (untraced) OnClosedOutboundStream(peer.ID)           {}
func (untraced) Join(string)                              {}
func (untraced) Leave(string)                             {}
func (untraced) Graft(peer.ID, string)                    {}
func (untraced) Prune(peer.ID, string)                    {}
func (untraced) ValidateMessage(*pubsub.Message)          {}
func (untraced) DeliverMessage(*pubsub.Message)           {}
func (untraced) RejectMessage(*pubsub.Message, string)    {}
func (untraced) DuplicateMessage(*pubsub.Message)         {}
func (untraced) ThrottlePeer(peer.ID)                     {}
func (untraced) RecvRPC(*pubsub.RPC)                      {}
func (untraced) SendRPC(*pubsub.RPC, peer.ID)             {}
func (untraced) DropRPC(*pubsub.RPC, peer.ID)             {}
func (untraced) UndeliverableMessage(*pubsub.Message)     {}
