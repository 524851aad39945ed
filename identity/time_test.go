package identity_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

func TestTimeIsCutToItsSecondInUTC(t *testing.T) {
	utah := time.FixedZone("MST", -7*3600)
	got := identity.At(time.Date(2026, 3, 20, 2, 0, 0, 999_999_999, utah))
	if got.String() != "2026-03-20T09:00:00Z" || got.Std().Location() != time.UTC {
		t.Errorf("got %s", got)
	}
	if !identity.At(time.Time{}).IsZero() || identity.At(time.Time{}).String() != "" {
		t.Error("no time became one")
	}
	if !got.Before(identity.At(got.Std().Add(time.Second))) || got.Before(got) {
		t.Error("seconds are not in order")
	}
}

func TestTimeForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := identity.At(time.Unix(rapid.Int64Range(-62135596799, 253402300799).Draw(t, "unix"), 0))
		if got, err := identity.ParseTime(want.String()); err != nil || got != want {
			t.Fatalf("text: %s, %v", got, err)
		}
		b, err := dagcbor.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got identity.Time
		if err := dagcbor.Unmarshal(b, &got); err != nil || got != want {
			t.Fatalf("CBOR: %s, %v", got, err)
		}
		if b, err = json.Marshal(want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &got); err != nil || got != want {
			t.Fatalf("JSON: %s, %v", got, err)
		}
	})
}

func TestTextsThatAreNoTime(t *testing.T) {
	for _, s := range []string{
		"", "now", "2026-03-20", "2026-03-20T09:00:00", "2026-03-20T09:00:00+00:00", "2026-03-20T09:00:00z",
		"2026-03-20t09:00:00Z", "2026-03-20 09:00:00Z", "2026-03-20T09:00:00.0Z", "2026-03-20T09:00:00,5Z", "2026-03-20T9:00:00Z",
		"2026-02-29T00:00:00Z", "2026-03-20T24:00:00Z", "2026-03-20T09:00:60Z", "12026-03-20T09:00:00Z", "-026-03-20T09:00:00Z",
		" 2026-03-20T09:00:00Z", "2026-03-20T09:00:00Z ", "0001-01-01T00:00:00Z",
	} {
		if got, err := identity.ParseTime(s); err == nil {
			t.Errorf("%q was read as %s", s, got)
		}
		var got identity.Time
		if b, err := dagcbor.Marshal(s); err != nil || dagcbor.Unmarshal(b, &got) == nil {
			t.Errorf("%q in CBOR was read as %s, %v", s, got, err)
		}
		if err := got.UnmarshalText([]byte(s)); (err == nil) != (s == "") {
			t.Errorf("%q in JSON: %v", s, err)
		}
	}
	for _, b := range [][]byte{{0xf6}, {0x00}, {0x1a, 0x65, 0, 0, 0}, {0x80}} {
		if err := dagcbor.Unmarshal(b, new(identity.Time)); err == nil {
			t.Errorf("%x was read as a time", b)
		}
	}
}

func TestTimesWithoutAForm(t *testing.T) {
	for _, v := range []identity.Time{{}, identity.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), identity.At(time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC))} {
		if b, err := dagcbor.Marshal(v); err == nil {
			t.Errorf("%v was written as %q", v.Std(), b)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("2026-03-20T09:00:00Z")
	f.Add("0000-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := identity.ParseTime(s); err == nil && (got.String() != s || got.IsZero()) {
			t.Fatalf("%q was read as %q", s, got)
		}
	})
}
