package adoption

import (
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
)

// rain hits each of a row of things at least once with a given probability in
// a step, independently: as many drops as a Poisson of the mean that makes it
// so, each on any of them. It falls page by page, so that what it hits of
// memory lies together, and spends few random bits.
type rain struct {
	bits   uint // a page is 1<<bits things
	mean   float64
	atMost []uint64 // by number of drops on a page, the chance of no more, times 2⁶⁴
	guide  [256]uint8
}

const (
	pageBits  = 10
	pageDrops = 16 // a page is smaller where more would fall on it
)

// newRain returns the rain that hits with probability chance, less than one.
func newRain(chance float64) *rain {
	w := &rain{bits: pageBits}
	each := -random.Log1p(-chance)
	for w.bits > 0 && float64(each*float64(int(1)<<w.bits)) > pageDrops {
		w.bits--
	}
	w.mean = each
	mean := float64(each * float64(int(1)<<w.bits))
	term := random.Exp(-mean)
	sum := term
	for k := 1; sum < 1 && len(w.atMost) < 250; k++ {
		w.atMost = append(w.atMost, uint64(float64(sum*(1<<63)))<<1)
		term = float64(term*mean) / float64(k)
		if sum+term == sum && float64(k) > mean {
			break
		}
		sum += term
	}
	w.atMost = append(w.atMost, 1<<64-1)
	for i, k := 0, 0; i < 256; i++ {
		for w.atMost[k] < uint64(i)<<56 {
			k++
		}
		w.guide[i] = uint8(k)
	}
	return w
}

// drops draws how many fall on a full page: by inversion, from where a table
// says that the search begins.
func (w *rain) drops(r *rand.Rand) int {
	u := r.Uint64()
	k := int(w.guide[u>>56])
	for u > w.atMost[k] {
		k++
	}
	return k
}

// hit has the rain fall on whom the live edges lead to, and returns how many
// joined and how many drops there were.
func (w *rain) hit(s *Spread, live []int32, r *rand.Rand) (joined, drops int) {
	var whom [batch]int32
	n, mask := 0, uint64(1)<<w.bits-1
	page := 1 << w.bits
	perDraw := int(64 / max(w.bits, 1))
	for len(live) >= page {
		k := w.drops(r)
		drops += k
		for k > 0 {
			now := min(k, perDraw)
			u := r.Uint64()
			for range now {
				whom[n&(batch-1)] = live[u&mask]
				u >>= w.bits
				n++
			}
			k -= now
			if n > batch-64 {
				joined += s.joinAll(whom[:n])
				n = 0
			}
		}
		live = live[page:]
	}
	joined += s.joinAll(whom[:n])
	for k := random.Poisson(r, float64(w.mean*float64(len(live)))); k > 0; k-- {
		joined += s.join(live[r.IntN(len(live))])
		drops++
	}
	return joined, drops
}

func (w *rain) hitAgents(s *Spread, agents int, r *rand.Rand) (joined, drops int) {
	mask := uint64(1)<<w.bits - 1
	page := 1 << w.bits
	perDraw := int(64 / max(w.bits, 1))
	from := 0
	for ; from+page <= agents; from += page {
		k := w.drops(r)
		drops += k
		for k > 0 {
			now := min(k, perDraw)
			u := r.Uint64()
			for range now {
				joined += s.join(int32(from) + int32(u&mask))
				u >>= w.bits
			}
			k -= now
		}
	}
	for k := random.Poisson(r, float64(w.mean*float64(agents-from))); k > 0; k-- {
		joined += s.join(int32(from + r.IntN(agents-from)))
		drops++
	}
	return joined, drops
}
