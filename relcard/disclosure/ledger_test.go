package disclosure_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// A person gives an address, moves, and tells the vendor, who confirms.
func TestChangeOfAddress(t *testing.T) {
	k := newTalk(t)
	first := k.say(day(0), disclose(home(1, 0)))
	states(t, k.fold(day(0)), disclosure.StateWaiting)
	k.say(day(0), recorded, first)
	states(t, k.fold(day(0)), disclosure.StateRecorded)
	moved := k.say(day(10), disclose(home(2, 1)))
	states(t, k.fold(day(10)), disclosure.StateReplaced, disclosure.StateWaiting)
	receipt := k.say(day(11), recorded, moved)
	l := k.fold(day(11))
	states(t, l, disclosure.StateReplaced, disclosure.StateRecorded)
	if e := l.Entries[0]; e.ReplacedBy != 2 || e.ReplacedAt != at(10) {
		t.Errorf("the old one: %+v", e)
	}
	e, ok := l.Entry(2)
	if !ok || e.Shared != at(10) || e.Statement != moved.ID || e.Receipt != receipt.ID || e.ReceiptAt != at(11) || e.Verdict != disclosure.Recorded {
		t.Errorf("the new one: %+v", e)
	}
	if live := l.Live("addresses/home", day(11)); len(live) != 1 || live[0].Item.ID != 2 {
		t.Errorf("live: %+v", live)
	}
	if live := l.Live("emails/work", day(11)); len(live) != 0 {
		t.Errorf("live elsewhere: %+v", live)
	}
	if _, ok := l.Entry(3); ok || l.NextID != 3 {
		t.Errorf("next is %d", l.NextID)
	}
	problems(t, l, 0)
}

