package courier

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"pgregory.net/rapid"
)

// A reason is cut between characters, and is always text that can be sent.
func TestRefuse(t *testing.T) {
	for in, want := range map[string]string{
		"no":                               "no",
		strings.Repeat("x", 256):           strings.Repeat("x", 256),
		strings.Repeat("x", 257):           strings.Repeat("x", 256),
		strings.Repeat("ü", 200):           strings.Repeat("ü", 128),
		"x" + strings.Repeat("ü", 200):     "x" + strings.Repeat("ü", 127),
		strings.Repeat("x", 254) + "日本":    strings.Repeat("x", 254),
		strings.Repeat("x", 253) + "日本":    strings.Repeat("x", 253) + "日",
		"\xff is not text":                 "\uFFFD is not text",
		strings.Repeat("x", 255) + "\xe6x": strings.Repeat("x", 255),
	} {
		var no *Refusal
		if err := Refuse("%s", in); !errors.As(err, &no) || no.Reason != want {
			t.Errorf("%q: got %q, want %q", in, no.Reason, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "reason"))
		if got := clip(s, 8); len(got) > 8 || !utf8.ValidString(got) || !strings.HasPrefix(strings.ToValidUTF8(s, "\uFFFD"), got) {
			t.Fatalf("%q cut to %q", s, got)
		}
	})
}

// countingStore counts the transactions of its owner.
type countingStore struct {
	store.Store
	views, updates atomic.Int64
}

func (s *countingStore) View(ctx context.Context, fn func(store.Tx) error) error {
	s.views.Add(1)
	return s.Store.View(ctx, fn)
}

func (s *countingStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.updates.Add(1)
	return s.Store.Update(ctx, fn)
}

func (s *countingStore) Claim(ctx context.Context, kind store.Kind, now time.Time, lease time.Duration, limit int) ([]store.Record, error) {
	s.updates.Add(1)
	return s.Store.Claim(ctx, kind, now, lease, limit)
}

