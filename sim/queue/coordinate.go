package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
)

// Sweep is what a coordinator has to get done.
type Sweep struct {
	// Run names it, the same when it is resumed: 1 to 64 letters, digits, _ or -.
	Run string
	// Version is the program's. A result of another is refused.
	Version string
	// Jobs are the cells the record lacks, in the order they are begun; Files what
	// they name.
	Jobs  []Job
	Files []File
	// Exact is that two results of one cell must be the same to the bit.
	Exact bool
	// Attempts is how often a cell is tried before it counts as failed; by
	// default 5. A worker that died with it counts as an attempt.
	Attempts int
	Timing   Timing
	// Record makes a result durable before it returns. It is called once for
	// each cell, by one goroutine at a time. Its error ends the run; the result
	// stays in the queue.
	Record func(Result) error
	// Recorded gives a result's body that the record had before, for a cell that
	// is not among Jobs; nil if there is none. May be nil.
	Recorded func(cell int) []byte
	// Tell hears what is worth telling; it is called by one goroutine at a time.
	Tell func(Note)
	// Local are workers of this process beside the coordinator. Its Version,
	// Backoff, Tell, Idle and Cache are the sweep's.
	Local Workers
}

// Run gets the cells done by a queue in this process, and by the sweep's local
// workers, of which there must be one. The queue is in memory: the record has
// what is worth keeping, and a full disk does not stop the one that holds it.
// The folder dir is where the server has its few small files; it is emptied at
// the beginning and removed at the end.
//
// It returns nil once every cell is recorded, as failed or not.
func Run(ctx context.Context, dir string, s Sweep) error {
	if s.Local.Count < 1 {
		return errors.New("queue in this process: no worker")
	}
	e, err := startEmbedded(dir)
	if err != nil {
		return err
	}
	return errors.Join(e.coordinate(ctx, s), e.remove())
}

func (e *embedded) coordinate(ctx context.Context, s Sweep) error {
	defer e.close()
	l, err := e.connect("parley-sim")
	if err != nil {
		return fmt.Errorf("embedded queue: %w", err)
	}
	defer l.close()
	return coordinate(ctx, l, s)
}

// RunCluster gets the cells done by the workers of a cluster, and by the
// sweep's local ones, if any. What the cluster still holds of the run when ctx
// ends stays there: workers go on, and who resumes finds their results.
//
// It returns nil once every cell is recorded, as failed or not.
func RunCluster(ctx context.Context, a Address, s Sweep) error {
	l, err := dial(a, "parley-sim "+s.Run)
	if err != nil {
		return err
	}
	defer l.close()
	return coordinate(ctx, l, s)
}

// coordinator knows what is recorded, and compares it with the queue.
type coordinator struct {
	Sweep
	link   *link
	teller *teller
	nonce  string // of this coordinator, in the ids of what it publishes
	files  []file
	paths  map[string]string
	// finished is closed once every job is done.
	finished chan struct{}

	// What the keeper alone knows: whether what is missing has to be looked for,
	// how many jobs were open at the last check, and at how many checks in a row
	// nobody asked for the cells that wait.
	behind bool
	seen   int
	alone  int

	mu   sync.Mutex
	jobs map[int]*progress
	left int
	// differ are the cells of which two results were not the same.
	differ []int
}

// progress is what is known of one job.
type progress struct {
	job      Job
	place    int    // in the order of Jobs
	task     string // the SHA-256 of its body
	done     bool
	failed   bool
	result   string // the SHA-256 of what was recorded
	rounds   int    // how often it was published
	refusals int
}

func newCoordinator(l *link, s Sweep) (*coordinator, error) {
	s.Timing = s.Timing.withDefaults()
	if s.Attempts == 0 {
		s.Attempts = 5
	}
	c := &coordinator{
		Sweep: s, link: l, teller: &teller{to: s.Tell}, nonce: rand.Text(), finished: make(chan struct{}),
		paths: map[string]string{}, behind: true, jobs: make(map[int]*progress, len(s.Jobs)), left: len(s.Jobs),
	}
	for _, f := range s.Files {
		d, err := describe(f)
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", f.Name, err)
		}
		c.files, c.paths[f.Name] = append(c.files, d), f.Path
	}
	for i, j := range s.Jobs {
		p := &progress{job: j, place: i, task: sumText(j.Body)}
		if err := c.task(p).check(); err != nil {
			return nil, fmt.Errorf("cell %d: %w", j.Cell, err)
		}
		if c.jobs[j.Cell] != nil {
			return nil, fmt.Errorf("cell %d: twice in the plan", j.Cell)
		}
		c.jobs[j.Cell] = p
	}
	return c, nil
}

func coordinate(ctx context.Context, l *link, s Sweep) error {
	ctx = undated{ctx}
	c, err := newCoordinator(l, s)
	if err != nil {
		return err
	}
	if c.left == 0 {
		return nil
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	notes, err := l.nc.Subscribe(noteRoot+s.Run, c.hear)
	if err != nil {
		return fmt.Errorf("listen to workers: %w", err)
	}
	defer notes.Unsubscribe()
	if err := c.work(ctx); err != nil {
		return err
	}
	c.cleanUp(ctx)
	if len(c.differ) > 0 {
		return fmt.Errorf("cells %v: %w", c.differ, ErrDiffers)
	}
	return nil
}

// work has the keeper, the receiver and the local workers go on until the last
// cell is recorded.
func (c *coordinator) work(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.keep(gctx) })
	g.Go(func() error { return c.receive(gctx) })
	if c.Local.Count > 0 {
		g.Go(func() error { return c.local(gctx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if ctx.Err() != nil && c.open() > 0 {
		return ctx.Err()
	}
	return nil
}

// local runs this process's workers until all is done.
func (c *coordinator) local(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		select {
		case <-c.finished:
		case <-ctx.Done():
		}
		cancel()
	}()
	w := c.Local
	w.Version, w.Backoff, w.Idle, w.Tell = c.Version, c.Timing.Backoff, 0, c.onlyOwn
	err := newCrew(c.link, w, c.paths).run(ctx)
	cancel()
	<-stop
	return err
}

// onlyOwn passes on what a worker of this process tells of no cell; the rest
// comes as from any worker.
func (c *coordinator) onlyOwn(n Note) {
	if n.Cell < 0 {
		c.teller.tell(n)
	}
}

// hear passes on a worker's note.
func (c *coordinator) hear(msg *nats.Msg) {
	if n, err := decodeNote(msg.Data); err == nil {
		c.teller.tell(n)
	}
}

// open counts the jobs that are not done.
func (c *coordinator) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left
}
