package node

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/relcard"
)

const (
	benchVendors = 30                     // each has its share of the cards
	benchHelpers = 24                     // carry and hold letters for the person
	benchAnswer  = 100 * time.Millisecond // each of its letters waits up to that, and those behind it in its line
)

// townVar names the socket on which [TestTown] serves, in the process that is
// the town.
const townVar = "PARLEY_BENCH_TOWN"

// vendorsVar, set to "nodes", has the vendors be whole nodes, who keep what they
// are told and have mailboxes. Else they are stand-ins: vendors share the
// processors with the person here, as they would not elsewhere.
const vendorsVar = "PARLEY_BENCH_VENDORS"

// Town is everybody but the person: vendors, and peers that carry and hold
// letters. It runs in a process of its own, so that what the person's node uses
// of the processors can be told from what they use.
type Town struct {
	t       testing.TB
	helpers []*running
	vendors []townVendor
}

// townVendor is a vendor in the town: a standin or a node.
type townVendor interface {
	about() (TownVendor, error)
	sign(TownCard) (both []byte, err error)
	sleep()
	// wake has it be back, meeting those given besides its own peers.
	wake(more []peer.AddrInfo) error
}

// TownMap tells the person's process where everybody is.
type TownMap struct {
	Helpers []string // addresses with peer ids
	Vendors []TownVendor
}

// TownVendor is one vendor as its partners know it.
type TownVendor struct {
	Party relcard.Party
	Log   []byte // its key log
	Self  []byte // its route, DAG-CBOR
}

// TownCard is a card that the person has signed.
type TownCard struct {
	Vendor int
	Person identity.DID
	Signed []byte
	Logs   [][]byte
	Route  []byte // the person's, DAG-CBOR
}

// TestTown is the town's process. It ends with the connection.
func TestTown(t *testing.T) {
	path := os.Getenv(townVar)
	if path == "" {
		return // the benchmark starts it
	}
	town := newTown(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := rpc.NewServer()
	if err := s.Register(town); err != nil {
		t.Fatal(err)
	}
	s.ServeConn(conn)
}

func newTown(t testing.TB) *Town {
	debug.SetGCPercent(400) // 54 nodes' records in one heap: collected as seldom as each node alone would be
	town := &Town{t: t}
	var peers []peer.AddrInfo
	for i := range benchHelpers {
		h := start(t, Config{Name: fmt.Sprint("helper ", i), Store: memory.New()}, nil, peers[:min(3, len(peers))])
		town.helpers = append(town.helpers, h)
		peers = append(peers, addrOf(h.cfg.Host))
	}
	for i := range benchVendors {
		v, err := newTownVendor(t, fmt.Sprint("vendor ", i), []peer.AddrInfo{peers[i%benchHelpers], peers[(i+benchHelpers/2)%benchHelpers]})
		if err != nil {
			t.Fatal(err)
		}
		town.vendors = append(town.vendors, v)
	}
	// Their route is told to thousands: not one that changes a moment later.
	for _, v := range town.vendors {
		if v, ok := v.(vendorNode); ok {
			until(t, 2*time.Minute, v.cfg.Name+" has its mailboxes", func() bool { return len(v.courier.Self().Holders) == vendorMailboxes })
		}
	}
	return town
}

func newTownVendor(t testing.TB, name string, peers []peer.AddrInfo) (townVendor, error) {
	if os.Getenv(vendorsVar) != "nodes" {
		return newStandin(name, peers)
	}
	cfg := Config{Name: name, Store: memory.New(), Vendor: &VendorConfig{Name: name, Domain: "vendor.example"}}
	return vendorNode{start(t, cfg, nil, peers)}, nil
}

// Map returns who there is.
func (town *Town) Map(_ struct{}, m *TownMap) error {
	for _, h := range town.helpers {
		m.Helpers = append(m.Helpers, addressesOf(h.cfg.Host)...)
	}
	for _, v := range town.vendors {
		about, err := v.about()
		if err != nil {
			return err
		}
		m.Vendors = append(m.Vendors, about)
	}
	return nil
}

// Sign has a vendor sign a card and keep it, and returns it.
func (town *Town) Sign(c TownCard, both *[]byte) (err error) {
	*both, err = town.vendors[c.Vendor].sign(c)
	return err
}

// Sleep stops the first vendors.
func (town *Town) Sleep(vendors int, _ *struct{}) error {
	for _, v := range town.vendors[:vendors] {
		v.sleep()
	}
	return nil
}

// TownMorning says how many vendors wake up, and where the person is.
type TownMorning struct {
	Vendors int
	Person  []string // addresses with the peer id
}

// Wake starts them again.
func (town *Town) Wake(m TownMorning, _ *struct{}) error {
	var person []peer.AddrInfo
	for _, a := range m.Person {
		p, err := peer.AddrInfoFromString(a)
		if err != nil {
			return err
		}
		person = append(person, *p)
	}
	for i, v := range town.vendors[:m.Vendors] {
		if err := v.wake(person); err != nil {
			return fmt.Errorf("vendor %d: %w", i, err)
		}
	}
	return nil
}

// vendorNode is a vendor's node in the town. It has mailboxes, and need not meet
// anybody to get what waits for it.
type vendorNode struct{ *running }

func (v vendorNode) about() (TownVendor, error) {
	self, err := dagcbor.Marshal(v.courier.Self())
	return TownVendor{Party: v.vendor.name(), Log: v.vendor.me().log, Self: self}, err
}

func (v vendorNode) sign(c TownCard) ([]byte, error) {
	now := time.Now()
	signed, err := relcard.DecodeSigned(c.Signed)
	if err != nil {
		return nil, err
	}
	if signed, err = signed.Sign(v.vendor.me().signer, now); err != nil {
		return nil, err
	}
	var route intentcast.Route
	if err := dagcbor.Unmarshal(c.Route, &route); err != nil {
		return nil, err
	}
	if err := v.keepCard(signed, cardBody{Side: identity.RoleVendor, Logs: c.Logs, Theirs: &route, Since: identity.At(now)}); err != nil {
		return nil, err
	}
	return signed.Encode()
}

func (v vendorNode) sleep() { v.stop() }

func (v vendorNode) wake([]peer.AddrInfo) error { return v.run(nil) }

// Profile begins a CPU profile in a file, or with "" ends it.
func (town *Town) Profile(path string, _ *struct{}) error {
	if path == "" {
		pprof.StopCPUProfile()
		return nil
	}
	f, err := os.Create(path) // closed with the process
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}

// Processor returns what the town has used of all processors.
func (town *Town) Processor(_ struct{}, used *time.Duration) error {
	*used = processorTime(town.t)
	return nil
}

// startTown starts the town's process and returns the line to it.
func startTown(t testing.TB) *rpc.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "town")
	cmd := exec.Command(os.Args[0], "-test.run=^TestTown$", "-test.timeout=2h")
	cmd.Env = append(os.Environ(), townVar+"="+path)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has nothing to put away
		_ = cmd.Wait()
	})
	var line *rpc.Client
	until(t, 3*time.Minute, "the town answers", func() bool {
		var err error
		line, err = rpc.Dial("unix", path)
		return err == nil
	})
	t.Cleanup(func() { line.Close() })
	return line
}

