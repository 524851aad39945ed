package courier

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hello"
	"github.com/parley-network/parley/node/courier/wire"
)

const (
	recordLife    = 2 * time.Hour
	recordRefresh = time.Hour        // a record with less life left is asked for again
	refreshEvery  = 15 * time.Second // how often that is looked at
	helloLimit    = 10 * time.Minute // the longest pause after hellos that failed
	hellosAtOnce  = 16
)

func (c *Courier) subscribe() (event.Subscription, error) {
	s, err := c.cfg.Host.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated),
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to peer events: %w", err)
	}
	return s, nil
}

// meetPeers swaps records with every peer that speaks the protocol, as it
// comes and again before its record expires. Of two peers that meet, the one
// that dialled begins.
func (c *Courier) meetPeers(ctx context.Context, events event.Subscription) {
	m := meetings{c: c, state: make(map[peer.ID]*meeting), room: make(chan struct{}, hellosAtOnce)}
	defer m.wg.Wait()
	m.refresh(ctx)
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.refresh(ctx)
		case e, ok := <-events.Out():
			if !ok {
				return
			}
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				if e.Conn.Stat().Direction == network.DirOutbound && speaks(e.Protocols) {
					m.meet(ctx, e.Peer)
				}
			case event.EvtPeerProtocolsUpdated:
				if _, known := c.book.get(e.Peer, time.Now()); !known && speaks(e.Added) {
					m.meet(ctx, e.Peer)
				}
			}
		}
	}
}

func speaks(ps []protocol.ID) bool { return slices.Contains(ps, wire.HelloProtocol) }

// meetings are the hellos under way.
type meetings struct {
	c    *Courier
	wg   sync.WaitGroup
	room chan struct{}

	mu    sync.Mutex
	state map[peer.ID]*meeting // of peers being met, or whose last hello failed
}

type meeting struct {
	busy     bool
	failures int
	next     time.Time // no further hello before
}

// refresh meets the connected peers whose records are missing or old.
func (m *meetings) refresh(ctx context.Context) {
	h := m.c.cfg.Host
	soon := time.Now().Add(recordRefresh)
	for _, p := range h.Network().Peers() {
		ps, err := h.Peerstore().GetProtocols(p)
		if err != nil || !speaks(ps) {
			continue
		}
		if _, known := m.c.book.get(p, soon); !known {
			m.meet(ctx, p)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, s := range m.state {
		if !s.busy && h.Network().Connectedness(p) == network.NotConnected {
			delete(m.state, p)
		}
	}
}

func (m *meetings) meet(ctx context.Context, p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.state[p]
	if s == nil {
		s = new(meeting)
		m.state[p] = s
	}
	if s.busy || time.Now().Before(s.next) {
		return
	}
	s.busy = true
	m.wg.Go(func() {
		select {
		case m.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		err := m.c.hello(ctx, p)
		<-m.room
		m.met(p, err)
	})
}

// met notes how a hello ended.
func (m *meetings) met(p peer.ID, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		delete(m.state, p)
		return
	}
	m.c.log.Debug("no holder record", "peer", p, "error", err)
	s := m.state[p]
	s.busy = false
	s.next = time.Now().Add(m.c.choice.backoff(s.failures, refreshEvery, helloLimit))
	s.failures++
}

// hello swaps records with a connected peer.
func (c *Courier) hello(ctx context.Context, p peer.ID) error {
	own, err := c.record()
	if err != nil {
		return err
	}
	answer, err := c.ask(ctx, peer.AddrInfo{ID: p}, wire.HelloProtocol, own, exchangeTimeout)
	if err != nil {
		return err
	}
	status, rest, err := wire.DecodeAnswer(answer)
	if err != nil {
		return err
	}
	if status != wire.Taken {
		return fmt.Errorf("hello to %s: %s", p, status)
	}
	return c.learn(p, rest)
}

func (c *Courier) answerHello(from peer.ID, frame []byte) []byte {
	if err := c.learn(from, frame); err != nil {
		c.log.Debug("holder record refused", "peer", from, "error", err)
		return wire.EncodeAnswer(wire.Malformed, nil)
	}
	own, err := c.record()
	if err != nil {
		c.log.Error("own holder record", "error", err)
		return wire.EncodeAnswer(wire.Busy, nil)
	}
	return wire.EncodeAnswer(wire.Taken, own)
}

// learn keeps the record that the peer from gave about itself.
func (c *Courier) learn(from peer.ID, signed []byte) error {
	r, info, err := hello.Open(signed, time.Now())
	if err != nil {
		return err
	}
	if info.ID != from {
		return fmt.Errorf("holder record of %s came from %s", info.ID, from)
	}
	c.book.put(info, r)
	c.group.run(func(ctx context.Context) { c.remind(ctx, from) })
	return nil
}

// record returns this node's own record, made now.
func (c *Courier) record() ([]byte, error) {
	h := c.cfg.Host
	key := h.Peerstore().PrivKey(h.ID())
	if key == nil {
		return nil, fmt.Errorf("sign holder record: the host keeps no private key")
	}
	now := time.Now()
	return hello.Sign(key, usefulAddrs(h.Addrs()), hello.Record{
		Key:  c.key.Public(),
		Hold: !c.cfg.NoHold, Forward: !c.cfg.NoForward, Public: c.cfg.Public,
		Life: uint64(c.lim.Hold.Life / time.Second), Letters: uint64(c.lim.Hold.Letters), SlotBytes: uint64(c.lim.Hold.SlotBytes),
		Time: identity.At(now), Expires: identity.At(now.Add(recordLife)),
	})
}
