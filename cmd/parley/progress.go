package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal, and nothing where nobody watches.
type progress struct {
	out *os.File // nil: nobody watches

	mu   sync.Mutex
	name string
	bar  *progressbar.ProgressBar
}

// progress returns a bar for long work of that name. Call done after it.
func (e *env) progress(name string) *progress {
	f, ok := e.err.(*os.File)
	if e.asJSON || !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{out: f, name: name}
}

// stage says how far the work has come; each new name begins the bar anew.
func (p *progress) stage(name string, done, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil || name != p.name {
		p.begin(name, int64(total), progressbar.OptionShowCount())
	}
	p.bar.Set(done) // a bar that can't be drawn is no reason to stop
}

// reader shows how much of r has been read; size is -1 when nobody knows.
func (p *progress) reader(r io.Reader, size int64) io.Reader {
	if p.out == nil {
		return r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin(p.name, size, progressbar.OptionShowBytes(true))
	return io.TeeReader(r, p.bar)
}

// patience is how long nothing is said of a wait: most are over by then.
const patience = time.Second

// waiting says on standard error what is waited for, at most so long or, for 0,
// nobody knows how long, once that has taken longer than a moment: a bar on a
// terminal, a line elsewhere, and nothing with --json or for "". Call what it
// returns when the wait is over.
func (e *env) waiting(what string, atMost time.Duration) (over func()) {
	if what == "" || e.asJSON || e.err == nil {
		return func() {}
	}
	w := &wait{p: e.progress("waiting for " + what), err: e.err, what: what, atMost: atMost, begun: time.Now()}
	w.mu.Lock() // the timer's first tick must find the timer set
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(patience, w.tick)
	return w.over
}

// wait is one wait that is shown.
type wait struct {
	p      *progress
	err    io.Writer
	what   string
	atMost time.Duration
	begun  time.Time

	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

func (w *wait) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	if w.p.out == nil {
		fmt.Fprintf(w.err, "Waiting for %s%s\n", w.what, w.longest())
		return
	}
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	if w.p.bar == nil {
		total := int64(-1)
		if w.atMost > 0 {
			total = int64(w.atMost / pollEvery)
		}
		w.p.begin(w.p.name+w.longest(), total, progressbar.OptionSetPredictTime(false))
	}
	w.p.bar.Set64(int64(time.Since(w.begun) / pollEvery))
	w.timer.Reset(pollEvery)
}

func (w *wait) longest() string {
	if w.atMost <= 0 {
		return " …"
	}
	return fmt.Sprintf(", at most %s …", w.atMost)
}

// over ends the wait; nothing is shown of it afterwards.
func (w *wait) over() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.timer.Stop()
	w.p.done()
}

func (p *progress) begin(name string, total int64, count progressbar.Option) {
	if p.bar != nil {
		p.bar.Finish()
	}
	p.name = name
	p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetDescription(name), progressbar.OptionClearOnFinish(), count)
}

// done takes the bar away.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Finish()
	}
}
