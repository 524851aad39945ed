package mesh

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// Situation is one attack on one topic's mesh: who there is, who connects with
// whom and when, and what the sybils do. Times count from the start.
type Situation struct {
	Name string
	// Honest nodes dial Dials others each and, if they don't know better, Lured
	// sybils. Publishers is how many of them cast; 0: all.
	Honest, Dials, Lured, Publishers int
	// Sybils dial Reach targets each.
	Sybils, Reach int
	// Target is whom they dial: all, one (node 0) or publishers. Kept, if not 0,
	// is how many honest peers node 0 keeps, and Ring how many sybils dial it
	// beside the others.
	Target     string
	Kept, Ring int
	// Awake is when honest nodes find each other, Attack when sybils connect.
	Awake, Attack time.Duration
	// Lurk has sybils keep to the protocol until Plan.Strike.
	Lurk bool
	// Together is how many sybils share one address; 0: each has its own.
	Together int
	// Mend overrides how many beats lie between two times that a mesh is mended.
	Mend int
	Plan Plan
	// Casts begin at From, one every Gap, until Until. Last, if not 0, is from
	// when on they count as later than the first minute; Caster has those come
	// from node 0 alone.
	From, Gap, Until, Last time.Duration
	Caster                 bool
	tweak                  func(*rules)
}

// Felt is what casts were like for those who wait for them.
type Felt struct {
	Casts int
	// Owed and Got count deliveries; Late those after 3 s, got as well.
	Owed, Got, Late int
	P50, P99, Max   time.Duration
	// Copies is how many of a cast a node received, sybils' not counted.
	Copies float64
}

// Share is the part of the deliveries owed that happened; 1 where none were.
func (f Felt) Share() float64 {
	if f.Owed == 0 {
		return 1
	}
	return float64(f.Got) / float64(f.Owed)
}

// Siege is what came of a situation.
type Siege struct {
	Name string
	// Quiet is the same network, casts and times without sybils. First is the
	// first minute of the attack, After all that comes later.
	Quiet, First, After Felt
	// Victim is what node 0 got of others' casts and others of its own, after
	// the first minute; only if it is the target or censored.
	Victim Felt
	// VictimQuiet is the same in peace.
	VictimQuiet Felt
	// Refused counts invalid messages that were read.
	Refused int64
	// Sybils is the share of the places in honest meshes held by sybils at the end.
	Sybils float64
}

// Slower is how many times as long the slowest delivery after the first minute
// took as in peace.
func (s Siege) Slower() float64 {
	if s.Quiet.Max == 0 {
		return 1
	}
	return float64(s.After.Max) / float64(s.Quiet.Max)
}

// Play lives through the situation twice, in peace and under attack.
func (s Situation) Play(p scenario.Protocol, c Calibration, r *rand.Rand) (Siege, error) {
	if s.Gap <= 0 || s.Honest < 2 || s.Sybils < 0 {
		return Siege{}, fmt.Errorf("situation %q: %d honest nodes and %d sybils, a cast every %s", s.Name, s.Honest, s.Sybils, s.Gap)
	}
	if s.Mend > 0 {
		c.Mend = s.Mend
	}
	seed := r.Uint64()
	peace, err := s.InPeace().live(p, c, seed)
	if err != nil {
		return Siege{}, fmt.Errorf("situation %q: %w", s.Name, err)
	}
	war, err := s.live(p, c, seed)
	if err != nil {
		return Siege{}, fmt.Errorf("situation %q: %w", s.Name, err)
	}
	out := s.sum(peace, war)
	out.Refused, out.Sybils = war.refused, war.sybils
	return out, nil
}

// InPeace is the same network, casts and times without sybils.
func (s Situation) InPeace() Situation {
	s.Sybils, s.Lured, s.Kept, s.Ring = 0, 0, 0, 0
	return s
}

// sum compares what happened in peace and under attack.
func (s Situation) sum(peace, war record) Siege {
	first, after := s.split()
	out := Siege{Name: s.Name}
	out.Quiet = peace.felt(func(d delivery) bool { return d.cast >= first })
	out.First = war.felt(func(d delivery) bool { return d.cast >= first && d.cast < after })
	out.After = war.felt(func(d delivery) bool { return d.cast >= after })
	if s.Target == "one" || s.Plan.Censor >= 0 {
		own := func(d delivery) bool { return d.cast >= after && (d.to == 0 || d.from == 0) }
		out.Victim, out.VictimQuiet = war.felt(own), peace.felt(own)
	}
	return out
}

// split is the number of the first cast of the attack, and of the first after
// its first minute, or of those that Last names.
func (s Situation) split() (first, after int) {
	count := func(t time.Duration) int { return max(int((t-s.From+s.Gap-1)/s.Gap), 0) }
	begin := max(s.Attack, s.Plan.Strike, s.Awake)
	if s.Last > 0 {
		return count(begin), count(s.Last)
	}
	return count(begin), count(max(begin, s.From) + time.Minute)
}

// delivery is one that was owed; took never: it did not happen.
type delivery struct{ cast, from, to, took int }

// record is all that happened.
type record struct {
	all     []delivery
	copies  []float64 // by cast, for each node
	refused int64
	sybils  float64
}

func (r record) felt(which func(delivery) bool) Felt {
	var f Felt
	var took []int
	casts := make(map[int]bool)
	for _, d := range r.all {
		if !which(d) {
			continue
		}
		casts[d.cast] = true
		f.Owed++
		if d.took == never {
			continue
		}
		f.Got++
		took = append(took, d.took)
		if d.took > 3_000_000 {
			f.Late++
		}
	}
	for c := range r.copies {
		if casts[c] {
			f.Copies += r.copies[c] / float64(len(casts))
		}
	}
	f.Casts = len(casts)
	slices.Sort(took)
	f.P50, f.P99, f.Max = rank(took, .5), rank(took, .99), rank(took, 1)
	return f
}

func rank(sorted []int, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	at := int(q*float64(len(sorted)) + .999999)
	return time.Duration(sorted[min(max(at, 1), len(sorted))-1]) * time.Microsecond
}
