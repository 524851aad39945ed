package study

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// Calibration is what [Calibrate] found.
type Calibration struct {
	// Constants are the model's from now on; JSON writes them.
	Constants mesh.Calibration
	// Even and Lossy are how near the model comes with them, on the links of the
	// plan and on the same with packets lost.
	Even, Lossy []Pair
	// Loss is what was minimised, before and after: see [Calibrate].
	Before, After float64
}

// lossOfPackets is the share lost in the runs that the constants of repair are
// fitted to, where the plan's own loses none.
const lossOfPackets = 0.02

// Calibrate measures real nodes by the plan, and again with packets lost, and
// fits the constants of the model that are measured and not set: what a hop
// takes beside its link, what a lost packet takes to come again, and the bytes
// of copies and of idling. The fit minimises, over all sizes, the sum of the
// delays' Wasserstein distance over the median and of the logarithms of the
// ratios of p99 and copies. The result names what it was measured on, by the
// hash of the measurements.
func Calibrate(ctx context.Context, p Plan, start mesh.Calibration) (Calibration, error) {
	if err := p.check(); err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	lossy := p
	if lossy.Protocol.Loss == 0 {
		lossy.Protocol.Loss = lossOfPackets
	}
	even, err := p.real(ctx)
	if err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	lost, err := lossy.real(ctx)
	if err != nil {
		return Calibration{}, fmt.Errorf("calibrate: under loss: %w", err)
	}
	out := Calibration{Constants: start}
	if err := out.fit(p, even, knobsOfHops(start)); err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	if err := out.fit(lossy, lost, knobsOfRepair(out.Constants)); err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	if err := out.weigh(p, even); err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	if out.Even, err = against(p, even, out.Constants); err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	if out.Lossy, err = against(lossy, lost, out.Constants); err != nil {
		return Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	out.name(p, lossy.Protocol.Loss, even, lost)
	return out, nil
}

func knobsOfHops(c mesh.Calibration) []Knob {
	return []Knob{
		{Name: "process", Low: 0, High: 0.010, Exact: 0.0001, At: min(c.Process.Std().Seconds(), 0.010)},
	}
}

func knobsOfRepair(c mesh.Calibration) []Knob {
	return []Knob{
		{Name: "again_round_trips", Low: 0.5, High: 4, Exact: 0.05, At: min(max(c.Again, 0.5), 4)},
		{Name: "again_after", Low: 0, High: 0.2, Exact: 0.002, At: min(c.AgainAfter.Std().Seconds(), 0.2)},
	}
}

// with returns the constants with knobs turned.
func with(c mesh.Calibration, knobs []Knob) mesh.Calibration {
	seconds := func(v float64) scenario.Duration {
		return scenario.Duration(time.Duration(math.Round(v*1e5)) * 10 * time.Microsecond)
	}
	for _, k := range knobs {
		switch k.Name {
		case "process":
			c.Process = seconds(k.At)
		case "again_round_trips":
			c.Again = math.Round(k.At*100) / 100
		case "again_after":
			c.AgainAfter = seconds(k.At)
		}
	}
	return c
}

// fitSeeds is how many runs of the model each trial of a fit takes for each of
// the plan's seeds: always the same, so that trials differ by their constants
// alone.
const fitSeeds = 4

// fit turns knobs to where the model comes nearest to what was measured.
func (out *Calibration) fit(p Plan, real []Measured, knobs []Knob) error {
	loss := func(at []Knob) (float64, error) {
		sum := 0.0
		for _, r := range real {
			m, err := Model(r.Nodes, p.Casts, p.Protocol, with(out.Constants, at), more(p.Seeds, fitSeeds))
			if err != nil {
				return 0, err
			}
			a := Between(m, r)
			sum += a.Wasserstein/r.P50 + math.Abs(math.Log(a.P99)) + math.Abs(math.Log(a.Copies))
		}
		return sum, nil
	}
	before, err := loss(knobs)
	if err != nil {
		return err
	}
	found, after, err := Fit(knobs, 2, loss)
	if err != nil {
		return err
	}
	out.Constants = with(out.Constants, found)
	out.Before, out.After = out.Before+before, out.After+after
	return nil
}

// weigh sets the bytes that a copy takes beside the message, so that the bytes a
// cast costs are the same on average over the sizes; and those of idling.
func (out *Calibration) weigh(p Plan, real []Measured) error {
	excess, idle := 0.0, 0.0
	for _, r := range real {
		m, err := Model(r.Nodes, p.Casts, p.Protocol, out.Constants, more(p.Seeds, fitSeeds))
		if err != nil {
			return err
		}
		excess += (r.Bytes - m.Bytes) / m.Copies / float64(len(real))
		idle += r.Idle / float64(len(real))
	}
	out.Constants.Copy = max(0, out.Constants.Copy+int(math.Round(excess)))
	out.Constants.Idle = math.Round(idle*10) / 10
	return nil
}

func against(p Plan, real []Measured, c mesh.Calibration) ([]Pair, error) {
	var out []Pair
	for _, r := range real {
		m, err := Model(r.Nodes, p.Casts, p.Protocol, c, more(p.Seeds, 10))
		if err != nil {
			return nil, err
		}
		out = append(out, Pair{m, r, Between(m, r)})
	}
	return out, nil
}

// format is of the files that name their measurements so.
const format = 1

// name says in the constants what they were measured on, those of repair with a
// share loss of packets lost.
func (out *Calibration) name(p Plan, loss float64, even, lost []Measured) {
	raw, err := json.Marshal([][]Measured{timeless(even), timeless(lost)})
	if err != nil { // numbers and strings
		return
	}
	what := fmt.Sprintf("parley-sim calibrate, format %d: %v nodes, seeds %v, %d casts each, links of %s to %s, %.0f bytes; measurements sha256:%x",
		format, p.Sizes, p.Seeds, p.Casts, p.Protocol.Latency[0].Std(), p.Protocol.Latency[1].Std(), sizeOf(even), sha256.Sum256(raw))
	measured := make(map[string]string, len(out.Constants.Measured)+5)
	for k, v := range out.Constants.Measured {
		measured[k] = v
	}
	for _, k := range []string{"process", "copy_bytes", "idle_bytes_per_second"} {
		measured[k] = what
	}
	for _, k := range []string{"again_round_trips", "again_after"} {
		measured[k] = what + fmt.Sprintf(", %g%% of packets lost", 100*loss)
	}
	out.Constants.Measured = measured
}

// timeless are measurements without what the machine's speed has to do with.
func timeless(all []Measured) []Measured {
	out := append([]Measured{}, all...)
	for i := range out {
		out[i].Wall, out[i].Rate = 0, 0
	}
	return out
}

func sizeOf(all []Measured) float64 {
	for _, m := range all {
		if m.size > 0 {
			return float64(m.size)
		}
	}
	return 0
}
