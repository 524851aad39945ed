package negotiation_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

func TestReply(t *testing.T) {
	off := ref("SD-BASE-A")
	off.SHA256 = strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		proffered, accepts string
		also               []terms.Ref
		counter            bool
		want               negotiation.Verdict
		id                 string
	}{
		"the one proffered":                {"SD-BASE", "SD-BASE-A SD-BASE", nil, true, negotiation.Accept, "SD-BASE"},
		"the person's order counts":        {"SD-BASE-DP SD-BASE SD-BASE-A", "SD-BASE-A SD-BASE", nil, true, negotiation.Accept, "SD-BASE"},
		"none, and no counter":             {"SD-BASE", "SD-BASE-A", nil, false, negotiation.Refuse, ""},
		"nothing is accepted at all":       {"SD-BASE", "", nil, true, negotiation.Refuse, ""},
		"the nearest is named":             {"SD-BASE", "SD-BASE-ATP SD-BASE-A SD-BASE-AT", nil, true, negotiation.Counter, "SD-BASE-A"},
		"stricter is nearer than wider":    {"SD-BASE-A", "SD-BASE-AT SD-BASE", nil, true, negotiation.Counter, "SD-BASE"},
		"less stricter is nearer":          {"SD-BASE-AT", "SD-BASE SD-BASE-A", nil, true, negotiation.Counter, "SD-BASE-A"},
		"portability is a rule":            {"SD-BASE-DP", "SD-BASE SD-BASE-A", nil, true, negotiation.Counter, "SD-BASE"},
		"and costs as much as another":     {"SD-BASE-DP", "SD-BASE-A SD-BASE-A-DP", nil, true, negotiation.Counter, "SD-BASE-A-DP"},
		"to any one of those proffered":    {"SD-BASE SD-BASE-ATP", "SD-BASE-ATP-S3P SD-BASE-AT", nil, true, negotiation.Counter, "SD-BASE-AT"},
		"a tie goes to the vendor's":       {"SD-BASE", "SD-BASE-A SD-BASE-A-DP", nil, true, negotiation.Counter, "SD-BASE-A"},
		"no counter for another purpose":   {"PDC-GOOD", "PDC-AI SD-BASE", nil, true, negotiation.Refuse, ""},
		"nor from one":                     {"SD-BASE-DP", "PDC-INTENT TPR", nil, true, negotiation.Refuse, ""},
		"what is off the roster is passed": {"SD-BASE", "SD-BASE-ATP", []terms.Ref{off}, true, negotiation.Counter, "SD-BASE-ATP"},
	} {
		p := negotiation.Proffer{Agreements: refs(strings.Fields(c.proffered)...)}
		a := negotiation.Reply(&p, append(c.also, refs(strings.Fields(c.accepts)...)...), c.counter)
		if a.Verdict != c.want || (a.Terms == nil) != (c.id == "") || (a.Terms != nil && a.Terms.ID != c.id) {
			t.Errorf("%s: %s %v, want %s %s", name, a.Verdict, a.Terms, c.want, c.id)
		}
		if a.Verdict == negotiation.Refuse && (a.Check() != nil || !strings.Contains(a.Reason, strings.Fields(c.proffered)[0])) {
			t.Errorf("%s: refused with %q: %v", name, a.Reason, a.Check())
		}
	}
}

func TestReplyIsAlwaysWithinTheRules(t *testing.T) {
	some := rapid.SliceOfDistinct(rapid.SampledFrom(terms.All()), func(a terms.Agreement) string { return a.Ref.ID })
	rapid.Check(t, func(t *rapid.T) {
		var proffered, accepts []terms.Ref
		for _, a := range some.Filter(func(s []terms.Agreement) bool { return len(s) > 0 && len(s) <= 8 }).Draw(t, "proffered") {
			proffered = append(proffered, a.Ref)
		}
		for _, a := range some.Draw(t, "accepts") {
			accepts = append(accepts, a.Ref)
		}
		counter := rapid.Bool().Draw(t, "counter")
		a := negotiation.Reply(&negotiation.Proffer{Agreements: proffered}, accepts, counter)
		switch a.Verdict {
		case negotiation.Accept:
			i := slices.Index(proffered, *a.Terms)
			if i < 0 || !slices.Contains(accepts, *a.Terms) || slices.ContainsFunc(proffered[:i], func(r terms.Ref) bool { return slices.Contains(accepts, r) }) {
				t.Fatalf("accepts %s", a.Terms.ID)
			}
		case negotiation.Counter:
			if !counter || slices.Contains(proffered, *a.Terms) || !slices.Contains(accepts, *a.Terms) {
				t.Fatalf("counters with %s", a.Terms.ID)
			}
			got := widening(proffered, *a.Terms)
			for _, r := range accepts {
				if w := widening(proffered, r); w >= 0 && w < got {
					t.Fatalf("counters with %s, which widens %d rules, where %s widens %d", a.Terms.ID, got, r.ID, w)
				}
			}
		default:
			if err := a.Check(); err != nil {
				t.Fatal(err)
			}
			if counter && slices.ContainsFunc(accepts, func(r terms.Ref) bool { return widening(proffered, r) >= 0 }) {
				t.Fatal("refused where a counter was possible")
			}
		}
	})
}

// widening is the fewest rules that r makes wider than one proffered, -1 where
// none is for the same purpose; told from the roster's table alone.
func widening(proffered []terms.Ref, r terms.Ref) int {
	level := func(id string) [2]int { // practices allowed, portability owed
		base, dp := strings.CutSuffix(strings.TrimPrefix(id, "SD-BASE"), "-DP")
		n := map[string]int{"": 0, "-A": 1, "-AT": 2, "-ATP": 3, "-ATP-S3P": 4}[base]
		if dp {
			return [2]int{n, 1}
		}
		return [2]int{n, 0}
	}
	least := -1
	for _, p := range proffered {
		w := 0
		switch {
		case p.ID == r.ID:
		case !strings.HasPrefix(p.ID, "SD-") || !strings.HasPrefix(r.ID, "SD-"):
			continue
		default:
			from, to := level(p.ID), level(r.ID)
			w = max(0, to[0]-from[0]) + max(0, from[1]-to[1])
		}
		if least < 0 || w < least {
			least = w
		}
	}
	return least
}

func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		p              negotiation.Policy
		known, hasCard bool
		want           bool
	}{
		{negotiation.Anyone, false, false, true}, {negotiation.Anyone, true, true, true},
		{negotiation.Known, false, false, false}, {negotiation.Known, true, false, true}, {negotiation.Known, false, true, true},
		{negotiation.WithCard, true, false, false}, {negotiation.WithCard, false, true, true},
		{"", true, true, false}, {"everybody", true, true, false},
	} {
		err := c.p.Admits(c.known, c.hasCard)
		if (err == nil) != c.want || (err != nil && !strings.Contains(err.Error(), negotiation.ErrUnwanted.Error())) {
			t.Errorf("%q admits known %v, with a card %v: %v", c.p, c.known, c.hasCard, err)
		}
	}
	for _, p := range []negotiation.Policy{negotiation.Anyone, negotiation.Known, negotiation.WithCard} {
		if p.Check() != nil {
			t.Error(p.Check())
		}
	}
	if negotiation.Policy("").Check() == nil {
		t.Error("no policy is a policy")
	}
}
