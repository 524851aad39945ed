// Package keystore keeps a party's private keys and other secrets on disk,
// each under a name.
//
// A store is a folder (mode 0700) with one file, "keys" (mode 0600), and a lock
// that keeps a second process out. The file is a log of encrypted records: a
// change is appended and synced before it is acknowledged, so it costs the
// same however many secrets there are, and a process killed at any moment
// loses nothing acknowledged. The file is rewritten, and swapped in by an
// atomic rename, when more than half of it is out of date, on Close if
// anything is, and when the passphrase changes.
//
// Records are encrypted with XChaCha20-Poly1305 under a random key. That key
// stands at the head of the file: wrapped by age under the passphrase, with
// scrypt at N=2^17, r=8, p=1 (128 MiB and some half a second for each guess,
// once for each Open), or in the clear where no passphrase is set. Without a
// passphrase the file mode is all that protects the secrets.
//
// What a store does not promise: a replaced or deleted secret stays in the
// file, encrypted, until the next rewrite ([Store.Purge] makes one), and may
// stay on the medium after it; and somebody who can write to the folder can put back an older file.
package keystore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"
)

// Bounds on what is stored, in bytes.
const (
	maxName   = 255
	maxSecret = 64 << 10
	maxBatch  = 1 << 20 // of one PutAll, encoded
)

var (
	// ErrNotFound means that there is no secret of that name. It wraps
	// fs.ErrNotExist, which is what users of an interface look for.
	ErrNotFound = fmt.Errorf("no such secret: %w", fs.ErrNotExist)
	// ErrPassphrase means that the passphrase is wrong, missing, or given for
	// a store that has none.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrLocked means that another process, or another Store in this one, has
	// the folder open.
	ErrLocked = errors.New("in use by another process")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("keystore is closed")
)

// CorruptError says where a file is not what the store wrote. Nothing is
// changed on disk.
type CorruptError struct {
	File   string // path
	Offset int64  // of the damaged part, in bytes
	Err    error
}

// Error names the file, the place and the damage.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %v", e.File, e.Offset, e.Err)
}

// Unwrap returns what is wrong there.
func (e *CorruptError) Unwrap() error { return e.Err }

// Store holds secrets by name. It is safe for concurrent use. A Store is
// never printed with its secrets.
type Store struct {
	mu      sync.Mutex
	secrets map[string][]byte
	file    *file // nil for a store in memory
	closed  bool
}

// Memory returns a store that lives in memory only, for simulations.
func Memory() *Store { return &Store{secrets: make(map[string][]byte)} }

// Open opens the store in folder dir and makes it where there is none. An
// empty passphrase means the store has none. It returns [ErrLocked] naming the
// folder, [ErrPassphrase], a [*CorruptError], or an error that says how to mend
// permissions that let others read. A record cut off at the end of the file by
// a crash was never acknowledged and is dropped.
func Open(dir string, passphrase []byte) (*Store, error) {
	return openAt(dir, passphrase, workFactor)
}

// openAt opens a store whose passphrases, when they are set, take scrypt with
// N=2^work.
func openAt(dir string, passphrase []byte, work int) (*Store, error) {
	f, secrets, err := openFile(dir, passphrase, work)
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", err)
	}
	return &Store{secrets: secrets, file: f}, nil
}

// Get returns a copy of the secret of that name, or [ErrNotFound].
func (s *Store) Get(name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	secret, ok := s.secrets[name]
	if !ok {
		return nil, fmt.Errorf("get %q: %w", name, ErrNotFound)
	}
	return slices.Clone(secret), nil
}

// Put stores a secret of at most 64 KiB under a name of 1 to 255 bytes of
// UTF-8, replacing what was there. It is on disk when Put returns.
func (s *Store) Put(name string, secret []byte) error {
	return s.PutAll(map[string][]byte{name: secret})
}

// PutAll stores several secrets, all or none of them, in one write of at most
// 1 MiB.
func (s *Store) PutAll(secrets map[string][]byte) error {
	b := make(batch, 0, len(secrets))
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if err := checkEntry(name, secrets[name]); err != nil {
			return fmt.Errorf("put %.64q: %w", name, err)
		}
		b = append(b, change{name: name, secret: slices.Clone(secrets[name])})
	}
	if err := s.apply(b); err != nil {
		return fmt.Errorf("put %d secrets: %w", len(b), err)
	}
	return nil
}

// Delete removes the secret of that name, or returns [ErrNotFound].
func (s *Store) Delete(name string) error {
	if err := s.apply(batch{{name: name, remove: true}}); err != nil {
		return fmt.Errorf("delete %.64q: %w", name, err)
	}
	return nil
}

// Names returns the names of all secrets, sorted.
func (s *Store) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.secrets))
}

// SetPassphrase encrypts the whole store anew under a passphrase, or under
// none if it is empty. The old passphrase opens it no more. In memory it does
// nothing.
func (s *Store) SetPassphrase(passphrase []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.file == nil:
		return nil
	}
	if err := s.file.setPassphrase(passphrase, s.secrets); err != nil {
		return fmt.Errorf("set passphrase: %w", err)
	}
	return nil
}

// Purge rewrites the file if anything in it is out of date: a secret that was
// replaced or deleted before stands nowhere in it any more. What the medium
// keeps of the old file is beyond it.
func (s *Store) Purge() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.file == nil {
		return nil
	}
	if err := s.file.purge(s.secrets); err != nil {
		return fmt.Errorf("purge keystore: %w", err)
	}
	return nil
}

// Close tidies the file, wipes the secrets from memory and lets go of the
// folder. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.file != nil {
		err = s.file.close(s.secrets)
	}
	for _, secret := range s.secrets {
		clear(secret)
	}
	clear(s.secrets)
	if err != nil {
		return fmt.Errorf("close keystore: %w", err)
	}
	return nil
}

// String names the store and none of its secrets.
func (s *Store) String() string {
	if s.file == nil {
		return "keystore in memory"
	}
	return "keystore " + s.file.dir
}

// GoString keeps the secrets out of %#v.
func (s *Store) GoString() string { return s.String() }

// apply writes a batch to disk and then to memory.
func (s *Store) apply(b batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	for _, c := range b {
		if _, ok := s.secrets[c.name]; c.remove && !ok {
			return ErrNotFound
		}
	}
	if len(b) == 0 {
		return nil
	}
	if s.file != nil {
		if err := s.file.append(b, s.secrets); err != nil {
			return err
		}
	}
	b.applyTo(s.secrets)
	if s.file != nil {
		s.file.compactIfDue(s.secrets)
	}
	return nil
}

func checkEntry(name string, secret []byte) error {
	switch {
	case name == "" || len(name) > maxName || !utf8.ValidString(name):
		return fmt.Errorf("a name has 1 to %d bytes of UTF-8", maxName)
	case len(secret) > maxSecret:
		return fmt.Errorf("a secret has at most %d bytes, this one %d", maxSecret, len(secret))
	}
	return nil
}
