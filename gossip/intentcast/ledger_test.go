package intentcast_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// hour is the test's clock, counted from the first cast.
func hour(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }

func next(t testing.TB, c *intentcast.Cast, status intentcast.Status, h int, by string) *intentcast.Cast {
	t.Helper()
	return cast(t, c.Successor(status, hour(h)), by)
}

func TestLedgerFollowsALine(t *testing.T) {
	l := intentcast.NewLedger(0)
	root := cast(t, parkCity(), "skier")
	amended := next(t, root, intentcast.StatusOpen, 1, "skier")
	again := next(t, amended, intentcast.StatusOpen, 2, "skier")
	withdrawn := next(t, again, intentcast.StatusWithdrawn, 3, "skier")
	in := again.Successor(intentcast.StatusOpen, hour(4))
	in.Seq, in.Prev = 4, withdrawn.ID
	reopened := cast(t, in, "skier")
	for i, step := range []struct {
		cast *intentcast.Cast
		want error
	}{
		{root, nil},
		{root, intentcast.Duplicate},
		{again, nil}, // one may be missed
		{amended, intentcast.Stale},
		{root, intentcast.Stale},
		{withdrawn, nil},
		{withdrawn, intentcast.Duplicate},
		{again, intentcast.Dead},
		{root, intentcast.Dead},
		{reopened, intentcast.Dead},
	} {
		if err := apply(l, step.cast, hour(5)); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	e, ok := l.Lookup(root.ID)
	if !ok || e.ID != withdrawn.ID || e.Status != intentcast.StatusWithdrawn || e.Alive(hour(5)) || l.Len() != 1 {
		t.Errorf("in the end %+v", e)
	}
}

func TestLedgerRefusesForgeries(t *testing.T) {
	root := cast(t, parkCity(), "skier")
	in := root.Successor(intentcast.StatusWithdrawn, hour(1))
	in.Author = signer("thief").DID()
	forged := cast(t, in, "thief")
	in = root.Successor(intentcast.StatusOpen, hour(1))
	in.Place = nil
	moved := cast(t, in, "skier")

	l := intentcast.NewLedger(0)
	mustApply(t, l, root, hour(1))
	if err := apply(l, forged, hour(1)); !errors.Is(err, intentcast.Forged) {
		t.Errorf("forged: %v", err)
	}
	if err := apply(l, moved, hour(1)); !errors.Is(err, intentcast.Moved) {
		t.Errorf("moved: %v", err)
	}

	// A node that has not seen the root cannot know; it learns when it does.
	late := intentcast.NewLedger(0)
	mustApply(t, late, forged, hour(1))
	mustApply(t, late, moved, hour(1))
	if _, ok := late.Lookup(root.ID); ok {
		t.Error("two claim the root, and one was believed")
	}
	mustApply(t, late, root, hour(1))
	if e, _ := late.Lookup(root.ID); e.ID != root.ID || late.Len() != 1 {
		t.Errorf("after the root came: %+v of %d", e, late.Len())
	}
}

func TestLedgerKeepsTheFirstOfAFork(t *testing.T) {
	root := cast(t, parkCity(), "skier")
	one := next(t, root, intentcast.StatusOpen, 1, "skier")
	other := next(t, root, intentcast.StatusOpen, 2, "skier")
	l := intentcast.NewLedger(0)
	mustApply(t, l, root, hour(2))
	mustApply(t, l, one, hour(2))
	if err := apply(l, other, hour(2)); !errors.Is(err, intentcast.Fork) {
		t.Errorf("fork: %v", err)
	}
	if e, _ := l.Lookup(root.ID); e.ID != one.ID || !e.Forked {
		t.Errorf("%+v", e)
	}
}

func TestLedgerExpires(t *testing.T) {
	l := intentcast.NewLedger(0)
	twins, car := cast(t, stroller(), "parent"), cast(t, parkCity(), "skier")
	mustApply(t, l, twins, now)
	mustApply(t, l, car, now)
	gone := next(t, car, intentcast.StatusWithdrawn, 1, "skier")
	mustApply(t, l, gone, hour(1))
	if got := l.Expire(hour(4)); len(got) != 0 {
		t.Errorf("early: %v", got)
	}
	if got := l.Expire(hour(5)); !slices.Equal(got, []dagcbor.CID{twins.ID}) {
		t.Errorf("after five hours: %v", got)
	}
	if got := l.Expire(hour(6)); len(got) != 0 || l.Len() != 1 {
		t.Errorf("told again: %v, %d known", got, l.Len())
	}
	if err := apply(l, twins, hour(5)); !errors.Is(err, intentcast.Expired) {
		t.Errorf("an expired cast: %v", err)
	}
	if err := apply(l, car, now.Add(-time.Hour)); !errors.Is(err, intentcast.Future) {
		t.Errorf("a cast from the future: %v", err)
	}
	if got := l.Expire(hour(24 * 8)); len(got) != 0 || l.Len() != 0 {
		t.Errorf("a withdrawn intent was told as expired: %v, %d known", got, l.Len())
	}
}

// A shorter life in a successor does not let the longer one of an older
// version come back after it.
func TestLedgerKeepsWhatCouldComeBack(t *testing.T) {
	l := intentcast.NewLedger(0)
	car := cast(t, parkCity(), "skier")
	in := car.Successor(intentcast.StatusWithdrawn, hour(1))
	in.Expires = identity.At(hour(2))
	mustApply(t, l, car, now)
	mustApply(t, l, cast(t, in, "skier"), hour(1))
	l.Expire(hour(3))
	if err := apply(l, car, hour(3)); !errors.Is(err, intentcast.Dead) {
		t.Errorf("the withdrawn intent: %v", err)
	}
}

// What is over makes room before anything is turned out.
func TestLedgerIsBounded(t *testing.T) {
	l := intentcast.NewLedger(3)
	var casts []*intentcast.Cast
	for i := range 4 {
		by := fmt.Sprint("parent ", i)
		in := stroller()
		in.Author = signer(by).DID()
		if i == 0 {
			in.Expires = identity.At(hour(1))
		}
		casts = append(casts, cast(t, in, by))
	}
	for _, c := range casts[:3] {
		mustApply(t, l, c, now)
	}
	mustApply(t, l, next(t, casts[1], intentcast.StatusFulfilled, 0, "parent 1"), now)
	if change, err := l.Apply(casts[3], 0, hour(1)); err != nil || change.Out != nil {
		t.Errorf("the first is over and makes room: %v, and %+v was turned out", err, change.Out)
	}
	if got := l.Expire(hour(1)); l.Len() != 3 || !slices.Equal(got, []dagcbor.CID{casts[0].ID}) {
		t.Errorf("%d known, told %v", l.Len(), got)
	}
}

// apply is Apply of a cast that has done no work.
func apply(l *intentcast.Ledger, c *intentcast.Cast, at time.Time) error {
	_, err := l.Apply(c, 0, at)
	return err
}

func mustApply(t testing.TB, l *intentcast.Ledger, c *intentcast.Cast, at time.Time) {
	t.Helper()
	if err := apply(l, c, at); err != nil {
		t.Fatal(err)
	}
}

// Any set of versions of an intent, with forgeries and with ends in the middle
// of the line, leaves the same state in any order of arrival, some of them
// arriving twice.
func TestLedgerEndsAlikeInAnyOrder(t *testing.T) {
	root := cast(t, parkCity(), "skier")
	var all []*intentcast.Cast
	line := []*intentcast.Cast{root}
	for i := range 4 {
		line = append(line, next(t, line[i], intentcast.StatusOpen, i+1, "skier"))
	}
	all = append(all, line...)
	all = append(all,
		cast(t, skip(next(t, line[4], intentcast.StatusWithdrawn, 5, "skier")), "skier"),
		cast(t, skip(next(t, line[4], intentcast.StatusFulfilled, 6, "skier")), "skier"),
		next(t, line[4], intentcast.StatusWithdrawn, 5, "skier"),
	)
	for i, by := range []string{"thief", "other thief"} {
		in := line[i].Successor(intentcast.StatusOpen, hour(i+1))
		in.Author = signer(by).DID()
		all = append(all, cast(t, in, by))
	}
	moved := line[1].Successor(intentcast.StatusOpen, hour(2))
	moved.Seq, moved.Place = 9, nil
	all = append(all, cast(t, moved, "skier"))

	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SliceOfNDistinct(rapid.IntRange(0, len(all)-1), 1, len(all), rapid.ID).Draw(t, "set")
		orders := [2][]int{set, rapid.Permutation(append(slices.Clone(set), set[0])).Draw(t, "order")}
		var states [2]map[string]intentcast.Entry
		for i, order := range orders {
			l := intentcast.NewLedger(0)
			for _, n := range order {
				_ = apply(l, all[n], hour(7)) // a refusal is an outcome like any other
			}
			states[i] = entries(l, all)
		}
		if !reflect.DeepEqual(states[0], states[1]) {
			t.Fatalf("%v ends in %+v\n%v ends in %+v", orders[0], states[0], orders[1], states[1])
		}
	})
}

// skip gives a successor a number further on, as if others came between.
func skip(c *intentcast.Cast) intentcast.Intent {
	in := c.Intent
	in.Seq += uint64(in.Created.Std().Sub(now) / time.Hour)
	return in
}

// entries is the whole state: each line as its own claims see it.
func entries(l *intentcast.Ledger, casts []*intentcast.Cast) map[string]intentcast.Entry {
	state := map[string]intentcast.Entry{"count": {Seq: uint64(l.Len())}}
	for _, e := range l.Entries() {
		e.Forked = false
		state[string(e.Author)+" "+e.Shard+" "+e.Root.String()] = e
	}
	return state
}

func BenchmarkLedgerApply(b *testing.B) {
	root := cast(b, parkCity(), "skier")
	l := intentcast.NewLedger(0)
	mustApply(b, l, root, now)
	for b.Loop() {
		_ = apply(l, root, now)
	}
}
