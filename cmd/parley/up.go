package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/node/view"
)

type upCmd struct {
	Name     string   `help:"What this node is called." placeholder:"NAME"`
	Listen   []string `help:"Where other nodes reach this one, as a multiaddr; only this machine, on free ports that are kept, when left out. Repeatable." placeholder:"/ip4/0.0.0.0/udp/4101/quic-v1"`
	Peer     []string `help:"A node to connect to, as its own \"parley up\" prints it. Repeatable." placeholder:"ADDRESS"`
	API      string   `help:"Where the API listens; a loopback address." placeholder:"127.0.0.1:0"`
	Vendor   string   `help:"Answer intents as a vendor of this name." placeholder:"NAME"`
	Domain   string   `help:"The vendor's domain, where its key log is published." placeholder:"shop.example"`
	Public   string   `help:"Show everyone a vendor's key log, the agreements it accepts and its r-button by HTTP, at this address behind its web server." placeholder:"127.0.0.1:8080"`
	NoMDNS   bool     `name:"no-mdns" help:"Look for no nodes on the local network, and say nothing there."`
	NoDHT    bool     `name:"no-dht" help:"Look nobody up in the directory that nodes keep among themselves, and be in it nowhere."`
	Unlisted bool     `help:"Other nodes don't name this one to others."`
	NoButton bool     `help:"Web pages get no r-button of this node's: they can't even ask their visitor to show it."`
	reachFlags
	LogLevel  string `enum:"trace,debug,info,warn,error,off" default:"info" help:"How much to log to standard error: ${enum}."`
	LogFormat string `enum:"text,json" default:"text" help:"How to log: ${enum}."`
}

// Help implements kong.HelpProvider.
func (upCmd) Help() string {
	return `The node keeps everything in its data folder, and one node runs on a folder at
a time: ~/.local/share/parley on Linux, macOS and BSD, .local\share\parley in
%USERPROFILE% on Windows, or parley in $XDG_DATA_HOME where that is set. Another
is chosen with --home or PARLEY_HOME, for every command alike. The folder keeps
who is a vendor, the peers named, and --reachable or --listen (--local takes
them back), so that "parley up" alone goes on as before. What the options say
can also stand in config.toml there:

    name   = "Corner Shop"
    listen = ["/ip4/0.0.0.0/udp/4101/quic-v1"]
    peers  = ["/dns4/friend.example/udp/4101/quic-v1/p2p/12D3Koo…"]
    api    = "127.0.0.1:4180"
    [vendor]
    name   = "Corner Shop"
    domain = "shop.example"

A passphrase on the keys is asked for, or read from the file that
PARLEY_PASSPHRASE_FILE names. With --json the node says in one line where it
is once it can be used.

Example:

    parley up
    parley up --reachable    (for other machines too; see parley status)
    parley up --listen /ip4/0.0.0.0/udp/4101/quic-v1    (so, and there only)
    parley --home ~/shop up --vendor "Corner Shop" --domain shop.example
      --public 127.0.0.1:8080`
}

// Run runs a node until the context ends.
func (u upCmd) Run(e *env) error {
	if err := e.dir.Make(); err != nil {
		return err
	}
	options, err := u.options(e.dir)
	if err != nil {
		return err
	}
	said, err := u.listenOn(u.Listen)
	if err != nil {
		return err
	}
	if _, err := os.Stat(e.dir.Store()); u.Public != "" && options.Vendor == nil && errors.Is(err, fs.ErrNotExist) {
		return errNotVendors // a folder that is there may be a vendor's: see resumeVendor
	}
	log := u.logger(e.err)
	r := &running{env: e, options: options, said: said, public: u.Public, noButton: u.NoButton, log: log}
	err = r.open()
	if err == nil {
		err = r.serve()
	}
	return errors.Join(err, r.close())
}

// logger also takes in what libp2p logs. Much of that is about peers that come
// and go as they please, so it is heard from error upwards only, unless all is
// asked for.
func (u upCmd) logger(w io.Writer) hclog.Logger {
	level := hclog.LevelFromString(u.LogLevel)
	log := hclog.New(&hclog.LoggerOptions{Name: "parley", Level: level, Output: w, JSONFormat: u.LogFormat == "json", IndependentLevels: true})
	below := log.Named("libp2p")
	if level > hclog.Debug {
		below.SetLevel(max(level, hclog.Error))
	}
	transport.BridgeLogs(below)
	return log
}

// options are those of config.toml with those of the command line on top.
func (u upCmd) options(dir config.Dir) (config.Options, error) {
	o, err := dir.Load()
	if err != nil {
		return o, err
	}
	listen, err := u.listenOn(u.Listen)
	if err != nil {
		return o, err
	}
	if u.Public != "" {
		_, port, err := net.SplitHostPort(u.Public)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil {
			return o, wrong("--public: %v; it is an address and a port, such as 127.0.0.1:8080", err)
		}
	}
	o, err = o.With(config.Options{
		Name: u.Name, Listen: listen, Peers: u.Peer, API: u.API, Vendor: u.vendor(o),
		NoMDNS: u.NoMDNS, NoDHT: u.NoDHT, Unlisted: u.Unlisted,
	})
	if err != nil { // the file by itself was right
		return o, wrong("%v", err)
	}
	return o, nil
}

func (u upCmd) vendor(o config.Options) *config.Vendor {
	if u.Vendor == "" && u.Domain == "" {
		return nil
	}
	v := config.Vendor{Name: u.Vendor, Domain: u.Domain}
	if o.Vendor != nil && v.Name == "" {
		v.Name = o.Vendor.Name
	}
	if o.Vendor != nil && v.Domain == "" {
		v.Domain = o.Vendor.Domain
	}
	return &v
}

