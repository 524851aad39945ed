package yardstick

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// The figure's scenario: Bass per edge of a Barabási–Albert network of m = 4.
const (
	spreadP  = .002
	spreadQ  = .01
	steps    = 50
	bandRuns = 16
)

// other is a yardstick: how quick it is as published for one idle core, in
// agent-steps per second, and how much quicker the model is to be.
type other struct {
	name            string
	published, want float64
	find            func(ctx context.Context, dir string) (program, error)
}

// subject is the fast path on one network, and the band of its curves.
type subject struct {
	g        *graph.Graph
	spread   *adoption.Spread
	seed     uint64
	rates    []float64 // agent-steps a second of processor time
	mean, sd []float64 // by step
}

// newSubject makes a network of n agents and lives it bandRuns times.
func newSubject(n int) (*subject, error) {
	g, err := graph.BarabasiAlbert(n, 4, random.New(1, "network"))
	if err != nil {
		return nil, err
	}
	spread, err := adoption.NewSpread(g)
	if err != nil {
		return nil, err
	}
	s := &subject{g: g, spread: spread}
	curves := make([][]float64, steps+1)
	for range bandRuns {
		curve, err := s.run()
		if err != nil {
			return nil, err
		}
		for at, count := range curve {
			curves[at] = append(curves[at], float64(count))
		}
	}
	for _, x := range curves {
		mean, sd := meanDeviation(x)
		s.mean, s.sd = append(s.mean, mean), append(s.sd, sd)
	}
	return s, nil
}

// run lives it once more and notes how fast.
func (s *subject) run() ([]int, error) {
	s.seed++
	r, before := random.New(s.seed, "spread"), processor()
	c, err := s.spread.Run(spreadP, spreadQ, steps, nil, false, r)
	if err != nil {
		return nil, err
	}
	s.rates = append(s.rates, float64(s.g.Len())*steps/(processor()-before).Seconds())
	return c.Count, nil
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

func meanDeviation(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(x)-1))
}

// Spread holds the model's diffusion (network Bass, m = 4, p = .002, q = .01 per
// edge, 50 steps, one thread) among so many agents against graph-tool's SIState
// on the same network, and against agentscript on one of fewer agents: a million
// of its agents take minutes. Each tells its own time of the steps alone; the
// shorter of wall and processor time counts for a yardstick. A curve more than
// five deviations off at any of fifty steps would be another law. It prints a
// figure a line and reports whether all were reached.
func Spread(ctx context.Context, w io.Writer, agents, fewer int) (bool, error) {
	dir, err := os.MkdirTemp("", "yardstick")
	if err != nil {
		return false, fmt.Errorf("measure the spread: %w", err)
	}
	defer os.RemoveAll(dir)
	large, err := newSubject(agents)
	if err != nil {
		return false, fmt.Errorf("measure the spread: %w", err)
	}
	small, err := newSubject(fewer)
	if err != nil {
		return false, fmt.Errorf("measure the spread: %w", err)
	}
	small.rates = large.rates // the figure is of the many agents
	ok := figure.AtLeast(w, "sim-spread-agent-steps-per-second", large.rate(), 2e8)
	good, err := compare(ctx, w, dir, large, other{"graph-tool", 2.1e7, 5, findGraphTool})
	if err != nil {
		return false, err
	}
	also, err := compare(ctx, w, dir, small, other{"agentscript", 1.9e6, 100, findAgentscript})
	return ok && good && also, err
}

func compare(ctx context.Context, w io.Writer, dir string, s *subject, y other) (bool, error) {
	run, err := y.find(ctx, dir)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		figure.Info(w, "sim-spread-"+y.name, fmt.Sprintf("SKIPPED: %v; its published figure stands in", err))
		return figure.AtLeast(w, "sim-spread-against-published-"+y.name, s.rate()/y.published, y.want), nil
	}
	edges := filepath.Join(dir, "edges-"+y.name)
	if err := writeEdges(edges, s.g); err != nil {
		return false, fmt.Errorf("write the network for %s: %w", y.name, err)
	}
	said, err := run(ctx, edges, s.g.Len())
	if err != nil {
		return false, err
	}
	theirs := float64(s.g.Len()) * steps / min(said.Wall, said.Processor)
	figure.Info(w, "sim-spread-"+y.name+"-agent-steps-per-second", theirs)
	ok := figure.AtLeast(w, "sim-spread-against-"+y.name, s.rate()/theirs, y.want)
	return figure.AtMost(w, "sim-spread-"+y.name+"-curve-deviations", s.outside(said.Curve), 5) && ok, nil
}

func writeEdges(path string, g *graph.Graph) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
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
	return w.Flush()
}

// Size lives so many agents in one run, network included, and prints the most memory that this process ever had.
func Size(w io.Writer, agents int) (bool, error) {
	before := processor()
	g, err := graph.BarabasiAlbert(agents, 4, random.New(1, "network"))
	if err != nil {
		return false, fmt.Errorf("measure the size: %w", err)
	}
	name := fmt.Sprintf("sim-%dm-agents-", agents/1_000_000)
	figure.Info(w, name+"network-processor-seconds", (processor() - before).Seconds())
	s, err := adoption.NewSpread(g)
	if err != nil {
		return false, fmt.Errorf("measure the size: %w", err)
	}
	before = processor()
	c, err := s.Run(spreadP, spreadQ, steps, nil, true, random.New(1, "spread"))
	if err != nil {
		return false, fmt.Errorf("measure the size: %w", err)
	}
	figure.Info(w, name+"steps-per-second", float64(agents)*steps/(processor()-before).Seconds())
	figure.Info(w, name+"inside-share", float64(c.Count[steps])/float64(agents))
	return figure.AtMost(w, name+"GiB", float64(mostMemory())/(1<<30), 24), nil
}
