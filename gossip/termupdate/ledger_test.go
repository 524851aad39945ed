package termupdate_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
)

func mustApply(t testing.TB, l *termupdate.Ledger, v termupdate.Verified, at time.Time) {
	t.Helper()
	if err := l.Apply(v, at); err != nil {
		t.Fatal(err)
	}
}

func TestLedgerFollowsAVendor(t *testing.T) {
	v := newVendor(t, "rental", 0)
	first, second, tenth := v.says(t, 1, 0), v.says(t, 2, 1), v.says(t, 10, 2)
	late := v.update(t, 11, hour(3))
	late.Time, late.Expires = identity.At(hour(9)), identity.At(hour(10))
	future := verified(t, v.sign(t, late), hour(9))
	l := termupdate.NewLedger(0, nil)
	for i, step := range []struct {
		update termupdate.Verified
		at     time.Time
		want   error
	}{
		{second, hour(2), nil},
		{second, hour(2), termupdate.Duplicate},
		{first, hour(2), termupdate.Superseded},
		{tenth, hour(2), nil}, // others may be missed
		{second, hour(2), termupdate.Superseded},
		{future, hour(2), termupdate.Future},
		{first, hour(24 * 3), termupdate.Expired},
	} {
		if err := l.Expects(step.update.Signed, step.at); !errors.Is(err, step.want) {
			t.Errorf("step %d: expects %v, want %v", i, err, step.want)
		}
		if err := l.Apply(step.update, step.at); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	e, ok := l.Lookup(v.did())
	if !ok || e.ID != tenth.ID || e.Fork != nil || !e.Alive(hour(2)) || l.Len() != 1 {
		t.Errorf("in the end %+v", e.Rank)
	}
}

// Who signs two updates with one number has said two things at once: both are
// kept, the same one stands everywhere, and the next update settles it.
func TestLedgerKeepsBothOfAFork(t *testing.T) {
	v := newVendor(t, "rental", 0)
	var told []termupdate.Verified
	for _, site := range []string{"https://a.example", "https://b.example", "https://c.example"} {
		u := v.update(t, 5, now)
		u.Site = site
		told = append(told, verified(t, v.sign(t, u), now))
	}
	slices.SortFunc(told, func(a, b termupdate.Verified) int { return slices.Compare(a.ID.Bytes(), b.ID.Bytes()) })
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		l := termupdate.NewLedger(0, nil)
		mustApply(t, l, told[order[0]], now)
		if err := l.Apply(told[order[1]], now); !errors.Is(err, termupdate.Fork) {
			t.Errorf("%v: the second: %v", order, err)
		}
		_ = l.Apply(told[order[2]], now) // news only where it is not the last of the three
		e, _ := l.Lookup(v.did())
		if e.ID != told[0].ID || e.Fork == nil || e.Fork.ID != told[1].ID {
			t.Errorf("%v: %s stands beside %+v", order, e.ID, e.Fork)
		}
		if err := l.Apply(told[0], now); !errors.Is(err, termupdate.Duplicate) {
			t.Errorf("%v: the first again: %v", order, err)
		}
		if err := l.Apply(told[2], now); !errors.Is(err, termupdate.Superseded) {
			t.Errorf("%v: the third again: %v", order, err)
		}
		mustApply(t, l, v.says(t, 6, 0), now)
		if e, _ := l.Lookup(v.did()); e.Fork != nil || e.Rank.Seq != 6 {
			t.Errorf("%v: not settled: %+v", order, e.Rank)
		}
	}
}

// A stolen key can claim any number. What the vendor signs after the next
// rotation ranks above all of them, and its old key can't come back.
func TestRotationEndsATheft(t *testing.T) {
	v := newVendor(t, "rental", 1)
	stolen := v.says(t, 1<<53-1, 0)
	l := termupdate.NewLedger(0, nil)
	mustApply(t, l, v.says(t, 3, 0), now)
	mustApply(t, l, stolen, now)

	rotated := v.rotated(t, 1, hour(1), "")
	honest := rotated.says(t, 4, 2)
	mustApply(t, l, honest, hour(2))
	if err := l.Apply(stolen, hour(2)); !errors.Is(err, termupdate.Superseded) {
		t.Errorf("the thief's: %v", err)
	}
	if e, _ := l.Lookup(v.did()); e.ID != honest.ID {
		t.Errorf("%+v stands", e.Rank)
	}
}

