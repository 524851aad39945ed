package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// put stores an object. While the store is away it tries again, until ctx ends.
func (l *link) put(ctx context.Context, name string, b []byte) error {
	for {
		err := l.putOnce(ctx, name, b)
		if err == nil {
			return nil
		}
		if final(err) || wait(ctx, reconnectWait) != nil {
			return fmt.Errorf("store %s: %w", name, err)
		}
	}
}

func (l *link) putOnce(ctx context.Context, name string, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, objectWait)
	defer cancel()
	store, err := l.js.ObjectStore(ctx, objectBucket)
	if err != nil {
		return err
	}
	_, err = store.PutBytes(ctx, name, b)
	return err
}

var errTooLarge = errors.New("larger than declared")

// get reads an object of at most limit bytes.
func (l *link) get(ctx context.Context, name string, limit int64) (_ []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, objectWait)
	defer cancel()
	store, err := l.js.ObjectStore(ctx, objectBucket)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	object, err := store.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	defer object.Close()
	b, err := io.ReadAll(io.LimitReader(object, limit+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("fetch %s: %w: more than %d bytes", name, errTooLarge, limit)
	}
	return b, nil
}

// upload stores the files that are not in the store.
func (l *link) upload(ctx context.Context, files []file, paths map[string]string) error {
	if len(files) == 0 {
		return nil
	}
	store, err := l.js.ObjectStore(ctx, objectBucket)
	if err != nil {
		return fmt.Errorf("object store: %w", err)
	}
	for _, f := range files {
		_, err := store.GetInfo(ctx, fileName(f.Sum))
		if err == nil {
			continue
		}
		if !errors.Is(err, jetstream.ErrObjectNotFound) {
			return fmt.Errorf("object store: %w", err)
		}
		if err := upload(ctx, store, f, paths[f.Name]); err != nil {
			return fmt.Errorf("send %s to the workers: %w", f.Name, err)
		}
	}
	return nil
}

func upload(ctx context.Context, store jetstream.ObjectStore, f file, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	ctx, cancel := context.WithTimeout(ctx, objectWait)
	defer cancel()
	_, err = store.Put(ctx, jetstream.ObjectMeta{Name: fileName(f.Sum)}, in)
	return err
}

// describe reads a file's size and SHA-256.
func describe(f File) (file, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return file{}, err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return file{}, err
	}
	return file{Name: f.Name, Sum: hex.EncodeToString(h.Sum(nil)), Size: n}, nil
}

// cache holds the files of runs on this machine, by their SHA-256.
type cache struct {
	link  *link
	dir   string
	local map[string]string // where they are without it
	mu    sync.Mutex
}

func newCache(l *link, dir string, local map[string]string) *cache {
	return &cache{link: l, dir: dir, local: local}
}

// fetch returns where a task's files are, by name.
func (c *cache) fetch(ctx context.Context, t task) (map[string]string, error) {
	if c.local != nil || len(t.Files) == 0 {
		return c.local, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := map[string]string{}
	for _, f := range t.Files {
		path := filepath.Join(c.dir, f.Sum)
		if have, err := describe(File{Path: path}); err != nil || have.Sum != f.Sum {
			if err := c.download(ctx, f, path); err != nil {
				return nil, fmt.Errorf("fetch file %s: %w", f.Name, err)
			}
		}
		at[f.Name] = path
	}
	return at, nil
}

// download writes the file beside its place first, so that another process
// never reads half of it.
func (c *cache) download(ctx context.Context, f file, path string) error {
	b, err := c.link.get(ctx, fileName(f.Sum), f.Size)
	if err != nil {
		return err
	}
	if sumText(b) != f.Sum {
		return fmt.Errorf("its SHA-256 is not %s", f.Sum)
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(c.dir, "part-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err := part.Write(b); err != nil {
		part.Close()
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

// isTimeout tells that a request came back with nothing.
func isTimeout(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, context.DeadlineExceeded)
}

// drop removes an object; one that stays goes by itself after two weeks.
func (l *link) drop(ctx context.Context, name string) {
	if store, err := l.js.ObjectStore(ctx, objectBucket); err == nil {
		_ = store.Delete(ctx, name)
	}
}
