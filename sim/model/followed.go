package model

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// followed is the carrier that has messages followed through a GossipSub mesh
// of the topic's size (package mesh), up to a size; a larger topic's are those
// of the largest, later by the hops that it takes more: a mesh of degree d
// multiplies who has it by about d−1 in each, so log n / log(d−1).
type followed struct {
	s     scenario.Scenario
	seed  uint64
	c     mesh.Calibration
	most  int // the largest topic in which messages are followed
	known map[int]*topic
}

const (
	// followedMost is the largest topic in which messages are followed: that
	// takes a tenth of a second.
	followedMost = 4096
	// followedCasts is how many messages of each size are.
	followedCasts = 24
	// followedKept is how many of a message's deliveries are kept at most.
	followedKept = 256
)

func newFollowed(s scenario.Scenario, seed uint64, c mesh.Calibration) *followed {
	return &followed{s: s, seed: seed, c: c, most: followedMost, known: map[int]*topic{}}
}

func (f *followed) idle() float64 { return f.c.Idle }

// topic implements carrier. Sizes above eight are rounded to steps of an eighth
// of an octave, so that a run lays out some sixty meshes at most.
func (f *followed) topic(n int) (*topic, error) {
	n = rounded(n)
	if t := f.known[n]; t != nil {
		return t, nil
	}
	t, err := f.follow(min(n, f.most))
	if err != nil {
		return nil, fmt.Errorf("lay out a mesh of %d: %w", min(n, f.most), err)
	}
	if n > f.most {
		t = f.beyond(t, n)
	}
	t.followers = n
	if err := f.attacked(t); err != nil {
		return nil, fmt.Errorf("attack a mesh of %d: %w", n, err)
	}
	f.known[n] = t
	return t, nil
}

func rounded(n int) int {
	step := 1
	for n/step >= 16 {
		step *= 2
	}
	return (n + step/2) / step * step
}

// follow publishes messages at times of no order in a settled mesh.
func (f *followed) follow(n int) (*topic, error) {
	r := random.New(f.seed, "model/mesh/"+strconv.Itoa(n))
	m, err := mesh.New(n, nil, f.s.Protocol, f.c, r)
	if err != nil {
		return nil, err
	}
	t := &topic{followers: n}
	owed, got, copies, bytes := 0, 0, int64(0), int64(0)
	at := m.Now()
	for range followedCasts {
		at += time.Second + time.Duration(r.Int64N(int64(time.Second)))
		d := m.Publish(int32(r.IntN(n)), at)
		owed, got = owed+d.Owed, got+d.Reached
		copies, bytes = copies+d.Copies, bytes+d.Bytes
		if way := delays(d); len(way) > 0 {
			t.traces = append(t.traces, way)
		}
	}
	if len(t.traces) == 0 {
		t.traces = [][]float32{{0}}
	}
	t.reach = float64(got) / math.Max(float64(owed), 1)
	t.copies = float64(copies) / math.Max(float64(got), 1)
	t.bytes = float64(bytes) / math.Max(float64(got), 1)
	return t, nil
}

// delays are up to followedKept of a message's, evenly picked.
func delays(d *mesh.Delivery) []float32 {
	stride := max(1, d.Reached/followedKept)
	var out []float32
	k := 0
	for v, at := range d.At {
		if d.From[v] < 0 || at == mesh.Never {
			continue
		}
		if k++; k%stride == 0 {
			out = append(out, float32(at)/1e6)
		}
	}
	return out
}

// beyond puts off what was followed in the largest mesh by the hops that a
// larger one takes more, each a link's mean delay and the hold.
func (f *followed) beyond(t *topic, n int) *topic {
	p := f.s.Protocol
	d := math.Max(float64(p.D-1), 1.5)
	more := random.Log(float64(n)/float64(f.most)) / random.Log(d)
	each := (p.Latency[0].Std().Seconds()+p.Latency[1].Std().Seconds())/2 + f.c.Hold.Std().Seconds()
	far := *t
	far.traces = make([][]float32, len(t.traces))
	for i, way := range t.traces {
		far.traces[i] = make([]float32, len(way))
		for j, x := range way {
			far.traces[i][j] = x + float32(float64(more*each))
		}
	}
	return &far
}
