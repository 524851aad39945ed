package intentcast_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

const day = 24 * time.Hour

// wanted is an intent of its own author on the topic of a category, made so
// many seconds after now and living for a while.
func wanted(t testing.TB, who, category string, life time.Duration, second int) *intentcast.Cast {
	t.Helper()
	in := stroller()
	in.Author, in.Category.Value, in.Place, in.Window = signer(who).DID(), category, nil, nil
	in.Created = identity.At(now.Add(time.Duration(second) * time.Second))
	in.Expires = identity.At(in.Created.Std().Add(life))
	return cast(t, in, who)
}

// manyWanted are n of them, one a second.
func manyWanted(t testing.TB, n int, category string, life time.Duration, second int) []*intentcast.Cast {
	t.Helper()
	all := make([]*intentcast.Cast, n)
	for i := range all {
		all[i] = wanted(t, fmt.Sprint(category, " ", second, i), category, life, second+i)
	}
	return all
}

// kept is what is in a ledger, without what is hidden.
func kept(l *intentcast.Ledger) map[dagcbor.CID]bool {
	roots := make(map[dagcbor.CID]bool)
	for _, e := range l.Entries() {
		if !e.Hidden {
			roots[e.Root] = true
		}
	}
	return roots
}

func has(l *intentcast.Ledger, c *intentcast.Cast) bool { return kept(l)[c.Root()] }

// later is a time at which all of these tests' intents stand.
var later = now.Add(time.Minute)

func TestLedgerTurnsOutWhatDidLeastForItsLife(t *testing.T) {
	l := intentcast.NewLedger(3)
	names := map[dagcbor.CID]string{}
	for i, tt := range []struct {
		life  time.Duration
		bits  int
		out   string // who is turned out
		needs int    // or what would have been enough
	}{
		{7 * day, 12, "", 0}, // 9 for each day
		{day, 10, "", 0},
		{5 * time.Hour, 0, "", 0},
		{day, 0, "2", 0}, // of equals the one made first
		{5 * time.Hour, 12, "3", 0},
		{2 * day, 9, "", admission.MinBits}, // 8 for each day, where the least is 9
		{7 * day, 25, "0", 0},
		{7 * day, 13, "1", 0},
		{7 * day, 99, "7", 0}, // no more than anybody is asked for counts
		{7 * day, 25, "4", 0},
		{day, 22, "6", 0},
		{day, 21, "", 22},
		{7 * day, 24, "", 22},
		{day, 22, "8", 0},
	} {
		c := wanted(t, fmt.Sprint("newcomer ", i), "baby", tt.life, i)
		change, err := l.Apply(c, tt.bits, later)
		names[c.ID] = fmt.Sprint(i)
		var full *intentcast.FullError
		switch {
		case tt.needs > 0:
			if !errors.As(err, &full) || !errors.Is(err, intentcast.Full) || full.Needs != tt.needs {
				t.Errorf("step %d: %v, want %d bits to be needed", i, err, tt.needs)
			}
		case err != nil:
			t.Errorf("step %d: %v", i, err)
		case (change.Out == nil) != (tt.out == "") || change.Out != nil && names[change.Out.Root] != tt.out:
			t.Errorf("step %d: turned out %+v, want %q", i, change.Out, tt.out)
		}
	}
	if l.Len() != 3 {
		t.Errorf("%d lines", l.Len())
	}
}

// What a FullError says is enough is enough, and less is not.
func TestFullSaysWhatIsEnough(t *testing.T) {
	pool := manyWanted(t, 12, "baby", day, 0)
	old := wanted(t, "older", "baby", 7*day, -60)
	rapid.Check(t, func(t *rapid.T) {
		fill := func() *intentcast.Ledger {
			l := intentcast.NewLedger(8)
			for i, c := range pool {
				_, _ = l.Apply(c, (i*7)%23, later)
			}
			return l
		}
		var full *intentcast.FullError
		bits := rapid.IntRange(0, 25).Draw(t, "bits")
		if _, err := fill().Apply(old, bits, later); !errors.As(err, &full) {
			return
		}
		if bits >= full.Needs+admission.LifeBits(7*day) {
			t.Fatalf("refused with %d bits, %d for each day are said to be enough", bits, full.Needs)
		}
		if _, err := fill().Apply(old, full.Needs+admission.LifeBits(7*day), later); err != nil {
			t.Fatalf("with what it needs: %v", err)
		}
	})
}

// seen is a cast and the work it came with.
type seen struct {
	cast *intentcast.Cast
	bits int
}

// worth is the rule's words again: bits for each day of life, at most 22.
func (s seen) worth() int {
	for life := s.cast.Intent.Expires.Std().Sub(s.cast.Intent.Created.Std()); life > day; life /= 2 {
		s.bits--
	}
	return min(s.bits, 22)
}

