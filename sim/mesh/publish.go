package mesh

import (
	"math"
	"slices"
	"time"
)

// never is when a message arrives that does not.
const never = math.MaxInt32

// Delivery is one message's way. Its slices are the mesh's own and hold until
// the next message.
type Delivery struct {
	// At is when each node had the message first, in µs after it was published;
	// Never for those that did not get it, and 0 for the publisher.
	At []int32
	// From is the node that brought it, -1 for none.
	From []int32
	// Reached counts the nodes that got it, of Owed that were there and wanted
	// it; neither counts the publisher, nor sybils.
	Reached, Owed int
	// Copies is every arrival at a node that wanted it, the first included;
	// Bytes what all nodes sent on account of the message.
	Copies, Bytes int64
	// Asked counts the copies that came because they were asked for.
	Asked int64
}

// Never is At's value for a node that did not get the message.
const Never = never

// Publish has a node publish a message, not before `at`, and follows it until
// nobody has it left to send or to announce. Meshes stay as they are
// meanwhile, as they do for the second or less that it takes.
func (m *Mesh) Publish(from int32, at time.Duration) *Delivery {
	m.Advance(at)
	m.layOut()
	w := &m.way
	w.begin(m, from)
	for w.waiting > 0 || w.missing > 0 && w.telling > 0 {
		w.bucket(m)
	}
	w.end(m)
	if m.watch != nil {
		m.watch.learn(m, from)
	}
	return &w.d
}

// way is a message under way: nodes wait in buckets of time for their copy to
// come (Dial's algorithm). A bucket is no wider than the shortest hop, so that
// what leaves in one arrives in a later one, and order within does not matter.
type way struct {
	d    Delivery
	done []bool
	// pulled: it came because it was asked for.
	pulled []bool
	hold   int32 // µs, between having a message and passing it on
	width  int32
	ring   int
	// By bucket: who gets it, whose heart beats, what is announced.
	comes, beats [][]int32
	told         [][]told
	at           int // the present bucket, counted from the publication
	waiting      int // entries of comes and told
	telling      int // entries of beats
	missing      int // nodes that want it and have not got it
	source       int32
	size         int // bytes
	haves        bool
	slot         int32 // µs that one copy occupies a line
	head         int32 // µs until the first copy is gone
	luck         uint64
	untilBeat    int32 // µs from the publication to the next beat
	period       int32
	phase        []int32 // µs by which each node beats later than the first
	shown        []uint8 // how often each has announced it
	copies       int64
	havesSent    int64
	asked        int64
	framed       int64 // the last beat in which something is announced already
	packets      int
}

// told is an announcement that arrives by link e, its receiver's entry.
type told struct{ e, at int32 }

func (w *way) init(m *Mesh) {
	w.d.At, w.d.From = make([]int32, m.n), make([]int32, m.n)
	w.done, w.pulled, w.shown = make([]bool, m.n), make([]bool, m.n), make([]uint8, m.n)
	low, span := delays(m.p)
	w.hold = micros(m.c.Hold.Std()) + micros(m.c.Process.Std())
	w.width = max(min(low+w.hold, 2*low), 500)
	line := m.p.Bandwidth
	if line == 0 {
		line = m.c.Line
	}
	w.size = m.p.Size
	w.packets = (w.size + m.c.Copy + m.c.Packet - 1) / m.c.Packet
	if line > 0 {
		bits := float64(8 * (w.size + m.c.Copy))
		w.slot = int32(math.Round(bits / line * 1e6))
		// A line that is idle lets the first packet go at once.
		w.head = int32(math.Round(bits / line * 1e6 * float64(w.packets-1) / float64(max(w.packets, 1))))
	}
	w.haves = w.size >= m.c.HaveOver
	w.period = micros(m.p.Heartbeat.Std())
	longest := max(low+span+w.hold+w.slot*64+w.retry(m, low+span, 8), w.period)
	w.ring = int(longest/w.width) + 3
	w.comes, w.beats, w.told = make([][]int32, w.ring), make([][]int32, w.ring), make([][]told, w.ring)
	if m.c.Spread {
		w.phase = make([]int32, m.n)
		for v := range w.phase {
			w.phase[v] = m.rnd.Int32N(w.period)
		}
	}
}

func (w *way) begin(m *Mesh, from int32) {
	for i := range w.ring {
		w.comes[i], w.beats[i], w.told[i] = w.comes[i][:0], w.beats[i][:0], w.told[i][:0]
	}
	for v := range w.d.At {
		w.d.At[v] = never
	}
	clear(w.done)
	clear(w.shown)
	w.at, w.waiting, w.telling = 0, 0, 0
	w.copies, w.havesSent, w.asked = 0, 0, 0
	w.d.Copies, w.d.Bytes, w.d.Asked, w.d.Reached, w.d.Owed = 0, 0, 0, 0, 0
	w.missing = 0
	for v := range int32(m.n) {
		w.d.From[v] = -1
		if m.here[v] && m.wants(v) && v != from {
			w.missing++
		}
	}
	w.d.Owed = w.missing
	w.source = from
	w.luck = m.rnd.Uint64()
	w.untilBeat = int32((m.nextBeat() - m.now) / time.Microsecond)
	w.d.At[from] = 0
	w.comes[0] = append(w.comes[0], from)
	w.waiting = 1
}