// running is a node of the benchmark.
type running struct {
	*Node
	t     testing.TB
	cfg   Config
	peers []peer.AddrInfo
	key   crypto.PrivKey
	at    []string // where it listens; free ports at first
	stop  func()
}

func start(t testing.TB, cfg Config, band metrics.Reporter, peers []peer.AddrInfo) *running {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Keys = keystore.Memory()
	// TCP alone: what QUIC takes of the processors between the town's own nodes,
	// on one machine, nobody's node has to pay elsewhere.
	r := &running{t: t, key: key, peers: peers, cfg: cfg, at: []string{"/ip4/127.0.0.1/tcp/0"}}
	if err := r.run(band); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop() })
	return r
}

// run starts the node on a host of its own, as after each sleep, and at the
// same addresses: its partners know no others. It may be called from any
// goroutine.
func (r *running) run(band metrics.Reporter) error {
	h, err := transport.New(transport.Config{Key: r.key, Bandwidth: band, Listen: r.at})
	if err != nil {
		return err
	}
	r.at = nil
	for _, a := range h.Network().ListenAddresses() {
		if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err != nil { // by way of a relay: not its own to choose
			r.at = append(r.at, a.String())
		}
	}
	r.cfg.Host = h
	if r.cfg.Vendor != nil {
		r.cfg.Host = tardy{h}
	}
	if r.Node, err = New(r.cfg); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Node.Run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	r.stop = sync.OnceFunc(func() { cancel(); wg.Wait(); h.Close() })
	for _, p := range r.peers {
		for tries := 0; ; tries++ { // a busy machine may take longer than a dial does
			if err = h.Connect(ctx, p); err == nil {
				break
			} else if tries == 5 {
				return err
			}
			time.Sleep(time.Duration(tries+1) * 2 * time.Second) // the host itself pauses between dials
		}
	}
	return nil
}

// keepCard puts a card in force on this side.
func (r *running) keepCard(signed relcard.Signed, at cardBody) error {
	return r.update(context.Background(), func(c *change) error {
		k, err := newCard(signed, dagcbor.CID{}, at, c)
		if err != nil {
			return err
		}
		if err := k.save(c); err != nil {
			return err
		}
		return r.negotiated(c, k, k.chain.Root())
	})
}

func (r *running) count(q store.Query) (n int) {
	err := r.cfg.Store.View(r.t.Context(), func(tx store.Tx) (err error) {
		n, err = tx.Count(q)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// tardy is a vendor's host. Each letter it sends leaves at a random time, and so
// does each answer to one.
type tardy struct{ host.Host }

func (h tardy) SetStreamHandler(p protocol.ID, serve network.StreamHandler) {
	if p == wire.LetterProtocol {
		h.Host.SetStreamHandler(p, func(s network.Stream) { serve(&tardyStream{Stream: s}) })
		return
	}
	h.Host.SetStreamHandler(p, serve)
}

func (h tardy) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, p, ids...)
	if err != nil || s.Protocol() != wire.LetterProtocol {
		return s, err
	}
	return &tardyStream{Stream: s}, nil
}

type tardyStream struct {
	network.Stream
	writing bool
}

func (s *tardyStream) Write(b []byte) (int, error) {
	if !s.writing {
		time.Sleep(rand.N(benchAnswer))
		s.writing = true
	}
	return s.Stream.Write(b)
}

func (s *tardyStream) Read(b []byte) (int, error) {
	s.writing = false // what is written after that is another letter, or answer
	return s.Stream.Read(b)
}

func addressesOf(h host.Host) (out []string) {
	for _, a := range h.Addrs() {
		out = append(out, a.String()+"/p2p/"+h.ID().String())
	}
	return out
}

func addrOf(h host.Host) peer.AddrInfo { return peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()} }

// until asks now and then, seldom enough for the asking not to count.
func until(t testing.TB, most time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(most); ; {
		began := time.Now()
		if done() {
			return
		}
		if began.After(deadline) {
			t.Fatalf("not within %v: %s", most, what)
		}
		time.Sleep(max(500*time.Millisecond, 20*time.Since(began)))
	}
}
