package webvh

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
)

// forge makes a log of one entry a day, each with the parameters given, all
// signed with key 1.
func forge(t *testing.T, docs []map[string]any, entries ...map[string]any) []byte {
	t.Helper()
	f := newForger(t, &script{})
	f.keys["key"] = testKey(1)
	for i, params := range entries {
		op := "update"
		if i == 0 {
			op = "create"
		}
		f.do(step{Op: op, Domain: map[bool]string{true: "example.com"}[i == 0], Signer: "key",
			Timestamp: formatTime(day.Add(time.Duration(i) * time.Hour))})
		maps.Copy(f.entries[i].params, params)
		maps.DeleteFunc(f.entries[i].params, func(_ string, v any) bool { return v == nil })
		if i < len(docs) {
			maps.Copy(f.entries[i].doc, docs[i])
		}
	}
	jsonl, _ := f.log()
	return jsonl
}

// Parameters hold until they are set again.
func TestParametersCarryOver(t *testing.T) {
	key := identity.Multikey(testPub(1))
	jsonl := forge(t, nil,
		map[string]any{"updateKeys": []string{key}},
		map[string]any{"ttl": 60, "watchers": []string{"https://watch.example/a"}},
		map[string]any{},
		map[string]any{"ttl": 0, "watchers": []string{}, "method": method, "portable": false, "deactivated": false, "witness": map[string]any{}},
		map[string]any{"updateKeys": []string{}},
	)
	h, err := verify(jsonl, nil, published)
	if err != nil {
		t.Fatal(err)
	}
	vs := h.Versions()
	for i, want := range []struct {
		ttl      time.Duration
		watchers int
		keys     int
	}{{time.Hour, 0, 1}, {time.Minute, 1, 1}, {time.Minute, 1, 1}, {0, 0, 1}, {0, 0, 0}} {
		if v := vs[i]; v.TTL != want.ttl || len(v.Watchers) != want.watchers || len(v.UpdateKeys) != want.keys {
			t.Errorf("version %d has ttl %s, watchers %v, %d update keys; want %+v", i+1, v.TTL, v.Watchers, len(v.UpdateKeys), want)
		}
	}
	l, err := Parse(jsonl)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Rotate(Rotation{Update: testKey(1), Next: testPub(2), Sign: testPub(3)}, published); err == nil {
		t.Error("a log without update keys was extended")
	}
}

func TestParametersRefused(t *testing.T) {
	keys := map[string]any{"updateKeys": []string{identity.Multikey(testPub(1))}}
	with := func(more map[string]any) map[string]any { m := maps.Clone(keys); maps.Copy(m, more); return m }
	for name, c := range map[string]struct {
		entries []map[string]any
		reason  string
		text    string
	}{
		"no method":         {[]map[string]any{with(map[string]any{"method": nil})}, "parameters", "method is missing"},
		"no scid":           {[]map[string]any{with(map[string]any{"scid": nil})}, "parameters", "scid is missing"},
		"no update keys":    {[]map[string]any{{}}, "parameters", "updateKeys is missing"},
		"empty update keys": {[]map[string]any{{"updateKeys": []string{}}}, "parameters", "updateKeys is missing"},
		"scid later":        {[]map[string]any{keys, {"scid": placeholder}}, "parameters", "scid may stand"},
		"scid of another":   {[]map[string]any{with(map[string]any{"scid": testSCID})}, "scid", "hashes to"},
		"next not renewed": {[]map[string]any{with(map[string]any{"nextKeyHashes": []string{commitment(testPub(1))}}), keys},
			"parameters", "must both be present"},
		"next key twice": {[]map[string]any{with(map[string]any{"nextKeyHashes": []string{"a", "a"}})}, "parameters", "twice"},
		"nobody left under pre-rotation": {[]map[string]any{with(map[string]any{"nextKeyHashes": []string{"a"}}),
			{"updateKeys": []string{}, "nextKeyHashes": []string{}}}, "proof", "may not sign"},
		"nobody left": {[]map[string]any{keys, {"updateKeys": []string{}}, keys}, "proof", "may not sign"},
	} {
		_, err := verify(forge(t, nil, c.entries...), nil, published)
		if reason(err) != c.reason || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want a refusal for %q with %q", name, err, c.reason, c.text)
		}
	}
}

// Pre-rotation to the same key again is poor practice and allowed; text that
// is no hash may stand among the commitments; and it can be turned off.
func TestPreRotationEnds(t *testing.T) {
	keys := []string{identity.Multikey(testPub(1))}
	next := []string{"anything", commitment(testPub(1))}
	jsonl := forge(t, nil,
		map[string]any{"updateKeys": keys, "nextKeyHashes": next},
		map[string]any{"updateKeys": keys, "nextKeyHashes": next},
		map[string]any{"updateKeys": keys, "nextKeyHashes": []string{}},
		map[string]any{},
	)
	h, err := verify(jsonl, nil, published)
	if err != nil {
		t.Fatal(err)
	}
	if v := h.Versions()[1]; !slices.Equal(v.NextKeyHashes, next) {
		t.Errorf("version 2 commits to %v, want %v", v.NextKeyHashes, next)
	}
}

// A SCID may stand anywhere in the first document, in a key too, where
// replacing it changes the order of keys.
func TestSCIDWithinKeys(t *testing.T) {
	doc := map[string]any{
		"{SCID}": "first after sorting, then among the letters", "A": 1, "Z": 2, "~": 3,
		"quote\"\\{SCID}\\\"": []any{"{SCID}", "a{SCID}\\"},
	}
	jsonl := forge(t, []map[string]any{doc}, map[string]any{"updateKeys": []string{identity.Multikey(testPub(1))}})
	if _, err := verify(jsonl, nil, published); err != nil {
		t.Error(err)
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026-03-20T09:00:00Z":             day,
		"2026-03-20T09:00:00+00:00":        day,
		"2026-03-20T09:00:00.5Z":           day.Add(time.Second / 2),
		"2026-03-20T09:00:00.000000001Z":   day.Add(1),
		"2026-03-20T09:00:00.0000000001Z":  {},
		"2026-03-20T09:00:00-00:00":        {},
		"2026-03-20T09:00:00+00:00Z":       {},
		"2026-03-20t09:00:00Z":             {},
		"2026-03-20 09:00:00Z":             {},
		"2026-03-20T09:00Z":                {},
		"2026-03-20T9:00:00Z":              {},
		"2026-03-20T09:00:60Z":             {},
		"2026-03-20T24:00:00Z":             {},
		"+2026-03-20T09:00:00Z":            {},
		"20260320T090000Z":                 {},
		"":                                 {},
		"Z":                                {},
		strings.Repeat("9", 100) + "Z":     {},
		"2026-03-20T09:00:00.Z":            {},
		"2026-03-20T09:00:00,5Z":           {},
		"2026-03-20T09:00:00.1234567890Z":  {},
		"2026-03-20T09:00:00.123456789Z":   day.Add(123456789),
		"2026-03-20T09:00:00.12345678901Z": {},
	} {
		got, err := parseTime(s)
		if !got.Equal(want) || (err == nil) == want.IsZero() {
			t.Errorf("%q is %s, %v; want %s", s, got, err, want)
		}
	}
}