// One piece for two purposes stands side by side; what takes a place later
// stands for it already.
func TestNewestOfEachPlace(t *testing.T) {
	k := newTalk(t)
	k.say(day(0), recorded, k.say(day(0), disclose(home(1, 0))))
	k.say(day(1), recorded, k.say(day(1), disclose(home(2, 0))))
	later := home(3, 1)
	later.From = at(20)
	k.say(day(2), recorded, k.say(day(2), disclose(later)))
	live := k.fold(day(3)).Live("addresses/home", day(3))
	newest := disclosure.Newest(live)
	if len(live) != 3 || len(newest) != 2 || newest[0].Item.ID != 2 || newest[1].Item.ID != 3 {
		t.Errorf("live %+v, the newest %+v", live, newest)
	}
	if got := disclosure.Newest(nil); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestChangeFromADate(t *testing.T) {
	k := newTalk(t)
	k.say(day(0), recorded, k.say(day(0), disclose(home(1, 0))))
	next := home(2, 1)
	next.From = at(20)
	k.say(day(5), recorded, k.say(day(5), disclose(next)))
	l := k.fold(day(19))
	states(t, l, disclosure.StateRecorded, disclosure.StateFuture)
	if e := l.Entries[0]; e.ReplacedBy != 2 || e.ReplacedAt != at(20) {
		t.Errorf("what will replace it: %+v", e)
	}
	if live := l.Live("", day(19)); len(live) != 2 {
		t.Errorf("live before: %+v", live)
	}
	states(t, l.At(day(20)), disclosure.StateReplaced, disclosure.StateRecorded)
	if live := l.Live("", day(20)); len(live) != 1 || live[0].Item.ID != 2 {
		t.Errorf("live after: %+v", live)
	}
	t.Run("taken back before", func(t *testing.T) {
		k.say(day(6), disclosure.Retract{Items: ids(2)})
		states(t, k.fold(day(25)), disclosure.StateRecorded, disclosure.StateRetracted)
	})
}

// A plan that is overtaken by a nearer one does not come back.
func TestAPlanIsReplaced(t *testing.T) {
	k := newTalk(t)
	far, near := home(2, 1), home(3, 1)
	far.From, near.From = at(20), at(10)
	for i, it := range []disclosure.Item{home(1, 0), far, near} {
		k.say(day(i), recorded, k.say(day(i), disclose(it)))
	}
	states(t, k.fold(day(5)), disclosure.StateRecorded, disclosure.StateFuture, disclosure.StateFuture)
	l := k.fold(day(30))
	states(t, l, disclosure.StateReplaced, disclosure.StateReplaced, disclosure.StateRecorded)
	if l.Entries[0].ReplacedBy != 3 || l.Entries[1].ReplacedBy != 3 {
		t.Errorf("replaced by %d and %d", l.Entries[0].ReplacedBy, l.Entries[1].ReplacedBy)
	}
}

// To undo is to replace once more.
func TestUndo(t *testing.T) {
	k := newTalk(t)
	for i := range uint64(3) {
		k.say(day(int(i)), recorded, k.say(day(int(i)), disclose(home(i+1, i))))
	}
	l := k.fold(day(3))
	states(t, l, disclosure.StateReplaced, disclosure.StateReplaced, disclosure.StateRecorded)
	if l.Entries[0].ReplacedBy != 2 || l.Entries[1].ReplacedBy != 3 {
		t.Errorf("replaced by %d and %d", l.Entries[0].ReplacedBy, l.Entries[1].ReplacedBy)
	}
}

// A change that the vendor refuses leaves the old address where it was, and
// another may be tried, under either name.
func TestRefusedChange(t *testing.T) {
	k := newTalk(t)
	k.say(day(0), recorded, k.say(day(0), disclose(home(1, 0))))
	k.say(day(1), refused, k.say(day(1), disclose(home(2, 1))))
	l := k.fold(day(1))
	states(t, l, disclosure.StateRecorded, disclosure.StateRefused)
	if l.Entries[1].Reason != "we do not deliver there" || l.Entries[0].ReplacedBy != 0 {
		t.Errorf("%+v", l.Entries)
	}
	k.say(day(2), recorded, k.say(day(2), disclose(home(3, 2))))
	states(t, k.fold(day(2)), disclosure.StateReplaced, disclosure.StateRefused, disclosure.StateRecorded)
}

func TestForAWhile(t *testing.T) {
	k := newTalk(t)
	it := home(1, 0)
	it.From, it.Until = at(5), at(10)
	k.say(day(0), recorded, k.say(day(0), disclose(it)))
	for d, want := range map[int]disclosure.State{0: disclosure.StateFuture, 5: disclosure.StateRecorded, 9: disclosure.StateRecorded, 10: disclosure.StateExpired} {
		states(t, k.fold(day(d)), want)
	}
}

func TestRetract(t *testing.T) {
	k := newTalk(t)
	k.say(day(0), recorded, k.say(day(0), disclose(home(1, 0), home(2, 0))))
	r := k.say(day(1), disclosure.Retract{Items: ids(1), Reason: "only by mail"})
	states(t, k.fold(day(1)), disclosure.StateRetracted, disclosure.StateRecorded)
	k.say(day(2), refused, r)
	l := k.fold(day(2))
	states(t, l, disclosure.StateRetracted, disclosure.StateRecorded)
	if e := l.Entries[0]; e.RetractVerdict != disclosure.Refused || e.RetractReason == "" || e.Retract != r.ID || e.RetractedAt != at(1) {
		t.Errorf("%+v", e)
	}
	k.say(day(3), disclosure.Retract{Items: ids(1, 2)})
	l = k.fold(day(3))
	states(t, l, disclosure.StateRetracted, disclosure.StateRetracted)
	if l.Entries[0].RetractedAt != at(1) {
		t.Error("the first retraction counts")
	}
	problems(t, l, 0)
}

// The relationship ends: what was given is demanded back.
func TestDemand(t *testing.T) {
	copied := disclosure.Comply{Did: disclosure.DidCopy, Digest: digest("copy")}
	deleted := disclosure.Comply{Did: disclosure.DidDelete}
	no := disclosure.Comply{Did: disclosure.DidRefuse, Reason: "kept for the tax office"}
	partly := disclosure.Comply{Did: disclosure.DidPartly, Items: ids(1), Reason: "2 is on an invoice"}
	rest := disclosure.Comply{Did: disclosure.DidPartly, Items: ids(2), Reason: "ten years are over"}
	type answer struct {
		day int
		c   disclosure.Comply
	}
	gone, back := disclosure.StateDeleted, disclosure.StateRetracted
	for name, c := range map[string]struct {
		what    disclosure.Want
		answers []answer
		day     int
		want    disclosure.DemandState
		overdue bool
		items   []disclosure.State
		wrong   int
	}{
		"waiting":             {what: disclosure.WantDelete, day: 30, want: disclosure.DemandWaiting, items: []disclosure.State{back, back}},
		"overdue":             {what: disclosure.WantDelete, day: 31, want: disclosure.DemandOverdue, overdue: true, items: []disclosure.State{back, back}},
		"deleted":             {what: disclosure.WantDelete, answers: []answer{{5, deleted}}, day: 31, want: disclosure.DemandComplied, items: []disclosure.State{gone, gone}},
		"deleted late":        {what: disclosure.WantDelete, answers: []answer{{31, deleted}}, day: 31, want: disclosure.DemandComplied, overdue: true, items: []disclosure.State{gone, gone}},
		"partly":              {what: disclosure.WantDelete, answers: []answer{{5, partly}}, day: 30, want: disclosure.DemandPartly, items: []disclosure.State{gone, back}},
		"partly and overdue":  {what: disclosure.WantDelete, answers: []answer{{5, partly}}, day: 31, want: disclosure.DemandPartly, overdue: true, items: []disclosure.State{gone, back}},
		"partly, then all":    {what: disclosure.WantDelete, answers: []answer{{5, partly}, {6, rest}}, day: 31, want: disclosure.DemandComplied, items: []disclosure.State{gone, gone}},
		"partly, rest denied": {what: disclosure.WantDelete, answers: []answer{{5, partly}, {6, no}}, day: 31, want: disclosure.DemandPartly, items: []disclosure.State{gone, back}},
		"refused":             {what: disclosure.WantDelete, answers: []answer{{5, no}}, day: 31, want: disclosure.DemandRefused, items: []disclosure.State{back, back}},
		"refused, then done":  {what: disclosure.WantDelete, answers: []answer{{5, no}, {6, deleted}}, day: 31, want: disclosure.DemandComplied, items: []disclosure.State{gone, gone}},
		"a copy for deletion": {what: disclosure.WantDelete, answers: []answer{{5, copied}}, day: 6, want: disclosure.DemandWaiting, items: []disclosure.State{back, back}, wrong: 1},
		"done twice":          {what: disclosure.WantDelete, answers: []answer{{5, deleted}, {6, no}}, day: 6, want: disclosure.DemandComplied, items: []disclosure.State{gone, gone}, wrong: 1},
		"a copy":              {what: disclosure.WantCopy, answers: []answer{{5, copied}}, day: 31, want: disclosure.DemandComplied, items: []disclosure.State{disclosure.StateRecorded, disclosure.StateRecorded}},
		"part without copy":   {what: disclosure.WantCopy, answers: []answer{{5, partly}}, day: 6, want: disclosure.DemandWaiting, items: []disclosure.State{disclosure.StateRecorded, disclosure.StateRecorded}, wrong: 1},
		"deletion for a copy": {what: disclosure.WantCopy, answers: []answer{{5, deleted}}, day: 6, want: disclosure.DemandWaiting, items: []disclosure.State{disclosure.StateRecorded, disclosure.StateRecorded}, wrong: 1},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t)
			k.say(day(0), recorded, k.say(day(0), disclose(home(1, 0), home(2, 0))))
			d := k.say(day(1), disclosure.Demand{What: c.what, Deadline: identity.At(day(31).Add(-1)), Basis: "GDPR art. 17"})
			for _, a := range c.answers {
				k.say(day(a.day), a.c, d)
			}
			l := k.fold(day(c.day))
			states(t, l, c.items...)
			problems(t, l, c.wrong)
			got := l.Demands[0]
			if got.State != c.want || got.Overdue.IsZero() == c.overdue || got.Made != at(1) || got.Statement != d.ID {
				t.Errorf("%+v", got)
			}
			if n := len(c.answers); n > 0 && c.wrong == 0 && (got.AnsweredAt != at(c.answers[n-1].day) || got.Did != c.answers[n-1].c.Did) {
				t.Errorf("the answer: %+v", got)
			}
		})
	}
}

