package terms_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/relcard/terms"
)

// table is the roster's table of rules, as published with the project's design.
const table = `
SD-BASE            must no  no  no  no  optional
SD-BASE-DP         must no  no  no  no  must
SD-BASE-A          must yes no  no  no  optional
SD-BASE-A-DP       must yes no  no  no  must
SD-BASE-AT         must yes yes no  no  optional
SD-BASE-AT-DP      must yes yes no  no  must
SD-BASE-ATP        must yes yes yes no  optional
SD-BASE-ATP-DP     must yes yes yes no  must
SD-BASE-ATP-S3P    must yes yes yes yes optional
SD-BASE-ATP-S3P-DP must yes yes yes yes must
PDC-INTENT         must no  no  no  no  must
PDC-AI             must no  no  no  no  must
PDC-GOOD           must no  no  no  no  must
TPR                must no  no  no  no  optional
`

func practices(r terms.Rules) []terms.Rule {
	return []terms.Rule{r.ServiceDelivery, r.Analytics, r.Tracking, r.Profiling, r.AnonymisedSharing, r.Portability}
}

func TestRosterFollowsTheTable(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(table), "\n")
	all := terms.All()
	if len(all) != len(rows) {
		t.Fatalf("%d agreements, want %d", len(all), len(rows))
	}
	for i, row := range rows {
		f := strings.Fields(row)
		if all[i].Ref.ID != f[0] {
			t.Fatalf("agreement %d is %s, want %s", i, all[i].Ref.ID, f[0])
		}
		for j, rule := range practices(all[i].Rules) {
			if string(rule) != f[j+1] {
				t.Errorf("%s: rule %d is %s, want %s", f[0], j, rule, f[j+1])
			}
		}
	}
}

func TestTextsArePinnedAndSayWhatTheRulesSay(t *testing.T) {
	names := []string{"Service delivery", "Analytics", "Tracking", "Profiling", "Anonymised sharing", "Portability"}
	for _, a := range terms.All() {
		sum := sha256.Sum256([]byte(a.Text))
		if got := hex.EncodeToString(sum[:]); got != a.Ref.SHA256 {
			t.Errorf("%s: text hashes to %s, pinned is %s", a.Ref.ID, got, a.Ref.SHA256)
		}
		if want := a.Ref.ID + "\n" + a.Title + "\n\nRegistry: parley.roster\nVersion: 1\n"; !strings.HasPrefix(a.Text, want) {
			t.Errorf("%s: text does not begin with %q", a.Ref.ID, want)
		}
		var short strings.Builder
		short.WriteString("\nIn short\n")
		for i, r := range practices(a.Rules) {
			short.WriteString("  " + names[i] + ": " + string(r) + "\n")
		}
		if !strings.HasSuffix(a.Text, short.String()) {
			t.Errorf("%s: the summary of the text is not that of its rules:\n%s", a.Ref.ID, short.String())
		}
		if !strings.Contains(a.Text, "7. What is never allowed\n") {
			t.Errorf("%s: the text does not say what is never allowed", a.Ref.ID)
		}
		for i, line := range strings.Split(a.Text, "\n") {
			if (len(line) > 80 && i != 1) || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: line %d is not plain text of at most 80 columns (the title apart)", a.Ref.ID, i+1)
			}
		}
		if err := a.Ref.Check(); err != nil {
			t.Errorf("%s: %v", a.Ref.ID, err)
		}
	}
}

func TestRefIsRefused(t *testing.T) {
	a, ok := terms.Lookup("SD-BASE")
	if !ok {
		t.Fatal("SD-BASE is not there")
	}
	for name, c := range map[string]struct {
		change func(*terms.Ref)
		want   error
	}{
		"unknown id":          {func(r *terms.Ref) { r.ID = "SD-BASE-X" }, terms.ErrID},
		"id alone":            {func(r *terms.Ref) { *r = terms.Ref{ID: "SD-BASE"} }, terms.ErrRegistry},
		"other registry":      {func(r *terms.Ref) { r.Registry = "example.org" }, terms.ErrRegistry},
		"unknown version":     {func(r *terms.Ref) { r.Version = "2" }, terms.ErrVersion},
		"other hash":          {func(r *terms.Ref) { r.SHA256 = strings.Repeat("0", 64) }, terms.ErrHash},
		"hash in upper case":  {func(r *terms.Ref) { r.SHA256 = strings.ToUpper(r.SHA256) }, terms.ErrHash},
		"another's hash":      {func(r *terms.Ref) { b, _ := terms.Lookup("SD-BASE-A"); r.SHA256 = b.Ref.SHA256 }, terms.ErrHash},
		"id in another case":  {func(r *terms.Ref) { r.ID = "sd-base" }, terms.ErrID},
		"nothing":             {func(r *terms.Ref) { *r = terms.Ref{} }, terms.ErrRegistry},
		"a very long id":      {func(r *terms.Ref) { r.ID = strings.Repeat("A", 1<<16) }, terms.ErrID},
		"a very long version": {func(r *terms.Ref) { r.Version = strings.Repeat("1", 1<<16) }, terms.ErrVersion},
	} {
		t.Run(name, func(t *testing.T) {
			ref := a.Ref
			c.change(&ref)
			err := ref.Check()
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the error repeats %d bytes of foreign text", len(err.Error()))
			}
		})
	}
}

func TestUnknownPracticesAreProhibited(t *testing.T) {
	for _, a := range terms.All() {
		for _, p := range []string{"", "third-party-tracking", "Analytics", "sharing"} {
			if r := a.Rules.Of(p); r != terms.No {
				t.Errorf("%s allows %q: %s", a.Ref.ID, p, r)
			}
		}
		names := []string{"service-delivery", "analytics", "tracking", "profiling", "anonymised-sharing", "portability"}
		for i, want := range practices(a.Rules) {
			if got := a.Rules.Of(names[i]); got != want {
				t.Errorf("%s: %s is %s, want %s", a.Ref.ID, names[i], got, want)
			}
		}
	}
	if r := (terms.Rules{}).Of("analytics"); r != terms.No {
		t.Errorf("a rule nobody set is %q", r)
	}
}

func TestRosterCannotBeChangedByACaller(t *testing.T) {
	all := terms.All()
	before := slices.Clone(all)
	all[0].Rules.Tracking = terms.Yes
	if !slices.Equal(before, terms.All()) {
		t.Error("a caller changed the roster")
	}
}
