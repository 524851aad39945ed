package mesh

import (
	"math/rand/v2"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// live plays a situation once. Who dials whom among the honest, and who casts,
// depends on the seed alone, so that peace and attack differ by the sybils.
func (s Situation) live(p scenario.Protocol, c Calibration, seed uint64) (record, error) {
	n := s.Honest + s.Sybils
	honestDials := atRandom(s.Honest, 2*s.Dials, rand.New(rand.NewPCG(seed, 1)))
	dials := append(s.keep(honestDials), s.besiege(rand.New(rand.NewPCG(seed, 2)))...)
	if err := check(n, p, c); err != nil {
		return record{}, err
	}
	m, err := over(n, dials, p, c, rand.New(rand.NewPCG(seed, 3)))
	if err != nil {
		return record{}, err
	}
	plan := s.Plan
	m.observe(s.roles(), plan)
	if s.tweak != nil {
		s.tweak(&m.watch.rules)
	}
	address := s.addresses()
	for v := range s.Honest {
		m.here[v] = true
	}
	s.raise(m, s.Awake == 0)
	if s.Attack == 0 {
		s.arrive(m, address)
	}
	return s.run(m, address, rand.New(rand.NewPCG(seed, 4))), nil
}

// run lets time pass and casts.
func (s Situation) run(m *Mesh, address []int32, who *rand.Rand) record {
	var rec record
	awake, attacked := s.Awake == 0, s.Attack == 0
	pass := func(to time.Duration) {
		for {
			switch {
			case !awake && (attacked || s.Awake <= s.Attack) && s.Awake <= to:
				m.Advance(s.Awake)
				s.raise(m, true)
				awake = true
			case !attacked && s.Attack <= to:
				m.Advance(s.Attack)
				s.arrive(m, address)
				attacked = true
			default:
				m.Advance(to)
				return
			}
		}
	}
	publishers := s.Publishers
	if publishers == 0 {
		publishers = s.Honest
	}
	for k, at := 0, s.From; at < s.Until; k, at = k+1, at+s.Gap {
		pass(at)
		from := who.IntN(publishers)
		if s.Caster && at >= s.Last {
			from = 0
		}
		rec.note(k, from, m.Publish(int32(from), at), s.Honest)
	}
	rec.refused, rec.sybils = m.watch.refused, s.held(m)
	return rec
}

func (r *record) note(cast, from int, d *Delivery, honest int) {
	for v := range honest {
		if v != from {
			r.all = append(r.all, delivery{cast, from, v, int(d.At[v])})
		}
	}
	r.copies = append(r.copies, float64(d.Copies)/float64(max(honest-1, 1)))
}

// held is the share of honest meshes' places that sybils hold.
func (s Situation) held(m *Mesh) float64 {
	all, theirs := 0, 0
	for v := range int32(s.Honest) {
		for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
			if m.net.flag[e]&inMesh != 0 {
				all++
				if int(m.net.to[e]) >= s.Honest {
					theirs++
				}
			}
		}
	}
	return float64(theirs) / float64(max(all, 1))
}

// keep leaves out what node 0 loses: all but its first Kept connections.
func (s Situation) keep(dials []dial) []dial {
	if s.Kept == 0 {
		return dials
	}
	kept, had := dials[:0], 0
	for _, d := range dials {
		if d.a == 0 || d.b == 0 {
			if had++; had > s.Kept {
				continue
			}
		}
		kept = append(kept, d)
	}
	return kept
}

// besiege draws whom sybils dial, and whom they lure.
func (s Situation) besiege(r *rand.Rand) []dial {
	var dials []dial
	if s.Sybils == 0 {
		return nil
	}
	for v := range s.Honest {
		for range s.Lured {
			dials = append(dials, dial{int32(v), int32(s.Honest + r.IntN(s.Sybils))})
		}
	}
	targets := s.Honest
	switch s.Target {
	case "one":
		targets = 1
	case "publishers":
		targets = s.Publishers
	}
	for k := range s.Sybils {
		sybil := int32(s.Honest + k)
		if k < s.Ring {
			dials = append(dials, dial{sybil, 0})
		}
		if s.Reach >= targets {
			for v := range targets {
				dials = append(dials, dial{sybil, int32(v)})
			}
			continue
		}
		for range s.Reach {
			dials = append(dials, dial{sybil, int32(r.IntN(targets))})
		}
	}
	return dials
}

func (s Situation) roles() []role {
	roles := make([]role, s.Honest+s.Sybils)
	for v := s.Honest; v < len(roles); v++ {
		roles[v] = hostile
		if s.Lurk {
			roles[v] = lurking
		}
	}
	return roles
}

// addresses is each node's, 0 for one of its own.
func (s Situation) addresses() []int32 {
	if s.Together == 0 {
		return nil
	}
	all := make([]int32, s.Honest+s.Sybils)
	for k := range s.Sybils {
		all[s.Honest+k] = int32(1 + k/s.Together)
	}
	return all
}

// raise brings connections among the honest up, or takes them down.
func (s Situation) raise(m *Mesh, stand bool) {
	for v := range int32(s.Honest) {
		for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
			if int(m.net.to[e]) >= s.Honest || m.net.to[e] == v {
				continue
			}
			if stand {
				m.net.flag[e] |= up
			} else {
				m.net.flag[e] &^= up
			}
		}
	}
}

// arrive has the sybils connect.
func (s Situation) arrive(m *Mesh, address []int32) {
	for v := s.Honest; v < m.n; v++ {
		m.Join(int32(v))
	}
	m.crowd(address)
	m.mail.grafts, m.mail.prunes, m.mail.replies = m.mail.grafts[:0], m.mail.prunes[:0], m.mail.replies[:0]
	m.watch.court(m) // at once: an honest node waits for its heart to beat
	m.deliver()
}
