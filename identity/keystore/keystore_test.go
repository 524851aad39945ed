package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // most tests closed it before
	return s
}

func put(t testing.TB, s *Store, name, secret string) {
	t.Helper()
	if err := s.Put(name, []byte(secret)); err != nil {
		t.Fatal(err)
	}
}

func wantSecret(t testing.TB, s *Store, name, want string) {
	t.Helper()
	if got, err := s.Get(name); err != nil || string(got) != want {
		t.Errorf("%s is %q, %v; want %q", name, got, err, want)
	}
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSecretsSurviveReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "keys")
	s := open(t, dir)
	put(t, s, "update", "one")
	put(t, s, "sign", "two")
	put(t, s, "update", "three")
	put(t, s, "empty", "")
	if err := s.PutAll(map[string][]byte{"next": []byte("four"), "reply": []byte("five")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete("sign"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	closeStore(t, s) // twice is once

	s = open(t, dir)
	if got, want := s.Names(), []string{"empty", "next", "reply", "update"}; !slices.Equal(got, want) {
		t.Errorf("names are %q, want %q", got, want)
	}
	wantSecret(t, s, "update", "three")
	wantSecret(t, s, "empty", "")
	wantSecret(t, s, "next", "four")
	wantSecret(t, s, "reply", "five")
	if _, err := s.Get("sign"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted secret: got %v", err)
	}
	if err := s.Delete("sign"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted twice: got %v", err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, fileName): 0o600, filepath.Join(dir, lockName): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %04o", path, info.Mode(), err, want)
		}
	}
}

// What a caller gets or gives is a copy.
func TestCopies(t *testing.T) {
	s := Memory()
	given := []byte("secret")
	if err := s.Put("a", given); err != nil {
		t.Fatal(err)
	}
	clear(given)
	got, err := s.Get("a")
	if err != nil {
		t.Fatal(err)
	}
	clear(got)
	wantSecret(t, s, "a", "secret")
}

func TestMemory(t *testing.T) {
	s := Memory()
	put(t, s, "a", "one")
	if err := s.SetPassphrase([]byte("x")); err != nil {
		t.Error(err)
	}
	wantSecret(t, s, "a", "one")
	closeStore(t, s)
	if _, err := s.Get("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, t.TempDir()+"/keys")
	put(t, s, "a", "one")
	closeStore(t, s)
	for name, err := range map[string]error{
		"Put": s.Put("a", nil), "Delete": s.Delete("a"), "SetPassphrase": s.SetPassphrase(nil),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: got %v", name, err)
		}
	}
	if n := s.Names(); len(n) != 0 {
		t.Errorf("names after Close: %q", n)
	}
}

func TestPutRefuses(t *testing.T) {
	s := open(t, t.TempDir()+"/keys")
	put(t, s, "a", "one")
	big := make([]byte, maxSecret)
	for name, err := range map[string]error{
		"no name":       s.Put("", nil),
		"long name":     s.Put(strings.Repeat("x", maxName+1), nil),
		"name not text": s.Put("\xff", nil),
		"big secret":    s.Put("b", make([]byte, maxSecret+1)),
		"one bad":       s.PutAll(map[string][]byte{"a": []byte("two"), "": nil}),
		"too much": s.PutAll(func() map[string][]byte {
			all := make(map[string][]byte)
			for i := range maxBatch/maxSecret + 1 {
				all[fmt.Sprint("a", i)] = big
			}
			return all
		}()),
	} {
		if err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	if err := s.PutAll(nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	wantSecret(t, s, "a", "one")
	if n := s.Names(); len(n) != 1 {
		t.Errorf("names are %q", n)
	}
	if err := s.Put(strings.Repeat("x", maxName), big); err != nil {
		t.Errorf("the longest there may be: %v", err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir() + "/keys"
	s := open(t, dir)
	if _, err := Open(dir, nil); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second Open: got %v, want %v naming %s", err, ErrLocked, dir)
	}
	put(t, s, "a", "one") // still works
	closeStore(t, s)
	wantSecret(t, open(t, dir), "a", "one")
}

func TestPermissionsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		mode os.FileMode
		fix  string
	}{{fileName, 0o640, "chmod 600 "}, {fileName, 0o604, "chmod 600 "}, {"", 0o750, "chmod 700 "}, {"", 0o701, "chmod 700 "}} {
		dir := t.TempDir() + "/keys"
		closeStore(t, open(t, dir))
		path := filepath.Join(dir, c.name)
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), c.fix+path) {
			t.Errorf("%s with %04o: got %v, want a refusal with %q", path, c.mode, err, c.fix+path)
		}
	}
	dir := t.TempDir() + "/keys"
	closeStore(t, open(t, dir))
	if err := os.Rename(filepath.Join(dir, fileName), filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere", filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("symbolic link: got %v", err)
	}
}

