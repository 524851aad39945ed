package mesh

import "time"

// Plan is what sybils do.
type Plan struct {
	// Drop is the share of messages that a sybil does not relay, each by a draw
	// of its own.
	Drop float64
	// Censor, if not negative, is the node whose messages they drop, and only
	// those. (They know them; in Parley a relay can't tell whose a cast is.)
	Censor int32
	// Claims has them say "I have it" of all they hear of.
	Claims bool
	// Spam has each send every node it knows an invalid message in each beat.
	Spam bool
	// Every has them ask to be in every mesh each so often; 0: only when they
	// were pruned, after a minute and up to 15 seconds more.
	Every time.Duration
	// Strike is when those that lie in wait begin; 0: from the start.
	Strike time.Duration
}

// A sybil of the evaluation asks again so long after it was pruned, and up to
// so much later (sybil_regraft_backoff and sybil_regraft_delay there).
const (
	askAgain     = time.Minute
	askAgainUpTo = 15 * time.Second
)

// relays reports whether a sybil passes on the present message.
func (w *watch) relays(m *Mesh, v, source int32) bool {
	if w.plan.Censor >= 0 {
		return source != w.plan.Censor
	}
	if w.plan.Drop >= 1 {
		return false
	}
	x := m.way.random(^v)
	return float64(x>>11)/(1<<53) >= w.plan.Drop
}

// court has sybils do in a beat what they do beside not relaying: ask to be in
// meshes, and spam.
func (w *watch) court(m *Mesh) {
	now := millis(m.now)
	for v := range int32(m.n) {
		if w.role[v] == lurking && w.plan.Strike > 0 && m.now >= w.plan.Strike {
			w.role[v] = hostile
			m.changed = true
		}
		if w.role[v] != hostile || !m.here[v] {
			continue
		}
		for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
			if m.net.flag[e]&up == 0 {
				continue
			}
			if w.plan.Spam {
				w.spam(m, m.net.rev[e])
			}
			if now < w.courtAt[e] {
				continue
			}
			if w.plan.Every > 0 {
				w.courtAt[e] = now + millis(w.plan.Every)
				m.mail.grafts = append(m.mail.grafts, e)
			} else if m.net.flag[e]&inMesh == 0 {
				w.courtAt[e] = now + millis(askAgain) + m.rnd.Int32N(millis(askAgainUpTo))
				m.mail.grafts = append(m.mail.grafts, e)
			}
		}
	}
}

// spam is one invalid message to the owner of e.
func (w *watch) spam(m *Mesh, e int32) {
	if m.here[m.owner(e)] && !w.deaf(m, e) {
		w.invalid[e]++
		w.refused++
	}
}

// turnedAway is what a sybil does that was pruned.
func (w *watch) turnedAway(m *Mesh, e int32) {
	if w.plan.Every == 0 {
		w.courtAt[e] = max(w.courtAt[e], millis(m.now)+millis(askAgain)+m.rnd.Int32N(millis(askAgainUpTo)))
	}
}

// crowd counts, for each connection that stands, how many of its owner's come
// from the same address. 0 is an address of one's own.
func (m *Mesh) crowd(address []int32) {
	if address == nil {
		return
	}
	count := make(map[int32]int32)
	for v := range int32(m.n) {
		clear(count)
		for pass := range 2 {
			for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
				a := address[m.net.to[e]]
				if a == 0 || m.net.flag[e]&up == 0 || !m.here[m.net.to[e]] {
					continue
				}
				if pass == 0 {
					count[a]++
				} else {
					m.watch.near[e] = count[a]
				}
			}
		}
	}
}
