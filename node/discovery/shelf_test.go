package discovery

import (
	"context"
	"errors"
	"fmt"
	"testing"

	ds "github.com/ipfs/go-datastore"
	dsq "github.com/ipfs/go-datastore/query"
	"pgregory.net/rapid"
)

func recordKey(key, writer int) ds.Key {
	return ds.NewKey(fmt.Sprintf("/providers/KEY%d/PEER%d", key, writer))
}

// The shelf agrees with a map as long as no limit is reached.
func TestShelfIsAMap(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		s, want := newShelf(), map[ds.Key]string{}
		for i := range rapid.IntRange(0, 100).Draw(t, "n") {
			k := recordKey(rapid.IntRange(0, 5).Draw(t, "key"), rapid.IntRange(0, 5).Draw(t, "writer"))
			if rapid.Bool().Draw(t, "put") {
				want[k] = fmt.Sprint(i)
				if err := s.Put(ctx, k, []byte(want[k])); err != nil {
					t.Fatal(err)
				}
				continue
			}
			delete(want, k)
			if err := s.Delete(ctx, k); err != nil {
				t.Fatal(err)
			}
		}
		for key := range 6 {
			res, err := s.Query(ctx, dsq.Query{Prefix: fmt.Sprintf("/providers/KEY%d", key)})
			if err != nil {
				t.Fatal(err)
			}
			entries, _ := res.Rest()
			for _, e := range entries {
				if want[ds.NewKey(e.Key)] != string(e.Value) {
					t.Fatalf("%s is %q", e.Key, e.Value)
				}
			}
		}
		res, _ := s.Query(ctx, dsq.Query{Prefix: "/providers/"})
		if all, _ := res.Rest(); len(all) != len(want) || s.len() != len(want) {
			t.Fatalf("%d records in all, %d counted, want %d", len(all), s.len(), len(want))
		}
		for k, v := range want {
			if got, err := s.Get(ctx, k); err != nil || string(got) != v {
				t.Fatalf("%s: %q, %v", k, got, err)
			}
		}
	})
}

// Nobody fills it: not one who provides everything, not many who provide one
// thing, not all together.
func TestShelfIsBounded(t *testing.T) {
	ctx := context.Background()
	s := newShelf()
	for i := range 10_000 {
		err := s.Put(ctx, recordKey(i, 1), nil)
		if (i < maxPerWriter) != (err == nil) {
			t.Fatalf("record %d of one writer: %v", i, err)
		}
	}
	for i := range 10_000 {
		if err := s.Put(ctx, recordKey(1, i+10), nil); err != nil {
			t.Fatalf("the newest of a full key is turned away: %v", err)
		}
	}
	if n := len(s.keys["/providers/KEY1"]); n != maxPerKey {
		t.Errorf("%d providers of one key", n)
	}
	var err error
	for i := 0; i < 2*maxRecords && err == nil; i++ {
		err = s.Put(ctx, recordKey(100_000+i/100, 1000_000+i%100+100*(i/100_000)), nil)
	}
	if !errors.Is(err, errTooMany) || s.len() > maxRecords {
		t.Errorf("%d records kept: %v", s.len(), err)
	}
	for _, bad := range []string{"/pk/KEY", "/providers/KEY", "/providers/KEY/PEER/MORE", "/"} {
		if err := s.Put(ctx, ds.NewKey(bad), nil); !errors.Is(err, errNotRecord) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := s.Put(ctx, recordKey(1, 1), make([]byte, 17)); !errors.Is(err, errNotRecord) {
		t.Errorf("a long value: %v", err)
	}
}
