package keystore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quick opens a store as Open does, but for the cost of a passphrase, which
// is half a second on purpose.
func quick(dir, passphrase string) (*Store, error) { return openAt(dir, []byte(passphrase), 10) }

func TestPassphrase(t *testing.T) {
	if s := open(t, t.TempDir()+"/keys"); s.file.work != workFactor {
		t.Errorf("Open uses scrypt at 2^%d, documented is 2^%d", s.file.work, workFactor)
	}
	dir := t.TempDir() + "/keys"
	s, err := quick(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "one")
	clearHead := head(t, dir)
	if err := s.SetPassphrase([]byte("correct horse")); err != nil {
		t.Fatal(err)
	}
	if h := head(t, dir); bytes.Contains(h, clearHead[headFixed:headFixed+32]) {
		t.Error("the old key is still in the file")
	}
	put(t, s, "b", "two") // costs no scrypt
	closeStore(t, s)

	for _, wrong := range []string{"", "Correct horse"} {
		if _, err := quick(dir, wrong); !errors.Is(err, ErrPassphrase) || !strings.Contains(err.Error(), dir) {
			t.Errorf("with %q: got %v, want %v", wrong, err, ErrPassphrase)
		}
	}
	s, err = quick(dir, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	wantSecret(t, s, "a", "one")
	wantSecret(t, s, "b", "two")
	if err := s.SetPassphrase(nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)

	if _, err := quick(dir, "correct horse"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("with a passphrase for none: got %v, want %v", err, ErrPassphrase)
	}
	s = open(t, dir)
	wantSecret(t, s, "a", "one")
	wantSecret(t, s, "b", "two")
}

func head(t *testing.T, dir string) []byte {
	t.Helper()
	in, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// A file made by somebody else cannot make Open take all memory.
func TestPassphraseTooDear(t *testing.T) {
	wrapped, err := wrap(make([]byte, 32), []byte("x"), 10)
	if err != nil {
		t.Fatal(err)
	}
	dear := bytes.Replace(wrapped, []byte(" 10\n"), []byte(" 30\n"), 1)
	if _, err := unwrap(dear, []byte("x")); err == nil || errors.Is(err, ErrPassphrase) || !strings.Contains(err.Error(), "work factor") {
		t.Errorf("got %v, want a refusal for the work factor", err)
	}
}

// A store can be made under a passphrase from the start.
func TestCreateWithPassphrase(t *testing.T) {
	dir := t.TempDir() + "/keys"
	s, err := quick(dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "one")
	closeStore(t, s)
	if _, err := quick(dir, "y"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("got %v, want %v", err, ErrPassphrase)
	}
	if s, err = quick(dir, "x"); err != nil {
		t.Fatal(err)
	}
	wantSecret(t, s, "a", "one")
	closeStore(t, s)
}

// Whoever has the file has nothing without the passphrase: neither secrets nor
// their names.
func TestNothingInTheClear(t *testing.T) {
	dir := t.TempDir() + "/keys"
	s := open(t, dir)
	put(t, s, "name-of-a-key", "secret-of-a-key")
	for _, text := range []string{"name-of-a-key", "secret-of-a-key"} {
		if bytes.Contains(head(t, dir), []byte(text)) {
			t.Errorf("the file has %q", text)
		}
	}
}
