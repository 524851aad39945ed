package mesh

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// heard is a message event by event in which every heartbeat, announcement,
// request and copy is one of its own: what [Mesh.Publish] comes to where all
// strangers are told, lines are wide and nothing is lost.
type heard struct {
	at            []int32
	copies, asked int64
	// hurried: somebody's heart beats in the bucket of time in which it got the
	// message. The mesh has such a one tell at the beat after that.
	hurried bool
}

// happening is one event: a copy or an announcement that arrives at `to`, a node
// that passes on, or a heart that beats.
type happening struct {
	at       int32
	kind     int
	from, to int32
	times    int // of a beat: how often it has told
}

const (
	haveComes = iota // in this order where they are at one time
	copyArrives
	tellComes
	passesOn
	beats
)

// eventByEvent follows a message from source until nothing is under way.
func eventByEvent(m *Mesh, source int32) heard {
	h := heard{at: make([]int32, m.n)}
	for v := range h.at {
		h.at[v] = never
	}
	toBeat, period := int32((m.nextBeat()-m.now)/time.Microsecond), micros(m.p.Heartbeat.Std())
	hold, haves := micros(m.c.Hold.Std()), m.p.Size >= m.c.HaveOver
	first, knows := make([]int32, m.n), map[[2]int32]bool{}
	first[source] = -1
	links := func(v int32, mesh bool, do func(w, delay int32)) {
		for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
			if m.net.flag[e]&up != 0 && (m.net.flag[e]&inMesh != 0) == mesh {
				do(m.net.to[e], m.net.delay[e])
			}
		}
	}
	queue := []happening{{at: hold, kind: passesOn, to: source}}
	h.at[source] = 0
	add := func(e happening) {
		i, _ := slices.BinarySearchFunc(queue, e, func(a, b happening) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), -1) })
		queue = slices.Insert(queue, i, e)
	}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		v := e.to
		switch e.kind {
		case haveComes:
			knows[[2]int32{v, e.from}] = true
		case copyArrives:
			h.copies++
			if h.at[v] <= e.at {
				continue
			}
			h.at[v], first[v] = e.at, e.from
			links(v, true, func(w, delay int32) {
				if haves && w != e.from {
					add(happening{at: e.at + delay, kind: haveComes, from: v, to: w})
				}
			})
			add(happening{at: e.at + hold, kind: passesOn, to: v})
		case passesOn:
			links(v, true, func(w, delay int32) {
				if w != first[v] && !knows[[2]int32{v, w}] {
					add(happening{at: e.at + delay, kind: copyArrives, from: v, to: w})
				}
			})
			next := toBeat
			for next < e.at {
				next += period
			}
			h.hurried = h.hurried || next/m.way.width == h.at[v]/m.way.width
			add(happening{at: next, kind: beats, to: v})
		case beats:
			links(v, false, func(w, delay int32) { add(happening{at: e.at + delay, kind: tellComes, from: v, to: w}) })
			if e.times+1 < m.c.Announce {
				add(happening{at: e.at + period, kind: beats, to: v, times: e.times + 1})
			}
		case tellComes:
			if h.at[v] <= e.at {
				continue
			}
			h.asked++
			delay := int32(0)
			for k := m.net.start[v]; k < m.net.start[v+1]; k++ {
				if m.net.to[k] == e.from {
					delay = m.net.delay[k]
				}
			}
			add(happening{at: e.at + 2*delay, kind: copyArrives, from: e.from, to: v})
		}
	}
	return h
}

