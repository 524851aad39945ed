package courier

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/node/store"
	"pgregory.net/rapid"
)

func named(label string) *poller { return &poller{rt: &ownRoute{label: label}} }

// Routes have their turns as they are due, one hastened before its time; one
// whose turn it is has no other, and one that was dropped none at all.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := time.Now()
		at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
		when := rapid.IntRange(0, 1000)
		q := newTurns()
		due := make(map[*poller]int)
		for i := range rapid.IntRange(1, 20).Draw(t, "routes") {
			p := named(fmt.Sprint(i))
			due[p] = when.Draw(t, "due")
			q.put(p, at(due[p]))
		}
		for p := range due {
			switch rapid.IntRange(0, 3).Draw(t, "then") {
			case 0:
				sooner := when.Draw(t, "hastened to")
				q.hasten(p, at(sooner))
				due[p] = min(due[p], sooner)
			case 1:
				<-q.drop(p)
				delete(due, p)
			}
		}
		last := -1
		for n := len(due); n > 0; n-- {
			p, ctx, wait := q.begin(t.Context(), at(1000))
			if p == nil || wait > 0 {
				t.Fatalf("%d left and nobody's turn", n)
			}
			want, ok := due[p]
			if !ok || want < last || !p.turn.due.Equal(at(want)) {
				t.Fatalf("turn of %s at %v, want %v, the one before at %d", p.rt.label, p.turn.due.Sub(base), want, last)
			}
			last = want
			delete(due, p)
			if rapid.Bool().Draw(t, "dropped in its turn") {
				rest := q.drop(p)
				if ctx.Err() == nil {
					t.Fatal("its turn goes on")
				}
				q.end(p, at(0), false)
				<-rest
			} else {
				q.hasten(p, at(1001))
				q.end(p, at(2000), false)
				if !p.turn.due.Equal(at(1001)) {
					t.Fatalf("hastened in its turn to 1001, due at %v", p.turn.due.Sub(base))
				}
			}
		}
		if p, _, _ := q.begin(t.Context(), at(1000)); p != nil {
			t.Fatalf("a turn for %s, which has had one or was dropped", p.rt.label)
		}
	})
}

// What waits for a turn hears of one put in front.
func TestTurnsWakeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, began := newTurns(), time.Now()
		q.put(named("late"), began.Add(time.Hour))
		time.AfterFunc(time.Minute, func() { q.put(named("early"), began.Add(2*time.Minute)) })
		p, _ := q.next(t.Context())
		if took := time.Since(began); p.rt.label != "early" || took != 2*time.Minute {
			t.Errorf("turn of %s after %v", p.rt.label, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if p, _ := q.next(ctx); p != nil {
			t.Errorf("turn of %s, which is due in an hour", p.rt.label)
		}
	})
}

// Who waits at a holder takes a place of few, and none that others are due
// for.
func TestMayWait(t *testing.T) {
	q := newTurns()
	if !q.mayWait(1, false) || q.mayWait(1, true) || q.quiet(1) || !q.quiet(2) {
		t.Error("one place was not given once")
	}
	q.waited()
	q.put(named("x"), time.Now())
	if q.mayWait(1, false) || q.quiet(1) || !q.mayWait(1, true) {
		t.Error("somebody is due")
	}
}

// Of a person's many routes the one that a letter was sent from is polled at
// once when the letter has arrived: the answer comes in seconds. And a letter
// that nobody expected comes to each in its turn.
func TestAnswersComeSoon(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		vendor.stop()
		vendor.start(vendor.answerAll)
		const routes = 20
		var sent []string
		for i := range routes {
			person.openRoute(fmt.Sprint("card ", i))
		}
		time.Sleep(activeLife) // nothing is expected any more
		for i := range routes {
			route := person.openRoute(fmt.Sprint("card ", i))
			began := time.Now()
			person.send(Outgoing{To: vendor.courier.Self(), From: &route, Kind: "ask", Body: []byte("x"), Expires: began.Add(time.Hour)})
			eventually(t, time.Minute, "answer", func() bool { return len(person.effects()) == i+1 })
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("answer to letter %d after %v", i, took)
			}
			if i%10 == 0 {
				time.Sleep(activeLife)
			}
		}
		time.Sleep(activeLife)
		self := vendor.courier.Self()
		for i := range routes {
			route := person.openRoute(fmt.Sprint("card ", i))
			sent = append(sent, vendor.send(Outgoing{To: route, From: &self, Kind: "news", Expires: time.Now().Add(time.Hour), Direct: true}))
		}
		eventually(t, 15*time.Minute, "news by every route", func() bool { return allDelivered(vendor, sent) })
	}, func(c *Config) { c.Limits.Polls = 4 })
}

// answerAll has n answer every letter of the kind "ask" by another.
func (n *testNode) answerAll(c *Config) {
	inner := c.Handle
	c.Handle = func(ctx context.Context, tx store.Tx, in Inbound) error {
		if in.Kind != "ask" {
			return inner(ctx, tx, in)
		}
		self := n.courier.Self()
		_, err := n.courier.Send(tx.(Tx), Outgoing{
			To: *in.From, From: &self, Kind: "answer", Body: in.Body, Expires: in.Expires, Direct: true,
		})
		return err
	}
}

// Routes that are polled again after a start, or after many letters, are not
// polled all at once, nor in an order that a holder could know them by.
func TestFirstPollsAreSpread(t *testing.T) {
	n := loopback(t, 1, everybody, quick)[0]
	n.stop()
	n.host.Close()
	c := n.bare()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.group.start(ctx)
	var stored []*ownRoute
	for i := range 1000 {
		rt, _, err := newRoute(fmt.Sprintf("card %04d", i))
		if err != nil {
			t.Fatal(err)
		}
		rt.holder = "holder"
		stored = append(stored, rt)
	}
	began := time.Now()
	c.resumePolling(stored)
	check := func(what string, from, to time.Duration) {
		t.Helper()
		perTenth := make([]int, 10)
		inOrder := 0
		for i, rt := range stored {
			after := rt.poll.turn.due.Sub(began)
			if after < from || after > to {
				t.Fatalf("%s: a route is due after %v, want %v to %v", what, after, from, to)
			}
			perTenth[min(9, int(10*(after-from)/(to-from)))]++
			if i > 0 && rt.poll.turn.due.After(stored[i-1].poll.turn.due) {
				inOrder++
			}
		}
		if slices.Max(perTenth) > 200 || inOrder < 400 || inOrder > 600 {
			t.Errorf("%s: due in tenths of the time %v, %d of 999 after the one before", what, perTenth, inOrder)
		}
	}
	check("after a start", 0, 10*time.Second+time.Second)
	for _, rt := range stored {
		c.turns.end(must(c.turns.begin(ctx, began.Add(time.Hour))), began.Add(time.Hour), false)
		_ = rt
	}
	began = time.Now()
	for _, rt := range stored {
		c.expect(rt.keyHash, false)
	}
	check("after letters arrived", pollSoon/2, pollSoon*3/2+time.Since(began))
}

func must(p *poller, _ context.Context, _ time.Duration) *poller { return p }
