package courier

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// streams keeps streams whose exchange is over for the next one with the same
// peer: opening one takes as long as sealing a letter.
//
// A forwarder's streams to a holder serve whomever it carries for, in no order
// of theirs, so that a holder learns no more from two requests on one stream
// than from two on one connection.
type streams struct {
	mu   sync.Mutex
	idle map[streamKey][]idleStream
	over bool // none is kept any more
}

type streamKey struct {
	peer     peer.ID
	protocol protocol.ID
}

type idleStream struct {
	network.Stream
	since time.Time
}

const (
	// The asker lets go of a stream well before the answerer does, so that it
	// rarely asks on one that is gone.
	askerIdle  = 15 * time.Second
	serverIdle = 45 * time.Second
	// mostIdle is how many streams of one peer and protocol are kept.
	mostIdle = 16
)

func newStreams() *streams { return &streams{idle: make(map[streamKey][]idleStream)} }

// take returns a stream that was kept, the one used last; nil if there is
// none.
func (p *streams) take(k streamKey, now time.Time) network.Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	for have := p.idle[k]; len(have) > 0; have = p.idle[k] {
		s := have[len(have)-1]
		p.set(k, have[:len(have)-1])
		if now.Sub(s.since) < askerIdle && !s.Conn().IsClosed() {
			return s.Stream
		}
		_ = s.Reset()
	}
	return nil
}

// put keeps a stream, or closes it if enough are kept.
func (p *streams) put(k streamKey, s network.Stream, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	have := p.idle[k]
	if p.over || len(have) >= mostIdle {
		_ = s.Close()
		return
	}
	p.idle[k] = append(have, idleStream{s, now})
}

func (p *streams) set(k streamKey, have []idleStream) {
	if len(have) == 0 {
		delete(p.idle, k)
		return
	}
	p.idle[k] = have
}

// sweep closes the streams that have been idle for too long.
func (p *streams) sweep(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, have := range p.idle {
		for len(have) > 0 && (p.over || now.Sub(have[0].since) >= askerIdle) {
			_ = have[0].Close()
			have = have[1:]
		}
		p.set(k, have)
	}
}

// end closes all streams and keeps no more.
func (p *streams) end() {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.sweep(time.Time{})
}
