package courier

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// bubble runs fn with n nodes, all connected, in virtual time.
func bubble(t *testing.T, n int, fn func(t *testing.T, nodes []*testNode), opts ...nodeOption) {
	t.Helper()
	synctestNodes(t, n, everybody, fn, opts...)
}

// synctestNodes runs fn with n nodes, connected as edge says, in virtual time.
func synctestNodes(t *testing.T, n int, edge func(i, j int) bool, fn func(t *testing.T, nodes []*testNode), opts ...nodeOption) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		nodes := nodesOn(t, n, newHost, edge, opts...)
		defer func() { shut(nodes...) }()
		fn(t, nodes)
	})
}

// holderOfRoute returns the index of the node that holds a route.
func holderOfRoute(nodes []*testNode, peerText string) int {
	for i, n := range nodes {
		if n.host.ID().String() == peerText {
			return i
		}
	}
	return -1
}

// A route is the same after its owner's restart, and gets what came meanwhile.
func TestRouteSurvivesRestart(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		route := person.openRoute("intent")
		person.stop()
		self := vendor.courier.Self()
		offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Body: []byte("x"), Expires: time.Now().Add(time.Hour), Direct: true})
		eventually(t, time.Minute, "held", func() bool { return vendor.letter(offer).State == StateHeld })
		if l := vendor.letter(offer); l.Peer != route.Peer || !l.Slot {
			t.Errorf("letter %+v", l)
		}
		time.Sleep(10 * time.Minute)
		person.start()
		eventually(t, time.Minute, "delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
		if again := person.openRoute("intent"); string(again.Slot) != string(route.Slot) || again.Peer != route.Peer {
			t.Error("the label has another route after the restart")
		}
		if got := person.effects(); len(got) != 1 {
			t.Errorf("%d effects", len(got))
		}
	})
}

// What a holder owned to have is there after its restart: the recipient gets it
// though the sender is gone by then.
func TestHolderRestarts(t *testing.T) {
	bubble(t, 5, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		route := person.openRoute("intent")
		holder := nodes[holderOfRoute(nodes, route.Peer)]
		if holder == vendor {
			vendor = nodes[2]
		}
		person.stop()
		self := vendor.courier.Self()
		offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Body: []byte("x"), Expires: time.Now().Add(24 * time.Hour), Direct: true})
		eventually(t, time.Minute, "held", func() bool { return vendor.letter(offer).State == StateHeld })
		vendor.stop()
		holder.stop()
		if kept := holder.count(t, "held-letter"); kept != 1 {
			t.Fatalf("%d letters in the holder's store", kept)
		}
		holder.start()
		person.start()
		eventually(t, time.Minute, "the letter's effect", func() bool { return len(person.effects()) == 1 })
		time.Sleep(time.Minute)
		if kept := holder.count(t, "held-letter"); kept != 0 {
			t.Errorf("%d letters stay in the holder's store after they were fetched", kept)
		}
		vendor.start()
		eventually(t, time.Hour, "delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
	})
}

// count returns how many records of a kind the node has.
func (n *testNode) count(t *testing.T, kind store.Kind) (count int) {
	t.Helper()
	if err := n.store.View(context.Background(), func(tx store.Tx) (err error) {
		count, err = tx.Count(store.Query{Kind: kind})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return count
}

// A holder that is gone is reported once, and used again when it is back.
func TestLostHolder(t *testing.T) {
	var mu sync.Mutex
	var losses []RouteLoss
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(losses)
	}
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		route := person.openRoute("intent")
		holder := nodes[holderOfRoute(nodes, route.Peer)]
		holder.stop()
		time.Sleep(8 * time.Minute)
		if count() != 0 {
			t.Error("reported too early")
		}
		time.Sleep(10 * time.Minute)
		if count() != 1 || losses[0].Label != "intent" || losses[0].Holder != route.Peer || losses[0].Reason == "" {
			t.Fatalf("losses %+v", losses)
		}
		holder.start()
		time.Sleep(10 * time.Minute)
		vendor := nodes[1+holderOfRoute(nodes, route.Peer)%3]
		self := vendor.courier.Self()
		offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Expires: time.Now().Add(30 * time.Minute), Direct: true})
		eventually(t, 10*time.Minute, "delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
		if count() != 1 {
			t.Errorf("%d losses", count())
		}
	}, func(c *Config) {
		c.RouteLost = func(l RouteLoss) {
			mu.Lock()
			defer mu.Unlock()
			losses = append(losses, l)
		}
	})
}

