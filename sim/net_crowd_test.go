package sim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/sim/figure"
)

// crowd is many nodes that gossip, each a real service on a host of its own,
// all following one topic.
type crowd struct {
	w       *World
	members []*member
	shard   string
	casts   int // signed so far

	mu    sync.Mutex
	heard map[string][]hearing // by cast id
}

// hearing is one delivery, at a virtual time since the world began.
type hearing struct {
	who int
	at  time.Duration
}

type member struct {
	*gossip.Service
	host  host.Host
	reg   *prometheus.Registry
	index int
}

// newCrowd builds n members that have met nobody yet. All end together: one
// after the other, those left would go on beating for minutes.
func newCrowd(w *World, n int) *crowd {
	w.T.Helper()
	c := &crowd{w: w, heard: make(map[string][]hearing)}
	for range n {
		c.admit()
	}
	w.Start("crowd", func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		for _, m := range c.members {
			g.Go(func() error { return m.Run(ctx) })
		}
		return g.Wait()
	})
	return c
}

// admit builds one more member, which does not run yet.
func (c *crowd) admit() *member {
	c.w.T.Helper()
	m := &member{index: len(c.members), reg: prometheus.NewRegistry()}
	m.host = c.w.Host("member " + strconv.Itoa(m.index))
	var err error
	m.Service, err = gossip.New(gossip.Config{Host: m.host, Registry: m.reg,
		Deliver: func(_ context.Context, cast *intentcast.Cast) { c.hear(m.index, cast) }})
	if err != nil {
		c.w.T.Fatal(err)
	}
	c.members = append(c.members, m)
	return m
}

func (c *crowd) hear(who int, cast *intentcast.Cast) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard[cast.ID.String()] = append(c.heard[cast.ID.String()], hearing{who, c.w.Elapsed()})
}

// follow has all members follow the topic of the casts.
func (c *crowd) follow() {
	c.w.T.Helper()
	c.shard = c.sign(0).Intent.Shard()
	var g errgroup.Group
	for _, m := range c.members {
		g.Go(func() error { return m.Join(c.w.T.Context(), c.shard) })
	}
	if err := g.Wait(); err != nil {
		c.w.T.Fatal(err)
	}
}

// meet connects the members along edges.
func (c *crowd) meet(edges []Edge) {
	c.w.T.Helper()
	hosts := make([]host.Host, len(c.members))
	for i, m := range c.members {
		hosts[i] = m.host
	}
	c.w.Wire(hosts, edges)
}

// sign makes a new intent by an author of its own.
func (c *crowd) sign(n int) *intentcast.Cast {
	c.w.T.Helper()
	return signed(c.w.T, example.Stroller(author(n).DID(), elsewhere, time.Now()), author(n))
}

func signed(t *testing.T, in intentcast.Intent, by identity.Signer) *intentcast.Cast {
	t.Helper()
	cast, err := intentcast.Sign(in, by, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return cast
}

// author is the n-th of those who ask for something.
func author(n int) identity.Signer {
	seed := sha256.Sum256(fmt.Appendf(nil, "author %d", n))
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
}

// elsewhere is a reply route by way of somebody who is not there, with a key
// of the usual size.
var elsewhere = intentcast.Route{
	Peer:  "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
	Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
	Slot:  bytes.Repeat([]byte{7}, 32),
	Key:   bytes.Repeat([]byte{9}, intentcast.ReplyKeySize),
}

// cast publishes a new intent from a member and returns it and when.
func (c *crowd) cast(from int) (*intentcast.Cast, time.Duration) {
	c.w.T.Helper()
	c.casts++
	cast := c.sign(c.casts)
	return cast, c.publish(from, cast)
}

func (c *crowd) publish(from int, cast *intentcast.Cast) time.Duration {
	c.w.T.Helper()
	at := c.w.Elapsed()
	if err := c.members[from].Cast(c.w.T.Context(), cast); err != nil {
		c.w.T.Fatal(err)
	}
	return at
}

// reached is how long after since each that heard of the cast did, and how
// many of them there are.
func (c *crowd) reached(cast *intentcast.Cast, since time.Duration) []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var took []time.Duration
	for _, h := range c.heard[cast.ID.String()] {
		took = append(took, h.at-since)
	}
	return took
}

// count adds a counter up over the members.
func (c *crowd) count(name string) float64 {
	var sum float64
	for _, m := range c.members {
		sum += m.count(c.w.T, name)
	}
	return sum
}

func (m *member) count(t *testing.T, name string) float64 {
	t.Helper()
	families, err := m.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() == "parley_gossip_"+name {
			for _, v := range f.GetMetric() {
				sum += v.GetCounter().GetValue() + v.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// degree is the mean size of the members' meshes.
func (c *crowd) degree() float64 {
	sum := 0
	for _, m := range c.members {
		sum += m.Neighbours(c.shard)
	}
	return float64(sum) / float64(len(c.members))
}

// spread is what came of some casts.
type spread struct {
	casts, missed int             // missed: deliveries that did not happen
	took          []time.Duration // each delivery
	copies        float64         // received by a node of a cast
}

// measure publishes n casts from members drawn at random, one every gap, and
// gives each as long to arrive.
func (c *crowd) measure(n int, gap time.Duration) spread {
	c.w.T.Helper()
	return c.measureFrom(n, gap, func() int { return c.w.Rand.IntN(len(c.members)) })
}

// measureFrom is measure with a say in who casts.
func (c *crowd) measureFrom(n int, gap time.Duration, from func() int) spread {
	c.w.T.Helper()
	s := spread{casts: n}
	before := c.count("received_total") + c.count("duplicates_total")
	for range n {
		cast, at := c.cast(from())
		time.Sleep(gap)
		took := c.reached(cast, at)
		s.took = append(s.took, took...)
		s.missed += len(c.members) - 1 - len(took)
	}
	after := c.count("received_total") + c.count("duplicates_total")
	s.copies = (after - before) / float64(n) / float64(len(c.members)-1)
	return s
}

func (s spread) quantile(q float64) time.Duration { return figure.Quantile(s.took, q) }

// inWorld plays fn in a world of its own from within a benchmark: the bubble
// can only be had by a test.
func inWorld(b *testing.B, seed uint64, fn func(*World)) {
	b.Helper()
	ok := testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
		Name: b.Name(), F: func(t *testing.T) { Run(t, seed, fn) },
	}})
	if !ok {
		b.Fatal("the run failed")
	}
}
