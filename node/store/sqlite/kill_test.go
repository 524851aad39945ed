package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/sqlite"
)

// Tests run this binary again as another process: asChild names what it is to
// do, childPath the store it does it to.
const (
	asChild   = "PARLEY_STORE_TEST_CHILD"
	childPath = "PARLEY_STORE_TEST_PATH"
)

func TestMain(m *testing.M) {
	switch os.Getenv(asChild) {
	case "":
		os.Exit(m.Run())
	case "write":
		writeForEver(os.Getenv(childPath))
	case "open":
		_, err := sqlite.Open(os.Getenv(childPath))
		fmt.Println(errors.Is(err, store.ErrLocked), err)
	}
}

// child returns this test binary as a command that does job on path.
func child(job, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asChild+"="+job, childPath+"="+path)
	return cmd
}

// writeForEver inserts pairs of records from several goroutines and prints
// each pair's id once it is acknowledged.
func writeForEver(path string) {
	s, err := sqlite.Open(path)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	run := fmt.Sprintf("%016x", rand.Uint64())
	var wg sync.WaitGroup
	var mu sync.Mutex
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", run, w, i)
				err := s.Update(context.Background(), func(tx store.Tx) error {
					body := []byte(strings.Repeat(id, 1+i%100))
					return errors.Join(
						tx.Insert(store.Record{Kind: "letter", ID: id, Body: body}),
						tx.Insert(store.Record{Kind: "seen", ID: id, Ref: id, State: "s", Due: time.UnixMicro(int64(i))}))
				})
				mu.Lock()
				if err != nil {
					fmt.Println("error:", err)
				} else {
					fmt.Println(id) // one write(2) a line
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestSIGKILL kills a writing process at random moments and finds, each time,
// every record it had acknowledged, and no pair torn.
func TestSIGKILL(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "node.db")
	acknowledged := map[string]bool{}
	for round := range rounds {
		before := len(acknowledged)
		// From the first acknowledgement on, except that the first rounds may
		// be killed while the store is being created or opened.
		killWriter(t, path, round%5 != 0, acknowledged)
		checkAcknowledged(t, path, acknowledged)
		t.Logf("round %d: %d acknowledged", round, len(acknowledged)-before)
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d records acknowledged in %d rounds", len(acknowledged), rounds)
	}
}

// killWriter runs a writer for a random while, from its first acknowledgement
// or else from its start, and adds what it acknowledged.
func killWriter(t *testing.T, path string, fromFirst bool, acknowledged map[string]bool) {
	t.Helper()
	cmd := child("write", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	kill := func() {
		time.AfterFunc(time.Duration(rand.Int64N(int64(60*time.Millisecond))), func() { cmd.Process.Kill() })
	}
	if !fromFirst {
		kill()
	}
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line without its end was not yet acknowledged
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "error:") {
			t.Fatal(line)
		}
		acknowledged[strings.TrimSpace(line)] = true
		if n == 0 && fromFirst {
			kill()
		}
	}
	cmd.Wait() // its error is that it was killed
}

func checkAcknowledged(t *testing.T, path string, acknowledged map[string]bool) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	err := s.View(context.Background(), func(tx store.Tx) error {
		letters, err := tx.List(store.Query{Kind: "letter"})
		if err != nil {
			return err
		}
		found := make(map[string]bool, len(letters))
		for _, r := range letters {
			found[r.ID] = true
			if !strings.HasPrefix(string(r.Body), r.ID) {
				t.Errorf("letter %s has the body of another", r.ID)
			}
		}
		for id := range acknowledged {
			if !found[id] {
				t.Errorf("%s was acknowledged and is gone", id)
			}
		}
		seen, err := tx.Count(store.Query{Kind: "seen", State: "s"})
		if seen != len(letters) {
			t.Errorf("%d letters and %d seen: an update was torn", len(letters), seen)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
