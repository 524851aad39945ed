package gossip_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/sim/figure"
)

const (
	// spamRate is how many invalid intents a second the target is sent.
	spamRate = 1000
	spamTime = 10 * time.Second
	// spamTarget and spamPeers tell the spammer's process whom and as how many.
	spamTarget, spamPeers = "PARLEY_SPAM_TARGET", "PARLEY_SPAM_PEERS"
)

// BenchmarkFigureNetSpam floods a node over loopback from another process and
// prints what it costs the node: CPU time of this process, less that of the
// same time in peace.
func BenchmarkFigureNetSpam(b *testing.B) {
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	h := spamHost(b)
	s, err := gossip.New(gossip.Config{Host: h})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if err := s.Join(ctx, spamShard); err != nil {
		b.Fatal(err)
	}
	idle := cpuOver(b, func() { time.Sleep(spamTime) })
	for _, peers := range []int{1, 10} {
		used := cpuOver(b, func() { spamFrom(b, h, peers) })
		name := fmt.Sprintf("net-spam-%d-peers-core-share", peers)
		figure.AtMost(os.Stdout, name, (used-idle).Seconds()/spamTime.Seconds(), 0.1)
	}
	bad := badCasts()
	each := cpuOver(b, func() {
		for range spamRate {
			if _, err := intentcast.DecodeCast(bad()); err == nil {
				b.Fatal("a forged cast was decoded")
			}
		}
	})
	figure.Info(os.Stdout, "net-spam-core-share-if-each-were-checked", each.Seconds())
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

var spamShard = intentcast.Shard(intentcast.Category{Taxonomy: "parley", Value: "baby/strollers"}, &intentcast.Place{Geohash: "dpeh"})

func spamHost(tb testing.TB) host.Host {
	tb.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

// cpuOver is the CPU time that this process uses while fn runs.
func cpuOver(tb testing.TB, fn func()) time.Duration {
	tb.Helper()
	now := func() time.Duration {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			tb.Fatal(err)
		}
		return time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	before := now()
	fn()
	return now() - before
}

// spamFrom runs this test binary again as the spammer.
func spamFrom(tb testing.TB, target host.Host, peers int) {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), self, "-test.run", "^TestSpammer$")
	cmd.Env = append(os.Environ(), spamPeers+"="+strconv.Itoa(peers),
		spamTarget+"="+target.Addrs()[0].String()+"/p2p/"+target.ID().String())
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "SKIP") {
		tb.Fatalf("spammer: %v\n%s", err, out)
	}
}

// TestSpammer is the spammer's process; by itself it does nothing.
func TestSpammer(t *testing.T) {
	target, err := peer.AddrInfoFromString(os.Getenv(spamTarget))
	if err != nil {
		t.Skip("only BenchmarkFigureNetSpam starts it")
	}
	n, err := strconv.Atoi(os.Getenv(spamPeers))
	if err != nil {
		t.Fatal(err)
	}
	streams := make([]network.Stream, n)
	for i := range streams {
		h := spamHost(t)
		h.SetStreamHandler(pubsub.GossipSubID_v12, func(s network.Stream) { (&rawPeer{}).capture(s) })
		if err := h.Connect(t.Context(), *target); err != nil {
			t.Fatal(err)
		}
		if streams[i], err = h.NewStream(t.Context(), target.ID, pubsub.GossipSubID_v12); err != nil {
			t.Fatal(err)
		}
	}
	topic, bad := gossip.TopicPrefix+spamShard, badCasts()
	const burst = 10 // in one turn, as a timer can't keep up with one each
	tick := time.NewTicker(burst * time.Second / spamRate)
	defer tick.Stop()
	for i := range spamRate * int(spamTime/time.Second) {
		if i%burst == 0 {
			<-tick.C
		}
		b, err := proto.Marshal(&pb.RPC{Publish: []*pb.Message{{Topic: &topic, Data: bad()}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := streams[i%n].Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...)); err != nil {
			t.Fatal(err) // hung up on, which would make it cheaper
		}
	}
}

// badCasts returns a source of casts that are well formed up to a signature
// that does not hold, each different: the dearest to refuse.
func badCasts() func() []byte {
	now := time.Now()
	c, err := intentcast.Sign(example.Stroller(signer("spammer").DID(), mailbox, now), signer("spammer"), now)
	if err != nil {
		panic(err)
	}
	wire, err := c.Encode()
	if err != nil {
		panic(err)
	}
	at := strings.Index(string(wire), string(c.Envelope.Signature))
	n := uint64(0)
	return func() []byte {
		n++
		bad := append([]byte{}, wire...)
		binary.BigEndian.PutUint64(bad[at:], n)
		return bad
	}
}