// Wake costs nothing where nothing was sent, and little where much was; a
// letter goes out at once all the same.
func TestWakeIsCheap(t *testing.T) {
	bubble(t, 2, func(t *testing.T, nodes []*testNode) {
		n, to := nodes[0], nodes[1].courier.Self()
		n.stop()
		counting := &countingStore{Store: n.store}
		n.store = counting
		n.start()
		time.Sleep(2*sweepEvery + wakeMemory)
		wake := func(times int) (views, updates int64) {
			views, updates = counting.views.Load(), counting.updates.Load()
			for range times {
				n.courier.Wake()
				synctest.Wait()
			}
			return counting.views.Load() - views, counting.updates.Load() - updates
		}
		if views, updates := wake(1000); views+updates != 0 {
			t.Errorf("1000 times with nothing sent: %d reads, %d writes", views, updates)
		}
		id := n.send(Outgoing{To: to, Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
		eventually(t, time.Second, "sent", func() bool { return n.letter(id).State == StateDelivered })
		time.Sleep(time.Second)
		if views, updates := wake(1000); views > 2 || updates != 0 {
			t.Errorf("1000 times in one moment, after a letter: %d reads, %d writes", views, updates)
		}
		ids := make([]string, 50)
		for i := range ids {
			ids[i] = n.send(Outgoing{To: to, Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
		}
		eventually(t, time.Second, "all sent", func() bool { return allDelivered(n, ids) })
	})
}

// Letters to many peers that sleep do not cast suspicion on those who carry
// them, or own routes would wander from one to the next; nor do they go by the
// same one again.
func TestSleepingRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		nodes := nodesOn(t, 4, newHost, everybody)
		defer shut(nodes...)
		person := nodes[0]
		route := person.openRoute("card")
		rt := person.courier.routes.get("card")
		asleep := make([]host.Host, 10)
		for i := range asleep {
			asleep[i] = newHost(10 + i)
			asleep[i].Close()
		}
		time.Sleep(time.Minute)
		via, err := person.courier.viaFor(rt)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, h := range asleep {
			to := nodes[1].courier.Self()
			to.Peer, to.Addrs = h.ID().String(), nil
			ids = append(ids, person.send(Outgoing{To: to, From: &route, Kind: "x", Expires: time.Now().Add(time.Hour)}))
		}
		for range 20 {
			time.Sleep(30 * time.Second)
			if now, err := person.courier.viaFor(rt); err != nil || now.ID != via.ID {
				t.Fatalf("asked about through %v (%v), and before through %s", now, err, via.ID)
			}
		}
		for _, id := range ids {
			if l := person.letter(id); l.State != StateQueued || l.Attempts < 3 {
				t.Errorf("letter %+v", l)
			}
		}
	})
}

// The next attempt goes by another forwarder than the one that failed, unless
// that was only busy; and who admits to have failed is passed over elsewhere.
func TestBlame(t *testing.T) {
	n := &testNode{t: t, host: &bareHost{}}
	for name, c := range map[string]struct {
		err     error
		other   bool
		suspect bool
	}{
		"busy":                    {&carrierError{"f", errCarrierBusy}, false, false},
		"failed":                  {&carrierError{"f", errors.New("cut")}, true, true},
		"recipient not reached":   {fmt.Errorf("%w: asleep", errUnreached), true, false},
		"answer that can't be so": {nil, true, false},
	} {
		courier := n.bare()
		now := time.Now()
		courier.book.put(peer.AddrInfo{ID: "f"}, freshRecord(now, time.Hour))
		var o outcome
		courier.blame(&o, "f", c.err)
		if _, ok := courier.book.entry("f", now); (o.via != "") != c.other || ok == c.suspect {
			t.Errorf("%s: %+v, suspect %v", name, o, !ok)
		}
	}
}

// One route goes on trying what could not be reached, each way apart, and
// another when that one has ended.
func TestReach(t *testing.T) {
	r, now := newReach(), time.Now()
	a, b := new(ownRoute), new(ownRoute)
	w := way{via: "f", holder: "h"}
	if !r.open(w, a, now) || !r.open(w, b, now) {
		t.Error("closed though nothing failed")
	}
	r.failed(w, a, now)
	r.failed(w, b, now) // it was under way as well
	if !r.open(w, a, now) || r.open(w, b, now) || !r.open(way{via: "g", holder: "h"}, b, now) {
		t.Error("want it open for the first route alone, and every other way")
	}
	later := now.Add(outageLife)
	if !r.open(w, b, later) || r.open(w, a, later) {
		t.Error("want another route to try when the first has not for long")
	}
	r.reached(w)
	if !r.open(w, a, now) || !r.open(w, b, now) {
		t.Error("closed though it was reached")
	}
	r.failed(w, a, now)
	if r.sweep(later); len(r.gone) != 0 {
		t.Error("not forgotten")
	}
}

// What does not fit a lane comes again about when there is room, however fast
// the lane is.
func TestLanePace(t *testing.T) {
	for _, each := range []time.Duration{2 * time.Millisecond, 50 * time.Millisecond, 3 * time.Second} {
		ln, now := &lane{pace: lanePace}, time.Now()
		for range 100 {
			ln.began(now)
			now = now.Add(each)
			ln.ended(now)
		}
		var last time.Duration
		for range 1000 {
			last = ln.later()
		}
		want := min(1000*each, laneLimit)
		if last < want*9/10 || last > want*11/10 {
			t.Errorf("%v a letter: the last of 1000 is to come after %v, want %v", each, last, want)
		}
	}
}

// Letters handed over come out in their order, no more than asked for.
func TestHanded(t *testing.T) {
	var h handed
	for i := range mostHanded {
		if !h.room() {
			t.Fatalf("no room for letter %d", i)
		}
		h.put(task{rec: store.Record{ID: fmt.Sprint(i)}})
	}
	if h.room() {
		t.Error("no end of room")
	}
	if got := h.take(-1); len(got) != 0 {
		t.Errorf("%d letters of none asked for", len(got))
	}
	next := 0
	for _, n := range []int{3, 0, mostHanded} {
		for _, task := range h.take(n) {
			if task.rec.ID != fmt.Sprint(next) {
				t.Fatalf("got %s, want %d", task.rec.ID, next)
			}
			next++
		}
	}
	if next != mostHanded || !h.room() {
		t.Errorf("%d of %d came out", next, mostHanded)
	}
}

// An acknowledgement that was written and not yet sent when the process ended
// is sent by the next one, well before its claim is over.
func TestHandedSurvivesAKill(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		route, self := person.openRoute("card"), vendor.courier.Self()
		vendor.stop()
		id := ""
		if err := vendor.store.Update(t.Context(), func(tx store.Tx) (err error) {
			id, err = vendor.courier.Send(tx.(Tx), Outgoing{To: route, From: &self, Kind: "x", Expires: time.Now().Add(24 * time.Hour), Direct: true})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		vendor.start()
		eventually(t, time.Minute, "received", func() bool {
			if len(person.effects()) == 0 {
				return false
			}
			person.cancel() // as soon as the effect is durable
			return true
		})
		<-person.ended
		person.start()
		eventually(t, 20*time.Second, "acknowledged", func() bool { return vendor.letter(id).State == StateDelivered })
	})
}

// A letter that came twice is one effect and two acknowledgements of the same.
func TestSeenBefore(t *testing.T) {
	n := &testNode{t: t, host: &bareHost{}}
	c := n.bare()
	in := Inbound{ID: "00", To: []byte("key"), Expires: time.Now().Add(time.Hour)}
	runs := 0
	for i, want := range []wire.Status{wire.Taken, wire.Duplicate, wire.Duplicate} {
		got, err := c.effect(t.Context(), in, func(store.Tx) error { runs++; return nil })
		if err != nil || got != want || runs != 1 {
			t.Errorf("time %d: %v, %v, %d effects", i, got, err, runs)
		}
	}
	other := in
	other.To = []byte("another key")
	failed := errors.New("failed")
	if _, err := c.effect(t.Context(), other, func(store.Tx) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	nothing := func(store.Tx) error { return nil }
	for i, what := range []string{"refused", "refused before"} {
		if got, err := c.effect(t.Context(), other, nothing, "no"); err != nil || got != wire.Refused {
			t.Errorf("%s, time %d: %v, %v", what, i, got, err)
		}
	}
}
