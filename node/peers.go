package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/peerbook"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/node/view"
)

// Discovery finds other nodes. Package discovery implements it. Methods are
// safe for concurrent use, and do nothing while Run is not under way.
type Discovery interface {
	// Run finds nodes until ctx ends and tells to of them; all its goroutines
	// have ended when it returns.
	Run(ctx context.Context, to Company) error
	// Advertise replaces what this node can be found by. Only a vendor's node
	// calls it.
	Advertise(what Advert)
	// Topic returns at most limit nodes that follow a shard's topic.
	Topic(ctx context.Context, shard string, limit int) ([]peer.AddrInfo, error)
	// Party returns at most limit nodes that say they are a vendor's, named by
	// its identifier or domain. What they sign shows whether they are.
	Party(ctx context.Context, name string, limit int) ([]peer.AddrInfo, error)
	// Public reports whether a connected peer offers itself to be found by
	// anybody, which may change while it is connected. Others are not written down.
	Public(p peer.ID) bool
	// More looks for nodes of any kind, and tells the Company of them.
	More(ctx context.Context)
}

// Advert is what a vendor's node can be found by.
type Advert struct {
	Topics []string // shards
	Names  []string // identifiers and domains
}

// Company is what a Discovery knows of the node it works for.
type Company interface {
	// Found is told of peers, and by whom they were named, if by a peer.
	Found(source peerbook.Source, by peer.ID, infos ...peer.AddrInfo)
	// Serves reports whether a connected peer has said that it works for
	// others, so that it may be named to them.
	Serves(p peer.ID) bool
}

// dialTimeout bounds one attempt to reach a named peer.
const dialTimeout = 20 * time.Second

// peers is the address book in use.
type peers struct {
	mu      sync.Mutex
	book    *peerbook.Book
	prefer  map[peer.ID]bool // follow topics this node needs
	busy    map[peer.ID]bool // being dialled
	learned map[peer.ID]bool // connected, and their addresses noted
	saved   map[peer.ID]string
	wake    chan struct{}
	wg      sync.WaitGroup
}

// openPeers reads the address book.
func (n *Node) openPeers(ctx context.Context) error {
	n.peers = &peers{
		prefer: map[peer.ID]bool{}, busy: map[peer.ID]bool{}, learned: map[peer.ID]bool{}, saved: map[peer.ID]string{},
		wake: make(chan struct{}, 1),
	}
	var recs []store.Record
	if err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindPeer})
		return err
	}); err != nil {
		return fmt.Errorf("read remembered peers: %w", err)
	}
	var entries []peerbook.Entry
	for _, r := range recs {
		e, err := n.readPeer(r)
		if err != nil {
			n.log.Warn("a remembered peer is left out", "peer", r.ID, "error", err)
			continue
		}
		n.peers.saved[e.Info.ID] = string(r.Body)
		entries = append(entries, e)
	}
	n.peers.book = peerbook.New(n.cfg.Peers, entries...)
	return nil
}

// readPeer reads a record, also one of the first release: the bare address of
// a peer that the owner named.
func (n *Node) readPeer(r store.Record) (peerbook.Entry, error) {
	if len(r.Body) > 0 && r.Body[0] == '/' {
		info, err := transport.ParsePeer(string(r.Body))
		return peerbook.Entry{Info: info, Source: peerbook.Manual, Since: n.started}, err
	}
	e, err := peerbook.Parse(r.Body)
	if err == nil && e.Info.ID.String() != r.ID {
		err = fmt.Errorf("it is about %s", e.Info.ID)
	}
	return e, err
}