func (s seen) above(o seen) bool {
	switch {
	case s.worth() != o.worth():
		return s.worth() > o.worth()
	case s.cast.Intent.Created != o.cast.Intent.Created:
		return o.cast.Intent.Created.Before(s.cast.Intent.Created)
	}
	return string(s.cast.ID.Bytes()) > string(o.cast.ID.Bytes())
}

// fair is which of all that was seen are kept, by definition: each topic's are
// put in order, and all topics' first come before all their second, and so on.
func fair(all []seen, limit int) map[dagcbor.CID]bool {
	place := func(s seen) (n int) {
		for _, o := range all {
			if o.cast.Intent.Shard() == s.cast.Intent.Shard() && o.above(s) {
				n++
			}
		}
		return n
	}
	order := slices.Clone(all)
	slices.SortFunc(order, func(a, b seen) int {
		if pa, pb := place(a), place(b); pa != pb {
			return pa - pb
		}
		if a.above(b) {
			return -1
		}
		return 1
	})
	roots := make(map[dagcbor.CID]bool)
	for _, s := range order[:min(limit, len(order))] {
		roots[s.cast.ID] = true
	}
	return roots
}

// Which lines a full ledger keeps hangs on what was seen and not on the order
// it came in, one at a time or however else; and each topic has its share.
func TestLedgerKeepsTheSameInAnyOrder(t *testing.T) {
	var pool []*intentcast.Cast
	for i := range 48 {
		life := []time.Duration{time.Hour, day, 2 * day, 3 * day, 7 * day}[i%5]
		category := []string{"baby", "baby", "baby", "travel", "travel", "garden"}[i%6]
		pool = append(pool, wanted(t, fmt.Sprint("one of many ", i), category, life, i%4))
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 24).Draw(t, "limit")
		var all []seen
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(pool)-1), 1, len(pool), rapid.ID).Draw(t, "set") {
			all = append(all, seen{pool[i], rapid.IntRange(0, 26).Draw(t, "bits")})
		}
		want := fair(all, limit)
		for range 2 {
			all = rapid.Permutation(all).Draw(t, "order")
			l := intentcast.NewLedger(limit)
			for _, s := range append(slices.Clone(all), all...) { // those turned out come once more
				before := kept(l)
				again, expected := l.Expects(s.cast, s.bits, later)
				change, err := l.Apply(s.cast, s.bits, later)
				if expected != nil && fmt.Sprint(err) != fmt.Sprint(expected) || err == nil && again != change.Again {
					t.Fatalf("expected %v, %v, was %+v, %v", again, expected, change, err)
				}
				if err != nil && !maps.Equal(before, kept(l)) {
					t.Fatalf("refused with %v, and changed what is kept", err)
				}
			}
			if got := kept(l); !maps.Equal(got, want) {
				t.Fatalf("kept %d, want %d others", len(got), len(want))
			}
		}
	})
}