// Casts through meshes with holes in them, in which some are reached by being
// told and asking alone: when each has it, who never does, and how many copies
// come and are asked for, is what the plain events come to.
func TestAgainstEventByEvent(t *testing.T) {
	holes, pulled, lost := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 14).Draw(t, "nodes")
		low := rapid.IntRange(20, 60).Draw(t, "least ms")
		span := rapid.IntRange(0, 60).Draw(t, "span ms")
		p, c := shipped(time.Duration(low)*ms, time.Duration(low+span)*ms), idle()
		p.Lazy, c.Announce = n, rapid.IntRange(1, 4).Draw(t, "announced")
		if rapid.Bool().Draw(t, "short") {
			p.Size = c.HaveOver - 1 // nobody says "I have it" of what is short
		}
		m, err := New(n, nil, p, c, seeded(rapid.Uint64().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		for v := range int32(n) {
			for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
				if m.net.to[e] < v && rapid.IntRange(0, 9).Draw(t, "cut") < 7 { // most links leave the mesh, some are down
					m.part(e)
					m.part(m.net.rev[e])
					holes++
					if rapid.IntRange(0, 2).Draw(t, "down") == 0 {
						m.net.flag[e] &^= up
						m.net.flag[m.net.rev[e]] &^= up
					}
				}
			}
		}
		from := int32(rapid.IntRange(0, n-1).Draw(t, "from"))
		d := m.Publish(from, m.Now())
		want := eventByEvent(m, from)
		if want.hurried {
			return
		}
		if !slices.Equal(d.At, want.at) {
			t.Fatalf("it arrives at %v, event by event at %v", d.At, want.at)
		}
		reached := 0
		for v, at := range want.at {
			if int32(v) != from && at != never {
				reached++
			}
		}
		lost += n - 1 - reached
		pulled += int(d.Asked)
		if d.Reached != reached || d.Owed != n-1 {
			t.Fatalf("%d of %d reached, event by event %d of %d", d.Reached, d.Owed, reached, n-1)
		}
		// Once all have it nobody listens any more: what is asked for in the last
		// bucket of time may not be counted.
		last := int32(0)
		for _, at := range want.at {
			if at != never {
				last = max(last, at)
			}
		}
		if d.Asked > want.asked || d.Copies > want.copies || want.copies-d.Copies != want.asked-d.Asked {
			t.Fatalf("%d copies, %d asked for; event by event %d and %d", d.Copies, d.Asked, want.copies, want.asked)
		}
		if d.Asked != want.asked && m.way.width > last {
			t.Fatalf("%d asked for, event by event %d", d.Asked, want.asked)
		}
	})
	if holes == 0 || pulled == 0 || lost == 0 {
		t.Errorf("%d links left the mesh, %d copies were asked for, %d nodes were not reached: this tells nothing", holes, pulled, lost)
	}
}

// Of three packets with a loss of p each, a cast is late by the timer doubled k
// times with probability (1 − p^(k+1))³ − (1 − p^k)³: the worst of the three
// decides (RFC 9002, 6.2).
func TestLateByTheWorstPacket(t *testing.T) {
	p, c := shipped(40*ms, 40*ms), idle()
	p.Loss = 0.3
	m, err := New(2, line(2), p, c, seeded(4))
	if err != nil {
		t.Fatal(err)
	}
	if m.way.packets != 3 { // 2,375 and 110 bytes in packets of 1,200
		t.Fatalf("a cast of %d packets", m.way.packets)
	}
	const casts = 6000
	timer := 2*1.25*40 + 25. // ms
	seen := map[int]float64{}
	for range casts {
		d := m.Publish(0, m.Now())
		late := float64(d.At[1])/1000 - 2 - 40
		k := int(math.Round(math.Log2(late/timer + 1)))
		if want := timer * (math.Exp2(float64(k)) - 1); math.Abs(late-want) > 0.01 {
			t.Fatalf("a cast is %v ms late, no timer's %v", late, want)
		}
		seen[k]++
	}
	for k := range 4 {
		below := func(k int) float64 { return math.Pow(1-math.Pow(p.Loss, float64(k)), 3) }
		want := below(k+1) - below(k)
		if band := 4 * math.Sqrt(want*(1-want)/casts); math.Abs(seen[k]/casts-want) > band {
			t.Errorf("%.4f of the casts are late by %d timers, want %.4f ± %.4f", seen[k]/casts, k, want, band)
		}
	}
}

