package queue

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// quick is a queue with no patience.
var quick = Timing{AckWait: time.Second, Check: 100 * time.Millisecond, Backoff: 10 * time.Millisecond}

// toy is a cell of the engine here: a walk drawn from a seed, whose result has
// to be the same to the bit wherever it is run.
type toy struct {
	Seed  uint64 `json:"seed"`
	Steps int    `json:"steps"`
	// Wait is how long it takes, in milliseconds.
	Wait int `json:"wait,omitempty"`
	// Gate is a file without which it doesn't go on.
	Gate string `json:"gate,omitempty"`
	// Poison has it fail.
	Poison string `json:"poison,omitempty"`
}

func (c toy) body() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return b
}

// walk runs a toy.
func walk(ctx context.Context, body []byte, _ map[string]string, done func(float64)) ([]byte, error) {
	var c toy
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	switch c.Poison {
	case "":
	case "panic":
		panic("out of people")
	default:
		return nil, errors.New(c.Poison)
	}
	done(0.5)
	if err := wait(ctx, time.Duration(c.Wait)*time.Millisecond); err != nil {
		return nil, err
	}
	for c.Gate != "" {
		if _, err := os.Stat(c.Gate); err == nil {
			break
		}
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
	r := rand.New(rand.NewPCG(c.Seed, 1))
	out, at := make([]byte, 0, 8*c.Steps), uint64(0)
	for range c.Steps {
		at += r.Uint64()
		out = binary.BigEndian.AppendUint64(out, at)
	}
	return out, nil
}

// plan is n toys.
func plan(n int) []Job {
	jobs := make([]Job, n)
	for i := range jobs {
		jobs[i] = Job{Cell: i, Body: toy{Seed: uint64(i), Steps: 20}.body()}
	}
	return jobs
}

// alone runs the jobs one after another, without any queue.
func alone(t *testing.T, jobs []Job) map[int]string {
	t.Helper()
	want := map[int]string{}
	for _, j := range jobs {
		body, err := walk(t.Context(), withoutWait(j.Body), nil, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		want[j.Cell] = string(body)
	}
	return want
}

func withoutWait(body []byte) []byte {
	var c toy
	if err := json.Unmarshal(body, &c); err != nil {
		panic(err)
	}
	c.Wait, c.Gate = 0, ""
	return c.body()
}

// record is one in memory, which counts how often a cell is recorded.
type record struct {
	mu     sync.Mutex
	got    map[int]string
	failed map[int]string
	times  map[int]int
	notes  []Note
	by     map[string]int
}

func newRecord() *record {
	return &record{got: map[int]string{}, failed: map[int]string{}, times: map[int]int{}, by: map[string]int{}}
}

func (r *record) put(res Result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times[res.Cell]++
	r.by[res.Worker]++
	if res.Failed != "" {
		r.failed[res.Cell] = res.Failed
	} else {
		r.got[res.Cell] = string(res.Body)
	}
	return nil
}

func (r *record) tell(n Note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, n)
}

func (r *record) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.times)
}

// told are the notes of a kind.
func (r *record) told(k Kind) []Note {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Note
	for _, n := range r.notes {
		if n.Kind == k {
			out = append(out, n)
		}
	}
	return out
}

// same fails unless every cell was recorded once and is what it is alone.
func (r *record) same(t *testing.T, want map[int]string) {
	t.Helper()
	for cell, w := range want {
		if r.times[cell] != 1 {
			t.Errorf("cell %d: recorded %d times", cell, r.times[cell])
		}
		if r.got[cell] != w {
			t.Errorf("cell %d: not what a single process finds (failed: %q)", cell, r.failed[cell])
		}
	}
	if len(r.times) != len(want) {
		t.Errorf("%d cells recorded, %d planned", len(r.times), len(want))
	}
	if t.Failed() {
		for _, n := range r.notes {
			if n.Kind != Started && n.Kind != Progressed {
				t.Log(n)
			}
		}
	}
}

// sweep is one over the jobs with two local workers.
func (r *record) sweep(jobs []Job) Sweep {
	return Sweep{
		Run: "run", Version: "v1", Jobs: jobs, Exact: true, Attempts: 3, Timing: quick, Record: r.put, Tell: r.tell,
		Local: Workers{Name: "here", Count: 2, Execute: walk},
	}
}

// until waits for a condition, and gives up on the test at the deadline.
func until(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

// server is a queue in this process, without a coordinator.
func newServer(t *testing.T) *embedded {
	t.Helper()
	e, err := startEmbedded(filepath.Join(t.TempDir(), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	return e
}

// connect is another connection to the server.
func connect(t *testing.T, e *embedded) *link {
	t.Helper()
	l, err := e.connect("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

// folder records in files, one a cell, as a run's folder does: durable, and
// never twice.
type folder string

func (f folder) put(r Result) error {
	if r.Failed != "" {
		return errors.New(r.Failed)
	}
	part := filepath.Join(string(f), "part")
	if err := os.WriteFile(part, r.Body, 0o600); err != nil {
		return err
	}
	// Link, unlike rename, refuses a name that is there.
	err := os.Link(part, filepath.Join(string(f), "cell-"+strconv.Itoa(r.Cell)))
	return errors.Join(err, os.Remove(part))
}

func (f folder) get(cell int) []byte {
	b, err := os.ReadFile(filepath.Join(string(f), "cell-"+strconv.Itoa(cell)))
	if err != nil {
		return nil
	}
	return b
}

// missing are the jobs that are not recorded.
func (f folder) missing(jobs []Job) []Job {
	var out []Job
	for _, j := range jobs {
		if f.get(j.Cell) == nil {
			out = append(out, j)
		}
	}
	return out
}

func (f folder) same(t *testing.T, want map[int]string) {
	t.Helper()
	for cell, w := range want {
		if string(f.get(cell)) != w {
			t.Errorf("cell %d: not what a single process finds", cell)
		}
	}
}

func env(name string) string {
	v := os.Getenv(name)
	if v == "" {
		fmt.Fprintln(os.Stderr, name+" is not set")
		os.Exit(2)
	}
	return v
}
