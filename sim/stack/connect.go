package stack

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	dialTimeout = 20 * time.Second
	// dialsAtOnce bounds the handshakes under way: each takes some 100 KB, and a
	// few tenths of a virtual second.
	dialsAtOnce = 1000
)

// connect has the parties named, which have just started, dial half as many
// peers as a node is to have, all at the same time: acquaintances first, then
// others by lot. One of them was there before or comes earlier in the list, so
// that everybody is connected. Others will dial them. Who can't be reached is
// left to the node, which looks for more.
func (m *Medium) connect(ids []int32) {
	m.dials.Lock()
	at := make(map[int32]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	open := m.diallable()
	chosen := make([][]int32, len(ids))
	for i, id := range ids {
		chosen[i] = m.choose(m.parties[id], open, func(o int32) bool {
			j, fresh := at[o]
			return !fresh || j < i
		})
	}
	m.dials.Unlock()
	var g errgroup.Group
	g.SetLimit(dialsAtOnce)
	for i, id := range ids {
		_, h := m.parties[id].on()
		for _, other := range chosen[i] {
			if h == nil {
				break // it went off meanwhile
			}
			to := m.parties[other].addr
			g.Go(func() error {
				ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
				defer cancel()
				_ = h.Connect(ctx, to)
				return nil
			})
		}
	}
	_ = g.Wait() // none errs
}

// diallable are those that are on and behind no NAT.
func (m *Medium) diallable() []int32 {
	return slices.DeleteFunc(slices.Clone(m.order), func(id int32) bool {
		n, _ := m.parties[id].on()
		return n == nil || m.parties[id].nat
	})
}

// choose draws whom p dials, of those open.
func (m *Medium) choose(p *party, open []int32, earlier func(int32) bool) []int32 {
	want := max(1, m.s.Protocol.Peers/2)
	chosen := make([]int32, 0, want)
	take := func(id int32) {
		if len(chosen) < want && id != p.agent.ID && !slices.Contains(chosen, id) {
			chosen = append(chosen, id)
		}
	}
	friends := slices.Clone(p.agent.Friends)
	m.lot.Shuffle(len(friends), func(i, j int) { friends[i], friends[j] = friends[j], friends[i] })
	for _, f := range friends {
		if o := m.parties[f]; o != nil && !o.nat {
			if n, _ := o.on(); n != nil {
				take(f)
			}
		}
	}
	if len(open) == 0 {
		return chosen
	}
	if !slices.ContainsFunc(chosen, earlier) {
		chosen = chosen[:min(len(chosen), want-1)]
		for range 64 {
			if o := open[m.lot.IntN(len(open))]; earlier(o) {
				take(o)
				break
			}
		}
	}
	for range 8 * want {
		take(open[m.lot.IntN(len(open))])
	}
	return chosen
}
