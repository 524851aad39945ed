package mesh

// rows are the meshes alone, in rows of their own: what a message's way needs
// of them, side by side in memory. They are laid out when the mesh changed.
type rows struct {
	start []int32
	next  []step
	// gossip is how many peers outside the mesh each node announces to in a beat,
	// all how many that is together.
	all int64
}

// step is one neighbour and the delay to it in µs.
type step struct{ to, delay int32 }

func (m *Mesh) layOut() {
	if !m.changed {
		return
	}
	m.changed = false
	r := &m.rows
	r.start, r.next = append(r.start[:0], 0), r.next[:0]
	r.all = 0
	for v := range int32(m.n) {
		for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
			if w := m.net.to[e]; m.net.flag[e]&inMesh != 0 && m.here[w] {
				r.next = append(r.next, step{w, m.net.delay[e]})
			}
		}
		r.start = append(r.start, int32(len(r.next)))
		if m.here[v] && m.follows(v) {
			r.all += int64(m.target(m.strangers(v)))
		}
	}
}

// strangers is how many of v's peers are there and not in its mesh.
func (m *Mesh) strangers(v int32) int {
	n := 0
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if m.tellable(e) {
			n++
		}
	}
	return n
}

// tellable reports whether the other end of e is one to announce to.
func (m *Mesh) tellable(e int32) bool {
	return m.net.flag[e]&(inMesh|up) == up && m.here[m.net.to[e]] && (m.watch == nil || m.watch.gossips(m, e))
}

// target is how many of so many strangers are told in one beat (gossipsub.go,
// emitGossip).
func (m *Mesh) target(strangers int) int {
	return min(max(m.p.Lazy, int(m.c.Factor*float64(strangers))), strangers)
}
