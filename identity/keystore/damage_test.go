package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// written makes a store with three records and returns its file and where
// each record begins.
func written(t testing.TB) (content []byte, starts []int64) {
	t.Helper()
	dir := t.TempDir() + "/keys"
	s := open(t, dir)
	for i := range 3 {
		starts = append(starts, s.file.size)
		put(t, s, fmt.Sprint("key", i), fmt.Sprint("secret", i))
	}
	content, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	return content, starts
}

// openBytes opens a store whose file has the content given.
func openBytes(t testing.TB, root string, content []byte) (*Store, string, error) {
	t.Helper()
	dir, err := os.MkdirTemp(root, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, nil)
	return s, path, err
}

// However far a write got before a crash, what was acknowledged before it is
// there, what was not is not, and the store goes on.
func TestTornTail(t *testing.T) {
	content, starts := written(t)
	root := t.TempDir()
	last := starts[2]
	zeros := func(n int) []byte { return make([]byte, n) }
	cases := map[string][]byte{
		"zeros after it":      append(bytes.Clone(content[:last]), zeros(100)...),
		"few zeros after it":  append(bytes.Clone(content[:last]), zeros(3)...),
		"head, then zeros":    append(bytes.Clone(content[:last+20]), zeros(len(content)-int(last)-20)...),
		"no tag, but a sizes": append(bytes.Clone(content[:len(content)-16]), zeros(16)...),
	}
	for n := last; n < int64(len(content)); n++ {
		cases[fmt.Sprint("cut at ", n)] = content[:n]
	}
	for name, c := range cases {
		s, path, err := openBytes(t, root, c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantSecret(t, s, "key0", "secret0")
		wantSecret(t, s, "key1", "secret1")
		if _, err := s.Get("key2"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v for what was not acknowledged", name, err)
		}
		put(t, s, "key3", "secret3")
		closeStore(t, s)
		s = open(t, filepath.Dir(path))
		wantSecret(t, s, "key1", "secret1")
		wantSecret(t, s, "key3", "secret3")
		closeStore(t, s)
	}
}

// Damage anywhere is an error that says where; nothing is changed on disk.
func TestDamage(t *testing.T) {
	content, starts := written(t)
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		bit := rapid.IntRange(0, 8*len(content)-1).Draw(rt, "bit")
		bad := bytes.Clone(content)
		bad[bit/8] ^= 1 << (bit % 8)
		at := int64(0)
		for _, start := range starts {
			if int64(bit/8) >= start {
				at = start
			}
		}
		_, path, err := openBytes(t, root, bad)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.File != path || corrupt.Offset != at {
			rt.Fatalf("bit %d of byte %d: got %v, want damage at byte %d", bit%8, bit/8, err, at)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, bad) {
			rt.Fatalf("the file was changed: %v", err)
		}
	})
}

func TestDamageInTheLarge(t *testing.T) {
	content, starts := written(t)
	other, otherStarts := written(t)
	root := t.TempDir()
	concat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, c := range map[string]struct {
		content []byte
		at      int64
	}{
		"empty file":             {nil, 0},
		"another file":           {[]byte("age-encryption.org/v1\n and so on and so forth"), 0},
		"head cut off":           {content[:starts[0]-1], 0},
		"record left out":        {concat(content[:starts[0]], content[starts[1]:]), starts[0]},
		"records swapped":        {concat(content[:starts[0]], content[starts[1]:starts[2]], content[starts[0]:starts[1]], content[starts[2]:]), starts[0]},
		"record twice":           {concat(content[:starts[1]], content[starts[0]:]), starts[1]},
		"record of another file": {concat(content[:starts[2]], other[otherStarts[2]:]), starts[2]},
		"text at the end":        {concat(content, []byte("and more text")), int64(len(content))},
		"zeros within":           {concat(content[:starts[1]], make([]byte, starts[2]-starts[1]), content[starts[2]:]), starts[1]},
	} {
		_, path, err := openBytes(t, root, c.content)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.File != path || corrupt.Offset != c.at {
			t.Errorf("%s: got %v, want damage at byte %d", name, err, c.at)
		}
	}
}

// A rewrite that was under way when the process died leaves nothing behind.
func TestLeftoverRewrite(t *testing.T) {
	content, _ := written(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][]byte{fileName: content, newName: content[:40]} {
		if err := os.WriteFile(filepath.Join(dir, name), c, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	wantSecret(t, s, "key2", "secret2")
	if err := s.Delete("key2"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s) // rewrites
	if _, err := os.Stat(filepath.Join(dir, newName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", newName, err)
	}
	if names := open(t, dir).Names(); len(names) != 2 {
		t.Errorf("names are %q", names)
	}
}

// FuzzFile opens files of any content: they are refused with their place, or
// are a store that can be written to and opened again.
func FuzzFile(f *testing.F) {
	content, starts := written(f)
	f.Add(content)
	f.Add(content[:starts[2]+9])
	f.Add([]byte(magic))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		s, path, err := openBytes(t, root, content)
		defer func() { _ = os.RemoveAll(filepath.Dir(path)) }()
		var corrupt *CorruptError
		if errors.As(err, &corrupt) || errors.Is(err, ErrPassphrase) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "more", "more")
		closeStore(t, s)
		s = open(t, filepath.Dir(path))
		wantSecret(t, s, "more", "more")
		closeStore(t, s)
	})
}

// FuzzBatch feeds the decoder of decrypted records.
func FuzzBatch(f *testing.F) {
	good, err := batch{{name: "a", secret: []byte("b")}, {name: "c", remove: true}}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := decodeBatch(in)
		if err != nil || len(in) > maxBatch {
			return
		}
		if out, err := b.encode(); err != nil || !bytes.Equal(out, in) {
			t.Fatalf("%x was read and written as %x, %v", in, out, err)
		}
	})
}
