package adoption

import (
	"math"
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
)

// rain hits each of a row of things at least once with a given probability,
// independently: as many drops as a Poisson of the mean that makes it so, each
// on any of them. It falls page by page, so that what it hits lies together in
// memory, and each page has a Poisson number of its own.
type rain struct {
	all  bool    // the chance is one
	bits uint    // a page is 1<<bits things
	each float64 // drops expected on one thing
	// atMost is, by number of drops on a page, the chance of no more, times 2⁶⁴;
	// guide the first number that a draw with those top eight bits may mean.
	atMost []uint64
	guide  [256]uint8
}

const (
	pageBits  = 10
	pageDrops = 16  // a page is smaller where more than these are expected on it
	mostDrops = 250 // for a mean of 37, the highest there is, beyond 2⁻⁶⁴
)

// newRain returns the rain that hits with probability chance.
func newRain(chance float64) *rain {
	if chance >= 1 {
		return &rain{all: true}
	}
	w := &rain{bits: pageBits, each: -random.Log1p(-chance)}
	for w.bits > 0 && float64(w.each*float64(int(1)<<w.bits)) > pageDrops {
		w.bits--
	}
	mean := float64(w.each * float64(int(1)<<w.bits))
	term := random.Exp(-mean)
	for k, sum := 1, term; sum < 1 && k < mostDrops; k++ {
		w.atMost = append(w.atMost, uint64(float64(sum*(1<<63)))<<1)
		term = float64(term*mean) / float64(k)
		if sum+term == sum && float64(k) > mean {
			break
		}
		sum += term
	}
	w.atMost = append(w.atMost, math.MaxUint64)
	for i, k := 0, 0; i < len(w.guide); i++ {
		for w.atMost[k] < uint64(i)<<56 {
			k++
		}
		w.guide[i] = uint8(k)
	}
	return w
}

// drops draws how many fall on a full page: by inversion, from where the guide
// says that the search begins.
func (w *rain) drops(r *rand.Rand) int {
	u := r.Uint64()
	k := int(w.guide[u>>56])
	for u > w.atMost[k] {
		k++
	}
	return k
}

// pages draws where the rain falls on so many things, and calls fall for each
// handful of places, none on a page that gets none: base is the page's first,
// and each place is the next w.bits of the random word.
func (w *rain) pages(things int, r *rand.Rand, fall func(base int, word uint64, drops int)) {
	if w.all {
		for i := range things {
			fall(i, 0, 1)
		}
		return
	}
	perWord := int(64 / max(w.bits, 1))
	base := 0
	for ; base+1<<w.bits <= things; base += 1 << w.bits {
		for k := w.drops(r); k > 0; k -= perWord {
			fall(base, r.Uint64(), min(k, perWord))
		}
	}
	rest := things - base
	for range random.Poisson(r, float64(w.each*float64(rest))) {
		fall(base+r.IntN(rest), 0, 1)
	}
}

// onEdges has the rain fall on whom the live edges lead to, and returns how many
// joined and how many drops there were.
func (w *rain) onEdges(s *Spread, live []int32, r *rand.Rand) (joined, drops int) {
	var whom [batch]int32
	n, mask := 0, uint64(1)<<w.bits-1
	w.pages(len(live), r, func(base int, word uint64, k int) {
		drops += k
		if n+k > batch {
			joined += s.joinAll(whom[:n])
			n = 0
		}
		for i := n; i < n+k; i++ {
			whom[i&(batch-1)] = live[base+int(word&mask)]
			word >>= w.bits
		}
		n += k
	})
	return joined + s.joinAll(whom[:n]), drops
}

// onAgents has the rain fall on the agents themselves.
func (w *rain) onAgents(s *Spread, r *rand.Rand) (joined int) {
	mask := uint64(1)<<w.bits - 1
	w.pages(s.g.Len(), r, func(base int, word uint64, k int) {
		for range k {
			joined += s.join(int32(base + int(word&mask)))
			word >>= w.bits
		}
	})
	return joined
}
