package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// EvtRouter is emitted on the bus of a reachable host when what its router
// says has changed. A router may be wrong: only peers that dial an address back
// show that it leads here.
type EvtRouter struct {
	Found  bool           // a router answers UPnP or NAT-PMP
	Mapped []ma.Multiaddr // where it says that it passes connections on; sorted
}

func (e EvtRouter) equal(o EvtRouter) bool {
	return e.Found == o.Found && slices.EqualFunc(e.Mapped, o.Mapped, ma.Multiaddr.Equal)
}

// When the router is looked at, and looked for again. libp2p looks for one
// once, for ten seconds after its start, and renews what it got every twenty:
// a router that starts after the node (power is back), or another one (a laptop
// is carried elsewhere) would never be asked.
const (
	routerLook     = time.Second
	routerPatience = 30 * time.Second // longer than libp2p takes to get a port, or to renew it
	routerRest     = 5 * time.Minute  // between two searches at most
)

// router is libp2p's asking of the router for ports, begun again for as long
// as there is no answer.
type router struct {
	network network.Network
	ask     func(network.Network) basichost.NATManager

	mu     sync.Mutex // guards what follows
	asking basichost.NATManager
	closed bool

	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newRouter(n network.Network, ask func(network.Network) basichost.NATManager) *router {
	return &router{network: n, ask: ask, asking: ask(n)}
}

func (r *router) now() basichost.NATManager {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asking
}

// GetMapping implements libp2p's NATManager. An address of the router that is
// itself on somebody's network is none for the world: another router stands
// before it.
func (r *router) GetMapping(listen ma.Multiaddr) ma.Multiaddr {
	if at := r.now().GetMapping(listen); at != nil && manet.IsPublicAddr(at) {
		return at
	}
	return nil
}

// HasDiscoveredNAT implements libp2p's NATManager.
func (r *router) HasDiscoveredNAT() bool { return r.now().HasDiscoveredNAT() }

// Close implements libp2p's NATManager.
func (r *router) Close() error {
	r.mu.Lock()
	r.closed = true
	asking := r.asking
	r.mu.Unlock()
	return asking.Close()
}

// start looks after the router until stop, and tells the bus.
func (r *router) start(bus event.Bus) error {
	out, err := bus.Emitter(new(EvtRouter), eventbus.Stateful)
	if err != nil {
		return fmt.Errorf("tell of the router: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.done.Go(func() {
		defer out.Close()
		r.run(ctx, out)
	})
	return nil
}

func (r *router) stop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.done.Wait()
}

func (r *router) run(ctx context.Context, out event.Emitter) {
	tick := time.NewTicker(routerLook)
	defer tick.Stop()
	var told EvtRouter
	wait, since := routerPatience, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		says := r.says()
		if !says.equal(told) {
			told = says
			// It fails only once the host's bus is closed.
			_ = out.Emit(says)
		}
		switch {
		case len(says.Mapped) > 0:
			wait, since = routerPatience, time.Now()
		case time.Since(since) > wait:
			r.again()
			wait, since = min(2*wait, routerRest), time.Now()
		}
	}
}

// says is what the router says now.
func (r *router) says() EvtRouter {
	asking := r.now()
	e := EvtRouter{Found: asking.HasDiscoveredNAT()}
	for _, listen := range r.network.ListenAddresses() {
		if at := asking.GetMapping(listen); at != nil {
			e.Mapped = append(e.Mapped, at)
		}
	}
	slices.SortFunc(e.Mapped, ma.Multiaddr.Compare)
	e.Mapped = slices.CompactFunc(e.Mapped, ma.Multiaddr.Equal)
	return e
}

// again looks for a router as if for the first time.
func (r *router) again() {
	r.mu.Lock()
	old := r.asking
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.asking = r.ask(r.network)
	r.mu.Unlock()
	old.Close() // libp2p's never fails
}

// bothWays asks the router by NAT-PMP, which takes it a moment, and by libp2p's
// UPnP, which takes six seconds; the answer of the first counts if there is one.
type bothWays struct{ pmp, upnp basichost.NATManager }

func askBothWays(n network.Network) basichost.NATManager {
	return bothWays{pmp: newPMP(n, gateway), upnp: basichost.NewNATManager(n)}
}

// GetMapping implements libp2p's NATManager.
func (b bothWays) GetMapping(listen ma.Multiaddr) ma.Multiaddr {
	if at := b.pmp.GetMapping(listen); at != nil {
		return at
	}
	return b.upnp.GetMapping(listen)
}

// HasDiscoveredNAT implements libp2p's NATManager.
func (b bothWays) HasDiscoveredNAT() bool {
	return b.pmp.HasDiscoveredNAT() || b.upnp.HasDiscoveredNAT()
}

// Close implements libp2p's NATManager.
func (b bothWays) Close() error {
	return errors.Join(b.pmp.Close(), b.upnp.Close())
}
