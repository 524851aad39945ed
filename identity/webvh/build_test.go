package webvh

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
)

var day = time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)

// testKey returns the n-th of a row of keys.
func testKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func testPub(n byte) ed25519.PublicKey { return testKey(n).Public().(ed25519.PublicKey) }

// pairwise starts the log of one relationship with keys n (update), n+1 (the
// next update) and n+2 (signing).
func pairwise(t testing.TB, n byte) *Log {
	t.Helper()
	l, err := Create(Genesis{Domain: "pairwise.invalid", Update: testKey(n), Next: testPub(n + 1), Sign: testPub(n + 2)}, day)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// rotated has n more entries, one a minute; entry i is signed with key n+i and
// puts in signing key 100+i.
func rotated(t testing.TB, l *Log, first byte, entries int) *Log {
	t.Helper()
	for i := range entries {
		k := first + 1 + byte(i)
		next, err := l.Rotate(Rotation{Update: testKey(k), Next: testPub(k + 1), Sign: testPub(100 + byte(i))},
			day.Add(time.Duration(i+1)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		l = next
	}
	return l
}

// The life of a log: created, rotated, ended; each version says who may sign
// while it is in force.
func TestLife(t *testing.T) {
	created := pairwise(t, 1)
	before := created.Bytes()
	turned, err := created.Rotate(Rotation{Update: testKey(2), Next: testPub(4), Sign: testPub(5)}, day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ended, err := turned.Deactivate(testKey(4), day.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(created.Bytes(), before) || !bytes.HasPrefix(ended.Bytes(), turned.Bytes()) {
		t.Error("extending a log changed what was there")
	}

	h, err := verify(ended.Bytes(), nil, day.Add(3*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if h.DID() != created.DID() || !h.Names(created.DID()) || h.Names("did:webvh:other") || !h.Deactivated() {
		t.Errorf("history of %s, deactivated %t, want %s, true", h.DID(), h.Deactivated(), created.DID())
	}
	vs := h.Versions()
	if len(vs) != 3 {
		t.Fatalf("%d versions, want 3", len(vs))
	}
	for i, want := range []ed25519.PublicKey{testPub(3), testPub(5), nil} {
		v := vs[i]
		if v.Number != i+1 || !v.Time.Equal(day.Add(time.Duration(i)*time.Hour)) {
			t.Errorf("version %d is number %d of %s", i+1, v.Number, v.Time)
		}
		if want == nil && len(v.Keys) != 0 || want != nil && (len(v.Keys) != 1 || !v.Keys[0].Equal(want)) {
			t.Errorf("version %d may be signed with %x, want %x", i+1, v.Keys, want)
		}
		if at, ok := h.At(v.ID); !ok || at.Number != v.Number {
			t.Errorf("At(%s) is version %d, %t", v.ID, at.Number, ok)
		}
	}
	if !vs[0].Until.Equal(vs[1].Time) || !vs[2].Until.IsZero() {
		t.Errorf("version 1 until %s, version 3 until %s", vs[0].Until, vs[2].Until)
	}
	if !vs[1].UpdateKeys[0].Equal(testPub(2)) || vs[1].NextKeyHashes[0] != commitment(testPub(4)) {
		t.Errorf("version 2 has update keys %x, next %s", vs[1].UpdateKeys, vs[1].NextKeyHashes)
	}
	for _, id := range []string{"", "1-x", "4-" + strings.TrimPrefix(vs[2].ID, "3-"), "1-" + strings.TrimPrefix(vs[2].ID, "3-")} {
		if _, ok := h.At(id); ok {
			t.Errorf("At(%q) found a version", id)
		}
	}
}

// An older copy of a log is a log: it verifies, and says what held then.
func TestOlderCopyVerifies(t *testing.T) {
	l := rotated(t, pairwise(t, 1), 1, 2)
	lines := bytes.SplitAfter(l.Bytes(), []byte("\n"))
	h, err := verify(bytes.Join(lines[:2], nil), nil, day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if v := h.Latest(); v.Number != 2 || !v.Until.IsZero() {
		t.Errorf("newest version is %d until %s, want 2 without end", v.Number, v.Until)
	}
}

func TestExtendRefuses(t *testing.T) {
	l := pairwise(t, 1)
	ended, err := l.Deactivate(testKey(2), day.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	good := Rotation{Update: testKey(2), Next: testPub(4), Sign: testPub(5)}
	with := func(change func(*Rotation)) Rotation { r := good; change(&r); return r }
	for name, c := range map[string]struct {
		log  *Log
		in   Rotation
		now  time.Time
		want error  // nil: any
		text string // part of the message
	}{
		"same second":      {l, good, day.Add(999 * time.Millisecond), ErrTooSoon, "09:00:00Z"},
		"clock went back":  {l, good, day.Add(-time.Hour), nil, "in the future"},
		"key of now":       {l, with(func(r *Rotation) { r.Update = testKey(1) }), day.Add(time.Minute), ErrNotCommitted, "not one the log allows"},
		"key of a thief":   {l, with(func(r *Rotation) { r.Update = testKey(9) }), day.Add(time.Minute), ErrNotCommitted, "rotate keys of did:webvh:"},
		"no update key":    {l, with(func(r *Rotation) { r.Update = nil }), day.Add(time.Minute), nil, "no update key"},
		"no next key":      {l, with(func(r *Rotation) { r.Next = nil }), day.Add(time.Minute), nil, "no next update key"},
		"no signing key":   {l, with(func(r *Rotation) { r.Sign = nil }), day.Add(time.Minute), nil, "no signing key"},
		"next is present":  {l, with(func(r *Rotation) { r.Next = testPub(2) }), day.Add(time.Minute), nil, "next update key is the present one"},
		"bad service":      {l, with(func(r *Rotation) { r.Services = []Service{{ID: "a#b", Type: "x", Endpoint: "y"}} }), day.Add(time.Minute), nil, "service 0"},
		"after the end":    {ended, good, day.Add(time.Minute), ErrDeactivated, "deactivated"},
		"a second too far": {ended, good, day.Add(time.Second), ErrDeactivated, "deactivated"},
	} {
		next, err := c.log.Rotate(c.in, c.now)
		if err == nil || next != nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want %v with %q", name, err, c.want, c.text)
		}
	}
	if _, err := ended.Deactivate(testKey(2), day.Add(time.Minute)); !errors.Is(err, ErrDeactivated) {
		t.Errorf("second end: got %v, want %v", err, ErrDeactivated)
	}
}

func TestCreateRefuses(t *testing.T) {
	good := Genesis{Domain: "pairwise.invalid", Update: testKey(1), Next: testPub(2), Sign: testPub(3)}
	for name, change := range map[string]func(*Genesis){
		"no update key":      func(g *Genesis) { g.Update = nil },
		"no next key":        func(g *Genesis) { g.Next = nil },
		"no signing key":     func(g *Genesis) { g.Sign = nil },
		"next is present":    func(g *Genesis) { g.Next = testPub(1) },
		"no domain":          func(g *Genesis) { g.Domain = "" },
		"IP address":         func(g *Genesis) { g.Domain = "127.0.0.1" },
		"two in one":         func(g *Genesis) { g.Domain = "a.example:b" },
		"traversal":          func(g *Genesis) { g.Path = []string{".."} },
		"colon in path":      func(g *Genesis) { g.Path = []string{"a:.."} },
		"placeholder":        func(g *Genesis) { g.Path = []string{"{SCID}"} },
		"service unnamed":    func(g *Genesis) { g.Services = []Service{{Type: "x", Endpoint: "y"}} },
		"threshold too high": func(g *Genesis) { g.Witness = Witness{2, []ed25519.PublicKey{testPub(7)}} },
		"threshold negative": func(g *Genesis) { g.Witness = Witness{-1, []ed25519.PublicKey{testPub(7)}} },
		"same witness twice": func(g *Genesis) { g.Witness = Witness{1, []ed25519.PublicKey{testPub(7), testPub(7)}} },
		"witness of no key":  func(g *Genesis) { g.Witness = Witness{1, []ed25519.PublicKey{{1, 2, 3}}} },
		"entry too long": func(g *Genesis) {
			g.Services = []Service{{ID: "a", Type: "b", Endpoint: strings.Repeat("x", maxEntry)}}
		},
	} {
		in := good
		change(&in)
		if l, err := Create(in, day); err == nil || l != nil {
			t.Errorf("%s: created", name)
		}
	}
}

// A vendor publishes at its domain, with services and witnesses.
func TestVendorLog(t *testing.T) {
	l, err := Create(Genesis{
		Domain: "shop.example%3A8443", Path: []string{"ids", "main"},
		Update: testKey(1), Next: testPub(2), Sign: testPub(3),
		Witness:  Witness{2, []ed25519.PublicKey{testPub(7), testPub(8), testPub(9)}},
		Services: []Service{{ID: "api", Type: "LinkedDomains", Endpoint: "https://shop.example?a=1&b=<2>"}},
	}, day)
	if err != nil {
		t.Fatal(err)
	}
	id, err := ParseID(l.DID())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := id.URL(), "https://shop.example:8443/ids/main/did.jsonl"; got != want {
		t.Errorf("log is at %s, want %s", got, want)
	}
	if _, err := Verify(l, nil, day); reason(err) != "witness" {
		t.Errorf("without witnesses: got %v", err)
	}
	file, err := Attest(l.VersionID(), day, testKey(9), testKey(7))
	if err != nil {
		t.Fatal(err)
	}
	h, err := Verify(l, file, day)
	if err != nil {
		t.Fatal(err)
	}
	if w := h.Latest().Witness; w.Threshold != 2 || len(w.Keys) != 3 {
		t.Errorf("witnesses are %v", w)
	}

	turned, err := l.Rotate(Rotation{Update: testKey(2), Next: testPub(4), Sign: testPub(5)}, day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(turned, file, day.Add(time.Hour)); reason(err) != "witness" {
		t.Errorf("new version without new witnesses: got %v", err)
	}
	// Proofs over the newest version cover the older ones, so the file needs
	// no others.
	file, err = Attest(turned.VersionID(), day, testKey(8), testKey(9))
	if err != nil {
		t.Fatal(err)
	}
	h, err = Verify(turned, file, day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := serviceOf(t, h.Latest()), "https://shop.example?a=1&b=<2>"; got != want {
		t.Errorf("service after rotation is %q, want %q", got, want)
	}
	bare, err := turned.Rotate(Rotation{Update: testKey(4), Next: testPub(6), Sign: testPub(5), Services: []Service{}}, day.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(bare.last().state), `"service"`) {
		t.Errorf("services were not removed: %s", bare.last().state)
	}
}

func serviceOf(t *testing.T, v Version) string {
	t.Helper()
	var doc struct {
		Service []struct{ ServiceEndpoint string }
	}
	if err := json.Unmarshal(v.Document, &doc); err != nil || len(doc.Service) != 1 {
		t.Fatalf("document %s: %v", v.Document, err)
	}
	return doc.Service[0].ServiceEndpoint
}

// A log that another implementation wrote without pre-rotation goes on with
// the key it lists, and commits from then on.
func TestRotateForeignLog(t *testing.T) {
	s := &script{}
	f := newForger(t, s)
	f.keys["key-0"], f.keys["key-1"] = testKey(1), testKey(2)
	f.do(step{Op: "create", Domain: "example.com", Signer: "key-0", Timestamp: "2026-03-20T09:00:00Z",
		Params: map[string]any{"updateKeys": []any{"key-0"}}})
	jsonl, _ := f.log()
	l, err := Parse(bytes.TrimSuffix(jsonl, []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	in := Rotation{Update: testKey(2), Next: testPub(4), Sign: testPub(5)}
	if _, err := l.Rotate(in, day.Add(time.Hour)); !errors.Is(err, ErrNotCommitted) {
		t.Errorf("key that is not listed: got %v", err)
	}
	in.Update = testKey(1)
	l, err = l.Rotate(in, day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	l, err = l.Rotate(Rotation{Update: testKey(4), Next: testPub(6), Sign: testPub(5)}, day.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if h, err := verify(l.Bytes(), nil, day.Add(3*time.Hour)); err != nil || h.Latest().Number != 3 {
		t.Errorf("got %v", err)
	}
}

// Two relationships of one person have nothing in common but what every log
// of the network has.
func TestPairwiseLogsShareNothing(t *testing.T) {
	a := rotated(t, pairwise(t, 1), 1, 2)
	b := rotated(t, pairwise(t, 11), 11, 0)
	other := string(b.Bytes())
	for _, word := range strings.FieldsFunc(string(a.Bytes()), func(r rune) bool {
		return !strings.ContainsRune("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", r)
	}) {
		if len(word) > 20 && word != "publicKeyMultibase" && strings.Contains(other, word) {
			t.Errorf("both logs have %s", word)
		}
	}
	for _, n := range []byte{1, 2, 3} {
		if strings.Contains(other, identity.Multikey(testPub(n))) {
			t.Errorf("key %d is in both logs", n)
		}
	}
}