// No way of printing a store or one of its errors shows a secret.
func TestNeverPrinted(t *testing.T) {
	const secret = "hunter2hunter2"
	s := open(t, t.TempDir()+"/keys")
	put(t, s, "a", secret)
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, verb+"\n", s)
	}
	fmt.Fprintln(&out, s.Put("", []byte(secret)), s.Put("b", bytes.Repeat([]byte(secret), maxSecret)), Memory())
	if strings.Contains(out.String(), secret) || strings.Contains(out.String(), fmt.Sprint([]byte(secret))[1:30]) {
		t.Errorf("printed: %s", out.String())
	}
}

func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir() + "/keys"
	s := open(t, dir)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				name := fmt.Sprintf("%d-%d", i, j)
				if err := s.Put(name, []byte(name)); err != nil {
					t.Error(err)
				}
				if got, err := s.Get(name); err != nil || string(got) != name {
					t.Errorf("%s is %q, %v", name, got, err)
				}
				s.Names()
			}
		})
	}
	wg.Wait()
	closeStore(t, s)
	if n := len(open(t, dir).Names()); n != 80 {
		t.Errorf("%d secrets, want 80", n)
	}
}

// A file that is mostly out of date is rewritten, and nothing is lost by it.
func TestCompaction(t *testing.T) {
	dir := t.TempDir() + "/keys"
	s := open(t, dir)
	put(t, s, "kept", "kept")
	payload := strings.Repeat("x", 16<<10)
	for i := range 64 { // 1 MiB in all
		put(t, s, "hot", fmt.Sprint(i, payload))
	}
	if size := fileSize(t, dir); size > 300<<10 {
		t.Errorf("file has %d bytes for 16 KiB of secrets", size)
	}
	closeStore(t, s)
	if size := fileSize(t, dir); size > 17<<10 {
		t.Errorf("file has %d bytes after Close", size)
	}
	s = open(t, dir)
	wantSecret(t, s, "kept", "kept")
	wantSecret(t, s, "hot", "63"+payload)
}

func fileSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// The store behaves as a map does, whatever is done to it and however often it
// is opened.
func TestLikeAMap(t *testing.T) {
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		if n++; n > 20 {
			return // each of many steps syncs the disk: fewer runs will do
		}
		dir := filepath.Join(root, fmt.Sprint(n))
		s, err := Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		model := make(map[string]string)
		name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := name.Draw(t, "name"), rapid.StringN(0, 40, 100).Draw(t, "secret")
				if err := s.Put(k, []byte(v)); err != nil {
					t.Fatal(err)
				}
				model[k] = v
			},
			"delete": func(t *rapid.T) {
				k := name.Draw(t, "name")
				_, had := model[k]
				if err := s.Delete(k); had != (err == nil) {
					t.Fatalf("delete %s: %v", k, err)
				}
				delete(model, k)
			},
			"reopen": func(t *rapid.T) {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = Open(dir, nil); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if len(s.Names()) != len(model) {
					t.Fatalf("names are %q, want %v", s.Names(), model)
				}
				for k, v := range model {
					if got, err := s.Get(k); err != nil || string(got) != v {
						t.Fatalf("%s is %q, %v; want %q", k, got, err, v)
					}
				}
			},
		})
	})
}
