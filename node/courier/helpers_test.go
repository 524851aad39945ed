package courier

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
)

// testNode is one party's courier and what it is made of, which outlives the
// courier so that a test can start another on it.
type testNode struct {
	t       testing.TB
	host    host.Host
	store   store.Store
	secrets *keystore.Store
	courier *Courier
	cancel  context.CancelFunc
	ended   chan error

	mu   sync.Mutex
	got  []Inbound
	more chan struct{}
}

// durableStore is a store whose transactions letters can be sent in.
type durableStore struct{ store.Store }

func (s durableStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	var d *durableTx
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		d = &durableTx{Tx: tx}
		return fn(d)
	})
	if err != nil {
		return err
	}
	for _, then := range d.then {
		then()
	}
	return nil
}

type durableTx struct {
	store.Tx
	then []func()
}

func (tx *durableTx) OnDurable(fn func()) { tx.then = append(tx.then, fn) }

// nodeOption changes a test node's configuration.
type nodeOption func(*Config)

// quick has nodes not wait for more peers to turn up.
func quick(c *Config) { c.Limits.Settle = time.Nanosecond }

func newNode(t testing.TB, h host.Host, opts ...nodeOption) *testNode {
	t.Helper()
	return newNodeAt(t, h, memory.New(), opts...)
}

func newNodeAt(t testing.TB, h host.Host, s store.Store, opts ...nodeOption) *testNode {
	t.Helper()
	n := &testNode{t: t, host: h, store: s, secrets: keystore.Memory(), more: make(chan struct{}, 1)}
	n.start(opts...)
	return n
}

// start runs a courier on what the node has; the effect of a letter is a
// record in the store.
func (n *testNode) start(opts ...nodeOption) {
	n.t.Helper()
	if _, ok := n.store.(durableStore); !ok {
		n.store = durableStore{n.store}
	}
	cfg := Config{
		Host: n.host, Store: n.store, Secrets: n.secrets, Rand: rand.NewPCG(1, 2),
		Handle: func(_ context.Context, tx store.Tx, in Inbound) error {
			return tx.Insert(store.Record{Kind: "effect", ID: in.Label + "/" + in.ID, Ref: in.Kind, Body: in.Body})
		},
	}
	for _, o := range opts {
		o(&cfg)
	}
	inner := cfg.Handle
	cfg.Handle = func(ctx context.Context, tx store.Tx, in Inbound) error {
		err := inner(ctx, tx, in)
		n.mu.Lock()
		n.got = append(n.got, in)
		n.mu.Unlock()
		return err
	}
	c, err := New(cfg)
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.courier, n.cancel, n.ended = c, cancel, make(chan error, 1)
	go func() { n.ended <- c.Run(ctx) }()
	eventually(n.t, 20*time.Second, "courier running", func() bool {
		_, leave, ok := c.group.enter()
		if ok {
			leave()
		}
		return ok
	})
}

// stop ends the courier as a process would end, letters half way and all.
func (n *testNode) stop() {
	n.t.Helper()
	n.cancel()
	if n.ended == nil {
		return // stopped before
	}
	if err := <-n.ended; err != nil {
		n.t.Errorf("Run: %v", err)
	}
	n.ended = nil
}

// send enqueues a letter and commits.
func (n *testNode) send(out Outgoing) string {
	n.t.Helper()
	var id string
	err := n.store.Update(context.Background(), func(tx store.Tx) (err error) {
		id, err = n.courier.Send(tx.(Tx), out)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.courier.Wake()
	return id
}

// openRoute opens a route for an hour.
func (n *testNode) openRoute(label string) intentcast.Route {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := n.courier.OpenRoute(ctx, label, time.Now().Add(time.Hour))
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// effects returns the bodies of the letters that had an effect here.
func (n *testNode) effects() []string {
	n.t.Helper()
	var out []string
	err := n.store.View(context.Background(), func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: "effect"})
		out = nil
		for _, r := range recs {
			out = append(out, string(r.Body))
		}
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return out
}

func (n *testNode) inbounds() []Inbound {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Inbound(nil), n.got...)
}

// letter returns where a letter stands.
func (n *testNode) letter(id string) LetterStatus {
	n.t.Helper()
	ls, err := n.courier.Letters(context.Background(), "")
	if err != nil {
		n.t.Fatal(err)
	}
	for _, l := range ls {
		if l.ID == id {
			return l
		}
	}
	n.t.Fatalf("no letter %s in the outbox", id)
	return LetterStatus{}
}

// eventually waits until ok, looking often; in a bubble the time is virtual.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(max(10*time.Millisecond, within/2000))
	}
}

