package intentcast

import (
	"bytes"
	"crypto/sha256"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// KeyHash returns the SHA-256 of the route's key, by which an offer names its
// recipient.
func (r *Route) KeyHash() []byte {
	h := sha256.Sum256(r.Key)
	return h[:]
}

func (r *Route) check() *InvalidError {
	switch {
	case len(r.Peer) > maxPeer || !isPeer(r.Peer):
		return invalid("peer", "%.80q is not a peer id in base58", r.Peer)
	case len(r.Addrs) > maxAddrs:
		return invalid("addrs", "%d entries, at most %d are allowed", len(r.Addrs), maxAddrs)
	case r.Slot != nil && len(r.Slot) != slotSize:
		return invalid("slot", "%d bytes, want %d", len(r.Slot), slotSize)
	case len(r.Key) != ReplyKeySize:
		return invalid("key", "%d bytes, want %d", len(r.Key), ReplyKeySize)
	}
	for i, a := range r.Addrs {
		if e := checkAddr(a); e != nil {
			return e.at("addrs", i)
		}
	}
	return r.checkHolders()
}

// CheckHolders returns an *InvalidError for the first of r's holders that
// breaks a rule; its field begins with "holders".
func (r *Route) CheckHolders() error {
	if e := r.checkHolders(); e != nil {
		return e
	}
	return nil
}

// checkHolders has each peer and each slot stand once in the route: a letter
// that one holder did not take can then go to another, and no slot's key serves
// at two peers.
func (r *Route) checkHolders() *InvalidError {
	if r.Holders != nil && len(r.Holders) == 0 {
		return invalid("holders", "an empty list, which is to be left out")
	}
	if len(r.Holders) > MaxHolders {
		return invalid("holders", "%d entries, at most %d are allowed", len(r.Holders), MaxHolders)
	}
	peers, slots := []string{r.Peer}, [][]byte{r.Slot}
	for i := range r.Holders {
		h := &r.Holders[i]
		if e := h.check(); e != nil {
			return e.at("holders", i)
		}
		switch {
		case slices.Contains(peers, h.Peer):
			return invalid("peer", "stands twice in the route").at("holders", i)
		case slices.ContainsFunc(slots, func(s []byte) bool { return bytes.Equal(s, h.Slot) }):
			return invalid("slot", "stands twice in the route").at("holders", i)
		}
		peers, slots = append(peers, h.Peer), append(slots, h.Slot)
	}
	return nil
}

func (h *RouteHolder) check() *InvalidError {
	switch {
	case len(h.Peer) > maxPeer || !isPeer(h.Peer):
		return invalid("peer", "%.80q is not a peer id in base58", h.Peer)
	case len(h.Addrs) > maxAddrs:
		return invalid("addrs", "%d entries, at most %d are allowed", len(h.Addrs), maxAddrs)
	case len(h.Slot) != slotSize:
		return invalid("slot", "%d bytes, want %d", len(h.Slot), slotSize)
	}
	for i, a := range h.Addrs {
		if e := checkAddr(a); e != nil {
			return e.at("addrs", i)
		}
	}
	return nil
}

// isPeer reports whether s is the base58 text of a peer id. It is the one text
// of that id: base58 has no second way to write the same bytes.
func isPeer(s string) bool {
	if !strings.HasPrefix(s, "1") && !strings.HasPrefix(s, "Qm") {
		return false // a CID, which peer.Decode would take as well
	}
	_, err := peer.Decode(s)
	return err == nil
}

// checkAddr is one address, without a peer: the route names that beside it,
// and a second one would be a hop nobody agreed to.
func checkAddr(s string) *InvalidError {
	if len(s) > maxAddr {
		return invalid("", "%d bytes, at most %d are allowed", len(s), maxAddr)
	}
	if isUsualAddr(s) {
		return nil
	}
	a, err := multiaddr.NewMultiaddr(s)
	if err != nil || len(a) == 0 {
		return invalid("", "%.80q is not a multiaddr", s)
	}
	for i := range a {
		if a[i].Protocol().Code == multiaddr.P_P2P {
			return invalid("", "%.80q has a /p2p part", s)
		}
	}
	return nil
}

// isUsualAddr recognises the forms nearly every address has, an IPv4 address
// with TCP or with QUIC, at a tenth of the cost of reading any multiaddr. It
// says yes to nothing that NewMultiaddr refuses; a test holds it to that.
func isUsualAddr(s string) bool {
	s, ok := strings.CutPrefix(s, "/ip4/")
	ip, rest, more := strings.Cut(s, "/")
	if !ok || !more {
		return false
	}
	if a, err := netip.ParseAddr(ip); err != nil || !a.Is4() {
		return false
	}
	if port, ok := strings.CutPrefix(rest, "tcp/"); ok {
		return isPort(port)
	}
	rest, quic := strings.CutSuffix(rest, "/quic-v1")
	port, udp := strings.CutPrefix(rest, "udp/")
	return udp && quic && isPort(port)
}

// isPort reports whether s is the digits of a port number.
func isPort(s string) bool {
	if s == "" || len(s) > 5 || !only(s, digits) {
		return false
	}
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n <= math.MaxUint16
}
