package sqlite

import (
	"testing"
	"time"
)

// commit plays one commit to which so many Updates come, each after a pause,
// and reports whether it waited for them.
func (g *gather) commit(come int, pause time.Duration) (waited bool) {
	end := g.begin()
	defer end()
	for range come {
		g.take(pause)
	}
	return g.enough != nil
}

// As long as others come meanwhile each commit waits; where nobody does, ever
// fewer try.
func TestGatherWaitsWhereItPays(t *testing.T) {
	var g gather
	for i := range 10 {
		if !g.commit(3, 2*time.Millisecond) {
			t.Fatalf("commit %d does not wait, and it paid so far", i)
		}
	}
	waits := 0
	for range 1000 {
		if g.commit(0, 0) {
			waits++
		}
	}
	if waits > 1000/mostSkips+8 {
		t.Errorf("%d of 1000 commits waited in vain", waits)
	}
	for i := 0; !g.commit(paysWith, time.Millisecond); i++ {
		if i > mostSkips {
			t.Fatal("it is never tried again")
		}
	}
	if !g.commit(0, 0) {
		t.Error("it paid again, and the next commit does not wait")
	}
}

// Those who were answered with one commit and ask again at once are no reason
// to wait: nobody else would come.
func TestGatherDoesNotWaitForTheSame(t *testing.T) {
	var g gather
	g.commit(64, 20*time.Microsecond)
	if g.commit(64, 20*time.Microsecond) {
		t.Error("waits again for Updates that come in a row")
	}
}
