package webvh

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
)

// Every edit of a good log is refused, and the error says in which entry and
// for breaking which rule.
func TestParseRefuses(t *testing.T) {
	good := rotated(t, pairwise(t, 1), 1, 1)
	line := func(i int) string { return string(bytes.SplitAfter(good.Bytes(), []byte("\n"))[i]) }
	edit := func(old, by string) string {
		s := string(good.Bytes())
		if !strings.Contains(s, old) {
			t.Fatalf("the log does not have %s", old)
		}
		return strings.Replace(s, old, by, 1)
	}
	hash := good.entries[0].hash
	key := identity.Multikey(testPub(1))
	for name, c := range map[string]struct {
		log     string
		version int
		reason  string
		text    string
	}{
		"nothing":                {"", 0, "size", "empty"},
		"too long":               {strings.Repeat("x", maxLog+1), 0, "size", "262145"},
		"too many":               {strings.Repeat("\n", maxEntries+1), 0, "size", "1001"},
		"long entry":             {line(0) + strings.Repeat(" ", maxEntry+1), 2, "size", "65537"},
		"blank line":             {line(0) + "\n" + line(1), 2, "json", ""},
		"blank end":              {line(0) + "\n", 2, "json", ""},
		"byte order mark":        {"\ufeff" + line(0), 1, "json", ""},
		"two in a line":          {strings.TrimSpace(line(0)) + line(1), 1, "json", ""},
		"not JSON":               {line(0) + "hello", 2, "json", ""},
		"cut off":                {line(0) + line(1)[:100], 2, "json", ""},
		"array":                  {"[]", 1, "json", "not a JSON object"},
		"deep":                   {strings.Repeat("[", 100), 1, "json", "deeper than 32"},
		"deep in a string":       {`{"a":"` + strings.Repeat("[", 100) + `"}`, 1, "json", "unknown property"},
		"bad UTF-8":              {edit(`"Multikey"`, "\"Multikey\xff\""), 1, "json", "UTF-8"},
		"duplicate key":          {edit(`{"parameters"`, `{"versionId":"x","parameters"`), 1, "json", "Duplicate key"},
		"duplicate by escape":    {edit(`"portable":false`, `"portable":false,"p\u006frtable":true`), 1, "json", "Duplicate key"},
		"unknown property":       {edit(`{"parameters"`, `{"extra":1,"parameters"`), 1, "json", "extra"},
		"other case":             {edit(`"versionId"`, `"VersionId"`), 1, "json", "VersionId"},
		"no parameters":          {edit(`"parameters"`, `"proof2"`), 1, "json", "proof2"},
		"versionId number":       {edit(`"versionId":"1-`+hash+`"`, `"versionId":1`), 1, "number", "string"},
		"versionId no dash":      {edit("1-"+hash, hash), 1, "number", "no dash"},
		"versionId two dashes":   {edit("1-"+hash, "1--"+hash[1:]), 1, "number", "base58"},
		"versionId zero":         {edit("1-"+hash, "0-"+hash), 1, "number", "version number"},
		"versionId 01":           {edit("1-"+hash, "01-"+hash), 1, "number", "version number"},
		"versionId +1":           {edit("1-"+hash, "+1-"+hash), 1, "number", "version number"},
		"versionId hash":         {edit("1-"+hash, "1-"+hash[1:]), 1, "number", "multihash"},
		"time without zone":      {edit("2026-03-20T09:00:00Z\"}", "2026-03-20T09:00:00\"}"), 1, "time", "UTC"},
		"time in a zone":         {edit("2026-03-20T09:00:00Z\"}", "2026-03-20T09:00:00+01:00\"}"), 1, "time", "UTC"},
		"time with a comma":      {edit("2026-03-20T09:00:00Z\"}", "2026-03-20T09:00:00,5Z\"}"), 1, "time", "UTC"},
		"no such day":            {edit("2026-03-20T09:00:00Z\"}", "2026-02-30T09:00:00Z\"}"), 1, "time", "UTC"},
		"unknown parameter":      {edit(`"portable":false`, `"prtable":false`), 1, "parameters", "prtable"},
		"null parameter":         {edit(`"portable":false`, `"portable":null`), 1, "parameters", "portable"},
		"portable as text":       {edit(`"portable":false`, `"portable":"false"`), 1, "parameters", "portable"},
		"other method":           {edit(method, "did:webvh:1.0-rc1"), 1, "parameters", "rc1"},
		"keys as text":           {edit(`["`+key+`"]`, `"`+key+`"`), 1, "parameters", "updateKeys: not a JSON array"},
		"key twice":              {edit(`["`+key+`"]`, `["`+key+`","`+key+`"]`), 1, "parameters", "twice"},
		"key of another kind":    {edit(key, "zDnaeUKTWUXc1HDpGfKbEK31nKLN19yX5aunFd7VK1CUMeyJu"), 1, "parameters", "updateKeys: element 0"},
		"watchers not URLs":      {edit(`"portable":false`, `"watchers":["example.com"]`), 1, "parameters", "watchers"},
		"ttl negative":           {edit(`"portable":false`, `"ttl":-1`), 1, "parameters", "ttl"},
		"ttl fraction":           {edit(`"portable":false`, `"ttl":1.5`), 1, "parameters", "ttl"},
		"ttl too long":           {edit(`"portable":false`, `"ttl":2147483649`), 1, "parameters", "ttl"},
		"witness null":           {edit(`"portable":false`, `"witness":null`), 1, "parameters", "witness"},
		"witness half":           {edit(`"portable":false`, `"witness":{"threshold":1}`), 1, "parameters", "witness"},
		"witness weight":         {edit(`"portable":false`, `"witness":{"threshold":1,"witnesses":[{"id":"`+key+`","weight":1}]}`), 1, "parameters", "weight"},
		"witness did:web":        {edit(`"portable":false`, `"witness":{"threshold":1,"witnesses":[{"id":"did:web:example.com"}]}`), 1, "parameters", "did:web"},
		"witness twice over":     {edit(`"portable":false`, `"witness":{"threshold":1,"witnesses":[{"id":"`+key+`"},{"id":"did:key:`+key+`"}]}`), 1, "parameters", "twice"},
		"witness fraction":       {edit(`"portable":false`, `"witness":{"threshold":0.5,"witnesses":[{"id":"`+key+`"}]}`), 1, "parameters", "threshold"},
		"state missing":          {edit(`"state"`, `"State"`), 1, "json", "State"},
		"state with no id":       {edit(`"id":"`+string(good.DID())+`"`, `"Id":"x"`), 1, "document", "state.id"},
		"state.id with more":     {edit(`"id":"`+string(good.DID())+`"`, `"id":"`+string(good.DID())+`#a"`), 1, "document", "state.id"},
		"state.id did:web":       {edit(`"id":"`+string(good.DID())+`"`, `"id":"did:web:example.com"`), 1, "document", "state.id"},
		"no proof":               {edit(`"proof":[`, `"proof":[],"proof2":[`), 1, "json", "proof2"},
		"proof number":           {edit(`"proof":[`, `"proof":1,"state2":[`), 1, "json", "state2"},
		"proof option":           {edit(`"proofPurpose"`, `"domain":"x","proofPurpose"`), 1, "proof", "domain"},
		"proof purpose":          {edit(`"proofPurpose":"assertionMethod"`, `"proofPurpose":"authentication"`), 1, "proof", "proofPurpose"},
		"proof type":             {edit(`"DataIntegrityProof"`, `"Ed25519Signature2020"`), 1, "proof", "type"},
		"proof bare key":         {edit(`"verificationMethod":"did:key:`+key+"#"+key, `"verificationMethod":"did:key:`+key), 1, "proof", "verificationMethod"},
		"proof value hex":        {edit(`"proofValue":"z`, `"proofValue":"f`), 1, "proof", "proofValue"},
		"proof value short":      {edit(string(sigOf([]byte(line(0)))), "z1"), 1, "proof", "proofValue"},
		"proof value long":       {edit(`"proofValue":"z`, `"proofValue":"zzzzz`), 1, "proof", "proofValue"},
		"proof value not base58": {edit(`"proofValue":"z`, `"proofValue":"z0`), 1, "proof", "proofValue"},
		"proof created":          {edit(`"created":"2026-03-20T09:00:00Z"`, `"created":"yesterday"`), 1, "proof", "created"},
		"proof expires":          {edit(`"cryptosuite"`, `"expires":"never","cryptosuite"`), 1, "proof", "expires"},
	} {
		_, err := Parse([]byte(c.log))
		if reason(err) != c.reason || !strings.Contains(err.Error(), c.text) || err.(*InvalidError).Version != c.version {
			t.Errorf("%s: got %v, want entry %d refused for %q with %q", name, err, c.version, c.reason, c.text)
		}
	}
}

