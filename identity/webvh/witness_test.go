package webvh

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"github.com/parley-network/parley/identity"
)

func witnessed(t *testing.T, threshold int, keys ...byte) *Log {
	t.Helper()
	w := Witness{Threshold: threshold}
	for _, k := range keys {
		w.Keys = append(w.Keys, testPub(k))
	}
	l, err := Create(Genesis{Domain: "shop.example", Update: testKey(1), Next: testPub(2), Sign: testPub(3), Witness: w}, day)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func attest(t *testing.T, id string, keys ...byte) []byte {
	t.Helper()
	list := make([]ed25519.PrivateKey, len(keys))
	for i, k := range keys {
		list[i] = testKey(k)
	}
	file, err := Attest(id, day, list...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// expiring is a witness file by key n with a proof that is good until then.
func expiring(t *testing.T, id string, n byte, until time.Time) []byte {
	t.Helper()
	p, err := sign(testKey(n), attested(id), day)
	if err != nil {
		t.Fatal(err)
	}
	delete(p, "proofValue")
	p["expires"] = formatTime(until)
	config, err := canonicalOf(p)
	if err != nil {
		t.Fatal(err)
	}
	sig := ed25519.Sign(testKey(n), hashData(config, sha256.Sum256(attested(id))))
	p["proofValue"] = "z" + base58.Encode(sig)
	file, err := canonicalOf([]any{map[string]any{"versionId": id, "proof": []any{p}}})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// join puts witness files together into one.
func join(files ...[]byte) []byte {
	var parts []string
	for _, f := range files {
		parts = append(parts, strings.Trim(string(f), "[]"))
	}
	return []byte("[" + strings.Join(parts, ",") + "]")
}

func TestWitnesses(t *testing.T) {
	l := witnessed(t, 2, 7, 8, 9)
	id := l.VersionID()
	turned := rotated(t, l, 1, 1)
	for name, c := range map[string]struct {
		log  *Log
		file []byte
		ok   bool
	}{
		"none":                      {l, nil, false},
		"empty file":                {l, []byte("[]"), false},
		"one of two":                {l, attest(t, id, 7), false},
		"two":                       {l, attest(t, id, 7, 9), true},
		"all":                       {l, attest(t, id, 7, 8, 9), true},
		"one, twice in a list":      {l, attest(t, id, 7, 7), false},
		"one, in two lists":         {l, join(attest(t, id, 7), attest(t, id, 7)), false},
		"two, in two lists":         {l, join(attest(t, id, 7), attest(t, id, 8)), true},
		"one and a stranger":        {l, attest(t, id, 7, 10), false},
		"two for another log":       {l, attest(t, pairwise(t, 21).VersionID(), 7, 8), false},
		"two for a version to come": {l, attest(t, turned.VersionID(), 7, 8), false},
		"two for the newest":        {turned, attest(t, turned.VersionID(), 7, 8), true},
		"two for the older":         {turned, attest(t, id, 7, 8), false},
		"one for each":              {turned, join(attest(t, id, 7), attest(t, turned.VersionID(), 8)), false},
		"different for each":        {turned, join(attest(t, id, 7, 8), attest(t, turned.VersionID(), 8, 9)), true},
		"bad proof beside good": {l, bytes.Replace(attest(t, id, 7, 8), []byte(`"proof":[`),
			[]byte(`"proof":[{"type":"none"},`), 1), true},
		"forged":          {l, bytes.ReplaceAll(attest(t, id, 7, 10), []byte(mk(10)), []byte(mk(8))), false},
		"not yet expired": {l, join(expiring(t, id, 7, day.Add(time.Hour)), attest(t, id, 8)), true},
		"expired":         {l, join(expiring(t, id, 7, day.Add(time.Hour-time.Second)), attest(t, id, 8)), false},
	} {
		_, err := Verify(c.log, c.file, day.Add(time.Hour))
		if c.ok != (err == nil) || err != nil && reason(err) != "witness" {
			t.Errorf("%s: got %v, want accepted %t", name, err, c.ok)
		}
	}
}

func mk(n byte) string { return identity.Multikey(testPub(n)) }

func TestWitnessFileRefused(t *testing.T) {
	l := witnessed(t, 1, 7)
	good := string(attest(t, l.VersionID(), 7))
	for name, file := range map[string]string{
		"not JSON":         "hello",
		"object":           strings.Trim(good, "[]"),
		"list of numbers":  "[1]",
		"unknown property": strings.Replace(good, `"proof"`, `"x":1,"proof"`, 1),
		"duplicate key":    strings.Replace(good, `"versionId"`, `"versionId":"","versionId"`, 1),
		"number for id":    strings.Replace(good, `"versionId":"`+l.VersionID()+`"`, `"versionId":1`, 1),
		"no proof list":    `[{"versionId":"` + l.VersionID() + `"}]`,
		"too long":         good + strings.Repeat(" ", maxLog),
		"deep":             strings.Repeat("[", 40) + strings.Repeat("]", 40),
	} {
		if _, err := Verify(l, []byte(file), day); reason(err) != "witness" || !strings.Contains(err.Error(), "witness file") {
			t.Errorf("%s: got %v, want the witness file refused", name, err)
		}
	}
	if _, err := Attest("1-x", day, testKey(7)); err == nil {
		t.Error("attested a malformed version")
	}
	if _, err := Attest(l.VersionID(), day); err == nil {
		t.Error("attested by nobody")
	}
}
