package queue

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Kind is what a [Note] is about.
type Kind string

// What is told.
const (
	Started    Kind = "started"    // a worker began a cell
	Progressed Kind = "progressed" // Done says how far it is
	Retried    Kind = "retried"    // a cell failed and will be tried again
	Published  Kind = "published"  // cells were put in the queue again
	Wiped      Kind = "wiped"      // a stream was gone and was made anew
	Refused    Kind = "refused"    // a result of another version or scenario, or garbage
	Differed   Kind = "differed"   // two results of one cell
	Lonely     Kind = "lonely"     // cells wait and no worker of this version asks
	Troubled   Kind = "troubled"   // the cluster did not do what was asked; it is tried again
)

// Note is something worth telling while a run goes on. Notes of remote workers
// may be lost; nothing depends on them.
type Note struct {
	Kind Kind `json:"kind"`
	// Cell is -1 where none is meant.
	Cell   int     `json:"cell"`
	Worker string  `json:"worker,omitempty"`
	Done   float64 `json:"done,omitempty"`
	Text   string  `json:"text,omitempty"`
}

// String is a line for a terminal or a log.
func (n Note) String() string {
	s := string(n.Kind)
	if n.Cell >= 0 {
		s += fmt.Sprintf(" cell %d", n.Cell)
	}
	if n.Worker != "" {
		s += " on " + n.Worker
	}
	if n.Kind == Progressed {
		s += fmt.Sprintf(" %.0f%%", 100*n.Done)
	}
	if n.Text != "" {
		s += ": " + n.Text
	}
	return s
}

// decodeNote reads a note that came over the network.
func decodeNote(b []byte) (Note, error) {
	var n Note
	if err := decodeStrict(b, &n); err != nil {
		return Note{}, fmt.Errorf("note: %w", err)
	}
	switch n.Kind {
	case Started, Progressed, Retried, Troubled:
	default:
		return Note{}, fmt.Errorf("note: kind %.40q is not a worker's", n.Kind)
	}
	if n.Cell < -1 || n.Cell >= maxCells || len(n.Worker) > maxWorker || len(n.Text) > maxReason || n.Done < 0 || n.Done > 1 {
		return Note{}, fmt.Errorf("note: cell, worker, text or done out of range")
	}
	return n, nil
}

// teller passes notes on, one at a time.
type teller struct {
	mu sync.Mutex
	to func(Note)
}

func (t *teller) tell(n Note) {
	if t.to == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to(n)
}

// send tells whoever coordinates the run. Nobody need be listening.
func send(nc *nats.Conn, run string, n Note) {
	n.Text = clip(n.Text, maxReason)
	if b, err := json.Marshal(n); err == nil {
		_ = nc.Publish(noteRoot+run, b)
	}
}

// progressor reports a cell's progress at most twice a second.
func progressor(report func(float64)) func(float64) {
	var mu sync.Mutex
	var last time.Time
	return func(done float64) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) >= 500*time.Millisecond {
			last = now
			report(min(max(done, 0), 1))
		}
	}
}
