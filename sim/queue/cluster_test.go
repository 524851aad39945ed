package queue

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Three servers and two workers, all processes. A server is killed while cells
// are being published, and comes back; a worker is killed in mid-cell; the
// stream of cells is deleted. Every cell is recorded once, and is to the bit
// what a single process finds.
func TestClusterLosesAServerAWorkerAndAStream(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers take a while")
	}
	c := startCluster(t)
	// Cell 7 goes on once its worker was killed, the last hundred once the stream
	// was wiped: so both happen in the middle.
	killed, wiped := filepath.Join(t.TempDir(), "killed"), filepath.Join(t.TempDir(), "wiped")
	const mortal = 7
	jobs := plan(600)
	jobs[mortal].Body = toy{Seed: mortal, Steps: 20, Gate: killed}.body()
	for i := 500; i < len(jobs); i++ {
		jobs[i].Body = toy{Seed: uint64(i), Steps: 20, Gate: wiped}.body()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	r := newRecord()
	t.Cleanup(func() {
		for _, n := range r.notes {
			if t.Failed() && n.Kind != Progressed && n.Kind != Started {
				t.Log(n)
			}
		}
	})
	s := r.sweep(jobs)
	s.Local.Count, s.Timing = 0, Timing{AckWait: time.Second, Check: 250 * time.Millisecond, Backoff: 10 * time.Millisecond}

	control := c.dial(t)
	done := make(chan error, 1)
	go func() { done <- RunCluster(ctx, c.address(t), s) }()

	// The server killed is the one that leads the stream being filled.
	leader, before := "", uint64(0)
	until(t, 30*time.Second, "cells are being published", func() bool {
		select {
		case err := <-done:
			t.Fatal("the run ended: ", err)
		default:
		}
		leader, before = control.filled(ctx)
		return before > 50
	})
	victim := int(leader[1] - '0')
	c.servers[victim].kill()
	if before >= uint64(len(jobs)) {
		t.Fatalf("all %d cells were published before the server could be killed", before)
	}
	t.Logf("server %s killed with %d of %d cells published", leader, before, len(jobs))
	c.start(t, victim)

	workers := map[string]*process{}
	for _, name := range []string{"w1", "w2"} {
		workers[name] = start(t, "worker", "URL="+c.url(), "NAME="+name)
	}
	until(t, 30*time.Second, "a worker is in a cell", func() bool {
		for _, n := range r.told(Started) {
			if n.Cell == mortal {
				name, _, _ := strings.Cut(n.Worker, "/")
				workers[name].kill()
				t.Logf("worker %s killed in cell %d, with %d recorded", name, n.Cell, r.count())
				return true
			}
		}
		return false
	})
	open(t, killed)
	c.servers[victim].says(t, "ready")
	until(t, 30*time.Second, "a third is recorded", func() bool { return r.count() > len(jobs)/3 })
	until(t, 10*time.Second, "the stream is deleted", func() bool {
		return control.js.DeleteStream(undated{ctx}, tasksStream) == nil
	})
	t.Logf("stream of cells wiped with %d recorded", r.count())
	open(t, wiped)

	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(r.told(Wiped)) == 0 || len(r.told(Published)) == 0 {
		t.Error("the wiped stream was not told, or no cell was published again")
	}
	r.same(t, alone(t, jobs))
	if left, err := control.outstanding(ctx, tasksStream, taskRoot+">"); err != nil || len(left) != 0 {
		t.Errorf("left in the queue: %d cells, %v", len(left), err)
	}
}

// open lets the cells go on that wait for the file.
func open(t *testing.T, gate string) {
	t.Helper()
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// filled tells who leads the stream of cells, and how many it has.
func (l *link) filled(ctx context.Context) (string, uint64) {
	// A stream that has no leader yet doesn't answer at all.
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	s, err := l.js.Stream(ctx, tasksStream)
	if err != nil || s.CachedInfo().Cluster == nil || s.CachedInfo().Cluster.Leader == "" {
		return "", 0
	}
	return s.CachedInfo().Cluster.Leader, s.CachedInfo().State.Msgs
}

// A run in one process is killed, and its queue with it. What is recorded
// stays, what is not is run when it is resumed, whatever has become of the
// queue's folder.
func TestEmbeddedKilledAndResumed(t *testing.T) {
	for name, ruin := range map[string]func(t *testing.T, dir string){
		"as it was left": func(*testing.T, string) {},
		"ruined":         garbage,
		"a file instead": func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir, []byte("no folder"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, record := filepath.Join(t.TempDir(), "queue"), folder(t.TempDir())
			jobs := plan(60)
			for i := range jobs {
				jobs[i].Body = toy{Seed: uint64(i), Steps: 20, Wait: 20}.body()
			}
			text, err := json.Marshal(jobs)
			if err != nil {
				t.Fatal(err)
			}
			p := start(t, "coordinator", "JOBS="+string(text), "DIR="+dir, "RECORD="+string(record))
			until(t, 20*time.Second, "a third is recorded", func() bool { return len(record.missing(jobs)) <= 40 })
			p.kill()
			ruin(t, dir)
			missing := record.missing(jobs)
			if len(missing) == 0 {
				t.Fatal("it was done before it could be killed")
			}
			r := newRecord()
			s := r.sweep(missing)
			s.Timing.AckWait = 0 // the default: what was in hand must not be waited for so long
			s.Record, s.Recorded = record.put, record.get
			began := time.Now()
			if err := Run(t.Context(), dir, s); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d of %d cells were missing; resumed in %v", len(missing), len(jobs), time.Since(began).Round(time.Millisecond))
			record.same(t, alone(t, jobs)) // put refuses a cell that is there
		})
	}
}

// garbage puts what no server wrote where this one keeps its files.
func garbage(t *testing.T, dir string) {
	t.Helper()
	stream := filepath.Join(dir, "jetstream", "$G", "streams", tasksStream)
	if err := os.MkdirAll(stream, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"meta.inf", "meta.sum"} {
		if err := os.WriteFile(filepath.Join(stream, name), []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
