package queue

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestRunInOneProcess(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := filepath.Join(t.TempDir(), "queue")
	jobs, r := plan(50), newRecord()
	if err := Run(t.Context(), dir, r.sweep(jobs)); err != nil {
		t.Fatal(err)
	}
	r.same(t, alone(t, jobs))
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the queue's folder is still there once all is recorded: %v", err)
	}
}

func TestNothingToDo(t *testing.T) {
	if err := Run(t.Context(), t.TempDir(), newRecord().sweep(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestPoisonEndsAfterItsAttempts(t *testing.T) {
	jobs, r := plan(6), newRecord()
	jobs[2].Body = toy{Poison: "the town has no people"}.body()
	jobs[4].Body = toy{Poison: "panic"}.body()
	if err := Run(t.Context(), t.TempDir(), r.sweep(jobs)); err != nil {
		t.Fatal(err)
	}
	for cell, why := range map[int]string{2: "the town has no people", 4: "out of people"} {
		if got := r.failed[cell]; !strings.Contains(got, why) || !strings.Contains(got, "3 attempts") {
			t.Errorf("cell %d failed: %q; want 3 attempts and %q", cell, got, why)
		}
	}
	if got := len(r.told(Retried)); got != 4 {
		t.Errorf("told of %d attempts to come, want 2 for each of the cells", got)
	}
	r.same(t, map[int]string{0: r.got[0], 1: r.got[1], 2: "", 3: r.got[3], 4: "", 5: r.got[5]})
}

// A cell whose worker always ends without a word is not handed out for ever.
func TestSilentDeathsCount(t *testing.T) {
	e, r := newServer(t), newRecord()
	s := r.sweep(plan(1))
	s.Local.Count = 0
	s.Timing.AckWait = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := connect(t, e)
	done := make(chan error, 1)
	go func() { done <- coordinate(ctx, connect(t, e), s) }()
	for range s.Attempts {
		takeOne(t, l, "v1") // and say nothing more
	}
	go newCrew(l, Workers{Version: "v1", Name: "last", Count: 1, Execute: walk}, nil).run(ctx)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.failed[0], "3 attempts") || !strings.Contains(r.failed[0], "without a word") {
		t.Errorf("failed: %q", r.failed[0])
	}
}

// takeOne takes a cell as a worker does.
func takeOne(t *testing.T, l *link, version string) task {
	t.Helper()
	var got task
	until(t, 5*time.Second, "a cell to be had", func() bool {
		cons, err := l.js.Consumer(t.Context(), tasksStream, workersName(version))
		if err != nil {
			return false
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		msg, err := next(ctx, cons)
		if err != nil {
			return false
		}
		got, err = decodeTask(msg.Data())
		return err == nil
	})
	return got
}

// forge sends a result as a worker would that is wrong in one way.
func forge(t *testing.T, l *link, tk task, body []byte, change func(*reply)) {
	t.Helper()
	packed, err := pack(body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{
		Format: format, Run: tk.Run, Cell: tk.Cell, Version: tk.Version, Task: tk.Sum, Worker: "forger",
		Attempt: 1, Sum: sumText(body), Size: int64(len(body)), Packed: packed,
	}
	change(&r)
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.publish(t.Context(), resultSubject(tk.Run, tk.Cell), tk.ID+r.Sum+r.Version, b, time.Second); err != nil {
		t.Fatal(err)
	}
}

func TestForeignResultsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*reply)
		told   string
	}{
		"another version":  {func(r *reply) { r.Version = "v0" }, "version"},
		"another scenario": {func(r *reply) { r.Task = sumText([]byte("other")) }, "another scenario or seed"},
		"another cell":     {func(r *reply) { r.Cell = 77 }, "on subject"},
		"a broken body":    {func(r *reply) { r.Sum = sumText([]byte("other")) }, "SHA-256"},
		"no such object":   {func(r *reply) { r.Packed, r.Object = nil, objectName(r.Run, r.Cell, r.Sum) }, "not found"},
		"a run of nobody":  {func(r *reply) { r.Run = "*" }, "run"},
	} {
		t.Run(name, func(t *testing.T) {
			e, r := newServer(t), newRecord()
			jobs := plan(1)
			s := r.sweep(jobs)
			s.Local.Count = 0
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- coordinate(ctx, connect(t, e), s) }()
			l := connect(t, e)
			// It takes the cell, and its result is not the plan's.
			forge(t, l, takeOne(t, l, "v1"), []byte("wrong"), c.change)
			until(t, 5*time.Second, "the result is refused", func() bool { return len(r.told(Refused)) == 1 })
			if got := r.told(Refused)[0].Text; !strings.Contains(got, c.told) {
				t.Errorf("told %q; want it to say %q", got, c.told)
			}
			crew := newCrew(l, Workers{Version: "v1", Name: "honest", Count: 1, Execute: walk}, nil)
			go crew.run(ctx)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			r.same(t, alone(t, jobs))
		})
	}
}

func TestSecondResultIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		body  func(good []byte) []byte
		exact bool
		want  error
	}{
		"the same":                      {func(b []byte) []byte { return b }, true, nil},
		"another":                       {func(b []byte) []byte { return append([]byte{0}, b...) }, true, ErrDiffers},
		"another, of real nodes in it":  {func(b []byte) []byte { return append([]byte{0}, b...) }, false, nil},
		"of a cell recorded long since": {nil, true, ErrDiffers},
	} {
		t.Run(name, func(t *testing.T) {
			e, r := newServer(t), newRecord()
			jobs := plan(2)
			jobs[1].Body = toy{Seed: 1, Steps: 20, Wait: 300}.body()
			s := r.sweep(jobs)
			s.Exact = c.exact
			s.Local.Count = 1
			l := connect(t, e)
			first := alone(t, jobs)[0]
			s.Record = func(res Result) error {
				if res.Cell == 0 { // while the other runs, a second result comes
					tk := task{Run: s.Run, Version: s.Version, Cell: 0, Sum: sumText(jobs[0].Body), ID: "second"}
					if c.body == nil {
						tk.Cell = 9
						forge(t, l, tk, []byte("not what was recorded"), func(*reply) {})
					} else {
						forge(t, l, tk, c.body([]byte(first)), func(*reply) {})
					}
				}
				return r.put(res)
			}
			s.Recorded = func(cell int) []byte {
				if cell == 9 {
					return []byte("recorded long since")
				}
				return nil
			}
			err := e.coordinate(t.Context(), s)
			if !errors.Is(err, c.want) {
				t.Fatalf("run ends with %v; want %v", err, c.want)
			}
			if got := len(r.told(Differed)); (got > 0) != (c.want != nil) {
				t.Errorf("told %d times that results differ", got)
			}
			r.same(t, alone(t, jobs)) // the record keeps the first
		})
	}
}

