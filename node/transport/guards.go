package transport

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
)

// DefaultMaxPeers suits a home server: GossipSub wants 6 to 12 peers a topic,
// the rest are parties that deliver something and go.
const DefaultMaxPeers = 128

const (
	// A peer that just connected has this long to become useful before it may
	// be closed to make room.
	trimGrace = 20 * time.Second

	// What peers' buffers may hold, all together, at the default size. A TCP
	// stream counts with its whole window as soon as it is open, though a peer
	// fills it only by sending what nobody reads: so this is for 1,024 streams,
	// and what a busy node was seen to use is a tenth of it. QUIC, which peers
	// prefer, counts what arrives.
	baseMemory = 1024 * streamWindow

	// What yamux sets aside for each open stream (its initialStreamWindow).
	streamWindow = 256 << 10

	// Besides pubsub's two a peer has a few streams open at a time.
	streamsPerPeer = 16

	// Streams of one protocol open to or from one peer at one time. A request
	// that waits for its answer keeps one open, and a peer may wait for many
	// (of a node's mail, 64 and more) or stand for many others whose requests it
	// carries. libp2p's 64 is below that, and reached without a word: streams
	// are reset, and whoever asked can't tell a full peer from a broken one. So
	// this is as much as QUIC lets a peer open of all protocols (libp2p's
	// quicreuse has it wait at 256), and above what any protocol of ours grants
	// a peer, 192 at most: it is the protocol that says no, in words.
	peerProtocolStreams = 256
	// Streams of all protocols open to or from one peer: half of all there is
	// memory for, as with libp2p's own figures.
	peerStreams = 512
)

// guards keep what strangers can use up within bounds: the resource manager
// refuses, the connection manager makes room.
type guards struct {
	resources network.ResourceManager
	conns     *connmgr.BasicConnMgr
}

func newGuards(maxPeers int, metrics bool) (*guards, error) {
	if maxPeers == 0 {
		maxPeers = DefaultMaxPeers
	}
	if maxPeers < 4 || maxPeers > 1<<16 {
		return nil, fmt.Errorf("limit of %d peers: want 4 to %d", maxPeers, 1<<16)
	}
	var opts []rcmgr.Option
	if !metrics {
		opts = append(opts, rcmgr.WithMetricsDisabled())
	}
	resources, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits(maxPeers)), opts...)
	if err != nil {
		return nil, fmt.Errorf("make resource manager: %w", err)
	}
	conns, err := connmgr.NewConnManager(maxPeers*3/4, maxPeers, connmgr.WithGracePeriod(trimGrace))
	if err != nil {
		resources.Close()
		return nil, fmt.Errorf("make connection manager: %w", err)
	}
	return &guards{resources, conns}, nil
}

func (g *guards) close() {
	g.conns.Close()
	g.resources.Close()
}

// limits are the resource manager's: for the whole, for one peer, for one
// protocol, and for what libp2p's own services may use. They don't depend on how
// much memory the machine has, so a node behaves alike everywhere.
func limits(maxPeers int) rcmgr.ConcreteLimitConfig {
	scaling := rcmgr.DefaultLimits
	addServices(&scaling)
	memory := int64(baseMemory) * int64(max(maxPeers, DefaultMaxPeers)) / DefaultMaxPeers

	// Twice the peers: the connection manager closes in the background, and
	// until it has, newcomers are let in rather than turned away.
	conns := rcmgr.LimitVal(2 * maxPeers)
	streams := conns * streamsPerPeer
	system := streamLimits(streams, memory)
	system.Conns, system.ConnsInbound, system.ConnsOutbound = conns, conns, conns
	system.FD = conns // a TCP connection takes one, QUIC none

	// Connections that have not said who they are: the cheapest to open and
	// so the first an attacker would open.
	transient := system
	transient.Conns, transient.ConnsInbound, transient.ConnsOutbound = conns/2, conns/2, conns/2
	transient.Memory = rcmgr.LimitVal64(memory / 4)
	return rcmgr.PartialLimitConfig{
		System: system, Transient: transient,
		ProtocolDefault:     streamLimits(streams, memory*3/4),
		ProtocolPeerDefault: streamLimits(peerProtocolStreams, peerProtocolStreams*streamWindow),
		PeerDefault:         streamLimits(peerStreams, peerStreams*streamWindow),
	}.Build(scaling.Scale(memory, int(conns)))
}

// streamLimits allow n streams, of either direction, and what they may hold.
func streamLimits(n rcmgr.LimitVal, memory int64) rcmgr.ResourceLimits {
	return rcmgr.ResourceLimits{Streams: n, StreamsInbound: n, StreamsOutbound: n, Memory: rcmgr.LimitVal64(memory)}
}
