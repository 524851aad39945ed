package report

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/chart"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// Only who asks a loopback host by name is answered.
func TestLoopbackHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "127.0.0.1": true, "127.0.0.1:99": true, "127.9.9.9:1": true, "[::1]:80": true, "::1": true, "[::1]": true,
		"": false, ":80": false, "example.org": false, "10.0.0.1:80": false, "localhost.example.org": false, "[2001:db8::1]:80": false, "0.0.0.0": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("%q is a loopback host: %v", host, got)
		}
	}
}

// Of eight runs one was there from the start, two were done in forty seconds,
// one failed and one is half through: what is left takes as long for each as
// what was done.
func TestLiveReckonsByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cells := make([]Cell, 8)
		for i := range cells {
			cells[i] = Cell{Point: i / 4, Replicate: i % 4}
		}
		cells[0].Outcome = &outcome.Outcome{}
		l, err := NewLive(scenario.Default(), []Point{{{"adoption.q", 0.1}}, {{"adoption.q", 0.2}}}, cells)
		if err != nil {
			t.Fatal(err)
		}
		facts := func() map[string]string {
			out := map[string]string{}
			for _, f := range l.now().Facts {
				out[f.Name] = f.Value
			}
			return out
		}
		if got := facts()["Still to go, about"]; got != "not known yet" {
			t.Errorf("nothing is done, and it takes %s", got)
		}
		l.Progress(1, 0)
		l.Progress(2, 0)
		l.Progress(3, 0)
		time.Sleep(20 * time.Second)
		l.Progress(5, 0.1)
		time.Sleep(20 * time.Second)
		l.Finished(1, outcome.Outcome{})
		l.Finished(2, outcome.Outcome{})
		l.Failed(3, errors.New("no memory"))
		l.Progress(5, 0.5)
		// Two and a half are done in forty seconds; a half and three are left: 56 s.
		want := map[string]string{"Done": "3", "Running": "1", "Failed": "1", "Waiting": "3", "So far": "40 s", "Still to go, about": "56 s"}
		if diff := cmp.Diff(want, facts()); diff != "" {
			t.Error(diff)
		}
		v := l.now()
		if diff := cmp.Diff([]barPart{{0, 375, "c0"}, {375, 125, "c1"}, {500, 125, "c5"}}, v.Bar); diff != "" || v.Headline != "3 of 8 runs done" {
			t.Errorf("%s: %s", v.Headline, diff)
		}
		if diff := cmp.Diff([][]string{{"5", "q = 0.2", "1", "50%", "20 s"}}, v.Running.Rows); diff != "" || v.Running.Note != "" {
			t.Error(diff)
		}
		l.Progress(1, 0.2) // it is done: nothing changes
		l.Progress(5, 7)
		if got := l.now().Running.Rows; len(got) != 1 || got[0][3] != "100%" {
			t.Errorf("running: %v", got)
		}
		for i := range 8 {
			l.Finished(i, outcome.Outcome{})
		}
		if got := facts(); got["Still to go, about"] != "0 s" || got["Done"] != "8" || got["Failed"] != "0" {
			t.Errorf("all are done: %v", got)
		}
		l.Close()
		if got := l.now().Headline; got != "8 of 8 runs done. Ended" {
			t.Error(got)
		}
		l.Failed(1, errors.New("too late"))
		if got := l.now(); len(got.Failed) != 1 || got.Failed[0] != "cell 3: no memory" {
			t.Errorf("failures %v", got.Failed)
		}
	})
}

// Of many that run, and of many that failed, some are told.
func TestLiveTellsSome(t *testing.T) {
	for _, n := range []int{mostRunning, mostRunning + 1} {
		l, err := NewLive(scenario.Default(), nil, make([]Cell, 40))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			l.Progress(i, 0)
		}
		if got := l.now().Running; len(got.Rows) != mostRunning || (got.Note == "And more.") != (n > mostRunning) {
			t.Errorf("of %d that run %d are told; %q", n, len(got.Rows), got.Note)
		}
		for i := range mostFailed + 3 {
			l.Failed(i, errors.New(strings.Repeat("x", 400)))
		}
		if got := l.now().Failed; len(got) != mostFailed || len([]rune(got[0])) != len("cell 0: ")+301 {
			t.Errorf("%d failures are told", len(got))
		}
	}
}

