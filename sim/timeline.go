package sim

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxEvents bounds a timeline, some 100 MB; what comes after is counted only.
const maxEvents = 1 << 20

// Event is something that happened in a run.
type Event struct {
	At   time.Duration // virtual time since the run began
	Who  string        // the host or part it happened to
	What string        // such as "cast" or "connected"
	Args []any         // alternating keys and values, as given
}

// Arg returns the value recorded under key, or nil.
func (e Event) Arg(key string) any {
	for i := 0; i+1 < len(e.Args); i += 2 {
		if e.Args[i] == key {
			return e.Args[i+1]
		}
	}
	return nil
}

// String is e's line in a printed timeline.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%14s  %-12s %s", e.At, e.Who, e.What)
	for i := 0; i < len(e.Args); i += 2 {
		if i+1 == len(e.Args) {
			fmt.Fprintf(&b, " %v", e.Args[i])
			break
		}
		fmt.Fprintf(&b, " %v=%v", e.Args[i], e.Args[i+1])
	}
	return b.String()
}

// timeline is written from inside the bubble and printed from in- and outside:
// its mutex is held for no longer than an append, so it never stops time.
type timeline struct {
	seed uint64

	mu      sync.Mutex
	events  []Event
	dropped int
	printed bool
}

func (tl *timeline) add(e Event) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if len(tl.events) == maxEvents {
		tl.dropped++
		return
	}
	tl.events = append(tl.events, e)
}

func (tl *timeline) copy() []Event {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	return slices.Clone(tl.events)
}

// print writes the timeline to out, the first time it is called.
func (tl *timeline) print(out io.Writer, why string) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.printed {
		return
	}
	tl.printed = true
	var b strings.Builder
	fmt.Fprintf(&b, "timeline of seed %d, %s: %d events\n", tl.seed, why, len(tl.events)+tl.dropped)
	for _, e := range tl.events {
		fmt.Fprintln(&b, e)
	}
	if tl.dropped > 0 {
		fmt.Fprintf(&b, "and %d more that were not kept\n", tl.dropped)
	}
	io.WriteString(out, b.String())
}
