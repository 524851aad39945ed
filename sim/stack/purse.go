package stack

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
)

// ahead is for how long an attacker works ahead: what it has not spent by then is
// lost. As in the model (mesh.Flood).
const ahead = time.Hour

// noticeTime is how long reading a neighbour's notice may take.
const noticeTime = 5 * time.Second

// purse is the attacker's computing power, which all its sybils share, and what
// they were told that stamps must have done.
type purse struct {
	budget float64 // tries a second
	least  int     // bits, asked for everywhere

	mu    sync.Mutex // never held while waiting
	tries float64    // in hand at time at
	at    time.Time
	asked map[string]map[peer.ID]int // by topic and neighbour
}

// heed notes what a neighbour asks for.
func (p *purse) heed(from peer.ID, n admission.Notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, need := range n.Needs {
		if p.asked == nil {
			p.asked = map[string]map[peer.ID]int{}
		}
		if p.asked[need.Topic] == nil {
			p.asked[need.Topic] = map[peer.ID]int{}
		}
		p.asked[need.Topic][from] = int(need.Bits)
	}
}

// bits is what a stamp for a topic must have done, believing neighbours as
// anybody does; 0: none is asked for.
func (p *purse) bits(topic string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var demands []int
	for _, bits := range p.asked[topic] {
		demands = append(demands, bits)
	}
	return max(p.least, admission.Believed(demands))
}

// stamp does the work asked for a cast, with nonces from start on. It is not ok where the attacker can't
// pay for it yet. One without any computing power sends what it has without a
// stamp, whatever is asked for.
func (p *purse) stamp(topic string, c *intentcast.Cast, start uint64, now time.Time) (stamped *intentcast.Cast, ok bool, err error) {
	bits := p.bits(topic)
	if bits == 0 || p.budget <= 0 {
		return c, true, nil
	}
	if !p.affords(float64(admission.Expected(bits)), now) {
		return nil, false, nil
	}
	s, err := admission.Mint(context.Background(), admission.ForCast(topic, c.ID), bits, start, nil)
	if err != nil {
		return nil, false, fmt.Errorf("work for spam: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries -= float64(s.Nonce - start + 1)
	return c.WithWork(s.Encode()), true, nil
}

// affords reports whether so many tries are in hand at now.
func (p *purse) affords(tries float64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.IsZero() {
		p.tries = min(p.tries+now.Sub(p.at).Seconds()*p.budget, ahead.Seconds()*p.budget)
	}
	p.at = now
	return p.tries >= tries
}

// hearPrices has a sybil hear what its neighbours ask for.
func (s *sybil) hearPrices() {
	s.SetStreamHandler(gossip.AdmissionProtocol, func(st network.Stream) {
		_ = st.SetDeadline(time.Now().Add(noticeTime))
		b, err := io.ReadAll(io.LimitReader(st, admission.MaxNotice+1))
		_ = st.Close()
		if err != nil {
			return
		}
		if n, err := admission.DecodeNotice(b); err == nil {
			s.purse.heed(st.Conn().RemotePeer(), n)
		}
	})
}
