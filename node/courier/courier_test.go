package courier

import (
	"testing"
	"testing/synctest"
	"time"
)

// The main road, over real transports: a vendor offers to a person's route, the
// person's node fetches it from a holder and acknowledges, and answers to the
// vendor's own node.
func TestOfferAndAnswer(t *testing.T) {
	nodes := loopback(t, 4, everybody, quick)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1]

	route := person.openRoute("intent 1")
	if route.Peer == person.host.ID().String() {
		t.Fatal("the route names the person's own node")
	}
	self := vendor.courier.Self()
	offer := vendor.send(Outgoing{
		To: route, From: &self, Kind: "offer", Body: []byte("a stroller"), Expires: time.Now().Add(time.Hour), Ref: "intent 1", Direct: true,
	})
	eventually(t, 10*time.Second, "offer delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
	in := person.inbounds()
	if len(in) != 1 || in[0].Label != "intent 1" || in[0].Kind != "offer" || in[0].ID != offer || string(in[0].Body) != "a stroller" {
		t.Fatalf("the person got %+v", in)
	}

	accept := person.send(Outgoing{To: *in[0].From, From: &route, Kind: "accept", Body: []byte("yes"), Expires: time.Now().Add(time.Hour)})
	eventually(t, 10*time.Second, "acceptance delivered", func() bool { return person.letter(accept).State == StateDelivered })
	if got := vendor.effects(); len(got) != 1 || got[0] != "yes" {
		t.Fatalf("the vendor has %q", got)
	}
	if in := vendor.inbounds(); in[0].Label != "" || in[0].From.Peer != route.Peer {
		t.Fatalf("the vendor got %+v", in[0])
	}
}

// The same in virtual time, in a bubble that no goroutine may outlive.
func TestOfferAndAnswerSimulated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		nodes := nodesOn(t, 4, newHost, everybody)
		defer shut(nodes...)
		person, vendor := nodes[0], nodes[1]
		route := person.openRoute("intent 1")
		self := vendor.courier.Self()
		began := time.Now()
		offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Body: []byte("x"), Expires: began.Add(time.Hour), Direct: true})
		eventually(t, time.Minute, "offer delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
		if took := time.Since(began); took > time.Second {
			t.Errorf("delivered and acknowledged after %v over links of 10 ms", took)
		}
	})
}
