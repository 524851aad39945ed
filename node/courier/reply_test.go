package courier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// answering is a bubble of four: a person, a vendor that answers every letter
// of the kind "ask", and two who carry and hold.
func answering(t *testing.T, fn func(t *testing.T, person, vendor *testNode, others []*testNode)) {
	t.Helper()
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		vendor := nodes[1]
		vendor.stop()
		vendor.start(vendor.answerAll)
		met(t, nodes...)
		fn(t, nodes[0], vendor, nodes[2:])
	})
}

// answers are the letters that a node has sent in return.
func answers(n *testNode) (out []LetterStatus) {
	n.t.Helper()
	all, err := n.courier.Letters(context.Background(), "")
	if err != nil {
		n.t.Fatal(err)
	}
	for _, l := range all {
		if l.Kind == "answer" {
			out = append(out, l)
		}
	}
	return out
}

// askFrom is a sealed letter to the vendor that asks for an answer by from.
func askFrom(t *testing.T, from intentcast.Route, vendor *testNode) []byte {
	t.Helper()
	now := time.Now()
	sealed, _, err := seal.Seal(vendor.courier.Self().Key, seal.Letter{
		Version: 1, ID: seal.NewID(), Kind: "ask", Body: []byte("well?"), Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour)), From: &from,
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// handIn has n hand a letter in at the vendor itself, and returns what its
// answer brought.
func handIn(t *testing.T, n, vendor *testNode, sealed []byte) [][]byte {
	t.Helper()
	status, rest, err := n.courier.carry(t.Context(), nil, addrInfo(vendor.host), wire.LetterProtocol, wire.EncodeLetterForReplies(sealed), 0)
	if err != nil || status != wire.Taken {
		t.Fatalf("answer %v, %v", status, err)
	}
	_, letters, err := wire.DecodeReceipt(rest)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

// What a letter's handler sends back comes with the answer: in one round trip,
// and the next proves that it was taken. No holder has it, and neither side
// writes an acknowledgement.
func TestAnswerBringsTheReply(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		began := time.Now()
		asked := person.send(Outgoing{To: vendor.courier.Self(), From: &route, Kind: "ask", Body: []byte("well?"), Expires: time.Now().Add(time.Hour)})
		eventually(t, time.Minute, "answered", func() bool { return len(person.effects()) == 1 && person.letter(asked).State == StateDelivered })
		if took := time.Since(began); took > time.Second {
			t.Errorf("answered after %v", took)
		}
		eventually(t, 2*time.Second, "proven", func() bool { return answers(vendor)[0].State == StateDelivered })
		if a := answers(vendor); len(a) != 1 || a[0].HeldBy != "" || a[0].Attempts != 1 {
			t.Errorf("the answer went like this: %+v", a)
		}
		if in := person.inbounds(); len(in) != 1 || in[0].Label != "card" || !bytes.Equal(in[0].To, seal.KeyHash(route.Key)) {
			t.Errorf("taken in as %+v", in)
		}
		time.Sleep(10 * time.Minute)
		if len(person.effects()) != 1 || len(outboxOf(person)) != 1 || len(outboxOf(vendor)) != 1 {
			t.Errorf("%d effects, %d and %d letters", len(person.effects()), len(outboxOf(person)), len(outboxOf(vendor)))
		}
	})
}

// An answer that is lost on its way costs half a minute: then the letter goes to
// the route like any other. Nothing is lost, and nothing comes twice.
func TestReplyThatIsLostComesByTheRoute(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		letters := handIn(t, others[0], vendor, askFrom(t, person.openRoute("card"), vendor)) // as by a carrier that keeps the answer
		if len(letters) != 1 {
			t.Fatalf("%d letters in the answer", len(letters))
		}
		time.Sleep(replyWait - time.Second)
		if a := answers(vendor); a[0].Attempts != 0 {
			t.Errorf("sent before its time: %+v", a)
		}
		eventually(t, 5*time.Minute, "delivered by the holder", func() bool { return answers(vendor)[0].State == StateDelivered })
		if a := answers(vendor); len(person.effects()) != 1 || a[0].HeldBy == "" {
			t.Errorf("%d effects; %+v", len(person.effects()), a)
		}
		// What comes late is known already, and proves nothing any more.
		key := seal.KeyHash(person.courier.routes.get("card").record().Route.Key)
		p, _, err := person.courier.takeReply(t.Context(), key, letters[0], nil)
		if err != nil || p == nil || p.Status != wire.Taken || len(person.effects()) != 1 {
			t.Errorf("taken again: %+v, %v, %d effects", p, err, len(person.effects()))
		}
		if got := vendor.courier.takeProof(t.Context(), p); got != wire.NoSession {
			t.Errorf("proof of what nobody waits for: %v", got)
		}
	})
}

