package gossip

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
)

type load struct {
	queue float64
	work  time.Duration
}

func (l *load) gate() *gate {
	return newGate(func() float64 { return l.queue }, func() time.Duration { return l.work })
}

func TestWorkIsAskedForUnderLoadOnly(t *testing.T) {
	l := &load{}
	g := l.gate()
	now := day
	for range 600 { // ten casts a second, for a minute
		now = now.Add(100 * time.Millisecond)
		g.came("a", 1, now)
	}
	for range 100 { // and a burst
		g.came("a", 1, now)
	}
	g.measure(now.Add(2 * time.Second))
	if !g.quiet() || g.asks("a") != 0 {
		t.Errorf("%d bits in quiet times", g.asks("a"))
	}
	for range 1000 { // a hundred a second, on one topic
		now = now.Add(10 * time.Millisecond)
		g.came("a", 1, now)
	}
	busy, other := g.asks("a"), g.asks("b")
	if busy < admission.MinBits+2 || other < admission.MinBits || other > busy {
		t.Errorf("under a flood of one topic %d bits, of others %d", busy, other)
	}
	select {
	case <-g.wake:
	default:
		t.Error("nobody was woken to tell the neighbours")
	}
	for range 600 {
		now = now.Add(time.Second)
		g.measure(now)
	}
	if !g.quiet() || len(g.topics) != 0 {
		t.Errorf("ten quiet minutes later %d bits, %d topics followed", g.asks("a"), len(g.topics))
	}
}

// A flood that is refused goes on counting, so that the price stays; but less
// than one that is taken in.
func TestARefusedFloodKeepsThePriceUp(t *testing.T) {
	g := (&load{}).gate()
	now, least := day, 99
	weight := 1.
	for i := range 120_000 { // a thousand a second for two minutes
		now = now.Add(time.Millisecond)
		g.came("a", weight, now)
		if g.asks("a") > 0 {
			weight = refusedWeight
		}
		if i > 60_000 {
			least = min(least, g.asks("a"))
		}
	}
	if least < admission.MinBits || g.asks("a") > 20 {
		t.Errorf("between %d and %d bits", least, g.asks("a"))
	}
}

func TestEachPartOfTheLoadCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		queue  float64
		turned int // out of 2,000 lines, over ten minutes
		cpu    time.Duration
		lo, hi int
	}{
		"nothing":                   {0, 0, 0, 0, 0},
		"a busy minute":             {.4, 10, 50 * time.Millisecond, 0, 0},
		"a full queue":              {1, 0, 0, 12, 12},
		"the ledger changes slowly": {0, 13, 0, 0, 0},
		"twice a day":               {0, 28, 0, 12, 12},
		"it is a through road":      {0, 2000, 0, 22, 22},
		"a core for checking":       {0, 0, time.Second, 16, 17},
	} {
		l := &load{queue: tt.queue}
		g := l.gate()
		g.measure(day)
		for range tt.turned {
			g.turned("any", 2000, day)
		}
		l.work += tt.cpu
		g.measure(day.Add(time.Second))
		if got := g.asks("any"); got < tt.lo || got > tt.hi {
			t.Errorf("%s: %d bits, want %d to %d", name, got, tt.lo, tt.hi)
		}
	}
}

func TestPeersHaveQuotas(t *testing.T) {
	g := (&load{}).gate()
	if n := g.admits("honest", 100, day); n != 100 {
		t.Errorf("%d of 100", n)
	}
	if n := g.admits("flood", 5000, day); n != messageBurst {
		t.Errorf("%d of 5000 at once", n)
	}
	if n := g.admits("flood", 5000, day.Add(time.Second)); n != messageRate {
		t.Errorf("%d of 5000 a second later", n)
	}
	for range faultBurst {
		g.fault("wrong", 1, day)
	}
	if g.admits("wrong", 1, day) != 0 || g.admits("wrong", 1, day.Add(10*time.Second)) != 1 {
		t.Error("who sends what is wrong is read no further, for a while")
	}
	for i := range 3 * maxPeersKept { // a flood of fresh ids
		p := peer.ID(fmt.Sprint(i))
		g.admits(p, 1, day)
		g.fault(p, 1, day)
	}
	if g.messages.Len() > maxPeersKept || g.faults.Len() > maxPeersKept {
		t.Error("the tables grow with ever new peers")
	}
	if g.admits("honest", 1, day) != 1 {
		t.Error("they pushed out who was there")
	}
	root, n := dagcbor.Sum([]byte("an intent")), 0
	for g.amends(root, day) {
		n++
	}
	if n != versionBurst || !g.amends(root, day.Add(time.Minute)) {
		t.Errorf("%d amendments at once", n)
	}
}

func TestRefusalsGoBackAlongTheTrail(t *testing.T) {
	var tr trail
	id, other := dagcbor.Sum([]byte("a cast")), dagcbor.Sum([]byte("another"))
	tr.note(id, "topic", "source", 0, 0)
	mesh := []peer.ID{"source", "a", "b", "c"}
	pass := func(id dagcbor.CID, topic string, by peer.ID, bits int, mesh ...peer.ID) string {
		to, believed := tr.refuse(id, topic, by, bits, mesh)
		return fmt.Sprint(string(to), " ", believed)
	}
	for i, tt := range []struct{ got, want string }{
		{pass(id, "topic", "a", 20, mesh...), "source 14"},       // one of three, maybe a liar: what costs nothing
		{pass(id, "topic", "b", 13, mesh...), " 0"},              // the second highest, had already
		{pass(id, "topic", "b", 16, mesh...), "source 16"},       // the second highest
		{pass(id, "topic", "b", 16, mesh...), " 0"},              // passed on already
		{pass(id, "topic", "c", 999, mesh...), "source 20"},      // more
		{pass(id, "other", "c", 22, mesh...), " 0"},              // not where it went
		{pass(other, "topic", "c", 22, mesh...), " 0"},           // never seen
		{pass(id, "topic", "source", 22, mesh...), " 0"},         // from where it came
		{pass(id, "topic", "a", 64, "source", "a"), "source 22"}, // the only way on
	} {
		if tt.got != tt.want {
			t.Errorf("step %d: %q, want %q", i, tt.got, tt.want)
		}
	}
	tr.note(id, "topic", "source", 22, 0) // it came with more work
	if got := pass(id, "topic", "a", 22, "source", "a"); got != " 0" {
		t.Errorf("refused for what it has: %q", got)
	}
	if bits, known := tr.bits(id); bits != 22 || !known {
		t.Errorf("%d bits, %v", bits, known)
	}
	for i := range 2 * trailLength {
		tr.note(dagcbor.Sum([]byte(fmt.Sprint(i))), "topic", "source", 0, 0)
	}
	if len(tr.steps) != trailLength || len(tr.order) != trailLength {
		t.Errorf("%d steps kept", len(tr.steps))
	}
	tr.note(other, "topic", "source", 0, 0)
	for i := range 2 * maxRefusers {
		pass(other, "topic", peer.ID(fmt.Sprint(i)), 12)
	}
	if n := len(tr.steps[other].refused); n != maxRefusers {
		t.Errorf("%d refusers kept", n)
	}
}
