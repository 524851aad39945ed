package courier

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

// letterWrites counts the letters written to a store.
type letterWrites struct {
	store.Store
	n atomic.Int32
}

func (s *letterWrites) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(countedTx{tx, &s.n}) })
}

type countedTx struct {
	store.Tx
	n *atomic.Int32
}

func (t countedTx) Put(r store.Record) error {
	if r.Kind == kindLetter {
		t.n.Add(1)
	}
	return t.Tx.Put(r)
}

// outboxOf returns the letters that a node has stored, acknowledgements too.
func outboxOf(n *testNode) (recs []store.Record) {
	n.t.Helper()
	err := n.store.View(context.Background(), func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindLetter})
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return recs
}

// toRoute has the vendor send a letter by a slot of the person's, which another
// holds.
func toRoute(person, vendor *testNode) string {
	person.t.Helper()
	self := vendor.courier.Self()
	route, err := person.courier.OpenRoute(context.Background(), "card", time.Now().Add(time.Hour), vendor.host.ID())
	if err != nil {
		person.t.Fatal(err)
	}
	return vendor.send(Outgoing{
		To: route, From: &self, Kind: "receipt", Body: []byte("yes"), Expires: time.Now().Add(24 * time.Hour), Direct: true,
	})
}

// An acknowledgement that goes out at once is never written.
func TestAcknowledgementIsNotWritten(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		writes := &letterWrites{Store: person.store}
		person.stop()
		person.store = writes
		person.start()
		met(t, nodes...)
		id := toRoute(person, vendor)
		eventually(t, 10*time.Minute, "acknowledged", func() bool { return vendor.letter(id).State == StateDelivered })
		if n := writes.n.Load(); n != 0 {
			t.Errorf("%d letters were written", n)
		}
	})
}

// One that can't go out is, and goes when it can, from another process even.
func TestAcknowledgementThatCannotGoIsKept(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		id := toRoute(person, vendor)
		eventually(t, time.Minute, "held", func() bool { return vendor.letter(id).State == StateHeld })
		vendor.stop()
		eventually(t, 10*time.Minute, "taken", func() bool { return len(person.effects()) == 1 })
		eventually(t, 10*time.Minute, "the acknowledgement is stored", func() bool { return len(outboxOf(person)) == 1 })
		person.stop()
		person.start()
		vendor.start()
		eventually(t, 24*time.Hour, "acknowledged", func() bool { return vendor.letter(id).State == StateDelivered })
		if n := len(person.effects()); n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

// What is only in memory when the process ends is stored by then.
func TestAcknowledgementsOutliveTheProcess(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		self := vendor.courier.Self()
		c := person.courier
		waiting, err := c.sealAck(Inbound{
			ID: "00112233445566778899aabbccddeeff", From: &self, Label: "card", Expires: time.Now().Add(time.Hour), incoming: incoming{by: byHolder},
		}, seen{Version: 1})
		if err != nil || waiting == nil || !waiting.fresh {
			t.Fatalf("%+v, %v", waiting, err)
		}
		person.stop()
		c.handed.put(*waiting)
		newDispatcher(c).keepFresh()
		left := outboxOf(person)
		if len(left) != 1 || left[0].ID != waiting.rec.ID || left[0].Due.After(time.Now()) {
			t.Errorf("stored are %+v", left)
		}
	})
}
