package intentcast_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/parley-network/parley/gossip/intentcast"
)

// direct is a route to a recipient's own node.
func direct(name string) intentcast.Route {
	r := route(name)
	r.Slot = nil
	return r
}

// holders are two peers that keep letters for the recipient.
func holders() []intentcast.RouteHolder {
	one, two := sha256.Sum256([]byte("slot at one")), sha256.Sum256([]byte("slot at two"))
	return []intentcast.RouteHolder{
		{Peer: "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", Addrs: []string{"/ip4/192.0.2.8/udp/4001/quic-v1"}, Slot: one[:]},
		{Peer: "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", Slot: two[:]},
	}
}

// badHolders are routes with one thing wrong in their holders each, and the
// field that the error must name.
var badHolders = []struct {
	name, field string
	spoil       func(*intentcast.Route)
}{
	{"too many holders", "holders", func(r *intentcast.Route) { r.Holders = append(r.Holders, holders()...) }},
	{"holder without a peer", "holders[0].peer", func(r *intentcast.Route) { r.Holders[0].Peer = "" }},
	{"holder as a CID", "holders[1].peer", func(r *intentcast.Route) {
		r.Holders[1].Peer = "bafzaajaiaejcboc7cwqwuu6sbkmo3dmctldi73fmqumhovkamzqvxzslg5jkdjpe"
	}},
	{"holder is the recipient", "holders[0].peer", func(r *intentcast.Route) { r.Holders[0].Peer = r.Peer }},
	{"holder twice", "holders[1].peer", func(r *intentcast.Route) { r.Holders[1].Peer = r.Holders[0].Peer }},
	{"holder without a slot", "holders[1].slot", func(r *intentcast.Route) { r.Holders[1].Slot = []byte{} }},
	{"holder with a short slot", "holders[0].slot", func(r *intentcast.Route) { r.Holders[0].Slot = r.Holders[0].Slot[1:] }},
	{"slot at two holders", "holders[1].slot", func(r *intentcast.Route) { r.Holders[1].Slot = r.Holders[0].Slot }},
	{"holder with too many addresses", "holders[1].addrs", func(r *intentcast.Route) {
		r.Holders[1].Addrs = strings.Fields(strings.Repeat("/ip4/192.0.2.8/tcp/1 ", 5))
	}},
	{"holder's address is none", "holders[0].addrs[0]", func(r *intentcast.Route) { r.Holders[0].Addrs[0] = "192.0.2.8:1" }},
	{"holder's address with a peer", "holders[0].addrs[0]", func(r *intentcast.Route) { r.Holders[0].Addrs[0] += "/p2p/" + r.Peer }},
}

func TestHolders(t *testing.T) {
	for _, make := range []func(string) intentcast.Route{direct, route} {
		good := make("rental")
		good.Holders = holders()
		if err := good.CheckHolders(); err != nil {
			t.Error(err)
		}
		if err := (&intentcast.Route{}).CheckHolders(); err != nil {
			t.Errorf("none: %v", err)
		}
		for _, bad := range badHolders {
			r := make("rental")
			r.Holders = holders()
			bad.spoil(&r)
			var problem *intentcast.InvalidError
			if !errors.As(r.CheckHolders(), &problem) || problem.Field != bad.field {
				t.Errorf("%s: %v, want field %s", bad.name, r.CheckHolders(), bad.field)
			}
		}
	}
	slotTaken := route("rental")
	slotTaken.Holders = holders()
	slotTaken.Holders[0].Slot = slotTaken.Slot
	if slotTaken.CheckHolders() == nil {
		t.Error("the route's own slot stands at a holder")
	}
}
