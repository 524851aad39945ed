package gossip_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"sync"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"
	"google.golang.org/protobuf/proto"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
)

func encode(t *testing.T, c *intentcast.Cast) []byte {
	t.Helper()
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rawPeer speaks the protocol without GossipSub: it sends what it is told and
// keeps every byte it is sent.
type rawPeer struct {
	t   *testing.T
	out network.Stream

	mu       sync.Mutex
	captured []byte
}

// raw makes a host outside the network's nodes that has opened the protocol
// with to. It is closed with the bubble.
func (net *simulation) raw(to host.Host) *rawPeer {
	net.t.Helper()
	h := net.host()
	net.extra = append(net.extra, h)
	p := &rawPeer{t: net.t}
	h.SetStreamHandler(pubsub.GossipSubID_v12, p.capture)
	net.connect(h, to)
	var err error
	if p.out, err = h.NewStream(net.ctx, to.ID(), pubsub.GossipSubID_v12); err != nil {
		net.t.Fatal(err)
	}
	return p
}

// stranger is a raw peer that nothing is known of yet. One message that is
// wrong by itself costs its sender the hearing of what it says next.
func (net *simulation) stranger(to host.Host) *rawPeer {
	net.t.Helper()
	p := net.raw(to)
	time.Sleep(time.Second) // for the other side to open its stream
	return p
}

// follow subscribes to a topic and asks to be in its mesh.
func (p *rawPeer) follow(topic string) {
	p.t.Helper()
	yes := true
	p.send(&pb.RPC{
		Subscriptions: []*pb.RPC_SubOpts{{Subscribe: &yes, Topicid: &topic}},
		Control:       &pb.ControlMessage{Graft: []*pb.ControlGraft{{TopicID: &topic}}},
	})
}

// publish sends one message without the fields an author would fill.
func (p *rawPeer) publish(topic string, data []byte) {
	p.t.Helper()
	p.send(&pb.RPC{Publish: []*pb.Message{{Topic: &topic, Data: data}}})
}

func (p *rawPeer) send(rpc *pb.RPC) {
	p.t.Helper()
	b, err := proto.Marshal(rpc)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.out.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *rawPeer) capture(s network.Stream) {
	buf := make([]byte, 4096)
	for {
		n, err := s.Read(buf)
		p.mu.Lock()
		p.captured = append(p.captured, buf[:n]...)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// rpcs decodes what was captured.
func (p *rawPeer) rpcs() []*pb.RPC {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	r := bufio.NewReader(bytes.NewReader(p.captured))
	var all []*pb.RPC
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
		all = append(all, rpc)
	}
}

// The delivered bytes, as a peer next to the author sees them on the wire,
// name neither the author's device nor where it is.
func TestWireNamesNobody(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		author := net.nodes[0]
		c := stroller(t, "parent")
		topic := gossip.TopicPrefix + c.Intent.Shard()
		neighbour := net.raw(author.Host)
		neighbour.follow(topic)
		net.settle()
		net.cast(author, c)
		net.settle()

		var messages []*pb.Message
		for _, rpc := range neighbour.rpcs() {
			messages = append(messages, rpc.Publish...)
		}
		if len(messages) != 1 {
			t.Fatalf("captured %d messages, want 1", len(messages))
		}
		m := messages[0]
		if m.From != nil || m.Seqno != nil || m.Signature != nil || m.Key != nil {
			t.Errorf("from %x, seqno %x, signature %x, key %x: all must be absent", m.From, m.Seqno, m.Signature, m.Key)
		}
		if unknown := m.ProtoReflect().GetUnknown(); len(unknown) > 0 {
			t.Errorf("unknown fields %x", unknown)
		}
		if m.GetTopic() != topic || !bytes.Equal(m.Data, encode(t, c)) {
			t.Errorf("topic %q and %d bytes are not the cast", m.GetTopic(), len(m.Data))
		}

		public, err := author.ID().ExtractPublicKey()
		if err != nil {
			t.Fatal(err)
		}
		key, err := public.Raw()
		if err != nil {
			t.Fatal(err)
		}
		secrets := map[string][]byte{
			"peer id": []byte(author.ID()), "peer id as text": []byte(author.ID().String()), "device key": key,
		}
		for _, a := range author.Addrs() {
			secrets["address"] = a.Bytes()
			secrets["address as text"] = []byte(a.String())
			ip, err := a.ValueForProtocol(multiaddr.P_IP4)
			if err != nil {
				t.Fatal(err)
			}
			secrets["ip as text"] = []byte(ip)
		}
		neighbour.mu.Lock()
		defer neighbour.mu.Unlock()
		for what, secret := range secrets {
			if bytes.Contains(neighbour.captured, secret) {
				t.Errorf("the captured bytes hold the author's %s", what)
			}
		}
	})
}

// A message that does carry an author is not taken, whatever it says.
func TestAuthoredMessagesAreRefused(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n := net.nodes[0]
		c := stroller(t, "parent")
		topic := gossip.TopicPrefix + c.Intent.Shard()
		net.join(net.nodes, c.Intent.Shard())
		for _, m := range []*pb.Message{
			{Topic: &topic, Data: encode(t, c), From: []byte("somebody")},
			{Topic: &topic, Data: encode(t, c), Seqno: []byte{1}},
			{Topic: &topic, Data: encode(t, c), Signature: []byte{1}},
			{Topic: &topic, Data: encode(t, c), Key: []byte{1}},
		} {
			net.stranger(n.Host).send(&pb.RPC{Publish: []*pb.Message{m}})
		}
		net.settle()
		if got := n.ids(); len(got) != 0 {
			t.Errorf("heard %v", got)
		}
		net.stranger(n.Host).publish(topic, encode(t, c))
		net.settle()
		if got := n.ids(); len(got) != 1 {
			t.Errorf("without an author, heard %v", got)
		}
	})
}
