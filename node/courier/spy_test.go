package courier

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// spyHost sees every stream of the courier's protocols that a host opens or
// answers, and may cut it.
type spyHost struct {
	host.Host
	// cut says whether the next read or write of a stream shall fail; nil: none.
	cut func(p protocol.ID) bool

	mu   sync.Mutex
	seen []*spyStream
}

// spyStream is one stream as this end saw it.
type spyStream struct {
	network.Stream
	spy      *spyHost
	remote   peer.ID
	protocol protocol.ID
	inbound  bool

	mu    sync.Mutex
	bytes bytes.Buffer // read and written
	cut   bool
}

func (h *spyHost) SetStreamHandler(p protocol.ID, handler network.StreamHandler) {
	h.Host.SetStreamHandler(p, func(s network.Stream) { handler(h.wrap(s, p, true)) })
}

func (h *spyHost) NewStream(ctx context.Context, to peer.ID, ps ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, to, ps...)
	if err != nil {
		return nil, err
	}
	return h.wrap(s, ps[0], false), nil
}

func (h *spyHost) wrap(s network.Stream, p protocol.ID, inbound bool) *spyStream {
	x := &spyStream{Stream: s, spy: h, remote: s.Conn().RemotePeer(), protocol: p, inbound: inbound}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, x)
	return x
}

// streams returns those of a protocol, inbound or outbound.
func (h *spyHost) streams(p protocol.ID, inbound bool) []*spyStream {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*spyStream
	for _, s := range h.seen {
		if s.protocol == p && s.inbound == inbound {
			out = append(out, s)
		}
	}
	return out
}

// contains reports whether any captured stream, but those of the protocols
// left out, holds b.
func (h *spyHost) contains(b []byte, except ...protocol.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.seen {
		s.mu.Lock()
		found := bytes.Contains(s.bytes.Bytes(), b)
		s.mu.Unlock()
		if found && !strings.Contains(joined(except), string(s.protocol)) {
			return true
		}
	}
	return false
}

func joined(ps []protocol.ID) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(string(p) + " ")
	}
	return b.String()
}

var errCut = errors.New("cut by the test")

func (s *spyStream) severed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cut && s.spy.cut != nil && s.spy.cut(s.protocol) {
		s.cut = true
		_ = s.Stream.Reset()
	}
	return s.cut
}

func (s *spyStream) record(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes.Write(b)
}

func (s *spyStream) Read(b []byte) (int, error) {
	if s.severed() {
		return 0, errCut
	}
	n, err := s.Stream.Read(b)
	s.record(b[:n])
	return n, err
}

func (s *spyStream) Write(b []byte) (int, error) {
	if s.severed() {
		return 0, errCut
	}
	n, err := s.Stream.Write(b)
	s.record(b[:n])
	if err == nil && s.severed() { // the other end may have it all the same
		return n, errCut
	}
	return n, err
}

// sometimes returns a cut that strikes one read or write in n.
func sometimes(seed uint64, n int) func(protocol.ID) bool {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, 0))
	return func(protocol.ID) bool {
		mu.Lock()
		defer mu.Unlock()
		return rnd.IntN(n) == 0
	}
}