// Edits that leave the form intact are caught by the proof of the log.
func TestVerifyRefuses(t *testing.T) {
	good := rotated(t, pairwise(t, 1), 1, 2)
	lines := bytes.SplitAfter(good.Bytes(), []byte("\n"))
	edit := func(i int, old, by string) []byte {
		if !bytes.Contains(lines[i], []byte(old)) {
			t.Fatalf("entry %d does not have %s", i+1, old)
		}
		edited := bytes.Clone(bytes.Join(lines[:i], nil))
		edited = append(edited, bytes.Replace(lines[i], []byte(old), []byte(by), 1)...)
		return append(edited, bytes.Join(lines[i+1:], nil)...)
	}
	stranger := pairwise(t, 21)
	for name, c := range map[string]struct {
		log     []byte
		version int
		reason  string
	}{
		"first dropped":        {bytes.Join(lines[1:], nil), 1, "number"},
		"middle dropped":       {bytes.Join([][]byte{lines[0], lines[2]}, nil), 2, "number"},
		"entry twice":          {bytes.Join([][]byte{lines[0], lines[0]}, nil), 2, "number"},
		"entry of another log": {bytes.Join([][]byte{lines[0], bytes.SplitAfter(rotated(t, stranger, 21, 1).Bytes(), []byte("\n"))[1]}, nil), 2, "parameters"},
		"key in document":      {edit(1, `"publicKeyMultibase":"z6Mk`, `"publicKeyMultibase":"z6Mj`), 2, "hash"},
		"key in first":         {edit(0, `"publicKeyMultibase":"z6Mk`, `"publicKeyMultibase":"z6Mj`), 1, "scid"},
		"hash":                 {edit(2, good.entries[2].hash, good.entries[1].hash), 3, "hash"},
		"time":                 {edit(1, `"versionTime":"2026-03-20T09:01:00Z"`, `"versionTime":"2026-03-20T09:01:01Z"`), 2, "hash"},
		"signature":            {edit(1, string(sigOf(lines[1])), string(sigOf(lines[2]))), 2, "proof"},
		"created":              {edit(1, `"created":"2026-03-20T09:01:00Z"`, `"created":"2026-03-20T09:01:01Z"`), 2, "proof"},
		"parameter added":      {edit(0, `"scid":"`+good.entries[0].did.SCID, `"ttl":1,"scid":"`+good.entries[0].did.SCID), 1, "scid"},
	} {
		_, err := verify(c.log, nil, day.Add(time.Hour))
		if reason(err) != c.reason || err.(*InvalidError).Version != c.version {
			t.Errorf("%s: got %v, want entry %d refused for %q", name, err, c.version, c.reason)
		}
	}
	if _, err := Verify(good, nil, day.Add(2*time.Minute-time.Nanosecond)); reason(err) != "time" {
		t.Errorf("a nanosecond ahead of time: got %v", err)
	}
	if _, err := Verify(good, nil, day.Add(2*time.Minute)); err != nil {
		t.Errorf("on time: %v", err)
	}
}

