package mesh

import "slices"

// aside has v hand a message past its mesh, where fewer than sound of its
// neighbours ever brought anything: to others who did, those it dialled first
// and else by lot (gossip/aside.go, aside). The copies leave from `at` on.
func (w *way) aside(m *Mesh, v, at int32) {
	watch, now := m.watch, millis(m.now)
	wanted := watch.rules.sound
	lot := watch.lot[:0]
	for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
		if watch.proven[e] <= now {
			continue
		}
		switch f := m.net.flag[e]; {
		case f&inMesh != 0 && !watch.silent(e):
			wanted--
		case f&(inMesh|up) == up && m.here[m.net.to[e]] && watch.resting[e] <= now:
			lot = append(lot, e)
		}
	}
	watch.lot = lot
	if wanted <= 0 || len(lot) == 0 {
		return
	}
	turn := func(e int32) uint64 { // those dialled before all others
		return w.random(e^3<<28)>>1 | uint64(^m.net.flag[e]&dialled/dialled)<<63
	}
	slices.SortFunc(lot, func(a, b int32) int {
		if turn(a) < turn(b) {
			return -1
		}
		return 1
	})
	for k, e := range lot[:min(wanted, len(lot))] {
		if to := m.net.to[e]; to != w.d.From[v] {
			w.send(m, v, step{to, m.net.delay[e]}, at+int32(k)*w.slot)
		}
	}
}