// What all nodes send of a cast: copies, "I have it" of those who got it, what is
// asked for, and the announcements to strangers, seven beats long.
func TestBytesByHand(t *testing.T) {
	// Four in a ring, each connected with both neighbours in its mesh; and 0 with 2
	// outside it.
	ring := graph{{1, 3, 2}, {0, 2}, {1, 3, 0}, {2, 0}}
	p, c := shipped(50*ms, 50*ms), Default()
	p.D, p.Low, p.High, c.Line = 2, 1, 4, 0 // nobody wants more or fewer
	m, err := New(4, ring, p, c, seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	for v := range int32(4) {
		for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
			if m.net.to[e] == (v+2)%4 {
				m.part(e)
			} else {
				m.enter(e)
			}
		}
	}
	if m.size[0] != 2 || m.size[1] != 2 || m.size[2] != 2 || m.size[3] != 2 {
		t.Fatalf("meshes of %v", m.size)
	}
	at := m.nextBeat() + time.Millisecond
	d := m.Publish(0, at)
	if want := []int32{0, 52_000, 104_000, 52_000}; !slices.Equal(d.At, want) {
		t.Errorf("arrives at %v, want %v", d.At, want)
	}
	// 0 to 1 and 3, each of them to 2: four copies. 1, 3 and 2 say that they have
	// it to their other neighbour. 0 and 2 tell each other in seven beats, each in
	// a frame of its own, and nobody asks.
	want := 4*int64(2375+c.Copy) + 3*int64(c.Have) + 2*int64(7*c.Name+7*c.Frame)
	if d.Copies != 4 || d.Asked != 0 || d.Bytes != want {
		t.Errorf("%d copies, %d asked for, %d bytes; want 4, none, %d", d.Copies, d.Asked, d.Bytes, want)
	}
	// The next in the same beat shares the frames of the one before.
	if got, shared := m.Publish(0, at).Bytes, want-2*int64(7*c.Frame); got != shared {
		t.Errorf("%d bytes for a second cast, want %d", got, shared)
	}
	// Two beats later two frames are new.
	if got, two := m.Publish(0, at+2*p.Heartbeat.Std()).Bytes, want-2*int64(5*c.Frame); got != two {
		t.Errorf("%d bytes for one two beats later, want %d", got, two)
	}
}

// How many strangers are told in a beat: half of them, at least protocol.lazy,
// at most all.
func TestHowManyAreTold(t *testing.T) {
	m := settled(t, 2, shipped(50*ms, 50*ms), Default(), 1)
	for _, c := range []struct {
		lazy, strangers, want int
		factor                float64
	}{{6, 0, 0, .5}, {6, 5, 5, .5}, {6, 6, 6, .5}, {6, 11, 6, .5}, {6, 14, 7, .5}, {6, 15, 7, .5}, {0, 9, 4, .5}, {0, 9, 9, 1}, {3, 9, 3, 0}} {
		m.p.Lazy, m.c.Factor = c.lazy, c.factor
		if got := m.target(c.strangers); got != c.want {
			t.Errorf("%+v: %d are told", c, got)
		}
	}
}

// Quantiles of a delivery are those of who got it but the publisher, by the
// nearest rank.
func TestQuantilesOfADelivery(t *testing.T) {
	d := Delivery{At: []int32{0, 10, never, 40, 20, 30}, From: []int32{-1, 0, -1, 0, 0, 0}}
	for q, want := range map[float64]time.Duration{0: 10, .25: 10, .26: 20, .5: 20, .75: 30, .76: 40, 1: 40} {
		if got := d.Quantile(q); got != want*time.Microsecond {
			t.Errorf("quantile %v is %s, want %d µs", q, got, want)
		}
	}
	if (&Delivery{At: []int32{0, never}, From: []int32{-1, -1}}).Quantile(.5) != 0 {
		t.Error("nobody got it, and half of them have it")
	}
}

