package scenario_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// A value goes into a field as what it is, or not at all: whole numbers are not
// rounded, and nothing overflows.
func TestValuesAreNotBent(t *testing.T) {
	for _, c := range []struct {
		field string
		value any
		want  any    // nil: refused
		why   string // if refused
	}{
		{"people.count", uint64(math.MaxInt64), int64(math.MaxInt64), ""},
		{"people.count", uint64(math.MaxInt64) + 1, nil, "9223372036854775808 is too large"},
		{"people.count", float64(1 << 53), int64(1 << 53), ""},
		{"people.count", float64(1<<53) * 2, nil, "want a whole number"},
		{"people.count", -float64(1 << 53), int64(-1 << 53), ""},
		{"people.count", math.NaN(), nil, "want a whole number, not NaN"},
		{"people.count", math.Inf(-1), nil, "want a whole number, not -Inf"},
		{"people.count", json.Number("9007199254740993"), int64(1<<53 + 1), ""},
		{"people.count", json.Number("1e3"), int64(1000), ""},
		{"people.count", json.Number("1.5"), nil, "want a whole number, not 1.5"},
		{"people.count", json.Number("1e999"), nil, "1e999 is too large"},
		{"people.count", nil, nil, "want a whole number"},
		{"seed", -1, nil, "not negative, not -1"},
		{"seed", json.Number("18446744073709551615"), uint64(math.MaxUint64), ""},
		{"seed", json.Number("18446744073709551616"), nil, "want a whole number"},
		{"seed", "1", nil, "want a whole number, not text"},
		{"adoption.q", json.Number("1e999"), nil, "1e999 is too large"},
		{"adoption.q", math.Inf(1), nil, "want a finite number, not +Inf"},
		{"adoption.q", uint64(1), 1.0, ""},
		{"adoption.q", int64(-1), -1.0, ""},
		{"adoption.q", []any{0.5}, nil, "want a number, not "},
		{"protocol.heartbeat", time.Second, "1s", ""},
		{"protocol.heartbeat", scenario.Duration(90 * time.Second), "1m30s", ""},
		{"protocol.heartbeat", "", nil, "want a number with its unit"},
		{"protocol.heartbeat", "1", nil, "want a number with its unit"},
		{"protocol.latency", "10ms-", nil, "want a number with its unit"},
		{"protocol.latency", "10ms-20ms-30ms", nil, "want a number with its unit"},
		{"protocol.latency", []any{}, nil, "want two durations"},
		{"protocol.latency", []any{"10ms", 3}, nil, "want a duration in quotes"},
		{"protocol.latency", 10, nil, "want two durations"},
		{"protocol.sharded", "true", nil, "want true or false, not text"},
		{"adoption.rule", true, nil, "want text in quotes"},
	} {
		s := scenario.Default()
		err := s.Set(c.field, c.value)
		switch {
		case c.want == nil && (err == nil || !strings.Contains(err.Error(), c.why)):
			t.Errorf("%s = %v: %v, want %s", c.field, c.value, err, c.why)
		case c.want != nil && err != nil:
			t.Errorf("%s = %v: %v", c.field, c.value, err)
		case c.want != nil:
			if got, _ := s.Get(c.field); got != c.want {
				t.Errorf("%s = %v is %v (%T), want %v (%T)", c.field, c.value, got, got, c.want, c.want)
			}
		}
	}
}

// What a field is read as, it can be set to, and then it is that.
func TestSetIsTheInverseOfGet(t *testing.T) {
	var fields []string
	for _, p := range scenario.Parameters() {
		if p.Type != "list" {
			fields = append(fields, p.Path)
		}
	}
	spans := rapid.Int64Range(0, int64(time.Hour))
	rapid.Check(t, func(t *rapid.T) {
		s, other := scenario.Default(), scenario.Default()
		field := rapid.SampledFrom(fields).Draw(t, "field")
		was, err := s.Get(field)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		switch was := was.(type) {
		case int64:
			value = rapid.Int64().Draw(t, "value")
		case uint64:
			value = rapid.Uint64().Draw(t, "value")
		case float64:
			value = rapid.Float64().Draw(t, "value")
		case bool:
			value = rapid.Bool().Draw(t, "value")
		case string:
			if value = rapid.String().Draw(t, "value"); field == "protocol.latency" {
				value = time.Duration(spans.Draw(t, "least")).String() + "-" + time.Duration(spans.Draw(t, "most")).String()
			} else if _, err := time.ParseDuration(was); err == nil {
				value = time.Duration(spans.Draw(t, "value")).String()
			}
		}
		if err := s.Set(field, value); err != nil {
			t.Fatal(err)
		}
		got, _ := s.Get(field)
		if got != value {
			t.Fatalf("%s = %v reads as %v", field, value, got)
		}
		if err := other.Set(field, got); err != nil {
			t.Fatal(err)
		}
		if hash(t, s) != hash(t, other) {
			t.Fatalf("%s = %v is another scenario when it is read and set", field, value)
		}
	})
}

// Constants are read from a file of a size that constants have, and of JSON.
func TestCalibrateRefuses(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.json"):                       "none.json: no such file",
		put("text.json", "hold = 3"):                          "text.json: no JSON",
		put("long.json", strings.Repeat(" ", 1<<16-1)+"{}"):   "long.json: longer than the 65536 bytes",
		put("fits.json", strings.Repeat(" ", 1<<16-2)+"{}"):   "",
		put("ships.json", `{"hold": "2ms", "copy_bytes": 1}`): "",
	} {
		f, problems := scenario.Parse("a.toml", []byte("seed = 3\n"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		err := f.Calibrate(path, "--calibration")
		if want == "" && (err != nil || f.Scenario.Constants == nil || f.Scenario.Calibration != filepath.Base(path)) {
			t.Errorf("%s: %v, %q of %q", path, err, f.Scenario.Constants, f.Scenario.Calibration)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || f.Scenario.Constants != nil) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}
