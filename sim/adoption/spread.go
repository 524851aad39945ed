package adoption

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/sim/graph"
)

// Spread is the fast path: Bass per edge of a network where nobody leaves and
// no market is asked, the same law as [Bass] in a small part of its time. It
// holds its working memory, for one run after another; one at a time.
//
// An edge from one inside to one outside is live, and fires in a step with
// probability q. So many hits as a Poisson of mean −ln(1−q) for each live edge,
// each on any of them, hit every one at least once with probability q, all
// independently. So a step draws only its hits, and never visits an agent to
// whom nothing happens. It is the same with p and the agents.
type Spread struct {
	g *graph.Graph
	// in and fresh are a bit for each agent: who is inside, and who came in this
	// step, who is counted in too.
	in, fresh []uint64
	live      []int32 // whom the live edges lead to
	touched   int32
}

// Course is how one run went.
type Course struct {
	// Count is how many are inside after each step, Count[0] before the first.
	Count []int
	// When is the step each agent joined in, 0 of one who began, −1 of one who
	// never did.
	When []int32
}

// NewSpread returns the fast path over a network with stored edges.
func NewSpread(g *graph.Graph) (*Spread, error) {
	if g.Whole {
		return nil, fmt.Errorf("spread along edges: the network stores none, everybody knows everybody")
	}
	words := (g.Len() + 63) / 64
	return &Spread{g: g, in: make([]uint64, words), fresh: make([]uint64, words), live: make([]int32, len(g.To)+1)}, nil
}

// Run spreads from the seeds for so many steps, with p and q per step. Who fills
// Course.When, which is nil without. What is no probability is refused, and a
// seed that there is not.
func (s *Spread) Run(p, q float64, steps int, seeds []int32, who bool, r *rand.Rand) (Course, error) {
	if !(p >= 0 && p <= 1) || !(q >= 0 && q <= 1) || steps < 0 {
		return Course{}, fmt.Errorf("spread with p %v, q %v over %d steps: want probabilities and no negative number", p, q, steps)
	}
	for _, a := range seeds {
		if a < 0 || int(a) >= s.g.Len() {
			return Course{}, fmt.Errorf("spread from agent %d: there are %d", a, s.g.Len())
		}
	}
	c := Course{Count: make([]int, steps+1)}
	if who {
		c.When = slices.Repeat([]int32{-1}, s.g.Len())
	}
	clear(s.in)
	clear(s.fresh)
	inside := 0
	for _, a := range seeds {
		inside += s.join(a)
	}
	live, wasted := 0, 0
	onAgent, onEdge := newRain(p), newRain(q)
	for step := 0; ; step++ {
		c.Count[step] = inside
		if who {
			s.tell(c.When, int32(step))
		}
		if step == steps {
			return c, nil
		}
		live = s.enliven(live)
		if wasted > live/2 {
			live, wasted = s.prune(live), 0
		}
		clear(s.fresh)
		joined, drops := onEdge.onEdges(s, s.live[:live], r)
		wasted += drops - joined
		inside += joined + onAgent.onAgents(s, r)
	}
}

// join has an agent come inside, and returns how many did: one, or none if it
// was there.
func (s *Spread) join(a int32) int {
	bit := uint64(1) << (a & 63)
	if s.in[a>>6]&bit != 0 {
		return 0
	}
	s.in[a>>6] |= bit
	s.fresh[a>>6] |= bit
	return 1
}

func (s *Spread) joinAll(agents []int32) (joined int) {
	for _, a := range agents {
		joined += s.join(a)
	}
	return joined
}

// batch is how many memory accesses are begun before the first is waited for:
// branches that hang on one would have the processor stop at each.
const batch = 128

// enliven adds the edges to those outside from those who have just joined. It
// goes through them in ascending order, as their rows lie in memory.
func (s *Spread) enliven(live int) int {
	var rows [batch + 64][2]int32
	n := 0
	start := s.g.Start
	for w, word := range s.fresh {
		for ; word != 0; word &= word - 1 {
			a := w<<6 + bits.TrailingZeros64(word)
			rows[n] = [2]int32{start[a], start[a+1]}
			n++
		}
		if n >= batch {
			live = s.copyRows(rows[:n], live)
			n = 0
		}
	}
	return s.copyRows(rows[:n], live)
}

func (s *Spread) copyRows(rows [][2]int32, live int) int {
	to, in, out := s.g.To, s.in, s.live
	for _, row := range rows {
		if row[0] < row[1] {
			s.touched += to[row[0]]
		}
	}
	for _, row := range rows {
		for _, b := range to[row[0]:row[1]] {
			out[live] = b
			live += int(in[b>>6]>>(b&63)&1 ^ 1)
		}
	}
	return live
}

// prune drops the edges to those who have come inside since.
func (s *Spread) prune(live int) int {
	kept := 0
	for _, b := range s.live[:live] {
		s.live[kept] = b
		kept += int(s.in[b>>6]>>(b&63)&1 ^ 1)
	}
	return kept
}

func (s *Spread) tell(when []int32, step int32) {
	for w, word := range s.fresh {
		for ; word != 0; word &= word - 1 {
			when[w<<6+bits.TrailingZeros64(word)] = step
		}
	}
}
