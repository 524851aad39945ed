package main

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseSpan(t *testing.T) {
	const day = 24 * time.Hour
	for in, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "24h": day, "2d": 2 * day, "1w": 7 * day, "1w2d12h30m": 9*day + 12*time.Hour + 30*time.Minute, "0": 0, "0d": 0,
	} {
		if got, err := parseSpan(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "soon", "2", "d", "1.5d", "2d-1h", "12345d", "2h1d", "1 d", "1y"} {
		if got, err := parseSpan(in); err == nil {
			t.Errorf("%q was read as %s", in, got)
		}
	}
}

// TestParseSpanAsGoDoes checks that every length of time that Go writes is
// read as Go reads it.
func TestParseSpanAsGoDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "nanoseconds"))
		if got, err := parseSpan(d.String()); err != nil || got != d {
			t.Fatalf("%s: %s, %v", d, got, err)
		}
	})
}
