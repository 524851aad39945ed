package policy

import (
	"fmt"
	"time"
)

// window is a [Quiet] in minutes since local midnight.
type window struct{ from, to int }

func (q Quiet) window() (window, error) {
	from, err := minutes(q.From)
	if err != nil {
		return window{}, fmt.Errorf("from %w", err)
	}
	to, err := minutes(q.To)
	if err != nil {
		return window{}, fmt.Errorf("to %w", err)
	}
	if from == to {
		return window{}, fmt.Errorf("from and to are both %s: none or all of the day?", q.From)
	}
	return window{from, to}, nil
}

func minutes(clock string) (int, error) {
	t, err := time.Parse("15:04", clock)
	if err != nil || len(clock) != len("15:04") {
		return 0, fmt.Errorf("%.20q is not a time of day such as 07:30", clock)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// holds reports whether the wall clock of local lies in w. Where clocks are put
// back an hour of w is quiet twice, where they are put forward not at all.
func (w window) holds(local time.Time) bool {
	m := local.Hour()*60 + local.Minute()
	if w.from < w.to {
		return w.from <= m && m < w.to
	}
	return m >= w.from || m < w.to
}
