package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"parley": main}) }

// TestScripts runs testdata/*.txtar: each is a session at the command line,
// with real nodes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // or each command waits a second for late races
			e.Setenv("PARLEY_HOME", e.WorkDir+"/node")
			e.Setenv("LOCAL", "--listen=/ip4/127.0.0.1/udp/0/quic-v1")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "race" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return underRace(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "ready": ready, "set": set, "shape": shape, "until": until,
		},
	})
}

// underRace reports whether this binary has the race detector in it.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
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

// ready DIR… waits until a node answers on each folder.
func ready(ts *testscript.TestScript, _ bool, dirs []string) {
	for _, dir := range dirs {
		deadline := time.Now().Add(30 * time.Second)
		for ts.Exec("parley", "--home", dir, "status") != nil {
			if time.Now().After(deadline) {
				ts.Fatalf("no node on %s after 30 s", dir)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// set NAME PATH puts a part of the last standard output, which is JSON, into
// an environment variable; PATH is like 0.body.vendor. "set NAME ~PATH" takes
// the last 8 characters, as people see an id.
func set(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: set NAME PATH")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	path, tail := strings.CutPrefix(args[1], "~")
	for _, step := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			i, err := strconv.Atoi(step)
			ts.Check(err)
			if i >= len(in) {
				ts.Fatalf("%s: only %d elements", args[1], len(in))
			}
			v = in[i]
		default:
			v = nil
		}
	}
	text, ok := v.(string)
	if !ok {
		ts.Fatalf("%s is %v, no text", args[1], v)
	}
	if tail {
		text = text[len(text)-8:]
	}
	ts.Setenv(args[0], fmt.Sprint(text))
}
