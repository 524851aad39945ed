package sim

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
)

const gossipTopic = "sim"

// swarm is n hosts with GossipSub on a random topology, and how many messages
// were delivered to subscribers other than the publisher's.
type swarm struct {
	topics    []*pubsub.Topic
	delivered atomic.Int64
	last      atomic.Int64 // virtual time of the last delivery
}

func newSwarm(w *World, n int) *swarm {
	s := new(swarm)
	var hosts []host.Host
	for i := range n {
		hosts = append(hosts, w.Host("host "+strconv.Itoa(i)))
	}
	for i, h := range hosts {
		s.join(w, i, h)
	}
	w.Wire(hosts, Random(w.Rand, n, 4))
	time.Sleep(5 * time.Second) // a few heartbeats, for the mesh to form
	return s
}

func (s *swarm) join(w *World, i int, h host.Host) {
	ctx, cancel := context.WithCancel(context.Background())
	w.Defer("pubsub", func() error { cancel(); return nil })
	ps, err := pubsub.NewGossipSub(ctx, h, pubsub.WithLogger(slog.New(slog.DiscardHandler)),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign))
	if err != nil {
		w.T.Fatal(err)
	}
	topic, err := ps.Join(gossipTopic)
	if err != nil {
		w.T.Fatal(err)
	}
	sub, err := topic.Subscribe()
	if err != nil {
		w.T.Fatal(err)
	}
	s.topics = append(s.topics, topic)
	w.Go(func(ctx context.Context) {
		for {
			m, err := sub.Next(ctx)
			if err != nil {
				return
			}
			if m.ReceivedFrom != h.ID() {
				s.delivered.Add(1)
				s.last.Store(int64(w.Elapsed()))
				w.Event(w.Name(h.ID()), "delivered", "from", w.Name(m.ReceivedFrom))
			}
		}
	})
}

// publish sends n messages from hosts drawn at random, a second apart, and
// waits until everyone else has each. It returns the slowest delivery of the
// last one.
func (s *swarm) publish(w *World, n int) time.Duration {
	var sent time.Duration
	for i := range n {
		sent = w.Elapsed()
		from := w.Rand.IntN(len(s.topics))
		if err := s.topics[from].Publish(context.Background(), fmt.Appendf(nil, "message %d", i)); err != nil {
			w.T.Fatal(err)
		}
		time.Sleep(time.Second)
	}
	want := int64(n * (len(s.topics) - 1))
	w.Eventually(time.Minute, fmt.Sprintf("%d deliveries", want), func() bool {
		return s.delivered.Load() >= want
	})
	return time.Duration(s.last.Load()) - sent
}

func TestGossipReachesFiftyHosts(t *testing.T) {
	for seed := range uint64(2) {
		Run(t, seed, func(w *World) {
			s := newSwarm(w, 50)
			// Diameter about 3, 50 ms a hop.
			if slowest := s.publish(w, 1); slowest < 50*time.Millisecond || slowest > time.Second {
				w.T.Errorf("seed %d: the message took %s to reach everyone", seed, slowest)
			}
			if got := s.delivered.Load(); got != 49 {
				w.T.Errorf("seed %d: %d deliveries of one message to 49 hosts", seed, got)
			}
		})
	}
}

// PARLEY_SIM_HOSTS=500 go test -run Scale -v ./sim
// prints what a swarm of that many hosts costs.
func TestScale(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PARLEY_SIM_HOSTS"))
	if err != nil {
		t.Skip("PARLEY_SIM_HOSTS says how many hosts to measure")
	}
	began := time.Now()
	const messages = 10
	Run(t, 1, func(w *World) {
		s := newSwarm(w, n)
		slowest := s.publish(w, messages)
		packets, bytes := w.Traffic()
		w.T.Logf("%d hosts, %d messages: %s virtual, slowest delivery of the last %s, %d packets of %d MB",
			n, messages, w.Elapsed(), slowest, packets, bytes>>20)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.T.Logf("%d MB from the system, %d goroutines", m.Sys>>20, runtime.NumGoroutine())
	})
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	t.Logf("%s in all, %s of CPU; peak memory %d MB (if maximum RSS is in kB, as on Linux)",
		time.Since(began).Round(time.Millisecond), cpu.Round(time.Millisecond), used.Maxrss>>10)
}
