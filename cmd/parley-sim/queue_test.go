package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/parley-network/parley/sim/result"
)

// TestQueue runs a sweep by two workers that see nothing but a NATS server. The
// process that coordinates is killed on the way and so is a worker; the tables
// are, to the byte, those of a run in one process, and no output has the
// password in it.
func TestQueue(t *testing.T) {
	dir := t.TempDir()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: filepath.Join(dir, "nats"), NoLog: true, NoSigs: true,
		Username: "sim", Password: "s3cret",
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	url := "PARLEY_SIM_QUEUE=" + strings.Replace(srv.ClientURL(), "nats://", "nats://sim:s3cret@", 1)

	file := filepath.Join(dir, "s.toml")
	if err := os.WriteFile(file, []byte(killed), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, spread := filepath.Join(dir, "whole"), filepath.Join(dir, "spread")
	if out, err := exec.Command("parley-sim", "run", file, "--out", whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command("parley-sim", args...)
		cmd.Env = append(os.Environ(), url)
		return cmd
	}
	worker := func(name string) *exec.Cmd {
		cmd := command("worker", "--workers", "1", "--name", name)
		log, err := os.Create(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	first := command("run", file, "--out", spread, "--no-local")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	one, two := worker("one"), worker("two")
	defer func() { _ = two.Process.Signal(os.Interrupt); _ = two.Wait() }()
	journal := filepath.Join(spread, "journal", "local.log")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(journal); err == nil && bytes.Count(text, []byte("\n")) > 5 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is recorded")
		}
	}
	for _, cmd := range []*exec.Cmd{first, one} {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	out, err := command("resume", spread, "--no-local").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.ReadFile(filepath.Join(dir, "two.log"))
	if err != nil {
		t.Fatal(err)
	}
	if all := string(out) + string(log); strings.Contains(all, "s3cret") || !strings.Contains(all, "with a user") {
		t.Errorf("the output tells the password, or not where the queue is:\n%s", all)
	}
	for _, name := range []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV} {
		want, errWant := os.ReadFile(filepath.Join(whole, name))
		got, errGot := os.ReadFile(filepath.Join(spread, name))
		if errWant != nil || errGot != nil || !bytes.Equal(want, got) {
			t.Errorf("%s of two workers is another (%v, %v)", name, errWant, errGot)
		}
	}
	once(t, spread)
}

func TestQueueAddressIsWrong(t *testing.T) {
	for _, args := range [][]string{
		{"worker", "--queue", "http://sim:s3cret@host"},
		{"worker", "--queue", "nats://sim:s3cret@host:1", "--creds", "/nowhere"},
		{"worker", "--queue", "nats://host:1", "--workers", "0"},
	} {
		out, err := exec.Command("parley-sim", args...).CombinedOutput()
		if fmt.Sprint(err) != "exit status 2" || strings.Contains(string(out), "s3cret") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
