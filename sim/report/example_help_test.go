package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// example is a small study: Bass over a ring of friends with chords, at every
// pair of the axes' values.
func example(p, q []float64, replicates, agents int) Input {
	in := Input{
		Scenario: scenario.Scenario{Name: "First town, first year", Description: "How far an invitation spreads among people who mostly know their neighbours.",
			Engine: scenario.Model, Seed: 7, Replicates: replicates,
			Clock:   scenario.Clock{Unit: "week", Steps: 52},
			People:  scenario.People{Count: agents, Places: 12},
			Vendors: scenario.Vendors{Count: agents / 20}, Network: scenario.Network{Kind: "watts-strogatz"},
			Adoption: scenario.Adoption{Rule: "bass"}},
		Program: "v0.5.0", Hash: "5f0a3c9d2be74c0fbb2a6d1f3f8e7a915f0a3c9d2be74c0fbb2a6d1f3f8e7a91",
		Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Files:   []string{"runs.csv", "series.csv", "manifest.json"},
	}
	if len(p) > 1 {
		in.Scenario.Sweep = append(in.Scenario.Sweep, scenario.Axis{Field: "adoption.p"})
	}
	if len(q) > 1 {
		in.Scenario.Sweep = append(in.Scenario.Sweep, scenario.Axis{Field: "adoption.q"})
	}
	for _, a := range p {
		for _, b := range q {
			var at Point
			if len(p) > 1 {
				at = append(at, Setting{"adoption.p", a})
			}
			if len(q) > 1 {
				at = append(at, Setting{"adoption.q", b})
			}
			in.Points = append(in.Points, at)
			for k := range replicates {
				seed := uint64(1000*len(in.Points) + k)
				o := live(a, b, agents, seed)
				if k > 0 {
					o.Spread = nil
				}
				in.Cells = append(in.Cells, Cell{Point: len(in.Points) - 1, Replicate: k, Seed: seed, Outcome: &o})
			}
		}
	}
	return in
}

func live(p, q float64, n int, seed uint64) outcome.Outcome {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &outcome.Spread{}
	for i := range n {
		a, d := 2*math.Pi*float64(i)/float64(n), 0.34+0.14*r.Float64()
		s.X, s.Y = append(s.X, float32(0.5+d*math.Cos(a))), append(s.Y, float32(0.5+d*math.Sin(a)))
		s.Joined, s.Left, s.Vendor = append(s.Joined, -1), append(s.Left, -1), append(s.Vendor, i%20 == 0)
		for _, j := range []int{i + 1, i + 2, i + r.IntN(n)} {
			s.Edges = append(s.Edges, [2]int32{int32(i), int32(j % n)})
		}
	}
	people := outcome.Series{Name: "participants"}
	fill := outcome.Series{Name: "fill_network"}
	for step := range 53 {
		friends := make([]int, n)
		in := 0
		for _, e := range s.Edges {
			for k := range e {
				if s.Joined[e[k]] >= 0 && s.Joined[e[k]] < step {
					friends[e[1-k]]++
				}
			}
		}
		for i := range n {
			if s.Joined[i] < 0 && r.Float64() < p+q*float64(friends[i])/6 {
				s.Joined[i] = step
			} else if s.Joined[i] >= 0 && s.Left[i] < 0 && r.Float64() < 0.002 {
				s.Left[i] = step
			}
			if s.Joined[i] >= 0 && s.Left[i] < 0 {
				in++
			}
		}
		people.Step, people.At = append(people.Step, step), append(people.At, float64(in))
		fill.Step, fill.At = append(fill.Step, step), append(fill.At, math.Pow(float64(in)/float64(n), 2)*(0.9+0.1*r.Float64()))
	}
	delays := make([]float64, 4000)
	for i := range delays {
		delays[i] = 0.04 + (0.05+p)*math.Exp(0.9*r.NormFloat64())
	}
	slices.Sort(delays)
	sample := outcome.Sample{Name: "delay_seconds", Count: len(delays)}
	for k := range 101 {
		sample.Of = append(sample.Of, quantile(delays, float64(k)/100))
	}
	return outcome.Outcome{
		Values: []outcome.Value{
			{Name: "participants", Number: people.At[52]}, {Name: "fill_network", Number: fill.At[52]},
			{Name: "delay_p50_seconds", Number: sample.Of[50]}, {Name: "delay_p99_seconds", Number: sample.Of[99]},
			{Name: "copies", Number: 5 + r.Float64()}, {Name: "bytes_each", Number: 21000 * (1 + r.Float64())},
			{Name: "peak_step", Number: float64(r.IntN(52))},
		},
		Series: []outcome.Series{people, fill}, Samples: []outcome.Sample{sample}, Spread: s,
	}
}
