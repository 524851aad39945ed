package keystore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One test for all that needs the passphrase, since each guess costs half a
// second on purpose.
func TestPassphrase(t *testing.T) {
	dir := t.TempDir() + "/keys"
	s := open(t, dir)
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
		if _, err := Open(dir, []byte(wrong)); !errors.Is(err, ErrPassphrase) || !strings.Contains(err.Error(), dir) {
			t.Errorf("with %q: got %v, want %v", wrong, err, ErrPassphrase)
		}
	}
	s, err := Open(dir, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	wantSecret(t, s, "a", "one")
	wantSecret(t, s, "b", "two")
	if err := s.SetPassphrase(nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)

	if _, err := Open(dir, []byte("correct horse")); !errors.Is(err, ErrPassphrase) {
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
