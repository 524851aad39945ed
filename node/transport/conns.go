package transport

import (
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// Connection is one open connection of a host.
type Connection struct {
	Peer    peer.ID
	Addr    ma.Multiaddr // the other end's
	Over    string       // quic, tcp, webtransport, websocket; through a relay, that to the relay
	Inbound bool
	Relay   peer.ID // through whom; empty: direct
	Keys    KeyExchange
	Opened  time.Time
}

// Connections returns the open connections of h, by peer and age.
func Connections(h host.Host) (out []Connection) {
	for _, c := range h.Network().Conns() {
		out = append(out, Connection{
			Peer: c.RemotePeer(), Addr: c.RemoteMultiaddr(), Over: over(c.RemoteMultiaddr()),
			Inbound: c.Stat().Direction == network.DirInbound, Relay: RelayOf(c.RemoteMultiaddr()),
			Keys: KeyExchangeOf(c), Opened: c.Stat().Opened,
		})
	}
	slices.SortFunc(out, func(a, b Connection) int {
		if a.Peer != b.Peer {
			return strings.Compare(string(a.Peer), string(b.Peer))
		}
		return a.Opened.Compare(b.Opened)
	})
	return out
}

// RelayOf returns the relay that an address leads through, or "".
func RelayOf(a ma.Multiaddr) (relay peer.ID) {
	for _, c := range a {
		switch c.Code() {
		case ma.P_P2P:
			relay, _ = peer.IDFromBytes(c.RawValue())
		case ma.P_CIRCUIT:
			return relay
		}
	}
	return ""
}

// over names the outermost transport of an address.
func over(a ma.Multiaddr) string {
	name := "unknown"
	for _, c := range a {
		switch c.Code() {
		case ma.P_TCP:
			name = "tcp"
		case ma.P_QUIC_V1:
			name = "quic"
		case ma.P_WEBTRANSPORT:
			name = "webtransport"
		case ma.P_WS, ma.P_WSS:
			name = "websocket"
		case ma.P_CIRCUIT:
			return name
		}
	}
	return name
}