// The same body signed anew under a new key is worth telling, the other way
// round it is not.
func TestLedgerTakesTheNewerSignature(t *testing.T) {
	v := newVendor(t, "rental", 0)
	u := v.update(t, 1, now)
	before := verified(t, v.sign(t, u), now)
	rotated := v.rotated(t, 0, hour(-1), "")
	after := verified(t, rotated.sign(t, u), now)
	if before.ID != after.ID {
		t.Fatal("not the same body")
	}
	l := termupdate.NewLedger(0, nil)
	mustApply(t, l, before, now)
	mustApply(t, l, after, now)
	if err := l.Apply(before, now); !errors.Is(err, termupdate.Superseded) {
		t.Errorf("%v", err)
	}
}

// Two key logs of one vendor that part ways: the one known first is kept.
func TestLedgerKeepsToOneKeyLog(t *testing.T) {
	root := newVendor(t, "rental", 1)
	ours, theirs := root.rotated(t, 1, hour(-1), ""), root.rotated(t, 1, hour(-2), "")
	further := theirs.rotated(t, 2, hour(-1), "")
	for name, known := range map[string]*vendor{"before they part": root, "after": ours} {
		l := termupdate.NewLedger(0, nil)
		mustApply(t, l, known.says(t, 1, 0), now)
		if known == root {
			mustApply(t, l, ours.says(t, 2, 0), now)
		}
		for _, other := range []termupdate.Verified{theirs.says(t, 9, 0), further.says(t, 9, 0)} {
			if err := l.Apply(other, now); !errors.Is(err, termupdate.Branch) {
				t.Errorf("%s: a branch of %d: %v", name, other.Rank.Key, err)
			}
		}
		if err := l.Expects(theirs.says(t, 9, 0).Signed, now); !errors.Is(err, termupdate.Branch) {
			t.Errorf("%s: expects %v", name, err)
		}
		mustApply(t, l, ours.says(t, 10, 0), now)
	}
}

// What ran out is told once, and goes on to keep older updates out that would
// outlive it.
func TestLedgerExpires(t *testing.T) {
	v := newVendor(t, "rental", 0)
	long, short := v.update(t, 1, now), v.update(t, 2, hour(1))
	long.Expires, short.Expires = identity.At(hour(24*7)), identity.At(hour(2))
	older := verified(t, v.sign(t, long), now)
	l := termupdate.NewLedger(0, nil)
	mustApply(t, l, verified(t, v.sign(t, short), hour(1)), hour(1))
	if got := l.Expire(hour(1)); len(got) != 0 {
		t.Errorf("early: %v", got)
	}
	if got := l.Expire(hour(2)); !slices.Equal(got, []identity.DID{v.did()}) {
		t.Errorf("after two hours: %v", got)
	}
	if got := l.Expire(hour(3)); len(got) != 0 || l.Len() != 1 {
		t.Errorf("told again: %v, %d known", got, l.Len())
	}
	if e, ok := l.Lookup(v.did()); !ok || e.Alive(hour(3)) {
		t.Error("it is forgotten, or alive")
	}
	if err := l.Apply(older, hour(24*7-1)); !errors.Is(err, termupdate.Superseded) {
		t.Errorf("an older one that outlives it: %v", err)
	}
	if l.Expire(hour(24*7 + 1)); l.Len() != 0 {
		t.Errorf("%d known when nothing could come back", l.Len())
	}
}

// many are updates of that many vendors.
func many(t testing.TB, n int) []termupdate.Verified {
	t.Helper()
	all := make([]termupdate.Verified, n)
	for i := range all {
		all[i] = newVendor(t, fmt.Sprint("vendor ", i), 0).says(t, 1, 0)
	}
	return all
}

