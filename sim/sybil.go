package sim

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"
)

// Sybil is a host that speaks GossipSub's frames without being a node: it
// follows a topic, asks to be in meshes and does what its Heard does, which is
// to relay nothing if it is nil. It costs far less than a node, as it would
// cost an attacker.
type Sybil struct {
	host.Host
	Topic string
	// Heard is told of each frame, by whom it came; nil: frames are not even
	// read. It is called by several goroutines and set before the first Court.
	Heard func(from peer.ID, rpc *pb.RPC)

	mu     sync.Mutex
	outs   []network.Stream
	pruned map[peer.ID]time.Time // from whose mesh; when to ask again
}

// maxFrame is more than any frame that nodes send.
const maxFrame = 1 << 20

// NewSybil builds a sybil called name. The caller closes it before the world
// ends.
func (w *World) NewSybil(name, topic string, links ...LinkOption) (*Sybil, error) {
	h, err := w.NewHost(name, links...)
	if err != nil {
		return nil, err
	}
	s := &Sybil{Host: h, Topic: topic}
	h.SetStreamHandler(pubsub.GossipSubID_v12, s.listen)
	return s, nil
}

// listen reads what one peer sends, to the end of the stream.
func (s *Sybil) listen(in network.Stream) {
	r := bufio.NewReader(in)
	for {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > maxFrame {
			return
		}
		if s.Heard == nil {
			if _, err := io.CopyN(io.Discard, r, int64(n)); err != nil {
				return
			}
			continue
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(r, frame); err != nil {
			return
		}
		rpc := new(pb.RPC)
		if proto.Unmarshal(frame, rpc) == nil {
			s.Heard(in.Conn().RemotePeer(), rpc)
		}
	}
}

// Court opens a stream to a node that it is connected with, follows the topic
// there and asks to be in the mesh.
func (s *Sybil) Court(ctx context.Context, to peer.ID) error {
	out, err := s.NewStream(ctx, to, pubsub.GossipSubID_v12)
	if err != nil {
		return fmt.Errorf("court %s: %w", to, err)
	}
	s.Adopt(out)
	yes := true
	return send(out, &pb.RPC{
		Subscriptions: []*pb.RPC_SubOpts{{Subscribe: &yes, Topicid: &s.Topic}},
		Control:       s.Graft(),
	})
}

// Adopt has the sybil tell over a stream, opened by somebody else on its host, as
// over one that Court opened.
func (s *Sybil) Adopt(out network.Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outs = append(s.outs, out)
}

// Graft is what asks to be in the mesh.
func (s *Sybil) Graft() *pb.ControlMessage {
	return &pb.ControlMessage{Graft: []*pb.ControlGraft{{TopicID: &s.Topic}}}
}

// Note has the sybil remember who pruned it, to ask again after wait: Heard calls
// it.
func (s *Sybil) Note(from peer.ID, rpc *pb.RPC, wait func() time.Duration) {
	for _, prune := range rpc.GetControl().GetPrune() {
		if prune.GetTopicID() != s.Topic {
			continue
		}
		s.mu.Lock()
		if s.pruned == nil {
			s.pruned = make(map[peer.ID]time.Time)
		}
		s.pruned[from] = time.Now().Add(wait())
		s.mu.Unlock()
	}
}

// Return asks those to be in their meshes again who pruned it long enough ago,
// and says whom: who accepts does not answer.
func (s *Sybil) Return(now time.Time) (asked map[peer.ID]bool) {
	due := make(map[peer.ID]bool)
	s.mu.Lock()
	for p, at := range s.pruned {
		if !at.After(now) {
			due[p] = true
			delete(s.pruned, p)
		}
	}
	s.mu.Unlock()
	if len(due) > 0 {
		s.Tell(&pb.RPC{Control: s.Graft()}, func(p peer.ID) bool { return due[p] })
	}
	return due
}

// Tell sends a frame to the nodes it courted for which to returns true; nil: to
// all.
func (s *Sybil) Tell(rpc *pb.RPC, to func(peer.ID) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, out := range s.outs {
		if to == nil || to(out.Conn().RemotePeer()) {
			_ = send(out, rpc) // a node that hung up on it is no news
		}
	}
}

func send(out network.Stream, rpc *pb.RPC) error {
	b, err := proto.Marshal(rpc)
	if err != nil {
		return err
	}
	_, err = out.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	return err
}
