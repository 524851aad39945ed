package mesh

import (
	"math"
	"testing"
	"time"
)

// besiegers is a mesh of one honest node, the middle of a star, and n sybils.
func besiegers(t *testing.T, n int, plan Plan) *Mesh {
	t.Helper()
	m := star(t, n, 0, true)
	for v := 1; v <= n; v++ {
		m.watch.role[v] = hostile
	}
	m.watch.plan = plan
	return m
}

// A sybil that degrades drops its share of messages, each by a draw of its own,
// and says the same of one message however often it is asked.
func TestSybilsDropTheirShare(t *testing.T) {
	const sybils, messages = 50, 400
	for _, drop := range []float64{0, .25, .5, 1} {
		m := besiegers(t, sybils, Plan{Drop: drop, Censor: -1})
		relayed := 0
		for range messages {
			m.way.begin(m, 0)
			for v := int32(1); v <= sybils; v++ {
				does := m.watch.relays(m, v, 0)
				if does != m.watch.relays(m, v, 0) {
					t.Fatalf("sybil %d is of two minds about a message", v)
				}
				if does {
					relayed++
				}
			}
		}
		share, n := float64(relayed)/(sybils*messages), float64(sybils*messages)
		if band := 5 * math.Sqrt(drop*(1-drop)/n); math.Abs(share-(1-drop)) > band {
			t.Errorf("who drops %v relays %v, want %v ± %v", drop, share, 1-drop, band)
		}
	}
}

// A censor drops what comes from one node, and nothing else, whatever share it
// would drop otherwise.
func TestCensor(t *testing.T) {
	for victim := range int32(3) {
		m := besiegers(t, 2, Plan{Drop: 1, Censor: victim})
		for source := range int32(3) {
			m.way.begin(m, source)
			if got := m.watch.relays(m, 1, source); got != (source != victim) {
				t.Errorf("who censors node %d relays node %d's messages: %v", victim, source, got)
			}
		}
	}
}

// What is on a line between two honest nodes with a sybil in the middle arrives
// only if that relays; it goes on at once, without the moment that honest nodes
// hold a message back.
func TestASybilInTheMiddle(t *testing.T) {
	for drop, want := range map[float64]bool{0: true, 1: false} {
		m, err := over(3, []dial{{0, 1}, {1, 2}}, shipped(50*ms, 50*ms), idle(), seeded(1))
		if err != nil {
			t.Fatal(err)
		}
		m.observe([]role{honest, hostile, honest}, Plan{Drop: drop, Censor: -1})
		for e := range int32(len(m.net.to)) {
			m.enter(e)
		}
		for v := range m.here {
			m.here[v] = true
		}
		m.layOut()
		m.way.begin(m, 0)
		for m.way.waiting > 0 {
			m.way.bucket(m)
		}
		m.way.end(m)
		got := m.way.d.At[2]
		if (got != never) != want || m.way.d.Owed != 1 {
			t.Errorf("who drops %v: it arrives after %d µs, %d owed", drop, got, m.way.d.Owed)
		}
		// 100 ms of links, and the first node's 2 ms.
		if want && got != 102_000 {
			t.Errorf("it took %d µs by way of a sybil, want 102000", got)
		}
	}
}

// Who was pruned asks again after a minute and up to a quarter of one more, not
// before; one with a plan of its own keeps to that.
func TestAskingAgain(t *testing.T) {
	m := besiegers(t, 40, Plan{Drop: 1, Censor: -1})
	now := millis(m.now)
	least, most := int32(math.MaxInt32), int32(0)
	for v := int32(1); v <= 40; v++ {
		e := m.net.start[v]
		m.watch.turnedAway(m, e)
		least, most = min(least, m.watch.courtAt[e]-now), max(most, m.watch.courtAt[e]-now)
	}
	if least < 60_000 || most >= 75_000 || most-least < 7_500 {
		t.Errorf("they ask again after %d to %d ms, want 60,000 to 75,000", least, most)
	}
	m.watch.court(m)
	if n := len(m.mail.grafts); n != 0 {
		t.Errorf("%d ask at once", n)
	}
	m.now += askAgain + askAgainUpTo
	if m.watch.court(m); len(m.mail.grafts) != 40 {
		t.Errorf("%d of 40 ask when their time has come", len(m.mail.grafts))
	}
	m = besiegers(t, 1, Plan{Drop: 1, Censor: -1, Every: time.Minute})
	if m.watch.turnedAway(m, m.net.start[1]); m.watch.courtAt[m.net.start[1]] != 0 {
		t.Error("one that asks every minute anyway waits because it was pruned")
	}
}

// Nobody asks over a connection that does not stand, or is in the mesh and asks
// for it; spam goes over all that stand until it is not read any more.
func TestWhoAsksAndWhoSpams(t *testing.T) {
	m := besiegers(t, 3, Plan{Drop: 1, Censor: -1, Spam: true})
	m.net.flag[m.net.start[1]] &^= up
	m.enter(m.net.start[2])
	for range 5 {
		m.watch.court(m)
	}
	if len(m.mail.grafts) != 1 || m.owner(m.mail.grafts[0]) != 3 {
		t.Errorf("%d ask to be in the mesh, want node 3 alone, once", len(m.mail.grafts))
	}
	// Two that stand, each read twice.
	if m.watch.refused != 4 {
		t.Errorf("%d invalid messages were read, want 4", m.watch.refused)
	}
}
