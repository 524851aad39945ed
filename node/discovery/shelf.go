package discovery

import (
	"context"
	"strings"
	"sync"

	ds "github.com/ipfs/go-datastore"
	dsq "github.com/ipfs/go-datastore/query"
)

// Limits of what strangers have this node remember for them. A record takes
// some 300 bytes, so all of it at most 20 MB, and that only after an attack.
const (
	maxRecords   = 64 << 10
	maxPerKey    = 256  // providers of one key; an answer holds fewer
	maxPerWriter = 1100 // keys of one provider: a vendor's topics are up to 1024
)

// shelf is the memory of the DHT's provider records: a datastore that knows
// what kad-dht keeps in it, /providers/KEY/PEER, and bounds it. It keeps
// nothing across restarts: records are put out again before they lapse.
type shelf struct {
	mu      sync.Mutex
	keys    map[string]map[string][]byte // by /providers/KEY, by PEER
	writers map[string]int               // how many records each PEER has
	total   int
}

var _ ds.Batching = (*shelf)(nil)

func newShelf() *shelf {
	return &shelf{keys: make(map[string]map[string][]byte), writers: make(map[string]int)}
}

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// parts splits a record's name; ok is false for what is none.
func parts(k ds.Key) (key, writer string, ok bool) {
	name := k.String()
	i := strings.LastIndexByte(name, '/')
	return name[:max(i, 0)], name[i+1:], strings.Count(name, "/") == 3
}

// Put keeps a record. Where a key has too many, one by chance makes room: were
// the newest refused, who came first could keep all others out for good. A
// writer with too many, or a full shelf, is refused.
func (s *shelf) Put(_ context.Context, k ds.Key, value []byte) error {
	key, writer, ok := parts(k)
	if !ok || len(value) > 16 {
		return errNotRecord
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.keys[key][writer]; !there {
		if s.writers[writer] >= maxPerWriter {
			return errTooMany
		}
		if len(s.keys[key]) >= maxPerKey {
			for other := range s.keys[key] { // Go's map order is by chance enough
				s.drop(key, other)
				break
			}
		}
		if s.total >= maxRecords {
			return errTooMany
		}
		if s.keys[key] == nil {
			s.keys[key] = make(map[string][]byte)
		}
		s.writers[writer]++
		s.total++
	}
	s.keys[key][writer] = append([]byte(nil), value...)
	return nil
}

func (s *shelf) drop(key, writer string) {
	if _, there := s.keys[key][writer]; !there {
		return
	}
	delete(s.keys[key], writer)
	if len(s.keys[key]) == 0 {
		delete(s.keys, key)
	}
	if s.writers[writer]--; s.writers[writer] <= 0 {
		delete(s.writers, writer)
	}
	s.total--
}

// Delete drops a record.
func (s *shelf) Delete(_ context.Context, k ds.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, writer, _ := parts(k)
	s.drop(key, writer)
	return nil
}

// Get returns a record.
func (s *shelf) Get(_ context.Context, k ds.Key) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, writer, _ := parts(k)
	v, ok := s.keys[key][writer]
	if !ok {
		return nil, ds.ErrNotFound
	}
	return append([]byte(nil), v...), nil
}

// Has reports whether a record is there.
func (s *shelf) Has(ctx context.Context, k ds.Key) (bool, error) {
	_, err := s.Get(ctx, k)
	return err == nil, nil
}

// GetSize returns a record's size.
func (s *shelf) GetSize(ctx context.Context, k ds.Key) (int, error) {
	v, err := s.Get(ctx, k)
	return len(v), err
}

// Query returns the records of one key, or all of them.
func (s *shelf) Query(_ context.Context, q dsq.Query) (dsq.Results, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []dsq.Entry
	add := func(key string) {
		for writer, v := range s.keys[key] {
			out = append(out, dsq.Entry{Key: key + "/" + writer, Value: append([]byte(nil), v...), Size: len(v)})
		}
	}
	if prefix := strings.TrimSuffix(q.Prefix, "/"); strings.Count(prefix, "/") == 2 {
		add(prefix)
	} else {
		for key := range s.keys {
			if strings.HasPrefix(key, prefix+"/") {
				add(key)
			}
		}
	}
	return dsq.ResultsWithEntries(q, out), nil
}

// Batch returns a batch that writes at its Commit.
func (s *shelf) Batch(context.Context) (ds.Batch, error) { return ds.NewBasicBatch(s), nil }

// Sync does nothing: there is no disk.
func (s *shelf) Sync(context.Context, ds.Key) error { return nil }

// Close does nothing.
func (s *shelf) Close() error { return nil }

// noCache keeps nothing.
type noCache struct{}

func (noCache) Add(_, _ any) bool                { return false }
func (noCache) Get(any) (any, bool)              { return nil, false }
func (noCache) Contains(any) bool                { return false }
func (noCache) Peek(any) (any, bool)             { return nil, false }
func (noCache) Remove(any) bool                  { return false }
func (noCache) RemoveOldest() (_, _ any, _ bool) { return nil, nil, false }
func (noCache) GetOldest() (_, _ any, _ bool)    { return nil, nil, false }
func (noCache) Keys() []any                      { return nil }
func (noCache) Len() int                         { return 0 }
func (noCache) Purge()                           {}
func (noCache) Resize(int) int                   { return 0 }
