package node

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/peerbook"
)

// How many connections a node with a Discovery sees to. Those it has chosen
// itself count apart: the others may all be of one who wants to surround it.
const (
	fewPeers  = 8  // with fewer, more are looked for
	goodPeers = 12 // so many are dialled, if known
	ownPeers  = 4  // and so many of them in any case

	dialsAtOnce = 8
	dialTime    = 10 * time.Second

	redialEvery = 30 * time.Second // without a Discovery
	lookEvery   = 5 * time.Second
	lookSoon    = time.Second // while peers are lacking
	saveEvery   = time.Minute
	moreFirst   = time.Second
	moreMost    = 5 * time.Minute
	moreIdle    = 30 * time.Minute // with enough peers
)

// peerLoop keeps the node connected: to those it was told of and, with a
// Discovery, to some others.
func (n *Node) peerLoop(ctx context.Context) error {
	defer n.peers.wg.Wait()
	gate := &network.NotifyBundle{ConnectedF: n.turnAway}
	n.cfg.Host.Network().Notify(gate)
	defer n.cfg.Host.Network().StopNotify(gate)
	for _, c := range n.cfg.Host.Network().Conns() { // who came before
		n.turnAway(nil, c)
	}
	if n.cfg.Discovery == nil {
		return n.redialLoop(ctx)
	}
	k := &keeper{n: n, topics: map[string]*search{}}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return n.cfg.Discovery.Run(ctx, company{n}) })
	g.Go(func() error { return k.run(ctx) })
	return g.Wait()
}

// redialLoop dials the peers kept that are away.
func (n *Node) redialLoop(ctx context.Context) error {
	tick := time.NewTicker(redialEvery)
	defer tick.Stop()
	for {
		at, _ := n.connected()
		n.dialSome(ctx, peerbook.Need{Now: time.Now(), Connected: at})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-n.peers.wake: // there is room for the next
		}
	}
}

// dialSome dials whom the book chooses, each in a goroutine, so many at a time.
func (n *Node) dialSome(ctx context.Context, need peerbook.Need) {
	p := n.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	need.Busy, need.Prefer, need.Chance = p.busy, p.prefer, rand.IntN
	need.Want -= len(p.busy)
	for _, info := range p.book.Choose(need) {
		if len(p.busy) >= dialsAtOnce {
			return
		}
		p.busy[info.ID] = true
		p.wg.Go(func() { n.dialOne(ctx, info) })
	}
}

func (n *Node) dialOne(ctx context.Context, info peer.AddrInfo) {
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	n.unbackoff(info.ID)
	err := n.cfg.Host.Connect(dialing, info)
	p := n.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, info.ID)
	e, known := p.book.Get(info.ID)
	switch {
	case !known || e.Unwanted: // removed meanwhile
		_ = n.cfg.Host.Network().ClosePeer(info.ID)
	case err == nil:
		p.book.Met(time.Now(), info, true, peerbook.Loopback)
		if e.Kept() {
			n.cfg.Host.ConnManager().Protect(info.ID, keptTag)
		}
	case ctx.Err() == nil:
		p.book.Missed(time.Now(), info.ID, float64(rand.IntN(1000))/1000)
		n.log.Debug("peer is away", "peer", info.ID, "error", err)
	}
	n.wakePeers()
}

// unbackoff has libp2p forget how often a peer was dialled in vain: it would
// refuse to try for up to five minutes, and the book has pauses of its own.
func (n *Node) unbackoff(p peer.ID) {
	if s, ok := n.cfg.Host.Network().(interface{ Backoff() *swarm.DialBackoff }); ok {
		s.Backoff().Clear(p)
	}
}

func (n *Node) wakePeers() {
	select {
	case n.peers.wake <- struct{}{}:
	default:
	}
}

// company is the node as its Discovery sees it.
type company struct{ n *Node }

// Found notes peers in the book, whence they are dialled as the need is.
func (c company) Found(source peerbook.Source, by peer.ID, infos ...peer.AddrInfo) {
	p := c.n.peers
	p.mu.Lock()
	for _, info := range infos {
		if info.ID != c.n.cfg.Host.ID() {
			p.book.Add(time.Now(), source, by, info, peerbook.Loopback)
		}
	}
	p.mu.Unlock()
	c.n.wakePeers()
}

