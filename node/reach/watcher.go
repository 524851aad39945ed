package reach

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/parley-network/parley/node/transport"
)

// Watcher knows how a host can be reached. Its methods are safe for concurrent
// use.
type Watcher struct {
	host host.Host
	log  hclog.Logger

	mu      sync.Mutex
	started time.Time // zero: not yet
	found   event.EvtHostReachableAddrsChanged
	router  transport.EvtRouter
	relays  []ma.Multiaddr
}

// New returns a watcher of h that hears nothing until Run. A nil log is silent.
func New(h host.Host, log hclog.Logger) *Watcher {
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return &Watcher{host: h, log: log}
}

// lookEvery is how often the judgement is looked at for the log, besides when
// something happened.
const lookEvery = 10 * time.Second

// Run watches the host until ctx ends, and logs what changes. It returns
// ctx's error.
func (w *Watcher) Run(ctx context.Context) error {
	sub, err := w.host.EventBus().Subscribe([]any{
		new(event.EvtHostReachableAddrsChanged), new(event.EvtAutoRelayAddrsUpdated), new(transport.EvtRouter),
	}, eventbus.Name("reach"))
	if err != nil {
		return fmt.Errorf("watch reachability: %w", err)
	}
	defer sub.Close()
	w.begin(time.Now())
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var told Kind
	for {
		if j := w.Judgement(); j.Kind != told {
			told = j.Kind
			w.log.Info("how this node can be reached", "kind", j.Kind, "means", j.Text)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case e, ok := <-sub.Out():
			if !ok {
				return fmt.Errorf("watch reachability: the host's events ended")
			}
			w.hear(e)
		}
	}
}

func (w *Watcher) begin(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = now
}

func (w *Watcher) hear(e any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case event.EvtHostReachableAddrsChanged:
		w.found = e
	case transport.EvtRouter:
		w.router = e
	case event.EvtAutoRelayAddrsUpdated:
		w.relays = e.RelayAddrs
	}
}

// Judgement returns how the host can be reached now.
func (w *Watcher) Judgement() Judgement { return Judge(w.facts(time.Now())) }

// Own returns where the machines of this host's own network reach it, each
// with the host's id at its end; some of these it tells nobody.
func (w *Watcher) Own() (out []string) {
	addrs, _ := w.host.Network().InterfaceListenAddresses()
	for _, a := range addrs {
		if !transport.IsCircuit(a) && transport.BeyondLoopback([]ma.Multiaddr{a}) {
			out = append(out, a.String()+"/p2p/"+w.host.ID().String())
		}
	}
	return out
}

func (w *Watcher) facts(now time.Time) Facts {
	n := w.host.Network()
	interfaces, err := n.InterfaceListenAddresses()
	if err != nil {
		w.log.Debug("addresses of this machine are not known", "error", err)
	}
	f := Facts{
		Listen: n.ListenAddresses(), Interfaces: interfaces, Peers: len(n.Peers()),
		Offers: slices.Contains(w.host.Mux().Protocols(), circuit.ProtoIDv2Hop),
	}
	f.Outside = outside(w.host)
	w.mu.Lock()
	defer w.mu.Unlock()
	f.Reachable, f.Unreachable, f.Unknown, f.Relays = w.found.Reachable, w.found.Unreachable, w.found.Unknown, w.relays
	f.Router, f.Mapped = w.router.Found, w.router.Mapped
	if !w.started.IsZero() {
		f.Watched = now.Sub(w.started)
	}
	return f
}

// outside counts the peers connected directly over an address of the Internet:
// those that can tell whether a host is reached from there.
func outside(h host.Host) (n int) {
	for _, p := range h.Network().Peers() {
		if slices.ContainsFunc(h.Network().ConnsToPeer(p), func(c network.Conn) bool {
			return !c.Stat().Limited && manet.IsPublicAddr(c.RemoteMultiaddr())
		}) {
			n++
		}
	}
	return n
}
