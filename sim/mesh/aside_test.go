package mesh

import (
	"slices"
	"testing"
	"time"
)

// A node with none but sybils in its mesh hands what it casts to those who once
// brought it something; one in whose mesh they are does not.
func TestAside(t *testing.T) {
	for name, c := range map[string]struct {
		mesh, proven []int32
		want         []int32 // who gets it unasked
	}{
		"nobody brought anything":        {mesh: []int32{1, 2}},
		"two did, both outside":          {[]int32{1, 2}, []int32{4, 6}, []int32{4, 6}},
		"four did, all in the mesh":      {[]int32{4, 5, 6, 7}, []int32{4, 5, 6, 7}, []int32{4, 5, 6, 7}},
		"five did, four of them in it":   {[]int32{3, 4, 5, 6}, []int32{3, 4, 5, 6, 7}, []int32{3, 4, 5, 6}},
		"four did, three of them in it":  {[]int32{1, 3, 4, 5}, []int32{3, 4, 5, 8}, []int32{3, 4, 5, 8}},
		"no more than sound, if no mesh": {nil, []int32{3, 4, 5, 6}, []int32{3, 4, 5, 6}},
	} {
		m := star(t, 8, 0, true)
		m.watch.role[1], m.watch.role[2] = hostile, hostile
		m.watch.plan = Plan{Drop: 1, Censor: -1}
		m.now = time.Minute
		for e := m.net.start[0]; e < m.net.start[1]; e++ {
			switch to := m.net.to[e]; {
			case slices.Contains(c.mesh, to):
				m.enter(e)
			case m.net.flag[e]&inMesh != 0:
				m.part(e)
			}
			if slices.Contains(c.proven, m.net.to[e]) {
				m.watch.proven[e] = millis(m.now) + 1
			}
		}
		m.layOut()
		m.way.begin(m, 0)
		for m.way.waiting > 0 {
			m.way.bucket(m)
		}
		var got []int32
		for v := range int32(m.n) {
			if v > 2 && !m.way.pulled[v] { // others hear of it when hearts beat
				got = append(got, v)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v got it, want %v", name, got, c.want)
		}
	}
}

// What others hand over unasked is no failure of the mesh.
func TestUnaskedIsNoFailure(t *testing.T) {
	for _, pulled := range []bool{false, true} {
		m := star(t, 3, 0, true)
		e := m.net.start[0]
		for k := range int32(2) {
			m.enter(e + k)
		}
		m.layOut()
		m.way.begin(m, 3)
		m.way.d.At[0], m.way.d.From[0], m.way.pulled[0] = 50_000, 3, pulled
		m.watch.delivered(m, 0, 3)
		want := uint8(0)
		if pulled {
			want = 1
		}
		if got := m.watch.failed[e]; got != want {
			t.Errorf("asked for: %v; counted as %d failures", pulled, got)
		}
	}
}