// bucket lives through one bucket's time and goes on to the next.
func (w *way) bucket(m *Mesh) {
	i := w.at % w.ring
	for k := 0; k < len(w.comes[i]); k++ {
		if v := w.comes[i][k]; !w.done[v] {
			w.pass(m, v)
		}
	}
	w.waiting -= len(w.comes[i])
	w.comes[i] = w.comes[i][:0]
	if w.missing > 0 {
		w.gossip(m, i)
	}
	w.waiting -= len(w.told[i])
	w.told[i] = w.told[i][:0]
	w.telling -= len(w.beats[i])
	w.beats[i] = w.beats[i][:0]
	w.at++
}

// pass has v, which got the message, say so and pass it on. Whoever has said "I
// have it" to v by then is spared. That is known: what it had by then was sent
// at least two links' time ago.
func (w *way) pass(m *Mesh, v int32) {
	w.done[v] = true
	at := w.d.At[v]
	from := w.d.From[v]
	leaves := at + w.hold
	if v != w.source {
		if !m.follows(v) {
			w.betray(m, v)
			return
		}
		if m.wants(v) {
			w.missing--
		}
	}
	row := m.rows.next[m.rows.start[v]:m.rows.start[v+1]]
	turn := uint64(0)
	if len(row) > 0 {
		turn = (w.random(v) >> 32) * uint64(len(row)) >> 32
	}
	sent := int32(0)
	for k := range row {
		k += int(turn)
		if k >= len(row) {
			k -= len(row)
		}
		s := row[k]
		if s.to == from {
			continue
		}
		if w.haves && w.d.At[s.to] <= leaves-s.delay && w.d.From[s.to] != v && s.to != w.source && w.says(m, s.to) {
			continue
		}
		w.send(m, v, s, leaves+w.head+sent*w.slot)
		sent++
	}
	if m.watch != nil {
		w.aside(m, v, leaves+w.head+sent*w.slot)
	}
	if w.haves && v != w.source {
		w.havesSent += int64(len(row))
		if from >= 0 {
			w.havesSent--
		}
	}
	w.plan(m, v)
}

// says reports whether v tells its neighbours what it has.
func (w *way) says(m *Mesh, v int32) bool { return m.watch == nil || m.watch.claims(v) }

// wants reports whether v is one that counts: no sybil, hidden or not.
func (m *Mesh) wants(v int32) bool { return m.watch == nil || m.watch.role[v] == honest }

// send has a copy leave v for a neighbour at a time.
func (w *way) send(m *Mesh, v int32, s step, at int32) {
	at += s.delay
	if m.p.Loss > 0 {
		at += w.lost(m, v, s)
	}
	w.copies++
	if m.wants(s.to) {
		w.d.Copies++
	}
	w.arrive(v, s.to, at, false)
}

// betray is what a sybil does with a message: it relays some, at once, and
// spares nobody.
func (w *way) betray(m *Mesh, v int32) {
	if !m.watch.relays(m, v, w.source) {
		return
	}
	at, sent := w.d.At[v], int32(0)
	for _, s := range m.rows.next[m.rows.start[v]:m.rows.start[v+1]] {
		if s.to != w.d.From[v] {
			w.send(m, v, s, at+w.head+sent*w.slot)
			sent++
		}
	}
}

func (w *way) arrive(from, to, at int32, pulled bool) {
	if at >= w.d.At[to] {
		return
	}
	w.d.At[to], w.d.From[to], w.pulled[to] = at, from, pulled
	i := max(int(at/w.width), w.at+1) % w.ring
	w.comes[i] = append(w.comes[i], to)
	w.waiting++
}

// lost is by how much a copy is late for packets lost on the way.
func (w *way) lost(m *Mesh, v int32, s step) int32 {
	worst := 0
	for i := range w.packets {
		x := w.random(v ^ s.to<<7 ^ int32(i)<<27)
		for tries := 1; tries <= 8 && float64(x>>40)/(1<<24) < m.p.Loss; tries++ {
			worst = max(worst, tries)
			x = mix(x)
		}
	}
	return w.retry(m, s.delay, worst)
}

// retry is how long it takes until what was lost so many times in a row is sent
// again, waiting twice as long each time (RFC 9002, 6.2).
func (w *way) retry(m *Mesh, delay int32, times int) int32 {
	first := math.Round(2*m.c.Again*float64(delay)) + float64(micros(m.c.AgainAfter.Std()))
	if m.p.Loss == 0 {
		return 0
	}
	return int32(min(first*float64(int(1)<<times-1), 1e9))
}

// random is a number that depends on the message and v alone.
func (w *way) random(v int32) uint64 { return mix(w.luck + uint64(uint32(v))*0x9e3779b97f4a7c15) }

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (w *way) end(m *Mesh) {
	w.d.Reached = w.d.Owed - w.missing
	w.d.Asked = w.asked
	w.d.Bytes = w.copies*int64(w.size+m.c.Copy) + w.havesSent*int64(m.c.Have) + w.asked*int64(m.c.Asking) +
		m.rows.all*(int64(m.c.Announce)*int64(m.c.Name)+w.frames(m)*int64(m.c.Frame))
}

// frames is in how many of the beats that announce the message nothing else was
// to be announced yet.
func (w *way) frames(m *Mesh) int64 {
	last := m.beat + int64(m.c.Announce)
	fresh := last - max(m.beat, w.framed)
	w.framed = max(w.framed, last)
	return max(fresh, 0)
}

// Quantile is the delay after which a share q of those reached had the message
// (nearest rank); 0 if nobody was.
func (d *Delivery) Quantile(q float64) time.Duration {
	var all []int32
	for v, at := range d.At {
		if at != never && d.From[v] >= 0 {
			all = append(all, at)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	rank := int(math.Ceil(q * float64(len(all))))
	return time.Duration(all[min(max(rank, 1), len(all))-1]) * time.Microsecond
}
