package society

import (
	"math"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/random"
)

// turn is an agent that came, or that went if it was there.
type turn struct{ agent, step int32 }

// spread picks agents, draws them around their towns, and tells when each
// came and went. The towns lie as the seeds of a sunflower do, and the agents
// of one within its share of the plane.
func (w *world) spread(seed uint64) *outcome.Spread {
	picked := w.pick()
	number := make(map[int32]int32, len(picked))
	out := &outcome.Spread{}
	r := random.New(seed, "society/plane")
	towns, around := sunflower(w.p.sellers.places), sunflower(1000)
	size := 0.8 / math.Sqrt(float64(len(towns)))
	for i, a := range picked {
		number[a] = int32(i)
		town, at := towns[w.p.Place[a]], around[r.IntN(len(around))]
		out.X = append(out.X, float32(beside(town[0], at[0], size)))
		out.Y = append(out.Y, float32(beside(town[1], at[1], size)))
		out.Joined = append(out.Joined, int(w.joined[a]))
		out.Left = append(out.Left, int(w.left[a]))
		out.Vendor = append(out.Vendor, int(a) >= w.p.People)
	}
	out.Turns = make([][]int32, len(picked))
	for _, t := range w.turns {
		if i, ok := number[t.agent]; ok {
			out.Turns[i] = append(out.Turns[i], t.step)
		}
	}
	for i, a := range picked {
		for _, b := range w.crowd.Graph.Neighbours(a) {
			if j, ok := number[b]; ok && int32(i) < j {
				out.Edges = append(out.Edges, [2]int32{int32(i), j})
			}
		}
	}
	return out
}

// beside is where something at, of a town of that size, lies: towns move towards
// the middle, so that none is cut off at the plane's side.
func beside(town, at, size float64) float64 {
	return 0.5 + float64((town-0.5)*(1-size)) + float64(size*(at-0.5))
}

// sunflower places n points evenly on a disc within the unit square: Vogel, "A
// better way to construct the sunflower head" (1979). Each is the one before
// turned by the golden angle.
func sunflower(n int) [][2]float64 {
	const cos, sin = -0.7373688780783197, 0.6754902942615238
	out := make([][2]float64, n)
	x, y := 1.0, 0.0
	for k := range out {
		r := 0.48 * math.Sqrt((float64(k)+0.5)/float64(n))
		out[k] = [2]float64{0.5 + float64(r*x), 0.5 + float64(r*y)}
		x, y = float64(x*cos)-float64(y*sin), float64(x*sin)+float64(y*cos)
	}
	return out
}

// pick chooses as many agents as are recorded, people and vendors in proportion
// (of either that there are, at least one): all, or those nearest in the network
// to who began, so that the edges among them are many.
func (w *world) pick() []int32 {
	n := len(w.joined)
	s := sample{w: w, seen: make([]bool, n), room: w.rooms(min(w.s.Record.Spread, n))}
	if !w.crowd.Graph.Whole {
		few := max(1, (s.room[0]+s.room[1])/10)
		for a, at := range w.joined {
			if at == 0 && len(s.out) < few {
				s.take(int32(a))
			}
		}
		s.grow()
	}
	s.fill(0, w.p.People, s.room[0])
	s.fill(w.p.People, n, s.room[1])
	return s.out
}

// rooms are how many people, and how many vendors, of so many agents.
func (w *world) rooms(want int) [2]int {
	n := w.p.People + w.p.Vendors
	vendors := int(math.Round(float64(want) * float64(w.p.Vendors) / float64(n)))
	vendors = min(max(vendors, min(1, w.p.Vendors)), max(want-1, 0))
	return [2]int{want - vendors, vendors}
}

// sample is agents picked so far, and how many of each kind there is room for.
type sample struct {
	w    *world
	seen []bool
	room [2]int
	out  []int32
	next int // of out: whose acquaintances were not looked at yet
}

func (s *sample) take(a int32) {
	kind := 0
	if int(a) >= s.w.p.People {
		kind = 1
	}
	if !s.seen[a] && s.room[kind] > 0 {
		s.seen[a] = true
		s.room[kind]--
		s.out = append(s.out, a)
	}
}

// grow takes acquaintances of those taken.
func (s *sample) grow() {
	for ; s.next < len(s.out) && s.room[0]+s.room[1] > 0; s.next++ {
		for _, b := range s.w.crowd.Graph.Neighbours(s.out[s.next]) {
			s.take(b)
		}
	}
}

// fill takes so many more from a range of agents, evenly spread, each with its
// acquaintances.
func (s *sample) fill(from, to, room int) {
	if room == 0 {
		return
	}
	stride := max(1, (to-from)/room)
	for shift := range stride {
		for a := from + shift; a < to; a += stride {
			s.take(int32(a))
			s.grow()
		}
	}
}
