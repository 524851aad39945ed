package adoption_test

import (
	"bufio"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// The figure's scenario: Bass per edge of a Barabási–Albert network of m = 4.
const (
	agents   = 1_000_000
	fewer    = 100_000 // what agentscript is given: a million of its agents take minutes
	spreadP  = .002
	spreadQ  = .01
	steps    = 50
	bandRuns = 16
)

// Published for these yardsticks on one idle core, in agent-steps per second:
// what stands in, under another name, where one is not on this machine.
const (
	publishedAgentscript = 1.9e6
	publishedGraphTool   = 2.1e7
)

// subject is the fast path on one network, and the band of its curves.
type subject struct {
	g        *graph.Graph
	spread   *adoption.Spread
	seed     uint64
	rates    []float64 // agent-steps a second of processor time
	mean, sd []float64 // by step
}

func newSubject(b *testing.B, n int) *subject {
	b.Helper()
	g, err := graph.BarabasiAlbert(n, 4, random.New(1, "network"))
	if err != nil {
		b.Fatal(err)
	}
	spread, err := adoption.NewSpread(g)
	if err != nil {
		b.Fatal(err)
	}
	s := &subject{g: g, spread: spread}
	curves := make([][]float64, steps+1)
	for range bandRuns {
		for at, count := range s.run(b) {
			curves[at] = append(curves[at], float64(count))
		}
	}
	for _, x := range curves {
		mean, e := meanError(x)
		s.mean, s.sd = append(s.mean, mean), append(s.sd, e*math.Sqrt(bandRuns))
	}
	return s
}

// run lives it once more and notes how fast.
func (s *subject) run(b *testing.B) []int {
	b.Helper()
	s.seed++
	r, before := random.New(s.seed, "spread"), processor()
	c, err := s.spread.Run(spreadP, spreadQ, steps, nil, false, r)
	if err != nil {
		b.Fatal(err)
	}
	s.rates = append(s.rates, float64(s.g.Len())*steps/(processor()-before).Seconds())
	return c.Count
}

func (s *subject) rate() float64 {
	rates := slices.Sorted(slices.Values(s.rates))
	return rates[len(rates)/2]
}

// outside returns by how many standard deviations of one run a yardstick's
// curve is farthest from the band's middle, which itself is known to 1/√16 of
// one.
func (s *subject) outside(curve []int) float64 {
	worst := 0.0
	for at := 1; at < len(curve); at++ {
		worst = max(worst, math.Abs(float64(curve[at])-s.mean[at])/(s.sd[at]*math.Sqrt(1+1.0/bandRuns)))
	}
	return worst
}

// processor is the time that this process has had of all processors: what a run
// of one thread takes, whatever else runs on the machine.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Against agentscript 0.10 and graph-tool's SIState, of the same network, run
// beside it one after another. Each tells its own time of the steps alone; the
// shorter of wall and processor time counts for a yardstick. A curve more than
// five deviations off at any of fifty steps would be another law.
func BenchmarkFigureSimSpread(b *testing.B) {
	for b.Loop() {
		large := newSubject(b, agents)
		graphTool, found := findGraphTool(b)
		compare(b, large, graphTool, found, yardstick{"graph-tool", publishedGraphTool, 5})

		small := newSubject(b, fewer)
		small.rates = large.rates // the figure is of a million agents
		agentscript, found := findAgentscript(b)
		compare(b, small, agentscript, found, yardstick{"agentscript", publishedAgentscript, 100})

		figure.AtLeast(os.Stdout, "sim-spread-agent-steps-per-second", large.rate(), 2e8)
	}
}

type yardstick struct {
	name            string
	published, want float64
}

func compare(b *testing.B, s *subject, run program, found bool, y yardstick) {
	b.Helper()
	if !found {
		figure.AtLeast(os.Stdout, "sim-spread-against-published-"+y.name, s.rate()/y.published, y.want)
		return
	}
	edges := filepath.Join(b.TempDir(), "edges")
	if err := writeEdges(edges, s.g); err != nil {
		b.Fatal(err)
	}
	said, err := run(b.Context(), edges, s.g.Len())
	if err != nil {
		b.Fatal(err)
	}
	theirs := float64(s.g.Len()) * steps / min(said.Wall, said.Processor)
	figure.Info(os.Stdout, "sim-spread-"+y.name+"-agent-steps-per-second", theirs)
	figure.AtLeast(os.Stdout, "sim-spread-against-"+y.name, s.rate()/theirs, y.want)
	figure.AtMost(os.Stdout, "sim-spread-"+y.name+"-curve-deviations", s.outside(said.Curve), 5)
}

func writeEdges(path string, g *graph.Graph) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for v := range int32(g.Len()) {
		for _, u := range g.Neighbours(v) {
			if u < v {
				pair := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(v)), uint32(u))
				if _, err := w.Write(pair); err != nil {
					return err
				}
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// Ten million agents in one run: the network built, and fifty steps lived with
// who joined when. Memory is the most this process ever had.
func BenchmarkFigureSimSize(b *testing.B) {
	for b.Loop() {
		before := processor()
		g, err := graph.BarabasiAlbert(10*agents, 4, random.New(1, "network"))
		if err != nil {
			b.Fatal(err)
		}
		figure.Info(os.Stdout, "sim-10m-agents-network-processor-seconds", (processor() - before).Seconds())
		s, err := adoption.NewSpread(g)
		if err != nil {
			b.Fatal(err)
		}
		before = processor()
		c, err := s.Run(spreadP, spreadQ, steps, nil, true, random.New(1, "spread"))
		if err != nil {
			b.Fatal(err)
		}
		figure.Info(os.Stdout, "sim-10m-agents-steps-per-second", 10*agents*steps/(processor()-before).Seconds())
		figure.Info(os.Stdout, "sim-10m-agents-inside-share", float64(c.Count[steps])/(10*agents))
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		figure.AtMost(os.Stdout, "sim-10m-agents-GiB", float64(u.Maxrss)/(1<<20), 24)
	}
}
