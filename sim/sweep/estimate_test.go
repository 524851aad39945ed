package sweep_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// TestExpect has 9 cells of 0.1 s and 100 kB, and 9 of 0.4 s and 400 kB.
func TestExpect(t *testing.T) {
	m := manifest(t, swept())
	one, err := sweep.Expect(m, dice{}, all(m), 1)
	if err != nil {
		t.Fatal(err)
	}
	if one.Cells != 18 || one.Work != 4500*time.Millisecond || one.Wall != one.Work || one.Memory != 400_000 || one.Largest.Index != 3 {
		t.Errorf("one worker: %+v", one)
	}
	two, err := sweep.Expect(m, dice{}, all(m), 2)
	if err != nil {
		t.Fatal(err)
	}
	if two.Wall != one.Work/2 || two.Memory != 800_000 {
		t.Errorf("two workers: %+v", two)
	}
	many, err := sweep.Expect(m, dice{}, []int{0, 3}, 64)
	if err != nil {
		t.Fatal(err)
	}
	if many.Wall != 400*time.Millisecond || many.Memory != 500_000 {
		t.Errorf("more workers than cells: %+v", many)
	}
	none, err := sweep.Expect(m, dice{}, nil, 2)
	if err != nil || none.Cells != 0 || none.Fits(0) != nil {
		t.Errorf("no cells: %+v, %v", none, err)
	}

	for limit, want := range map[int64]string{
		1 << 30: "", 800_000: "",
		799_999: "2 cells side by side take 800 kB of memory", 399_999: "cell 3 (adoption.q=0.1, people.count=400, replicate 0) takes 400 kB",
	} {
		err := two.Fits(limit)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d bytes: %v, want %q", limit, err, want)
		}
	}
	if err := two.Fits(799_999); !strings.HasSuffix(err.Error(), "run with --workers 1") {
		t.Error(err)
	}

	cells := all(m)
	two.LongestFirst(m, cells)
	if want := []int{3, 4, 5, 9, 10, 11, 15, 16, 17, 0, 1, 2, 6, 7, 8, 12, 13, 14}; !slices.Equal(cells, want) {
		t.Errorf("order %v", cells)
	}
}

// small is an engine that can't do everything.
type small struct{ dice }

func (small) Check(s scenario.Scenario) error {
	if s.People.Count > 300 {
		return errors.New("people.count is 400; this engine takes at most 300")
	}
	return nil
}

func TestWhatAnEngineCannotRunIsRefusedFirst(t *testing.T) {
	m := manifest(t, swept())
	_, err := sweep.Expect(m, small{}, all(m), 1)
	if err == nil || err.Error() != "cell 3 (adoption.q=0.1, people.count=400, replicate 0): people.count is 400; this engine takes at most 300" {
		t.Error(err)
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 999_499: "999 kB", 999_999: "1 MB", 24_300_000_000: "24.3 GB"} {
		if got := sweep.Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
