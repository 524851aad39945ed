package hold

import (
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
)

// room is a slot as it would be without the letters in out.
type room struct {
	letters []*letter
	bytes   int
	number  map[peer.ID]int // letters by who handed them in
	share   map[peer.ID]int // bytes by who handed them in
	out     []*letter
}

// count adds up who has what.
func (r *room) count() {
	r.number, r.share = make(map[peer.ID]int), make(map[peer.ID]int)
	for _, l := range r.letters {
		r.number[l.from]++
		r.share[l.from] += l.size
	}
}

// lacks reports whether there is no place for one more letter.
func (r *room) lacks(lim Limits, l *letter) bool {
	return len(r.letters) >= lim.Letters || r.bytes+l.size > lim.SlotBytes || r.number[l.from] >= lim.PeerLetters
}

// turnOut takes the letter out that goes first to let l in; false: none does.
func (r *room) turnOut(lim Limits, l *letter) bool {
	var first *letter
	for _, have := range r.letters {
		if r.goes(lim, have, l) && (first == nil || r.before(have, first)) {
			first = have
		}
	}
	if first == nil {
		return false
	}
	r.letters = slices.DeleteFunc(slices.Clone(r.letters), func(have *letter) bool { return have == first })
	r.bytes -= first.size
	r.number[first.from]--
	r.share[first.from] -= first.size
	r.out = append(r.out, first)
	return true
}

// goes reports whether a letter may be turned out for l. That is so of one for
// which less work was done; of one for which as much was, if who brought it
// still has more there than who brings l. Who did the most that is asked of
// anybody gets in whatever others did.
func (r *room) goes(lim Limits, have, l *letter) bool {
	switch {
	case !have.kept: // it is just being written
		return false
	case r.number[l.from] >= lim.PeerLetters && have.from != l.from: // of no help
		return false
	case have.bits < l.bits, l.bits >= admission.MaxBits:
		return true
	}
	return have.bits == l.bits && r.share[have.from] > r.share[l.from]+l.size
}

// before reports whether a goes before b: what did less work; of equals what is
// of the peer that has most there; of its letters the one that came last. Of
// those that did all that is asked of anybody the first goes, as in the ledger
// of intents.
func (r *room) before(a, b *letter) bool {
	switch most := admission.MaxBits; {
	case min(a.bits, most) != min(b.bits, most):
		return a.bits < b.bits
	case r.share[a.from] != r.share[b.from]:
		return r.share[a.from] > r.share[b.from]
	case a.bits >= most:
		return a.seq < b.seq
	}
	return a.seq > b.seq
}

// least is the least work done for a letter that could make way for l.
func (r *room) least(lim Limits, l *letter) int {
	bits := admission.MaxBits
	for _, have := range r.letters {
		if have.kept && (r.number[l.from] < lim.PeerLetters || have.from == l.from) {
			bits = min(bits, have.bits)
		}
	}
	return bits
}
