package terms_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "write the published vectors in testdata/vectors anew")

const (
	vectorsDir   = "testdata/vectors"
	vectorFormat = "parley terms vectors 1"
)

// vectorFile is one file of vectors; its README describes it.
type vectorFile struct {
	Format string   `json:"format"` // vectorFormat
	About  string   `json:"about"`
	Cases  []vector `json:"cases"`
}

// vector is one case: what is given, and what must come of it.
type vector struct {
	Name     string          `json:"name"`
	Comment  string          `json:"comment"`
	Input    json.RawMessage `json:"input"`
	Expected json.RawMessage `json:"expected"`
}

// given is a case before its outcome is known. Accept is what a person expects
// of it, against which the outcome is held when the file is written.
type given struct {
	name, comment string
	input         any
	accept        bool
}

// vectorSet is a file of vectors with the code that answers its cases: run
// returns what is expected of an input, and whether it was accepted or allowed.
type vectorSet struct {
	about string
	cases func(t *testing.T) []given
	run   func(t *testing.T, input json.RawMessage) (expected any, accept bool)
}

var vectorSets = map[string]vectorSet{
	"compare.json": compareVectors,
	"may.json":     mayVectors,
	"odrl.json":    odrlVectors,
	"receipt.json": receiptVectors,
	"myterms.json": mytermsVectors,
}

// decodeInput reads a case's input; a field it does not know is a fault of the
// file.
func decodeInput[T any](t *testing.T, raw json.RawMessage) (v T) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("input: %v\n%s", err, raw)
	}
	return v
}

// TestVectors reads nothing but the files, as another implementation would.
func TestVectors(t *testing.T) {
	if *update {
		t.Skip("the files are being written")
	}
	for name, set := range vectorSets {
		raw, err := os.ReadFile(filepath.Join(vectorsDir, name))
		if err != nil {
			t.Fatal(err)
		}
		f := decodeInput[vectorFile](t, raw)
		if f.Format != vectorFormat || len(f.Cases) == 0 {
			t.Fatalf("%s: format %q with %d cases", name, f.Format, len(f.Cases))
		}
		for _, v := range f.Cases {
			t.Run(name+"/"+v.Name, func(t *testing.T) {
				got, _ := set.run(t, v.Input)
				raw, err := json.Marshal(got)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(decodeInput[any](t, raw), decodeInput[any](t, v.Expected)) {
					t.Errorf("%s: got %s, want %s", v.Comment, raw, v.Expected)
				}
			})
		}
	}
}

// TestVectorsAreCurrent makes the vectors anew and compares; -update writes
// them. A difference means that a meaning has changed: give it a new version.
func TestVectorsAreCurrent(t *testing.T) {
	for name, set := range vectorSets {
		f := vectorFile{Format: vectorFormat, About: set.about}
		for _, g := range set.cases(t) {
			in, err := json.Marshal(g.input)
			if err != nil {
				t.Fatal(err)
			}
			out, accept := set.run(t, in)
			if accept != g.accept {
				t.Errorf("%s: %s: came out as %v: %+v", name, g.name, accept, out)
			}
			expected, err := json.Marshal(out)
			if err != nil {
				t.Fatal(err)
			}
			f.Cases = append(f.Cases, vector{g.name, g.comment, in, expected})
		}
		want, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		current(t, filepath.Join(vectorsDir, name), append(want, '\n'))
	}
}

// current compares a file with what it should be, or writes it.
func current(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(vectorsDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what this code would write; if that is meant, run: go test ./relcard/terms -run Vectors -update", path)
	}
}
