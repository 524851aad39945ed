package market

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Duration is a time.Duration written in ISO 8601: "PT2H30M", "P3D". A day is
// 24 hours; weeks, months and years are refused.
type Duration time.Duration

var durationForm = regexp.MustCompile(`^P(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?$`)

// MarshalText writes the ISO 8601 form in days, hours, minutes and seconds.
func (d Duration) MarshalText() ([]byte, error) {
	if d < 0 {
		return nil, fmt.Errorf("duration %s is negative", time.Duration(d))
	}
	s := uint64(time.Duration(d) / time.Second)
	if s == 0 {
		return []byte("PT0S"), nil
	}
	b := []byte("P")
	if days := s / 86400; days > 0 {
		b = append(strconv.AppendUint(b, days, 10), 'D')
	}
	clock := s % 86400
	if clock > 0 {
		b = append(b, 'T')
	}
	for _, part := range []struct {
		n    uint64
		unit byte
	}{{clock / 3600, 'H'}, {clock / 60 % 60, 'M'}, {clock % 60, 'S'}} {
		if part.n > 0 {
			b = append(strconv.AppendUint(b, part.n, 10), part.unit)
		}
	}
	return b, nil
}

// UnmarshalText reads the ISO 8601 form.
func (d *Duration) UnmarshalText(b []byte) error {
	parts := durationForm.FindSubmatch(b)
	if parts == nil || b[len(b)-1] == 'P' || b[len(b)-1] == 'T' {
		return fmt.Errorf("%s is not an ISO 8601 duration such as PT2H30M or P3D", quote(string(b)))
	}
	var total time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi("0" + string(parts[i+1])) // at most five digits by the form
		total += time.Duration(n) * unit
	}
	*d = Duration(total)
	return nil
}
