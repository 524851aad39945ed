package graph_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/parley-network/parley/sim/graph"
)

func TestReadList(t *testing.T) {
	l, err := graph.ReadList("net.txt", strings.NewReader(
		"# friends\n\n7 3\n\t3\t 7 # again\r\n18446744073709551615 7\n5 5\n3 7\n"))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, l.Graph)
	if want := []uint64{3, 5, 7, math.MaxUint64}; !slices.Equal(l.ID, want) {
		t.Errorf("ids %v, want %v", l.ID, want)
	}
	if l.Edges() != 2 || l.Loops != 1 || l.Twice != 2 || !slices.Equal(l.Neighbours(2), []int32{0, 3}) {
		t.Errorf("%d edges, %d loops, %d twice, 7 knows %v", l.Edges(), l.Loops, l.Twice, l.Neighbours(2))
	}
}

func TestReadListRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "net.txt: an edge list with no edge",
		"# nothing\n":                       "net.txt: an edge list with no edge",
		"1 2\n3\n":                          "net.txt:2: 1 words: want two node numbers",
		"1 1\n2 2\n":                        "net.txt: an edge list with no edge between two nodes",
		"1 2 0.5\n":                         "net.txt:1: 3 words",
		"1 2\n\n1 x\n":                      `net.txt:3: "x" is no node number`,
		"-1 2\n":                            `net.txt:1: "-1" is no node number`,
		"1.0 2\n":                           `net.txt:1: "1.0"`,
		"1,2\n":                             "net.txt:1: 1 words",
		"1 18446744073709551616\n":          `"18446744073709551616" is no node number`,
		"1 2\n" + strings.Repeat("9", 5000): "net.txt:2: longer than 4096 bytes: want two node numbers",
	} {
		if _, err := graph.ReadList("net.txt", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		}
	}
	broken := errors.New("disk gone")
	if _, err := graph.ReadList("net.txt", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// Editors on Windows begin a text with a byte order mark, and end lines in two
// characters.
func TestReadListFromWindows(t *testing.T) {
	l, err := graph.ReadList("net.txt", strings.NewReader("\ufeff1 2\r\n2 3\r\n"))
	if err != nil || l.Edges() != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := graph.ReadList("net.txt", strings.NewReader("1 2\n\ufeff2 3\n")); err == nil {
		t.Error("a mark in the middle is no number")
	}
}

func FuzzReadList(f *testing.F) {
	for _, s := range []string{"1 2\n", "1 2\n2 1\n3 3\n", "# x\n9 8 # y\n", "1", "a b", "1 2\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := graph.ReadList("f", bytes.NewReader(b))
		if err != nil {
			if l != nil || !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("%v with %v", err, l)
			}
			return
		}
		sound(t, l.Graph)
		if len(l.ID) != l.Len() || !slices.IsSorted(l.ID) {
			t.Errorf("%d ids for %d nodes", len(l.ID), l.Len())
		}
	})
}

// The published figures of ego-Facebook (SNAP): 4,039 people, 88,234 edges,
// one component, 1,612,010 triangles, clustering 0.6055, diameter 8.
func TestEgoFacebook(t *testing.T) {
	f, err := os.Open(shared(t, "data/networks/ego-facebook.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := graph.ReadList("ego-facebook.txt", f)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, l.Graph)
	if l.Len() != 4039 || l.Edges() != 88_234 || l.Loops != 0 || l.Twice != 0 || graph.Giant(l.Graph) != 4039 {
		t.Errorf("%d people, %d edges, %d loops, %d twice", l.Len(), l.Edges(), l.Loops, l.Twice)
	}
	if n := triangles(l.Graph); math.Round(n) != 1_612_010 {
		t.Errorf("%.0f triangles", n)
	}
	if c := graph.Clustering(l.Graph); math.Abs(c-0.6055) > 5e-5 {
		t.Errorf("clustering %.5f", c)
	}
	diameter := int32(0)
	for v := range int32(l.Len()) {
		diameter = max(diameter, slices.Max(graph.Distances(l.Graph, v)))
	}
	if diameter != 8 {
		t.Errorf("diameter %d", diameter)
	}
}

// shared returns a path in the data that lies beside the project.
func shared(t *testing.T, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	at := filepath.Join(filepath.Dir(dir), "shared", path)
	if _, err := os.Stat(at); err != nil {
		t.Skipf("%s is not there: the published figures of a real network are not checked", at)
	}
	return at
}
