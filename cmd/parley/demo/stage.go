package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// stage is the six nodes and whoever tells of them.
type stage struct {
	opts    Options
	say     *teller
	players map[string]*player
	order   []string
}

// player is one node, a process of its own.
type player struct {
	name   string
	dir    config.Dir
	cmd    *exec.Cmd
	log    *os.File
	exited chan struct{}
	client *client.Client
	status view.Status
	seen   uint64       // number of the last event read
	events []view.Event // read and not yet asked for
}

// open starts the six nodes, connects them and fills the vendors' catalogues.
func (s *stage) open(ctx context.Context) error {
	s.say.title("Six nodes, six processes")
	s.players = map[string]*player{}
	s.order = []string{person}
	all := vendors()
	for _, v := range all {
		s.order = append(s.order, v.name)
	}
	domains := map[string]string{}
	for _, v := range all {
		domains[v.name] = v.domain
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, name := range s.order {
		p := &player{name: name, exited: make(chan struct{}), dir: config.Dir(filepath.Join(s.opts.Dir, folder(name)))}
		s.players[name] = p
		g.Go(func() error { return p.start(gctx, s.opts.Program, domains[name]) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	for _, v := range all {
		if err := s.players[v.name].stock(ctx, v); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		s.say.tell(v.name, fmt.Sprintf("runs on process %d with %d %s in its catalogue", s.players[v.name].cmd.Process.Pid, len(v.items), plural(len(v.items), "item")))
	}
	s.say.tell(person, fmt.Sprintf("runs on process %d. Each node dialled two others; any of them could have been the first.", s.players[person].cmd.Process.Pid))
	return s.settle(ctx)
}

func folder(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// start runs "parley up" on a folder of the player's and waits for its API.
func (p *player) start(ctx context.Context, program, domain string) error {
	if err := p.dir.Make(); err != nil {
		return err
	}
	options := map[string]any{"name": p.name}
	if domain != "" {
		options["vendor"] = map[string]string{"name": p.name, "domain": domain}
	}
	text, err := toml.Marshal(options)
	if err != nil {
		return fmt.Errorf("write options of %s: %w", p.name, err)
	}
	if err := os.WriteFile(p.dir.File(), text, 0o600); err != nil {
		return fmt.Errorf("write options of %s: %w", p.name, err)
	}
	if p.log, err = os.Create(filepath.Join(string(p.dir), "log")); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd = exec.Command(program, "--home", string(p.dir), "up")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	// A group of its own, so that an interrupt at the terminal reaches the
	// demo alone, which then ends its nodes in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		p.cmd.Wait()
		close(p.exited)
	}()
	return p.await(ctx)
}

// await polls until the node's API answers.
func (p *player) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if c, err := client.Open(p.dir); err == nil {
			if p.status, err = c.Status(ctx); err == nil {
				p.client = c
				return nil
			}
			c.Close()
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended before it answered:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer: %w\n%s", p.name, ctx.Err(), p.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tail is the end of the node's log.
func (p *player) tail() string {
	b, err := os.ReadFile(p.log.Name())
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-2000):])
}

// connect has each node dial the two before it, the first two each other.
func (s *stage) connect(ctx context.Context) error {
	n := len(s.order)
	for i, name := range s.order {
		for _, j := range []int{(i + n - 1) % n, (i + n - 2) % n} {
			addr := slices.MinFunc(s.players[s.order[j]].status.Addresses, strings.Compare)
			if _, err := s.players[name].client.AddPeer(ctx, addr); err != nil {
				return fmt.Errorf("connect %s to %s: %w", name, s.order[j], err)
			}
		}
	}
	return nil
}

// stock hands a vendor's node its catalogue and rules, as its owner would.
func (p *player) stock(ctx context.Context, v seller) error {
	lines, err := v.lines()
	if err != nil {
		return err
	}
	report, err := p.client.ImportCatalogue(ctx, lines, vendor.NDJSON)
	if err != nil {
		return err
	}
	if len(report.Refused) > 0 {
		return fmt.Errorf("catalogue line %d: %s", report.Refused[0].Line, report.Refused[0].Problem)
	}
	_, err = p.client.SetRules(ctx, v.rules)
	return err
}

// settle waits until every node knows others that could keep its replies.
func (s *stage) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, name := range s.order {
		for {
			peers, err := s.players[name].client.Peers(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if holders(peers) >= 2 {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s knows %d nodes that keep replies, two are needed", name, holders(peers))
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

func holders(peers []view.Peer) int {
	n := 0
	for _, p := range peers {
		if p.Holds {
			n++
		}
	}
	return n
}

// await returns the next event of one of the kinds at a node.
func (s *stage) await(ctx context.Context, name string, kinds ...string) (view.Event, error) {
	p := s.players[name]
	deadline := time.Now().Add(patience)
	for {
		for i, e := range p.events {
			if slices.Contains(kinds, e.Kind) {
				p.events = slices.Delete(p.events, i, i+1)
				return e, nil
			}
		}
		more, err := p.client.Events(ctx, p.seen, 2*time.Second)
		if err != nil {
			return view.Event{}, fmt.Errorf("%s: %w", name, err)
		}
		for _, e := range more {
			p.seen = e.Seq
			p.events = append(p.events, e)
		}
		if time.Now().After(deadline) {
			return view.Event{}, fmt.Errorf("%s: waited %s for %s\n%s", name, patience, strings.Join(kinds, " or "), p.tail())
		}
	}
}

// stay leaves the nodes running until ctx ends.
func (s *stage) stay(ctx context.Context, res *Result) {
	s.say.title("The nodes stay until you press Ctrl-C")
	for _, name := range s.order {
		dir := string(s.players[name].dir)
		res.Folders = append(res.Folders, NodeFolder{name, dir})
		s.say.detail("%-16s parley --home %s status", name, dir)
	}
	<-ctx.Done()
}

// close ends the nodes, politely and then not.
func (s *stage) close() error {
	var errs []error
	for _, p := range s.players {
		if p.cmd == nil || p.cmd.Process == nil {
			continue
		}
		p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range s.players {
		if p.cmd == nil || p.cmd.Process == nil {
			continue
		}
		select {
		case <-p.exited:
		case <-time.After(15 * time.Second):
			p.cmd.Process.Kill()
			<-p.exited
			errs = append(errs, fmt.Errorf("%s had to be killed", p.name))
		}
		if p.client != nil {
			p.client.Close()
		}
		errs = append(errs, p.log.Close())
	}
	return errors.Join(errs...)
}
