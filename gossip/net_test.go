package gossip_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
)

// node is a real host on a simulated link with its gossip service running.
type node struct {
	host.Host
	*gossip.Service
	reg *prometheus.Registry

	mu    sync.Mutex
	heard []*intentcast.Cast
	told  []termupdate.Verified
	block chan struct{} // when set, each delivery waits for it
}

func (n *node) deliver(_ context.Context, c *intentcast.Cast) {
	if n.block != nil {
		<-n.block
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard = append(n.heard, c)
}

func (n *node) deliverTerms(_ context.Context, v termupdate.Verified) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, v)
}

// ids are what was delivered so far, in order.
func (n *node) ids() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var ids []string
	for _, c := range n.heard {
		ids = append(ids, c.ID.String())
	}
	return ids
}

// count is the value of a counter or gauge, "ignored/duplicate" for one reason.
func (n *node) count(t *testing.T, name, reason string) int {
	t.Helper()
	families, err := n.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "parley_gossip_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			if reason == "" || m.GetLabel()[0].GetValue() == reason {
				return int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
			}
		}
	}
	return 0
}

// simulation is everything inside one virtual-time bubble.
type simulation struct {
	t     *testing.T
	ctx   context.Context
	sim   *simnet.Simnet
	nodes []*node
	stop  func() // ends every Run
	kept  int    // intents that the ledger of a node made from now on keeps; 0: as shipped
	hosts int
	extra []host.Host // beside the nodes'
}

// simulate runs fn in a bubble with n nodes that do not know each other yet.
// It ends, or fails, with every goroutine gone.
func simulate(t *testing.T, n int, fn func(*simulation)) {
	t.Helper()
	simulateSmall(t, make([]int, n), fn)
}

// simulateSmall is simulate with nodes whose ledgers keep so many intents.
func simulateSmall(t *testing.T, kept []int, fn func(*simulation)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		net := &simulation{t: t, ctx: ctx, stop: stop, sim: &simnet.Simnet{LatencyFunc: simnet.StaticLatency(20 * time.Millisecond)}}
		var g errgroup.Group
		for _, net.kept = range kept {
			net.nodes = append(net.nodes, net.node(&g))
		}
		net.sim.Start()
		defer func() { // also after t.Fatal, or the bubble would wait for ever
			stop()
			if err := g.Wait(); err != nil {
				t.Errorf("run: %v", err)
			}
			for _, n := range net.nodes {
				net.extra = append(net.extra, n.Host)
			}
			for _, h := range net.extra {
				if err := h.Close(); err != nil {
					t.Errorf("close host: %v", err)
				}
			}
			net.sim.Close()
		}()
		fn(net)
	})
}

func (net *simulation) node(g *errgroup.Group) *node {
	n := &node{Host: net.host(), reg: prometheus.NewRegistry()}
	s, err := gossip.New(gossip.Config{Intents: net.kept, Host: n.Host, Registry: n.reg, Deliver: n.deliver, DeliverTerms: n.deliverTerms})
	if err != nil {
		net.t.Fatal(err)
	}
	n.Service = s
	g.Go(func() error { return s.Run(net.ctx) })
	return n
}

func (net *simulation) host() host.Host {
	net.hosts++
	const megabit = simlibp2p.OneMbps
	link := simnet.NodeBiDiLinkSettings{
		Downlink: simnet.LinkSettings{BitsPerSecond: 20 * megabit},
		Uplink:   simnet.LinkSettings{BitsPerSecond: 20 * megabit},
	}
	return simlibp2p.MustNewHost(net.t,
		libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/1.0.%d.%d/udp/8000/quic-v1", net.hosts/250, net.hosts%250+1)),
		libp2p.DisableIdentifyAddressDiscovery(),
		simlibp2p.QUICSimnet(net.sim, link),
	)
}

func (net *simulation) connect(a, b host.Host) {
	net.t.Helper()
	if err := a.Connect(net.ctx, peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}); err != nil {
		net.t.Fatal(err)
	}
}

// ring connects each node to the next and to one further round.
func (net *simulation) ring() {
	for i, n := range net.nodes {
		for _, step := range []int{1, 5} {
			if other := net.nodes[(i+step)%len(net.nodes)]; other != n {
				net.connect(n.Host, other.Host)
			}
		}
	}
}

// join has all nodes follow the shards and lets their meshes form.
func (net *simulation) join(nodes []*node, shards ...string) {
	net.t.Helper()
	for _, n := range nodes {
		if err := n.Join(net.ctx, shards...); err != nil {
			net.t.Fatal(err)
		}
	}
	net.settle()
}

// settle lets a few heartbeats pass.
func (net *simulation) settle() {
	time.Sleep(5 * time.Second)
	synctest.Wait()
}

func (net *simulation) cast(n *node, c *intentcast.Cast) {
	net.t.Helper()
	if err := n.Cast(net.ctx, c); err != nil {
		net.t.Fatal(err)
	}
}

func signer(name string) identity.Signer {
	seed := sha256.Sum256([]byte(name))
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
}

// mailbox is a reply route by way of somebody else.
var mailbox = intentcast.Route{
	Peer:  "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
	Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
	Slot:  bytes.Repeat([]byte{7}, 32),
	Key:   bytes.Repeat([]byte{9}, intentcast.ReplyKeySize),
}

// stroller is an open intent of the named author, made now, and its signed
// cast. The bubble's clock says when that is.
func stroller(t *testing.T, author string) *intentcast.Cast {
	t.Helper()
	return sign(t, example.Stroller(signer(author).DID(), mailbox, time.Now()), author)
}

func sign(t *testing.T, in intentcast.Intent, author string) *intentcast.Cast {
	t.Helper()
	c, err := intentcast.Sign(in, signer(author), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
