package mesh

import (
	"container/heap"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// On a row of nodes a cast takes a hold and a link for each hop, and nobody gets
// it twice.
func TestCastAlongALine(t *testing.T) {
	m, err := New(4, line(4), shipped(50*ms, 50*ms), idle(), seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	d := m.Publish(0, time.Minute)
	if want := []int32{0, 52_000, 104_000, 156_000}; !slices.Equal(d.At, want) {
		t.Errorf("arrives at %v µs, want %v", d.At, want)
	}
	if d.Reached != 3 || d.Owed != 3 || d.Copies != 3 || d.Asked != 0 {
		t.Errorf("%d of %d reached with %d copies, %d asked for", d.Reached, d.Owed, d.Copies, d.Asked)
	}
}

// A line of 1 Mbit/s is busy for 20 ms with each copy: who is served last waits
// for the others.
func TestCopiesWaitForTheLine(t *testing.T) {
	p := shipped(50*ms, 50*ms)
	p.Bandwidth = 1e6
	star := graph{{1, 2, 3}, {0}, {0}, {0}}
	m, err := New(4, star, p, Default(), seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	d := m.Publish(0, time.Minute)
	got := slices.Sorted(slices.Values(d.At[1:]))
	slot := int32(8 * (2375 + Default().Copy)) // µs at a bit per µs
	if got[1]-got[0] != slot || got[2]-got[1] != slot {
		t.Errorf("arrive at %v, want %d µs apart", got, slot)
	}
}

// A node whose mesh has lost touch gets a cast by asking at the next heartbeat:
// an announcement, a request and a copy, three links' time.
func TestAnnouncedAndAskedFor(t *testing.T) {
	c := Default()
	c.Line = 0
	m, err := New(2, line(2), shipped(50*ms, 50*ms), c, seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	m.Advance(m.nextBeat())
	for e := range int32(2) {
		m.part(e)
	}
	d := m.Publish(0, m.nextBeat()-200*ms)
	if want := int32(200_000 + 150_000); d.At[1] != want || d.Asked != 1 || d.Copies != 1 {
		t.Errorf("arrives at %d µs, asked for %d, %d copies; want %d, 1, 1", d.At[1], d.Asked, d.Copies, want)
	}
}

// Whoever is cut off for longer than casts are announced never gets it.
func TestCutOffForGood(t *testing.T) {
	m := settled(t, 40, shipped(50*ms, 50*ms), Default(), 1)
	for e := m.net.start[7]; e < m.net.start[8]; e++ {
		m.part(e)
		m.part(m.net.rev[e])
		m.net.flag[e] &^= up
		m.net.flag[m.net.rev[e]] &^= up
	}
	d := m.Publish(0, m.Now())
	if d.At[7] != Never || d.Reached != 38 || d.Owed != 39 {
		t.Errorf("%d of %d reached, node 7 at %d", d.Reached, d.Owed, d.At[7])
	}
}

// Lost packets come again later, and nobody goes without.
func TestLossDelays(t *testing.T) {
	p := shipped(50*ms, 50*ms)
	dry := settled(t, 300, p, Default(), 3).Publish(0, time.Minute).Quantile(.5)
	p.Loss = .2
	d := settled(t, 300, p, Default(), 3).Publish(0, time.Minute)
	if d.Reached != d.Owed || d.Quantile(.5) <= dry {
		t.Errorf("%d of %d reached, half of them after %s; %s without loss", d.Reached, d.Owed, d.Quantile(.5), dry)
	}
}

// The buckets find what a plain simulation finds, in which every copy and every
// "I have it" is an event of its own.
func TestAgainstPlainEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "nodes")
		low := rapid.IntRange(1, 60).Draw(t, "least ms")
		span := rapid.IntRange(0, 80).Draw(t, "span ms")
		m, err := New(n, nil, shipped(time.Duration(low)*ms, time.Duration(low+span)*ms), idle(), seeded(rapid.Uint64().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		from := int32(rapid.IntRange(0, n-1).Draw(t, "from"))
		d := m.Publish(from, m.Now())
		at, copies := plainly(m, from)
		if !slices.Equal(d.At, at) || d.Copies != copies {
			t.Fatalf("%d copies at %v; event by event %d at %v", d.Copies, d.At, copies, at)
		}
	})
}

// plainly has each copy and each "I have it" travel by itself.
func plainly(m *Mesh, source int32) (at []int32, copies int64) {
	at = make([]int32, m.n)
	for v := range at {
		at[v] = Never
	}
	had := make(map[[2]int32]bool) // {v, w}: v was told that w has it
	first := make([]int32, m.n)
	var q events
	at[source], first[source] = 0, -1
	hold := micros(m.c.Hold.Std())
	q = append(q, event{at: hold, kind: leaves, to: source})
	for len(q) > 0 {
		ev := heap.Pop(&q).(event)
		v := ev.to
		row := m.rows.next[m.rows.start[v]:m.rows.start[v+1]]
		switch ev.kind {
		case says:
			had[[2]int32{v, ev.from}] = true
		case copyComes:
			copies++
			if at[v] != Never {
				continue
			}
			at[v], first[v] = ev.at, ev.from
			for _, s := range row {
				if s.to != ev.from {
					heap.Push(&q, event{ev.at + s.delay, says, v, s.to})
				}
			}
			heap.Push(&q, event{at: ev.at + hold, kind: leaves, to: v})
		case leaves:
			for _, s := range row {
				if s.to != first[v] && !had[[2]int32{v, s.to}] {
					heap.Push(&q, event{ev.at + s.delay, copyComes, v, s.to})
				}
			}
		}
	}
	return at, copies
}

type event struct {
	at       int32
	kind     int
	from, to int32
}

// What is said at a moment is heard before what leaves at that moment.
const (
	says = iota
	copyComes
	leaves
)

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].kind < q[j].kind
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// Following a message allocates nothing once the mesh is warm.
func TestPublishAllocatesNothing(t *testing.T) {
	m := settled(t, 300, shipped(20*ms, 80*ms), Default(), 1)
	for range 20 {
		m.Publish(0, m.Now())
	}
	if n := testing.AllocsPerRun(20, func() { m.Publish(0, m.Now()) }); n > 1 {
		t.Errorf("%v allocations for each message", n)
	}
}
