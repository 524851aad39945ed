package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type eventsCmd struct {
	Follow bool          `short:"f" help:"Go on until interrupted."`
	After  uint64        `help:"Begin after the event of this number." placeholder:"N"`
	Since  time.Duration `help:"Show none older than this." placeholder:"1h"`
}

// Help implements kong.HelpProvider.
func (eventsCmd) Help() string {
	return `A log: the oldest first. With --json each event is one line.

Example:

    parley events --since 1h
    parley events --follow --json | jq -r .text`
}

// followWait is how long one call waits for the next event.
const followWait = 50 * time.Second

// Run shows events.
func (v eventsCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	from := time.Time{}
	if v.Since > 0 {
		from = time.Now().Add(-v.Since)
	}
	for after := v.After; ; {
		events, err := v.next(e, c, after)
		if v.Follow && e.ctx.Err() != nil {
			return nil // interrupted, as asked
		}
		if err != nil {
			return err
		}
		if len(events) == 0 && !v.Follow {
			return nil
		}
		for _, ev := range events {
			after = ev.Seq
			if ev.Time.Std().Before(from) {
				continue
			}
			if err := e.printEvent(ev); err != nil {
				return err
			}
		}
	}
}

func (v eventsCmd) next(e *env, c *client.Client, after uint64) ([]view.Event, error) {
	events, err := c.Events(e.ctx, after, 0)
	if err != nil || len(events) > 0 || !v.Follow {
		return events, err
	}
	events, err = c.Events(e.ctx, after, followWait)
	if errors.Is(err, client.ErrNoNode) {
		return nil, fmt.Errorf("the node has stopped: %w", err)
	}
	return events, err
}

func (e *env) printEvent(ev view.Event) error {
	if e.asJSON {
		return e.line(ev)
	}
	_, err := fmt.Fprintf(e.out, "%s  %s\n", ev.Time.Std().Local().Format("2006-01-02 15:04:05"), clean(ev.Text))
	return err
}
