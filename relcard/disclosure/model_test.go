package disclosure_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// story draws what two parties, honest or not, say to each other.
type story struct {
	*talk
	t    *rapid.T
	hour int
	all  []statement.Statement // in an order in which they may have come
}

func (s *story) now() time.Time { return start.Add(time.Duration(s.hour) * time.Hour) }

func (s *story) someIDs() []uint64 {
	all := rapid.SliceOfNDistinct(rapid.Uint64Range(1, 8), 1, 3, rapid.ID).Draw(s.t, "items")
	slices.Sort(all)
	return all
}

// hours draws a time a few hours off now, either way.
func (s *story) hours(what string, from, to int) identity.Time {
	return identity.At(s.now().Add(time.Duration(rapid.IntRange(from, to).Draw(s.t, what)) * time.Hour))
}

func (s *story) person() encoder {
	switch rapid.IntRange(0, 6).Draw(s.t, "person says") {
	case 0:
		return disclosure.Retract{Items: s.someIDs()}
	case 1:
		d := disclosure.Demand{What: rapid.SampledFrom([]disclosure.Want{disclosure.WantDelete, disclosure.WantDelete, disclosure.WantCopy}).Draw(s.t, "what"), Deadline: s.hours("deadline", 0, 6)}
		if rapid.Bool().Draw(s.t, "some") {
			d.Items = s.someIDs()
		}
		return d
	}
	it := home(s.fold(s.now()).NextID, 0)
	if rapid.IntRange(0, 9).Draw(s.t, "wrong number") == 0 {
		it.ID = rapid.Uint64Range(1, 8).Draw(s.t, "number")
	}
	if it.ID > 1 && rapid.Bool().Draw(s.t, "change") {
		it.Replaces = rapid.Uint64Range(1, it.ID-1).Draw(s.t, "replaces")
	}
	if rapid.IntRange(0, 2).Draw(s.t, "later") == 0 {
		it.From = s.hours("from", -2, 12)
	}
	if rapid.IntRange(0, 3).Draw(s.t, "for a while") == 0 {
		it.Until = s.hours("until", 0, 9)
		if !it.From.Before(it.Until) {
			it.From = identity.Time{}
		}
	}
	return disclose(it)
}

func (s *story) vendor() encoder {
	switch rapid.IntRange(0, 6).Draw(s.t, "vendor says") {
	case 0:
		return refused
	case 1:
		return disclosure.Comply{Did: disclosure.DidDelete}
	case 2:
		return disclosure.Comply{Did: disclosure.DidPartly, Items: s.someIDs(), Reason: "some"}
	case 3:
		return rapid.SampledFrom([]disclosure.Comply{{Did: disclosure.DidRefuse, Reason: "no"}, {Did: disclosure.DidCopy, Digest: digest("c")}}).Draw(s.t, "comply")
	}
	return recorded
}

// fitting is an answer that can be one to st.
func (s *story) fitting(st statement.Statement) encoder {
	if st.Body.Kind != disclosure.KindDemand {
		return rapid.SampledFrom([]encoder{recorded, recorded, refused}).Draw(s.t, "receipt")
	}
	d, err := disclosure.DecodeDemand(st.Body.Content)
	if err != nil {
		s.t.Fatal(err)
	}
	if d.What == disclosure.WantCopy {
		return disclosure.Comply{Did: disclosure.DidCopy, Digest: digest("c")}
	}
	if len(d.Items) > 1 && rapid.Bool().Draw(s.t, "partly") {
		return disclosure.Comply{Did: disclosure.DidPartly, Items: d.Items[:1], Reason: "some"}
	}
	return disclosure.Comply{Did: disclosure.DidDelete}
}

func (s *story) step() statement.Statement {
	s.hour += rapid.IntRange(0, 3).Draw(s.t, "hours")
	said := s.logs[identity.RolePerson]
	var st statement.Statement
	if len(said) == 0 || rapid.IntRange(0, 4).Draw(s.t, "side") < 3 {
		st = s.say(s.now(), s.person())
	} else {
		to := said[len(said)-min(len(said), rapid.IntRange(1, 3).Draw(s.t, "answers"))]
		what := s.vendor()
		if rapid.Bool().Draw(s.t, "fitting") { // at random few answers would fit
			what = s.fitting(to)
		}
		st = s.say(s.now(), what, to)
	}
	s.all = append(s.all, st)
	return st
}

// allowed says by brute force over all that was said, and in no hurry, whether
// the vendor may hold an item: the rules of the package documentation, naively.
func (s *story) allowed(l disclosure.Ledger, id uint64, now time.Time) bool {
	e, _ := l.Entry(id)
	begin := func(e disclosure.Entry) time.Time {
		if e.Item.From.Std().After(e.Shared.Std()) {
			return e.Item.From.Std()
		}
		return e.Shared.Std()
	}
	ended := func(e disclosure.Entry) bool {
		return e.Verdict == disclosure.Refused || !e.Retract.IsZero() || !e.Deleted.IsZero() || !e.Item.Until.IsZero() && !e.Item.Until.Std().After(now)
	}
	if ended(e) {
		return false
	}
	var root func(id uint64) uint64
	root = func(id uint64) uint64 {
		e, _ := l.Entry(id)
		if e.Item.Replaces == 0 {
			return id
		}
		return root(e.Item.Replaces)
	}
	for _, o := range l.Entries {
		if o.Item.ID <= id || root(o.Item.ID) != root(id) || o.Verdict == disclosure.Refused || begin(o).After(now) {
			continue
		}
		if !o.Retract.IsZero() && o.RetractedAt.Std().Before(begin(o)) || !o.Item.Until.IsZero() && !o.Item.Until.Std().After(begin(o)) {
			continue
		}
		return false
	}
	return true
}

