package sim

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
)

// natMemory is how long a host behind a NAT can be answered after it last sent
// to somebody: RFC 4787, REQ-5, wants two minutes at least.
const natMemory = 2 * time.Minute

// climate is what holds for all hosts, beside what was said of a pair.
type climate struct {
	least, width time.Duration // of a pair's one-way delay, where spread
	spread       bool
	loss         float64
	part         map[netip.Addr]int // in which part of a partitioned network; nil: it is whole
	behindNAT    map[netip.Addr]map[netip.Addr]time.Time
}

// Spread has every pair of hosts get a one-way delay of its own, drawn evenly
// from least to most, in place of their latencies: the same both ways, and the
// same for a seed and two addresses. [World.Lag] still goes before it.
func (w *World) Spread(least, most time.Duration) {
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	w.net.climate.least, w.net.climate.width, w.net.climate.spread = least, most-least, true
}

// LoseEverywhere drops a share of all packets, 0 ≤ share < 1, each by a draw of
// its sender's.
func (w *World) LoseEverywhere(share float64) {
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	w.net.climate.loss = share
}

// Split cuts the network into parts: packets pass only between hosts for which
// part returns the same. It is asked once for each name there is or was; nil
// makes the network whole. Hosts built later are in part 0.
func (w *World) Split(part func(name string) int) {
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	w.net.climate.part = nil
	if part == nil {
		return
	}
	w.net.climate.part = make(map[netip.Addr]int)
	for _, p := range w.net.known {
		w.net.climate.part[p.ip] = part(p.name)
	}
}

// BehindNAT puts a host behind a router that lets in only what answers: a
// packet from an address that the host sent to within the last two minutes.
// So it can't be dialled. It stays so when the host is built again.
func (w *World) BehindNAT(h host.Host) {
	p, ok := w.net.find(h.ID())
	if !ok {
		w.T.Errorf("%s is no host of this world", h.ID())
		return
	}
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	if w.net.climate.behindNAT == nil {
		w.net.climate.behindNAT = make(map[netip.Addr]map[netip.Addr]time.Time)
	}
	if w.net.climate.behindNAT[p.ip] == nil {
		w.net.climate.behindNAT[p.ip] = make(map[netip.Addr]time.Time)
	}
}

// lets reports whether a packet passes. The fabric's mutex is held.
func (c *climate) lets(from, to netip.Addr, r *rand.Rand) bool {
	if c.part != nil && c.part[from] != c.part[to] {
		return false
	}
	if c.behindNAT != nil && !c.translated(from, to, time.Now()) {
		return false
	}
	return c.loss == 0 || r.Float64() >= c.loss
}

func (c *climate) translated(from, to netip.Addr, now time.Time) bool {
	if sentTo := c.behindNAT[from]; sentTo != nil {
		sentTo[to] = now
	}
	sentTo := c.behindNAT[to]
	if sentTo == nil {
		return true
	}
	at, ok := sentTo[from]
	return ok && now.Sub(at) < natMemory
}

// lag is the delay of a pair. The fabric's mutex is held.
func (c *climate) lag(seed uint64, a, b netip.Addr) (time.Duration, bool) {
	if !c.spread {
		return 0, false
	}
	if c.width <= 0 {
		return c.least, true
	}
	if b.Less(a) {
		a, b = b, a
	}
	return c.least + time.Duration(mix(seed, a, b)%uint64(c.width+1)), true
}

// mix is a hash of a seed and two addresses: SplitMix64's finalizer over them
// (Steele, Lea, Flood, 2014).
func mix(seed uint64, a, b netip.Addr) uint64 {
	x := seed
	for _, addr := range [2]netip.Addr{a, b} {
		b := addr.As16()
		for i := 8; i < 16; i++ {
			x = x<<8 | x>>56
			x ^= uint64(b[i])
		}
		x ^= x >> 30
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}
