//go:build !linux

package yardstick

import (
	"runtime"
	"time"
)

var began = time.Now()

// processor is the time by the clock, where nothing better is known.
func processor() time.Duration { return time.Since(began) }

// mostMemory is what the Go runtime took from the system, in bytes.
func mostMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
