package discovery

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/ipfs/go-cid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p-kad-dht/records"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	mh "github.com/multiformats/go-multihash"
	"github.com/prometheus/client_golang/prometheus"
)

// DHTProtocol is the DHT's: none but Parley's nodes are in it.
const DHTProtocol protocol.ID = "/parley/kad/1"

const (
	// A provider record stands for recordLife and is put out again every
	// republishEvery, so that one round may fail altogether. A node that is gone is found in vain for
	// half a day at most (IPFS: 48 and 22 h; ours move house more often and
	// are fewer).
	recordLife     = 12 * time.Hour
	republishEvery = 5 * time.Hour
	sweepEvery     = time.Hour
)

// table is what is used of the DHT.
type table interface {
	Provide(ctx context.Context, key cid.Cid, announce bool) error
	FindProvidersAsync(ctx context.Context, key cid.Cid, count int) <-chan peer.AddrInfo
	RefreshRoutingTable() <-chan error
	Close() error
}

// openDHT starts the DHT. There are no value records in it, from nobody: all
// it tells is who provides a key.
func (d *Discovery) openDHT() (table, error) {
	mode := dht.ModeClient
	if d.cfg.Serve {
		mode = dht.ModeAuto
	}
	perRange := d.cfg.PerRange
	if perRange == 0 {
		perRange = 3
	}
	shelf := newShelf()
	if d.metrics != nil {
		d.metrics.shelf(shelf.len)
	}
	t, err := dht.New(d.cfg.Host,
		dht.ProtocolPrefix("/parley"), dht.V1ProtocolOverride(DHTProtocol), dht.Mode(mode), dht.BootstrapPeers(),
		dht.DisableValues(),
		dht.ProviderDatastore(shelf),
		dht.ProviderManagerOpts(
			records.ProvideValidity(recordLife), records.ProviderAddrTTL(recordLife), records.CleanupInterval(sweepEvery),
			records.Cache(noCache{})), // it would hold more of one key than the shelf does
		dht.AddressFilter(d.scopes.filter),
		dht.QueryFilter(func(_ any, ai peer.AddrInfo) bool {
			return d.cfg.Host.Network().Connectedness(ai.ID) == network.Connected || len(d.scopes.filter(ai.Addrs)) > 0
		}),
		dht.RoutingTablePeerDiversityFilter(newRanges(d.cfg.Host, perRange)),
	)
	if err != nil {
		return nil, fmt.Errorf("start DHT: %w", err)
	}
	return t, t.Bootstrap(context.Background())
}

// topicKey is where in the DHT those who follow a shard's topic are found.
func topicKey(shard string) cid.Cid { return key("topic", shard) }

// partyKey is where the nodes of a party are found, by its identifier or its
// domain.
func partyKey(name string) cid.Cid {
	if !strings.HasPrefix(name, "did:") {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
	}
	return key("party", name)
}

// key hides the words of a name, not more: who guesses it finds it.
func key(what, name string) cid.Cid {
	sum := sha256.Sum256([]byte("parley/kad/1\x00" + what + "\x00" + name))
	hash, err := mh.Encode(sum[:], mh.SHA2_256)
	if err != nil { // only for lengths that don't match
		panic("discovery: encode a SHA-256: " + err.Error())
	}
	return cid.NewCidV1(cid.Raw, hash)
}

func (d *Discovery) lookUp(ctx context.Context, what string, k cid.Cid, limit int) ([]peer.AddrInfo, error) {
	if !d.begun() || d.dht == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var out []peer.AddrInfo
	start := time.Now()
	for info := range d.dht.FindProvidersAsync(ctx, k, limit) {
		if info.ID == d.cfg.Host.ID() {
			continue
		}
		info.Addrs = d.scopes.filter(info.Addrs)
		out = append(out, info)
	}
	if d.metrics != nil {
		d.metrics.lookups.With(prometheus.Labels{"what": what, "found": yes(len(out) > 0)}).Inc()
		d.metrics.lookupTime.Observe(time.Since(start).Seconds())
	}
	return out, nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
