package intentcast

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vectorWires are the messages of a published vector file, good and bad.
func vectorWires(t testing.TB, file string) (wires [][]byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Vectors []struct{ Wire []byte } }
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	for _, v := range f.Vectors {
		wires = append(wires, v.Wire)
	}
	return wires
}
