package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/parley-network/parley/sim/sweep"
)

const (
	// redraw is how often the bar is drawn, and report how often a line is
	// printed where there is no terminal, as in a batch job's log.
	redraw = 200 * time.Millisecond
	report = 30 * time.Second
)

// watch shows a job's progress until stop is called.
func (e *env) watch(meter *sweep.Meter) (stop func()) {
	if e.asJSON {
		return func() {}
	}
	every, show, end := report, e.line, func() {}
	if f, ok := e.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar := progressbar.NewOptions(1000, progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
		every, end = redraw, func() { bar.Finish() }
		show = func(p sweep.Progress) {
			bar.Describe(words(p))
			bar.Set(int(p.Fraction * 1000)) // a bar that can't be drawn is no reason to stop
		}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				end()
				return
			case now := <-tick.C:
				show(meter.Progress(now))
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

func (e *env) line(p sweep.Progress) { e.note("%s", words(p)) }

func words(p sweep.Progress) string {
	s := fmt.Sprintf("%d of %d cells", p.Done, p.Cells)
	if p.Failed > 0 {
		s += fmt.Sprintf(", %d failed", p.Failed)
	}
	if p.Left > 0 && p.Elapsed > time.Second {
		s += ", about " + span(p.Left.Round(time.Second)) + " left"
	}
	return s
}