// To fill one topic empties no other, and costs nothing there.
func TestTopicsHaveTheirShare(t *testing.T) {
	l := intentcast.NewLedger(20)
	few := manyWanted(t, 4, "garden", 7*day, 0)
	for _, c := range append(few, manyWanted(t, 6, "travel", day, 0)...) {
		mustApply(t, l, c, later)
	}
	for i, c := range manyWanted(t, 60, "baby", time.Hour, 1) {
		if _, err := l.Apply(c, 22, later); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	for _, c := range few {
		if !has(l, c) {
			t.Error("a topic with few lost one")
		}
	}
	if baby, travel := l.Share("parley/baby/_"), l.Share("parley/travel/_"); baby != 10 || travel != 6 {
		t.Errorf("%d of the full one, %d of another", baby, travel)
	}
	// The others may grow to their share without any work.
	for _, c := range manyWanted(t, 9, "garden", 7*day, 2) {
		if _, err := l.Apply(c, 0, later); err != nil {
			t.Errorf("on a topic with room: %v", err)
		}
	}
	if garden, baby := l.Share("parley/garden/_"), l.Share("parley/baby/_"); garden < 7 || baby < 7 || l.Len() != 20 {
		t.Errorf("%d and %d of %d", garden, baby, l.Len())
	}
}

// turnedOut is a ledger of four that has turned c out for others.
func turnedOut(t testing.TB, c *intentcast.Cast) *intentcast.Ledger {
	t.Helper()
	l := intentcast.NewLedger(4)
	mustApply(t, l, c, later)
	for _, o := range manyWanted(t, 4, "baby", day, 1) {
		if _, err := l.Apply(o, 12, later); err != nil {
			t.Fatal(err)
		}
	}
	if has(l, c) || l.Len() != 4 {
		t.Fatal("it was not turned out")
	}
	return l
}

// What was turned out is not taken for news when it is offered again.
func TestWhatWasTurnedOutIsNoNews(t *testing.T) {
	c := wanted(t, "parent", "baby", day, 0)
	l := turnedOut(t, c)
	var full *intentcast.FullError
	if _, err := l.Apply(c, 11, later); !errors.As(err, &full) || full.Needs != 13 {
		t.Errorf("offered again: %v", err)
	}
	change, err := l.Apply(c, 13, later)
	if err != nil || !change.Again || change.Out == nil || !has(l, c) {
		t.Errorf("with more work: %+v, %v", change, err)
	}
	if _, err := l.Apply(c, 13, later); !errors.Is(err, intentcast.Duplicate) {
		t.Errorf("and then: %v", err)
	}
	if change, err := l.Apply(c, 14, later); err != nil || !change.Again || change.Out != nil {
		t.Errorf("more work yet: %+v, %v", change, err)
	}
	// The same where room has been made meanwhile.
	l = turnedOut(t, c)
	mustExpire(t, l, now.Add(day+time.Second), 0)
	late := wanted(t, "late parent", "baby", 3*day, 0)
	l = turnedOut(t, late)
	mustExpire(t, l, now.Add(2*day), 4)
	if change, err := l.Apply(late, 0, now.Add(2*day)); err != nil || !change.Again {
		t.Errorf("when there is room: %+v, %v", change, err)
	}
}

func mustExpire(t testing.TB, l *intentcast.Ledger, at time.Time, n int) {
	t.Helper()
	if got := l.Expire(at); len(got) != n && n > 0 {
		t.Fatalf("%d are over, want %d", len(got), n)
	}
}

// Its author may still end it, once, and nobody else.
func TestWhatWasTurnedOutCanBeWithdrawn(t *testing.T) {
	c := wanted(t, "parent", "baby", day, 0)
	amended := cast(t, c.Successor(intentcast.StatusOpen, later), "parent")
	end := cast(t, c.Successor(intentcast.StatusWithdrawn, later), "parent")
	by := func(in intentcast.Intent, who string) *intentcast.Cast {
		in.Author = signer(who).DID()
		return cast(t, in, who)
	}
	moved := c.Successor(intentcast.StatusWithdrawn, later)
	moved.Category.Value = "travel"
	l := turnedOut(t, c)
	for i, step := range []struct {
		cast  *intentcast.Cast
		bits  int
		want  error
		aside bool
	}{
		{by(c.Successor(intentcast.StatusWithdrawn, later), "thief"), 22, intentcast.Forged, false},
		{cast(t, moved, "parent"), 22, intentcast.Moved, false},
		{amended, 0, intentcast.Full, false},
		{end, 0, nil, true},
		{end, 0, intentcast.Full, false},
		{c, 22, intentcast.Dead, false},
		{amended, 22, intentcast.Dead, false},
	} {
		_, expected := l.Expects(step.cast, step.bits, later)
		change, err := l.Apply(step.cast, step.bits, later)
		if !errors.Is(err, step.want) || change.Aside != step.aside || l.Len() != 4 || fmt.Sprint(expected) != fmt.Sprint(err) {
			t.Errorf("step %d: %+v, %v; expected %v", i, change, err, expected)
		}
	}
	// An amendment that did its work has a place, and is news.
	l = turnedOut(t, c)
	if change, err := l.Apply(amended, 20, later); err != nil || change.Again || change.Aside || !has(l, c) {
		t.Errorf("amended with work: %+v, %v", change, err)
	}
	// A withdrawal keeps the place that was worked for.
	l = intentcast.NewLedger(1)
	if _, err := l.Apply(c, 15, later); err != nil {
		t.Fatal(err)
	}
	mustApply(t, l, end, later)
	if err := apply(l, wanted(t, "other", "baby", day, 9), later); !errors.Is(err, intentcast.Full) {
		t.Errorf("against a withdrawn one with work: %v", err)
	}
}

// A claim to a line whose first intent was never seen leaves a stub that the
// first intent puts out.
func TestStubsOfClaimsGiveWay(t *testing.T) {
	c := wanted(t, "parent", "baby", day, 0)
	in := c.Successor(intentcast.StatusWithdrawn, later)
	in.Author = signer("thief").DID()
	l := turnedOut(t, cast(t, in, "thief"))
	if _, err := l.Apply(c, 0, later); !errors.Is(err, intentcast.Full) {
		t.Errorf("too little work: %v", err)
	}
	if change, err := l.Apply(c, 20, later); err != nil || change.Again {
		t.Errorf("%+v, %v", change, err)
	}
}

// Whoever wants a stub forgotten has to have four ledgers full turned out.
func TestStubsAreBounded(t *testing.T) {
	c := wanted(t, "parent", "baby", 7*day, 0)
	end := cast(t, c.Successor(intentcast.StatusWithdrawn, later), "parent")
	l := intentcast.NewLedger(4)
	mustApply(t, l, c, later)
	mustApply(t, l, end, later)
	dead := 0
	for i, o := range manyWanted(t, 40, "baby", day, 1) {
		if _, err := l.Apply(o, min(i, 22), later); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if _, err := l.Expects(c, 22, later); errors.Is(err, intentcast.Dead) {
			dead++
		}
	}
	if dead < 16 || dead > 21 {
		t.Errorf("the withdrawn intent stayed dead for %d of 40 newcomers", dead)
	}
}

// What a node holds is never turned out; it goes out of sight instead, as if it
// had been.
func TestWhatIsHeldGoesOutOfSight(t *testing.T) {
	l := intentcast.NewLedger(8)
	own, answered := wanted(t, "myself", "baby", 7*day, 0), wanted(t, "customer", "baby", 7*day, 0)
	if change, err := l.Keep(own, 0, later); err != nil || change.Aside {
		t.Fatalf("%+v, %v", change, err)
	}
	mustApply(t, l, answered, later)
	held := 0
	for i, c := range append([]*intentcast.Cast{answered}, manyWanted(t, 5, "baby", day, 0)...) {
		if i > 0 {
			mustApply(t, l, c, later)
		}
		if l.Hold(c.Root()) {
			held++
		}
	}
	if held != 2 || l.Hold(dagcbor.Sum([]byte("nothing"))) || !l.Hold(answered.ID) {
		t.Errorf("%d held, want a quarter", held)
	}
	gone := map[dagcbor.CID]bool{}
	for _, c := range manyWanted(t, 30, "baby", day, 1) {
		change, err := l.Apply(c, 15, later)
		if err != nil {
			t.Fatal(err)
		}
		if change.Out != nil {
			gone[change.Out.Root] = change.Out.Hidden
		}
	}
	for name, c := range map[string]*intentcast.Cast{"own": own, "answered": answered} {
		e, ok := l.Lookup(c.ID)
		if !ok || !e.Hidden || !gone[c.ID] {
			t.Errorf("%s: %+v, %v", name, e, ok)
		}
		// To who offers it, it is as if it had been turned out.
		var full *intentcast.FullError
		if _, err := l.Apply(c, 3, later); !errors.As(err, &full) || full.Needs < 15 {
			t.Errorf("%s offered again: %v", name, err)
		}
	}
	if len(kept(l)) != 8 || l.Len() != 11 {
		t.Errorf("%d kept and %d hidden", len(kept(l)), l.Len()-len(kept(l)))
	}
	// With its work done it is back. The owner's own way is never refused.
	if _, err := l.Keep(own, 0, later); !errors.Is(err, intentcast.Duplicate) {
		t.Errorf("own, without work: %v", err)
	}
	if change, err := l.Keep(own, 25, later); err != nil || !change.Again || !has(l, own) {
		t.Errorf("own, with work: %+v, %v", change, err)
	}
	end := cast(t, answered.Successor(intentcast.StatusWithdrawn, later), "customer")
	if change, err := l.Apply(end, 0, later); err != nil || !change.Aside {
		t.Errorf("the customer's withdrawal: %+v, %v", change, err)
	}
	fresh := wanted(t, "myself again", "baby", 7*day, 0)
	if change, err := l.Keep(fresh, 0, later); err != nil || !change.Aside || change.Out != nil {
		t.Errorf("a new one of our own without work: %+v, %v", change, err)
	}
	l.Expire(now.Add(8 * day))
	if l.Len() != 0 || l.Share("parley/baby/_") != 0 {
		t.Errorf("%d left in the end", l.Len())
	}
}

// When all have done all that anybody is asked for, who comes is heard still:
// the one made first goes.
func TestNobodyIsKeptOutAtTheHighestPrice(t *testing.T) {
	l := intentcast.NewLedger(16)
	for _, c := range manyWanted(t, 16, "baby", time.Hour, 0) {
		if _, err := l.Apply(c, 64, later); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range manyWanted(t, 8, "baby", day, 1) {
		if change, err := l.Apply(c, admission.MaxBits, later); err != nil || change.Out == nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func BenchmarkLedgerWhenFull(b *testing.B) {
	l := intentcast.NewLedger(1 << 10)
	pool := manyWanted(b, 4<<10, "baby", day, 0)
	for i := 0; b.Loop(); i++ {
		_, _ = l.Apply(pool[i%len(pool)], i%23, later)
	}
}
