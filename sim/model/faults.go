package model

import (
	"time"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// faults tell who is down, away, cut off or behind a NAT. Each answer is a hash
// of the seed, the node and the step, so that it is the same whenever it is
// asked, and for whom it is not asked it costs nothing.
type faults struct {
	scenario.Faults
	hourly bool
	window time.Duration
	key    [4]uint64
}

func newFaults(s scenario.Scenario, seed uint64) faults {
	f := faults{Faults: s.Faults, hourly: s.Clock.Unit == "hour", window: s.Clock.Window.Std()}
	for i, name := range []string{"asleep", "away", "nat", "until"} {
		f.key[i] = random.Seed(seed, "model/faults/"+name)
	}
	return f
}

// share is a number in [0,1) that belongs to a node in a step: the finaliser of
// SplitMix64 (Steele, Lea and Flood, 2014).
func share(key uint64, step int, node int32) float64 {
	x := key + uint64(step)*0x9e3779b97f4a7c15 + uint64(uint32(node))*0xd1342543de82ef95
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// night is how much more or less than on average sleeps by the hour of day:
// 1 + cos(2π(h−4)/24), so most at four in the morning, none at four in the
// afternoon.
var night = [24]float64{
	1.5, 1.7071, 1.8660, 1.9659, 2, 1.9659, 1.8660, 1.7071, 1.5, 1.2588, 1, 0.7412,
	0.5, 0.2929, 0.1340, 0.0341, 0, 0.0341, 0.1340, 0.2929, 0.5, 0.7412, 1, 1.2588,
}

// asleep is the share of nodes that are off in a step.
func (f *faults) asleep(step int) float64 {
	if f.hourly {
		return min(float64(f.Asleep*night[step%24]), 1)
	}
	return f.Asleep
}

func (f *faults) sleeps(step int, node int32) bool {
	return f.Asleep > 0 && share(f.key[0], step, node) < f.asleep(step)
}

// away is when in the window a node is gone: those who leave do so in its first
// three quarters, for up to one quarter; others never.
func (f *faults) away(step int, node int32) (from, to time.Duration) {
	x := share(f.key[1], step, node)
	if x >= f.Churn {
		return 0, 0
	}
	from = time.Duration(float64(f.window) * 0.75 * (x / f.Churn))
	return from, from + time.Duration(float64(f.window)*0.25*share(f.key[3], step, node))
}

// behind tells whether a node can't be dialled.
func (f *faults) behind(node int32) bool { return share(f.key[2], 0, node) < f.NAT }

// parts is in how many the network is cut in a step.
func (f *faults) parts(step int) int {
	if f.Partition < 2 || step < f.From || step >= f.To {
		return 1
	}
	return f.Partition
}

// apart tells whether two nodes are in different parts.
func (f *faults) apart(step int, a, b int32) bool {
	n := int32(f.parts(step))
	return n > 1 && a%n != b%n
}
