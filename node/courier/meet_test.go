package courier

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/hello"
	"github.com/parley-network/parley/node/courier/wire"
)

// Connected peers have each other's records, renewed before they expire; a
// peer that is gone is forgotten when its record expires.
func TestRecordsStayFresh(t *testing.T) {
	bubble(t, 2, func(t *testing.T, nodes []*testNode) {
		for range 5 {
			time.Sleep(recordLife / 2)
			for i, n := range nodes {
				r, ok := n.courier.book.get(nodes[1-i].host.ID(), time.Now())
				if !ok || time.Until(r.Expires.Std()) < recordRefresh-time.Minute {
					t.Fatalf("record of node %d expires %v, fresh %v", 1-i, r.Expires, ok)
				}
				if !r.Hold || !r.Forward || r.Letters != 256 {
					t.Errorf("record %+v", r)
				}
			}
		}
		nodes[1].host.Close()
		time.Sleep(recordLife + 2*time.Minute)
		if st := nodes[0].courier.Routing(); st.Holders != 0 || st.Forwarders != 0 {
			t.Errorf("a peer long gone is still counted: %+v", st)
		}
	})
}

// A record is taken from the peer it is about, and from nobody else.
func TestRecordsFromOthers(t *testing.T) {
	nodes := loopback(t, 2, everybody, quick)
	defer shut(nodes...)
	r := newRaw(t, nodes[0])
	stranger := newNode(t, loopbackHost(t), quick)
	defer shut(stranger)
	signed, err := stranger.courier.record()
	if err != nil {
		t.Fatal(err)
	}
	if got := r.frame(wire.HelloProtocol, signed); got != wire.Malformed {
		t.Errorf("another's record: %v", got)
	}
	if _, known := nodes[0].courier.book.get(stranger.host.ID(), time.Now()); known {
		t.Error("another's record was kept")
	}
	own, err := hello.Sign(r.h.Peerstore().PrivKey(r.h.ID()), r.h.Addrs(), mustRecord(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.frame(wire.HelloProtocol, own); got != wire.Taken {
		t.Errorf("its own record: %v", got)
	}
	if _, known := nodes[0].courier.book.get(r.h.ID(), time.Now()); !known {
		t.Error("its own record was not kept")
	}
}

func mustRecord(t *testing.T, signed []byte) hello.Record {
	t.Helper()
	r, _, err := hello.Open(signed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A peer whose hello fails is asked again, less and less often.
func TestHelloIsRetried(t *testing.T) {
	bubble(t, 1, func(t *testing.T, nodes []*testNode) {
		n := nodes[0]
		m := &meetings{c: n.courier, state: make(map[peer.ID]*meeting), room: make(chan struct{}, 1)}
		var pauses []time.Duration
		for range 8 {
			m.state["p"] = orNew(m.state["p"])
			m.met("p", network.ErrNoConn)
			pauses = append(pauses, time.Until(m.state["p"].next))
		}
		if pauses[0] > refreshEvery || pauses[7] < helloLimit/2 || pauses[7] > helloLimit {
			t.Errorf("pauses %v", pauses)
		}
		if m.met("p", nil); len(m.state) != 0 {
			t.Error("a peer that was met is still noted")
		}
	})
}

func orNew(m *meeting) *meeting {
	if m == nil {
		return new(meeting)
	}
	return m
}
