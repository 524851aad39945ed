package transport

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
)

// A peer that waits for hundreds of answers at a time, as one does that carries
// the requests of many, gets every one of them; one that opens streams without
// end is stopped, and others are served.
func TestStreamsOfOnePeer(t *testing.T) {
	for name, transport := range map[string]int{"TCP": 0, "QUIC": 1} {
		t.Run(name, func(t *testing.T) {
			server := newHost(t, 1, Config{})
			answer := make(chan struct{})
			server.SetStreamHandler("/wait/1", func(s network.Stream) {
				defer s.Close()
				<-answer
				io.WriteString(s, "answer")
			})
			connectBy := func(fill byte) *waiter {
				info, err := ParsePeer(PeerAddrs(server)[transport])
				if err != nil {
					t.Fatal(err)
				}
				w := &waiter{t: t, Network: newHost(t, fill, Config{}).Network(), server: info}
				if err := newConn(w, info); err != nil {
					t.Fatal(err)
				}
				return w
			}
			many, endless, modest := connectBy(2), connectBy(3), connectBy(4)
			if got := many.ask(240); got != 240 {
				t.Errorf("240 streams of one peer: %d open", got)
			}
			if got := endless.ask(2 * peerStreams); got > peerStreams {
				t.Errorf("%d streams of one peer open, want at most %d", got, peerStreams)
			}
			if got := modest.ask(8); got != 8 {
				t.Errorf("8 streams of another peer: %d open", got)
			}
			close(answer)
			for what, w := range map[string]*waiter{"the one with many": many, "the modest one": modest} {
				if got := w.answered(); got != len(w.open) {
					t.Errorf("%s: %d of %d answered", what, got, len(w.open))
				}
			}
		})
	}
}

// waiter opens streams to a server and waits.
type waiter struct {
	network.Network
	t      *testing.T
	server peer.AddrInfo
	open   []network.Stream
}

func newConn(w *waiter, info peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	w.Peerstore().AddAddrs(info.ID, info.Addrs, time.Hour)
	_, err := w.DialPeer(ctx, info.ID)
	return err
}

// ask opens n streams, and returns how many the server has not turned away.
func (w *waiter) ask(n int) (stand int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Second) // QUIC has those too many wait
	defer cancel()
	for range n {
		s, err := w.NewStream(ctx, w.server.ID)
		if err != nil {
			continue
		}
		// Without the negotiation that a host does: the server's is enough.
		if _, err := io.WriteString(s, "\x13/multistream/1.0.0\n\x08/wait/1\n"); err != nil {
			continue
		}
		w.open = append(w.open, s)
	}
	deadline := time.Now().Add(5 * time.Second)
	for _, s := range w.open {
		_ = s.SetReadDeadline(deadline)
		if _, err := io.ReadFull(s, make([]byte, len("\x13/multistream/1.0.0\n\x08/wait/1\n"))); err == nil {
			stand++
		}
	}
	return stand
}

// answered returns how many of the streams open were answered.
func (w *waiter) answered() (n int) {
	for _, s := range w.open {
		_ = s.SetReadDeadline(time.Now().Add(10 * time.Second))
		if b, err := io.ReadAll(s); err == nil && string(b) == "answer" {
			n++
		}
		_ = s.Close()
	}
	return n
}

// What a relay, and each of libp2p's other services, may use is bounded apart
// from the rest, and far below it: whoever fills one has filled that one only.
func TestServicesAreBounded(t *testing.T) {
	l := limits(DefaultMaxPeers).ToPartialLimitConfig()
	for _, s := range services {
		for _, p := range s.protocols {
			all, one := l.Protocol[p], l.ProtocolPeer[p]
			if int(all.Streams) != s.streams || int(one.Streams) != s.peer || all.Memory > l.System.Memory/2 {
				t.Errorf("%s: %+v, of one peer %+v", p, all, one)
			}
		}
		if s.name != "" && (int(l.Service[s.name].Streams) != s.streams || int(l.ServicePeer[s.name].Streams) != s.peer) {
			t.Errorf("%s: %+v, of one peer %+v", s.name, l.Service[s.name], l.ServicePeer[s.name])
		}
	}
	if got := limits(16 * DefaultMaxPeers).ToPartialLimitConfig().Service[relay.ServiceName].Streams; got != 2*maxCircuits {
		t.Errorf("a large node relays %d streams, want %d all the same", got, 2*maxCircuits)
	}
}
