package gossip_test

import (
	"context"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
)

// The service over TCP on loopback and by the real clock; when Run has
// returned and the hosts are closed, no goroutine is left.
func TestLoopback(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	heard := make(chan *intentcast.Cast, 1)
	author, follower := loopback(t), loopback(t)
	ended := make(chan error, 2)
	services := map[host.Host]*gossip.Service{}
	for _, h := range []host.Host{author, follower} {
		s, err := gossip.New(gossip.Config{Host: h, Deliver: func(_ context.Context, c *intentcast.Cast) { heard <- c }})
		if err != nil {
			t.Fatal(err)
		}
		services[h] = s
		go func() { ended <- s.Run(ctx) }()
	}
	if err := author.Connect(ctx, peer.AddrInfo{ID: follower.ID(), Addrs: follower.Addrs()}); err != nil {
		t.Fatal(err)
	}
	c := stroller(t, "parent")
	if err := services[follower].Join(ctx, c.Intent.Shard()); err != nil {
		t.Fatal(err)
	}
	if err := services[author].Cast(ctx, c); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-heard:
		if got.ID != c.ID {
			t.Errorf("heard %s, want %s", got.ID, c.ID)
		}
	case <-ctx.Done():
		t.Error("nothing heard")
	}
	stop()
	for range services {
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	for h := range services {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

func loopback(t *testing.T) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay())
	if err != nil {
		t.Fatal(err)
	}
	return h
}
