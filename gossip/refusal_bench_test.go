package gossip

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
)

// BenchmarkRefusal is what one message costs that is not taken in, by why; and
// one that is, to compare with. Hashing for GossipSub's message id and reading
// the frame off the wire are not in it.
func BenchmarkRefusal(b *testing.B) {
	h, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	s, err := New(Config{Host: h})
	if err != nil {
		b.Fatal(err)
	}
	seed := make([]byte, ed25519.SeedSize)
	signer := identity.NewKeySigner(ed25519.NewKeyFromSeed(seed))
	route := intentcast.Route{
		Peer: "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS", Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
		Slot: append(make([]byte, 31), 1), Key: make([]byte, intentcast.ReplyKeySize),
	}
	now := time.Now()
	c, err := intentcast.Sign(example.Stroller(signer.DID(), route, now), signer, now)
	if err != nil {
		b.Fatal(err)
	}
	topic := TopicPrefix + c.Intent.Shard()
	wire := func(c *intentcast.Cast) []byte {
		w, err := c.Encode()
		if err != nil {
			b.Fatal(err)
		}
		return w
	}
	forged := *c
	forged.Envelope.Signature = append([]byte{}, c.Envelope.Signature...)
	forged.Envelope.Signature[40] ^= 1
	run := func(name, topic string, data []byte) {
		b.Run(name, func(b *testing.B) {
			var last error
			for b.Loop() {
				_, last = s.admit(topic, data, now)
			}
			_, reason := judge(last)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N), "µs/"+fmt.Sprint(reason))
		})
	}
	run("garbage", topic, make([]byte, 1024))
	run("oversize", topic, make([]byte, intentcast.MaxCast+1))
	run("false-stamp", topic, wire(c.WithWork(admission.Stamp{Bits: 22, Nonce: 1}.Encode())))
	run("wrong-topic", topic+"x", wire(c))
	run("bad-signature", topic, wire(&forged))
	s.gate.came(topic, 1e6, now)
	s.gate.measure(now)
	run("under-worked", topic, wire(c))
	for range faultBurst {
		s.gate.fault("p", 1, now)
	}
	b.Run("over-quota", func(b *testing.B) {
		m := &pb.Message{Topic: &topic, Data: wire(c)}
		for b.Loop() {
			_ = s.inspect(peer.ID("p"), &pubsub.RPC{RPC: pb.RPC{Publish: []*pb.Message{m}}})
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N), "µs/quota")
	})
}