// Serves reports whether p holds letters for others.
func (c company) Serves(p peer.ID) bool { return c.n.courier.Holds(p) }

// keeper sees to it that there are peers, and of the right kind.
type keeper struct {
	n      *Node
	topics map[string]*search // the needed topics that lack peers
	more   time.Time          // no looking for more before
	pause  time.Duration
	save   time.Time
}

func (k *keeper) run(ctx context.Context) error {
	n := k.n
	events := &network.NotifyBundle{ConnectedF: n.cameOrWent, DisconnectedF: n.cameOrWent}
	n.cfg.Host.Network().Notify(events)
	defer n.cfg.Host.Network().StopNotify(events)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			k.end()
			return ctx.Err()
		case <-timer.C:
		case <-n.peers.wake:
		}
		timer.Reset(k.look(ctx))
	}
}

// end stores the book once more.
func (k *keeper) end() {
	k.n.peers.wg.Wait()
	now := time.Now()
	k.n.peers.mu.Lock()
	for id := range k.n.peers.learned {
		k.n.peers.book.Left(now, id)
	}
	k.n.peers.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := k.n.savePeers(ctx); err != nil {
		k.n.log.Warn("storing the peers known", "error", err)
	}
}

// look does what there is to do now, and returns when to look again.
func (k *keeper) look(ctx context.Context) time.Duration {
	now := time.Now()
	at, own := k.n.connected()
	if k.n.meet(now, at) { // one to remember: the next moment may be this process's last
		k.save = now
	}
	hungry := k.feed(ctx, now)
	want := max(goodPeers-len(at), ownPeers-own)
	k.n.dialSome(ctx, peerbook.Need{Now: now, Connected: at, Want: want, Preferred: 3 * hungry})
	k.lookForMore(ctx, now, len(at))
	if !now.Before(k.save) {
		k.save = now.Add(saveEvery)
		k.n.peers.mu.Lock()
		k.n.peers.book.Prune(now)
		k.n.peers.mu.Unlock()
		if err := k.n.savePeers(ctx); err != nil && ctx.Err() == nil {
			k.n.log.Warn("storing the peers known", "error", err)
		}
	}
	if hungry > 0 || len(at) < fewPeers {
		return lookSoon
	}
	return lookEvery
}

// lookForMore has more peers looked for: at once and ever less often while there
// are few, and now and then in any case, as those there are may be of one mind.
func (k *keeper) lookForMore(ctx context.Context, now time.Time, count int) {
	switch {
	case count < fewPeers && k.pause > moreMost: // it had enough, and has no more
		k.pause, k.more = 0, now
	case count >= goodPeers && k.pause < moreIdle:
		k.pause, k.more = moreIdle, now.Add(moreIdle)
	}
	if !k.n.peers.met() || now.Before(k.more) {
		return
	}
	switch {
	case count < fewPeers:
		k.pause = min(moreMost, max(moreFirst, 2*k.pause))
	case count < goodPeers:
		k.pause = moreMost
	default:
		k.pause = moreIdle
	}
	k.more = now.Add(k.pause)
	k.n.peers.wg.Go(func() { k.n.cfg.Discovery.More(ctx) })
}

// cameOrWent is called by libp2p; it waits for nobody.
func (n *Node) cameOrWent(network.Network, network.Conn) { n.wakePeers() }

