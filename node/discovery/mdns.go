package discovery

import (
	"context"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"

	"github.com/parley-network/parley/node/peerbook"
)

// mdnsService is what nodes ask for on the local network (RFC 6763).
const mdnsService = "_parley._udp"

// runMDNS speaks up on the local network until ctx ends. A network that does
// not let it is no reason for the node to end.
func (d *Discovery) runMDNS(ctx context.Context) error {
	s := mdns.NewMdnsService(d.cfg.Host, mdnsService, notifee{d})
	if err := s.Start(); err != nil {
		d.log.Warn("no nodes are looked for on the local network", "error", err)
	}
	<-ctx.Done()
	if err := s.Close(); err != nil {
		d.log.Debug("closing mDNS", "error", err)
	}
	return ctx.Err()
}

type notifee struct{ d *Discovery }

// HandlePeerFound is told of who answers. What is heard of the local network
// is of the local network, so its addresses are taken as they are.
func (n notifee) HandlePeerFound(info peer.AddrInfo) {
	if info.ID == n.d.cfg.Host.ID() {
		return
	}
	info.Addrs = peerbook.Usable(info.Addrs, peerbook.Local)
	n.d.found(peerbook.MDNS, "", info)
}