// Every constant of a calibration is refused just outside its bounds, and taken
// just inside.
func TestBoundsOfConstants(t *testing.T) {
	type bound struct {
		set  func(c *Calibration, v float64)
		can  []float64
		bad  []float64
		what string
	}
	span := func(at func(c *Calibration) *int64, most time.Duration, what string) bound {
		return bound{func(c *Calibration, v float64) { *at(c) = int64(v) }, []float64{0, float64(most)}, []float64{-1, float64(most + 1)}, what}
	}
	count := func(at func(c *Calibration) *int, can, bad []float64, what string) bound {
		return bound{func(c *Calibration, v float64) { *at(c) = int(v) }, can, bad, what}
	}
	whole := func(at func(c *Calibration) *float64, can, bad []float64, what string) bound {
		return bound{func(c *Calibration, v float64) { *at(c) = v }, can, bad, what}
	}
	positive := func(at func(c *Calibration) *int) bound { return count(at, []float64{0, 1e6}, []float64{-1}, "bytes") }
	for i, b := range []bound{
		count(func(c *Calibration) *int { return &c.Outbound }, []float64{0, 64}, []float64{-1, 65}, "outbound"),
		count(func(c *Calibration) *int { return &c.Best }, []float64{0, 64}, []float64{-1, 65}, "best"),
		count(func(c *Calibration) *int { return &c.Mend }, []float64{1, 9}, []float64{0, -1}, "mend"),
		count(func(c *Calibration) *int { return &c.MendPeers }, []float64{0, 9}, []float64{-1}, "mend"),
		count(func(c *Calibration) *int { return &c.Announce }, []float64{0, 100}, []float64{-1, 101}, "announce"),
		whole(func(c *Calibration) *float64 { return &c.Factor }, []float64{0, 1}, []float64{-1e-9, 1.000001}, "factor"),
		whole(func(c *Calibration) *float64 { return &c.Again }, []float64{0, 100}, []float64{-1e-9, 100.001}, "again"),
		whole(func(c *Calibration) *float64 { return &c.Line }, []float64{0, 1e12}, []float64{-1e-9}, "line"),
		whole(func(c *Calibration) *float64 { return &c.Idle }, []float64{0, 1e12}, []float64{-1e-9}, "bytes"),
		span(func(c *Calibration) *int64 { return (*int64)(&c.Backoff) }, time.Hour, "backoff"),
		span(func(c *Calibration) *int64 { return (*int64)(&c.Hold) }, time.Second, "hold"),
		span(func(c *Calibration) *int64 { return (*int64)(&c.Process) }, time.Second, "hold and process"),
		span(func(c *Calibration) *int64 { return (*int64)(&c.Settle) }, time.Hour, "settle"),
		span(func(c *Calibration) *int64 { return (*int64)(&c.AgainAfter) }, time.Minute, "again"),
		positive(func(c *Calibration) *int { return &c.HaveOver }), positive(func(c *Calibration) *int { return &c.Copy }),
		positive(func(c *Calibration) *int { return &c.Have }), positive(func(c *Calibration) *int { return &c.Frame }),
		positive(func(c *Calibration) *int { return &c.Name }), positive(func(c *Calibration) *int { return &c.Asking }),
		count(func(c *Calibration) *int { return &c.Packet }, []float64{1}, []float64{0, -1}, "packet_bytes"),
	} {
		for _, v := range append(b.can, b.bad...) {
			c := Default()
			b.set(&c, v)
			err := c.Check()
			if ok := slices.Contains(b.can, v); ok && err != nil || !ok && (err == nil || !contains(err, b.what)) {
				t.Errorf("bound %d, %s of %v: %v", i, b.what, v, err)
			}
		}
	}
}

func contains(err error, what string) bool {
	return strings.HasPrefix(err.Error(), "calibration: "+what)
}
