package sqlite

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const inNamespace = "PARLEY_STORE_TEST_FULL_DISK"

// TestFullDisk is TestFull on a disk that really is full: a small tmpfs. It
// runs in a process with a mount namespace of its own, where no privilege is
// needed and nothing stays mounted however the test ends.
func TestFullDisk(t *testing.T) {
	if os.Getenv(inNamespace) != "" {
		fillDisk(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skipf("SKIPPED: a mount namespace: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	if bytes.Contains(out.Bytes(), []byte("SKIPPED")) {
		t.Skipf("%s", out.Bytes())
	}
}

func fillDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("full", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("SKIPPED: mounting a small tmpfs: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	s, err := Open(filepath.Join(dir, "node.db"))
	if err != nil {
		t.Fatal(err)
	}
	fillUp(t, s)
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
