package sim

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/sim/figure"
)

const (
	// siegeNodes are the honest ones (PARLEY_NET_HONEST), with sybilsPerNode to
	// each.
	siegeNodes    = 60
	sybilsPerNode = 4
	// Each honest node dials as many honest ones as sybils, and each sybil
	// dials honest nodes: 8 honest and 16 hostile connections a node.
	siegeDials, sybilDials = 4, 3
	// warmCasts is the traffic, one cast every 3 s, during which nodes learn
	// who is of use.
	warmCasts, siegeGap = 20, 3 * time.Second
	siegeCasts          = 10
	// siegeSeeds is how many networks are besieged.
	siegeSeeds = 5
)

// siegeOf is one way of being hostile.
type siegeOf struct {
	name   string
	claims bool // sybils say "I have it"
	spam   bool // each sends every node it knows an invalid cast a second
	caster bool // only one node casts, and all but two of its peers are sybils
	extra  bool // nobody asked for it: worth knowing, and no promise
}

var sieges = []siegeOf{
	{name: "withholding"}, {name: "spam", spam: true}, {name: "eclipse", caster: true}, {name: "claiming", claims: true, extra: true},
}

// outcome is what became of the casts of a siege.
type outcome struct {
	cold, warm spread
	victim     []time.Duration // until the eclipsed node heard of what others cast
	owed, lost int             // deliveries, and those that never happened
	aside      float64         // copies handed aside, for each node and cast
}

// endure plays a siege, or without sybils the same network left in peace.
func endure(w *World, honest, sybils int, how siegeOf) outcome {
	w.T.Helper()
	c := newCrowd(w, honest)
	c.follow()
	c.meet(Random(w.Rand, honest, siegeDials))
	if sybils > 0 {
		all := w.sybils(sybils, c.shard, how.claims)
		c.besiege(all, sybilDials, siegeDials)
		if how.caster {
			c.eclipse(0, all)
		}
		if how.spam {
			defer c.spam(all, time.Second)()
		}
	}
	from := func() int { return w.Rand.IntN(honest) }
	time.Sleep(10 * time.Second)
	var o outcome
	o.cold = c.measureFrom(warmCasts, siegeGap, from)
	if how.caster {
		from = func() int { return 0 }
	}
	o.warm = c.measureFrom(siegeCasts, siegeGap, from)
	if how.caster {
		o.victim = c.hears(0, siegeCasts, siegeGap)
	}
	time.Sleep(10 * time.Second)
	o.aside = c.count("aside_total") / float64(len(c.heard)) / float64(honest)
	o.owed = c.casts * (honest - 1)
	o.lost = o.owed
	for _, heard := range c.heard {
		o.lost -= len(heard)
	}
	return o
}

// hears has members other than i cast and returns how long each took to reach it.
func (c *crowd) hears(i, casts int, gap time.Duration) []time.Duration {
	c.w.T.Helper()
	var took []time.Duration
	for range casts {
		cast, at := c.cast((i + 1 + c.w.Rand.IntN(len(c.members)-1)) % len(c.members))
		time.Sleep(gap)
		c.mu.Lock()
		for _, h := range c.heard[cast.ID.String()] {
			if h.who == i {
				took = append(took, h.at-at)
			}
		}
		c.mu.Unlock()
	}
	return took
}

// eclipse leaves a member two honest peers and connects it with thirty sybils.
func (c *crowd) eclipse(i int, all []*Sybil) {
	c.w.T.Helper()
	victim, kept := c.members[i].host, 0
	for _, m := range c.members {
		if m.host == victim || len(victim.Network().ConnsToPeer(m.host.ID())) == 0 {
			continue
		}
		if kept++; kept > 2 {
			if err := victim.Network().ClosePeer(m.host.ID()); err != nil {
				c.w.T.Fatal(err)
			}
		}
	}
	hosts := make([]host.Host, 0, len(c.members)+len(all))
	for _, m := range c.members {
		hosts = append(hosts, m.host)
	}
	var edges []Edge
	for k, s := range all {
		hosts = append(hosts, s.Host)
		if len(edges) < 30 && len(victim.Network().ConnsToPeer(s.ID())) == 0 {
			edges = append(edges, Edge{len(c.members) + k, i})
		}
	}
	c.assault(all, hosts, edges)
}

