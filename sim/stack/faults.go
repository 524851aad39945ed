package stack

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/society"
)

// weather is what happens between two windows: parts of the network are cut off
// or joined again, some nodes fall asleep and others wake up.
func (m *Medium) weather(ctx context.Context, step int, intents []society.Intent) error {
	f := m.s.Faults
	cut := f.Partition > 1 && step >= f.From && step < f.To
	switch {
	case cut:
		m.w.Split(func(name string) int { return partOf(name, f.Partition) })
	case m.split:
		m.w.Split(nil)
	}
	m.split = cut
	if f.Asleep <= 0 {
		return nil
	}
	return m.sleep(ctx, step, intents)
}

// partOf is an agent's part of a partitioned network, by its number; all hosts
// that are no agents' are in part 0.
func partOf(name string, parts int) int {
	var id int
	if _, err := fmt.Sscanf(name, "agent %d", &id); err != nil {
		return 0
	}
	return id % parts
}

// asleepShare is the share of nodes that are off in a step. Where steps are hours
// it follows the sun: most at four in the morning, none at four in the
// afternoon, the scenario's share on average.
func asleepShare(share float64, unit string, step int) float64 {
	if unit == "hour" {
		share *= 1 + math.Cos(2*math.Pi*float64(step%24-4)/24)
	}
	return min(max(share, 0), 1)
}

// sleep puts nodes to sleep that did not cast lately, and wakes the others.
// Whoever has something to ask for is awake.
func (m *Medium) sleep(ctx context.Context, step int, intents []society.Intent) error {
	busy := make(map[int32]bool, len(intents))
	for _, in := range intents {
		busy[in.Person] = true
	}
	share := asleepShare(m.s.Faults.Asleep, m.s.Clock.Unit, step)
	var off, on []int32
	for _, id := range m.order {
		n, _ := m.parties[id].on()
		is, will := n == nil, m.rnd.Float64() < share && !busy[id]
		switch {
		case will && !is:
			off = append(off, id)
		case !will && is:
			on = append(on, id)
		}
	}
	if err := m.each(off, (*party).end); err != nil {
		return err
	}
	if err := m.wake(ctx, on); err != nil {
		return err
	}
	if len(on)+len(off) > 0 {
		return m.wait(ctx, settleNext)
	}
	return nil
}

// churn draws which of the nodes that are on leave in a window, when, and when
// they are back: after up to a quarter of the window, and before it ends.
func (m *Medium) churn(window time.Duration, wg *sync.WaitGroup, failed func(error)) []deed {
	if m.s.Faults.Churn <= 0 {
		return nil
	}
	var out []deed
	for _, id := range m.order {
		p := m.parties[id]
		if n, _ := p.on(); n == nil || m.rnd.Float64() >= m.s.Faults.Churn {
			continue
		}
		leave := time.Duration(m.rnd.Float64() * 0.75 * float64(window))
		away := time.Duration(m.rnd.Float64() * 0.25 * float64(window))
		out = append(out, deed{leave, func() error {
			wg.Go(func() {
				if err := m.absent(p, away); err != nil {
					failed(err)
				}
			})
			return nil
		}})
	}
	return out
}

// absent has a node stop, and start again after a while.
func (m *Medium) absent(p *party, away time.Duration) error {
	back := time.Now().Add(away)
	if err := p.end(); err != nil {
		return err
	}
	time.Sleep(time.Until(back))
	if err := m.start(p); err != nil {
		return err
	}
	m.connect([]int32{p.agent.ID})
	return nil
}
