package marketrun

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// member is one node of the market: a customer's or a business's, with a host
// and a database of its own.
type member struct {
	node      *node.Node
	host      host.Host
	store     interface{ Close() error }
	bandwidth *metrics.BandwidthCounter
	registry  *prometheus.Registry
	cancel    context.CancelFunc
	ended     chan error
	vendorDID identity.DID
}

type memberConfig struct {
	id        string // as the data set names it, for errors
	name, dir string
	vendor    string // empty for a customer
	seed      uint64
	observe   func(view.Event)
}

func startMember(ctx context.Context, c memberConfig) (*member, error) {
	m := &member{bandwidth: metrics.NewBandwidthCounter(), registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	if err := m.build(c); err != nil {
		return nil, errors.Join(err, m.close())
	}
	ctx, m.cancel = context.WithCancel(ctx)
	go func() { m.ended <- m.node.Run(ctx) }()
	return m, nil
}

func (m *member) build(c memberConfig) error {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], c.seed)
	key, err := transport.KeyFromSeed(seed[:])
	if err != nil {
		return err
	}
	if m.host, err = transport.New(transport.Config{Key: key, Bandwidth: m.bandwidth}); err != nil {
		return err
	}
	db, err := sqlite.Open(filepath.Join(c.dir, c.name+".db"))
	if err != nil {
		return err
	}
	m.store = db
	cfg := node.Config{
		Name: c.name, Host: m.host, Store: db, Keys: keystore.Memory(), Registry: m.registry, Observe: c.observe,
		Rand: rand.New(rand.NewPCG(c.seed, 1)),
	}
	if c.vendor != "" {
		cfg.Vendor = &node.VendorConfig{Name: c.vendor, Domain: "business.example"}
	}
	if m.node, err = node.New(cfg); err != nil {
		return err
	}
	if c.vendor == "" {
		return nil
	}
	s, err := m.node.Status(context.Background())
	if err == nil {
		m.vendorDID = s.Vendor.DID
	}
	return err
}

// did is the vendor's identifier; empty for a customer.
func (m *member) did() identity.DID { return m.vendorDID }

// A dial on loopback is given up after 5 s, and none to the same peer is tried
// for as long; a busy machine can take longer over some of hundreds.
const (
	dialTries = 5
	dialPause = 6 * time.Second
)

func (m *member) dial(ctx context.Context, to *member) error {
	for try := 1; ; try++ {
		err := m.host.Connect(ctx, peer.AddrInfo{ID: to.host.ID(), Addrs: to.host.Addrs()})
		if err == nil || try == dialTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(dialPause):
		}
	}
}

// stock loads a business's catalogue and rules the way its owner would.
func (m *member) stock(ctx context.Context, b Business) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, item := range catalogue(b) {
		if err := enc.Encode(item); err != nil {
			return err
		}
	}
	report, err := m.node.ImportCatalogue(ctx, &lines, vendor.NDJSON)
	if err != nil {
		return err
	}
	if len(report.Refused) > 0 {
		return fmt.Errorf("catalogue: line %d: %s", report.Refused[0].Line, report.Refused[0].Problem)
	}
	return m.node.SetRules(ctx, rules(b))
}

// listening reports whether the node has neighbours in its market's topic.
func (m *member) listening() bool { return m.node.Listening() }

// bytes is what the node sent, all protocols together.
func (m *member) bytes() uint64 { return uint64(m.bandwidth.GetBandwidthTotals().TotalOut) }

// messages is how many gossip messages and letters the node received.
func (m *member) messages() uint64 {
	families, err := m.registry.Gather()
	if err != nil {
		return 0
	}
	var n float64
	for _, f := range families {
		switch f.GetName() {
		case "parley_gossip_received_total", "parley_courier_letters_received_total":
			for _, metric := range f.GetMetric() {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return uint64(n)
}

// stop ends the node's work; close frees what it stood on.
func (m *member) stop() error {
	if m.cancel == nil {
		return nil
	}
	m.cancel()
	return <-m.ended
}

func (m *member) close() error {
	var errs []error
	if m.host != nil {
		errs = append(errs, m.host.Close())
	}
	if m.store != nil {
		errs = append(errs, m.store.Close())
	}
	return errors.Join(errs...)
}
