package stack

import (
	"context"
	"encoding/binary"
	"strings"
	"sync/atomic"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"

	"github.com/parley-network/parley/gossip"
)

// A sybil that lies in wait keeps to the whole protocol: it tends its meshes,
// says what it has, announces, catches up and is judged, as anybody. Nothing
// less than the protocol's own code does all that; so until it strikes a real
// gossip service runs on its host, behind a veil. When it strikes the veil falls:
// what the service would say from then on stays unsaid, and the besieger speaks
// in its place over the same streams.

// veil is a host that a service runs on.
type veil struct {
	host.Host
	b      *besieger
	fallen atomic.Bool
}

// isGossip reports whether a protocol is GossipSub, of any version.
func isGossip(id protocol.ID) bool { return strings.HasPrefix(string(id), "/meshsub/") }

// lurk runs a service on the besieger's host.
func (o *ordeal) lurk(b *besieger, mesh *gossip.Mesh) error {
	b.veil = &veil{Host: b.Host, b: b}
	s, err := gossip.New(gossip.Config{Host: b.veil, Mesh: mesh})
	if err != nil {
		return err
	}
	o.w.Start("lurker", s.Run)
	return s.Join(o.w.T.Context(), o.shard)
}

// strike has the besieger speak from now on: it asks at once to be in every
// mesh, and relays nothing.
func (b *besieger) strike() {
	b.veil.fallen.Store(true)
	b.Tell(&pb.RPC{Control: b.Graft()}, nil)
}

// inWait reports whether it lies in wait still.
func (b *besieger) inWait() bool { return b.veil != nil && !b.veil.fallen.Load() }

// NewStream implements host.Host. The besieger may use the stream as well.
func (v *veil) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := v.Host.NewStream(ctx, p, ids...)
	if err != nil || !isGossip(s.Protocol()) {
		return s, err
	}
	v.b.Adopt(s)
	return &veiled{Stream: s, v: v}, nil
}

// SetStreamHandler implements host.Host. Of what it is asked otherwise than by
// gossip a sybil that has struck answers nothing.
func (v *veil) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	v.Host.SetStreamHandler(id, func(s network.Stream) {
		switch {
		case isGossip(id):
			handle(&veiled{Stream: s, v: v})
		case v.fallen.Load():
			_ = s.Reset()
		default:
			handle(s)
		}
	})
}

// veiled is a stream of gossip's, which is read by one goroutine.
type veiled struct {
	network.Stream
	v     *veil
	frame []byte // read so far of the frame that is being read
}

// Write sends a frame, or after the strike does not. GossipSub writes each frame
// at once.
func (s *veiled) Write(b []byte) (int, error) {
	if s.v.fallen.Load() {
		return len(b), nil
	}
	return s.Stream.Write(b)
}

// Read has the besieger hear each frame that the service reads.
func (s *veiled) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	s.frame = append(s.frame, b[:n]...)
	for {
		size, k := binary.Uvarint(s.frame)
		if k <= 0 || uint64(len(s.frame)-k) < size {
			return n, err
		}
		rpc := new(pb.RPC)
		if proto.Unmarshal(s.frame[k:k+int(size)], rpc) == nil {
			s.v.b.hear(s.Conn().RemotePeer(), rpc)
		}
		s.frame = s.frame[k+int(size):]
	}
}