// savePeers stores what has changed in the address book.
func (n *Node) savePeers(ctx context.Context) error {
	p := n.peers
	p.mu.Lock()
	put := map[peer.ID]string{}
	for _, e := range p.book.Entries() {
		if !e.Stored() {
			continue
		}
		b, err := e.Marshal()
		if err != nil {
			p.mu.Unlock()
			return err
		}
		if p.saved[e.Info.ID] != string(b) {
			put[e.Info.ID] = string(b)
		}
	}
	var drop []peer.ID
	for id := range p.saved {
		if e, ok := p.book.Get(id); !ok || !e.Stored() {
			drop = append(drop, id)
		}
	}
	p.mu.Unlock()
	if len(put)+len(drop) == 0 {
		return nil
	}
	if err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		for id, b := range put {
			if err := tx.Put(store.Record{Kind: kindPeer, ID: id.String(), Body: []byte(b)}); err != nil {
				return err
			}
		}
		for _, id := range drop {
			if err := tx.Delete(kindPeer, id.String()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, b := range put {
		p.saved[id] = b
	}
	for _, id := range drop {
		delete(p.saved, id)
	}
	return nil
}

// Peers returns the nodes connected now, and how they came to be known.
func (n *Node) Peers(context.Context) ([]view.Peer, error) {
	out := []view.Peer{}
	for _, id := range n.cfg.Host.Network().Peers() {
		if p := n.viewPeer(id); p.PeerID != "" {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b view.Peer) int {
		return cmp.Or(a.Since.Std().Compare(b.Since.Std()), cmp.Compare(a.PeerID, b.PeerID))
	})
	return out, nil
}

// viewPeer is a connected peer; the zero Peer if it has gone meanwhile.
func (n *Node) viewPeer(id peer.ID) view.Peer {
	conns := n.cfg.Host.Network().ConnsToPeer(id)
	if len(conns) == 0 {
		return view.Peer{}
	}
	p := view.Peer{PeerID: id.String(), Addresses: []string{}, Holds: n.courier.Holds(id), Source: string(peerbook.Incoming)}
	for _, c := range conns {
		p.Addresses = append(p.Addresses, c.RemoteMultiaddr().String())
		if at := identity.At(c.Stat().Opened); p.Since.IsZero() || at.Before(p.Since) {
			p.Since = at
		}
		if c.Stat().Direction == network.DirOutbound {
			p.Source = string(peerbook.DHT) // only its look-ups dial whom the book does not have
		}
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	if e, ok := n.peers.book.Get(id); ok {
		p.Source, p.Kept = string(e.Source), e.Kept()
	}
	return p
}

// AddPeer connects to a node by its address, …/p2p/PEERID, and remembers it
// for the next start.
func (n *Node) AddPeer(ctx context.Context, addr string) (view.Peer, error) {
	info, err := transport.ParsePeer(addr)
	if err != nil {
		return view.Peer{}, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.allow(ctx, info.ID); err != nil {
		return view.Peer{}, err
	}
	err = n.dial(ctx, info)
	var other sec.ErrPeerIDMismatch
	if errors.As(err, &other) {
		return view.Peer{}, fmt.Errorf("another node answers there: %s, not %s; ask its owner for its address: %w", other.Actual, info.ID, view.ErrConflict)
	}
	if err != nil {
		n.log.Debug("a node named can't be connected to", "peer", info.ID, "error", err)
		return view.Peer{}, fmt.Errorf("connect to %s: %s: %w", info.ID, dialProblem(err), view.ErrUnavailable)
	}
	if err := n.keepPeer(ctx, peerbook.Manual, info); err != nil {
		return view.Peer{}, err
	}
	if p := n.viewPeer(info.ID); p.PeerID != "" {
		p.Addresses = []string{addr}
		return p, nil
	}
	return view.Peer{PeerID: info.ID.String(), Addresses: []string{addr}, Source: string(peerbook.Manual), Kept: true}, nil
}

// keepPeer notes a peer to stay connected to, now and after a restart.
func (n *Node) keepPeer(ctx context.Context, source peerbook.Source, info peer.AddrInfo) error {
	n.peers.mu.Lock()
	n.peers.book.Keep(time.Now(), source, info)
	n.peers.mu.Unlock()
	n.cfg.Host.ConnManager().Protect(info.ID, keptTag)
	if err := n.savePeers(ctx); err != nil {
		return fmt.Errorf("remember peer: %w", err)
	}
	return nil
}

// keptTag protects connections from being closed for want of room.
const keptTag = "parley-kept"

// RemovePeer forgets a peer, closes the connections to it, and from then on
// any that it or this node opens, until the owner names it again (AddPeer) or
// opens an invitation of its (Join).
func (n *Node) RemovePeer(ctx context.Context, id string) error {
	p, err := peer.Decode(id)
	if err != nil {
		return view.Invalid("id", "%.80q is not a peer's id", id)
	}
	n.peers.mu.Lock()
	connected := n.cfg.Host.Network().Connectedness(p) != network.NotConnected
	e, known := n.peers.book.Get(p)
	if known = known && !e.Unwanted; known || connected {
		n.peers.book.Refuse(time.Now(), p)
	}
	delete(n.peers.prefer, p)
	n.peers.mu.Unlock()
	if !known && !connected {
		return fmt.Errorf("no peer %s is known or connected: %w", p, view.ErrNotFound)
	}
	n.cfg.Host.ConnManager().Unprotect(p, keptTag)
	n.cfg.Host.Peerstore().ClearAddrs(p)
	if err := errors.Join(n.savePeers(ctx), n.cfg.Host.Network().ClosePeer(p)); err != nil {
		return fmt.Errorf("remove peer %s: %w", p, err)
	}
	return nil
}

// allow takes back that no connection to a peer is wanted: its owner has named
// it.
func (n *Node) allow(ctx context.Context, p peer.ID) error {
	n.peers.mu.Lock()
	refused := n.peers.book.Unwanted(p)
	if refused {
		n.peers.book.Forget(p)
	}
	n.peers.mu.Unlock()
	if !refused {
		return nil
	}
	if err := n.savePeers(ctx); err != nil {
		return fmt.Errorf("want peer %s again: %w", p, err)
	}
	return nil
}

// turnAway closes a connection to a peer that is not wanted, whoever opened it.
func (n *Node) turnAway(_ network.Network, c network.Conn) {
	n.peers.mu.Lock()
	unwanted := n.peers.book.Unwanted(c.RemotePeer())
	n.peers.mu.Unlock()
	if unwanted {
		_ = c.Close() // an error says that it is closed already
	}
}

func (n *Node) dial(ctx context.Context, info peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return n.cfg.Host.Connect(ctx, info)
}

// scopeOf is how far addresses must reach that a peer gives: as far as the
// narrowest connection to it, so that nobody from outside has this node dial
// about in its own network.
func (n *Node) scopeOf(p peer.ID) peerbook.Scope {
	narrowest := peerbook.Public
	for _, c := range n.cfg.Host.Network().ConnsToPeer(p) {
		narrowest = min(narrowest, peerbook.ScopeOf(c.RemoteMultiaddr()))
	}
	return max(narrowest, peerbook.Loopback)
}

// connected returns who is connected and from where, and how many of them this
// node dialled itself.
func (n *Node) connected() (at map[peer.ID]ma.Multiaddr, own int) {
	at = map[peer.ID]ma.Multiaddr{}
	for _, c := range n.cfg.Host.Network().Conns() {
		if _, ok := at[c.RemotePeer()]; ok {
			continue
		}
		at[c.RemotePeer()] = c.RemoteMultiaddr()
		if c.Stat().Direction == network.DirOutbound {
			own++
		}
	}
	return at, own
}