// What was given after a demand is not covered by it.
func TestDemandCoversWhatWasGivenBefore(t *testing.T) {
	k := newTalk(t)
	k.say(day(0), disclose(home(1, 0), home(2, 0)))
	d := k.say(day(1), disclosure.Demand{What: disclosure.WantDelete, Items: ids(2), Deadline: at(30)})
	all := k.say(day(1), disclosure.Demand{What: disclosure.WantDelete, Deadline: at(30)})
	k.say(day(2), disclose(home(3, 0)))
	k.say(day(3), disclosure.Comply{Did: disclosure.DidDelete}, d)
	states(t, k.fold(day(3)), disclosure.StateRetracted, disclosure.StateDeleted, disclosure.StateWaiting)
	k.say(day(4), disclosure.Comply{Did: disclosure.DidDelete}, all)
	states(t, k.fold(day(4)), disclosure.StateDeleted, disclosure.StateDeleted, disclosure.StateWaiting)
}

// broken returns statements that break a rule each, said after item 1 was
// disclosed and recorded, item 2 taken back and a demand for a copy of item 1
// was made.
func broken(t failer) (*talk, map[string]func(k *talk) statement.Statement, map[string]disclosure.Reason) {
	k := newTalk(t)
	first := k.say(day(0), disclose(home(1, 0), home(2, 0)))
	k.say(day(0), recorded, first)
	gone := k.say(day(0), disclosure.Retract{Items: ids(2)})
	k.say(day(0), recorded, gone)
	demand := k.say(day(0), disclosure.Demand{What: disclosure.WantCopy, Items: ids(1), Deadline: at(30)})
	other := k.skip(day(0), identity.RolePerson)
	say := func(c encoder, answers ...statement.Statement) func(k *talk) statement.Statement {
		return func(k *talk) statement.Statement { return k.say(day(1), c, answers...) }
	}
	as := func(by identity.Role, c encoder, answers ...statement.Statement) func(k *talk) statement.Statement {
		return func(k *talk) statement.Statement {
			content, err := c.Encode()
			if err != nil {
				k.Fatal(err)
			}
			return k.raw(day(1), by, kindOf(c), content, answers...)
		}
	}
	late := disclosure.Demand{What: disclosure.WantCopy, Deadline: at(1)}
	copied := disclosure.Comply{Did: disclosure.DidCopy, Digest: digest("copy")}
	too := disclosure.Comply{Did: disclosure.DidPartly, Items: ids(2), Reason: "x", Digest: digest("copy")}
	return k, map[string]func(k *talk) statement.Statement{
			"a number used before":      say(disclose(home(1, 0))),
			"a number below the last":   say(disclose(home(2, 0), home(3, 0))),
			"replaces the unknown":      say(disclose(home(9, 0), home(11, 8))),
			"replaces what is gone":     say(disclose(home(3, 2))),
			"retract the unknown":       say(disclosure.Retract{Items: ids(1, 3)}),
			"retract again":             say(disclosure.Retract{Items: ids(2)}),
			"demand the unknown":        say(disclosure.Demand{What: disclosure.WantDelete, Items: ids(3), Deadline: at(30)}),
			"deadline is over":          say(late),
			"receipt for nothing":       say(recorded),
			"receipt for the unknown":   say(recorded, other),
			"receipt for a demand":      say(recorded, demand),
			"a second receipt":          say(refused, first),
			"a second receipt for gone": say(refused, gone),
			"comply with nothing":       say(copied),
			"comply with a disclosure":  say(copied, first),
			"comply with more":          say(too, demand),
			"the vendor discloses":      as(identity.RoleVendor, disclose(home(3, 0))),
			"the vendor retracts":       as(identity.RoleVendor, disclosure.Retract{Items: ids(1)}),
			"the vendor demands":        as(identity.RoleVendor, disclosure.Demand{What: disclosure.WantDelete, Deadline: at(30)}),
			"the person gives receipts": as(identity.RolePerson, recorded),
			"the person complies":       as(identity.RolePerson, copied),
			"bytes that are no disclose": func(k *talk) statement.Statement {
				return k.raw(day(1), identity.RolePerson, disclosure.KindDisclose, []byte{0xa0})
			},
			"bytes that are no receipt": func(k *talk) statement.Statement {
				return k.raw(day(1), identity.RoleVendor, disclosure.KindReceipt, []byte{0xa0})
			},
		}, map[string]disclosure.Reason{
			"a number used before": disclosure.ErrItem, "a number below the last": disclosure.ErrItem, "replaces the unknown": disclosure.ErrItem,
			"replaces what is gone": disclosure.ErrItem, "retract the unknown": disclosure.ErrItem, "retract again": disclosure.ErrItem,
			"demand the unknown": disclosure.ErrItem, "deadline is over": disclosure.ErrField,
			"receipt for nothing": disclosure.ErrAnswer, "receipt for the unknown": disclosure.ErrAnswer, "receipt for a demand": disclosure.ErrAnswer,
			"a second receipt": disclosure.ErrAnswer, "a second receipt for gone": disclosure.ErrAnswer,
			"comply with nothing": disclosure.ErrAnswer, "comply with a disclosure": disclosure.ErrAnswer, "comply with more": disclosure.ErrAnswer,
			"the vendor discloses": disclosure.ErrRole, "the vendor retracts": disclosure.ErrRole, "the vendor demands": disclosure.ErrRole,
			"the person gives receipts": disclosure.ErrRole, "the person complies": disclosure.ErrRole,
			"bytes that are no disclose": disclosure.ErrEncoding, "bytes that are no receipt": disclosure.ErrEncoding,
		}
}

