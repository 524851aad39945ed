package statement_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

var update = flag.Bool("update", false, "write the published vectors in testdata/vectors anew")

const (
	vectorsDir   = "testdata/vectors"
	vectorFormat = "parley statement vectors 1"
)

// vectorFile is one file of vectors; its README describes it.
type vectorFile struct {
	Format string   `json:"format"`
	About  string   `json:"about"`
	Cases  []vector `json:"cases"`
}

// vector is one case: what is given, and what must come of it.
type vector struct {
	Name string        `json:"name"`
	Text string        `json:"text,omitempty"`
	Now  identity.Time `json:"now,omitzero"`

	Body   []byte   `json:"body,omitempty"`   // bodies.json
	Signed []byte   `json:"signed,omitempty"` // signed.json
	Log    [][]byte `json:"log,omitempty"`    // logs.json

	Accept bool             `json:"accept"`
	Reason statement.Reason `json:"reason,omitempty"`
	CID    dagcbor.CID      `json:"cid,omitzero"`
	Head   *statement.Head  `json:"head,omitempty"`
	Means  *statement.Body  `json:"means,omitempty"`
}

// keyFile is keys.json: the parties of the vectors.
type keyFile struct {
	Format  string      `json:"format"`
	About   string      `json:"about"`
	Parties []partyKeys `json:"parties"`
}

type partyKeys struct {
	Name string       `json:"name"`
	DID  identity.DID `json:"did"`
	Log  []string     `json:"log"`
}

func readVectors[T any](t *testing.T, name string) (f T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(vectorsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// each runs every case of a file, and check returns what became of it.
func each(t *testing.T, name string, check func(t *testing.T, v vector) error) {
	f := readVectors[vectorFile](t, name)
	if f.Format != vectorFormat || len(f.Cases) == 0 {
		t.Fatalf("%s: format %q with %d cases", name, f.Format, len(f.Cases))
	}
	for _, v := range f.Cases {
		t.Run(v.Name, func(t *testing.T) {
			err := check(t, v)
			if v.Accept && err != nil {
				t.Errorf("%s: refused: %v", v.Text, err)
			}
			if !v.Accept && (v.Reason == "" || reasonOf(err) != v.Reason) {
				t.Errorf("%s: got %v, want reason %s", v.Text, err, v.Reason)
			}
		})
	}
}

// The tests below read nothing but the files, as another implementation would.

func TestVectorsOfBodies(t *testing.T) {
	each(t, "bodies.json", func(t *testing.T, v vector) error {
		_, id, err := statement.DecodeBody(v.Body)
		if err != nil {
			return err
		}
		if id != v.CID {
			t.Errorf("id %s, want %s", id, v.CID)
		}
		if v.Means == nil {
			t.Fatal("the vector does not say what it means")
		}
		again, _, err := v.Means.Encode()
		if err != nil || !bytes.Equal(again, v.Body) {
			t.Errorf("what it means has another encoding: %v", err)
		}
		return nil
	})
}

// publishedKeys is a key source from keys.json alone.
func publishedKeys(t *testing.T, now time.Time) identity.KeySource {
	var histories []*webvh.History
	for _, p := range readVectors[keyFile](t, "keys.json").Parties {
		var jsonl []byte
		for _, line := range p.Log {
			jsonl = append(append(jsonl, line...), '\n')
		}
		l, err := webvh.Parse(jsonl)
		if err != nil {
			t.Fatal(err)
		}
		h, err := webvh.Verify(l, nil, now)
		if err != nil || h.DID() != p.DID {
			t.Fatalf("%s: %v", p.Name, err)
		}
		histories = append(histories, h)
	}
	return relcard.NewKeyring(histories...)
}

func TestVectorsOfSigned(t *testing.T) {
	each(t, "signed.json", func(t *testing.T, v vector) error {
		s, err := statement.DecodeSigned(v.Signed)
		if err != nil {
			return err
		}
		got, err := s.Verify(publishedKeys(t, v.Now.Std()), v.Now.Std())
		if err == nil && got.ID != v.CID {
			t.Errorf("id %s, want %s", got.ID, v.CID)
		}
		return err
	})
}

// A log's statements are followed one by one; all but the last are accepted.
func TestVectorsOfLogs(t *testing.T) {
	each(t, "logs.json", func(t *testing.T, v vector) error {
		keys := publishedKeys(t, v.Now.Std())
		var head statement.Head
		var last error
		for i, raw := range v.Log {
			s, err := statement.DecodeSigned(raw)
			if err != nil {
				return err
			}
			st, err := s.Verify(keys, v.Now.Std())
			if err != nil {
				return err
			}
			if head, last = head.Follow(&st); last != nil && i < len(v.Log)-1 {
				t.Fatalf("statement %d of %d: %v", i, len(v.Log), last)
			}
		}
		if v.Head == nil || head != *v.Head {
			t.Errorf("the head is %+v, want %+v", head, v.Head)
		}
		return last
	})
}

// TestVectorsAreCurrent makes the vectors anew and compares; -update writes
// them. A difference means that the format has changed: give it a new version.
func TestVectorsAreCurrent(t *testing.T) {
	for name, f := range generateVectors(t) {
		want, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
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
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what this code would write; if that is meant, run: go test ./relcard/statement -run Vectors -update", name)
		}
	}
}
