package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// freeMemory is how many bytes this process may take: what the machine has
// free, or what is left to the control group it is in, if that is less. It is 0
// where nobody can tell.
func freeMemory() int64 {
	free := memAvailable("/proc/meminfo")
	limit, used := fileNumber("/sys/fs/cgroup/memory.max"), fileNumber("/sys/fs/cgroup/memory.current")
	if limit > 0 && limit-used > 0 && (free == 0 || limit-used < free) {
		free = limit - used
	}
	return free
}

func memAvailable(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "MemAvailable:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// fileNumber is the number in a file, 0 where there is none.
func fileNumber(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
