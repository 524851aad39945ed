package stack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/degree"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/scenario"
)

// castGap lies at least between two casts: each has arrived by then.
const castGap = 3 * time.Second

// Spread is how casts travelled among nodes that all follow one topic.
type Spread struct {
	Nodes, Casts int
	// Delays are of all deliveries, from the cast; Missed those that did not
	// happen.
	Delays []time.Duration
	Missed int
	// Copies is how often a node got a cast, the first time included.
	Copies float64
	// Bytes is what a node sent for a cast, in UDP payload, less what it sends
	// anyway: Idle, in bytes a second. Size is a cast's own.
	Bytes, Idle float64
	Size        int
	// Degree is the mean size of a mesh.
	Degree float64
	// Wall is the machine's time that the casts took, CPU its processors'.
	Wall, CPU time.Duration
}

// Gossip plays casts among n real gossip services that follow one topic, each on
// a host of its own, without the rest of the node: what the model's mesh is
// calibrated against. Each node dials half of protocol.peers at random; meshes
// settle for 40 s before the first cast, and casts come a [Gap] apart, from nodes
// drawn at random.
func Gossip(ctx context.Context, n, casts int, p scenario.Protocol, seed uint64) (Spread, error) {
	if n < 2 || n > MaxNodes || casts < 1 {
		return Spread{}, fmt.Errorf("gossip among %d nodes, %d casts: want 2 to %d, and at least 1", n, casts, MaxNodes)
	}
	if err := checkMesh(p); err != nil {
		return Spread{}, fmt.Errorf("gossip: %w", err)
	}
	var out Spread
	err := sim.Play(seed, func(w *sim.World) error {
		c, err := newCrowd(w, n, p)
		if err != nil {
			return err
		}
		c.told = c.hear
		// Were they to follow it before, the first connections to stand, those
		// over the shortest links, would be the mesh: nobody has all peers at
		// once outside.
		if err := c.connect(sim.Random(w.RandFor("dials"), n, max(1, cmp.Or(p.Peers, shippedPeers)/2))); err != nil {
			return err
		}
		if err := c.join(); err != nil {
			return err
		}
		out, err = c.play(ctx, casts, Gap(p, casts))
		return err
	})
	if err != nil {
		return Spread{}, fmt.Errorf("gossip among %d nodes: %w", n, err)
	}
	return out, nil
}

// Gap is how far apart so many casts are published that each has arrived before
// the next: three seconds, up to whole beats, and so much that together they come
// at all times of a beat. How long before the next announcements a cast comes
// decides how many ask for what is on its way to them; at 300 nodes on links of
// 20 to 80 ms that is a copy in ten.
func Gap(p scenario.Protocol, casts int) time.Duration {
	beat := cmp.Or(p.Heartbeat.Std(), degree.Heartbeat)
	whole := (castGap + beat - 1) / beat * beat
	return whole + beat/time.Duration(max(casts, 1))
}

// crowd is services and what they heard.
type crowd struct {
	w     *sim.World
	hosts []host.Host
	all   []*gossip.Service
	meter []*meter
	shard string
	pad   string
	// told is told which of them got a cast; set before the first.
	told func(member int, cast *intentcast.Cast)

	mu    sync.Mutex // never held while waiting
	began time.Time  // of the cast that is under way
	heard []time.Duration
}

// newCrowd builds and runs n services that know nobody.
func newCrowd(w *sim.World, n int, p scenario.Protocol) (*crowd, error) {
	c := &crowd{w: w}
	w.Spread(p.Latency[0].Std(), p.Latency[1].Std())
	w.LoseEverywhere(p.Loss)
	var links []sim.LinkOption
	if p.Bandwidth > 0 {
		links = append(links, sim.Bandwidth(int(p.Bandwidth), int(p.Bandwidth)))
	}
	for i := range n {
		h, err := w.NewHost("node "+strconv.Itoa(i), links...)
		if err != nil {
			return nil, err
		}
		w.Add("node "+strconv.Itoa(i), h)
		c.hosts = append(c.hosts, h)
		m := &meter{}
		s, err := gossip.New(gossip.Config{Host: h, Registry: m, Deliver: func(_ context.Context, cast *intentcast.Cast) { c.told(i, cast) },
			Mesh: meshOf(p.D, p.Low, p.High, p.Lazy, p.Heartbeat.Std())})
		if err != nil {
			return nil, err
		}
		c.all, c.meter = append(c.all, s), append(c.meter, m)
	}
	w.Start("services", func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		for _, s := range c.all {
			g.Go(func() error { return s.Run(ctx) })
		}
		return g.Wait()
	})
	return c, c.size(p.Size)
}

// join has all follow the topic.
func (c *crowd) join() error {
	var g errgroup.Group
	for _, s := range c.all {
		g.Go(func() error { return s.Join(c.w.T.Context(), c.shard) })
	}
	return g.Wait()
}