// A statement that breaks a rule has no effect at all, is named, and stops
// nothing.
func TestBrokenRulesAreNoted(t *testing.T) {
	_, cases, _ := broken(t)
	for name := range cases {
		t.Run(name, func(t *testing.T) {
			k, cases, want := broken(t)
			before := k.fold(day(1))
			problems(t, before, 0)
			s := cases[name](k)
			if err := before.Check(&s); disclosure.ReasonOf(err) != want[name] {
				t.Errorf("check: %v, want %s", err, want[name])
			}
			after := k.fold(day(1))
			problems(t, after, 1)
			if !strings.HasPrefix(after.Problems[0], fmt.Sprintf("%s statement %d (%s): ", s.Body.By, s.Body.Seq, s.Body.Kind)) {
				t.Errorf("it does not name the statement: %s", after.Problems[0])
			}
			if !reflect.DeepEqual(after.Entries, before.Entries) || !reflect.DeepEqual(after.Demands, before.Demands) || after.NextID != before.NextID {
				t.Errorf("it had an effect: %+v", after)
			}
			good := k.say(day(1), disclose(home(3, 1)))
			k.say(day(2), recorded, good)
			states(t, k.fold(day(2)), disclosure.StateReplaced, disclosure.StateRetracted, disclosure.StateRecorded)
		})
	}
}

