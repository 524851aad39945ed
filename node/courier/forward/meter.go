package forward

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Limits bound what is done for others.
type Limits struct {
	Concurrent     int     // exchanges at one time, for all; as many again for those with fewPer or less
	PeerConcurrent int     // of these for one peer
	PeerRate       float64 // exchanges a second for one peer, in the long run
	PeerBurst      float64 // exchanges for one peer at once after a rest
	PeerBytes      float64 // bytes a second for one peer, in the long run
	PeerBurstBytes float64 // bytes for one peer at once after a rest
}

// DefaultLimits are what an ordinary node carries for others. One of them that
// knows no other forwarder has 96 fetches and 64 letters under way at a time;
// its burst is a change told to some hundred parties, and their answers
// fetched. All together they take two streams each, and half of what package
// transport lets peers' streams hold.
func DefaultLimits() Limits {
	return Limits{
		Concurrent: 256, PeerConcurrent: 160,
		PeerRate: 100, PeerBurst: 2000,
		PeerBytes: 2 << 20, PeerBurstBytes: 32 << 20,
	}
}

// Meter keeps count per peer. Its methods are safe for concurrent use. Peers
// at rest take no memory for longer than their allowances need to fill up.
type Meter struct {
	lim Limits

	mu    sync.Mutex
	total int
	peers map[peer.ID]*account
}

type account struct {
	running      int
	calls, bytes float64 // what is left
	at           time.Time
}

// NewMeter returns a meter with nothing counted.
func NewMeter(lim Limits) *Meter {
	return &Meter{lim: lim, peers: make(map[peer.ID]*account)}
}

// fewPer is how many exchanges a peer may have under way for which there is
// always room: a few peers that begin many and say nothing keep out nobody else.
const fewPer = 4

// Enter counts the beginning of an exchange of n bytes for p, or returns false
// if it is beyond a limit. After true the caller calls [Meter.Leave].
func (m *Meter) Enter(p peer.ID, n int, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.peers[p]
	if a == nil {
		a = &account{calls: m.lim.PeerBurst, bytes: m.lim.PeerBurstBytes, at: now}
		m.peers[p] = a
	}
	m.fill(a, now)
	most := m.lim.Concurrent
	if a.running < fewPer {
		most *= 2
	}
	if m.total >= most || a.running >= m.lim.PeerConcurrent || a.calls < 1 || a.bytes < float64(n) {
		return false
	}
	a.calls--
	a.bytes -= float64(n)
	a.running++
	m.total++
	return true
}

// Leave counts the end of an exchange of p, whose answer had n bytes. The
// answer's bytes are owed: they may bring the allowance below zero.
func (m *Meter) Leave(p peer.ID, n int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.peers[p]
	m.fill(a, now)
	a.bytes -= float64(n)
	a.running--
	m.total--
}

// Sweep forgets the peers whose allowances are full again.
func (m *Meter) Sweep(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, a := range m.peers {
		m.fill(a, now)
		if a.running == 0 && a.calls >= m.lim.PeerBurst && a.bytes >= m.lim.PeerBurstBytes {
			delete(m.peers, p)
		}
	}
}

func (m *Meter) fill(a *account, now time.Time) {
	if dt := now.Sub(a.at).Seconds(); dt > 0 {
		a.calls = min(m.lim.PeerBurst, a.calls+dt*m.lim.PeerRate)
		a.bytes = min(m.lim.PeerBurstBytes, a.bytes+dt*m.lim.PeerBytes)
		a.at = now
	}
}
