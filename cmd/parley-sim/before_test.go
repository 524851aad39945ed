package main

import (
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestAddressIsTaken: a page that can't be served is told before a folder is
// made, with what to do.
func TestAddressIsTaken(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "town.toml", "[clock]\nsteps = 2\n[people]\ncount = 60\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out := command(t, 1, "run", "town.toml", "--live", l.Addr().String())
	if !strings.Contains(out, "--live 127.0.0.1:0 takes an address that is free") {
		t.Error(out)
	}
	if _, err := os.Stat("town.run"); err == nil {
		t.Error("a folder was made")
	}
}

// TestWorkerStaysWithinMemory: the collector is told, as it is where a run has no
// queue; by itself the heap grows to twice of what cells keep.
func TestWorkerStaysWithinMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	command(t, 1, "worker", "--queue", "nats://127.0.0.1:1", "--memory", "3GiB")
	if got := debug.SetMemoryLimit(-1); got != 3<<30 {
		t.Errorf("the collector keeps to %d bytes", got)
	}
}

// TestRunIDIsTheFolders: drawn once, and read by whoever shares the folder.
func TestRunIDIsTheFolders(t *testing.T) {
	dir := t.TempDir()
	first, err := runID(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := runID(dir)
	if err != nil || first != second || len(first) < 20 {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
	info, err := os.Stat(filepath.Join(dir, queueID))
	if err != nil || info.Mode().Perm()&0o044 != 0o044 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left %v", entries)
	}
}
