package negotiation_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

var update = flag.Bool("update", false, "write the published vectors in testdata/vectors anew")

const (
	vectorsDir   = "testdata/vectors"
	vectorFormat = "parley negotiation vectors 1"
)

// vectorFile is one file of vectors; its README describes it.
type vectorFile[V any] struct {
	Format string `json:"format"`
	About  string `json:"about"`
	Cases  []V    `json:"cases"`
}

// contentVector is one case of contents.json.
type contentVector struct {
	Name    string            `json:"name"`
	Kind    statement.Kind    `json:"kind"`
	Content []byte            `json:"content,omitempty"`
	Accept  bool              `json:"accept"`
	Reason  negotiation.Cause `json:"reason,omitempty"`
	Means   json.RawMessage   `json:"means,omitempty"`
}

// storyVector is one case of negotiations.json.
type storyVector struct {
	Name    string        `json:"name"`
	Text    string        `json:"text"`
	Proffer []byte        `json:"proffer"`
	Head    []byte        `json:"head,omitempty"`
	Now     identity.Time `json:"now"`
	Steps   []stepVector  `json:"steps,omitempty"`

	Reason negotiation.Cause `json:"reason,omitempty"` // of the proffer: it opens nothing
	State  negotiation.State `json:"state,omitempty"`
	Cause  negotiation.Cause `json:"cause,omitempty"`
	By     identity.Role     `json:"by,omitempty"`
	Card   dagcbor.CID       `json:"card,omitzero"`
}

// stepVector is what comes next: a statement with the version beside it, a
// version alone, or time.
type stepVector struct {
	Now       identity.Time     `json:"now"`
	Statement []byte            `json:"statement,omitempty"`
	Card      []byte            `json:"card,omitempty"`
	Violation negotiation.Cause `json:"violation,omitempty"`
	Duplicate bool              `json:"duplicate,omitempty"`
	Foreign   bool              `json:"foreign,omitempty"`
	Refused   negotiation.Cause `json:"refused,omitempty"` // of a version alone
}

func readVectors[V any](t *testing.T, name string) []V {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(vectorsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile[V]
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if f.Format != vectorFormat || len(f.Cases) == 0 {
		t.Fatalf("%s: format %q with %d cases", name, f.Format, len(f.Cases))
	}
	return f.Cases
}

// The tests below read nothing but the files, as another implementation would.

func TestVectorsOfContents(t *testing.T) {
	for _, v := range readVectors[contentVector](t, "contents.json") {
		t.Run(v.Name, func(t *testing.T) {
			_, err := decodeKind(v.Kind, v.Content)
			if (err == nil) != v.Accept || negotiation.CauseOf(err) != v.Reason {
				t.Fatalf("got %v, want %q", err, v.Reason)
			}
			if !v.Accept {
				return
			}
			means := map[statement.Kind]encoder{
				negotiation.KindProffer: new(negotiation.Proffer), negotiation.KindAnswer: new(negotiation.Answer), negotiation.KindClose: new(negotiation.Close),
			}[v.Kind]
			if err := json.Unmarshal(v.Means, means); err != nil {
				t.Fatal(err)
			}
			if again, err := means.Encode(); err != nil || !bytes.Equal(again, v.Content) {
				t.Errorf("what it means has another encoding: %v", err)
			}
		})
	}
}

func readStatement(raw []byte, now identity.Time) (*statement.Statement, error) {
	s, err := statement.DecodeSigned(raw)
	if err != nil {
		return nil, err
	}
	st, err := s.Verify(nil, now.Std())
	return &st, err
}

func readVersion(raw []byte, now identity.Time) (*relcard.Version, error) {
	if raw == nil {
		return nil, nil
	}
	s, err := relcard.DecodeSigned(raw)
	if err != nil {
		return nil, err
	}
	v, err := s.Verify(nil, now.Std())
	return &v, err
}

func TestVectorsOfNegotiations(t *testing.T) {
	for _, v := range readVectors[storyVector](t, "negotiations.json") {
		t.Run(v.Name, func(t *testing.T) {
			n, err := negotiation.Open(must(readStatement(v.Proffer, v.Now)), must(readVersion(v.Head, v.Now)), v.Now.Std())
			if negotiation.CauseOf(err) != v.Reason {
				t.Fatalf("opened with %v, want %q", err, v.Reason)
			}
			if v.Reason != "" {
				return
			}
			for i, s := range v.Steps {
				card := must(readVersion(s.Card, s.Now))
				switch {
				case s.Statement != nil:
					step := n.Apply(must(readStatement(s.Statement, s.Now)), card, s.Now.Std())
					if negotiation.CauseOf(step.Violation) != s.Violation || step.Duplicate != s.Duplicate || step.Foreign != s.Foreign {
						t.Errorf("step %d: violation %v, duplicate %v, foreign %v", i, step.Violation, step.Duplicate, step.Foreign)
					}
					n = step.Next
				case card != nil:
					if n, err = n.Sign(card); negotiation.CauseOf(err) != s.Refused {
						t.Errorf("step %d: %v, want %q", i, err, s.Refused)
					}
				default:
					n = n.At(s.Now.Std())
				}
			}
			wantState(t, n, v.State, v.Cause, v.By)
			if n.Card() != v.Card {
				t.Errorf("card %s, want %s", n.Card(), v.Card)
			}
		})
	}
}

// TestVectorsAreCurrent makes the vectors anew and compares; -update writes
// them. A difference means that the format has changed: give it a new version.
func TestVectorsAreCurrent(t *testing.T) {
	for name, f := range map[string]any{
		"contents.json":     vectorFile[contentVector]{vectorFormat, "Contents of statements, by themselves.", contentVectors()},
		"negotiations.json": vectorFile[storyVector]{vectorFormat, "A proffer and what is said and signed after it; all parties are did:key.", storyVectors(t)},
	} {
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
			t.Errorf("%s is not what this code would write; if that is meant, run: go test ./relcard/negotiation -run Vectors -update", name)
		}
	}
}
