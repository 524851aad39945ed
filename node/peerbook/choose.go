package peerbook

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// Need is what peers to dial are chosen for.
type Need struct {
	Now       time.Time
	Connected map[peer.ID]ma.Multiaddr // who is connected, and from where
	Busy      map[peer.ID]bool         // who is being dialled
	Want      int                      // how many more connections the node could use
	Prefer    map[peer.ID]bool         // who would be of most use
	Preferred int                      // how many of those it could use beyond Want
	Chance    func(n int) int          // in [0,n)
}

// Choose returns whom to dial now: everybody kept, then the most promising, as
// far as the limits on one range of addresses and on one giver let them. First
// come those preferred; then those reached before, the longest connected
// first, of which there are few that an attacker could have placed there; then
// by chance. A pause that was begun in company does not outlast retryAlone
// where nobody is connected: nobody is there to wait with.
func (b *Book) Choose(n Need) []peer.AddrInfo {
	c := chooser{limits: b.limits, ranges: map[netip.Prefix]int{}, givers: map[peer.ID]int{}}
	for p, at := range n.Connected {
		c.count(at)
		if e := b.peers[p]; e != nil {
			c.givers[e.By]++
		}
	}
	var out []peer.AddrInfo
	var others []Entry
	alone := len(n.Connected) == 0
	for _, e := range b.Entries() {
		_, connected := n.Connected[e.Info.ID]
		if connected || n.Busy[e.Info.ID] || len(e.Info.Addrs) == 0 || e.waits(n.Now, alone) {
			continue
		}
		if e.Kept() {
			out = append(out, e.Info)
			continue
		}
		others = append(others, e)
	}
	for i := len(others) - 1; i > 0; i-- { // chance among equals
		j := n.Chance(i + 1)
		others[i], others[j] = others[j], others[i]
	}
	slices.SortStableFunc(others, func(x, y Entry) int {
		return cmp.Or(
			cmp.Compare(rank(n.Prefer[y.Info.ID]), rank(n.Prefer[x.Info.ID])),
			cmp.Compare(rank(y.Reached > 0), rank(x.Reached > 0)),
			cmp.Compare(y.Held, x.Held),
			cmp.Compare(x.Failed, y.Failed))
	})
	for _, e := range others {
		if n.Want <= 0 && (n.Preferred <= 0 || !n.Prefer[e.Info.ID]) {
			break
		}
		if !c.take(e) {
			continue
		}
		out = append(out, e.Info)
		if n.Prefer[e.Info.ID] && n.Preferred > 0 {
			n.Preferred--
		}
		n.Want--
	}
	return out
}

// waits reports whether it is too early to dial e again.
func (e Entry) waits(now time.Time, alone bool) bool {
	pause := e.Next.Sub(now)
	return pause > 0 && (!alone || pause <= retryAlone)
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// chooser counts what the limits are about.
type chooser struct {
	limits Limits
	ranges map[netip.Prefix]int
	givers map[peer.ID]int
}

func (c *chooser) count(at ma.Multiaddr) {
	if r := Range(at); r.IsValid() {
		c.ranges[r]++
	}
}

// take notes that e is chosen, unless a limit forbids it. All its addresses
// count, as it is not known which of them will work.
func (c *chooser) take(e Entry) bool {
	var all []netip.Prefix
	for _, a := range e.Info.Addrs {
		if r := Range(a); r.IsValid() && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	full := slices.ContainsFunc(all, func(r netip.Prefix) bool { return c.ranges[r] >= c.limits.PerRange })
	if full || e.By != "" && c.givers[e.By] >= c.limits.PerGiver {
		return false
	}
	for _, r := range all {
		c.ranges[r]++
	}
	c.givers[e.By]++
	return true
}
