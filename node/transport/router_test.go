package transport

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	ma "github.com/multiformats/go-multiaddr"
)

// searched is one search for a router, which finds what it is told to.
type searched struct {
	at     *atomic.Pointer[ma.Multiaddr] // where the router maps to; nil: it does not
	closed *atomic.Int32
}

func (s searched) GetMapping(ma.Multiaddr) ma.Multiaddr {
	if at := s.at.Load(); at != nil {
		return *at
	}
	return nil
}
func (s searched) HasDiscoveredNAT() bool { return s.at.Load() != nil }
func (s searched) Close() error           { s.closed.Add(1); return nil }

// A router that is not there when the node starts is looked for again, ever
// less often; what it says is told once; and one that is lost is looked for.
func TestRouterIsLookedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at atomic.Pointer[ma.Multiaddr]
		var made, closed atomic.Int32
		n := listens{at: []ma.Multiaddr{ma.StringCast("/ip4/0.0.0.0/tcp/4101"), ma.StringCast("/ip4/0.0.0.0/tcp/4101")}}
		r := newRouter(n, func(network.Network) basichost.NATManager { made.Add(1); return searched{&at, &closed} })
		bus := eventbus.NewBus()
		sub, err := bus.Subscribe(new(EvtRouter), eventbus.BufSize(16))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.start(bus); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		if made.Load() != 1 {
			t.Errorf("%d searches in half a minute", made.Load())
		}
		time.Sleep(time.Hour)
		if m := made.Load(); m < 12 || m > 16 || closed.Load() != m-1 {
			t.Errorf("%d searches in an hour, %d of them ended", m, closed.Load())
		}
		if len(sub.Out()) != 0 {
			t.Errorf("nothing was found, and told is %v", <-sub.Out())
		}

		there := ma.StringCast("/ip4/8.8.4.4/tcp/30123")
		at.Store(&there)
		time.Sleep(time.Hour)
		found := made.Load()
		if e := (<-sub.Out()).(EvtRouter); !e.Found || len(e.Mapped) != 1 || !e.Mapped[0].Equal(there) || len(sub.Out()) != 0 {
			t.Errorf("told %+v and %d more", e, len(sub.Out()))
		}
		if got := r.GetMapping(n.at[0]); !there.Equal(got) {
			t.Errorf("mapped to %v", got)
		}

		at.Store(nil)
		time.Sleep(35 * time.Second)
		if e := (<-sub.Out()).(EvtRouter); e.Found || len(e.Mapped) != 0 || made.Load() != found+1 {
			t.Errorf("lost: told %+v, %d searches", e, made.Load()-found)
		}
		r.stop()
		r.Close()
		sub.Close()
		if closed.Load() != made.Load() {
			t.Errorf("%d searches, %d ended", made.Load(), closed.Load())
		}
	})
}

// What a router behind another router says is told to its owner, and to nobody
// else.
func TestRouterBehindAnother(t *testing.T) {
	for _, c := range []struct {
		at   string
		told bool
	}{{"/ip4/8.8.4.4/tcp/1", true}, {"/ip4/10.9.0.2/tcp/1", false}, {"/ip4/100.64.3.2/tcp/1", false}, {"/ip4/192.168.0.9/tcp/1", false}} {
		var at atomic.Pointer[ma.Multiaddr]
		said := ma.StringCast(c.at)
		at.Store(&said)
		n := listens{at: []ma.Multiaddr{ma.StringCast("/ip4/0.0.0.0/tcp/4101")}}
		r := newRouter(n, func(network.Network) basichost.NATManager { return searched{&at, new(atomic.Int32)} })
		if told := r.GetMapping(n.at[0]) != nil; told != c.told || len(r.says().Mapped) != 1 || !r.HasDiscoveredNAT() {
			t.Errorf("%s: told to peers %v, to the owner %v", c.at, told, r.says())
		}
	}
}
