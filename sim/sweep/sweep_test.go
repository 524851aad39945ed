package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// dice is an engine for these tests: it throws dice by the seed.
type dice struct {
	// before is called with each cell's scenario and seed, where there is one.
	before func(context.Context, scenario.Scenario, uint64) error
}

func (dice) Expect(s scenario.Scenario) (time.Duration, int64) {
	return time.Duration(s.People.Count) * time.Millisecond, int64(s.People.Count) * 1000
}

func (d dice) Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	if d.before != nil {
		if err := d.before(ctx, s, seed); err != nil {
			return outcome.Outcome{}, err
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	series := outcome.Series{Name: "eyes"}
	sum := 0.0
	for step := range s.Clock.Steps {
		x := s.Adoption.Q * r.Float64()
		sum += x
		series.Step, series.At = append(series.Step, step), append(series.At, x)
		if done != nil {
			done(float64(step+1) / float64(s.Clock.Steps))
		}
	}
	return outcome.Outcome{Values: []outcome.Value{{Name: "sum", Number: sum}}, Series: []outcome.Series{series}}, nil
}

func swept() scenario.Scenario {
	s := scenario.Default()
	s.Replicates, s.Clock.Steps, s.People.Count = 3, 5, 100
	s.Sweep = []scenario.Axis{
		{Field: "adoption.q", Values: []any{0.1, 0.2, 0.3}},
		{Field: "people.count", Values: []any{100, 400}},
	}
	return s
}

func manifest(t *testing.T, s scenario.Scenario) result.Manifest {
	t.Helper()
	m, err := result.NewManifest(s, "v1", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func all(m result.Manifest) []int {
	out := make([]int, len(m.Cells))
	for i := range out {
		out[i] = i
	}
	return out
}

// folder returns a new run's, and its journal's writer.
func folder(t *testing.T, m result.Manifest) (*result.Folder, *result.Writer) {
	t.Helper()
	f, err := result.Create(filepath.Join(t.TempDir(), "run"), m)
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Writer("local")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(); f.Close() })
	return f, w
}

// memory is a sink that keeps what it is given.
type memory struct {
	mu    sync.Mutex
	cells map[int]outcome.Outcome
	times map[int]int
	err   error
}

func (m *memory) Put(_ context.Context, cell int, o outcome.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.cells == nil {
		m.cells, m.times = map[int]outcome.Outcome{}, map[int]int{}
	}
	m.cells[cell] = o
	m.times[cell]++
	return nil
}

func (m *memory) missing(of []int) func() []int {
	return func() (out []int) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, cell := range of {
			if _, ok := m.cells[cell]; !ok {
				out = append(out, cell)
			}
		}
		return out
	}
}

// TestWorkersMakeNoDifference runs a sweep with one worker and with many, and
// has the same tables to the byte.
func TestWorkersMakeNoDifference(t *testing.T) {
	m := manifest(t, swept())
	tables := map[string][]byte{}
	for _, workers := range []int{1, 2, 7} {
		f, w := folder(t, m)
		job := sweep.Job{Manifest: m, Engine: dice{}, Workers: workers, Source: sweep.NewList(all(m)), Sink: w}
		if err := job.Complete(t.Context(), f.Missing); err != nil {
			t.Fatal(err)
		}
		if err := f.WriteTables(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV} {
			text, err := os.ReadFile(filepath.Join(f.Dir(), name))
			if err != nil {
				t.Fatal(err)
			}
			if first, ok := tables[name]; ok && !slices.Equal(first, text) {
				t.Errorf("%s is another with %d workers", name, workers)
			}
			tables[name] = text
		}
	}
}

