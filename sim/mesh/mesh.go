package mesh

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// Mesh is one topic's mesh among n nodes that follow it. It is not safe for
// use by several goroutines.
type Mesh struct {
	n   int
	p   scenario.Protocol
	c   Calibration
	rnd *rand.Rand
	net *links

	here    []bool  // follows the topic now
	size    []int32 // of each node's mesh
	out     []int32 // of it, dialled by the node
	again   []int32 // ms: from when a pruned peer may be back, by link; 0: at any time
	beat    int64   // heartbeats so far
	now     time.Duration
	begun   time.Duration // when the first beat was
	changed bool          // since the rows of the mesh were laid out
	mail    post
	rows    rows
	way     way
	watch   *watch // scores, where they count
	lot     []int32
}

// New lays out n nodes that all follow one topic and lets their meshes settle.
// peers is who is connected with whom (each pair dialled by the lower number);
// nil has each dial half of protocol.peers at random. It errs on what no node
// would start with.
func New(n int, peers Peers, p scenario.Protocol, c Calibration, r *rand.Rand) (*Mesh, error) {
	m, err := prepare(n, peers, p, c, r)
	if err != nil {
		return nil, err
	}
	for v := range n {
		m.here[v] = true
	}
	m.Advance(c.Settle.Std())
	return m, nil
}

// prepare is New with nobody there yet.
func prepare(n int, peers Peers, p scenario.Protocol, c Calibration, r *rand.Rand) (*Mesh, error) {
	if err := check(n, p, c); err != nil {
		return nil, err
	}
	dials, err := dialsOf(n, peers, p, r)
	if err != nil {
		return nil, err
	}
	return over(n, dials, p, c, r)
}

func dialsOf(n int, peers Peers, p scenario.Protocol, r *rand.Rand) ([]dial, error) {
	if peers == nil {
		return atRandom(n, p.Peers, r), nil
	}
	return given(n, peers)
}

func over(n int, dials []dial, p scenario.Protocol, c Calibration, r *rand.Rand) (*Mesh, error) {
	net, err := connect(n, dials, p, r)
	if err != nil {
		return nil, err
	}
	m := &Mesh{n: n, p: p, c: c, rnd: r, net: net, changed: true}
	m.here, m.size, m.out = make([]bool, n), make([]int32, n), make([]int32, n)
	m.again = make([]int32, len(net.to))
	m.begun = firstBeat
	m.way.init(m)
	return m, nil
}

// firstBeat is when a node's heart beats first after it started.
const firstBeat = 100 * time.Millisecond

func check(n int, p scenario.Protocol, c Calibration) error {
	switch {
	case n < 1:
		return fmt.Errorf("a mesh of %d nodes", n)
	case p.D < 1 || p.Low < 1 || p.Low > p.D || p.High < p.D:
		return fmt.Errorf("a mesh of degree %d, from %d to %d: want 1 ≤ low ≤ d ≤ high", p.D, p.Low, p.High)
	case p.Heartbeat.Std() < time.Millisecond:
		return fmt.Errorf("a heartbeat of %s, want at least 1ms", p.Heartbeat.Std())
	case p.Latency[0] < 0 || p.Latency[1] < p.Latency[0] || p.Latency[1].Std() > time.Minute:
		return fmt.Errorf("latency from %s to %s: want 0 ≤ least ≤ most ≤ 1m", p.Latency[0].Std(), p.Latency[1].Std())
	case !(p.Loss >= 0 && p.Loss < 1):
		return fmt.Errorf("loss %v, want 0 or more and less than 1", p.Loss)
	case p.Size < 0 || p.Bandwidth < 0 || p.Lazy < 0 || p.Peers < 0:
		return fmt.Errorf("size, bandwidth, lazy or peers are below 0")
	}
	return c.Check()
}

// Len is the number of nodes laid out, there or not.
func (m *Mesh) Len() int { return m.n }

// Now is the mesh's time, since it was made.
func (m *Mesh) Now() time.Duration { return m.now }

// Advance lets time pass: hearts beat, meshes are mended. A time gone by
// changes nothing.
func (m *Mesh) Advance(to time.Duration) {
	for next := m.nextBeat(); next <= to; next = m.nextBeat() {
		m.now = next
		m.pulse()
	}
	m.now = max(m.now, to)
}

func (m *Mesh) nextBeat() time.Duration {
	return m.begun + time.Duration(m.beat)*m.p.Heartbeat.Std()
}

// Join has node v follow the topic: those it is connected with and who are
// there hear of it, and at the next beat it has a mesh.
func (m *Mesh) Join(v int32) {
	m.here[v] = true
	m.changed = true
}

// Leave has node v leave: its neighbours are told, and mend at their next beat.
func (m *Mesh) Leave(v int32) {
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		m.part(e)
		m.part(m.net.rev[e])
		m.again[e], m.again[m.net.rev[e]] = 0, 0
		m.net.flag[e] &^= backedTo
		m.net.flag[m.net.rev[e]] &^= backedTo
	}
	m.here[v] = false
	m.changed = true
}

// Degree is the mean size of the meshes of those who are there.
func (m *Mesh) Degree() float64 {
	sum, there := 0, 0
	for v := range m.n {
		if m.here[v] {
			sum += int(m.size[v])
			there++
		}
	}
	return float64(sum) / float64(max(there, 1))
}

// Neighbours is the size of v's mesh.
func (m *Mesh) Neighbours(v int32) int { return int(m.size[v]) }

// enter and part put the other end of link e into its owner's mesh, or take it out.
func (m *Mesh) enter(e int32) {
	if m.net.flag[e]&inMesh != 0 {
		return
	}
	m.net.flag[e] |= inMesh
	v := m.owner(e)
	m.size[v]++
	if m.net.flag[e]&dialled != 0 {
		m.out[v]++
	}
	m.changed = true
	if m.watch != nil {
		m.watch.grafted(e, m.now)
	}
}

func (m *Mesh) part(e int32) {
	if m.net.flag[e]&inMesh == 0 {
		return
	}
	m.net.flag[e] &^= inMesh
	v := m.owner(e)
	m.size[v]--
	if m.net.flag[e]&dialled != 0 {
		m.out[v]--
	}
	m.changed = true
}

// owner is whose entry e is: the other end of the entry at the other end.
func (m *Mesh) owner(e int32) int32 { return m.net.to[m.net.rev[e]] }
