package statement_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

func opened(t testing.TB, log []statement.Signed) []statement.Statement {
	t.Helper()
	all, err := statement.VerifyLog(log, keys, now)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFollow(t *testing.T) {
	log := opened(t, logOf(t, oldPerson, identity.RolePerson, 3))
	var none statement.Head
	one := must(none.Follow(&log[0]))
	two := must(one.Follow(&log[1]))
	if two != (statement.Head{Count: 2, Last: log[1].ID}) {
		t.Errorf("head %+v", two)
	}
	for name, c := range map[string]struct {
		head statement.Head
		s    *statement.Statement
		want statement.Reason
	}{
		"the second first":  {none, &log[1], statement.ErrGap},
		"the third next":    {one, &log[2], statement.ErrGap},
		"the first again":   {one, &log[0], statement.ErrPast},
		"an old one again":  {two, &log[0], statement.ErrPast},
		"another past":      {statement.Head{Count: 1, Last: id("another first")}, &log[1], statement.ErrFork},
		"a past out of air": {statement.Head{Count: 2, Last: id("another second")}, &log[2], statement.ErrFork},
	} {
		head, err := c.head.Follow(c.s)
		if !errors.Is(err, c.want) || head != c.head {
			t.Errorf("%s: %v, head %+v", name, err, head)
		}
		var fork *statement.ForkError
		if errors.As(err, &fork) != (c.want == statement.ErrFork) {
			t.Errorf("%s: %v is a fork", name, err)
		}
		if fork != nil && (fork.A != c.head.Last || fork.B != c.s.Body.Prev || fork.Seq != c.s.Body.Seq || fork.By != identity.RolePerson) {
			t.Errorf("%s: the proof is %+v", name, fork)
		}
	}
}

// Statements come in any order and more than once: whoever keeps what comes
// too early ends with the whole log.
func TestALogArrivesInAnyOrder(t *testing.T) {
	log := opened(t, logOf(t, vendor.Signer(), identity.RoleVendor, 12))
	want := statement.Head{Count: 12, Last: log[11].ID}
	rapid.Check(t, func(t *rapid.T) {
		queue := rapid.Permutation(slices.Concat(log, log)).Draw(t, "order")
		var head statement.Head
		var got []dagcbor.CID
		for len(queue) > 0 {
			s := queue[0]
			queue = queue[1:]
			next, err := head.Follow(&s)
			switch {
			case errors.Is(err, statement.ErrGap):
				queue = append(queue, s)
			case errors.Is(err, statement.ErrPast):
				if got[s.Body.Seq] != s.ID {
					t.Fatal("a repeat is another statement")
				}
			case err != nil:
				t.Fatal(err)
			default:
				head, got = next, append(got, s.ID)
			}
		}
		if head != want {
			t.Fatalf("head %+v, want %+v", head, want)
		}
	})
}

// Whatever is done to a log without its party's key, it does not verify; with
// the key it is a fork in the eyes of whoever holds the other one.
func TestALogCannotBeChanged(t *testing.T) {
	log := logOf(t, oldPerson, identity.RolePerson, 6)
	others := logOf(t, vendor.Signer(), identity.RoleVendor, 6)
	rapid.Check(t, func(t *rapid.T) {
		changed := slices.Clone(log)
		i := rapid.IntRange(0, len(log)-1).Draw(t, "at")
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0:
			if i == len(log)-1 {
				return // to leave out the end is to know less, and shows when the next one comes
			}
			changed = slices.Delete(changed, i, i+1)
		case 1:
			changed = slices.Insert(changed, i, changed[i])
		case 2:
			j := rapid.IntRange(0, len(log)-1).Filter(func(j int) bool { return j != i }).Draw(t, "with")
			changed[i], changed[j] = changed[j], changed[i]
		case 3:
			changed[i] = others[i]
		default:
			raw := slices.Clone(changed[i].Raw)
			bit := rapid.IntRange(0, len(raw)*8-1).Draw(t, "bit")
			raw[bit/8] ^= 1 << (bit % 8)
			changed[i].Raw = raw
		}
		if all, err := statement.VerifyLog(changed, keys, now); !errors.Is(err, statement.ErrLog) || all != nil {
			t.Fatalf("a changed log verifies: %v", err)
		}
	})
}

func TestForkIsSeen(t *testing.T) {
	log := opened(t, logOf(t, oldPerson, identity.RolePerson, 3))
	// The person tells the second statement again, in another way.
	b := log[1].Body
	b.Kind = "another"
	again := must(must(b.Sign(oldPerson, start.Add(time.Hour))).Verify(keys, now))
	head := statement.Head{Count: 2, Last: log[1].ID}
	if _, err := head.Follow(&again); !errors.Is(err, statement.ErrPast) || again.ID == log[1].ID {
		t.Errorf("the second telling: %v", err)
	}
	// And goes on from there.
	next := statement.Head{Count: 2, Last: again.ID}.Next(identity.RolePerson, person.DID(), vendor.DID(), statement.Head{}, start.Add(time.Hour))
	next.Kind, next.Content = "note", log[0].Body.Content
	third := must(must(next.Sign(oldPerson, start.Add(time.Hour))).Verify(keys, now))
	var fork *statement.ForkError
	if _, err := head.Follow(&third); !errors.As(err, &fork) || fork.A != log[1].ID || fork.B != again.ID || fork.Seq != 2 {
		t.Errorf("what follows it: %v", err)
	}
}

func TestVerifyLogRefuses(t *testing.T) {
	log := logOf(t, oldPerson, identity.RolePerson, 3)
	b := opened(t, log)[2].Body
	b.Vendor = third.DID()
	elsewhere := must(b.Sign(oldPerson, start.Add(time.Hour)))
	for name, c := range map[string]struct {
		log  []statement.Signed
		want statement.Reason
	}{
		"a first that is none":    {log[1:], statement.ErrGap},
		"one is missing":          {[]statement.Signed{log[0], log[2]}, statement.ErrGap},
		"one is there twice":      {[]statement.Signed{log[0], log[0]}, statement.ErrPast},
		"of another relationship": {[]statement.Signed{log[0], log[1], elsewhere}, statement.ErrLog},
		"of the other side":       {[]statement.Signed{log[0], logOf(t, vendor.Signer(), identity.RoleVendor, 2)[1]}, statement.ErrLog},
	} {
		if _, err := statement.VerifyLog(c.log, keys, now); !errors.Is(err, statement.ErrLog) || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if all, err := statement.VerifyLog(nil, keys, now); err != nil || len(all) != 0 {
		t.Errorf("the log of a side that has said nothing: %v", err)
	}
}

func TestNext(t *testing.T) {
	log := opened(t, logOf(t, oldPerson, identity.RolePerson, 1))
	theirs := statement.Head{Count: 4, Last: id("theirs")}
	b := statement.Head{Count: 1, Last: log[0].ID}.Next(identity.RolePerson, person.DID(), vendor.DID(), theirs, start.Add(time.Second/2))
	if b.Seq != 1 || b.Prev != log[0].ID || b.Seen != theirs.Last || b.Time != identity.At(start) || b.By != identity.RolePerson || b.Signer() != person.DID() {
		t.Errorf("the frame is %+v", b)
	}
	if b := (statement.Head{}).Next(identity.RoleVendor, person.DID(), vendor.DID(), statement.Head{}, start); b.Seq != 0 || !b.Prev.IsZero() || !b.Seen.IsZero() {
		t.Errorf("the first frame is %+v", b)
	}
}