// running is a node with all it stands on, opened from the ground up and
// closed from the top down.
type running struct {
	*env
	options config.Options
	said    []string // where to listen, of the command line
	resumed bool     // listens as an earlier command line said
	log     hclog.Logger

	public   string // address of the web face; "" for none
	noButton bool

	registry *prometheus.Registry
	closers  []func() error
	host     host.Host
	node     *node.Node
}

// onClose adds what close does first.
func (r *running) onClose(what string, f func() error) {
	r.closers = append(r.closers, func() error {
		if err := f(); err != nil {
			return fmt.Errorf("close %s: %w", what, err)
		}
		return nil
	})
}

func (r *running) close() (err error) {
	for i := len(r.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, r.closers[i]())
	}
	return err
}

// open makes the node. The store comes first: its lock tells at once whether
// another node runs on the folder.
func (r *running) open() error {
	db, err := sqlite.Open(r.dir.Store())
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("a node already runs on %s (%w): stop that one, or choose another folder with --home", r.dir, err)
	}
	if err != nil {
		return err
	}
	r.onClose("store", db.Close)
	if err := r.resumeVendor(db); err != nil {
		return err
	}
	keys, err := r.openKeys()
	if err != nil {
		return err
	}
	r.onClose("keystore", keys.Close)
	r.registry = prometheus.NewRegistry()
	r.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	device, err := transport.LoadOrCreateKey(keys)
	if err != nil {
		return err
	}
	if r.host, err = r.listen(device); err != nil {
		return err
	}
	r.onClose("host", r.host.Close)
	watcher, err := r.watch()
	if err != nil {
		return err
	}
	found, err := r.discovery()
	if err != nil {
		return err
	}
	r.node, err = node.New(node.Config{
		Name: r.options.Name, Version: programVersion(), Host: r.host, Store: db, Keys: keys,
		Log: r.log, Registry: r.registry, Vendor: r.vendorConfig(), Reach: watcher, Discovery: found,
	})
	return err
}

// resumeVendor has a vendor's folder go on as that vendor's, and be found as
// one, where nothing else was said.
func (r *running) resumeVendor(st store.Store) error {
	if r.options.Vendor == nil {
		kept, err := node.KeptVendor(r.ctx, st)
		if err != nil {
			return err
		}
		if kept != nil {
			r.options, err = r.options.With(config.Options{Vendor: &config.Vendor{Name: kept.Name, Domain: kept.Domain}})
			if err != nil {
				return err
			}
			r.log.Info("this node is a vendor's and goes on as one", "name", kept.Name, "domain", kept.Domain)
		}
	}
	if r.public != "" && r.options.Vendor == nil {
		return errNotVendors
	}
	return nil
}

var errNotVendors = wrong("--public is a vendor's: say with --vendor who it is")

func (r *running) vendorConfig() *node.VendorConfig {
	if r.options.Vendor == nil {
		return nil
	}
	return &node.VendorConfig{Name: r.options.Vendor.Name, Domain: r.options.Vendor.Domain}
}

// serve runs the node and its API until the context ends.
func (r *running) serve() error {
	tokens, err := r.dir.MakeTokens()
	if err != nil {
		return err
	}
	server, err := api.New(api.Config{
		Node: r.node, WriteToken: tokens.Write, ReadToken: tokens.Read, Log: r.log.Named("api"), Version: programVersion(),
		NoButton: r.noButton, Metrics: promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}),
	})
	if err != nil {
		return err
	}
	listeners, err := api.Listen(r.options.API, r.dir.Socket())
	if err != nil {
		return err
	}
	addr := listeners[0].Addr().String()
	web, pages, err := r.listenPublic(r.ctx)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	g, ctx := errgroup.WithContext(r.ctx)
	g.Go(func() error {
		if err := r.node.Run(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		return errors.New("the node ended by itself")
	})
	g.Go(func() error { return server.Serve(ctx, listeners...) })
	g.Go(func() error { r.connect(ctx); return nil })
	at := where{api: addr}
	if pages != nil {
		at.public = web.Addr().String()
		g.Go(func() error { return pages.Run(ctx, web) })
	}
	g.Go(func() error {
		if err := r.dir.WriteAddress(addr); err != nil {
			return err
		}
		if err := r.ready(ctx, at); err != nil && ctx.Err() == nil {
			return err
		}
		<-ctx.Done()
		r.log.Info("stopping")
		return r.dir.RemoveAddress()
	})
	return g.Wait()
}

func closeAll(listeners []net.Listener) (err error) {
	for _, l := range listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

// connectEvery is how often a configured peer that is away is tried.
const connectEvery = 10 * time.Second

// connect connects to the configured peers; the node remembers those that
// answered and keeps to them by itself.
func (r *running) connect(ctx context.Context) {
	wanted := r.options.Peers
	for len(wanted) > 0 {
		var away []string
		for _, addr := range wanted {
			if _, err := r.node.AddPeer(ctx, addr); errors.Is(err, view.ErrInvalid) {
				r.log.Error("peer's address is no use", "peer", addr, "error", err)
			} else if err != nil {
				r.log.Warn("peer is away", "peer", addr, "error", err)
				away = append(away, addr)
			}
		}
		wanted = away
		select {
		case <-ctx.Done():
			return
		case <-time.After(connectEvery):
		}
	}
}
