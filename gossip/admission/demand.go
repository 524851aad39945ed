package admission

import (
	"cmp"
	"slices"
	"time"
)

// demandLife is how long a neighbour's word stands unless it is repeated.
const demandLife = 10 * time.Minute

// GrantedBits is what a single neighbour is given without question: 16,000
// tries, 2 ms on a laptop and 16 ms on a slow phone.
const GrantedBits = 14

// Believed is the difficulty to work for, of what several neighbours demand:
// the second highest, or the only one, at most MaxBits; but the highest up to
// GrantedBits.
//
// The highest alone would let a single liar among the neighbours set the price
// for everybody behind them. The median would be safe from more liars, but
// leaves up to half of the neighbours, honest ones among them, refusing the
// cast; the second highest leaves at most one, and that one only if it asks
// for more than costs nobody anything. Without the grant, who floods one node
// alone could cut it off from casts: its neighbours, who see no flood, would
// not believe it. What a node that refuses lacks comes to it from others, or
// when it catches up. Two liars together can raise the price, and then to
// MaxBits, half a second to some seconds of work.
func Believed(demands []int) int {
	if len(demands) == 0 {
		return 0
	}
	sorted := slices.Clone(demands)
	slices.SortFunc(sorted, func(a, b int) int { return cmp.Compare(b, a) })
	second := min(max(sorted[min(1, len(sorted)-1)], 0), MaxBits)
	return max(second, min(sorted[0], GrantedBits))
}

// Demands is what neighbours have said that they ask for, per topic. It holds
// a bounded number; the caller sees to it that only neighbours and topics it
// has get in. It is not safe for use by several goroutines at once.
type Demands[P comparable] struct {
	limit int
	said  map[demandKey[P]]demand
}

type demandKey[P comparable] struct {
	topic string
	peer  P
}

type demand struct {
	bits int
	at   time.Time
}

// NewDemands returns an empty table of at most limit demands.
func NewDemands[P comparable](limit int) *Demands[P] {
	return &Demands[P]{limit: limit, said: make(map[demandKey[P]]demand)}
}

// Say notes that peer asks for so many bits on topic from now on; 0: for none.
func (d *Demands[P]) Say(peer P, topic string, bits int, now time.Time) {
	k := demandKey[P]{topic, peer}
	if bits <= 0 {
		delete(d.said, k)
		return
	}
	if _, known := d.said[k]; !known && len(d.said) >= d.limit {
		d.sweep(now)
		if len(d.said) >= d.limit {
			return // we learn of it by its refusals
		}
	}
	d.said[k] = demand{min(bits, MaxBits), now}
}

// Of returns what the neighbours named ask for on topic at now, Believed. A
// neighbour that has said nothing asks for nothing.
func (d *Demands[P]) Of(topic string, neighbours []P, now time.Time) int {
	demands := make([]int, 0, len(neighbours))
	for _, p := range neighbours {
		said := d.said[demandKey[P]{topic, p}]
		if old := now.Sub(said.at); old > demandLife || old < -demandLife {
			said.bits = 0
		}
		demands = append(demands, said.bits)
	}
	return Believed(demands)
}

// Forget drops what peer has said.
func (d *Demands[P]) Forget(peer P) {
	for k := range d.said {
		if k.peer == peer {
			delete(d.said, k)
		}
	}
}

func (d *Demands[P]) sweep(now time.Time) {
	for k, said := range d.said {
		if now.Sub(said.at) > demandLife {
			delete(d.said, k)
		}
	}
}
