package relcard_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

var update = flag.Bool("update", false, "write the published vectors in testdata/vectors anew")

const vectorsDir = "testdata/vectors"

// vectorFile is one file of vectors; its README describes it.
type vectorFile struct {
	Format string   `json:"format"` // "parley relcard vectors 1"
	About  string   `json:"about"`
	Cases  []vector `json:"cases"`
}

const vectorFormat = "parley relcard vectors 1"

// vector is one case: what is given, and what must come of it.
type vector struct {
	Name string        `json:"name"`
	Text string        `json:"text"`
	Now  identity.Time `json:"now,omitzero"`

	Body     []byte   `json:"body,omitempty"`     // bodies.json
	Signed   []byte   `json:"signed,omitempty"`   // cards.json
	Versions [][]byte `json:"versions,omitempty"` // chains.json
	CAR      []byte   `json:"car,omitempty"`      // archives.json

	Accept bool           `json:"accept"`
	Reason relcard.Reason `json:"reason,omitempty"`
	State  relcard.State  `json:"state,omitempty"`
	CID    dagcbor.CID    `json:"cid,omitzero"`
	Agreed dagcbor.CID    `json:"agreed,omitzero"`
	Means  *relcard.Body  `json:"means,omitempty"`
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
	Log  []string     `json:"log,omitempty"`
	Keys []vectorKey  `json:"keys"`
}

type vectorKey struct {
	Name      string `json:"name"`
	Seed      []byte `json:"seed"`
	Multikey  string `json:"multikey"`
	InVersion string `json:"version,omitempty"`
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
			if !v.Accept && relcard.ReasonOf(err) != v.Reason {
				t.Errorf("%s: got %v, want reason %s", v.Text, err, v.Reason)
			}
		})
	}
}

// The tests below read nothing but the files, as another implementation would.

func TestVectorsOfBodies(t *testing.T) {
	each(t, "bodies.json", func(t *testing.T, v vector) error {
		_, id, err := relcard.DecodeBody(v.Body)
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
func publishedKeys(t *testing.T, now time.Time) relcard.Keyring {
	var histories []*webvh.History
	for _, p := range readVectors[keyFile](t, "keys.json").Parties {
		if len(p.Log) == 0 {
			continue
		}
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

func TestVectorsOfCards(t *testing.T) {
	each(t, "cards.json", func(t *testing.T, v vector) error {
		s, err := relcard.DecodeSigned(v.Signed)
		if err != nil {
			return err
		}
		got, err := s.Verify(publishedKeys(t, v.Now.Std()), v.Now.Std())
		if err == nil && (got.State() != v.State || got.ID != v.CID) {
			t.Errorf("state %s of %s, want %s of %s", got.State(), got.ID, v.State, v.CID)
		}
		return err
	})
}

// A chain's versions are applied one by one; all but the last are accepted, or
// have forked the card already.
func TestVectorsOfChains(t *testing.T) {
	each(t, "chains.json", func(t *testing.T, v vector) error {
		keys := publishedKeys(t, v.Now.Std())
		var c relcard.Chain
		var last error
		for i, raw := range v.Versions {
			s, err := relcard.DecodeSigned(raw)
			if err != nil {
				return err
			}
			c, last = c.Apply(s, keys, v.Now.Std())
			if last != nil && i < len(v.Versions)-1 && !errors.Is(last, relcard.ErrFork) {
				t.Fatalf("version %d of %d: %v", i, len(v.Versions), last)
			}
		}
		agreed, _ := c.Agreed()
		if c.State() != v.State || (c.State() != relcard.StateFrozen && agreed.ID != v.Agreed) {
			t.Errorf("state %q with %s agreed, want %q with %s", c.State(), agreed.ID, v.State, v.Agreed)
		}
		return last
	})
}

func TestVectorsOfArchives(t *testing.T) {
	each(t, "archives.json", func(t *testing.T, v vector) error {
		b, r, err := archive.Import(bytes.NewReader(v.CAR), v.Now.Std())
		if err != nil {
			return err
		}
		if r.State != v.State || r.Card != v.CID {
			t.Errorf("state %s of %s, want %s of %s", r.State, r.Card, v.State, v.CID)
		}
		var again bytes.Buffer
		if err := archive.Export(&again, *b); err != nil || !bytes.Equal(again.Bytes(), v.CAR) {
			t.Errorf("written again it is another file: %v", err)
		}
		return nil
	})
}

// Cards outlive the program that wrote them: what version 1's vectors accept
// is accepted still, and means the same. (What they refuse may have got a
// meaning since.)
func TestVectorsOfVersion1AreStillRead(t *testing.T) {
	dir := filepath.Join("v1", "bodies.json")
	for _, v := range readVectors[vectorFile](t, dir).Cases {
		if !v.Accept {
			continue
		}
		_, id, err := relcard.DecodeBody(v.Body)
		if err != nil || id != v.CID {
			t.Errorf("%s: id %s, want %s: %v", v.Name, id, v.CID, err)
		}
		if again, _, err := v.Means.Encode(); err != nil || !bytes.Equal(again, v.Body) {
			t.Errorf("%s: what it means has another encoding: %v", v.Name, err)
		}
	}
	for _, v := range readVectors[vectorFile](t, filepath.Join("v1", "archives.json")).Cases {
		if !v.Accept {
			continue
		}
		if _, r, err := archive.Import(bytes.NewReader(v.CAR), v.Now.Std()); err != nil || r.State != v.State || r.Card != v.CID {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
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
			t.Errorf("%s is not what this code would write; if that is meant, run: go test ./relcard -run Vectors -update", name)
		}
	}
}