func sigOf(line []byte) []byte {
	_, rest, _ := bytes.Cut(line, []byte(`"proofValue":"`))
	sig, _, _ := bytes.Cut(rest, []byte(`"`))
	return sig
}

// A first entry with the placeholder in place of its SCID would be a second
// log with the same SCID.
func TestPlaceholderRefused(t *testing.T) {
	f := newForger(t, &script{})
	f.keys["key-0"] = testKey(1)
	f.do(step{Op: "create", Domain: "example.com", Signer: "key-0", Timestamp: "2026-03-20T09:00:00Z",
		Params: map[string]any{"updateKeys": []any{"key-0"}, "alsoKnownAs": []any{"{SCID}"}}})
	fe := f.entries[0]
	e := f.entry(fe)
	scid := multihash58(body(placeholder, e.versionTime, e.parametersJSON, e.state))
	e.parametersJSON = bytes.ReplaceAll(e.parametersJSON, []byte(placeholder), []byte(scid))
	e.state = bytes.ReplaceAll(e.state, []byte(didPrefix+placeholder), []byte(didPrefix+scid))
	jsonl := f.line(fe, e, "1-"+entryHash(e, scid))
	if _, err := verify(jsonl, nil, day); reason(err) != "scid" || !strings.Contains(err.Error(), placeholder) {
		t.Errorf("got %v, want a refusal for the placeholder", err)
	}
}

