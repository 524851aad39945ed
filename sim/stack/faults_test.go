package stack

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/parley-network/parley/sim/society"
)

// intentsOf are one intent of each of the first n people.
func intentsOf(n int) []society.Intent {
	out := make([]society.Intent, n)
	for i := range out {
		out[i] = society.Intent{Person: int32(i), Most: 50}
	}
	return out
}

// While a network is cut in two, an intent reaches only the vendors of its own
// part; the step after, all again.
func TestPartition(t *testing.T) {
	s := small()
	s.Faults.Partition, s.Faults.From, s.Faults.To = 2, 0, 1
	s.Clock.Steps, s.Clock.Window = 2, 2*s.Clock.Window // connections given up are made again
	town(t, s, func(m *Medium) error {
		cut, err := m.Trade(context.Background(), 0, intentsOf(2))
		if err != nil {
			return err
		}
		for i, f := range cut {
			for _, o := range f.Offers {
				if int(o.Vendor)%2 != i%2 {
					t.Errorf("person %d has an offer of vendor %d across the cut", i, o.Vendor)
				}
			}
			if f.Heard > 4 {
				t.Errorf("person %d: %d vendors heard, four are in its part", i, f.Heard)
			}
		}
		whole, err := m.Trade(context.Background(), 1, intentsOf(2))
		if err != nil {
			return err
		}
		for i, f := range whole {
			if f.Heard != 8 {
				t.Errorf("person %d: %d of 8 vendors heard once the network was whole", i, f.Heard)
			}
		}
		return nil
	})
}

// Nobody dials a node behind a NAT, and it hears and answers like any other.
func TestBehindNAT(t *testing.T) {
	s := small()
	s.Faults.NAT = 0.4
	town(t, s, func(m *Medium) error {
		behind := 0
		for _, id := range m.order {
			p := m.parties[id]
			if !p.nat {
				continue
			}
			behind++
			_, h := p.on()
			for _, c := range h.Network().Conns() {
				if c.Stat().Direction == network.DirInbound {
					t.Errorf("%s is behind a NAT and was dialled", p.name)
				}
			}
		}
		// Everybody hears. An offer whose way leads by a peer that can't be
		// dialled goes by another after a while, for some beyond the window.
		fates, err := m.Trade(context.Background(), 0, intentsOf(3))
		offers := 0
		for i, f := range fates {
			if f.Heard != 8 || len(f.Offers) == 0 {
				t.Errorf("intent %d: %d of 8 heard, %d offers, with %d of 14 nodes behind NATs", i, f.Heard, len(f.Offers), behind)
			}
			offers += len(f.Offers)
		}
		if offers < 12 {
			t.Errorf("%d offers of 24, with %d of 14 nodes behind NATs", offers, behind)
		}
		if behind == 0 {
			t.Error("no node is behind a NAT")
		}
		return err
	})
}

// Nodes that come and go, or sleep, are counted as away, and are there again;
// counters outlive their sleep.
func TestChurnAndSleep(t *testing.T) {
	s := small()
	s.Faults.Churn, s.Faults.Asleep = 0.3, 0.3
	town(t, s, func(m *Medium) error {
		first, err := m.Trade(context.Background(), 0, intentsOf(2))
		if err != nil {
			return err
		}
		off := 0
		for _, id := range m.order {
			if n, _ := m.parties[id].on(); n == nil {
				off++
			}
		}
		if off == 0 || off == len(m.order) {
			t.Errorf("%d of %d nodes are off at a share of 0.3", off, len(m.order))
		}
		m.s.Faults.Asleep, m.s.Faults.Churn = 1e-9, 0
		second, err := m.Trade(context.Background(), 1, intentsOf(2))
		if err != nil {
			return err
		}
		for i := range second {
			if second[i].Heard != 8 || first[i].Heard > 8 {
				t.Errorf("intent %d: %d heard with some away, %d of 8 when all were back", i, first[i].Heard, second[i].Heard)
			}
		}
		if c := m.Costs(); c.Delivered <= 0 || c.Copies < c.Delivered {
			t.Errorf("costs %+v", c)
		}
		return nil
	})
}

// Who leaves for good is gone, and its counts stay.
func TestLeave(t *testing.T) {
	s := small()
	town(t, s, func(m *Medium) error {
		if _, err := m.Trade(context.Background(), 0, intentsOf(1)); err != nil {
			return err
		}
		if err := m.Leave(context.Background(), []int32{0, 6, 7}); err != nil {
			return err
		}
		if c := m.Costs(); c.Delivered <= 0 {
			t.Errorf("costs %+v", c)
		}
		fates, err := m.Trade(context.Background(), 1, intentsOf(2))
		if err != nil {
			return err
		}
		if fates[0].Heard != 0 || fates[1].Heard != 6 {
			t.Errorf("heard %d of one who left, and %d of 6 vendors left of one who did not", fates[0].Heard, fates[1].Heard)
		}
		return nil
	})
}

func TestAsleepShare(t *testing.T) {
	sum := 0.0
	for hour := range 24 {
		sum += asleepShare(0.3, "hour", hour) / 24
	}
	if math.Abs(sum-0.3) > 1e-9 || asleepShare(0.3, "hour", 4) != 0.6 || asleepShare(0.3, "hour", 16) > 1e-9 || asleepShare(0.3, "day", 7) != 0.3 {
		t.Errorf("mean %v, at night %v", sum, asleepShare(0.3, "hour", 4))
	}
}

func TestThinkingPutsOffersOff(t *testing.T) {
	s := small()
	s.Vendors.Think = s.Clock.Window / 10 // 3s
	fates, _ := play(t, s, intentsOf(2)...)
	for i, f := range fates {
		if f.Heard != 8 || len(f.Offers) == 0 {
			t.Fatalf("intent %d: %d heard, %d offers", i, f.Heard, len(f.Offers))
		}
		var sum time.Duration
		for _, o := range f.Offers {
			sum += o.After / time.Duration(len(f.Offers))
		}
		if sum < time.Second {
			t.Errorf("intent %d: offers after %s, and vendors think for 3s", i, sum)
		}
	}
}
