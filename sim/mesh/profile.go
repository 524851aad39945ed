package mesh

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Profile is what messages are like in meshes of all sizes: measured at powers
// of two up to a size that is quick to play, read between those by the
// logarithm of the size, and carried on beyond by as much as a doubling adds.
// A doubling adds the same each time, a share of a hop: a message reaches a
// few times as many nodes with each hop.
type Profile struct {
	points []Point // of 2, 4, 8 … nodes
	later  float64 // µs that a doubling adds
}

// Point is what messages are like at one size.
type Point struct {
	Nodes float64
	// Delay is the distribution of the time until a node has a message, in µs:
	// quantile i/100.
	Delay [101]float64
	// Mean is its mean, Copies how many of a message a node gets, Bytes what it
	// sends for one, Missed the share that does not get it by gossip.
	Mean, Copies, Bytes, Missed float64
}

// most is the largest mesh a Profile plays, as a power of two, and drawn how
// many deliveries each of its points is drawn from.
const (
	most  = 13
	drawn = 60_000
)

// Measure plays the meshes of a profile, which takes about a second. Casts come
// at any time of the heartbeat.
func Measure(ctx context.Context, p scenario.Protocol, c Calibration, seed uint64) (*Profile, error) {
	f := &Profile{}
	for k := 1; k <= most; k++ {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("measure meshes: %w", err)
		}
		pt, err := Play(1<<k, p, c, seed, max(drawn>>k, 12))
		if err != nil {
			return nil, fmt.Errorf("measure a mesh of %d: %w", 1<<k, err)
		}
		f.points = append(f.points, pt)
	}
	last := len(f.points) - 1
	f.later = (f.points[last].Mean - f.points[last-4].Mean) / 4
	return f, nil
}

// Play makes meshes of n nodes, one or, where they are small and no two alike,
// several, and publishes about so many casts in them, one by one.
func Play(n int, p scenario.Protocol, c Calibration, seed uint64, casts int) (Point, error) {
	r := random.New(seed, "mesh/"+strconv.Itoa(n))
	meshes := min(max(4096/max(n, 1), 1), max(casts/4, 1))
	var sum tally
	for range meshes {
		m, err := New(n, nil, p, c, r)
		if err != nil {
			return Point{}, err
		}
		sum.play(m, r, (casts+meshes-1)/meshes)
	}
	return sum.point(n), nil
}

// tally is what came of messages.
type tally struct {
	took                           []int32
	casts                          int
	copies, bytes, owed, delivered int64
}

func (s *tally) play(m *Mesh, r *rand.Rand, casts int) {
	beat := int64(m.p.Heartbeat.Std())
	for at := m.Now(); casts > 0; casts-- {
		// So far apart that each is announced in frames of its own.
		at += time.Duration(beat*int64(m.c.Announce+1) + r.Int64N(beat))
		d := m.Publish(r.Int32N(int32(m.n)), at)
		s.casts++
		s.copies, s.bytes = s.copies+d.Copies, s.bytes+d.Bytes
		s.owed, s.delivered = s.owed+int64(d.Owed), s.delivered+int64(d.Reached)
		for v, t := range d.At {
			if d.From[v] >= 0 {
				s.took = append(s.took, t)
			}
		}
	}
}

func (s *tally) point(n int) Point {
	pt := Point{Nodes: float64(n)}
	if s.owed > 0 {
		pt.Copies, pt.Missed = float64(s.copies)/float64(s.owed), 1-float64(s.delivered)/float64(s.owed)
		pt.Bytes = float64(s.bytes) / float64(s.owed+int64(s.casts)) // the publisher sends as well
	}
	pt.spread(s.took)
	return pt
}

func (pt *Point) spread(took []int32) {
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	sum := int64(0)
	for _, t := range took {
		sum += int64(t)
	}
	pt.Mean = float64(sum) / float64(len(took))
	for i := range pt.Delay {
		pt.Delay[i] = float64(took[i*(len(took)-1)/100])
	}
}

// At is what messages are like in a mesh of n nodes.
func (f *Profile) At(n float64) Point {
	last := len(f.points) - 1
	size := math.Min(math.Max(n, 2), math.MaxInt64/4)
	k := bits.Len64(uint64(size)) - 1 // f.points[k-1] is at or below n
	if k-1 >= last {
		pt := f.points[last]
		add := float64(f.later * float64((random.Log(n)/math.Ln2)-float64(last+1)))
		pt.Nodes, pt.Mean = n, pt.Mean+add
		for i := range pt.Delay {
			pt.Delay[i] += add
		}
		return pt
	}
	a, b := f.points[k-1], f.points[k]
	part := (random.Log(size) - random.Log(a.Nodes)) / math.Ln2
	pt := Point{
		Nodes: n, Mean: between(a.Mean, b.Mean, part), Copies: between(a.Copies, b.Copies, part),
		Bytes: between(a.Bytes, b.Bytes, part), Missed: between(a.Missed, b.Missed, part),
	}
	for i := range pt.Delay {
		pt.Delay[i] = between(a.Delay[i], b.Delay[i], part)
	}
	return pt
}

// between is a at 0 and b at 1.
func between(a, b, part float64) float64 { return float64(a*(1-part)) + float64(b*part) }

// Quantile is the delay that a share q of the nodes do not exceed.
func (pt Point) Quantile(q float64) time.Duration {
	i := int(math.Ceil(math.Min(math.Max(q, 0), 1) * 100))
	return time.Duration(pt.Delay[i]) * time.Microsecond
}
