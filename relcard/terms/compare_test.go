package terms_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/terms"
)

func lookup(t testing.TB, id string) terms.Agreement {
	t.Helper()
	a, ok := terms.Lookup(id)
	if !ok {
		t.Fatalf("no agreement %s", id)
	}
	return a
}

// The SD family by what it allows; each has a -DP that also owes portability.
var levels = []string{"SD-BASE", "SD-BASE-A", "SD-BASE-AT", "SD-BASE-ATP", "SD-BASE-ATP-S3P"}

func TestTheFamilyIsOrderedAsTheTableSays(t *testing.T) {
	want := func(i, j int, dpI, dpJ bool) terms.Order {
		switch {
		case i == j && dpI == dpJ:
			return terms.Equal
		case i <= j && (dpI || !dpJ):
			return terms.Stricter
		case j <= i && (dpJ || !dpI):
			return terms.Wider
		}
		return terms.Neither
	}
	name := func(i int, dp bool) string {
		if dp {
			return levels[i] + "-DP"
		}
		return levels[i]
	}
	for i := range levels {
		for j := range levels {
			for _, dp := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
				a, b := lookup(t, name(i, dp[0])), lookup(t, name(j, dp[1]))
				if got := a.Compare(b); got.Order != want(i, j, dp[0], dp[1]) || !got.SamePurpose {
					t.Errorf("%s to %s: %+v, want %s", a.Ref.ID, b.Ref.ID, got, want(i, j, dp[0], dp[1]))
				}
			}
		}
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		order terms.Order
		want  []terms.Difference
	}{
		{"SD-BASE", "SD-BASE", terms.Equal, nil},
		{"SD-BASE", "SD-BASE-DP", terms.Wider, []terms.Difference{{"portability", terms.Optional, terms.Must}}},
		{"SD-BASE", "SD-BASE-AT", terms.Stricter, []terms.Difference{{"analytics", terms.No, terms.Yes}, {"tracking", terms.No, terms.Yes}}},
		{"SD-BASE-A-DP", "SD-BASE", terms.Neither, []terms.Difference{{"analytics", terms.Yes, terms.No}, {"portability", terms.Must, terms.Optional}}},
		// The rules are the same; what the data is for is not.
		{"PDC-AI", "SD-BASE-DP", terms.Neither, []terms.Difference{{"ai-training", terms.Yes, terms.No}}},
		{"PDC-INTENT", "PDC-GOOD", terms.Neither, []terms.Difference{{"intent", terms.Yes, terms.No}, {"public-good", terms.No, terms.Yes}}},
		{"TPR", "SD-BASE", terms.Neither, nil},
		{"PDC-AI", "PDC-AI", terms.Equal, nil},
	} {
		got := lookup(t, c.a).Compare(lookup(t, c.b))
		if got.Order != c.order || !slices.Equal(got.Differences, c.want) {
			t.Errorf("%s to %s: %+v, want %s %v", c.a, c.b, got, c.order, c.want)
		}
	}
}

func TestDifferenceHasAnOrderOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		practice string
		a, b     terms.Rule
		want     terms.Order
	}{
		{"tracking", terms.No, terms.Yes, terms.Stricter},
		{"tracking", terms.Must, terms.Yes, terms.Stricter},
		{"tracking", terms.No, terms.Must, terms.Neither},
		{"tracking", terms.Yes, terms.Optional, terms.Equal},
		{"tracking", "maybe", terms.No, terms.Equal},
		{"tracking", terms.Optional, "maybe", terms.Wider},
		{"portability", terms.Must, terms.Optional, terms.Stricter},
		{"portability", terms.Optional, terms.No, terms.Stricter},
		{"portability", terms.No, terms.Must, terms.Wider},
	} {
		if got := (terms.Difference{Practice: c.practice, A: c.a, B: c.b}).Order(); got != c.want {
			t.Errorf("%s: %s to %s is %s, want %s", c.practice, c.a, c.b, got, c.want)
		}
	}
}

var rules = rapid.Custom(func(t *rapid.T) terms.Rules {
	r := rapid.SampledFrom([]terms.Rule{terms.Must, terms.Yes, terms.No, terms.Optional, "", "maybe"})
	return terms.Rules{ServiceDelivery: r.Draw(t, "sd"), Analytics: r.Draw(t, "a"), Tracking: r.Draw(t, "t"),
		Profiling: r.Draw(t, "p"), AnonymisedSharing: r.Draw(t, "s"), Portability: r.Draw(t, "dp")}
})

// near changes at most two rules, so that comparable pairs are common.
func near(t *rapid.T, r terms.Rules) terms.Rules {
	o := rules.Draw(t, "other")
	for _, set := range []func(){
		func() { r.ServiceDelivery = o.ServiceDelivery }, func() { r.Analytics = o.Analytics },
		func() { r.Tracking = o.Tracking }, func() { r.Profiling = o.Profiling },
		func() { r.AnonymisedSharing = o.AnonymisedSharing }, func() { r.Portability = o.Portability },
	} {
		if rapid.IntRange(0, 2).Draw(t, "change") == 0 {
			set()
		}
	}
	return r
}

func atMost(c terms.Comparison) bool { return c.Order == terms.Stricter || c.Order == terms.Equal }

func TestCompareIsAPartialOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rules.Draw(t, "a")
		b := near(t, a)
		c := near(t, b)
		if terms.Compare(a, a).Order != terms.Equal {
			t.Fatalf("not reflexive: %+v", a)
		}
		ab, ba, bc, ac := terms.Compare(a, b), terms.Compare(b, a), terms.Compare(b, c), terms.Compare(a, c)
		dual := map[terms.Order]terms.Order{terms.Equal: terms.Equal, terms.Neither: terms.Neither,
			terms.Stricter: terms.Wider, terms.Wider: terms.Stricter}
		if ba.Order != dual[ab.Order] {
			t.Fatalf("one way %s, the other %s", ab.Order, ba.Order)
		}
		if atMost(ab) && atMost(bc) && !atMost(ac) {
			t.Fatalf("not transitive: %s, %s, but %s", ab.Order, bc.Order, ac.Order)
		}
		// Equal things compare alike with all others.
		if ab.Order == terms.Equal && terms.Compare(a, c).Order != terms.Compare(b, c).Order {
			t.Fatalf("equal, but not to %+v", c)
		}
	})
}

func TestOrderFollowsFromTheDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rules.Draw(t, "a")
		c := terms.Compare(a, near(t, a))
		if (c.Order == terms.Equal) != (len(c.Differences) == 0) {
			t.Fatalf("%s with differences %v", c.Order, c.Differences)
		}
		seen := map[terms.Order]bool{}
		for _, d := range c.Differences {
			if d.A == d.B {
				t.Fatalf("no difference: %v", d)
			}
			seen[d.Order()] = true
		}
		var want terms.Order
		switch {
		case len(seen) == 0:
			want = terms.Equal
		case len(seen) == 1 && seen[terms.Stricter]:
			want = terms.Stricter
		case len(seen) == 1 && seen[terms.Wider]:
			want = terms.Wider
		default:
			want = terms.Neither
		}
		if c.Order != want {
			t.Fatalf("%s, but the differences make %s: %v", c.Order, want, c.Differences)
		}
	})
}
