package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/sim"
)

// spyHost keeps what every stream that others open to it brings.
type spyHost struct {
	host.Host

	mu   sync.Mutex
	seen []*spyStream
}

type spyStream struct {
	network.Stream
	protocol protocol.ID
	remote   peer.ID

	mu      sync.Mutex
	in, out bytes.Buffer
}

// SetStreamHandler puts the spy before the handler.
func (h *spyHost) SetStreamHandler(p protocol.ID, handler network.StreamHandler) {
	h.Host.SetStreamHandler(p, h.spy(p, handler))
}

// SetStreamHandlerMatch puts the spy before the handler.
func (h *spyHost) SetStreamHandlerMatch(p protocol.ID, m func(protocol.ID) bool, handler network.StreamHandler) {
	h.Host.SetStreamHandlerMatch(p, m, h.spy(p, handler))
}

func (h *spyHost) spy(p protocol.ID, handler network.StreamHandler) network.StreamHandler {
	return func(s network.Stream) {
		x := &spyStream{Stream: s, protocol: p, remote: s.Conn().RemotePeer()}
		h.mu.Lock()
		h.seen = append(h.seen, x)
		h.mu.Unlock()
		handler(x)
	}
}

func (s *spyStream) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	s.mu.Lock()
	s.in.Write(b[:n])
	s.mu.Unlock()
	return n, err
}

func (s *spyStream) Write(b []byte) (int, error) {
	n, err := s.Stream.Write(b)
	s.mu.Lock()
	s.out.Write(b[:n])
	s.mu.Unlock()
	return n, err
}

func (s *spyStream) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.in.Bytes())
}

// streams are those opened here by others, of one protocol or of all ("").
func (h *spyHost) streams(p protocol.ID) []*spyStream {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.seen), func(s *spyStream) bool { return p != "" && s.protocol != p })
}

// spiedVendor is a vendor's node of which every byte received is kept.
type spiedVendor struct {
	*sim.Party
	spy *spyHost
}

func newSpiedVendor(w *sim.World, name string, rules market.Rules, items []market.Item) spiedVendor {
	w.T.Helper()
	v := spiedVendor{&sim.Party{Name: name, Store: memory.New(), Keys: keystore.Memory()}, &spyHost{Host: w.Host(name)}}
	v.Host = v.spy
	w.Add(name+"'s store", v.Store)
	n, err := node.New(node.Config{
		Name: name, Host: v.Host, Store: v.Store, Keys: v.Keys, Log: w.Log(name), Rand: w.RandFor(name),
		Vendor: &node.VendorConfig{Name: name, Domain: name + ".example"},
	})
	if err != nil {
		w.T.Fatal(err)
	}
	v.Node = n
	w.Start(name, n.Run)
	var lines bytes.Buffer
	for _, i := range items {
		if err := json.NewEncoder(&lines).Encode(i); err != nil {
			w.T.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(w.T.Context(), time.Minute)
	defer cancel()
	if _, err := n.ImportCatalogue(ctx, &lines, vendor.NDJSON); err != nil {
		w.T.Fatal(err)
	}
	if err := n.SetRules(ctx, rules); err != nil {
		w.T.Fatal(err)
	}
	return v
}

// kept is the body of every record in a store that is not the vendor's own
// affair.
func (v spiedVendor) kept(w *sim.World) [][]byte {
	w.T.Helper()
	var out [][]byte
	for _, kind := range []store.Kind{"event", "heard", "sent", "card", "letter", "letter-seen"} {
		for _, r := range v.records(w, kind) {
			out = append(out, []byte(r.ID), []byte(r.Ref), []byte(r.State), r.Body)
		}
	}
	return out
}

func (v spiedVendor) records(w *sim.World, kind store.Kind) (recs []store.Record) {
	w.T.Helper()
	if err := v.Store.View(w.T.Context(), func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kind})
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	return recs
}