// A network of which four in five are sybils that withhold delivers
// everything, if not as fast as in peace until it knows them. What a mesh would
// keep back goes aside.
func TestNetSiege(t *testing.T) {
	Run(t, 1, func(w *World) {
		if o := endure(w, 10, 40, siegeOf{}); o.lost != 0 || o.aside == 0 {
			w.T.Errorf("%d deliveries lost, %v copies handed aside for each", o.lost, o.aside)
		}
	})
}

// BenchmarkFigureNetSiege measures each siege (or those that PARLEY_NET_SIEGES
// names) against the same network in peace, under several seeds (PARLEY_NET_SEEDS): one run says little, since the
// slowest of some hundred deliveries came either by the mesh or by a heartbeat,
// and the seed decides. Nothing may be lost in any; the slowest is the median's,
// and each run's is printed.
func BenchmarkFigureNetSiege(b *testing.B) {
	honest, seeds := siegeNodes, siegeSeeds
	if n, err := strconv.Atoi(os.Getenv("PARLEY_NET_HONEST")); err == nil {
		honest = n
	}
	if n, err := strconv.Atoi(os.Getenv("PARLEY_NET_SEEDS")); err == nil && n > 0 {
		seeds = n
	}
	out := os.Stdout
	figure.Info(out, "net-siege-conditions", fmt.Sprintf(
		"%d honest nodes, %d sybils, %d seeds; a node has about 8 honest connections and 16 hostile, dials as many of each; measured after %d casts and %s of the attack",
		honest, sybilsPerNode*honest, seeds, warmCasts, time.Duration(warmCasts)*siegeGap+10*time.Second))
	figure.Info(out, "net-siege-published-elsewhere", "all delivered (GossipSub v1.1 evaluation report)")
	quiet := make([]outcome, seeds)
	for seed := range quiet {
		inWorld(b, uint64(seed+1), func(w *World) { quiet[seed] = endure(w, honest, 0, siegeOf{}) })
		figure.Info(out, "net-siege-quiet-p99-max-ms", fmt.Sprintf("%d %d, %.3f copies handed aside a node and cast",
			quiet[seed].warm.quantile(.99).Milliseconds(), quiet[seed].warm.quantile(1).Milliseconds(), quiet[seed].aside))
	}
	for _, how := range sieges {
		if only := os.Getenv("PARLEY_NET_SIEGES"); only != "" && !slices.Contains(strings.Split(only, ","), how.name) {
			continue
		}
		name := "net-siege-" + how.name + "-"
		delivered, slower := 1.0, make([]float64, seeds)
		for seed := range seeds {
			var o outcome
			inWorld(b, uint64(seed+1), func(w *World) { o = endure(w, honest, sybilsPerNode*honest, how) })
			delivered = min(delivered, 1-float64(o.lost)/float64(o.owed))
			slower[seed] = o.warm.quantile(1).Seconds() / quiet[seed].warm.quantile(1).Seconds()
			figure.Info(out, name+"p99-max-copies", fmt.Sprintf("%d ms, %d ms, %.2f; %.2f times the quiet max",
				o.warm.quantile(.99).Milliseconds(), o.warm.quantile(1).Milliseconds(), o.warm.copies, slower[seed]))
			figure.Info(out, name+"copies-handed-aside", fmt.Sprintf("%.3f a node and cast", o.aside))
			if how.caster {
				figure.Info(out, name+"caster-hears-p50-max-ms", fmt.Sprintf("%d %d",
					figure.Quantile(o.victim, .5).Milliseconds(), figure.Quantile(o.victim, 1).Milliseconds()))
			}
			figure.Info(out, name+"first-minute-p50-p99-max-ms", fmt.Sprintf("%d %d %d, and %d deliveries later than 3 s",
				o.cold.quantile(.5).Milliseconds(), o.cold.quantile(.99).Milliseconds(), o.cold.quantile(1).Milliseconds(), o.cold.missed))
		}
		slices.Sort(slower)
		median := (slower[(seeds-1)/2] + slower[seeds/2]) / 2
		if how.extra {
			figure.Info(out, name+"delivered-share", delivered)
			figure.Info(out, name+"max-over-quiet-median", median)
			continue
		}
		figure.AtLeast(out, name+"delivered-share", delivered, 1)
		figure.AtMost(out, name+"max-over-quiet-median", median, 2)
		figure.Info(out, name+"max-over-quiet-worst", slower[seeds-1])
	}
}
