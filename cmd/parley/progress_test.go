package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paper is written to by a timer and read by a test.
type paper struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.String()
}

// Who waits for more than a moment is told, once, for what and how long at
// most; who asked for JSON is not.
func TestWaitingIsSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		takes, atMost time.Duration
		what          string
		asJSON        bool
		want          string
	}{
		"soon over":        {takes: 700 * time.Millisecond, atMost: 10 * time.Second, what: "the answer"},
		"takes long":       {takes: 3 * time.Second, atMost: 10 * time.Second, what: "the answer", want: "Waiting for the answer, at most 10s …\n"},
		"comes to nothing": {takes: time.Hour, atMost: 5 * time.Second, what: "the answer", want: "Waiting for the answer, at most 5s …\n"},
		"for a program":    {takes: 3 * time.Second, atMost: 10 * time.Second, what: "the answer", asJSON: true},
		"said by another":  {takes: 3 * time.Second, atMost: 10 * time.Second},
		"nobody waits":     {takes: 3 * time.Second, what: "the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, errs := new(paper), new(paper)
				e := &env{ctx: t.Context(), out: out, err: errs, asJSON: tc.asJSON}
				there := time.Now().Add(tc.takes)
				if _, err := poll(e, tc.what, tc.atMost, func() (int, bool, error) { return 0, !time.Now().Before(there), nil }); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute) // nothing is said once the wait is over
				if got := errs.String(); got != tc.want || out.String() != "" {
					t.Errorf("it says %q, and %q on standard output", got, out.String())
				}
			})
		})
	}
}

// A call of the node that takes long is told as well, and its answer passes.
func TestAwaitSaysForWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := new(paper)
		got, err := await(&env{ctx: t.Context(), err: errs}, "the other node", func() (string, error) {
			time.Sleep(2 * time.Second)
			return "there", nil
		})
		if got != "there" || err != nil || !strings.Contains(errs.String(), "Waiting for the other node …") {
			t.Errorf("%q, %v, %q", got, err, errs.String())
		}
	})
}