// Before it is signed, one's own statement can be checked by its body alone.
func TestCheckADraft(t *testing.T) {
	k := newTalk(t)
	k.say(day(0), disclose(home(1, 0)))
	l := k.fold(day(0))
	draft := func(it disclosure.Item) *statement.Statement {
		content := must[[]byte](t)(disclose(it).Encode())
		return &statement.Statement{Body: k.draft(day(1), identity.RolePerson, disclosure.KindDisclose, content)}
	}
	if err := l.Check(draft(home(l.NextID, 1))); err != nil {
		t.Error(err)
	}
	if err := l.Check(draft(home(1, 0))); disclosure.ReasonOf(err) != disclosure.ErrItem {
		t.Error(err)
	}
	skipped := k.skip(day(1), identity.RoleVendor)
	if err := l.Check(&skipped); err != nil {
		t.Error(err)
	}
	old := k.logs[identity.RolePerson][0]
	if err := l.Check(&old); disclosure.ReasonOf(err) != disclosure.ErrLog {
		t.Error(err)
	}
}

func TestWrongLogsAreRefused(t *testing.T) {
	k, strange := newTalk(t), newTalk(t)
	strange.vendor = key("another vendor")
	k.say(day(0), recorded, k.say(day(0), disclose(home(1, 0))))
	k.say(day(1), disclose(home(2, 0)))
	strange.say(day(0), disclose(home(1, 0)))
	p, v, s := k.logs[identity.RolePerson], k.logs[identity.RoleVendor], strange.logs[identity.RolePerson]
	nobody := p[0]
	nobody.Body.By = identity.RoleAuthor
	for name, c := range map[string]struct{ person, vendor []statement.Statement }{
		"exchanged":            {v, p},
		"out of order":         {[]statement.Statement{p[1], p[0]}, v},
		"twice":                {[]statement.Statement{p[0], p[0]}, v},
		"another relationship": {append(p[:1:1], s...), v},
	} {
		if _, err := disclosure.Fold(c.person, c.vendor, day(1)); disclosure.ReasonOf(err) != disclosure.ErrLog {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := k.fold(day(1))
	for _, bad := range []statement.Statement{s[0], nobody} {
		got, err := l.Apply(&bad, day(1))
		if disclosure.ReasonOf(err) != disclosure.ErrLog || !reflect.DeepEqual(got, l) {
			t.Errorf("apply: %v", err)
		}
		if err := l.Check(&bad); disclosure.ReasonOf(err) != disclosure.ErrLog {
			t.Errorf("check: %v", err)
		}
	}
}

func TestNothingSaid(t *testing.T) {
	l, err := disclosure.Fold(nil, nil, day(0))
	if err != nil || l.NextID != 1 || len(l.Live("", day(0))) != 0 {
		t.Errorf("%+v %v", l, err)
	}
}

// A stranger's words in a problem are bounded and readable.
func TestProblemsAreBounded(t *testing.T) {
	k := newTalk(t)
	k.raw(day(0), identity.RoleVendor, disclosure.KindReceipt, []byte("\xa1\x79\x04\x00"+strings.Repeat("x", 1024)+"\x01"))
	l := k.fold(day(0))
	problems(t, l, 1)
	if len(l.Problems[0]) > 400 {
		t.Errorf("%d bytes: %s", len(l.Problems[0]), l.Problems[0])
	}
}

func BenchmarkFold(b *testing.B) {
	k := newTalk(b)
	for i := range uint64(500) {
		k.say(day(int(i)), recorded, k.say(day(int(i)), disclose(home(i+1, i))))
	}
	b.ReportMetric(float64(len(k.logs[identity.RolePerson])+len(k.logs[identity.RoleVendor])), "statements")
	for b.Loop() {
		k.fold(day(500))
	}
}

func BenchmarkApply(b *testing.B) {
	k := newTalk(b)
	for i := range uint64(20) {
		k.say(day(int(i)), recorded, k.say(day(int(i)), disclose(home(i+1, i))))
	}
	l := k.fold(day(20))
	s := k.say(day(20), disclose(home(21, 20)))
	for b.Loop() {
		if _, err := l.Apply(&s, day(20)); err != nil {
			b.Fatal(err)
		}
	}
}
