package transport

import (
	"context"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	"go.uber.org/fx"
)

// What a node that is reachable from the Internet does for those that aren't.
// An exchange of a card is a few dozen letters of 1 to 64 KiB: a few hundred
// KiB. A circuit is for that, and for agreeing on a direct connection; it is
// no place to live. At the worst a relay carries circuitsPerHour full circuits
// an hour in either direction, 1.1 Mbit/s on the average, which a home
// connection survives.
const (
	circuitBytes    = 1 << 20         // in each direction, of one circuit; libp2p's 128 KiB is two letters
	circuitLife     = 5 * time.Minute // libp2p's 2 are short for a slow line
	maxCircuits     = 64              // open at a time, all together
	circuitsPerPeer = 16              // of them from or to one peer
	circuitsPerHour = 240             // opened, all together
	peerPerHour     = 60              // opened by one peer

	reservations       = 128       // peers that may be called through this one
	reservationsPerIP  = 8         // a household, or an office behind one address
	reservationsPerASN = 32        // of one provider: a crowd from one data centre leaves room (IPv6 only, in libp2p)
	reservationLife    = time.Hour // renewed while the peer is there
	relayBuffer        = 4 << 10   // of a circuit, in each direction
)

// How a node that is not reachable finds those that are. libp2p's figures are
// for a network where relays are many and strangers; here they are few, and
// one that is gone is to be replaced at once.
const (
	relaysWanted    = 2                // so that one may go
	relayCandidates = 8                // known at a time
	relayBoot       = 10 * time.Second // how long to wait for a choice of them
	relayEvery      = 5 * time.Second  // how often to look for more
	relayBackoff    = 2 * time.Minute  // how long one that refused is left alone
)

// RelayLimits are what a relay allows one peer, for documents and for the
// peer's owner.
type RelayLimits struct {
	Bytes        int64         // in each direction of one circuit
	Life         time.Duration // of one circuit
	Reservations int           // peers that may be called through the relay
}

// OfferedLimits returns what this program's relays allow.
func OfferedLimits() RelayLimits {
	return RelayLimits{Bytes: circuitBytes, Life: circuitLife, Reservations: reservations}
}

func relayResources() relay.Resources {
	return relay.Resources{
		Limit:                 &relay.RelayLimit{Duration: circuitLife, Data: circuitBytes},
		ReservationTTL:        reservationLife,
		MaxReservations:       reservations,
		MaxCircuits:           circuitsPerPeer,
		BufferSize:            relayBuffer,
		MaxReservationsPerIP:  reservationsPerIP,
		MaxReservationsPerASN: reservationsPerASN,
	}
}

// reachable adds all that a node does to be reached, and to have others
// reached.
func (c Config) reachable(cfg *config.Config, listen []ma.Multiaddr) {
	cfg.DisableIdentifyAddressDiscovery = false
	cfg.EnableAutoNATv2 = true
	cfg.EnableHolePunching = true
	guess := new(portGuess)
	var asked *router // nil: there is none to ask
	if BeyondLoopback(listen) {
		cfg.NATManager = guess.before(func(n network.Network) basichost.NATManager {
			asked = newRouter(n, askBothWays)
			return asked
		})
	}

	cfg.EnableRelayService = true // libp2p starts it once verdict says that the node is public
	cfg.RelayServiceOpts = []relay.Option{relay.WithResources(relayResources()), relay.WithACL(newRelayMeter())}

	source := &relaySource{more: c.Relays}
	cfg.EnableAutoRelay = true
	cfg.AutoRelayOpts = []autorelay.Option{
		autorelay.WithPeerSource(source.peers),
		autorelay.WithNumRelays(relaysWanted),
		autorelay.WithMinCandidates(relaysWanted),
		autorelay.WithMaxCandidates(relayCandidates),
		autorelay.WithBootDelay(relayBoot),
		autorelay.WithMinInterval(relayEvery),
		autorelay.WithBackoff(relayBackoff),
	}
	stayUnknown(cfg) // until verdict knows better
	cfg.UserFxOptions = append(cfg.UserFxOptions, fx.Invoke(func(h *basichost.BasicHost, life fx.Lifecycle) {
		source.host = h
		v := &verdict{host: h, identified: guess.hear}
		life.Append(fx.StartStopHook(v.start, v.stop))
		if asked != nil {
			life.Append(fx.StartStopHook(func() error { return asked.start(h.EventBus()) }, asked.stop))
		}
	}))
}

// relaySource finds peers that may relay: those connected now that say they
// do, then those the owner of the host knows of.
type relaySource struct {
	host host.Host
	more func(n int) []peer.AddrInfo
}

func (s *relaySource) peers(ctx context.Context, n int) <-chan peer.AddrInfo {
	found := s.connected()
	if s.more != nil {
		for _, info := range s.more(n) {
			if !slices.ContainsFunc(found, func(f peer.AddrInfo) bool { return f.ID == info.ID }) {
				found = append(found, info)
			}
		}
	}
	out := make(chan peer.AddrInfo, n)
	defer close(out)
	for _, info := range found[:min(n, len(found))] {
		out <- info
	}
	return out
}

// connected returns the peers with a direct connection that offer to relay.
func (s *relaySource) connected() (out []peer.AddrInfo) {
	for _, id := range s.host.Network().Peers() {
		direct := slices.ContainsFunc(s.host.Network().ConnsToPeer(id), func(c network.Conn) bool { return !c.Stat().Limited })
		offers, err := s.host.Peerstore().SupportsProtocols(id, circuit.ProtoIDv2Hop)
		if direct && err == nil && len(offers) > 0 {
			out = append(out, s.host.Peerstore().PeerInfo(id))
		}
	}
	return out
}
