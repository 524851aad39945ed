package webvh

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLog feeds Parse and Verify; whatever verifies must be stable: its bytes
// verify again to the same history.
func FuzzLog(f *testing.F) {
	l := rotated(f, pairwise(f, 1), 1, 2)
	ended, err := l.Deactivate(testKey(4), published)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ended.Bytes(), []byte("[]"))
	if logs, err := filepath.Glob("../../../shared/vectors/didwebvh/vectors/*/ts/did.jsonl"); err == nil {
		for _, path := range logs {
			jsonl, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			witnesses, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "did-witness.json")) // most have none
			f.Add(jsonl, witnesses)
		}
	}
	f.Fuzz(func(t *testing.T, jsonl, witnesses []byte) {
		l, err := Parse(jsonl)
		if err != nil {
			if reason(err) == "" {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if !bytes.Equal(l.Bytes(), jsonl) {
			t.Fatal("bytes changed")
		}
		h, err := Verify(l, witnesses, published)
		if err != nil {
			if reason(err) == "" {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		again, err := verify(l.Bytes(), witnesses, published)
		if err != nil || again.Latest().ID != h.Latest().ID || !h.Names(h.DID()) {
			t.Fatalf("verified once and then: %v", err)
		}
	})
}

// FuzzCanonical checks the reader of canonical JSON against what jcs made.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"a":[1,"b\"\\",{}],"c":{"d":null}}`, `[[],"[",{"]":"}"}]`, `"\u007d"`, `1e3`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := canonical(b)
		if err != nil {
			return
		}
		if again, err := canonical(c); err != nil || !bytes.Equal(again, c) {
			t.Fatalf("%s is not canonical: %s, %v", c, again, err)
		}
		if n := c.span(); n != len(c) {
			t.Fatalf("%s spans %d", c, n)
		}
		walk(t, c)
	})
}

// walk reads every value within c and puts it together again.
func walk(t *testing.T, c canon) {
	if elems, err := c.array(); err == nil {
		for _, e := range elems {
			walk(t, e)
		}
		if got := append(append([]byte("["), bytes.Join(raw(elems), []byte(","))...), ']'); !bytes.Equal(got, c) {
			t.Fatalf("array %s was read as %s", c, got)
		}
	}
	if members, err := c.object(); err == nil {
		size := len("{}") + max(0, len(members)-1)
		for name, v := range members {
			key, err := canonicalOf(name)
			if err != nil {
				t.Fatal(err)
			}
			size += len(key) + len(":") + len(v)
			walk(t, v)
		}
		if size != len(c) {
			t.Fatalf("object of %d bytes was read as %d: %s", len(c), size, c)
		}
	}
}

func raw(list []canon) [][]byte {
	out := make([][]byte, len(list))
	for i, c := range list {
		out[i] = c
	}
	return out
}
