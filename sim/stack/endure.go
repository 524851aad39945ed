package stack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// Endure has real gossip services live through a situation that the model plays
// (mesh.Situation.Play), twice: in peace and besieged by sybils. What is felt is
// measured as there, but for the share of places that sybils hold, and the
// messages refused, which are 0: services don't tell. Sybils that lie in wait
// run a service until they strike. Those that relay a part pass a cast on as a
// node does, to those in whose mesh they are and who don't say that they have it;
// they announce nothing.
// Protocol.Size and Peers have no effect: the situation says who dials whom.
func Endure(ctx context.Context, s mesh.Situation, p scenario.Protocol, seed uint64) (mesh.Siege, error) {
	if s.Gap <= 0 || s.Honest < 2 || s.Sybils < 0 || s.Honest+s.Sybils > MaxNodes {
		return mesh.Siege{}, fmt.Errorf("situation %q: %d honest nodes and %d sybils, a cast every %s", s.Name, s.Honest, s.Sybils, s.Gap)
	}
	if s.Plan.Spam {
		return mesh.Siege{}, fmt.Errorf("situation %q: its sybils send spam, which the attack.kind spam does", s.Name)
	}
	if err := checkMesh(p); err != nil {
		return mesh.Siege{}, fmt.Errorf("situation %q: %w", s.Name, err)
	}
	var both [2]mesh.Lived
	for i, one := range []mesh.Situation{s.InPeace(), s} {
		err := sim.Play(seed, func(w *sim.World) error {
			l, err := newOrdeal(w, one, p)
			if err != nil {
				return err
			}
			both[i], err = l.live(ctx)
			return err
		})
		if err != nil {
			return mesh.Siege{}, fmt.Errorf("situation %q: %w", s.Name, err)
		}
	}
	return s.Sum(both[0], both[1]), nil
}

// ordeal is one situation being lived through.
type ordeal struct {
	*crowd
	s     mesh.Situation
	lot   *rand.Rand // of who dials whom
	all   []*besieger
	mesh  *gossip.Mesh
	stops []func()
	wait  sync.WaitGroup // for casts that look for a peer

	mu    sync.Mutex // never held while waiting
	began map[string]int
	casts []published
}

// published is one cast, and when each member had it.
type published struct {
	from int
	at   time.Time
	had  map[int]time.Duration
}

func newOrdeal(w *sim.World, s mesh.Situation, p scenario.Protocol) (*ordeal, error) {
	p.Size = 0
	c, err := newCrowd(w, s.Honest, p)
	if err != nil {
		return nil, err
	}
	o := &ordeal{crowd: c, s: s, mesh: meshOf(p.D, p.Low, p.High, p.Lazy, p.Heartbeat.Std()), lot: w.RandFor("sybils dial"), began: map[string]int{}}
	c.told = o.hear
	if err := c.join(); err != nil {
		return nil, err
	}
	if s.Together > 0 {
		if err := houses(w, s.Sybils, s.Together); err != nil {
			return nil, err
		}
	}
	for i := range s.Sybils {
		b, err := o.newBesieger(sybilName(i))
		if err != nil {
			return nil, err
		}
		o.all = append(o.all, b)
	}
	return o, nil
}

func (o *ordeal) hear(member int, cast *intentcast.Cast) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if k, ok := o.began[cast.ID.String()]; ok {
		if _, had := o.casts[k].had[member]; !had {
			o.casts[k].had[member] = time.Since(o.casts[k].at)
		}
	}
}

// sourceOf is who published a cast, -1 for nobody known.
func (o *ordeal) sourceOf(id string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if k, ok := o.began[id]; ok {
		return o.casts[k].from
	}
	return -1
}

// live lets the times of the situation come, and casts.
func (o *ordeal) live(ctx context.Context) (mesh.Lived, error) {
	defer o.end()
	var copies []float64
	var before reading
	who := o.w.RandFor("casts")
	agenda := []deed{{o.s.Awake, o.meet}, {o.s.Attack, o.arrive}}
	if o.s.Lurk {
		agenda = append(agenda, deed{o.s.Plan.Strike, o.strike})
	}
	for at := o.s.From; at < o.s.Until; at += o.s.Gap {
		agenda = append(agenda, deed{at, func() error {
			now := o.counts()
			if len(o.casts) > 0 {
				copies = append(copies, o.share(now.minus(before)))
			}
			before = now
			return o.publish(o.caster(at, who))
		}})
	}
	slices.SortStableFunc(agenda, func(a, b deed) int { return int(a.at - b.at) })
	begin := time.Now()
	for _, d := range append(agenda, deed{o.s.Until + castGap, func() error { return nil }}) {
		if err := pass(ctx, time.Until(begin.Add(d.at))); err != nil {
			return mesh.Lived{}, err
		}
		if err := d.do(); err != nil {
			return mesh.Lived{}, err
		}
	}
	return o.lived(append(copies, o.share(o.counts().minus(before)))), nil
}

// meet connects the honest; who is under siege already may take no more.
func (o *ordeal) meet() error {
	edges, kept := sim.Random(o.w.RandFor("dials"), o.s.Honest, o.s.Dials), 0
	if o.s.Kept > 0 {
		edges = slices.DeleteFunc(edges, func(e sim.Edge) bool {
			if e.A != 0 && e.B != 0 {
				return false
			}
			kept++
			return kept > o.s.Kept
		})
	}
	o.wait.Go(func() { _ = o.connect(edges) }) // sybils may come at the same time
	return nil
}

// strike has all that lie in wait begin.
func (o *ordeal) strike() error {
	for _, b := range o.all {
		b.strike()
	}
	return nil
}

func (o *ordeal) caster(at time.Duration, who *rand.Rand) int {
	publishers := o.s.Publishers
	if publishers == 0 {
		publishers = o.s.Honest
	}
	from := who.IntN(publishers)
	if o.s.Caster && at >= o.s.Last {
		return 0
	}
	return from
}

func (o *ordeal) publish(from int) error {
	cast, err := o.sign(len(o.casts) + 1)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.began[cast.ID.String()] = len(o.casts)
	o.casts = append(o.casts, published{from, time.Now(), map[int]time.Duration{}})
	o.mu.Unlock()
	o.wait.Go(func() { _ = o.crowd.all[from].Cast(o.w.T.Context(), cast) }) // without a peer, nobody gets it
	return nil
}

// share is how often each got a message, of those that were to.
func (o *ordeal) share(r reading) float64 {
	return (r.received + r.duplicates) / float64(max(o.s.Honest-1, 1))
}

func (o *ordeal) lived(copies []float64) mesh.Lived {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := mesh.Lived{Copies: copies}
	for k, c := range o.casts {
		for to := range o.s.Honest {
			if to == c.from {
				continue
			}
			took, had := c.had[to]
			if !had {
				took = -1
			}
			l.Owe(k, c.from, to, took)
		}
	}
	return l
}

func (o *ordeal) end() {
	for _, stop := range o.stops {
		stop()
	}
	o.wait.Wait()
}