// A full ledger keeps the same vendors whoever came first, and which ones is
// for its salt to say.
func TestFullLedgerDrawsLots(t *testing.T) {
	all := many(t, 12)
	kept := func(salt string, order []int) []identity.DID {
		l := termupdate.NewLedger(4, []byte(salt))
		for _, i := range order {
			expects, err := l.Expects(all[i].Signed, now), l.Apply(all[i], now)
			if err != nil && !errors.Is(err, termupdate.Full) || errors.Is(err, termupdate.Full) != errors.Is(expects, termupdate.Full) {
				t.Fatalf("%v, expected %v", err, expects)
			}
		}
		var dids []identity.DID
		for _, e := range l.All() {
			dids = append(dids, e.Update.Vendor.DID)
		}
		return dids
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	chosen := make(map[identity.DID]bool)
	for salt := range 20 {
		want := kept(fmt.Sprint(salt), order)
		if len(want) != 4 {
			t.Fatalf("%d kept", len(want))
		}
		for _, did := range want {
			chosen[did] = true
		}
		slices.Reverse(order)
		if got := kept(fmt.Sprint(salt), order); !slices.Equal(got, want) {
			t.Errorf("salt %d: in reverse order %v are kept, not %v", salt, got, want)
		}
	}
	if len(chosen) != len(all) {
		t.Errorf("over 20 salts only %d of %d vendors were ever kept", len(chosen), len(all))
	}
}

func TestFullLedgerMakesRoomOfWhatIsOver(t *testing.T) {
	all := many(t, 3)
	l := termupdate.NewLedger(2, nil)
	mustApply(t, l, all[0], now)
	mustApply(t, l, all[1], now)
	later := newVendor(t, "later", 0).says(t, 1, 24*7+1)
	mustApply(t, l, later, hour(24*7+1))
	if got := l.Expire(hour(24*7 + 1)); l.Len() != 1 || len(got) != 2 {
		t.Errorf("%d known, %v ran out", l.Len(), got)
	}
}

// Any set of updates leaves the same ledger in any order of arrival, some of
// them arriving twice: with numbers that come again, keys that were rotated,
// thefts, and more vendors than there is room for.
func TestLedgerEndsAlikeInAnyOrder(t *testing.T) {
	var all []termupdate.Verified
	for i := range 4 {
		v := newVendor(t, fmt.Sprint("vendor ", i), 0)
		rotated := v.rotated(t, 0, hour(-1), "")
		for _, by := range []*vendor{v, rotated} {
			for seq := range uint64(3) {
				all = append(all, by.says(t, seq, 0))
				u := by.update(t, seq, now)
				u.Site = "https://other.example"
				all = append(all, verified(t, by.sign(t, u), now))
				u.Site = "https://third.example"
				all = append(all, verified(t, by.sign(t, u), now))
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SliceOfNDistinct(rapid.IntRange(0, len(all)-1), 1, len(all), rapid.ID).Draw(t, "set")
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		orders := [2][]int{set, rapid.Permutation(append(slices.Clone(set), set[0])).Draw(t, "order")}
		var states [2][]string
		for i, order := range orders {
			l := termupdate.NewLedger(limit, []byte("salt"))
			for _, n := range order {
				_ = l.Apply(all[n], now) // a refusal is an outcome like any other
			}
			for _, e := range l.All() {
				states[i] = append(states[i], state(e))
			}
		}
		if !reflect.DeepEqual(states[0], states[1]) {
			t.Fatalf("%v ends in %v\n%v ends in %v", orders[0], states[0], orders[1], states[1])
		}
	})
}

func state(e termupdate.Entry) string {
	s := fmt.Sprint(e.Update.Vendor.DID, e.Rank, e.ID)
	if e.Fork != nil {
		s += " fork " + e.Fork.ID.String()
	}
	return s
}

func BenchmarkVerify(b *testing.B) {
	for _, rotations := range []int{0, 3, 12} {
		v := newVendor(b, "rental", rotations)
		wire := encode(b, v.sign(b, v.update(b, 1, now)))
		b.Run(fmt.Sprint("rotations ", rotations), func(b *testing.B) {
			for b.Loop() {
				s, err := termupdate.DecodeSigned(wire)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Verify(now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExpectsDuplicate(b *testing.B) {
	v := newVendor(b, "rental", 3).says(b, 1, 0)
	l := termupdate.NewLedger(0, nil)
	mustApply(b, l, v, now)
	for b.Loop() {
		_ = l.Expects(v.Signed, now)
	}
}