// TestResume: what is recorded is not run again, what is missing is.
func TestResume(t *testing.T) {
	m := manifest(t, swept())
	f, w := folder(t, m)
	half := all(m)[:7]
	if err := (sweep.Job{Manifest: m, Engine: dice{}, Source: sweep.NewList(half), Sink: w}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ran []uint64
	engine := dice{before: func(_ context.Context, _ scenario.Scenario, seed uint64) error { ran = append(ran, seed); return nil }}
	if err := (sweep.Job{Manifest: m, Engine: engine, Source: sweep.NewList(f.Missing()), Sink: w}).Complete(t.Context(), f.Missing); err != nil {
		t.Fatal(err)
	}
	var want []uint64
	for _, c := range m.Cells[7:] {
		want = append(want, c.Seed)
	}
	if diff := cmp.Diff(want, ran); diff != "" {
		t.Error(diff)
	}
}

// TestFailuresAreToldAndOthersRun: one cell's error, another's panic.
func TestFailuresAreToldAndOthersRun(t *testing.T) {
	m := manifest(t, swept())
	bad, worse := m.Cells[4].Seed, m.Cells[9].Seed
	engine := dice{before: func(_ context.Context, s scenario.Scenario, seed uint64) error {
		switch seed {
		case bad:
			return errors.New("no such graph")
		case worse:
			var none []int
			_ = none[s.People.Count]
		}
		return nil
	}}
	sink := &memory{}
	err := sweep.Job{Manifest: m, Engine: engine, Workers: 2, Source: sweep.NewList(all(m)), Sink: sink}.Complete(t.Context(), sink.missing(all(m)))
	for _, want := range []string{
		"cell 4 (adoption.q=0.1, people.count=400, replicate 1): no such graph",
		"cell 9 (adoption.q=0.2, people.count=400, replicate 0): the engine panicked: runtime error: index out of range",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
	var crash *sweep.PanicError
	if !errors.As(err, &crash) || !strings.Contains(string(crash.Stack), "TestFailuresAreToldAndOthersRun") {
		t.Error("no stack of the panic")
	}
	if len(sink.cells) != len(m.Cells)-2 {
		t.Errorf("%d of %d cells", len(sink.cells), len(m.Cells))
	}
}

// TestGivesUp: when every cell fails, not all are tried.
func TestGivesUp(t *testing.T) {
	s := swept()
	s.Replicates = 100
	m := manifest(t, s)
	tried := 0
	engine := dice{before: func(context.Context, scenario.Scenario, uint64) error { tried++; return errors.New("never") }}
	err := sweep.Job{Manifest: m, Engine: engine, Source: sweep.NewList(all(m)), Sink: &memory{}}.Run(t.Context())
	if err == nil || tried != 10 || !strings.Contains(err.Error(), "the others are not tried") {
		t.Errorf("%d tried: %v", tried, err)
	}
}

func TestFullDiskEndsAll(t *testing.T) {
	m := manifest(t, swept())
	full := errors.New("no space left")
	tried := 0
	engine := dice{before: func(context.Context, scenario.Scenario, uint64) error { tried++; return nil }}
	err := sweep.Job{Manifest: m, Engine: engine, Source: sweep.NewList(all(m)), Sink: &memory{err: full}}.Run(t.Context())
	if !errors.Is(err, full) || tried != 1 {
		t.Errorf("%d tried: %v", tried, err)
	}
}

func TestInterrupted(t *testing.T) {
	m := manifest(t, swept())
	ctx, cancel := context.WithCancel(t.Context())
	engine := dice{before: func(ctx context.Context, _ scenario.Scenario, seed uint64) error {
		if seed == m.Cells[5].Seed {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}}
	sink := &memory{}
	source := &queue{cells: all(m)}
	err := sweep.Job{Manifest: m, Engine: engine, Source: source, Sink: sink}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(sink.cells) != 5 || source.count["retry 5"] != 1 || source.count["done 4"] != 1 {
		t.Errorf("%d recorded; the queue heard %v", len(sink.cells), source.count)
	}
}

// queue is a source as a shared one may be: it loses cells and hands some out
// twice.
type queue struct {
	lose, twice []int

	mu    sync.Mutex
	cells []int
	count map[string]int
}

func (q *queue) Next(context.Context) (sweep.Task, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.cells) > 0 {
		cell := q.cells[0]
		q.cells = q.cells[1:]
		if slices.Contains(q.lose, cell) {
			continue
		}
		if i := slices.Index(q.twice, cell); i >= 0 {
			q.twice = slices.Delete(q.twice, i, i+1)
			q.cells = append(q.cells, cell)
		}
		return queued{q, cell}, nil
	}
	return nil, io.EOF
}

func (q *queue) heard(what string, cell int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == nil {
		q.count = map[string]int{}
	}
	q.count[fmt.Sprint(what, " ", cell)]++
	return nil
}

type queued struct {
	queue *queue
	cell  int
}

func (t queued) Cell() int                     { return t.cell }
func (t queued) Working(context.Context) error { return t.queue.heard("working", t.cell) }
func (t queued) Done(context.Context) error    { return t.queue.heard("done", t.cell) }
func (t queued) Retry(context.Context) error   { return t.queue.heard("retry", t.cell) }

// TestWhatAQueueLosesIsRunAgain, and what it hands out twice is recorded once.
func TestWhatAQueueLosesIsRunAgain(t *testing.T) {
	m := manifest(t, swept())
	f, w := folder(t, m)
	source := &queue{cells: all(m), lose: []int{0, 3, 17}, twice: []int{5}}
	job := sweep.Job{Manifest: m, Engine: dice{}, Workers: 2, Source: source, Sink: w}
	if err := job.Complete(t.Context(), f.Missing); err != nil {
		t.Fatal(err)
	}
	if missing := f.Missing(); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
	again, err := result.Open(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if len(again.Missing()) > 0 || len(again.Notes()) > 0 {
		t.Errorf("missing %v, notes %v", again.Missing(), again.Notes())
	}
}

func TestAForeignQueueIsRefused(t *testing.T) {
	m := manifest(t, swept())
	err := sweep.Job{Manifest: m, Engine: dice{}, Source: &queue{cells: []int{99}}, Sink: &memory{}}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "cell 99 of 18: it is another run's") {
		t.Error(err)
	}
}

// TestPulse: the source hears of a long cell while it runs.
func TestPulse(t *testing.T) {
	m := manifest(t, swept())
	synctest.Test(t, func(t *testing.T) {
		source := &queue{cells: []int{2}}
		engine := dice{before: func(context.Context, scenario.Scenario, uint64) error { time.Sleep(4*sweep.Pulse + 1); return nil }}
		if err := (sweep.Job{Manifest: m, Engine: engine, Source: source, Sink: &memory{}}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if source.count["working 2"] != 4 || source.count["done 2"] != 1 {
			t.Errorf("heard %v", source.count)
		}
	})
}

// TestMeter: the time left follows from the work that the engine expects.
func TestMeter(t *testing.T) {
	m := manifest(t, swept())
	synctest.Test(t, func(t *testing.T) {
		est, err := sweep.Expect(m, dice{}, all(m), 1)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		meter := sweep.NewMeter(m, est, start)
		if p := meter.Progress(start); p.Left != 0 || p.Fraction != 0 || p.Cells != 18 {
			t.Errorf("at the start: %+v", p)
		}
		var halfway sweep.Progress
		engine := dice{before: func(_ context.Context, s scenario.Scenario, seed uint64) error {
			time.Sleep(2 * time.Duration(s.People.Count) * time.Millisecond) // twice as slow as expected
			if seed == m.Cells[9].Seed {
				halfway = meter.Progress(time.Now())
			}
			return nil
		}}
		job := sweep.Job{Manifest: m, Engine: engine, Source: sweep.NewList(all(m)), Sink: &memory{}, Meter: meter}
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if halfway.Done != 9 || halfway.Running != 1 || halfway.Fraction != 0.4 || halfway.Left != 6600*time.Millisecond {
			t.Errorf("halfway: %+v", halfway)
		}
		if p := meter.Progress(time.Now()); p.Done != 18 || p.Fraction != 1 || p.Left != 0 {
			t.Errorf("at the end: %+v", p)
		}
	})
}

func TestVerifier(t *testing.T) {
	m := manifest(t, swept())
	f, w := folder(t, m)
	if err := (sweep.Job{Manifest: m, Engine: dice{}, Source: sweep.NewList(all(m)), Sink: w}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	same := &sweep.Verifier{Folder: f}
	if err := (sweep.Job{Manifest: m, Engine: dice{}, Workers: 3, Source: sweep.NewList(all(m)), Sink: same}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, differ := same.Found(); n != 18 || len(differ) > 0 {
		t.Errorf("%d the same, %v", n, differ)
	}
	other := &sweep.Verifier{Folder: f}
	if err := (sweep.Job{Manifest: m, Engine: loaded{}, Source: sweep.NewList(sweep.Sample(all(m), 3)), Sink: other}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, differ := other.Found()
	if n != 0 || len(differ) != 3 || differ[1].Cell.Index != 6 || !strings.HasPrefix(differ[1].What, "series eyes at step 4 was ") {
		t.Errorf("%d the same, %+v", n, differ)
	}
}

// loaded throws the last die a bit differently.
type loaded struct{ dice }

func (d loaded) Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	o, err := d.dice.Run(ctx, s, seed, done)
	at := o.Series[0].At
	at[len(at)-1] *= 1 + 1e-15
	return o, err
}

func TestSample(t *testing.T) {
	cells := []int{3, 4, 5, 6, 7, 8, 9}
	for n, want := range map[int][]int{0: cells, 1: {3}, 3: {3, 5, 7}, 7: cells, 9: cells} {
		if diff := cmp.Diff(want, sweep.Sample(cells, n)); diff != "" {
			t.Errorf("%d: %s", n, diff)
		}
	}
}