func TestFoldIsApplyInAnyOrder(t *testing.T) {
	seen := make(map[disclosure.State]int)
	demands := make(map[disclosure.DemandState]int)
	rapid.Check(t, func(t *rapid.T) {
		s := &story{talk: newTalk(t), t: t}
		var l disclosure.Ledger
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			st := s.step()
			before := l
			var err error
			if l, err = l.Apply(&st, s.now()); err != nil {
				t.Fatal(err)
			}
			if want := s.fold(s.now()); !reflect.DeepEqual(l, want) {
				t.Fatalf("applied one by one:\n%+v\nfolded:\n%+v", l, want)
			}
			if again, err := l.Apply(&st, s.now()); err != nil || !reflect.DeepEqual(again, l) {
				t.Fatalf("a replay changed it: %v", err)
			}
			// What Check says is what happens.
			noted := len(l.Problems) > len(before.Problems)
			if err := before.Check(&st); (err != nil) != noted {
				t.Fatalf("check says %v, and problems are %q", err, l.Problems)
			}
			monotone(t, before, l)
		}
		for _, e := range l.Entries {
			seen[e.State]++
			if got, want := e.Live(), s.allowed(l, e.Item.ID, s.now()); got != want {
				t.Fatalf("item %d is %s, and the rules say live: %t\n%+v", e.Item.ID, e.State, want, l)
			}
		}
		for _, d := range l.Demands {
			demands[d.State]++
		}
		crossed(t, s, l)
		replayed(t, s, l)
		later := s.now().Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "later")) * time.Hour)
		if got, want := l.At(later), s.fold(later); !reflect.DeepEqual(got, want) {
			t.Fatalf("later:\n%+v\nwant\n%+v", got, want)
		}
		monotone(t, l, l.At(later))
	})
	t.Logf("the stories led to items %v and demands %v", seen, demands)
}

// monotone checks what never comes back: what is gone is gone, a receipt
// stands, a number is never used twice.
func monotone(t *rapid.T, before, after disclosure.Ledger) {
	for i, e := range before.Entries {
		a := after.Entries[i]
		if a.Item.ID != e.Item.ID || a.Shared != e.Shared || a.Statement != e.Statement ||
			!e.Receipt.IsZero() && a.Receipt != e.Receipt || !e.Retract.IsZero() && a.Retract != e.Retract || !e.Deleted.IsZero() && a.Deleted != e.Deleted {
			t.Fatalf("a fact changed:\n%+v\n%+v", e, a)
		}
		may := map[disclosure.State][]disclosure.State{
			disclosure.StateDeleted:   {},
			disclosure.StateRetracted: {disclosure.StateDeleted},
			disclosure.StateRefused:   {disclosure.StateRetracted, disclosure.StateDeleted},
			disclosure.StateExpired:   {disclosure.StateRetracted, disclosure.StateDeleted, disclosure.StateRefused, disclosure.StateReplaced},
		}
		if next, bound := may[e.State]; bound && a.State != e.State && !slices.Contains(next, a.State) {
			t.Fatalf("item %d went from %s to %s", e.Item.ID, e.State, a.State)
		}
		if a.State == disclosure.StateWaiting && e.State != disclosure.StateWaiting && e.State != disclosure.StateReplaced {
			t.Fatalf("item %d waits again, and was %s", e.Item.ID, e.State)
		}
	}
	for i, d := range before.Demands {
		if d.State == disclosure.DemandComplied && after.Demands[i].State != disclosure.DemandComplied {
			t.Fatalf("a demand complied with is %s", after.Demands[i].State)
		}
	}
	if after.NextID < before.NextID || len(after.Problems) < len(before.Problems) {
		t.Fatalf("numbers or problems went back")
	}
}

// crossed applies the same statements as the other side may have had them:
// each log in order, and answers after what they answer.
func crossed(t *rapid.T, s *story, want disclosure.Ledger) {
	p, v := s.logs[identity.RolePerson], s.logs[identity.RoleVendor]
	known := map[string]bool{"": true}
	var l disclosure.Ledger
	for len(p)+len(v) > 0 {
		var next *statement.Statement
		vendor := len(v) > 0 && known[v[0].Body.Answers.String()]
		if len(p) == 0 || vendor && rapid.Bool().Draw(t, "vendor first") {
			next, v = &v[0], v[1:]
		} else {
			next, p = &p[0], p[1:]
		}
		known[next.ID.String()] = true
		var err error
		if l, err = l.Apply(next, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(l, want) {
		t.Fatalf("the other side has\n%+v\nand not\n%+v", l, want)
	}
}

// replayed applies everything once more, in an order drawn.
func replayed(t *rapid.T, s *story, want disclosure.Ledger) {
	l := want
	for _, st := range rapid.Permutation(s.all).Draw(t, "replays") {
		var err error
		if l, err = l.Apply(&st, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(l, want) {
		t.Fatal("replays changed the ledger")
	}
}
