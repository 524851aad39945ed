package disclosure_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

var update = flag.Bool("update", false, "write the published vectors in testdata/vectors anew")

const vectorsDir = "testdata/vectors"

// vectorFile is one file of vectors; its README describes it.
type vectorFile struct {
	Format string   `json:"format"`
	About  string   `json:"about"`
	Cases  []vector `json:"cases"`
}

const vectorFormat = "parley disclosure vectors 1"

type vector struct {
	Name string        `json:"name"`
	Text string        `json:"text,omitempty"`
	Now  identity.Time `json:"now,omitzero"`

	Kind    statement.Kind      `json:"kind,omitempty"`    // contents.json
	Content []byte              `json:"content,omitempty"` //
	Item    *disclosure.Item    `json:"item,omitempty"`    // openings.json
	Opening *disclosure.Opening `json:"opening,omitempty"` //
	Person  [][]byte            `json:"person,omitempty"`  // ledgers.json
	Vendor  [][]byte            `json:"vendor,omitempty"`  //

	Accept  bool                     `json:"accept"`
	Reason  disclosure.Reason        `json:"reason,omitempty"`
	Means   any                      `json:"means,omitempty"`
	Items   []itemState              `json:"items,omitempty"`
	Demands []disclosure.DemandState `json:"demands,omitempty"`
	Broken  int                      `json:"broken,omitempty"`
}

type itemState struct {
	ID         uint64           `json:"id"`
	State      disclosure.State `json:"state"`
	ReplacedBy uint64           `json:"replacedBy,omitempty"`
}

func TestVectorsOfContents(t *testing.T) {
	each(t, "contents.json", func(t *testing.T, v vector) error {
		for _, c := range []encoder{disclosure.Disclose{}, disclosure.Retract{}, disclosure.Receipt{}, disclosure.Demand{}, disclosure.Comply{}} {
			if kindOf(c) != v.Kind {
				continue
			}
			got, err := decodeAs(c, v.Content)
			if err != nil {
				return err
			}
			var means any
			raw := must[[]byte](t)(json.Marshal(got))
			if err := json.Unmarshal(raw, &means); err != nil || !reflect.DeepEqual(means, v.Means) {
				t.Errorf("it means %s, want %v (%v)", raw, v.Means, err)
			}
			return nil
		}
		t.Fatalf("kind %q is unknown", v.Kind)
		return nil
	})
}

func TestVectorsOfOpenings(t *testing.T) {
	each(t, "openings.json", func(_ *testing.T, v vector) error { return v.Item.Opens(*v.Opening) })
}

func TestVectorsOfLedgers(t *testing.T) {
	each(t, "ledgers.json", func(t *testing.T, v vector) error {
		read := func(log [][]byte) []statement.Statement {
			var all []statement.Signed
			for _, raw := range log {
				all = append(all, must[statement.Signed](t)(statement.DecodeSigned(raw)))
			}
			return must[[]statement.Statement](t)(statement.VerifyLog(all, nil, v.Now.Std()))
		}
		l, err := disclosure.Fold(read(v.Person), read(v.Vendor), v.Now.Std())
		if err != nil {
			return err
		}
		items, demands := summary(l)
		if !reflect.DeepEqual(items, v.Items) || !reflect.DeepEqual(demands, v.Demands) || len(l.Problems) != v.Broken {
			t.Errorf("items %v, demands %v, problems %q; want %v, %v, %d", items, demands, l.Problems, v.Items, v.Demands, v.Broken)
		}
		return nil
	})
}

func summary(l disclosure.Ledger) (items []itemState, demands []disclosure.DemandState) {
	for _, e := range l.Entries {
		items = append(items, itemState{e.Item.ID, e.State, e.ReplacedBy})
	}
	for _, d := range l.Demands {
		demands = append(demands, d.State)
	}
	return items, demands
}

// each runs every case of a file, and check returns what became of it.
func each(t *testing.T, name string, check func(t *testing.T, v vector) error) {
	raw := must[[]byte](t)(os.ReadFile(filepath.Join(vectorsDir, name)))
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var f vectorFile
	if err := d.Decode(&f); err != nil || f.Format != vectorFormat || len(f.Cases) == 0 {
		t.Fatalf("%s: format %q with %d cases: %v", name, f.Format, len(f.Cases), err)
	}
	for _, v := range f.Cases {
		t.Run(v.Name, func(t *testing.T) {
			err := check(t, v)
			if v.Accept && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !v.Accept && disclosure.ReasonOf(err) != v.Reason {
				t.Errorf("got %v, want reason %s", err, v.Reason)
			}
		})
	}
}

// TestVectorsAreCurrent makes the vectors anew and compares; -update writes
// them. A difference means that the format has changed: give it a new version.
func TestVectorsAreCurrent(t *testing.T) {
	for name, f := range map[string]vectorFile{
		"contents.json": {vectorFormat, "Contents of statements, by themselves.", contentVectors(t)},
		"openings.json": {vectorFormat, "Items and openings that are theirs, or are not.", openingVectors(t)},
		"ledgers.json":  {vectorFormat, "Both logs of a relationship, and what they come to.", ledgerVectors(t)},
	} {
		want := append(must[[]byte](t)(json.MarshalIndent(f, "", "  ")), '\n')
		path := filepath.Join(vectorsDir, name)
		if *update {
			if err := os.MkdirAll(vectorsDir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !bytes.Equal(must[[]byte](t)(os.ReadFile(path)), want) {
			t.Errorf("%s is not what this code would write; if that is meant, run: go test ./relcard/disclosure -run Vectors -update", name)
		}
	}
}

// The openings of the vectors have salts that are no secret; a real one never
// comes twice.
func TestSaltsAreDrawnAnew(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		o := must[disclosure.Opening](t)(disclosure.NewOpening(rand.Reader, 1, []byte(`1`)))
		if seen[string(o.Salt)] {
			t.Fatal("a salt came twice")
		}
		seen[string(o.Salt)] = true
	}
}
