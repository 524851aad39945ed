package event_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/event"
	"github.com/parley-network/parley/sim/random"
)

// Against a sorted list: what comes out is in order of time, and among equals
// in order of pushing, however pushes and pops take turns.
func TestQueueIsAStableSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct{ at, order int64 }
		var q event.Queue[time.Duration, int64]
		var list []entry
		for i, op := range rapid.SliceOfN(rapid.IntRange(-3, 9), 0, 200).Draw(t, "ops") {
			if op >= 0 {
				q.Push(time.Duration(op), int64(i))
				list = append(list, entry{int64(op), int64(i)})
				continue
			}
			if len(list) == 0 {
				continue
			}
			slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
			next, _ := q.Next()
			at, order := q.Pop()
			if want := list[0]; at != next || int64(at) != want.at || order != want.order {
				t.Fatalf("got %d of %d, want %+v", order, at, want)
			}
			list = list[1:]
		}
		if q.Len() != len(list) {
			t.Fatalf("%d wait, want %d", q.Len(), len(list))
		}
		q.Reset()
		if _, any := q.Next(); any || q.Len() != 0 {
			t.Fatal("a queue that was reset holds events")
		}
	})
}

func TestQueueAllocatesNothingPerEvent(t *testing.T) {
	var q event.Queue[float64, [3]int32]
	q.Grow(1000)
	r := random.New(1, "queue")
	if n := testing.AllocsPerRun(100, func() {
		for range 1000 {
			q.Push(r.Float64(), [3]int32{})
		}
		for range 1000 {
			q.Pop()
		}
	}); n != 0 {
		t.Errorf("%v allocations for 1,000 events", n)
	}
}

// The hold model: each event that happens schedules another.
func BenchmarkHold(b *testing.B) {
	for _, size := range []int{1_000, 100_000, 1_000_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			var q event.Queue[float64, [3]int32]
			r := random.New(1, "hold")
			for range size {
				q.Push(r.Float64(), [3]int32{})
			}
			b.ReportAllocs()
			for b.Loop() {
				at, e := q.Pop()
				q.Push(at+r.Float64(), e)
			}
		})
	}
}
