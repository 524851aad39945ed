package courier

import (
	"slices"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// routes are the own routes of a courier. What is asked for with every letter
// is counted as routes come and go: a person has thousands.
type routes struct {
	mu      sync.Mutex
	open    map[string]*ownRoute // by id
	current map[string]*ownRoute // by label: the one told to others
	byKey   map[string]*ownRoute // by SHA-256 of the public key
	busy    map[string]bool      // labels being opened or closed
	holders map[peer.ID]int      // open routes at each holder
	vias    map[peer.ID]int      // open routes asked about through each forwarder
	hidden  int                  // open routes opened through a forwarder
}

func newRoutes() routes {
	return routes{
		open: make(map[string]*ownRoute), current: make(map[string]*ownRoute), byKey: make(map[string]*ownRoute), busy: make(map[string]bool),
		holders: make(map[peer.ID]int), vias: make(map[peer.ID]int),
	}
}

// lock reserves a label; false if somebody has it.
func (r *routes) lock(label string) (unlock func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[label] {
		return nil, false
	}
	r.busy[label] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.busy, label)
	}, true
}

func (r *routes) get(label string) *ownRoute {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current[label]
}

// all returns the open routes of a label: the one in use and those whose place
// it took; or for the label "" the mailboxes of the direct route.
func (r *routes) all(label string) (out []*ownRoute) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rt := range r.open {
		if rt.label == label {
			out = append(out, rt)
		}
	}
	slices.SortFunc(out, func(a, b *ownRoute) int { return strings.Compare(a.id, b.id) })
	return out
}

// of returns the open route whose public key has the SHA-256 key.
func (r *routes) of(key []byte) *ownRoute {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKey[string(key)]
}

// others returns the other open routes of rt's label.
func (r *routes) others(rt *ownRoute) []*ownRoute {
	return slices.DeleteFunc(r.all(rt.label), func(other *ownRoute) bool { return other == rt })
}

// add counts an open route in.
func (r *routes) add(rt *ownRoute) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[rt.id] = rt
	if rt.keyHash != nil {
		r.byKey[string(rt.keyHash)] = rt
	}
	if rec := rt.record(); rec.Retired.IsZero() && !rec.Mailbox {
		r.current[rt.label] = rt
	}
	r.count(rt, +1)
}

// remove counts a route out.
func (r *routes) remove(rt *ownRoute) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open[rt.id] != rt {
		return
	}
	r.count(rt, -1)
	delete(r.open, rt.id)
	delete(r.byKey, string(rt.keyHash))
	if r.current[rt.label] == rt {
		delete(r.current, rt.label)
	}
}

// count adds rt to every sum it is part of, or takes it from them. r.mu is
// held.
func (r *routes) count(rt *ownRoute, sign int) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	add(r.holders, rt.holder, sign)
	add(r.vias, rt.via, sign)
	if rt.rec.Hidden {
		r.hidden += sign
	}
}

// add adds n to m[p]; it leaves no zero behind and counts nobody in.
func add(m map[peer.ID]int, p peer.ID, n int) {
	if p == "" {
		return
	}
	if m[p] += n; m[p] == 0 {
		delete(m, p)
	}
}

// goBy has rt asked about through via from now on; "": through whom is chosen
// when it is asked about next.
func (r *routes) goBy(rt *ownRoute, via peer.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if r.open[rt.id] == rt {
		add(r.vias, rt.via, -1)
		add(r.vias, via, +1)
	}
	rt.via, rt.out = via, 0
}

// holderUses returns how many open routes the peer holds.
func (r *routes) holderUses(p peer.ID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holders[p]
}

// viaUses returns how many open routes are asked about through the peer.
func (r *routes) viaUses(p peer.ID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.vias[p]
}

// counts returns how many routes are open, and how many of these were opened
// through a forwarder.
func (r *routes) counts() (open, hidden int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open), r.hidden
}
