package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// TestMain makes this binary the program as well, with an engine of the tests:
// what commands do does not depend on what a cell finds.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"parley-sim": func() {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, diceMaker))
	}})
}

func diceMaker(kind scenario.Engine) (sweep.Engine, error) {
	return dice{stack: kind == scenario.Stack}, nil
}

// dice throws dice by the seed: one a step. A cell takes as long as the
// scenario's window, to be killed in.
type dice struct{ stack bool }

func (d dice) Expect(s scenario.Scenario) (time.Duration, int64) {
	return s.Clock.Window.Std(), int64(s.People.Count) << 10
}

func (d dice) Check(s scenario.Scenario) error {
	if d.stack && s.People.Count > 5000 {
		return scenario.Problems{{Field: "people.count", Reason: fmt.Sprintf("is %d; the engine stack takes at most 5000", s.People.Count)}}
	}
	return nil
}

func (d dice) Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	if s.Attack.Kind == "lie" {
		panic("no dice")
	}
	r := rand.New(rand.NewPCG(seed, uint64(s.People.Count)))
	if d.stack {
		r = rand.New(rand.NewPCG(rand.Uint64(), 0)) // not the same twice
	}
	eyes := outcome.Series{Name: "eyes"}
	sum := 0.0
	for step := range s.Clock.Steps {
		select {
		case <-ctx.Done():
			return outcome.Outcome{}, ctx.Err()
		case <-time.After(s.Clock.Window.Std() / time.Duration(s.Clock.Steps)):
		}
		x := 1 + 5*r.Float64()
		sum += x
		eyes.Step, eyes.At = append(eyes.Step, step), append(eyes.At, x)
		done(float64(step+1) / float64(s.Clock.Steps))
	}
	return outcome.Outcome{Values: []outcome.Value{{Name: "sum", Number: sum}}, Series: []outcome.Series{eyes},
		Samples: []outcome.Sample{{Name: "eyes", Count: s.Clock.Steps, Of: []float64{1, 6}}}}, nil
}

// TestScripts runs testdata/*.txtar: each is a session at the command line.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			for _, name := range []string{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "JOB_COMPLETION_INDEX"} {
				e.Setenv(name, "")
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "mount" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			dir := t.TempDir()
			err := mount(dir, 0, "64k")
			if err == nil {
				err = syscall.Unmount(dir, 0)
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "small-disk": smallDisk},
	})
}

// code N PROGRAM ARG… runs a program that must exit with N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: code N program args…")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exited with %d, want %d", got, want)
	}
}

// small-disk DIR SIZE mounts a file system of that size; given again, it gets
// the size it says.
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir); err == nil {
		ts.Check(mount(dir, syscall.MS_REMOUNT, args[1]))
		return
	}
	ts.Check(os.Mkdir(dir, 0o700))
	ts.Check(mount(dir, 0, args[1]))
	ts.Defer(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}

func mount(dir string, flags uintptr, size string) error {
	return syscall.Mount("parley-test", dir, "tmpfs", flags, "size="+size)
}