func connect(t testing.TB, a, b host.Host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := a.Connect(ctx, peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

// met waits until all nodes have the records of those they are connected to.
func met(t testing.TB, nodes ...*testNode) {
	t.Helper()
	for _, n := range nodes {
		eventually(t, 20*time.Second, "holder records swapped", func() bool {
			return len(n.courier.book.fresh(time.Now())) >= len(n.host.Network().Peers())
		})
	}
}

// loopbackHost is a real host on this machine.
func loopbackHost(t testing.TB) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"), libp2p.DisableRelay())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// loopback returns n nodes over real transports, each connected to those the
// function edge wants, and ends them with the test.
func loopback(t testing.TB, n int, edge func(i, j int) bool, opts ...nodeOption) []*testNode {
	t.Helper()
	return nodesOn(t, n, func(int) host.Host { return loopbackHost(t) }, edge, opts...)
}

func nodesOn(t testing.TB, n int, newHost func(i int) host.Host, edge func(i, j int) bool, opts ...nodeOption) []*testNode {
	t.Helper()
	nodes := make([]*testNode, n)
	for i := range nodes {
		nodes[i] = newNode(t, newHost(i), opts...)
	}
	for i := range nodes {
		for j := range i {
			if edge(i, j) || edge(j, i) {
				connect(t, nodes[i].host, nodes[j].host)
			}
		}
	}
	met(t, nodes...)
	return nodes
}

// shut stops couriers and hosts.
func shut(nodes ...*testNode) {
	for _, n := range nodes {
		n.stop()
	}
	for _, n := range nodes {
		n.host.Close()
	}
}

func everybody(int, int) bool { return true }

// simulated returns a maker of hosts on one simulated network, for use in a
// bubble, and what ends the network.
func simulated(t *testing.T) (newHost func(i int) host.Host, end func()) {
	t.Helper()
	net := &simnet.Simnet{LatencyFunc: simnet.StaticLatency(10 * time.Millisecond)}
	link := simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps}
	net.Start()
	return func(i int) host.Host {
		h, err := libp2p.New(
			libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/1.0.0.%d/udp/8000/quic-v1", i+1)),
			libp2p.DisableIdentifyAddressDiscovery(), libp2p.DisableRelay(),
			simlibp2p.QUICSimnet(net, simnet.NodeBiDiLinkSettings{Downlink: link, Uplink: link}),
		)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}, net.Close
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withPeer returns r as if another peer were to take its letters.
func withPeer(r intentcast.Route, p peer.ID) intentcast.Route {
	r.Peer = p.String()
	return r
}

// enqueueAlone sends in a transaction of its own.
func (c *Courier) enqueueAlone(out Outgoing) (id string, err error) {
	err = c.cfg.Store.Update(context.Background(), func(tx store.Tx) error {
		id, err = c.Send(tx.(Tx), out)
		return err
	})
	return id, err
}

func benchNodes(b *testing.B, n int) []*testNode {
	nodes := loopback(b, n, everybody, quick, func(c *Config) {
		c.Limits.Hold = DefaultLimits().Hold
		c.Limits.Hold.PeerLetters = 256
		c.Limits.Letters = DefaultLimits().Letters
		c.Limits.Letters.PeerBurst, c.Limits.Letters.PeerBurstBytes = 1e9, 1e12
	})
	b.Cleanup(func() { shut(nodes...) })
	return nodes
}

// bareHost is a host that is never asked anything but its id.
type bareHost struct{ host.Host }

func (*bareHost) ID() peer.ID { return "bare" }

// bare returns a courier that does not run.
func (n *testNode) bare() *Courier {
	c, err := New(Config{
		Host: n.host, Store: memory.New(), Secrets: keystore.Memory(), Rand: rand.NewPCG(1, 2),
		Handle: func(context.Context, store.Tx, Inbound) error { return nil },
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}