// Closing a route, or the end of its time, leaves nothing: no slot, no record,
// no key.
func TestRouteEnds(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		ctx := context.Background()
		person.openRoute("closed")
		if _, err := person.courier.OpenRoute(ctx, "expired", time.Now().Add(10*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := person.courier.CloseRoute(ctx, "closed"); err != nil {
			t.Fatal(err)
		}
		if err := person.courier.CloseRoute(ctx, "closed"); err != nil {
			t.Errorf("closing a second time: %v", err)
		}
		time.Sleep(11 * time.Minute)
		if st := person.courier.Routing(); st.Routes != 0 {
			t.Errorf("%d routes", st.Routes)
		}
		for i, n := range nodes[1:] {
			if st := n.courier.holder.Stats(); st.Slots != 0 {
				t.Errorf("holder %d keeps %d slots", i, st.Slots)
			}
		}
		if names := person.secrets.Names(); len(names) != 1 || names[0] != selfSecret {
			t.Errorf("secrets left: %q", names)
		}
		err := person.store.View(ctx, func(tx store.Tx) error {
			n, err := tx.Count(store.Query{Kind: kindRoute})
			if n != 0 {
				t.Errorf("%d records left", n)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A route lives longer than any slot: it is extended in time, and by asking
// again for the label.
func TestLongRoute(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person, ctx := nodes[0], context.Background()
		route, err := person.courier.OpenRoute(ctx, "card", time.Now().Add(10*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		again, err := person.courier.OpenRoute(ctx, "card", time.Now().Add(2*time.Hour))
		if err != nil || string(again.Slot) != string(route.Slot) {
			t.Fatalf("another route, %v", err)
		}
		time.Sleep(50 * time.Minute)
		holder := nodes[holderOfRoute(nodes, route.Peer)]
		if st := holder.courier.holder.Stats(); st.Slots != 1 {
			t.Errorf("the slot is gone after 50 minutes")
		}
	}, func(c *Config) {
		c.Limits.Hold = DefaultLimits().Hold
		c.Limits.Hold.Life = 20 * time.Minute
	})
}

// A refusal is final, undoes the handler's writes, and its reason comes back,
// by either road.
func TestRefusal(t *testing.T) {
	refuse := func(c *Config) {
		inner := c.Handle
		c.Handle = func(ctx context.Context, tx store.Tx, in Inbound) error {
			if err := inner(ctx, tx, in); err != nil {
				return err
			}
			return fmt.Errorf("handler: %w", Refuse("no %s today", in.Kind))
		}
	}
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		route, self := person.openRoute("intent"), vendor.courier.Self()
		offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offers", Body: []byte("x"), Expires: time.Now().Add(time.Hour), Direct: true})
		answer := person.send(Outgoing{To: self, From: &route, Kind: "answers", Body: []byte("x"), Expires: time.Now().Add(time.Hour)})
		eventually(t, time.Minute, "both refused with reason", func() bool {
			return vendor.letter(offer).Problem == "no offers today" && person.letter(answer).Problem == "no answers today"
		})
		for n, id := range map[*testNode]string{vendor: offer, person: answer} {
			if l := n.letter(id); l.State != StateRefused || !l.Next.IsZero() {
				t.Errorf("letter %+v", l)
			}
			if got := n.effects(); len(got) != 0 {
				t.Errorf("a refused letter has had effects: %q", got)
			}
		}
		if n := len(person.inbounds()); n != 1 {
			t.Errorf("the handler saw the refused letter %d times", n)
		}
	}, refuse)
}

// A letter nobody takes is given up when it expires, and forgotten a week
// later; one that expires under way has no effect.
func TestExpiry(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		to := nodes[1].courier.Self()
		nodes[1].stop()
		id := nodes[0].send(Outgoing{To: to, Kind: "x", Expires: time.Now().Add(time.Hour), Ref: "card 1"})
		time.Sleep(30 * time.Minute)
		if l := nodes[0].letter(id); l.State != StateQueued || l.Attempts < 5 || l.Attempts > 60 || !strings.Contains(l.Problem, "not reached") {
			t.Errorf("after half an hour: %+v", l)
		}
		time.Sleep(31 * time.Minute)
		nodes[1].start()
		time.Sleep(time.Hour)
		ls, err := nodes[0].courier.Letters(context.Background(), "card 1")
		if err != nil || len(ls) != 1 || ls[0].State != StateExpired {
			t.Errorf("letters %+v, %v", ls, err)
		}
		if n := len(nodes[1].effects()); n != 0 {
			t.Errorf("%d effects", n)
		}
	})
}

// What became of a letter is forgotten after a week.
func TestFinalStatesAreForgotten(t *testing.T) {
	bubble(t, 1, func(t *testing.T, nodes []*testNode) {
		sender := nodes[0]
		to := sender.courier.Self()
		to.Peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
		id := sender.send(Outgoing{To: to, Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
		time.Sleep(keepFinal)
		if l := sender.letter(id); l.State != StateExpired {
			t.Errorf("letter %+v", l)
		}
		time.Sleep(2 * time.Hour)
		if ls, err := sender.courier.Letters(context.Background(), ""); err != nil || len(ls) != 0 {
			t.Errorf("still known: %+v, %v", ls, err)
		}
	})
}

// Ids are remembered as long as a letter could come again, and then forgotten.
func TestSeenAreSwept(t *testing.T) {
	bubble(t, 2, func(t *testing.T, nodes []*testNode) {
		seen := func() (n int) {
			err := nodes[1].store.View(context.Background(), func(tx store.Tx) (err error) {
				n, err = tx.Count(store.Query{Kind: kindSeen})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		id := nodes[0].send(Outgoing{To: nodes[1].courier.Self(), Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
		eventually(t, time.Minute, "delivered", func() bool { return nodes[0].letter(id).State == StateDelivered })
		nodes[0].host.Close() // an idle connection takes long to simulate
		time.Sleep(24 * time.Hour)
		if seen() != 1 {
			t.Error("forgotten within the margin")
		}
		time.Sleep(2 * time.Hour)
		if seen() != 0 {
			t.Error("not forgotten")
		}
	})
}

// Letters to a peer that never answers do not hold up those to another.
func TestSlowDestination(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		sender, slow, quick := nodes[0], nodes[1], nodes[2]
		hang := make(chan struct{})
		defer close(hang)
		slow.stop()
		slow.start(func(c *Config) {
			c.Handle = func(ctx context.Context, _ store.Tx, _ Inbound) error {
				select {
				case <-hang:
				case <-ctx.Done():
				}
				return errors.New("too late")
			}
		})
		for range 400 {
			sender.send(Outgoing{To: slow.courier.Self(), Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
		}
		time.Sleep(time.Second)
		began := time.Now()
		id := sender.send(Outgoing{To: quick.courier.Self(), Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
		eventually(t, time.Minute, "delivered", func() bool { return sender.letter(id).State == StateDelivered })
		if took := time.Since(began); took > time.Second {
			t.Errorf("delivered after %v", took)
		}
	})
}

// More routes than may wait at their holders at once take turns.
func TestPollsTakeTurns(t *testing.T) {
	const routes = 6
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		self := vendor.courier.Self()
		var ids []string
		for i := range routes {
			r := person.openRoute(fmt.Sprint(i))
			ids = append(ids, vendor.send(Outgoing{To: r, From: &self, Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true}))
		}
		eventually(t, 2*time.Minute, "all delivered", func() bool { return allDelivered(vendor, ids) })
		waiting := 0
		for _, n := range nodes[1:] {
			waiting += n.courier.holder.Stats().Polls
		}
		if waiting > 2 {
			t.Errorf("%d fetches wait, two may", waiting)
		}
	}, func(c *Config) { c.Limits.Polls = 2 })
}

// A forwarder that swallows letters and says they were taken gains nothing:
// the recipient's receipt is missing, and the next attempt takes another way.
func TestLyingForwarder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		nodes := nodesOn(t, 4, func(i int) host.Host {
			if i == 2 {
				return &lyingHost{Host: newHost(i)}
			}
			return newHost(i)
		}, everybody)
		defer shut(nodes...)
		lie := wire.EncodeAnswer(wire.Taken, wire.EncodeAnswer(wire.Taken, make([]byte, 32)))
		nodes[2].host.(*lyingHost).lie(wire.ForwardProtocol, lie)
		var ids []string
		for range 20 {
			ids = append(ids, nodes[0].send(Outgoing{To: nodes[1].courier.Self(), Kind: "x", Expires: time.Now().Add(2 * time.Hour)}))
		}
		eventually(t, time.Hour, "all delivered", func() bool { return allDelivered(nodes[0], ids) })
		if got := len(nodes[1].effects()); got != len(ids) {
			t.Errorf("%d effects of %d letters", got, len(ids))
		}
	})
}

// lyingHost can answer a protocol with always the same.
type lyingHost struct{ host.Host }

func (h *lyingHost) lie(p protocol.ID, answer []byte) {
	h.Host.SetStreamHandler(p, func(s network.Stream) {
		_, _ = wire.ReadFrame(s, wire.MaxForward)
		_ = wire.WriteFrame(s, answer)
		_ = s.Close()
	})
	cutOpen(h, p)
}
