package queue

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The processes of a cluster are this test binary, told by PARLEY_QUEUE_ROLE
// what to be. Each ends when its standard input does, so that none outlives
// the test that started it.
func TestMain(m *testing.M) {
	role := os.Getenv("PARLEY_QUEUE_ROLE")
	if role == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var err error
	switch role {
	case "server":
		err = beServer(ctx)
	case "worker":
		err = beWorker(ctx)
	case "coordinator":
		err = beCoordinator(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
}

// process is one of them.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // its standard output
}

func start(t *testing.T, role string, env ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "PARLEY_QUEUE_ROLE="+role), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, stdin: in, lines: make(chan string, 100)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(p.end)
	return p
}

// end has it end by itself, and waits for that.
func (p *process) end() {
	p.stdin.Close()
	for range p.lines {
	}
	_ = p.cmd.Wait()
}

// kill is SIGKILL.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.end()
}

// says waits for a line of its output.
func (p *process) says(t *testing.T, line string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case got, ok := <-p.lines:
			if !ok {
				t.Fatalf("it ended without saying %q", line)
			}
			if got == line {
				return
			}
		case <-timeout:
			t.Fatalf("it does not say %q", line)
		}
	}
}

// cluster is three servers that know each other, each a process.
type cluster struct {
	clients, routes []int
	dirs            []string
	servers         []*process
}

const clusterSecret = "correct-horse"

func startCluster(t *testing.T) *cluster {
	t.Helper()
	ports := freePorts(t, 6)
	c := &cluster{clients: ports[:3], routes: ports[3:], servers: make([]*process, 3)}
	dir := t.TempDir()
	for i := range 3 {
		c.dirs = append(c.dirs, filepath.Join(dir, strconv.Itoa(i)))
		c.start(t, i)
	}
	for _, p := range c.servers {
		p.says(t, "ready")
	}
	return c
}

func (c *cluster) start(t *testing.T, i int) {
	var routes []string
	for _, r := range c.routes {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", r))
	}
	c.servers[i] = start(t, "server", "NAME=s"+strconv.Itoa(i), "DIR="+c.dirs[i], "ROUTES="+strings.Join(routes, ","),
		fmt.Sprintf("CLIENT=%d", c.clients[i]), fmt.Sprintf("ROUTE=%d", c.routes[i]))
}

// url names all three, with the user and the password.
func (c *cluster) url() string {
	var urls []string
	for _, p := range c.clients {
		urls = append(urls, fmt.Sprintf("nats://sim:%s@127.0.0.1:%d", clusterSecret, p))
	}
	return strings.Join(urls, ",")
}

func (c *cluster) address(t *testing.T) Address {
	t.Helper()
	a, err := ParseAddress(c.url(), "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (c *cluster) dial(t *testing.T) *link {
	t.Helper()
	l, err := dial(c.address(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // all at once, so that no port is had twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// beServer is one server of the cluster. It says ready when the cluster has a
// leader and it has caught up.
func beServer(ctx context.Context) error {
	client, err := strconv.Atoi(env("CLIENT"))
	if err != nil {
		return err
	}
	route, err := strconv.Atoi(env("ROUTE"))
	if err != nil {
		return err
	}
	opts := &server.Options{
		ServerName: env("NAME"), Host: "127.0.0.1", Port: client, JetStream: true, StoreDir: env("DIR"), NoLog: true, NoSigs: true,
		Username: "sim", Password: clusterSecret,
		Cluster: server.ClusterOpts{Name: "lab", Host: "127.0.0.1", Port: route},
	}
	for _, r := range strings.Split(env("ROUTES"), ",") {
		u, err := url.Parse(r)
		if err != nil {
			return err
		}
		opts.Routes = append(opts.Routes, u)
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	srv.Start()
	defer func() { srv.Shutdown(); srv.WaitForShutdown() }()
	for !srv.JetStreamIsCurrent() || len(srv.JetStreamClusterPeers()) < 3 && srv.JetStreamIsLeader() {
		if wait(ctx, 20*time.Millisecond) != nil {
			return nil
		}
	}
	fmt.Println("ready")
	<-ctx.Done()
	return nil
}

// beWorker runs cells of the cluster.
func beWorker(ctx context.Context) error {
	a, err := ParseAddress(env("URL"), "")
	if err != nil {
		return err
	}
	return Work(ctx, a, Workers{Version: "v1", Name: env("NAME"), Count: 2, Execute: walk})
}

// beCoordinator is a whole run in one process, which records in a folder.
func beCoordinator(ctx context.Context) error {
	var jobs []Job
	if err := json.Unmarshal([]byte(env("JOBS")), &jobs); err != nil {
		return err
	}
	record := folder(env("RECORD"))
	return Run(ctx, env("DIR"), Sweep{
		Run: "run", Version: "v1", Jobs: record.missing(jobs), Exact: true, Record: record.put, Recorded: record.get,
		Local: Workers{Name: "child", Count: 2, Execute: walk},
	})
}
