package scenario_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

func TestDefaultIsPossible(t *testing.T) {
	if err := scenario.Default().Validate(); err != nil {
		t.Error(err)
	}
}

// TestDefaultsGoWithAlmostAnything: who writes one field need not know the
// others.
func TestDefaultsGoWithAlmostAnything(t *testing.T) {
	for _, text := range []string{
		"[people]\ncategories = 1\n", "[people]\ncount = 1\n[vendors]\ncount = 0\n[adoption]\nrule = \"bass\"\n",
		"[network]\nkind = \"watts-strogatz\"\n", "[network]\nkind = \"barabasi-albert\"\n", "[adoption]\nrule = \"fraction\"\n",
		"[attack]\nkind = \"spam\"\nsybils = 10\n", "[protocol]\nd = 7\n",
	} {
		if _, problems := scenario.Parse("a.toml", []byte(text)); len(problems) > 0 {
			t.Errorf("%s\n%v", text, problems)
		}
	}
}

func TestSetAndGet(t *testing.T) {
	s := scenario.Default()
	for _, c := range []struct {
		field string
		value any
		want  any // nil: refused
	}{
		{"people.count", 12, int64(12)},
		{"people.count", int64(12), int64(12)},
		{"people.count", 1e6, int64(1_000_000)},
		{"people.count", 1.5, nil},
		{"people.count", "12", nil},
		{"adoption.q", 1, 1.0},
		{"adoption.q", json.Number("0.25"), 0.25},
		{"adoption.q", true, nil},
		{"adoption.per_edge", true, true},
		{"adoption.rule", "bass", "bass"},
		{"adoption.rule", 3, nil},
		{"protocol.heartbeat", "700ms", "700ms"},
		{"protocol.heartbeat", 700, nil},
		{"protocol.latency", "50ms", "50ms-50ms"},
		{"protocol.latency", []any{"40ms", "1s"}, "40ms-1s"},
		{"protocol.latency", []any{"40ms"}, nil},
		{"seed", uint64(1 << 63), uint64(1 << 63)},
		{"adoption", 1, nil},
		{"adoption.q.x", 1, nil},
		{"", 1, nil},
		{"sweep", 1, nil},
		{"record.series", "a", nil},
	} {
		before := s
		err := s.Set(c.field, c.value)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s took %v", c.field, c.value)
			}
			if diff := cmp.Diff(before, s); diff != "" {
				t.Errorf("%s = %v was refused and changed:\n%s", c.field, c.value, diff)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s = %v: %v", c.field, c.value, err)
		} else if got, err := s.Get(c.field); err != nil || got != c.want {
			t.Errorf("%s = %v is %v (%T), %v; want %v (%T)", c.field, c.value, got, got, err, c.want, c.want)
		}
	}
}

// TestParameters: every field is explained, nothing else is, and each can be
// read and set by its path.
func TestParameters(t *testing.T) {
	s := scenario.Default()
	seen := map[string]bool{}
	for _, p := range scenario.Parameters() {
		if seen[p.Path] = true; p.Meaning == "" || strings.HasSuffix(p.Meaning, ".") {
			t.Errorf("%s: meaning %q: add one to the file of its part, without a full stop", p.Path, p.Meaning)
		}
		if p.Type == "list" {
			continue
		}
		v, err := s.Get(p.Path)
		if err != nil {
			t.Error(err)
		} else if err := s.Set(p.Path, v); err != nil {
			t.Errorf("what it is can't be set: %v", err)
		}
		if fmt.Sprint(v) != p.Default {
			t.Errorf("%s: default %s, but it is %v", p.Path, p.Default, v)
		}
	}
	if diff := cmp.Diff(scenario.Default(), s); diff != "" {
		t.Errorf("setting what was there changed it:\n%s", diff)
	}
	for _, path := range scenario.Explained() {
		if !seen[path] {
			t.Errorf("%s is explained, and there is no such field", path)
		}
	}
	if len(seen) < 70 {
		t.Errorf("only %d parameters", len(seen))
	}
}

// TestTagsAgree: a field has one name in TOML, YAML and JSON.
func TestTagsAgree(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := f.Tag.Get("toml")
			inJSON, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if name == "" || f.Tag.Get("yaml") != name || inJSON != name {
				t.Errorf("%s.%s: %s", typ, f.Name, f.Tag)
			}
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[scenario.Scenario]())
}

