package mesh

import (
	"cmp"
	"slices"
	"time"
)

// post is what nodes tell each other in one beat: links grafted and pruned, by
// the sender's entry. All arrives before the next beat.
type post struct {
	grafts, prunes, replies []int32
}

// clearEvery is how many beats lie between two times that a node forgets
// backoffs which are over; until then it grafts none of those peers itself,
// but lets them graft (gossipsub.go, clearBackoff).
const clearEvery = 15

// pulse is one heartbeat of every node. All beat, then all hear what the
// others have to say: in between lies one link's delay.
func (m *Mesh) pulse() {
	m.beat++
	if m.watch != nil {
		m.watch.passed(m)
	}
	m.mail.grafts, m.mail.prunes, m.mail.replies = m.mail.grafts[:0], m.mail.prunes[:0], m.mail.replies[:0]
	clear := m.beat%clearEvery == 0
	mend := m.watch != nil && m.beat%int64(m.c.Mend) == 0
	for v := range int32(m.n) {
		if clear {
			m.forgive(v)
		}
		if m.here[v] && m.follows(v) {
			m.tend(v, mend)
		}
	}
	if m.watch != nil {
		m.watch.court(m)
	}
	m.deliver()
}

// follows reports whether v keeps to the protocol, as the honest do, and
// sybils that lie in wait.
func (m *Mesh) follows(v int32) bool { return m.watch == nil || m.watch.honest(v) }

// forgive forgets v's backoffs that were over two beats ago.
func (m *Mesh) forgive(v int32) {
	over := millis(m.now) - 2*millis(m.p.Heartbeat.Std())
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.flag[e]&backedTo != 0 && m.again[e] < over {
			m.net.flag[e] &^= backedTo
			m.again[e] = 0
		}
	}
}

// tend is what one node's heartbeat does to its mesh (gossipsub.go, heartbeat),
// step by step.
func (m *Mesh) tend(v int32, mend bool) {
	if m.watch != nil {
		m.dismiss(v)
	}
	if int(m.size[v]) < m.p.Low {
		m.graft(v, m.p.D-int(m.size[v]), func(int32) bool { return true })
	}
	if int(m.size[v]) >= m.p.High {
		m.cut(v)
	}
	if outbound := m.outbound(); int(m.size[v]) >= m.p.Low && int(m.out[v]) < outbound {
		m.graft(v, outbound-int(m.out[v]), func(e int32) bool { return m.net.flag[e]&dialled != 0 })
	}
	if mend && m.size[v] > 1 {
		m.improve(v)
	}
}

// outbound is Dout as GossipSub lets it be: below Dlo and below half of D.
func (m *Mesh) outbound() int { return max(min(m.c.Outbound, m.p.Low-1, m.p.D/2-1), 0) }

// dismiss drops whoever has a score below 0.
func (m *Mesh) dismiss(v int32) {
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.flag[e]&inMesh != 0 && m.watch.score(m, e) < 0 {
			m.prune(e)
		}
	}
}

// graft takes up to n peers at random that are wanted and may be had.
func (m *Mesh) graft(v int32, n int, wanted func(e int32) bool) {
	m.lot = m.lot[:0]
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		f := m.net.flag[e]
		if f&(inMesh|backedTo) == 0 && f&up != 0 && m.here[m.net.to[e]] && wanted(e) && m.score(e) >= 0 {
			m.lot = append(m.lot, e)
		}
	}
	for i := 0; i < n && i < len(m.lot); i++ {
		j := i + m.rnd.IntN(len(m.lot)-i)
		m.lot[i], m.lot[j] = m.lot[j], m.lot[i]
		m.enter(m.lot[i])
		m.mail.grafts = append(m.mail.grafts, m.lot[i])
	}
}

func (m *Mesh) score(e int32) float32 {
	if m.watch == nil {
		return 0
	}
	return m.watch.score(m, e)
}

// prune takes a peer out of the mesh, and tells it.
func (m *Mesh) prune(e int32) {
	m.part(e)
	m.backOff(e)
	m.mail.prunes = append(m.mail.prunes, e)
}

