package discovery

import (
	"sync"

	"github.com/libp2p/go-libp2p-kbucket/peerdiversity"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/node/peerbook"
)

// ranges keeps any one range of addresses from filling the DHT's routing table.
// kad-dht's own does the same, for local networks too, where it would leave
// three peers.
type ranges struct {
	host  host.Host
	limit int

	mu    sync.Mutex
	count map[peerdiversity.PeerIPGroupKey]int
}

var _ peerdiversity.PeerIPGroupFilter = (*ranges)(nil)

func newRanges(h host.Host, limit int) *ranges {
	return &ranges{host: h, limit: limit, count: map[peerdiversity.PeerIPGroupKey]int{}}
}

// Allow reports whether one more of the range may be in the table.
func (r *ranges) Allow(g peerdiversity.PeerGroupInfo) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return g.IPGroupKey == insideGroup || r.count[g.IPGroupKey] < r.limit
}

// inside stands for every address that is not public, and insideGroup is what
// kad-dht calls the group it is in.
var inside = ma.StringCast("/ip4/127.0.0.1/tcp/1")

const insideGroup peerdiversity.PeerIPGroupKey = "127.0.0.0"

// Increment counts a peer that is in the table now.
func (r *ranges) Increment(g peerdiversity.PeerGroupInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[g.IPGroupKey]++
}

// Decrement counts a peer that has left it.
func (r *ranges) Decrement(g peerdiversity.PeerGroupInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count[g.IPGroupKey]--; r.count[g.IPGroupKey] <= 0 {
		delete(r.count, g.IPGroupKey)
	}
}

// PeerAddresses are where a peer is connected from: the addresses that it gives
// would be for it to choose.
func (r *ranges) PeerAddresses(p peer.ID) []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, c := range r.host.Network().ConnsToPeer(p) {
		a := c.RemoteMultiaddr()
		if peerbook.ScopeOf(a) < peerbook.Public {
			a = inside
		}
		out = append(out, a)
	}
	return out
}
