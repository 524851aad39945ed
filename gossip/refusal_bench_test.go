package gossip

import (
	"crypto/ed25519"
	"os"
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
	"github.com/parley-network/parley/sim/figure"
)

// BenchmarkFigureNetRefusal is what one message costs that is not taken in, by
// why, in bare signature verifications. Hashing for GossipSub's message id and
// reading the frame off the wire are not in it.
func BenchmarkFigureNetRefusal(b *testing.B) {
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
	cost := func(topic string, data []byte, want string) float64 {
		if _, err := s.admit(topic, data, now); err == nil {
			b.Fatalf("%s: taken in", want)
		} else if _, reason := judge(err); reason != want {
			b.Fatalf("refused as %s, want %s: %v", reason, want, err)
		}
		return figure.Ratio(func() { _, _ = s.admit(topic, data, now) }, figure.Verify())
	}
	for _, tt := range []struct {
		name, topic string
		data        []byte
		reason      string
	}{
		{"oversize", topic, make([]byte, intentcast.MaxCast+1), "size"},
		{"garbage", topic, make([]byte, 1024), "form"},
		{"false-stamp", topic, wire(c.WithWork(admission.Stamp{Bits: 22, Nonce: 1}.Encode())), "stamp"},
		{"wrong-topic", topic + "x", wire(c), "topic"},
	} {
		figure.Info(os.Stdout, "refuse-"+tt.name+"-verifies", cost(tt.topic, tt.data, tt.reason))
	}
	// With a verification of 60 µs, a thousand of these a second are 10% of a
	// core, before any quota.
	figure.AtMost(os.Stdout, "refuse-bad-signature-verifies", cost(topic, wire(&forged), "signature"), 1.66)
	s.gate.came(topic, 1e6, now)
	s.gate.measure(now)
	figure.AtMost(os.Stdout, "refuse-under-worked-verifies", cost(topic, wire(c), "work"), .2)
	for range 2 * faultBurst {
		s.gate.fault("p", 1, time.Now())
	}
	m := &pb.Message{Topic: &topic, Data: wire(c)}
	figure.AtMost(os.Stdout, "refuse-over-quota-verifies", figure.Ratio(func() {
		_ = s.inspect(peer.ID("p"), &pubsub.RPC{RPC: pb.RPC{Publish: []*pb.Message{m}}})
	}, figure.Verify()), .05)
}
