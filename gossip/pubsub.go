package gossip

import (
	"context"
	"crypto/sha256"
	"regexp"
	"slices"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/parley-network/parley/gossip/intentcast"
)

// protocols are GossipSub's own, 1.0 to 1.2, so that any implementation of it
// can take part. Nodes of other networks that speak it have no topic in common
// with ours and are left alone. Flooding without a mesh (floodsub) and the
// extensions of 1.3 are not offered.
var protocols = []protocol.ID{pubsub.GossipSubID_v12, pubsub.GossipSubID_v11, pubsub.GossipSubID_v10}

const (
	// maxRPC bounds one frame on the wire, in bytes. It is not the limit of a
	// cast, which the validator holds to intentcast.MaxCast: a frame carries
	// several messages, and a peer's first frame names all the topics it
	// follows, up to MaxShards of at most 182 bytes, which are never split.
	maxRPC = 256 << 10
	// validateQueue is how many messages wait for a free worker. Beyond them
	// messages are dropped unseen, to be had again from another peer.
	validateQueue = 256
	// peerQueue is how many frames wait for one peer at most; what is more is
	// dropped for that peer, who can ask for it again. A burst of 100 casts to
	// a slow line fits, and a peer that reads nothing holds 128 references to
	// messages that are kept anyway.
	peerQueue = 128
	// relayAfter is how long a cast is held back: what six copies of 3 KiB take
	// on a line of 100 Mbit/s, and a small part of any way through the Internet.
	relayAfter = 2 * time.Millisecond
)

var topicForm = regexp.MustCompile(`^/parley/`)

func newPubSub(ctx context.Context, s *Service) (*pubsub.PubSub, error) {
	rt := pubsub.DefaultGossipSubRouter(s.cfg.Host)
	s.conduct.hand, s.conduct.announce = handing(rt), announcing(rt)
	return pubsub.NewGossipSubWithRouter(ctx, s.cfg.Host, rt,
		rt.WithDefaultTagTracer(),
		pubsub.WithGossipSubProtocols(protocols, pubsub.GossipSubDefaultFeatures),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		// An author that sent to all its peers at once would stand out.
		pubsub.WithFloodPublish(false),
		pubsub.WithMaxMessageSize(maxRPC),
		pubsub.WithAppSpecificRpcInspector(s.inspect),
		pubsub.WithValidateWorkers(validateWorkers),
		pubsub.WithValidateQueueSize(validateQueue),
		pubsub.WithDefaultValidator(s.validate, pubsub.WithValidatorInline(true)),
		pubsub.WithDefaultValidator(s.holdBack),
		pubsub.WithSubscriptionFilter(pubsub.WrapLimitSubscriptionFilter(
			pubsub.NewRegexpSubscriptionFilter(topicForm), 2*intentcast.MaxShards)),
		pubsub.WithGossipSubParams(s.cfg.Mesh.apply(meshParams())),
		pubsub.WithPeerScore(scoreParams(s.appScore), scoreThresholds()),
		pubsub.WithPeerOutboundQueueSize(peerQueue),
		pubsub.WithRawTracer(&s.meshes),
		pubsub.WithRawTracer(&s.conduct),
		pubsub.WithLogger(slogger(s.log.Named("pubsub"))),
	)
}

// holdBack keeps what was accepted for a moment before it is relayed (it is
// delivered to this node at once). Casts by way of several neighbours arrive
// almost together, and so do their "I have it": without the moment, each is
// answered with the copy that it was meant to save. On even links that is one
// copy in five. What this node publishes has waited before (see publish): here
// it would keep its topic locked.
func (s *Service) holdBack(ctx context.Context, from peer.ID, _ *pubsub.Message) pubsub.ValidationResult {
	if from != s.cfg.Host.ID() {
		_ = pause(ctx, relayAfter) // it is over either way
	}
	return pubsub.ValidationAccept
}

// messageID is SHA-256 over topic and data. The topic is part of it so that
// nobody can have a cast marked as seen by sending it on a topic where it
// does not belong and is refused.
func messageID(m *pb.Message) string {
	h := sha256.New()
	h.Write([]byte(m.GetTopic()))
	h.Write([]byte{0})
	h.Write(m.GetData())
	return string(h.Sum(nil))
}

// hangUp ends the protocol on a host that may live on: GossipSub itself
// leaves its handler and the streams it reads in place.
func hangUp(h host.Host) {
	for _, p := range protocols {
		h.RemoveStreamHandler(p)
	}
	for _, conn := range h.Network().Conns() {
		for _, stream := range conn.GetStreams() {
			if slices.Contains(protocols, stream.Protocol()) {
				_ = stream.Reset() // it is going away either way
			}
		}
	}
}
