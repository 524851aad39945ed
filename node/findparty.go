package node

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node/peerbook"
	"github.com/parley-network/parley/node/view"
)

// partyLimit is how many nodes of one party are looked up and dialled: a large
// vendor runs several, and anybody can say that theirs are of it.
const partyLimit = 6

// FindParty looks up nodes that say they are a vendor's, named by its
// identifier or its domain, connects to them and returns those that answered.
// Whether one is the vendor's shows in what it signs: its term update, which
// the node asks every new peer for.
func (n *Node) FindParty(ctx context.Context, name string) ([]view.Peer, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "" || len(name) > 512:
		return nil, view.Invalid("name", "want a vendor's domain or identifier")
	case n.cfg.Discovery == nil:
		return nil, fmt.Errorf("this node looks nobody up: %w", view.ErrUnavailable)
	}
	if len(n.cfg.Host.Network().Peers()) == 0 {
		return nil, fmt.Errorf("look up %s: no node is connected, so there is nobody to ask; connect to one with parley peer add: %w", name, view.ErrUnavailable)
	}
	infos, err := n.cfg.Discovery.Party(ctx, name, partyLimit)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	infos = infos[:min(len(infos), partyLimit)]
	company{n}.Found(peerbook.DHT, "", infos...)
	var wg sync.WaitGroup
	for _, info := range infos {
		wg.Go(func() { n.dialFound(ctx, info) })
	}
	wg.Wait()
	out := []view.Peer{}
	for _, info := range infos {
		if p := n.viewPeer(info.ID); p.PeerID != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

func (n *Node) dialFound(ctx context.Context, info peer.AddrInfo) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if err := n.cfg.Host.Connect(ctx, info); err != nil {
		n.log.Debug("a node found is away", "peer", info.ID, "error", err)
		n.peers.mu.Lock()
		defer n.peers.mu.Unlock()
		n.peers.book.Missed(time.Now(), info.ID, 1)
	}
}
