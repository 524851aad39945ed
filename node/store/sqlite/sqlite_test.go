package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/store/storetest"
)

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, filepath.Join(t.TempDir(), "node.db"))
	})
}