// meet notes who has come and gone, and where those that came say they are. It
// reports whether one is there to be remembered that was not before. Whether a
// peer offers itself to be found may show long after it came: it has to be
// reached from outside first.
func (n *Node) meet(now time.Time, at map[peer.ID]ma.Multiaddr) (more bool) {
	p := n.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.learned {
		if _, ok := at[id]; !ok {
			delete(p.learned, id)
			p.book.Left(now, id)
		}
	}
	for id := range at {
		if p.busy[id] || p.book.Unwanted(id) {
			continue
		}
		if p.learned[id] {
			if e, ok := p.book.Get(id); ok && e.Public || !n.cfg.Discovery.Public(id) {
				continue
			}
		}
		if protocols, err := n.cfg.Host.Peerstore().GetProtocols(id); err != nil || len(protocols) == 0 {
			continue // it has not said who it is yet
		}
		p.learned[id] = true
		addrs, scope, public := n.cfg.Host.Peerstore().Addrs(id), n.scopeOf(id), n.cfg.Discovery.Public(id)
		if _, ok := p.book.Get(id); !ok && !public {
			continue
		}
		if e, ok := p.book.Get(id); !ok || e.Seen.IsZero() || now.Sub(e.Seen) > lookEvery {
			p.book.Met(now, peer.AddrInfo{ID: id, Addrs: addrs}, n.dialled(id), scope)
		}
		p.book.At(id, addrs, scope, public)
		more = more || public
	}
	return more
}

// met reports whether anybody is connected that has said who it is.
func (p *peers) met() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.learned) > 0
}

// dialled reports whether this node dialled p.
func (n *Node) dialled(p peer.ID) bool {
	return slices.ContainsFunc(n.cfg.Host.Network().ConnsToPeer(p), func(c network.Conn) bool {
		return c.Stat().Direction == network.DirOutbound
	})
}

// search is the looking for peers of one topic.
type search struct {
	next  time.Time
	pause time.Duration
}

const (
	enoughNeighbours = 2 // with fewer in its mesh a topic lacks peers
	searchesAtOnce   = 4
	searchFirst      = 5 * time.Second
	searchMost       = 20 * time.Minute
	searchLimit      = 8 // peers of a topic wanted of one look-up
)

// feed looks up peers for the topics that lack them, and returns how many do.
func (k *keeper) feed(ctx context.Context, now time.Time) (hungry int) {
	n := k.n
	joined := n.gossip.Joined()
	for shard := range k.topics {
		if !slices.Contains(joined, shard) {
			delete(k.topics, shard)
		}
	}
	started := 0
	for _, shard := range joined {
		if n.gossip.Neighbours(shard) >= enoughNeighbours {
			delete(k.topics, shard)
			continue
		}
		hungry++
		s := k.topics[shard]
		if s == nil {
			s = &search{}
			k.topics[shard] = s
		}
		if now.Before(s.next) || started == searchesAtOnce || len(n.cfg.Host.Network().Peers()) == 0 {
			continue
		}
		started++
		s.pause = min(searchMost, max(searchFirst, 2*s.pause))
		s.next = now.Add(s.pause/2 + time.Duration(rand.IntN(1000))*s.pause/2000)
		n.peers.wg.Go(func() { n.findTopic(ctx, shard) })
	}
	return min(hungry, searchesAtOnce)
}

// findTopic looks up who follows a topic and has them dialled first.
func (n *Node) findTopic(ctx context.Context, shard string) {
	infos, err := n.cfg.Discovery.Topic(ctx, shard, searchLimit)
	if err != nil {
		n.log.Debug("looking up a topic", "error", err)
	}
	if len(infos) == 0 {
		return
	}
	n.peers.mu.Lock()
	if len(n.peers.prefer) > 4*intentcast.MaxShards { // what was preferred long ago
		clear(n.peers.prefer)
	}
	for _, info := range infos {
		n.peers.prefer[info.ID] = true
	}
	n.peers.mu.Unlock()
	company{n}.Found(peerbook.DHT, "", infos...)
}

// advertise tells the Discovery what a vendor's node can be found by. Topics
// that it follows for intents of its own are not among them.
func (n *Node) advertise(shards []string) {
	if n.cfg.Discovery == nil {
		return
	}
	did := n.vendor.me().signer.DID()
	a := Advert{Topics: shards, Names: []string{string(did)}}
	if id, err := webvh.ParseID(did); err == nil && id.Domain != noDomain {
		a.Names = append(a.Names, id.Domain)
	}
	n.cfg.Discovery.Advertise(a)
}

// noDomain is the domain of identifiers that are published nowhere.
const noDomain = "vendor.invalid"