// size finds the shard, and the text that brings a cast to so many bytes.
func (c *crowd) size(want int) error {
	cast, err := c.sign(0)
	if err != nil {
		return err
	}
	c.shard = cast.Intent.Shard()
	wire, err := cast.Encode()
	if err != nil {
		return err
	}
	c.pad = strings.Repeat(".", min(max(0, want-len(wire)-4), maxText))
	return nil
}

// connect has members dial each other along edges.
func (c *crowd) connect(edges []sim.Edge) error {
	// One that fails under loss is made up for by the others, as outside.
	var mu sync.Mutex
	failed := 0
	var wg sync.WaitGroup
	for _, e := range edges {
		wg.Go(func() {
			if err := c.w.Dial(c.hosts[e.A], c.hosts[e.B]); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed++
			}
		})
	}
	wg.Wait()
	if failed > len(edges)/20 {
		return fmt.Errorf("%d of %d connections failed", failed, len(edges))
	}
	return nil
}

func (c *crowd) hear(int, *intentcast.Cast) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, time.Since(c.began))
}

// sign makes the n-th intent, by an author of its own.
func (c *crowd) sign(n int) (*intentcast.Cast, error) {
	seed := sha256.Sum256(fmt.Appendf(nil, "author %d", n))
	by, now := identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:])), time.Now()
	base, ok := terms.Lookup("SD-BASE")
	if !ok {
		return nil, errors.New("the roster has no SD-BASE")
	}
	g := goods{}
	return intentcast.Sign(intentcast.Intent{
		Version: intentcast.BodyVersion, Type: intentcast.IntentType, Status: intentcast.StatusOpen, Author: by.DID(),
		Created: identity.At(now), Expires: identity.At(now.Add(time.Hour)), Category: g.category(0), Place: g.place(0), Text: c.pad,
		Items: []intentcast.Want{{Name: thing(0), Quantity: "1"}}, Terms: []terms.Ref{base.Ref}, MaxResponders: 100,
		Reply: &intentcast.Route{
			Peer: "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS", Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
			Slot: bytes.Repeat([]byte{7}, 32), Key: bytes.Repeat([]byte{9}, intentcast.ReplyKeySize),
		},
	}, by, now)
}

// play lets meshes settle, listens to them for a while, and casts.
func (c *crowd) play(ctx context.Context, casts int, gap time.Duration) (Spread, error) {
	n := len(c.all)
	out := Spread{Nodes: n, Casts: casts}
	if err := pass(ctx, settleFirst); err != nil {
		return out, err
	}
	_, before := c.w.Traffic()
	if err := pass(ctx, idling); err != nil {
		return out, err
	}
	_, idle := c.w.Traffic()
	out.Idle = float64(idle-before) / idling.Seconds() / float64(n)
	counts, rnd := c.counts(), c.w.RandFor("casts")
	began, used := Used()
	for i := range casts {
		cast, err := c.sign(i + 1)
		if err != nil {
			return out, err
		}
		if wire, err := cast.Encode(); err == nil {
			out.Size = len(wire)
		}
		c.begin()
		if err := c.all[rnd.IntN(n)].Cast(c.w.T.Context(), cast); err != nil {
			return out, err
		}
		if err := pass(ctx, gap); err != nil {
			return out, err
		}
		took := c.took()
		out.Delays, out.Missed = append(out.Delays, took...), out.Missed+n-1-len(took)
	}
	wall, cpu := Used()
	out.Wall, out.CPU = wall-began, cpu-used
	now := c.counts().minus(counts)
	out.Copies = (now.received + now.duplicates) / float64(casts) / float64(n-1)
	_, sent := c.w.Traffic()
	out.Bytes = (float64(sent-idle)/float64(n) - out.Idle*gap.Seconds()*float64(casts)) / float64(casts)
	for _, s := range c.all {
		out.Degree += float64(s.Neighbours(c.shard)) / float64(n)
	}
	return out, nil
}

// idling is how long a crowd is listened to that says nothing.
const idling = 10 * time.Second

func (c *crowd) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began, c.heard = time.Now(), nil
}

func (c *crowd) took() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

func (c *crowd) counts() (sum reading) {
	for _, m := range c.meter {
		sum = sum.plus(m.read())
	}
	return sum
}

// pass lets virtual time pass, unless ctx ends, which is of outside the bubble.
func pass(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); ; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		time.Sleep(min(left, look))
	}
}

// Used is the machine's clock and what the process has used of its processors.
// Within a bubble time.Now is no such clock.
func Used() (wall, cpu time.Duration) {
	var tv syscall.Timeval
	var used syscall.Rusage
	if syscall.Gettimeofday(&tv) != nil || syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0, 0
	}
	return time.Duration(tv.Nano()), time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
