package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	// publishers send at once, so that a round trip is not waited for by each.
	publishers = 32
	// publishPatience is how long a coordinator sends one task before it looks
	// again at what there is.
	publishPatience = 20 * time.Second
	// startPatience is how long a cluster has to answer at the beginning.
	startPatience = 30 * time.Second
	// lonelyChecks are how many times in a row nobody asks before it is told.
	lonelyChecks = 4
	// refusalsMost is how many results of one cell are refused before it counts
	// as failed.
	refusalsMost = 5
)

// begin makes what isn't there.
func (c *coordinator) begin(ctx context.Context) error {
	if err := c.ensureAtFirst(ctx); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if c.link.single {
		c.teller.tell(Note{Kind: Troubled, Cell: -1, Text: "the cluster has not three servers at the moment, so that one copy is kept of each cell; if its server is lost, cells are run again"})
	}
	return c.resetRecord(ctx)
}

// resetRecord has all results delivered again that somebody took and did not
// acknowledge, such as an earlier coordinator.
func (c *coordinator) resetRecord(ctx context.Context) error {
	err := c.link.js.DeleteConsumer(ctx, resultsStream, recordName(c.Run))
	if err != nil && !gone(err) {
		return fmt.Errorf("queue: consumer of results: %w", err)
	}
	return c.ensureRecord(ctx)
}

// ensureAtFirst gives a cluster that is choosing its leaders time for it.
func (c *coordinator) ensureAtFirst(ctx context.Context) error {
	for start := time.Now(); ; {
		_, err := c.link.ensure(ctx, c.Version, c.Timing)
		if err == nil || final(err) || time.Since(start) > startPatience || wait(ctx, reconnectWait) != nil {
			return err
		}
	}
}

func (c *coordinator) ensureRecord(ctx context.Context) error {
	if err := c.link.ensureConsumer(ctx, resultsStream, jetstream.ConsumerConfig{
		Durable: recordName(c.Run), FilterSubject: resultRoot + c.Run + ".>", Description: "coordinator",
	}); err != nil {
		return fmt.Errorf("queue: consumer of results: %w", err)
	}
	return nil
}

// keep compares the record with the queue until all is done, and publishes
// what neither has.
func (c *coordinator) keep(ctx context.Context) error {
	trouble := ""
	for {
		err := c.reconcile(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			trouble = ""
		case final(err):
			return err
		case err.Error() != trouble:
			trouble = err.Error()
			c.teller.tell(Note{Kind: Troubled, Cell: -1, Text: trouble})
		}
		select {
		case <-c.finished:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.Timing.Check):
		}
	}
}

func (c *coordinator) reconcile(ctx context.Context) error {
	made, err := c.link.ensure(ctx, c.Version, c.Timing)
	if len(made) > 0 {
		c.teller.tell(Note{Kind: Wiped, Cell: -1, Text: strings.Join(made, ", ") + " was gone; made anew"})
	}
	if err != nil {
		return err
	}
	if err := c.ensureRecord(ctx); err != nil {
		return err
	}
	if err := c.link.upload(ctx, c.files, c.paths); err != nil {
		return err
	}
	if left := c.open(); c.behind || len(made) > 0 || left == c.seen {
		c.behind = true
		if err := c.fill(ctx); err != nil {
			return err
		}
		c.behind = false
	} else {
		c.seen = left // results come: what is missing can wait
	}
	return c.listen(ctx)
}

// fill publishes what is missing.
func (c *coordinator) fill(ctx context.Context) error {
	gaps, err := c.gaps(ctx)
	if err != nil {
		return err
	}
	return c.publish(ctx, gaps)
}

// gaps are the cells that neither the record nor the queue has, in order.
//
// A worker stores a result before it acknowledges the task. So what is not
// among the tasks is, if it was done, among the results that are listed after
// them, or else recorded by the time that is looked at last.
func (c *coordinator) gaps(ctx context.Context) ([]*progress, error) {
	tasks, err := c.link.outstanding(ctx, tasksStream, taskRoot+versionToken(c.Version)+"."+c.Run+".>")
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	results, err := c.link.outstanding(ctx, resultsStream, resultRoot+c.Run+".>")
	if err != nil {
		return nil, fmt.Errorf("list results: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var gaps []*progress
	again := 0
	for _, p := range c.jobs {
		if p.done || tasks[taskSubject(c.Version, c.Run, p.job.Cell)] > 0 || results[resultSubject(c.Run, p.job.Cell)] > 0 {
			continue
		}
		if p.rounds > 0 {
			again++
		}
		gaps = append(gaps, p)
	}
	slices.SortFunc(gaps, func(a, b *progress) int { return a.place - b.place })
	if again > 0 {
		c.teller.tell(Note{Kind: Published, Cell: -1, Text: fmt.Sprintf("%d cells are neither recorded nor in the queue; published again", again)})
	}
	return gaps, nil
}

// publish stores tasks. The id of each stays until it is stored, so that one
// which was stored unheard of is not stored twice.
func (c *coordinator) publish(ctx context.Context, gaps []*progress) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(publishers)
	for _, p := range gaps {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			t := c.task(p)
			b, err := json.Marshal(t)
			if err != nil {
				return err
			}
			if err := c.link.publish(ctx, taskSubject(c.Version, c.Run, p.job.Cell), t.ID, b, publishPatience); err != nil {
				return err
			}
			c.mu.Lock()
			p.rounds++
			c.mu.Unlock()
			return nil
		})
	}
	return g.Wait()
}

// task is a job as it travels.
func (c *coordinator) task(p *progress) task {
	return task{
		Format: format, Run: c.Run, Cell: p.job.Cell, Version: c.Version,
		ID:       fmt.Sprintf("%s/%d/%s/%d", c.Run, p.job.Cell, c.nonce, p.rounds),
		Attempts: c.Attempts, Sum: p.task, Body: p.job.Body, Files: c.files,
	}
}

// listen tells if cells wait and nobody asks for them.
func (c *coordinator) listen(ctx context.Context) error {
	cons, err := c.link.js.Consumer(ctx, tasksStream, workersName(c.Version))
	if err != nil {
		return err
	}
	info := cons.CachedInfo()
	if info.NumPending == 0 || info.NumWaiting > 0 || info.NumAckPending > 0 {
		c.alone = 0
		return nil
	}
	if c.alone++; c.alone == lonelyChecks {
		c.teller.tell(Note{Kind: Lonely, Cell: -1, Text: fmt.Sprintf("%d cells wait, and no worker of version %s asks for one", info.NumPending, c.Version)})
	}
	return nil
}

// cleanUp takes what is left of the run out of the queue. What it can't remove
// goes by itself after two weeks.
func (c *coordinator) cleanUp(ctx context.Context) {
	if tasks, err := c.link.js.Stream(ctx, tasksStream); err == nil {
		_ = tasks.Purge(ctx, jetstream.WithPurgeSubject(taskRoot+versionToken(c.Version)+"."+c.Run+".>"))
	}
	if results, err := c.link.js.Stream(ctx, resultsStream); err == nil {
		_ = results.DeleteConsumer(ctx, recordName(c.Run))
		_ = results.Purge(ctx, jetstream.WithPurgeSubject(resultRoot+c.Run+".>"))
	}
}
