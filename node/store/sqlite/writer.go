package sqlite

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/parley-network/parley/node/store"
)

// maxGroup bounds the Updates of one commit, and so how long the first of
// them waits for the last.
const maxGroup = 256

// writer owns the one connection that writes. It gathers the Updates that are
// waiting into one transaction, each in a savepoint, and answers all of them
// after one COMMIT: the fsync, which costs more than everything else
// together, is shared (group commit).
type writer struct {
	c       *conn
	path    string
	jobs    chan *job
	scrubs  chan chan<- error
	closing <-chan struct{}
	done    chan struct{} // closed when loop has returned
	gather  gather
}

// job is one Update. Its function runs in the goroutine that called Update,
// while the writer waits: a panic or runtime.Goexit ends that goroutine, as
// the caller expects, and leaves the writer in one piece.
type job struct {
	ctx   context.Context // regarded until fn begins
	fn    func(store.Tx) error
	begun bool
	step  chan step  // from the writer
	ran   chan error // from the caller: how fn ended
}

// step tells a job to run in tx, or, if that is nil, its final result.
type step struct {
	tx  *tx
	err error
}

// errAbandoned is how fn ended if it panicked.
var errAbandoned = errors.New("the function did not return")

// update runs fn in the writer's next transaction.
func (w *writer) update(ctx context.Context, fn func(store.Tx) error) error {
	j := &job{ctx: ctx, fn: fn, step: make(chan step, 1), ran: make(chan error, 1)}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return store.ErrClosed
	}
	for {
		s := <-j.step
		if s.tx == nil {
			return s.err
		}
		if err := j.run(s.tx); err != nil {
			return err
		}
	}
}

// run calls fn and tells the writer how it ended.
func (j *job) run(t *tx) (err error) {
	defer func() {
		t.over = true
		j.ran <- err
	}()
	if err := j.ctx.Err(); err != nil && !j.begun {
		return err
	}
	j.begun = true
	err = errAbandoned // stays if fn does not return
	err = j.fn(t)
	return err
}

// loop serves Updates until closing.
func (w *writer) loop() {
	defer close(w.done)
	for {
		select {
		case <-w.closing:
			return
		case j := <-w.jobs:
			w.group(j, maxGroup)
		case done := <-w.scrubs:
			done <- w.scrub()
		}
	}
}

// group commits first and up to most-1 jobs that wait behind it.
func (w *writer) group(first *job, most int) {
	if _, err := w.c.exec("BEGIN IMMEDIATE"); err != nil {
		first.step <- step{err: explain(w.path, err)}
		return
	}
	var landed []*job // have run and await the commit
	if most > 1 {
		defer w.gather.begin()()
	}
	for j := first; j != nil; j = w.next() {
		ok, intact := w.run(j)
		if !intact {
			w.abort(landed)
			return
		}
		if ok {
			landed = append(landed, j)
		}
		if most--; most == 0 {
			break
		}
	}
	w.commit(landed)
}

// next returns a job that is waiting, or comes while this commit waits for
// more; nil if none does.
func (w *writer) next() *job {
	select {
	case j := <-w.jobs:
		return j
	default:
	}
	// Those answered a moment ago are about to ask again: a yield costs far
	// less than the fsync they would have to themselves.
	runtime.Gosched()
	select {
	case j := <-w.jobs:
		return j
	default:
	}
	if w.gather.enough == nil {
		return nil
	}
	began := time.Now()
	select {
	case j := <-w.jobs:
		w.gather.take(time.Since(began))
		return j
	case <-w.gather.enough:
		return nil
	case <-w.closing:
		return nil
	}
}

// run has j run in a savepoint. It reports whether its changes stand, and
// whether the transaction is intact: SQLite may undo all of it when it meets a
// full disk (sqlite.org/lang_transaction.html, 3.1).
func (w *writer) run(j *job) (ok, intact bool) {
	if _, err := w.c.exec("SAVEPOINT job"); err != nil {
		j.step <- step{err: explain(w.path, err)}
		return false, false
	}
	t := &tx{c: w.c, path: w.path}
	j.step <- step{tx: t}
	err := <-j.ran
	if err == nil && t.broken == nil {
		_, err = w.c.exec("RELEASE job")
		if err == nil {
			return true, true
		}
		t.fail(err)
	}
	_, lost := w.c.exec("ROLLBACK TO job")
	if lost == nil {
		_, lost = w.c.exec("RELEASE job")
	}
	if t.broken != nil {
		j.finish(t.broken)
	}
	return false, lost == nil
}

// finish answers a job whose function has returned nil. One whose function
// failed, or never returned, has its answer and no longer listens; the
// channel has room for what it does not read.
func (j *job) finish(err error) { j.step <- step{err: err} }

// commit makes the group durable and answers it.
func (w *writer) commit(landed []*job) {
	if len(landed) == 0 {
		w.rollback()
		return
	}
	_, err := w.c.exec("COMMIT")
	switch {
	case err == nil:
		for _, j := range landed {
			j.finish(nil)
		}
	case len(landed) == 1:
		w.rollback()
		landed[0].finish(explain(w.path, err))
	default:
		w.abort(landed)
	}
}

// abort gives up the transaction and runs each job that had landed in it once
// more, on its own, so that each meets its own result.
func (w *writer) abort(landed []*job) {
	w.rollback()
	for _, j := range landed {
		w.group(j, 1)
	}
}

// rollback ends the transaction if SQLite has not done so already.
func (w *writer) rollback() {
	// Its one error is that no transaction is open, which is as well.
	w.c.exec("ROLLBACK")
}
