package courier

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

// Two replicas of one node over one store share the outbox: each letter is
// sent by one of them, once.
func TestReplicas(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		a, b, to := nodes[0], nodes[1], nodes[2].courier.Self()
		b.stop()
		b.store = a.store
		b.start()
		var ids []string
		for range 60 {
			ids = append(ids, a.send(Outgoing{To: to, Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true}))
			b.courier.Wake()
		}
		eventually(t, time.Minute, "all delivered", func() bool { return allDelivered(a, ids) })
		for _, id := range ids {
			if l := a.letter(id); l.Attempts != 1 {
				t.Errorf("sent %d times", l.Attempts)
			}
		}
		if got := nodes[2].effects(); len(got) != len(ids) {
			t.Errorf("%d effects", len(got))
		}
	})
}

// FuzzReceive gives the courier letters with any body, as acknowledgements and
// as others: it takes or refuses each, and none ends it.
func FuzzReceive(f *testing.F) {
	good, err := dagcbor.Marshal(ackBody{Version: 1, Letter: make([]byte, seal.IDSize), Status: wire.Taken, Reason: "why"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, true)
	f.Add([]byte("offer"), false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, body []byte, ack bool) {
		h := &bareHost{}
		n := &testNode{t: t, host: h}
		c := n.bare()
		kind := "offer"
		if ack {
			kind = AckKind
		}
		now := time.Now()
		l := seal.Letter{
			Version: 1, ID: seal.NewID(), Kind: kind, Body: body,
			Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour)),
		}
		if status, err := c.receive(t.Context(), l, incoming{label: "route", to: []byte("key"), by: byHolder}); err != nil || status != wire.Taken {
			t.Errorf("%v, %v", status, err)
		}
	})
}

// The time from an offer's sending to its acknowledgement, through holder and
// forwarder and back, for bursts of offers to one route.
func BenchmarkOffers(b *testing.B) {
	for _, burst := range []int{1, 200} {
		b.Run(fmt.Sprint(burst), func(b *testing.B) {
			nodes := benchNodes(b, 4)
			person, vendors := nodes[0], nodes[1:]
			route := person.openRoute("intent")
			for b.Loop() {
				ids := make(map[*testNode][]string)
				for i := range burst {
					v := vendors[i%len(vendors)]
					self := v.courier.Self()
					ids[v] = append(ids[v], v.send(Outgoing{
						To: route, From: &self, Kind: "offer", Body: make([]byte, 1000), Expires: time.Now().Add(time.Hour), Direct: true,
					}))
				}
				for v, sent := range ids {
					for !allDelivered(v, sent) {
						time.Sleep(10 * time.Millisecond)
					}
				}
			}
		})
	}
}

// BenchmarkDirect is one letter after another to a vendor's own node.
func BenchmarkDirect(b *testing.B) {
	nodes := benchNodes(b, 2)
	to := nodes[1].courier.Self()
	for b.Loop() {
		id := nodes[0].send(Outgoing{To: to, Kind: "x", Body: make([]byte, 1000), Expires: time.Now().Add(time.Hour), Direct: true})
		for !allDelivered(nodes[0], []string{id}) {
			time.Sleep(100 * time.Microsecond)
		}
	}
}
