package courier

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

// raw speaks to a node without a courier of its own.
type raw struct {
	t  *testing.T
	h  host.Host
	to *testNode
}

func newRaw(t *testing.T, to *testNode) raw {
	t.Helper()
	h := loopbackHost(t)
	t.Cleanup(func() { h.Close() })
	connect(t, h, to.host)
	return raw{t, h, to}
}

// say writes bytes as they are and returns the answer frame.
func (r raw) say(p protocol.ID, b []byte) ([]byte, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := r.h.NewStream(ctx, r.to.host.ID(), p)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	_ = s.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = s.Write(b) // fails if it is answered before it is read
	_ = s.CloseWrite()
	return wire.ReadFrame(s, wire.MaxAnswer)
}

func (r raw) frame(p protocol.ID, b []byte) wire.Status {
	r.t.Helper()
	answer, err := r.say(p, append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	if err != nil {
		r.t.Fatal(err)
	}
	return wire.Status(answer[0])
}

// Whatever is written to a stream gets a status or a reset, has no effect, and
// the next peer is served.
func TestBadStreams(t *testing.T) {
	node := loopback(t, 1, everybody, quick)[0]
	defer shut(node)
	r := newRaw(t, node)
	letter := make([]byte, 1024+seal.Overhead)
	forwardTo := func(p string, payload []byte) []byte {
		to := peer.AddrInfo{ID: r.h.ID()}
		if p != "" {
			to.ID = node.host.ID()
		}
		b, err := wire.EncodeForward(to, wire.LetterProtocol, payload)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		what string
		p    protocol.ID
		b    []byte
		want wire.Status
	}{
		{"garbage letter", wire.LetterProtocol, []byte("garbage"), wire.Malformed},
		{"letter to nobody's key", wire.LetterProtocol, wire.EncodeLetter(nil, letter, nil), wire.Unreadable},
		{"letter to no slot", wire.LetterProtocol, wire.EncodeLetter(make([]byte, 32), letter, nil), wire.NoSlot},
		{"letter too large", wire.LetterProtocol, make([]byte, wire.MaxLetter+1), wire.TooLarge},
		{"garbage request", wire.HoldProtocol, []byte("garbage"), wire.Unreadable},
		{"request sealed to another", wire.HoldProtocol, letter, wire.Unreadable},
		{"garbage to carry", wire.ForwardProtocol, []byte("garbage"), wire.Malformed},
		{"carry to the carrier", wire.ForwardProtocol, forwardTo("self", letter), wire.Unwilling},
		{"carry to the asker", wire.ForwardProtocol, forwardTo("", letter), wire.Unwilling},
		{"garbage record", wire.HelloProtocol, []byte("garbage"), wire.Malformed},
	} {
		if got := r.frame(c.p, c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	for p := range served {
		if answer, err := r.say(p, []byte{0, 0, 0, 0}); err != nil || wire.Status(answer[0]) != wire.Malformed {
			t.Errorf("%s: empty frame: %x, %v", p, answer, err)
		}
		if answer, err := r.say(p, []byte{0xff, 0xff, 0xff, 0xff}); err != nil || wire.Status(answer[0]) != wire.TooLarge {
			t.Errorf("%s: frame of 4 GiB: %x, %v", p, answer, err)
		}
		if answer, err := r.say(p, []byte{0, 0, 1, 0, 7}); err == nil {
			t.Errorf("%s: half a frame answered: %x", p, answer)
		}
	}
	if n := len(node.effects()); n != 0 {
		t.Errorf("%d effects", n)
	}
}

// A sender without end is answered and stopped at the frame's limit.
func TestEndlessStream(t *testing.T) {
	node := loopback(t, 1, everybody, quick)[0]
	defer shut(node)
	r := newRaw(t, node)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for p := range served {
		s, err := r.h.NewStream(ctx, node.host.ID(), p)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(10 * time.Second))
		sent := 0
		chunk := bytes.Repeat([]byte{0, 1}, 1<<15)
		for err == nil && sent < 64<<20 {
			var n int
			n, err = s.Write(chunk)
			sent += n
		}
		if err == nil || sent > 32<<20 {
			t.Errorf("%s: took %d bytes", p, sent)
		}
		_ = s.Reset()
	}
}

// A peer that opens streams and says nothing is cut off; others are served.
func TestSilentStreams(t *testing.T) {
	bubble(t, 2, func(t *testing.T, nodes []*testNode) {
		var silent []network.Stream
		for range 20 {
			s, err := nodes[0].host.NewStream(t.Context(), nodes[1].host.ID(), wire.LetterProtocol)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Write([]byte{0, 0}); err != nil {
				t.Fatal(err)
			}
			silent = append(silent, s)
		}
		time.Sleep(frameTimeout + time.Second)
		for _, s := range silent {
			_ = s.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := s.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
				t.Errorf("stream still open: %v", err)
			}
			_ = s.Reset()
		}
	})
}

// What a peer may ask for in all is bounded; then it is told to come later.
func TestRequestRate(t *testing.T) {
	node := loopback(t, 1, everybody, quick, func(c *Config) {
		c.Limits.Forward = DefaultLimits().Forward
		c.Limits.Forward.PeerBurst = 5
		c.Limits.Forward.PeerRate = 0.001
	})[0]
	defer shut(node)
	greedy, modest := newRaw(t, node), newRaw(t, node)
	for i := range 8 {
		want := wire.Malformed
		if i >= 5 {
			want = wire.Busy
		}
		if got := greedy.frame(wire.ForwardProtocol, []byte("x")); got != want {
			t.Errorf("request %d: %v, want %v", i, got, want)
		}
	}
	if got := modest.frame(wire.ForwardProtocol, []byte("x")); got != wire.Malformed {
		t.Errorf("another peer: %v", got)
	}
}

func TestUnwilling(t *testing.T) {
	node := loopback(t, 1, everybody, quick, func(c *Config) { c.NoHold, c.NoForward = true, true })[0]
	defer shut(node)
	r := newRaw(t, node)
	letter := wire.EncodeLetter(make([]byte, 32), make([]byte, 1024+seal.Overhead), nil)
	for p, b := range map[protocol.ID][]byte{wire.LetterProtocol: letter, wire.HoldProtocol: letter, wire.ForwardProtocol: []byte("x")} {
		if got := r.frame(p, b); got != wire.Unwilling {
			t.Errorf("%s: %v", p, got)
		}
	}
}

// A forwarder dials nobody it does not reach, and nothing but libp2p peers.
func TestForwardUnreachable(t *testing.T) {
	node := loopback(t, 1, everybody, quick)[0]
	defer shut(node)
	r := newRaw(t, node)
	gone := loopbackHost(t)
	to := addrInfo(gone)
	to.Addrs = slices.DeleteFunc(to.Addrs, func(a ma.Multiaddr) bool {
		_, err := a.ValueForProtocol(ma.P_TCP) // a UDP port that nobody listens on does not say so
		return err != nil
	})
	gone.Close()
	for what, addrs := range map[string][]ma.Multiaddr{
		"nobody listens": to.Addrs,
		"no address":     nil,
		"a name":         {ma.StringCast("/dns4/localhost/tcp/80")},
	} {
		b, err := wire.EncodeForward(peer.AddrInfo{ID: to.ID, Addrs: addrs}, wire.LetterProtocol, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.frame(wire.ForwardProtocol, b); got != wire.Unreachable {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// A code this node does not know means: nothing was done.
func TestUnknownAnswers(t *testing.T) {
	receipt := seal.Receipt(make([]byte, 32), 200)
	for _, status := range []wire.Status{0, 13, 14, 200, 255} {
		if o := heldOutcome(status); o.state != StateQueued || o.problem == "" {
			t.Errorf("holder answers %d: %+v", status, o)
		}
		if o := directOutcome(make([]byte, 32), status, receipt); o.state != StateQueued || o.problem == "" {
			t.Errorf("recipient answers %d: %+v", status, o)
		}
	}
}

// Letters that can't be sent are refused at once, in words.
func TestSendRefuses(t *testing.T) {
	nodes := loopback(t, 1, everybody, quick)
	defer shut(nodes...)
	n := nodes[0]
	good := func() Outgoing {
		return Outgoing{To: n.courier.Self(), Kind: "x", Expires: time.Now().Add(time.Hour)}
	}
	for what, change := range map[string]func(*Outgoing){
		"kind of the courier": func(o *Outgoing) { o.Kind = AckKind },
		"no kind":             func(o *Outgoing) { o.Kind = "" },
		"over already":        func(o *Outgoing) { o.Expires = time.Now() },
		"for too long":        func(o *Outgoing) { o.Expires = time.Now().Add(MaxLife + time.Hour) },
		"no expiry":           func(o *Outgoing) { o.Expires = time.Time{} },
		"no peer":             func(o *Outgoing) { o.To.Peer = "nobody" },
		"bad address":         func(o *Outgoing) { o.To.Addrs = []string{"10.0.0.1"} },
		"short slot":          func(o *Outgoing) { o.To.Slot = []byte{1} },
		"no key":              func(o *Outgoing) { o.To.Key = nil },
		"no such key":         func(o *Outgoing) { o.To.Key = bytes.Repeat([]byte{0xff}, seal.KeySize) },
		"too large":           func(o *Outgoing) { o.Body = make([]byte, 64<<10) },
		"unusable answer":     func(o *Outgoing) { r := o.To; r.Key = nil; o.From = &r },
	} {
		out := good()
		change(&out)
		if id, err := n.courier.enqueueAlone(out); err == nil {
			t.Errorf("%s: taken as %s", what, id)
		}
	}
}

// A node's letters to itself, and to a slot that it holds for another, take no
// network.
func TestLettersToSelf(t *testing.T) {
	nodes := loopback(t, 2, everybody, quick)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1]
	self := vendor.courier.Self()
	own := vendor.send(Outgoing{To: self, From: &self, Kind: "note", Expires: time.Now().Add(time.Hour)})
	route := person.openRoute("intent") // at the vendor, the only peer
	offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Expires: time.Now().Add(time.Hour), Direct: true})
	eventually(t, 10*time.Second, "both delivered", func() bool { return allDelivered(vendor, []string{own, offer}) })
}
