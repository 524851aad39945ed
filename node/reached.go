package node

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/reach"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/node/view"
)

// reached is how others can reach this node.
func (n *Node) reached() view.Reach {
	if n.cfg.Reach == nil {
		return view.Reach{Kind: "unknown", Text: "This node was not told to find out whether it can be reached."}
	}
	j := n.cfg.Reach.Judgement()
	v := view.Reach{Kind: string(j.Kind), Text: j.Text, Do: j.Do, Offers: j.Offers}
	if j.Kind == reach.Local && n.vendor != nil {
		v.Text = "Only programs on this machine can connect to this node: a vendor's customers find it only through the peers that it is connected to itself, and not in the directory."
	}
	if j.Kind != reach.Local {
		v.Near = n.cfg.Reach.Own()
	}
	for _, id := range j.Relays {
		v.Relays = append(v.Relays, id.String())
	}
	return v
}

// connections are those open now.
func (n *Node) connections() []view.Connection {
	out := []view.Connection{}
	for _, c := range transport.Connections(n.cfg.Host) {
		v := view.Connection{
			PeerID: c.Peer.String(), Address: c.Addr.String(), Transport: c.Over, Inbound: c.Inbound,
			KeyExchange: c.Keys.Name, PostQuantum: c.Keys.PostQuantum, Since: identity.At(c.Opened),
		}
		if c.Relay != "" {
			v.Relay = c.Relay.String()
		}
		out = append(out, v)
	}
	return out
}
