package study

import (
	"context"
	"fmt"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/stack"
)

// Measured is how casts travelled, in one engine, over one or more seeds.
type Measured struct {
	Engine scenario.Engine   `json:"engine"`
	Nodes  int               `json:"nodes"`
	Casts  int               `json:"casts"` // of all seeds
	Delays []float64         `json:"-"`     // seconds, of all deliveries, sorted
	P50    float64           `json:"p50_seconds"`
	P99    float64           `json:"p99_seconds"`
	Most   float64           `json:"max_seconds"`
	Missed float64           `json:"missed_share"`
	Copies float64           `json:"copies"` // a node gets of a cast
	Bytes  float64           `json:"bytes"`  // a node sends for a cast
	Idle   float64           `json:"idle_bytes_per_second"`
	Degree float64           `json:"degree"`
	Wall   scenario.Duration `json:"wall"`
	// Rate is deliveries in a second of the machine, once meshes stand.
	Rate float64 `json:"deliveries_per_wall_second"`
	size int
}

// Model plays casts among n nodes in the model's mesh, for each seed.
func Model(n, casts int, p scenario.Protocol, c mesh.Calibration, seeds []uint64) (Measured, error) {
	out := Measured{Engine: scenario.Model, Nodes: n}
	var copies, sent, reached, owed int64
	var took time.Duration
	for _, seed := range seeds {
		r := random.New(seed, "study/mesh")
		m, err := mesh.New(n, nil, p, c, r)
		if err != nil {
			return out, fmt.Errorf("model of %d nodes: %w", n, err)
		}
		began, _ := stack.Used()
		for range casts {
			d := m.Publish(int32(r.IntN(n)), m.Now()+stack.Gap(p, casts))
			for v, at := range d.At {
				if at != mesh.Never && d.From[v] >= 0 {
					out.Delays = append(out.Delays, float64(at)/1e6)
				}
			}
			copies, sent = copies+d.Copies, sent+d.Bytes
			reached, owed = reached+int64(d.Reached), owed+int64(d.Owed)
		}
		now, _ := stack.Used()
		took += now - began
		out.Degree += m.Degree() / float64(len(seeds))
		out.Casts += casts
	}
	out.Idle = c.Idle
	out.finish(float64(copies), float64(sent)/float64(n), reached, owed, took)
	return out, nil
}

// Stack plays casts among n real gossip services, for each seed.
func Stack(ctx context.Context, n, casts int, p scenario.Protocol, seeds []uint64) (Measured, error) {
	out := Measured{Engine: scenario.Stack, Nodes: n}
	var copies, sent float64
	var reached, owed int64
	var took time.Duration
	for _, seed := range seeds {
		s, err := stack.Gossip(ctx, n, casts, p, seed)
		if err != nil {
			return out, fmt.Errorf("seed %d: %w", seed, err)
		}
		for _, d := range s.Delays {
			out.Delays = append(out.Delays, d.Seconds())
		}
		copies += s.Copies * float64(casts) * float64(n-1)
		sent += s.Bytes * float64(casts)
		reached, owed = reached+int64(len(s.Delays)), owed+int64(len(s.Delays)+s.Missed)
		took += s.Wall
		out.Idle += s.Idle / float64(len(seeds))
		out.Degree += s.Degree / float64(len(seeds))
		out.Casts += casts
		out.size = s.Size
	}
	out.finish(copies, sent, reached, owed, took)
	return out, nil
}

// finish makes sums means, and sorts.
func (m *Measured) finish(copies, sent float64, reached, owed int64, took time.Duration) {
	m.Delays = sorted(m.Delays)
	m.P50, m.P99, m.Most = Quantile(m.Delays, .5), Quantile(m.Delays, .99), Quantile(m.Delays, 1)
	m.Missed = 1 - ratio(float64(reached), float64(owed))
	m.Copies = copies / float64(owed)
	m.Bytes = sent / float64(m.Casts)
	m.Wall = scenario.Duration(took)
	if took > 0 {
		m.Rate = float64(reached) / took.Seconds()
	}
}