// A length of time is said in two units at most.
func TestDurationsForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", 499 * time.Millisecond: "0 s", 500 * time.Millisecond: "1 s", 59 * time.Second: "59 s", time.Minute: "1 min 00 s",
		59*time.Minute + 59*time.Second: "59 min 59 s", time.Hour: "1 h 00 min", 25*time.Hour + 61*time.Second: "25 h 01 min"} {
		if got := duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// The pictures of a spread say how many take part; a page folds away what is not
// open.
func TestStillsAndFolds(t *testing.T) {
	s := &outcome.Spread{X: make([]float32, 3), Y: make([]float32, 3), Joined: []int{0, 2, 2}, Left: []int{-1, 4, -1}, Vendor: make([]bool, 3)}
	for step, want := range map[int]string{0: "week 0: 1 take part", 2: "week 2: 3 take part", 4: "week 4: 2 take part"} {
		n := still(s, step, "week").(chart.Net)
		if n.Title != want {
			t.Errorf("%s, want %s", n.Title, want)
		}
	}
	if (section{Plates: []plateView{{Open: true}}}).Folded() || !(section{Plates: []plateView{{Open: true}, {}}}).Folded() || (section{}).Folded() {
		t.Error("what is folded")
	}
}

// Over one axis of numbers a value is a line, of two it is a map; a table of
// many rows has sixty of them, evenly chosen, and says so.
func TestFiguresOfASweep(t *testing.T) {
	if _, ok := grid(t, 5).sweeps(nil)[0].Figure.(chart.Plot); !ok {
		t.Error("one axis is no line")
	}
	two := grid(t, 3, 2).sweeps(nil)[0]
	if _, ok := two.Figure.(chart.Heat); !ok || two.Caption != "The mean of each point's runs." || !two.Half || !two.Open {
		t.Errorf("two axes are no map: %+v", two)
	}
	if p := grid(t, 13).sweeps(nil)[0]; p.Half || len(p.Table.Rows) != 13 || p.Table.Note != "" {
		t.Errorf("thirteen points at half the width: %v, %d rows", p.Half, len(p.Table.Rows))
	}
	if p := grid(t, 12).sweeps(nil)[0]; !p.Half || p.Caption != "Dots: the mean of each point's runs. Bars: its 95% interval." {
		t.Errorf("%+v", p)
	}
	many := grid(t, 61).sweeps(nil)[0].Table
	if len(many.Rows) != mostRows || many.Rows[0][0] != "0" || many.Rows[59][0] != "60" || many.Note != "60 of 61 rows, evenly chosen." {
		t.Errorf("%d rows: %s", len(many.Rows), many.Note)
	}
	in := Input{}
	for p := range 14 {
		in.Points = append(in.Points, Point{{"adoption.q", int64(p)}})
		s := outcome.Series{Name: "people"}
		for step := range 70 {
			s.Step, s.At = append(s.Step, step), append(s.At, float64(step*p))
		}
		in.Cells = append(in.Cells, Cell{Point: p, Outcome: &outcome.Outcome{Series: []outcome.Series{s}}})
	}
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	curve := d.curves()[0].Table
	if curve.Note != "12 of 14 points. 60 of 70 rows, evenly chosen." || len(curve.Head) != 13 || curve.Head[1] != "q = 0" || curve.Head[12] != "q = 13" || len(curve.Rows) != 60 ||
		curve.Rows[59][0] != "69" || curve.Rows[59][12] != chart.Short(69*13) {
		t.Errorf("%q; %v; %d rows", curve.Note, curve.Head, len(curve.Rows))
	}
}
