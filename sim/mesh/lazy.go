package mesh

// plan has v announce the message at its next beat after it may be passed on.
func (w *way) plan(m *Mesh, v int32) {
	if m.c.Announce == 0 {
		return
	}
	first := w.untilBeat
	if w.phase != nil {
		first += w.phase[v] - w.period
	}
	w.beatAt(v, w.beatAfter(first, w.d.At[v]+w.hold))
}

// beatAfter is the first beat at or after t, of those at first and every period
// before and after.
func (w *way) beatAfter(first, t int32) int32 {
	if d := t - first; d > 0 {
		return first + (d+w.period-1)/w.period*w.period
	}
	return first - (first-t)/w.period*w.period
}

func (w *way) beatAt(v, t int32) {
	i := max(int(t/w.width), w.at+1) % w.ring
	w.beats[i] = append(w.beats[i], v)
	w.telling++
}

// gossip lives through the announcements of a bucket: those that leave, and
// those that arrive.
func (w *way) gossip(m *Mesh, i int) {
	for k := 0; k < len(w.beats[i]); k++ {
		v := w.beats[i][k]
		first := w.untilBeat
		if w.phase != nil {
			first += w.phase[v] - w.period
		}
		t := w.beatAfter(first, max(int32(w.at)*w.width, w.d.At[v]+w.hold))
		w.announce(m, v, t)
		if w.shown[v]++; int(w.shown[v]) < m.c.Announce {
			w.beatAt(v, t+w.period)
		}
	}
	for k := 0; k < len(w.told[i]); k++ {
		t := w.told[i][k]
		v := m.net.to[m.net.rev[t.e]]
		if w.d.At[v] <= t.at {
			continue // it has it by now
		}
		// It asks, and is sent it: two more links' time.
		w.asked++
		w.d.Copies++
		w.copies++
		w.arrive(m.net.to[t.e], v, t.at+2*m.net.delay[t.e]+w.head, true)
	}
}

// announce has v tell some peers outside its mesh at t. Each peer's turn is a
// draw; only those that lack the message matter.
func (w *way) announce(m *Mesh, v, t int32) {
	strangers := m.strangers(v)
	left := m.target(strangers)
	for e := m.net.start[v]; e < m.net.start[v+1] && left > 0; e++ {
		if !m.tellable(e) {
			continue
		}
		// Selection sampling: each of the strangers left with the same chance
		// (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
		x := w.random(e ^ int32(w.shown[v]+1)<<28)
		if (x>>32)*uint64(strangers)>>32 < uint64(left) {
			left--
			to := m.net.to[e]
			if at := t + m.net.delay[e]; w.d.At[to] > at && m.follows(to) {
				i := max(int(at/w.width), w.at+1) % w.ring
				w.told[i] = append(w.told[i], told{m.net.rev[e], at})
				w.waiting++
			}
		}
		strangers--
	}
}
