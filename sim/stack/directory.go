package stack

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/peerbook"
)

// directory stands in the place of the DHT: it knows who can be dialled and
// what vendors have said they can be found by, and answers after a look-up's
// time.
type directory struct {
	delay time.Duration // of a look-up
	peers int           // so many connections are wanted

	mu     sync.Mutex // never held while waiting
	dark   bool       // it knows the attacker's only
	rnd    *rand.Rand
	there  []*listing // who can be dialled now, in the order they came
	topics map[string][]*listing
	names  map[string][]*listing
}

// listing is one node's part in the directory, and its node.Discovery.
type listing struct {
	d       *directory
	host    host.Host
	nat     bool
	sybil   bool
	advert  node.Advert
	listed  bool
	company node.Company
}

func newDirectory(delay time.Duration, peers int, r *rand.Rand) *directory {
	return &directory{delay: delay, peers: peers, rnd: r, topics: map[string][]*listing{}, names: map[string][]*listing{}}
}

// of is the Discovery of a node about to start.
func (d *directory) of(h host.Host, nat bool) *listing { return &listing{d: d, host: h, nat: nat} }

// darken has look-ups name the attacker's alone, or all again.
func (d *directory) darken(dark bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dark = dark
}

// Run implements node.Discovery: the node can be found while it runs.
func (l *listing) Run(ctx context.Context, to node.Company) error {
	l.d.mu.Lock()
	l.company = to
	l.listed = !l.nat
	if l.listed {
		l.d.there = append(l.d.there, l)
	}
	l.file(true)
	l.d.mu.Unlock()
	<-ctx.Done()
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	l.file(false)
	l.listed = false
	l.d.there = slices.DeleteFunc(l.d.there, func(o *listing) bool { return o == l })
	return ctx.Err()
}

// Advertise implements node.Discovery.
func (l *listing) Advertise(what node.Advert) {
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	l.file(false)
	l.advert = what
	l.file(true)
}

// file enters what l is found by, or strikes it out.
func (l *listing) file(in bool) {
	if !l.listed {
		return
	}
	change := func(index map[string][]*listing, keys []string) {
		for _, k := range keys {
			index[k] = slices.DeleteFunc(index[k], func(o *listing) bool { return o == l })
			if in {
				index[k] = append(index[k], l)
			}
		}
	}
	change(l.d.topics, l.advert.Topics)
	change(l.d.names, l.advert.Names)
}

// Topic implements node.Discovery.
func (l *listing) Topic(ctx context.Context, shard string, limit int) ([]peer.AddrInfo, error) {
	return l.look(ctx, func() []*listing { return l.d.topics[shard] }, limit)
}

// Party implements node.Discovery.
func (l *listing) Party(ctx context.Context, name string, limit int) ([]peer.AddrInfo, error) {
	return l.look(ctx, func() []*listing { return l.d.names[name] }, limit)
}

// Public implements node.Discovery: the address book is not what is studied.
func (l *listing) Public(peer.ID) bool { return false }

// More implements node.Discovery: it names as many as the node lacks.
func (l *listing) More(ctx context.Context) {
	lacks := l.d.peers - len(l.host.Network().Peers())
	if lacks <= 0 {
		return
	}
	found, err := l.look(ctx, func() []*listing { return l.d.there }, lacks)
	if err == nil && l.company != nil {
		l.company.Found(peerbook.DHT, "", found...)
	}
}

// look returns up to limit others at random of those that from returns, after a
// look-up's time. from is called under the directory's mutex.
func (l *listing) look(ctx context.Context, from func() []*listing, limit int) ([]peer.AddrInfo, error) {
	timer := time.NewTimer(l.d.delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
	}
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	all := from()
	var out []peer.AddrInfo
	for _, i := range l.d.rnd.Perm(len(all)) {
		if len(out) >= limit {
			break
		}
		if o := all[i]; o != l && (o.sybil || !l.d.dark) {
			out = append(out, peer.AddrInfo{ID: o.host.ID(), Addrs: o.host.Addrs()})
		}
	}
	return out, nil
}
