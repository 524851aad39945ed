package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// calendarUnits are what time.ParseDuration lacks. A day is 24 hours here:
// where the calendar counts, commands take dates.
var calendarUnits = map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour}

var calendarPart = regexp.MustCompile(`^([0-9]{1,4})([dw])`)

// parseSpan reads a length of time such as 90s, 24h, 2d, 1w or 1w2d12h.
func parseSpan(s string) (time.Duration, error) {
	var sum time.Duration
	rest := s
	for m := calendarPart.FindStringSubmatch(rest); m != nil; m = calendarPart.FindStringSubmatch(rest) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * calendarUnits[m[2]]
		rest = rest[len(m[0]):]
	}
	if rest == "" && s != "" {
		return sum, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || rest != s && d < 0 {
		return 0, fmt.Errorf("%q is not a length of time such as 30s, 24h, 2d or 1w", s)
	}
	return sum + d, nil
}

// decodeSpan is parseSpan for the command line.
func decodeSpan(ctx *kong.DecodeContext, target reflect.Value) error {
	var s string
	if err := ctx.Scan.PopValueInto("duration", &s); err != nil {
		return err
	}
	d, err := parseSpan(s)
	if err != nil {
		return err
	}
	target.Set(reflect.ValueOf(d))
	return nil
}