func TestPoints(t *testing.T) {
	s := scenario.Default()
	if n := s.Points(); n != 1 {
		t.Errorf("%d points without a sweep", n)
	}
	s.Sweep = []scenario.Axis{
		{Field: "adoption.q", Values: []any{0.1, 0.2}},
		{Field: "people.count", Values: []any{10, 20, 30}},
	}
	var got []string
	for i := range s.Points() {
		p, at, err := s.Point(i)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Sweep) != 0 {
			t.Error("a point has a sweep")
		}
		got = append(got, fmt.Sprint(at, p.Adoption.Q, p.People.Count))
	}
	want := []string{
		"[adoption.q=0.1 people.count=10] 0.1 10", "[adoption.q=0.1 people.count=20] 0.1 20", "[adoption.q=0.1 people.count=30] 0.1 30",
		"[adoption.q=0.2 people.count=10] 0.2 10", "[adoption.q=0.2 people.count=20] 0.2 20", "[adoption.q=0.2 people.count=30] 0.2 30",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAbsurdSweepIsCountedWithoutOverflow has 10^40 points.
func TestAbsurdSweepIsCountedWithoutOverflow(t *testing.T) {
	s := scenario.Default()
	for _, p := range scenario.Parameters() {
		if p.Type == "number" {
			s.Sweep = append(s.Sweep, scenario.Axis{Field: p.Path, Values: []any{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}})
		}
	}
	if n := s.Points(); n != scenario.MaxCells+1 {
		t.Errorf("%d points", n)
	}
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "at most 1000000") {
		t.Errorf("got %v", err)
	}
}

func hash(t interface{ Fatal(...any) }, s scenario.Scenario) string {
	h, err := s.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHash: every field counts, the way numbers are written does not.
func TestHash(t *testing.T) {
	base := scenario.Default()
	seen := map[string]string{hash(t, base): "the default"}
	other := map[string]any{"whole number": 3, "number": 0.625, "text": "other", "truth": true, "duration": "77ms", "two durations": "1ms-77ms"}
	for _, p := range scenario.Parameters() {
		if p.Type == "list" {
			continue
		}
		s := scenario.Default()
		if err := s.Set(p.Path, other[p.Type]); err != nil {
			t.Fatal(err)
		}
		h := hash(t, s)
		if same, ok := seen[h]; ok {
			t.Errorf("%s and %s have the same hash", p.Path, same)
		}
		seen[h] = p.Path
	}
	base.Seed = 1<<53 + 1
	a := hash(t, base)
	if base.Seed--; hash(t, base) == a {
		t.Error("a seed beyond 2^53 is rounded")
	}
	whole, broken := scenario.Default(), scenario.Default()
	whole.Sweep = []scenario.Axis{{Field: "adoption.q", Values: []any{int64(1)}}}
	broken.Sweep = []scenario.Axis{{Field: "adoption.q", Values: []any{1.0}}}
	if hash(t, whole) != hash(t, broken) {
		t.Error("1 and 1.0 differ")
	}
	if len(a) != 64 {
		t.Errorf("%q is no SHA-256 in hex", a)
	}
}

// TestJSONRoundTrip: a manifest gives back the scenario that went in.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenario.Default()
		s.Seed = rapid.Uint64().Draw(t, "seed")
		s.Adoption.Q = rapid.Float64Range(0, 1).Draw(t, "q")
		s.Protocol.Heartbeat = scenario.Duration(rapid.Int64Range(1e6, 1e12).Draw(t, "heartbeat"))
		s.Name = rapid.String().Draw(t, "name")
		s.Name = strings.ToValidUTF8(s.Name, "")
		s.Sweep = []scenario.Axis{{Field: "people.count", Values: []any{rapid.Int64Range(0, 1e9).Draw(t, "count")}},
			{Field: "adoption.p", Values: []any{rapid.Float64Range(0, 1).Draw(t, "p")}}}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back scenario.Scenario
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, back); diff != "" {
			t.Fatal(diff)
		}
		if hash(t, s) != hash(t, back) {
			t.Fatal("another hash")
		}
	})
}

func TestJSONIsStrict(t *testing.T) {
	for _, text := range []string{`{"nmae":"x"}`, `{"people":{"cuont":1}}`, `{"sweep":[{"field":"x.y","values":[1]}]}`, `[]`} {
		var s scenario.Scenario
		if err := json.Unmarshal([]byte(text), &s); err == nil {
			t.Errorf("took %s", text)
		}
	}
}

// FuzzParse: what is taken is possible, and the same after a manifest.
func FuzzParse(f *testing.F) {
	f.Add([]byte(asTOML), true)
	f.Add([]byte(asYAML), false)
	f.Add([]byte("people = {count = 3}\nclock.steps = 4\n[[sweep]]\nfield='adoption.q'\nvalues=[0.5,[1]]"), true)
	f.Add([]byte("a: [[[{b: c}]]]\nsweep: [{field: people.count, values: [1, 2]}]"), false)
	f.Fuzz(func(t *testing.T, text []byte, isTOML bool) {
		name := "a.yaml"
		if isTOML {
			name = "a.toml"
		}
		file, problems := scenario.Parse(name, text)
		if len(problems) > 0 {
			for _, p := range problems {
				if p.Reason == "" || p.File != name {
					t.Fatalf("a problem without a reason or a place: %#v", p)
				}
			}
			return
		}
		s := file.Scenario
		if err := s.Validate(); err != nil {
			t.Fatalf("taken, and impossible: %v", err)
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back scenario.Scenario
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatal(err)
		}
		if hash(t, s) != hash(t, back) {
			t.Fatal("another hash after a manifest")
		}
	})
}
