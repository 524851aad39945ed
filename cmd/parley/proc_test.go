package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
)

// proc is a "parley up" in a process and a folder of its own. TestMain makes
// this test's binary the program.
type proc struct {
	t     *testing.T
	name  string
	home  string
	args  []string // of up
	under []string // what runs the program, such as "ip netns exec"; none: this test

	mu     sync.Mutex // guards what a restart changes
	cmd    *exec.Cmd
	client *client.Client
	where  whereabouts
	log    *bytes.Buffer
}

// newProc starts a node for the first time; it is killed at the test's end.
func newProc(t *testing.T, home, name string, args ...string) *proc {
	t.Helper()
	p := &proc{t: t, name: name, home: home, args: args}
	p.begin()
	return p
}

// begin starts the node, and sees to its end.
func (p *proc) begin() {
	t := p.t
	t.Helper()
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("last words of %s:\n%s", p.name, tail(p.log.String(), 30))
		}
	})
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// start runs the node and returns when its API answers.
func (p *proc) start() {
	p.t.Helper()
	if err := p.tryStart(); err != nil {
		p.t.Fatalf("start %s: %v\n%s", p.name, err, tail(p.log.String(), 30))
	}
}

func (p *proc) tryStart() error {
	line := slices.Concat(p.under, []string{"parley", "--json", "--home", p.home, "up", "--name", p.name, "--log-level=info"}, p.args)
	cmd := exec.Command(line[0], line[1:]...)
	log := new(bytes.Buffer)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd, p.log = cmd, log
	said, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return errors.Join(err, cmd.Wait())
	}
	if err := json.Unmarshal(said, &p.where); err != nil {
		return err
	}
	p.client, err = client.Open(config.Dir(p.home))
	return err
}

// api is a client of the node as it runs now.
func (p *proc) api() *client.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.client
}

// kill ends the process at once, whatever it is doing.
func (p *proc) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd.ProcessState == nil {
		p.cmd.Process.Kill()
		p.cmd.Wait() // its error is that it was killed
	}
}

// stop ends the process in order.
func (p *proc) stop() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v\n%s", p.name, err, tail(p.log.String(), 30))
	}
}

// meet connects the node to others, which it remembers.
func (p *proc) meet(others ...*proc) {
	p.t.Helper()
	for _, q := range others {
		if _, err := p.api().AddPeer(p.t.Context(), q.where.Addresses[0]); err != nil {
			p.t.Fatalf("%s meets %s: %v", p.name, q.name, err)
		}
	}
}

// stock fills a vendor's catalogue with one item at a price.
func (p *proc) stock(item, price string) {
	p.t.Helper()
	line, err := json.Marshal(market.Item{SKU: "1", Name: item, Category: household, Price: money.Money{Currency: "EUR", Amount: price}})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.api().ImportCatalogue(p.t.Context(), bytes.NewReader(line), vendor.NDJSON); err != nil {
		p.t.Fatal(err)
	}
}

var household = intentcast.Category{Taxonomy: "shopify", Value: "home-garden/household-supplies"}

// wanting asks for one item.
func wanting(item string) view.Want {
	return view.Want{Category: household, Items: []intentcast.Want{{Name: item, Quantity: "1"}}}
}

// eventually waits until cond holds.
func eventually(t *testing.T, d time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !cond(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s", d, what)
		}
	}
}

// run runs a command on a node's folder and returns its exit code and output.
func (p *proc) run(args ...string) (int, string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "parley", append([]string{"--home", p.home}, args...)...)
	cmd.Env = os.Environ()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
