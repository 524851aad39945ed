package yardstick

import (
	"syscall"
	"time"
)

func usage() (u syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // a process may always ask of itself
	}
	return u
}

// processor is the time that this process has had of all processors: what a run
// of one thread takes, whatever else runs on the machine.
func processor() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// mostMemory is the most that this process ever had, in bytes.
func mostMemory() int64 { return usage().Maxrss << 10 }
