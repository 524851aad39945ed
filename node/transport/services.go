package transport

import (
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

// service is one of libp2p's, and the streams that may be open for it: in all,
// and to one peer.
type service struct {
	name          string
	protocols     []protocol.ID
	streams, peer int
}

// services bound what libp2p's own protocols may use, which answer any
// stranger. The figures are for a home server: a stranger who fills one of
// them has filled that one only.
var services = []service{
	// Once for each connection, and again when something has changed.
	{identify.ServiceName, []protocol.ID{identify.ID, identify.IDPush}, 128, 16},
	{ping.ServiceName, []protocol.ID{ping.ID}, 64, 4},
	// A dial-back is asked for a few times an hour; its service allows one
	// peer 12 a minute, and two at a time.
	{"", []protocol.ID{autonatv2.DialProtocol, autonatv2.DialBackProtocol}, 64, 4},
	// One for each circuit that is tried to be replaced.
	{holepunch.ServiceName, []protocol.ID{holepunch.Protocol}, 64, 4},
	// A circuit takes a stream to either end.
	{relay.ServiceName, []protocol.ID{circuit.ProtoIDv2Hop, circuit.ProtoIDv2Stop}, 2 * maxCircuits, 2 * circuitsPerPeer},
}

// addServices adds the limits of services to those of libp2p. They hold
// whatever else a node may use, so they don't scale.
func addServices(to *rcmgr.ScalingLimitConfig) {
	for _, s := range services {
		all, one := serviceLimit(s.streams), serviceLimit(s.peer)
		if s.name != "" {
			to.AddServiceLimit(s.name, all, rcmgr.BaseLimitIncrease{})
			to.AddServicePeerLimit(s.name, one, rcmgr.BaseLimitIncrease{})
		}
		for _, p := range s.protocols {
			to.AddProtocolLimit(p, all, rcmgr.BaseLimitIncrease{})
			to.AddProtocolPeerLimit(p, one, rcmgr.BaseLimitIncrease{})
		}
	}
}

func serviceLimit(streams int) rcmgr.BaseLimit {
	return rcmgr.BaseLimit{
		Streams: streams, StreamsInbound: streams, StreamsOutbound: streams,
		Memory: int64(streams) * streamWindow,
	}
}
