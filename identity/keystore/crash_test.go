//go:build unix

package keystore

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary runs itself again as a process to be killed or starved.
const (
	childDir  = "KEYSTORE_TEST_DIR"
	childRole = "KEYSTORE_TEST_ROLE"
)

func TestMain(m *testing.M) {
	switch role, dir := os.Getenv(childRole), os.Getenv(childDir); role {
	case "":
		os.Exit(m.Run())
	case "starved":
		report(starved(dir))
	default:
		report(writeUntilKilled(dir, role))
	}
}

func report(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// secretOf is the secret that a child stores under a name.
func secretOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// writeUntilKilled puts secrets and prints the name of each once it is
// acknowledged. Others are overwritten all the time, so that the file is
// rewritten every few puts.
func writeUntilKilled(dir, round string) error {
	s, err := Open(dir, nil)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		a, b := fmt.Sprintf("%s-%d-a", round, i), fmt.Sprintf("%s-%d-b", round, i)
		if err := s.PutAll(map[string][]byte{a: secretOf(a), b: secretOf(b)}); err != nil {
			return err
		}
		fmt.Println(a)
		if err := s.Put(fmt.Sprint("hot", i%3), make([]byte, 20<<10)); err != nil {
			return err
		}
		if i%5 == 4 {
			if err := s.Delete(fmt.Sprint("hot", i%3)); err != nil {
				return err
			}
		}
	}
}

func child(t *testing.T, dir, role string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childDir+"="+dir, childRole+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// Whenever the process is killed, every secret it acknowledged is there, and
// of two secrets put together either both are there or none.
func TestKilled(t *testing.T) {
	const rounds = 25
	dir := t.TempDir() + "/keys"
	var acked []string
	for round := range rounds {
		names := killed(t, dir, fmt.Sprint(round))
		acked = append(acked, names...)
		s := open(t, dir)
		for _, a := range acked {
			wantSecret(t, s, a, string(secretOf(a)))
		}
		for _, name := range s.Names() {
			if a, ok := strings.CutSuffix(name, "-a"); ok {
				wantSecret(t, s, a+"-b", string(secretOf(a+"-b")))
			}
		}
		closeStore(t, s)
	}
	if len(acked) < rounds {
		t.Errorf("%d secrets acknowledged in %d rounds: the test killed too early to tell", len(acked), rounds)
	}
	t.Logf("%d acknowledged puts survived %d kills", len(acked), rounds)
}

// killed runs a writer, kills it some time after its first put, and returns
// the names it acknowledged.
func killed(t *testing.T, dir, role string) (names []string) {
	t.Helper()
	cmd := child(t, dir, role)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for first := true; ; first = false {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line without its end was not printed to its end
		}
		if strings.HasPrefix(line, "error:") {
			t.Fatal(line)
		}
		names = append(names, strings.TrimSpace(line))
		if first {
			kill := time.AfterFunc(rand.N(40*time.Millisecond), func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("the writer ended with %v", err)
	}
	return names
}

// When the disk is full, a put fails and says so, what was there stays, and
// once there is room the store goes on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir() + "/keys"
	out, err := child(t, dir, "starved").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := open(t, dir)
	names := strings.Fields(string(out))
	if len(names) < 3 || len(names) != len(s.Names()) {
		t.Errorf("acknowledged %q, stored %q", names, s.Names())
	}
	for _, name := range names {
		wantSecret(t, s, name, string(secretOf(name)))
	}
	if _, err := os.Stat(filepath.Join(dir, newName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a rewrite was left behind: %v", err)
	}
}

// starved puts secrets under a limit on the size of files, until one fails,
// then lifts the limit and puts one more. It prints what was acknowledged.
func starved(dir string) error {
	signal.Ignore(unix.SIGXFSZ)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	s, err := Open(dir, nil)
	if err != nil {
		return err
	}
	low := limit
	low.Cur = 1000 // not a multiple of a record, so that one is cut
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &low); err != nil {
		return err
	}
	for i := 0; ; i++ {
		name := fmt.Sprint("key", i)
		if err := s.Put(name, secretOf(name)); err != nil {
			if !errors.Is(err, unix.EFBIG) {
				return fmt.Errorf("the full disk is reported as %w", err)
			}
			if _, err := s.Get(name); !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("%s was not stored and is read: %w", name, err)
			}
			break
		}
		fmt.Println(name)
	}
	low.Cur = 100
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &low); err != nil {
		return err
	}
	if err := s.SetPassphrase(nil); !errors.Is(err, unix.EFBIG) {
		return fmt.Errorf("the full disk is reported as %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := s.Put("after", secretOf("after")); err != nil {
		return err
	}
	fmt.Println("after")
	return s.Close()
}
