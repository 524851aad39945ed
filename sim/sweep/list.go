package sweep

import (
	"context"
	"io"
	"slices"
	"sync"
)

// NewList returns a source that hands out cells in their order, for the workers
// of one process.
func NewList(cells []int) Source { return &list{cells: slices.Clone(cells)} }

type list struct {
	mu    sync.Mutex
	cells []int
}

func (l *list) Next(ctx context.Context) (Task, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.cells) == 0 {
		return nil, io.EOF
	}
	cell := l.cells[0]
	l.cells = l.cells[1:]
	return listed{l, cell}, nil
}

type listed struct {
	list *list
	cell int
}

func (t listed) Cell() int                     { return t.cell }
func (t listed) Working(context.Context) error { return nil }
func (t listed) Done(context.Context) error    { return nil }

func (t listed) Retry(context.Context) error {
	t.list.mu.Lock()
	defer t.list.mu.Unlock()
	t.list.cells = append(t.list.cells, t.cell)
	return nil
}
