package keystore

import (
	"fmt"
	"testing"
)

// full returns a store of n keys and its folder.
func full(b *testing.B, n int) (*Store, string) {
	b.Helper()
	dir := b.TempDir() + "/keys"
	s := open(b, dir)
	for done := 0; done < n; {
		all := make(map[string][]byte)
		for range min(1000, n-done) {
			all[fmt.Sprintf("relationship/%d/sign", done)] = make([]byte, 32)
			done++
		}
		if err := s.PutAll(all); err != nil {
			b.Fatal(err)
		}
	}
	return s, dir
}

// BenchmarkPut includes the fsync. It costs the same in a full store.
func BenchmarkPut(b *testing.B) {
	for _, n := range []int{0, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := full(b, n)
			i := 0
			for b.Loop() {
				if err := s.Put(fmt.Sprint("new", i), make([]byte, 32)); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	s, dir := full(b, 10_000)
	if err := s.SetPassphrase(nil); err != nil { // one record a key, as in use
		b.Fatal(err)
	}
	closeStore(b, s)
	for b.Loop() {
		s, err := Open(dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		closeStore(b, s)
	}
}

// BenchmarkPassphrase is what one guess costs.
func BenchmarkPassphrase(b *testing.B) {
	wrapped, err := wrap(make([]byte, 32), []byte("correct horse"), workFactor)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := unwrap(wrapped, []byte("correct horse")); err != nil {
			b.Fatal(err)
		}
	}
}