// White space and the order of keys are not signed; bytes are kept.
func TestParseKeepsBytes(t *testing.T) {
	l := pairwise(t, 1)
	spaced := bytes.ReplaceAll(l.Bytes(), []byte(`,"`), []byte(" ,\t\""))
	spaced = append(bytes.TrimSuffix(spaced, []byte("\n")), " \r\n"...)
	got, err := Parse(spaced)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), spaced) {
		t.Error("bytes changed")
	}
	if _, err := Verify(got, nil, day); err != nil {
		t.Error(err)
	}
}

// Flip any bit of a log and it is refused.
func TestAnyBitFlipped(t *testing.T) {
	good := rotated(t, pairwise(t, 1), 1, 1).Bytes()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, 8*len(good)-1).Draw(t, "bit")
		bad := bytes.Clone(good)
		bad[at/8] ^= 1 << (at % 8)
		if _, err := verify(bad, nil, day.Add(time.Hour)); reason(err) == "" {
			t.Fatalf("bit %d of byte %d flipped: %v", at%8, at/8, err)
		}
	})
}

// However often a log is rotated, its history lists the keys that were put in,
// in order.
func TestRotationsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := func(name string) ed25519.PrivateKey {
			return ed25519.NewKeyFromSeed(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
		}
		pub := func(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
		update, next, sign := seed("update"), seed("next"), seed("sign")
		now := day
		l, err := Create(Genesis{Domain: "pairwise.invalid", Update: update, Next: pub(next), Sign: pub(sign)}, now)
		if err != nil {
			t.Skip(err) // next happens to be update
		}
		want := []ed25519.PublicKey{pub(sign)}
		for i := range rapid.IntRange(0, 5).Draw(t, "rotations") {
			now = now.Add(time.Duration(rapid.Int64Range(1, 1e6).Draw(t, "seconds")) * time.Second)
			update, next, sign = next, seed(fmt.Sprint("next", i)), seed(fmt.Sprint("sign", i))
			if l, err = l.Rotate(Rotation{Update: update, Next: pub(next), Sign: pub(sign)}, now); err != nil {
				t.Skip(err)
			}
			want = append(want, pub(sign))
		}
		h, err := verify(l.Bytes(), nil, now)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range h.Versions() {
			if len(v.Keys) != 1 || !v.Keys[0].Equal(want[i]) || v.DID != l.DID() {
				t.Fatalf("version %d of %s has keys %x, want %x", i+1, v.DID, v.Keys, want[i])
			}
		}
	})
}
