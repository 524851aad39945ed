package courier

import (
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

// rogue replaces what a node answers as a holder, with its own keys.
type rogue struct {
	mu    sync.Mutex
	asked []wire.HoldRequest
}

func (r *rogue) requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

// play has n answer hold requests with what respond returns; false: garbage.
func (r *rogue) play(n *testNode, respond func(wire.HoldRequest) (wire.HoldResponse, bool)) {
	n.host.SetStreamHandler(wire.HoldProtocol, func(s network.Stream) {
		defer s.Close()
		frame, err := wire.ReadFrame(s, wire.MaxHold)
		if err != nil {
			return
		}
		body, reply, err := n.courier.key.OpenRequest(frame)
		if err != nil {
			return
		}
		req, err := wire.DecodeHold(body)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.asked = append(r.asked, req)
		r.mu.Unlock()
		resp, ok := respond(req)
		if !ok {
			_ = wire.WriteFrame(s, wire.EncodeAnswer(wire.Taken, make([]byte, 2000)))
			return
		}
		encoded, err := wire.EncodeHoldResponse(resp)
		if err != nil {
			return
		}
		sealed, err := reply.Seal(encoded)
		if err != nil {
			return
		}
		_ = wire.WriteFrame(s, wire.EncodeAnswer(wire.Taken, sealed))
	})
	cutOpen(n.host, wire.HoldProtocol)
}

// cutOpen cuts the streams of a protocol that a host keeps from before.
func cutOpen(h host.Host, p protocol.ID) {
	for _, c := range h.Network().Conns() {
		for _, s := range c.GetStreams() {
			if s.Protocol() == p {
				_ = s.Reset()
			}
		}
	}
}

// However a holder answers, it is not asked in a tight loop, and what it hands
// out has its effect once.
func TestRogueHolders(t *testing.T) {
	letters := func(to []byte) []byte {
		now := time.Now()
		l := seal.Letter{Version: 1, ID: seal.NewID(), Kind: "x", Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour))}
		sealed, _, err := seal.Seal(to, l)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	taken := func(letters ...[]byte) wire.HoldResponse {
		return wire.HoldResponse{Status: wire.Taken, Expires: identity.At(time.Now().Add(time.Hour)), Letters: letters}
	}
	for name, c := range map[string]struct {
		respond func(mail []byte, req wire.HoldRequest) (wire.HoldResponse, bool)
		effects int
	}{
		"does not wait":            {func([]byte, wire.HoldRequest) (wire.HoldResponse, bool) { return taken(), true }, 0},
		"sends the same for ever":  {func(m []byte, _ wire.HoldRequest) (wire.HoldResponse, bool) { return taken(m), true }, 1},
		"sends it twice at a time": {func(m []byte, _ wire.HoldRequest) (wire.HoldResponse, bool) { return taken(m, m), true }, 1},
		"has no slot, ever": {func(_ []byte, req wire.HoldRequest) (wire.HoldResponse, bool) {
			if req.Op == wire.HoldOpen {
				return taken(), true
			}
			return wire.HoldResponse{Status: wire.NoSlot}, true
		}, 0},
		"grants no time": {func([]byte, wire.HoldRequest) (wire.HoldResponse, bool) {
			return wire.HoldResponse{Status: wire.Taken, Expires: identity.At(time.Now().Add(-time.Hour))}, true
		}, 0},
		"is always busy": {func([]byte, wire.HoldRequest) (wire.HoldResponse, bool) {
			return wire.HoldResponse{Status: wire.Busy}, true
		}, 0},
		"answers in no code": {func([]byte, wire.HoldRequest) (wire.HoldResponse, bool) { return wire.HoldResponse{Status: 77}, true }, 0},
		"answers garbage":    {func([]byte, wire.HoldRequest) (wire.HoldResponse, bool) { return wire.HoldResponse{}, false }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 3, func(t *testing.T, nodes []*testNode) {
				person := nodes[0]
				route := person.openRoute("intent")
				mail := letters(route.Key)
				var r rogue
				r.play(nodes[holderOfRoute(nodes, route.Peer)], func(req wire.HoldRequest) (wire.HoldResponse, bool) { return c.respond(mail, req) })
				time.Sleep(10 * time.Minute)
				if n := r.requests(); n < 4 || n > 1250 { // to renew and to fetch, once a second
					t.Errorf("asked %d times in ten minutes", n)
				}
				if got := person.effects(); len(got) != c.effects {
					t.Errorf("%d effects, want %d", len(got), c.effects)
				}
			})
		})
	}
}

// A letter whose handler fails is neither lost nor fetched again and again: the
// holder is told that the recipient has it, and it is tried with growing
// pauses.
func TestFailingHandler(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		route, self := person.openRoute("intent"), vendor.courier.Self()
		working := time.Now().Add(10 * time.Minute)
		person.stop()
		person.start(failingUntil(working))
		id := vendor.send(Outgoing{To: route, From: &self, Kind: "x", Expires: time.Now().Add(2 * time.Hour), Direct: true})
		time.Sleep(9 * time.Minute)
		if n := len(person.inbounds()); n < 3 || n > 15 {
			t.Errorf("tried %d times in nine minutes", n)
		}
		if got := person.effects(); len(got) != 0 {
			t.Error("effect of a handler that failed")
		}
		eventually(t, 20*time.Minute, "delivered", func() bool { return vendor.letter(id).State == StateDelivered })
		if got := person.effects(); len(got) != 1 {
			t.Errorf("%d effects", len(got))
		}
	})
}