// A proof that nobody but the recipient can make is not made by a carrier: the
// letter goes another way, at once.
func TestFalseProof(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		letters := handIn(t, others[0], vendor, askFrom(t, person.openRoute("card"), vendor))
		for _, c := range []struct {
			of   []byte
			want wire.Status
		}{{make([]byte, 32), wire.NoSession}, {wire.LetterID(letters[0]), wire.Forbidden}, {wire.LetterID(letters[0]), wire.NoSession}} {
			frame := wire.EncodeProof(wire.Proof{Letter: c.of, Status: wire.Taken, Receipt: make([]byte, seal.ReceiptSize)})
			status, _, err := others[0].courier.carry(t.Context(), nil, addrInfo(vendor.host), wire.LetterProtocol, frame, 0)
			if err != nil || status != c.want {
				t.Errorf("answer %v, want %v: %v", status, c.want, err)
			}
		}
		if a := answers(vendor); a[0].State == StateDelivered {
			t.Error("believed")
		}
		eventually(t, 2*time.Minute, "delivered by the holder", func() bool {
			return len(person.effects()) == 1 && answers(vendor)[0].State == StateDelivered
		})
	})
}

// A stranger who names another's route as his own learns nothing of what is
// sent there, and keeps none of it up.
func TestAnswerBringsNothingElse(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		route, self := person.openRoute("card"), vendor.courier.Self()
		sealed := askFrom(t, route, vendor)
		// While that letter has its effect, another transaction writes there.
		vendor.stop()
		vendor.start(func(c *Config) {
			c.Handle = func(_ context.Context, tx store.Tx, in Inbound) error {
				other := &durableTx{Tx: tx}
				_, err := vendor.courier.Send(other, Outgoing{To: route, From: &self, Kind: "news", Body: []byte("news"), Expires: in.Expires, Direct: true})
				for _, then := range other.then {
					then()
				}
				return err
			}
		})
		met(t, person, vendor)
		if letters := handIn(t, others[0], vendor, sealed); len(letters) != 0 {
			t.Errorf("the answer brings %d letters of another transaction's", len(letters))
		}
	})
}

// An answer is taken in by the route it answers and by no other, nor by one
// that is closed: that it is read would show whose a route is.
func TestReplyToAnotherRouteIsNotRead(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		a, b := person.openRoute("a"), person.openRoute("b")
		toB := handIn(t, others[0], vendor, askFrom(t, b, vendor))
		if p, _, err := person.courier.takeReply(t.Context(), seal.KeyHash(a.Key), toB[0], nil); p != nil || err != nil {
			t.Errorf("letter to route b in the answer to one of a's: %+v, %v", p, err)
		}
		if p, _, err := person.courier.takeReply(t.Context(), []byte(person.courier.keyHash), toB[0], nil); p != nil || err != nil {
			t.Errorf("letter to route b in the answer to one of the node's own: %+v, %v", p, err)
		}
		if p, _, err := person.courier.takeReply(t.Context(), make([]byte, 32), toB[0], nil); p != nil || err != nil {
			t.Errorf("letter by a route that is closed: %+v, %v", p, err)
		}
		if got := person.effects(); len(got) != 0 {
			t.Errorf("had an effect: %q", got)
		}
	})
}

// Who refuses what an answer brought says so and why, as for any letter.
func TestReplyIsRefused(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		person.stop()
		person.start(func(c *Config) {
			c.Handle = func(context.Context, store.Tx, Inbound) error { return Refuse("not like this") }
		})
		met(t, person, vendor)
		person.send(Outgoing{To: vendor.courier.Self(), From: &route, Kind: "ask", Expires: time.Now().Add(time.Hour)})
		eventually(t, time.Minute, "refused with its reason", func() bool {
			a := answers(vendor)
			return len(a) == 1 && a[0].State == StateRefused && a[0].Problem == "not like this"
		})
	})
}

// A handler that fails for now has the letter come again, by the route.
func TestReplyThatFailsComesAgain(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route, tries := person.openRoute("card"), 0
		person.stop()
		person.start(func(c *Config) {
			inner := c.Handle
			c.Handle = func(ctx context.Context, tx store.Tx, in Inbound) error {
				if tries++; tries == 1 {
					return errors.New("the disk is full")
				}
				return inner(ctx, tx, in)
			}
		})
		met(t, person, vendor)
		person.send(Outgoing{To: vendor.courier.Self(), From: &route, Kind: "ask", Expires: time.Now().Add(time.Hour)})
		eventually(t, 10*time.Minute, "taken in", func() bool { return len(person.effects()) == 1 && answers(vendor)[0].State == StateDelivered })
	})
}

// A node that stops while answers are unproven sends them when it is back.
func TestRepliesOutliveTheProcess(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		handIn(t, others[0], vendor, askFrom(t, person.openRoute("card"), vendor))
		vendor.stop()
		if left := outboxOf(vendor); len(left) != 1 || left[0].Due.After(time.Now()) {
			t.Errorf("stored are %+v", left)
		}
		vendor.start()
		met(t, person, vendor)
		eventually(t, 2*time.Minute, "delivered", func() bool { return len(person.effects()) == 1 })
	})
}

// Answers that nobody proves take a bounded part of memory.
func TestUnprovenRepliesAreBounded(t *testing.T) {
	r := newReplies()
	for i := range mostReplies {
		if !r.room() {
			t.Fatalf("no room after %d", i)
		}
		r.await(task{}, fmt.Sprint(i), nil, func() {})
	}
	if r.room() {
		t.Error("room for more")
	}
	if _, _, ok := r.take("7"); !ok || !r.room() {
		t.Error("no room after one was proven")
	}
	if left := r.stop(); len(left) != mostReplies-1 || r.room() || r.await(task{}, "one more", nil, func() {}) {
		t.Errorf("%d left, and more are taken", len(left))
	}
}
