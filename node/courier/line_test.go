package courier

import (
	"testing"
	"time"

	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Polls are signed once, and then of a session, until the holder has forgotten
// it: then they are again.
func TestPollsByLine(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		route := person.openRoute("card")
		asked := func(proof string) float64 {
			return testutil.ToFloat64(person.courier.count.about.WithLabelValues(proof))
		}
		eventually(t, 10*time.Minute, "requests of a session", func() bool { return asked(proofSession) >= 10 })
		signed := asked(proofSigned)
		if signed > 2 { // one opens the route
			t.Errorf("%v requests were signed", signed)
		}

		var holder *testNode
		for _, n := range nodes {
			if n.host.ID().String() == route.Peer {
				holder = n
			}
		}
		holder.stop()
		holder.start()
		met(t, nodes...)
		before := asked(proofSession)
		eventually(t, 30*time.Minute, "polled as ever after the holder's restart", func() bool { return asked(proofSession) >= before+10 })
		if n := asked(proofSigned) - signed; n < 1 || n > 10 {
			t.Errorf("%v requests were signed after it", n)
		}
		self := nodes[1].courier.Self()
		nodes[1].send(Outgoing{To: route, From: &self, Kind: "x", Body: []byte("hello"), Expires: time.Now().Add(time.Hour), Direct: true})
		eventually(t, 10*time.Minute, "a letter comes by it", func() bool { return len(person.effects()) == 1 })
	})
}

// Nobody on the way can go on with a session, or have it answered twice: what
// was asked by it is of no more use.
func TestLineIsForItsHolderAlone(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		key, err := seal.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		_, x, err := seal.SealRequest(key.Public(), []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := x.Session().SealRequest(0, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		answer := nodes[0].courier.answerHold(t.Context(), nodes[1].host.ID(), foreign)
		if status, _, err := wire.DecodeAnswer(answer); err != nil || status != wire.NoSession {
			t.Errorf("a session that nobody began: %v, %v", status, err)
		}
	})
}

// A line is taken by one at a time, and not for ever.
func TestLineHolder(t *testing.T) {
	var h lineHolder
	now := time.Now()
	if h.take(now) != nil {
		t.Error("a line from nowhere")
	}
	h.put(&line{since: now})
	if h.take(now) == nil || h.take(now) != nil {
		t.Error("a line is for one at a time")
	}
	for what, old := range map[string]*line{"old": {since: now.Add(-lineLife - 1)}, "long": {since: now, next: lineMost}} {
		if h.put(old); h.take(now) != nil {
			t.Errorf("a line that is %s was taken", what)
		}
	}
}
