package marketrun

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestTogether(t *testing.T) {
	var running, most atomic.Int32
	var told []int
	err := together(t.Context(), 50, func(done int) { told = append(told, done) }, func(context.Context, int) error {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(told) != 50 || !slices.IsSorted(told) || told[49] != 50 {
		t.Errorf("progress was told as %v", told)
	}
	if most.Load() > atOnce {
		t.Errorf("%d at a time, at most %d are wanted", most.Load(), atOnce)
	}
}

func TestTogetherEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	err := together(t.Context(), 1000, func(int) {}, func(ctx context.Context, i int) error {
		if i == 3 {
			return broken
		}
		<-ctx.Done() // only the error lets the others go
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestRoomToCast(t *testing.T) {
	r := &run{opts: Options{Patience: 10 * time.Millisecond}, watch: newWatch(3, 9), businesses: make([]*member, 3)}
	for cast := range underWay {
		if err := r.roomToCast(t.Context(), cast); err != nil {
			t.Fatalf("intent %d waits: %v", cast, err)
		}
	}
	if r.roomToCast(t.Context(), underWay) == nil {
		t.Fatal("more intents are under way than shall be")
	}
	r.watch.counts_.decided = 3
	if err := r.roomToCast(t.Context(), underWay); err != nil {
		t.Error(err)
	}
}

func TestRoomToAccept(t *testing.T) {
	r := &run{opts: Options{Patience: 10 * time.Millisecond}, watch: newWatch(3, 9), businesses: make([]*member, 3)}
	for _, c := range []counts{{}, {active: 1, countersigned: 1}, {active: 1, closed: 3}, {countersigned: 1, closed: 3}} {
		r.watch.counts_ = c
		if r.roomToAccept(t.Context(), underWay) == nil {
			t.Errorf("with %+v the next card is not waited with", c)
		}
	}
	r.watch.counts_ = counts{active: 1, countersigned: 1, closed: 3}
	if err := r.roomToAccept(t.Context(), underWay); err != nil {
		t.Error(err)
	}
}
