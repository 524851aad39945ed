package study

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// Plan says what [Compare] and [Calibrate] play: gossip by the protocol, at each
// size, with each seed.
type Plan struct {
	Protocol scenario.Protocol
	Sizes    []int
	Seeds    []uint64
	Casts    int // for each seed
	// Done is told of each run of real nodes that is over, in [0,1]; may be nil.
	Done func(float64)
}

func (p Plan) check() error {
	if len(p.Sizes) == 0 || len(p.Seeds) == 0 || p.Casts < 1 {
		return fmt.Errorf("%d sizes, %d seeds, %d casts: want at least one of each", len(p.Sizes), len(p.Seeds), p.Casts)
	}
	return nil
}

// Pair is both engines side by side at one size.
type Pair struct {
	Model Measured `json:"model"`
	Stack Measured `json:"stack"`
	Apart Apart    `json:"apart"`
}

// Apart is how far the model is from real nodes. Ratios are the model's over
// the real nodes'.
type Apart struct {
	KS          float64 `json:"ks"`                  // of the delays, in [0,1]
	Wasserstein float64 `json:"wasserstein_seconds"` // of the delays
	P50         float64 `json:"p50_ratio"`
	P99         float64 `json:"p99_ratio"`
	Copies      float64 `json:"copies_ratio"`
	Bytes       float64 `json:"bytes_ratio"`
	Missed      float64 `json:"missed_difference"`
	Rate        float64 `json:"rate_ratio"`
}

// Within reports whether the 50th and 99th percentiles are within a share
// delay of real nodes', and the copies within a share copies.
func (a Apart) Within(delay, copies float64) bool {
	near := func(ratio, share float64) bool { return math.Abs(ratio-1) <= share }
	return near(a.P50, delay) && near(a.P99, delay) && near(a.Copies, copies)
}

// Between holds the model's against the real nodes'.
func Between(model, stack Measured) Apart {
	return Apart{
		KS: KolmogorovSmirnov(model.Delays, stack.Delays), Wasserstein: Wasserstein(model.Delays, stack.Delays),
		P50: ratio(model.P50, stack.P50), P99: ratio(model.P99, stack.P99),
		Copies: ratio(model.Copies, stack.Copies), Bytes: ratio(model.Bytes, stack.Bytes),
		Missed: model.Missed - stack.Missed, Rate: ratio(model.Rate, stack.Rate),
	}
}

// Spread is the protocol the engines are compared by where nobody says
// otherwise: the node's own, on links of 30 to 70 ms. On links of one length a
// delay is a number of hops and a percentile jumps from one to the next: of 100
// nodes, 50 ms apart, 1.2% of deliveries take a fifth hop, so that three
// networks have a p99 of 210 ms or of 261 by chance. Where the longest link is
// four times the shortest, real nodes are 3 to 8% quicker than the model.
func Spread() scenario.Protocol {
	p := scenario.Default().Protocol
	p.Latency = [2]scenario.Duration{scenario.Duration(30 * time.Millisecond), scenario.Duration(70 * time.Millisecond)}
	return p
}

// Compare plays the plan in both engines. The model gets as many seeds, times
// ten: it is quick, and its own chance should not blur the comparison.
func Compare(ctx context.Context, p Plan, c mesh.Calibration) ([]Pair, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	real, err := p.real(ctx)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	var out []Pair
	for i, n := range p.Sizes {
		model, err := Model(n, p.Casts, p.Protocol, c, more(p.Seeds, 10))
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		out = append(out, Pair{model, real[i], Between(model, real[i])})
	}
	return out, nil
}

// real plays the plan on real nodes.
func (p Plan) real(ctx context.Context) ([]Measured, error) {
	var out []Measured
	for i, n := range p.Sizes {
		m, err := Stack(ctx, n, p.Casts, p.Protocol, p.Seeds)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		if p.Done != nil {
			p.Done(float64(i+1) / float64(len(p.Sizes)))
		}
	}
	return out, nil
}

// more is so many times as many seeds, made of those given.
func more(seeds []uint64, times int) []uint64 {
	out := make([]uint64, 0, len(seeds)*times)
	for _, s := range seeds {
		for i := range times {
			out = append(out, s*1_000_003+uint64(i))
		}
	}
	return out
}

// WriteTable writes the pairs side by side.
func WriteTable(w io.Writer, pairs []Pair) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "nodes\tp50 ms model\tstack\tratio\tp99 ms model\tstack\tratio\tcopies model\tstack\tratio\tbytes model\tstack\tratio\tKS\tWasserstein ms\tfaster\t")
	for _, p := range pairs {
		m, s, a := p.Model, p.Stack, p.Apart
		fmt.Fprintf(t, "%d\t%.1f\t%.1f\t%.3f\t%.1f\t%.1f\t%.3f\t%.2f\t%.2f\t%.3f\t%.0f\t%.0f\t%.3f\t%.3f\t%.2f\t%.0f×\t\n", m.Nodes,
			1000*m.P50, 1000*s.P50, a.P50, 1000*m.P99, 1000*s.P99, a.P99, m.Copies, s.Copies, a.Copies,
			m.Bytes, s.Bytes, a.Bytes, a.KS, 1000*a.Wasserstein, a.Rate)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}