func (m *Mesh) backOff(e int32) {
	m.again[e] = max(m.again[e], millis(m.now)+millis(m.c.Backoff.Std()))
	m.net.flag[e] |= backedTo
}

// cut keeps D of a mesh that is too full: the best by score, the others by
// lot, but so that enough of them are peers that v dialled.
func (m *Mesh) cut(v int32) {
	all := m.lot[:0]
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.flag[e]&inMesh != 0 {
			all = append(all, e)
		}
	}
	m.lot = all
	m.shuffle(all)
	if m.watch != nil {
		slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(m.watch.score(m, b), m.watch.score(m, a)) })
		m.shuffle(all[min(m.c.Best, len(all)):])
	}
	d := min(m.p.D, len(all))
	kept := 0
	for _, e := range all[:d] {
		kept += int(m.net.flag[e]&dialled) / int(dialled)
	}
	// Outbound ones from beyond take the places of the last inbound ones.
	for i, last := d, d-1; i < len(all) && kept < m.outbound(); i++ {
		if m.net.flag[all[i]]&dialled == 0 {
			continue
		}
		for last >= 0 && m.net.flag[all[last]]&dialled != 0 {
			last--
		}
		if last < 0 {
			break
		}
		all[i], all[last] = all[last], all[i]
		kept++
	}
	for _, e := range all[d:] {
		m.prune(e)
	}
}

func (m *Mesh) shuffle(s []int32) {
	m.rnd.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// improve grafts peers that did better than the median of a mesh that does
// badly (opportunistic grafting).
func (m *Mesh) improve(v int32) {
	m.lot = m.lot[:0]
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.net.flag[e]&inMesh != 0 {
			m.lot = append(m.lot, e)
		}
	}
	slices.SortStableFunc(m.lot, func(a, b int32) int { return cmp.Compare(m.watch.score(m, a), m.watch.score(m, b)) })
	median := m.watch.score(m, m.lot[len(m.lot)/2])
	if median < m.watch.rules.mend {
		m.graft(v, m.c.MendPeers, func(e int32) bool { return m.watch.score(m, e) > median })
	}
}

// deliver has what was said arrive, and the answers to it.
func (m *Mesh) deliver() {
	m.shuffle(m.mail.grafts)
	for _, e := range m.mail.grafts {
		switch v := m.owner(e); {
		case !m.accepts(m.net.rev[e]):
			m.mail.replies = append(m.mail.replies, m.net.rev[e])
		case !m.follows(v) && m.net.flag[m.net.rev[e]]&inMesh != 0:
			m.enter(e)
		}
	}
	for _, e := range m.mail.prunes {
		m.dropped(m.net.rev[e])
	}
	for _, e := range m.mail.replies {
		m.dropped(m.net.rev[e])
	}
}

// accepts takes the other end of e in, which asks for it, or not
// (gossipsub.go, handleGraft).
func (m *Mesh) accepts(e int32) bool {
	f, v := m.net.flag[e], m.owner(e)
	switch {
	case f&inMesh != 0:
		return true
	case !m.here[v]:
		return false
	case !m.follows(v):
		m.enter(e) // whoever wants to be in meshes turns nobody away
		return true
	case m.watch != nil && m.watch.deaf(m, e):
		return true // not even read
	case m.again[e] > millis(m.now):
		if m.watch != nil {
			early := m.again[e]-millis(m.c.Backoff.Std())+floodMillis > millis(m.now)
			m.watch.pushed(e, early)
		}
	case m.score(e) < 0:
	case int(m.size[v]) >= m.p.High && f&dialled == 0:
	default:
		m.enter(e)
		return true
	}
	m.backOff(e)
	return false
}

// floodMillis is how soon after a prune a graft counts twice.
const floodMillis = 10_000

// dropped is what a node does that was pruned.
func (m *Mesh) dropped(e int32) {
	v := m.owner(e)
	if !m.here[v] {
		return
	}
	m.part(e)
	if m.follows(v) {
		m.backOff(e)
	} else {
		m.watch.turnedAway(m, e)
	}
}

func millis(d time.Duration) int32 { return int32(d / time.Millisecond) }
