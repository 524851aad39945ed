package keystore

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

const (
	fileName = "keys"
	newName  = "keys.new" // a rewrite under way
	lockName = "lock"

	maxFile = 1 << 30
	// slack is how much of a file may be out of date before it is rewritten
	// for having too much of that.
	slack = 64 << 10
)

// file is the log of a store on disk. Its methods are not safe for concurrent
// use.
type file struct {
	dir  string
	work int // log2 N of scrypt for a new passphrase
	lock *os.File
	log  *os.File
	head *header

	seq    uint64 // number of the next record
	size   int64  // bytes that are good
	dead   int64  // about how many of them are out of date
	wait   int64  // size below which a rewrite is not tried, after one failed
	broken error  // why no more may be written
}

func (f *file) path(name string) string { return filepath.Join(f.dir, name) }

func openFile(dir string, passphrase []byte, work int) (_ *file, _ map[string][]byte, err error) {
	if err := makeDir(dir); err != nil {
		return nil, nil, err
	}
	f := &file{dir: dir, work: work}
	if f.lock, err = lockDir(f.path(lockName)); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.release())
		}
	}()
	if err := os.Remove(f.path(newName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	secrets := make(map[string][]byte)
	if _, err := os.Lstat(f.path(fileName)); errors.Is(err, os.ErrNotExist) {
		return f, secrets, f.create(passphrase)
	}
	if f.log, err = openPrivate(f.path(fileName)); err != nil {
		return nil, nil, err
	}
	return f, secrets, f.load(passphrase, secrets)
}

func (f *file) create(passphrase []byte) error {
	head, err := newHeader(passphrase, f.work)
	if err != nil {
		return err
	}
	return f.rewrite(head, nil)
}

// load reads the whole log into secrets.
func (f *file) load(passphrase []byte, secrets map[string][]byte) error {
	in, err := io.ReadAll(io.LimitReader(f.log, maxFile+1))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if len(in) > maxFile {
		return f.corrupt(maxFile, errors.New("file is too long"))
	}
	head, n, err := parseHeader(in, passphrase)
	if errors.Is(err, ErrPassphrase) {
		return fmt.Errorf("%s: %w", f.dir, err)
	}
	if err != nil {
		return f.corrupt(0, err)
	}
	f.head, f.size = head, int64(n)
	for f.size < int64(len(in)) {
		b, n, err := head.open(f.seq, in[f.size:])
		if errors.Is(err, errTorn) {
			return f.dropTail()
		}
		if err != nil {
			return f.corrupt(f.size, err)
		}
		f.note(b, secrets)
		b.applyTo(secrets)
		f.seq++
		f.size += int64(n)
	}
	return nil
}

// note counts what b, about to be applied to secrets, puts out of date.
func (f *file) note(b batch, secrets map[string][]byte) {
	for _, c := range b {
		old, ok := secrets[c.name]
		if ok {
			f.dead += int64(recordHead + recordExtra + len(c.name) + len(old))
		}
		if c.remove {
			f.dead += int64(recordHead + recordExtra + len(c.name))
		}
	}
}

func (f *file) corrupt(offset int64, err error) error {
	return &CorruptError{File: f.path(fileName), Offset: offset, Err: err}
}

// dropTail cuts off what an append left unfinished, so that the next one does
// not follow it.
func (f *file) dropTail() error {
	if err := f.log.Truncate(f.size); err != nil {
		return fmt.Errorf("drop the unfinished record at byte %d: %w", f.size, err)
	}
	if err := f.log.Sync(); err != nil {
		return fmt.Errorf("drop the unfinished record at byte %d: %w", f.size, err)
	}
	return nil
}

// append adds one record, about to be applied to secrets, and syncs it. Where that fails the file is put back;
// where that fails too nothing more is written, since what is on disk is not
// known.
func (f *file) append(b batch, secrets map[string][]byte) error {
	if f.broken != nil {
		return f.broken
	}
	record, err := f.head.seal(f.seq, b)
	if err != nil {
		return err
	}
	if _, err = f.log.WriteAt(record, f.size); err == nil {
		err = f.log.Sync()
	}
	if err != nil {
		if undo := f.dropTail(); undo != nil {
			f.broken = fmt.Errorf("%s takes no more writes after: %w", f.dir, errors.Join(err, undo))
		}
		return err
	}
	f.seq++
	f.size += int64(len(record))
	f.note(b, secrets)
	return nil
}

// compactIfDue rewrites the file when more than half of it is out of date.
// Failing is no harm: everything is in the old file.
func (f *file) compactIfDue(secrets map[string][]byte) {
	if f.broken != nil || f.dead < slack || 2*f.dead < f.size || f.size < f.wait {
		return
	}
	if err := f.rewrite(f.head.renewed(), secrets); err != nil {
		f.wait = 2 * f.size
	}
}

// purge rewrites the file if anything in it is out of date.
func (f *file) purge(secrets map[string][]byte) error {
	switch {
	case f.broken != nil:
		return f.broken
	case f.dead == 0:
		return nil
	}
	return f.rewrite(f.head.renewed(), secrets)
}

func (f *file) setPassphrase(passphrase []byte, secrets map[string][]byte) error {
	if f.broken != nil {
		return f.broken
	}
	head, err := newHeader(passphrase, f.work)
	if err != nil {
		return err
	}
	return f.rewrite(head, secrets)
}

// rewrite writes all secrets to a new file and puts it in place of the old.
func (f *file) rewrite(head *header, secrets map[string][]byte) (err error) {
	next, err := createPrivate(f.path(newName))
	if err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	placed := false
	defer func() {
		if !placed {
			err = errors.Join(err, next.Close(), os.Remove(f.path(newName)))
		}
	}()
	out, seq, err := snapshot(head, secrets)
	if err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	if _, err := next.Write(out); err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	if err := next.Sync(); err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	if err := os.Rename(f.path(newName), f.path(fileName)); err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	placed = true
	if f.log != nil {
		_ = f.log.Close() // synced with every append; its name is gone
	}
	f.log, f.head, f.seq, f.size, f.dead, f.wait = next, head, seq, int64(len(out)), 0, 0
	if err := syncDir(f.dir); err != nil {
		// Which of the two files a crash would leave is not known, so what is
		// appended to this one might be lost.
		f.broken = fmt.Errorf("%s takes no more writes after: %w", f.dir, err)
		return f.broken
	}
	return nil
}

// snapshot encodes a whole file, one record a secret.
func snapshot(head *header, secrets map[string][]byte) (out []byte, seq uint64, err error) {
	out = head.encode()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		record, err := head.seal(seq, batch{{name: name, secret: secrets[name]}})
		if err != nil {
			return nil, 0, err
		}
		out = append(out, record...)
		seq++
	}
	return out, seq, nil
}

// close rewrites the file if anything in it is out of date, and lets go.
func (f *file) close(secrets map[string][]byte) error {
	var err error
	if f.dead > 0 && f.broken == nil {
		err = f.rewrite(f.head.renewed(), secrets)
	}
	return errors.Join(err, f.release())
}

func (f *file) release() error {
	var err error
	if f.log != nil {
		err = f.log.Close()
	}
	return errors.Join(err, f.lock.Close())
}
