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

	mu   sync.Mutex
	seen []*spyStream
	cut  func() int // after how many bytes, read and written, a new stream fails; negative: never; nil: none does
}

// cutStreams has streams opened from now on cut as cut says.
func (h *spyHost) cutStreams(cut func() int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = cut
}

// spyStream is one stream as this end saw it.
type spyStream struct {
	network.Stream
	remote   peer.ID
	protocol protocol.ID
	inbound  bool

	mu    sync.Mutex
	bytes bytes.Buffer // read and written
	left  int          // bytes until it fails; negative: it does not
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
	x := &spyStream{Stream: s, remote: s.Conn().RemotePeer(), protocol: p, inbound: inbound, left: -1}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cut != nil {
		x.left = h.cut()
	}
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

// allow returns how many of n bytes may pass before the stream is cut.
func (s *spyStream) allow(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left < 0 {
		return n
	}
	return min(n, s.left)
}

// pass records bytes that passed, and resets a stream whose time has come.
func (s *spyStream) pass(b []byte, err error) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes.Write(b)
	if s.left < 0 {
		return len(b), err
	}
	if s.left -= len(b); s.left == 0 {
		_ = s.Stream.Reset()
		return len(b), errCut
	}
	return len(b), err
}

func (s *spyStream) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b[:s.allow(len(b))])
	return s.pass(b[:n], err)
}

func (s *spyStream) Write(b []byte) (int, error) {
	n, err := s.Stream.Write(b[:s.allow(len(b))])
	return s.pass(b[:n], err)
}

// sometimes returns a cut that strikes one stream in n, at any point of a
// short exchange: within a frame, or between asking and answer.
func sometimes(seed uint64, n int) func() int {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, 0))
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		if rnd.IntN(n) > 0 {
			return -1
		}
		return 1 + rnd.IntN(6<<10)
	}
}
