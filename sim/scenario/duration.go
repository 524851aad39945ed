package scenario

import (
	"fmt"
	"time"
)

// Duration is a time.Duration written as in Go: "150ms", "1h30m".
type Duration time.Duration

// Std returns it as Go's own.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// MarshalText writes it as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what [time.ParseDuration] does.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("duration %q: want a number with its unit, such as 150ms or 2h", b)
	}
	*d = Duration(v)
	return nil
}
