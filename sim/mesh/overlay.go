package mesh

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// Peers is a graph of connections: the neighbours of v, each connection named
// at both ends. sim/graph's Graph is one.
type Peers interface {
	Neighbours(v int32) []int32
}

// links are connections in compressed rows. Each has two entries, one at each
// end; those of v are start[v] to start[v+1].
type links struct {
	start []int32
	to    []int32
	rev   []int32 // the entry at the other end
	delay []int32 // one way, µs
	flag  []uint8
}

const (
	inMesh   uint8 = 1 << iota
	dialled        // by the owner of the entry: an outbound connection
	backedTo       // a backoff is kept for the other end
	up             // the connection stands
)

// dial is a connection that a made to b.
type dial struct{ a, b int32 }

// atRandom has each of n nodes dial half as many others as it is to have peers,
// the first of them one that stands already, so that all are connected.
func atRandom(n, peers int, r *rand.Rand) []dial {
	each := max(peers/2, 1)
	all := make([]dial, 0, n*each)
	for v := 1; v < n; v++ {
		mine := len(all)
		all = append(all, dial{int32(v), int32(r.IntN(v))})
		for tries := 0; len(all)-mine < each && tries < 8*each; tries++ {
			if w := int32(r.IntN(n)); int(w) != v && !slices.Contains(all[mine:], dial{int32(v), w}) {
				all = append(all, dial{int32(v), w})
			}
		}
	}
	return all
}

// given reads the connections of a graph. Who dialled is not told: it is the
// one with the lower number, as where a list of pairs is wired up.
func given(n int, g Peers) ([]dial, error) {
	var all []dial
	for v := range int32(n) {
		for _, w := range g.Neighbours(v) {
			if w < 0 || int(w) >= n {
				return nil, fmt.Errorf("a peer of node %d is %d, of %d nodes", v, w, n)
			}
			if v < w {
				all = append(all, dial{v, w})
			}
		}
	}
	return all, nil
}

// connect lays the rows out. What two nodes dialled both ways, or twice, is one
// connection.
func connect(n int, dials []dial, p scenario.Protocol, r *rand.Rand) (*links, error) {
	if 2*len(dials) > math.MaxInt32 {
		return nil, fmt.Errorf("%d connections, at most %d can be held", len(dials), math.MaxInt32/2)
	}
	deg := make([]int32, n+1)
	for _, d := range dials {
		deg[d.a+1]++
		deg[d.b+1]++
	}
	for v := range n {
		deg[v+1] += deg[v]
	}
	k := &links{start: deg}
	size := 2 * len(dials)
	k.to, k.rev = make([]int32, size), make([]int32, size)
	k.delay, k.flag = make([]int32, size), make([]uint8, size)
	next := slices.Clone(deg[:n])
	low, span := delays(p)
	for _, d := range dials {
		if k.has(d.a, d.b, next) {
			continue
		}
		e, f := next[d.a], next[d.b]
		next[d.a]++
		next[d.b]++
		took := low
		if span > 0 {
			took += r.Int32N(span + 1)
		}
		k.to[e], k.rev[e], k.delay[e], k.flag[e] = d.b, f, took, dialled|up
		k.to[f], k.rev[f], k.delay[f], k.flag[f] = d.a, e, took, up
	}
	for v := range n { // entries left over by double connections lead nowhere
		for e := next[v]; e < deg[v+1]; e++ {
			k.to[e], k.rev[e] = int32(v), e
		}
	}
	return k, nil
}

// has reports whether a and b are connected, of the entries filled so far.
func (k *links) has(a, b int32, next []int32) bool {
	if next[b]-k.start[b] < next[a]-k.start[a] {
		a, b = b, a
	}
	return slices.Contains(k.to[k.start[a]:next[a]], b)
}

// delays is the least delay of a link and how much more it may be, in µs.
func delays(p scenario.Protocol) (low, span int32) {
	from, to := p.Latency[0].Std(), p.Latency[1].Std()
	return micros(from), max(micros(to)-micros(from), 0)
}

func micros(d time.Duration) int32 { return int32(min(max(d/time.Microsecond, 0), math.MaxInt32/8)) }
