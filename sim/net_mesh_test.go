package sim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// meshSizes are the sizes at which the model is held against real nodes, and
// meshCasts how many casts are measured at each.
var meshSizes = []int{100, 300}

const meshCasts = 20

// BenchmarkFigureSimMesh has real nodes and the model live through the same:
// one overlay, one traffic.
func BenchmarkFigureSimMesh(b *testing.B) {
	sizes := meshSizes
	if n, err := strconv.Atoi(os.Getenv("PARLEY_NET_NODES")); err == nil {
		sizes = []int{n}
	}
	for _, uneven := range []bool{false, true} {
		for _, n := range sizes {
			var real told
			var edges []Edge
			inWorld(b, 1, func(w *World) { real, edges = realMesh(w, n, uneven) })
			compareMesh(b, n, uneven, real, edges)
		}
	}
}

// told is what there is to compare.
type told struct {
	spread
	bytes float64       // a node and cast
	wall  time.Duration // for the casts alone, if nothing else ran on the machine
}

func (t told) perSecond() float64 { return float64(len(t.took)) / t.wall.Seconds() }

// realMesh lets real nodes settle and cast, on links of 50 ms or from 20 to 80.
func realMesh(w *World, n int, uneven bool) (told, []Edge) {
	c := newCrowd(w, n)
	c.follow()
	edges := Random(w.Rand, n, dials)
	if uneven {
		for _, e := range edges {
			w.Lag(c.members[e.A].host, c.members[e.B].host, 20*time.Millisecond+time.Duration(w.Rand.Int64N(int64(60*time.Millisecond))))
		}
	}
	c.meet(edges)
	time.Sleep(settling + 10*time.Second) // and until what connecting took is over
	_, before := w.Traffic()
	time.Sleep(meshCasts * time.Second)
	_, idle := w.Traffic()
	start := cpu(w.T)
	s := c.measure(meshCasts, time.Second)
	// Real nodes keep all cores busy: no wall time could be shorter.
	wall := (cpu(w.T) - start) / time.Duration(runtime.GOMAXPROCS(0))
	_, after := w.Traffic()
	return told{s, float64((after-idle)-(idle-before)) / meshCasts / float64(n), wall}, edges
}

// wired are edges as the model reads them.
type wired [][]int32

func (g wired) Neighbours(v int32) []int32 { return g[v] }

func compareMesh(b *testing.B, n int, uneven bool, real told, edges []Edge) {
	b.Helper()
	g := make(wired, n)
	for _, e := range edges {
		g[e.A], g[e.B] = append(g[e.A], int32(e.B)), append(g[e.B], int32(e.A))
	}
	p := scenario.Default().Protocol
	p.Latency = [2]scenario.Duration{scenario.Duration(linkTime), scenario.Duration(linkTime)}
	if uneven {
		p.Latency = [2]scenario.Duration{scenario.Duration(20 * time.Millisecond), scenario.Duration(80 * time.Millisecond)}
	}
	r := rand.New(rand.NewPCG(1, 1))
	m, err := mesh.New(n, g, p, mesh.Default(), r)
	if err != nil {
		b.Fatal(err)
	}
	model := modelMesh(b, m, r, 100*meshCasts)
	name := fmt.Sprintf("sim-mesh-%d-", n)
	if uneven {
		name += "uneven-"
	}
	out := os.Stdout
	off := func(what string, got, want, most float64) {
		figure.Info(out, name+what+"-model-real", fmt.Sprintf("%.4g %.4g", got, want))
		figure.AtMost(out, name+what+"-off", math.Abs(got/want-1), most)
	}
	off("p50", model.quantile(.5).Seconds(), real.quantile(.5).Seconds(), .1)
	off("p99", model.quantile(.99).Seconds(), real.quantile(.99).Seconds(), .1)
	off("copies", model.copies, real.copies, .05)
	figure.Info(out, name+"bytes-model-real", fmt.Sprintf("%.0f %.0f", model.bytes, real.bytes))
	figure.Info(out, name+"deliveries-per-second-model-real", fmt.Sprintf("%.3g %.3g", model.perSecond(), real.perSecond()))
	figure.AtLeast(out, name+"deliveries-ratio", model.perSecond()/real.perSecond(), 1000)
}

// modelMesh casts once a second, as far from a heartbeat as real nodes did.
func modelMesh(tb testing.TB, m *mesh.Mesh, r *rand.Rand, casts int) told {
	var t told
	var bytes, copies int64
	n := m.Len()
	t.took = make([]time.Duration, 0, casts*n)
	at, start := m.Now()+204*time.Millisecond, cpu(tb)
	for range casts {
		at += time.Second
		d := m.Publish(int32(r.IntN(n)), at)
		bytes, copies = bytes+d.Bytes, copies+d.Copies
		for v, us := range d.At {
			if d.From[v] >= 0 {
				t.took = append(t.took, time.Duration(us)*time.Microsecond)
			}
		}
	}
	t.casts, t.wall = casts, cpu(tb)-start
	t.copies = float64(copies) / float64(casts) / float64(n-1)
	t.bytes = float64(bytes) / float64(casts) / float64(n)
	return t
}

// BenchmarkFigureSimAttacks plays all twelve situations of the GossipSub
// evaluation.
func BenchmarkFigureSimAttacks(b *testing.B) {
	out := os.Stdout
	p := scenario.Default().Protocol
	start, before := time.Now(), cpu(b)
	for i, s := range mesh.Twelve() {
		begun := time.Now()
		o, err := s.Play(p, mesh.Default(), rand.New(rand.NewPCG(1, uint64(i))))
		if err != nil {
			b.Fatal(err)
		}
		figure.Info(out, "sim-attack-"+s.Name, fmt.Sprintf("%d honest, %d sybils: in the first minute %.2f%% delivered, p99 %d ms, later %.2f%%, p99 %d ms, %.2f times the slowest in peace; %s",
			s.Honest, s.Sybils, 100*o.First.Share(), o.First.P99.Milliseconds(), 100*o.After.Share(), o.After.P99.Milliseconds(), o.Slower(), time.Since(begun).Round(10*time.Millisecond)))
		figure.AtLeast(out, "sim-attack-"+s.Name+"-delivered-share", o.After.Share(), 1)
	}
	figure.Info(out, "sim-attacks-all-twelve-cpu-seconds", (cpu(b) - before).Seconds())
	figure.AtMost(out, "sim-attacks-all-twelve-seconds", time.Since(start).Seconds(), 600)
}

// BenchmarkFigureSimCost tells what an intent costs among 100,000,000.
func BenchmarkFigureSimCost(b *testing.B) {
	s, err := scenario.Load("../docs/studies/cost-per-intent/scenario.toml")
	if err != nil {
		b.Fatal(err)
	}
	s.People.Count = 100_000_000
	out := os.Stdout
	for _, sharded := range []bool{false, true} {
		s.Protocol.Sharded = sharded
		start := time.Now()
		o, err := mesh.Study(context.Background(), s, 1, nil)
		if err != nil {
			b.Fatal(err)
		}
		var use syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprintf("sim-cost-1e8-sharded-%v-", sharded)
		for _, v := range o.Values {
			figure.Info(out, name+v.Name, v.Number)
		}
		figure.AtMost(out, name+"seconds", time.Since(start).Seconds(), 300)
		figure.AtMost(out, name+"peak-gigabytes", float64(use.Maxrss)/(1<<20), 24)
	}
}
