package main

import (
	"io"
	"os"
	"sync"

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
