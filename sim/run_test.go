package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Failing runs are played in a process of their own, to see what go test
// prints for them.
const childEnv = "PARLEY_TEST_SIM"

var childRuns = map[string]func(t *testing.T){
	"passes": func(t *testing.T) {
		Run(t, 7, func(w *World) { w.Event("ann", "cast", "n", 1) })
	},
	"fails": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			time.Sleep(1500 * time.Millisecond)
			w.Event("ann", "cast", "n", 1)
			w.Log("bob").Info("heard", "n", 1)
			w.T.Error("nobody answered")
		})
	},
	"fails at once": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Defer("late", func() error { w.Event("late", "closed"); return nil })
			w.Event("ann", "cast")
			w.T.Fatal("nobody answered")
		})
	},
	"waits in vain": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			w.Eventually(time.Minute, "an offer", func() bool { return false })
		})
	},
	"process fails": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Start("ann", func(context.Context) error { return errors.New("disk full") })
			time.Sleep(time.Second)
		})
	},
	"close fails": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			w.Defer("store", func() error { return errors.New("disk full") })
		})
	},
	"close hangs": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			w.Host("ticking")
			w.Defer("stuck", func() error { select {} })
		})
	},
	"deadlock": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			<-make(chan int)
		})
	},
	"goroutine left": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			go func() { // it ticks, so there is no plain deadlock
				for {
					time.Sleep(time.Second)
				}
			}()
		})
	},
	"panics": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			panic("boom")
		})
	},
	"process panics": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			w.Go(func(context.Context) { panic("boom") })
			time.Sleep(time.Second)
		})
	},
	"runs into go test's timeout": func(t *testing.T) {
		Run(t, 7, func(w *World) {
			w.Event("ann", "cast")
			for { // virtual time passes, and never ends
				time.Sleep(time.Second)
			}
		})
	},
}

func TestChild(t *testing.T) {
	run := childRuns[os.Getenv(childEnv)]
	if run == nil {
		t.Skip("only for TestTimelineIsPrintedWhenARunFails")
	}
	run(t)
}

func TestTimelineIsPrintedWhenARunFails(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range childRuns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := "1m"
			if strings.Contains(name, "timeout") {
				timeout = "4s"
			}
			cmd := exec.Command(exe, "-test.run=^TestChild$", "-test.v", "-test.timeout="+timeout)
			cmd.Env = append(os.Environ(), childEnv+"="+name)
			out, err := cmd.CombinedOutput()
			failed, printed := err != nil, strings.Contains(string(out), "timeline of seed 7")
			if want := name != "passes"; failed != want || printed != want {
				t.Errorf("failed %t, timeline printed %t, want both %t; output:\n%s", failed, printed, want, out)
			}
			if n := strings.Count(string(out), "timeline of seed"); n > 1 {
				t.Errorf("timeline printed %d times", n)
			}
			for _, want := range childOutput[name] {
				if !strings.Contains(string(out), want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

// childOutput is what else must be seen of a failing run.
var childOutput = map[string][]string{
	"fails":          {"nobody answered", "1.5s  ann          cast n=1", "bob          log [INFO]  bob: heard: n=1"},
	"fails at once":  {"nobody answered", "late         closed"},
	"waits in vain":  {"waited 1m0s for an offer", "waited in vain"},
	"process fails":  {"ann: disk full", "ann          failed err=disk full"},
	"close fails":    {"close store: disk full"},
	"close hangs":    {"close stuck: not done after", "sim.closeWithin"},
	"deadlock":       {"deadlock: all goroutines in bubble are blocked"},
	"goroutine left": {"blocked goroutines remain", "sim.init.func"},
	"panics":         {"panic: boom", "run_test.go"},
	"process panics": {"panic: boom", "run_test.go"},
	"runs into go test's timeout": {
		"still running at the test's deadline", "test timed out",
	},
}

// Bubbles don't meet: worlds can run beside each other and one after another
// in one process, though they share libp2p's and QUIC's package variables.
func TestWorldsBesideEachOther(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			Run(t, seed, func(w *World) {
				ann, bob := w.Host("ann"), w.Host("bob")
				heard := make(chan string, 1)
				listen(bob, func(s string) { heard <- s })
				w.Connect(ann, bob)
				if err := say(w, ann, bob, "hello"); err != nil {
					w.T.Fatal(err)
				}
				if got := <-heard; got != "hello" {
					w.T.Errorf("heard %q", got)
				}
			})
		})
	}
}
