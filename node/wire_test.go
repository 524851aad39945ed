package node_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"sync"
	"testing"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"google.golang.org/protobuf/proto"

	"github.com/parley-network/parley/sim"
)

// tap is a host that speaks the gossip protocol by hand: it sends what it is
// told and keeps every byte it is sent.
type tap struct {
	t    *testing.T
	host host.Host

	mu  sync.Mutex
	in  []byte
	out map[*sim.Party]network.Stream
}

// newTap connects to the parties and opens the protocol with each.
func newTap(w *sim.World, name string, to ...*sim.Party) *tap {
	w.T.Helper()
	p := &tap{t: w.T, host: w.Host(name), out: make(map[*sim.Party]network.Stream)}
	p.host.SetStreamHandler(pubsub.GossipSubID_v12, p.capture)
	for _, q := range to {
		w.Connect(p.host, q.Host)
		s, err := p.host.NewStream(w.T.Context(), q.Host.ID(), pubsub.GossipSubID_v12)
		if err != nil {
			w.T.Fatal(err)
		}
		p.out[q] = s
	}
	return p
}

func (p *tap) capture(s network.Stream) {
	buf := make([]byte, 4096)
	for {
		n, err := s.Read(buf)
		p.mu.Lock()
		p.in = append(p.in, buf[:n]...)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// follow subscribes to a topic and asks to be in its mesh.
func (p *tap) follow(to *sim.Party, topic string) {
	p.t.Helper()
	yes := true
	p.send(to, &pb.RPC{
		Subscriptions: []*pb.RPC_SubOpts{{Subscribe: &yes, Topicid: &topic}},
		Control:       &pb.ControlMessage{Graft: []*pb.ControlGraft{{TopicID: &topic}}},
	})
}

// publish sends one message without the fields an author would fill.
func (p *tap) publish(to *sim.Party, topic string, data []byte) {
	p.t.Helper()
	p.send(to, &pb.RPC{Publish: []*pb.Message{{Topic: &topic, Data: data}}})
}

func (p *tap) send(to *sim.Party, rpc *pb.RPC) {
	p.t.Helper()
	b, err := proto.Marshal(rpc)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.out[to].Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...)); err != nil {
		p.t.Fatal(err)
	}
}

// captured is every byte received so far.
func (p *tap) captured() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.in)
}

// messages are those among what was captured from one peer.
func (p *tap) messages() []*pb.Message {
	p.t.Helper()
	r := bufio.NewReader(bytes.NewReader(p.captured()))
	var all []*pb.Message
	for {
		n, err := binary.ReadUvarint(r)
		if err == io.EOF {
			return all
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(r, frame); err != nil {
			p.t.Fatal(err)
		}
		rpc := new(pb.RPC)
		if err := proto.Unmarshal(frame, rpc); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, rpc.Publish...)
	}
}
