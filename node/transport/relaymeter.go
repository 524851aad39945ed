package transport

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// relayMeter bounds how many circuits a relay opens over time. libp2p bounds
// what one circuit carries and how many there are at once, and not how soon
// the next may follow.
type relayMeter struct {
	mu   sync.Mutex
	all  allowance
	each map[peer.ID]*allowance
}

// allowance is a token bucket: perHour tokens come back in an hour, and no
// more than that are kept.
type allowance struct {
	left float64
	at   time.Time
}

func newRelayMeter() *relayMeter { return &relayMeter{each: make(map[peer.ID]*allowance)} }

// AllowReserve implements relay.ACLFilter: reservations have their own limits.
func (*relayMeter) AllowReserve(peer.ID, ma.Multiaddr) bool { return true }

// AllowConnect implements relay.ACLFilter.
func (m *relayMeter) AllowConnect(from peer.ID, _ ma.Multiaddr, _ peer.ID) bool {
	return m.allow(from, time.Now())
}

// metersMax bounds the peers remembered; beyond it those are forgotten whose
// allowance is whole again, and while there is none of them nobody new is
// served.
const metersMax = 4096

func (m *relayMeter) allow(from peer.ID, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.each[from]
	if one == nil {
		if len(m.each) >= metersMax {
			m.sweep(now)
		}
		if len(m.each) >= metersMax {
			return false
		}
		one = new(allowance)
		m.each[from] = one
	}
	one.refill(peerPerHour, now)
	m.all.refill(circuitsPerHour, now)
	if one.left < 1 || m.all.left < 1 {
		return false
	}
	one.left--
	m.all.left--
	return true
}

func (m *relayMeter) sweep(now time.Time) {
	for id, one := range m.each {
		if one.refill(peerPerHour, now); one.left >= peerPerHour {
			delete(m.each, id)
		}
	}
}

func (a *allowance) refill(perHour float64, now time.Time) {
	if a.at.IsZero() {
		a.left = perHour
	} else if d := now.Sub(a.at); d > 0 {
		a.left = min(perHour, a.left+perHour*d.Hours())
	}
	a.at = now
}
