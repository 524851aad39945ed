package mesh

import "time"

// role is how a node behaves.
type role uint8

const (
	honest  role = iota
	lurking      // a sybil that keeps to the protocol until it strikes
	hostile
)

// watch is what nodes know of each other's conduct, by link, its owner's view
// of the other end; and the attacker's plans.
type watch struct {
	rules rules
	role  []role
	plan  Plan

	first, invalid, push []float32
	since                []int32 // ms: in the mesh from then on
	proven, resting      []int32 // ms: until then
	missed, failed       []uint8
	near                 []int32 // connections of the owner's that share this one's address
	courtAt              []int32 // ms: when a sybil asks to be in the mesh again

	decayed time.Duration
	refused int64 // invalid messages read
	lot     []int32
}

// observe has scores count from now on.
func (m *Mesh) observe(roles []role, plan Plan) {
	size := len(m.net.to)
	m.watch = &watch{
		rules: theRules(), role: roles, plan: plan,
		first: make([]float32, size), invalid: make([]float32, size), push: make([]float32, size),
		since: make([]int32, size), proven: make([]int32, size), resting: make([]int32, size),
		missed: make([]uint8, size), failed: make([]uint8, size), near: make([]int32, size), courtAt: make([]int32, size),
	}
}

func (w *watch) honest(v int32) bool { return w.role[v] != hostile }

// claims reports whether v tells its neighbours what it has.
func (w *watch) claims(v int32) bool { return w.role[v] != hostile }

// score is what the owner of e thinks of the other end (score.go, score).
func (w *watch) score(m *Mesh, e int32) float32 {
	r, now := &w.rules, millis(m.now)
	topic := w.first[e] + float32(r.invalid*w.invalid[e])*w.invalid[e]
	if m.net.flag[e]&inMesh != 0 {
		topic += min(float32(r.stay*float32((now-w.since[e])/millis(decayEvery))), r.stayCap)
	}
	s := min(topic, r.cap)
	switch {
	case w.resting[e] > now:
		s += r.silent
	case w.proven[e] > now:
		s += r.proven
	}
	if over := w.near[e] - r.together; over > 0 {
		s += r.address * float32(over*over)
	}
	if over := w.push[e] - r.pushFree; over > 0 {
		s += float32(r.push*over) * over
	}
	return s
}

func (w *watch) deaf(m *Mesh, e int32) bool { return w.score(m, e) < w.rules.graylist }

// gossips reports whether the owner of e announces to the other end.
func (w *watch) gossips(m *Mesh, e int32) bool { return w.score(m, e) >= w.rules.gossip }

func (w *watch) grafted(e int32, now time.Duration) {
	w.since[e] = millis(now)
	w.missed[e], w.failed[e] = 0, 0
}

// pushed notes a graft that came before its time.
func (w *watch) pushed(e int32, early bool) {
	w.push[e]++
	if early {
		w.push[e]++
	}
}

// passed lets counters fade.
func (w *watch) passed(m *Mesh) {
	if m.now-w.decayed < decayEvery {
		return
	}
	w.decayed = m.now
	for e := range w.first {
		w.first[e] = faded(w.first[e], w.rules.fadeHour)
		w.invalid[e] = faded(w.invalid[e], w.rules.fadeHour)
		w.push[e] = faded(w.push[e], w.rules.fadePush)
	}
}

func faded(x, by float32) float32 {
	if x *= by; x < fadedOut {
		return 0
	}
	return x
}

// learn takes in who brought a message to whom (scoreconduct.go, delivered).
func (w *watch) learn(m *Mesh, source int32) {
	for v := range int32(m.n) {
		if v != source && m.here[v] && w.honest(v) && m.way.d.From[v] >= 0 {
			w.delivered(m, v, source)
		}
	}
}

// delivered counts a new message against all neighbours of v but those that
// had it.
func (w *watch) delivered(m *Mesh, v, source int32) {
	from, now := m.way.d.From[v], m.now
	fault := uint8(1)
	if !m.way.pulled[v] {
		fault = 0
	}
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.to[e] != from {
			continue
		}
		w.first[e] = min(w.first[e]+1, w.rules.firstCap)
		w.proven[e] = millis(now + w.rules.provenFor)
		if m.net.flag[e]&inMesh != 0 {
			fault = 0
		}
	}
	silent, others := 0, 0
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.flag[e]&inMesh == 0 {
			if m.here[m.net.to[e]] && m.net.flag[e]&up != 0 && w.resting[e] <= millis(now) {
				others++
			}
			continue
		}
		switch brought, said := m.signs(e, v, source); {
		case brought:
			w.missed[e], w.failed[e] = 0, 0
		case said:
			w.missed[e], w.failed[e] = 0, add(w.failed[e], fault)
		default:
			w.missed[e], w.failed[e] = add(w.missed[e], 1), add(w.failed[e], fault)
		}
		if w.silent(e) {
			silent++
		}
	}
	if int(m.size[v]) >= m.p.Low && silent > 0 && 3*silent >= int(m.size[v]) {
		w.rest(m, v, min(silent, others, w.rules.atOnce))
	}
}

func add(x, by uint8) uint8 { return min(x, 200) + by }

func (w *watch) silent(e int32) bool {
	return w.missed[e] >= w.rules.silentAfter || w.failed[e] >= w.rules.failedAfter
}

// rest has n of v's silent neighbours, by lot, lose their places.
func (w *watch) rest(m *Mesh, v int32, n int) {
	w.lot = w.lot[:0]
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.flag[e]&inMesh != 0 && w.silent(e) {
			w.lot = append(w.lot, e)
		}
	}
	m.shuffle(w.lot)
	for _, e := range w.lot[:min(n, len(w.lot))] {
		w.resting[e] = millis(m.now + w.rules.silentFor)
	}
}

// signs reports whether the other end of e brought v the last message, first or
// not, and whether it said that it has it, in time.
func (m *Mesh) signs(e, v, source int32) (brought, said bool) {
	w, d := m.net.to[e], &m.way.d
	if d.From[v] == w {
		return true, false
	}
	if !m.watch.honest(w) {
		return m.watch.relays(m, w, source) && d.At[w] != never && d.From[w] != v, m.watch.plan.Claims
	}
	if d.At[w] == never || d.From[w] == v {
		return false, false
	}
	// It sends a copy, unless v's "I have it" comes before that leaves.
	spared := m.way.haves && d.At[v] <= d.At[w]+m.way.hold-m.net.delay[e]
	said = m.way.haves && w != source && d.At[w]+m.net.delay[e] >= d.At[v]-m.watch.rules.handedOver
	return !spared, said
}