func TestLargeResultAndFiles(t *testing.T) {
	e, r := newServer(t), newRecord()
	path := filepath.Join(t.TempDir(), "friends.txt")
	if err := os.WriteFile(path, []byte("0 1\n1 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	jobs := []Job{{Cell: 0, Body: toy{Seed: 5, Steps: 200_000}.body()}} // 1.6 MB that does not compress
	s := r.sweep(jobs)
	s.Local.Count, s.Files = 0, []File{{Name: "networks/friends.txt", Path: path}}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cache, elsewhere := t.TempDir(), make(chan string, 1)
	crew := newCrew(connect(t, e), Workers{Version: "v1", Name: "far", Count: 1, Cache: cache,
		Execute: func(ctx context.Context, body []byte, files map[string]string, done func(float64)) ([]byte, error) {
			b, err := os.ReadFile(files["networks/friends.txt"])
			if err != nil {
				return nil, err
			}
			elsewhere <- files["networks/friends.txt"] + ": " + string(b)
			return walk(ctx, body, files, done)
		}}, nil)
	go crew.run(ctx)
	l := connect(t, e)
	if err := coordinate(ctx, l, s); err != nil {
		t.Fatal(err)
	}
	r.same(t, alone(t, jobs))
	if got := <-elsewhere; !strings.HasPrefix(got, cache) || !strings.HasSuffix(got, "0 1\n1 2\n") {
		t.Errorf("the worker read %q", got)
	}
	if _, err := l.get(ctx, objectName("run", 0, sumText([]byte(r.got[0]))), maxResult); err == nil {
		t.Error("the result is still in the object store once it is recorded")
	}
}

// A full disk ends the run with its reason; when there is room, the rest runs.
func TestRecordFails(t *testing.T) {
	dir, jobs, r := t.TempDir(), plan(20), newRecord()
	s, full := r.sweep(jobs), errors.New("no space left on device")
	s.Record = func(res Result) error {
		if r.count() == 7 {
			return full
		}
		return r.put(res)
	}
	if err := Run(t.Context(), dir, s); !errors.Is(err, full) {
		t.Fatalf("run ends with %v; want the record's reason", err)
	}
	s.Record, s.Jobs = r.put, nil
	for _, j := range jobs {
		if r.times[j.Cell] == 0 {
			s.Jobs = append(s.Jobs, j)
		}
	}
	if err := Run(t.Context(), dir, s); err != nil {
		t.Fatal(err)
	}
	r.same(t, alone(t, jobs))
}

// A worker sees no cell of another version, and who waits is told.
func TestAnotherVersionsWorker(t *testing.T) {
	e, r := newServer(t), newRecord()
	jobs := plan(3)
	s := r.sweep(jobs)
	s.Local.Count, s.Version, s.Timing.Check = 0, "v2", 30*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- coordinate(ctx, connect(t, e), s) }()
	old := newCrew(connect(t, e), Workers{Version: "v1", Name: "old", Count: 1, Execute: walk, Idle: time.Millisecond}, nil)
	if err := old.run(ctx); err != nil { // it ends for want of cells
		t.Fatal(err)
	}
	until(t, 10*time.Second, "it is told that nobody asks", func() bool { return len(r.told(Lonely)) == 1 })
	if got := r.told(Lonely)[0].Text; !strings.Contains(got, "3 cells") || !strings.Contains(got, "v2") {
		t.Errorf("told %q", got)
	}
	go newCrew(connect(t, e), Workers{Version: "v2", Name: "new", Count: 1, Execute: walk}, nil).run(ctx)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r.same(t, alone(t, jobs))
}

// Each stream is deleted once in the middle, with what is in it.
func TestWipedStreams(t *testing.T) {
	for _, stream := range []string{tasksStream, resultsStream, "OBJ_" + objectBucket} {
		t.Run(stream, func(t *testing.T) {
			e, r := newServer(t), newRecord()
			jobs := plan(60)
			for i := range jobs {
				jobs[i].Body = toy{Seed: uint64(i), Steps: 20, Wait: 10}.body()
			}
			l, s := connect(t, e), r.sweep(jobs)
			wiped := false
			s.Record = func(res Result) error {
				if r.count() == 20 {
					wiped = true
					if err := l.js.DeleteStream(t.Context(), stream); err != nil {
						t.Error(err)
					}
				}
				return r.put(res)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := e.coordinate(ctx, s); err != nil {
				t.Fatal(err)
			}
			if !wiped || (len(r.told(Wiped)) == 0 && stream != "OBJ_"+objectBucket) {
				t.Error("nothing was wiped, or nobody told")
			}
			r.same(t, alone(t, jobs))
		})
	}
}

func TestCellTooLargeForTheWorker(t *testing.T) {
	jobs, r := plan(3), newRecord()
	s := r.sweep(jobs)
	s.Local.Memory = 100 << 20
	s.Local.Takes = func(body []byte) int64 {
		var c toy
		_ = json.Unmarshal(body, &c)
		return int64(1+c.Seed) * 45 << 20 // 45, 90 and 135 MiB
	}
	if err := Run(t.Context(), t.TempDir(), s); err != nil {
		t.Fatal(err)
	}
	if got := r.failed[2]; !strings.Contains(got, "135 MiB") || len(r.failed) != 1 {
		t.Errorf("failed: %v", r.failed)
	}
}

func TestPlanIsCheckedBeforeAnythingRuns(t *testing.T) {
	for name, change := range map[string]func(*Sweep){
		"twice":    func(s *Sweep) { s.Jobs[1].Cell = 0 },
		"negative": func(s *Sweep) { s.Jobs[1].Cell = -1 },
		"empty":    func(s *Sweep) { s.Jobs[1].Body = nil },
		"large":    func(s *Sweep) { s.Jobs[1].Body = make([]byte, maxBody+1) },
		"run":      func(s *Sweep) { s.Run = "a.b" },
		"version":  func(s *Sweep) { s.Version = "" },
		"attempts": func(s *Sweep) { s.Attempts = -1 },
		"file":     func(s *Sweep) { s.Files = []File{{Name: "x", Path: "/nowhere/x"}} },
		"worker":   func(s *Sweep) { s.Local.Count = 0 },
	} {
		r := newRecord()
		s := r.sweep(plan(2))
		change(&s)
		if err := Run(t.Context(), t.TempDir(), s); err == nil || r.count() > 0 {
			t.Errorf("%s: error %v, %d cells recorded", name, err, r.count())
		}
	}
}

// What is cancelled is given back, and found again.
func TestCancelled(t *testing.T) {
	jobs, r := plan(4), newRecord()
	for i := range jobs {
		jobs[i].Body = toy{Seed: uint64(i), Steps: 5, Wait: 60_000}.body()
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := r.sweep(jobs)
	s.Tell = func(n Note) {
		if n.Kind == Progressed {
			cancel()
		}
	}
	dir := t.TempDir()
	if err := Run(ctx, dir, s); !errors.Is(err, context.Canceled) {
		t.Fatalf("run ends with %v", err)
	}
	s = r.sweep(jobs)
	s.Local.Execute = func(ctx context.Context, body []byte, files map[string]string, done func(float64)) ([]byte, error) {
		return walk(ctx, withoutWait(body), files, done)
	}
	if err := Run(t.Context(), dir, s); err != nil {
		t.Fatal(err)
	}
	r.same(t, alone(t, jobs))
}
