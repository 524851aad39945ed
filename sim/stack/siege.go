package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/scenario"
)

// The attacks that real nodes are put to, of the GossipSub v1.1 evaluation
// (Vyzovitis and others, 2020) and of our own.
const (
	withhold          = "withhold"           // in meshes, and relay nothing
	eclipseAll        = "eclipse-all"        // the same by the evaluation's name: every node is surrounded
	degradation       = "degradation"        // in meshes, and relay half of the messages
	spam              = "spam"               // well-formed intents of nobody
	censor            = "censor"             // relay all but what comes from one person's node
	coldBoot          = "cold-boot"          // withhold, there before any mesh has formed
	dawn              = "dawn"               // withhold, there before the honest have found each other
	colocation        = "colocation"         // as in a cold boot, many sybils at an address
	covertFlash       = "covert-flash"       // relay for half the steps, then withhold all at once
	eclipseOne        = "eclipse-one"        // surround one person's node
	eclipsePublishers = "eclipse-publishers" // surround whoever casts
)

const (
	// regraft is how often sybils ask to be in meshes again: when those who
	// pruned them would let them back.
	regraft = 25 * time.Second
	// keptInEclipse are the honest peers that a surrounded node keeps, and
	// aroundInEclipse the sybils that it gets.
	keptInEclipse, aroundInEclipse = 2, 30
	// moveIn is how long sybils are given to get into meshes.
	moveIn = 10 * time.Second
	// dawnAfter is how long the honest know nobody but sybils, and together how
	// many sybils share an address: the evaluation's.
	dawnAfter = 10 * time.Second
	together  = 160
)

// siege is the attacker: its sybils, and what they do.
type siege struct {
	m    *Medium
	kind string
	all  []*sybil
	stop func()
	here bool // it has come
	purse
}

// sybilsOf is how many identities the attacker runs in a scenario.
func sybilsOf(s scenario.Scenario) int {
	switch s.Attack.Kind {
	case withhold, eclipseAll, degradation, spam, censor, coldBoot, dawn, colocation, covertFlash, eclipseOne, eclipsePublishers:
		return s.Attack.Sybils
	}
	return 0
}

// early reports whether the sybils are there before the first mesh.
func (g *siege) early() bool { return g.kind == coldBoot || g.kind == dawn || g.kind == colocation }

func newSiege(m *Medium) (*siege, error) {
	g := &siege{m: m, kind: m.s.Attack.Kind, purse: purse{budget: m.s.Attack.Budget, least: m.s.Protocol.Work}}
	if g.kind == colocation {
		if err := houses(m.w, sybilsOf(m.s), together); err != nil {
			return nil, err
		}
	}
	for i := range sybilsOf(m.s) {
		s, err := newSybil(m, i)
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		s.purse = &g.purse
		s.hearPrices()
		g.all = append(g.all, s)
	}
	if len(g.all) > 0 {
		g.stop = again(regraft, func() {
			for _, s := range g.all {
				s.Tell(&pb.RPC{Control: s.Graft()}, nil)
			}
		})
	}
	return g, nil
}

// houses has n sybils share addresses, so many at each.
func houses(w *sim.World, n, together int) error {
	names := make([]string, n)
	for i := range names {
		names[i] = sybilName(i)
	}
	for house := range slices.Chunk(names, together) {
		if err := w.Together(house...); err != nil {
			return fmt.Errorf("lodge sybils: %w", err)
		}
	}
	return nil
}

// again does something every so often in a goroutine, until stop is called.
func again(every time.Duration, do func()) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				do()
			}
		}
	}()
	return func() { close(over); <-done }
}

func (g *siege) close() error {
	if g.stop != nil {
		g.stop()
	}
	var errs []error
	for _, s := range g.all {
		errs = append(errs, s.Close())
	}
	g.all, g.stop = nil, nil
	return errors.Join(errs...)
}

// meet has the sybils dial those who have just joined, as many of their number
// as the newcomers would be dialled by honest ones.
func (g *siege) meet(fresh []int32) {
	if len(g.all) == 0 || !g.here && !g.early() {
		return
	}
	g.here = true
	open := slices.DeleteFunc(slices.Clone(fresh), func(id int32) bool { return g.m.parties[id].nat })
	if len(open) == 0 {
		return
	}
	share := float64(len(fresh)) / float64(len(g.m.order))
	var wg sync.WaitGroup
	for _, s := range g.all {
		for range max(1, g.m.s.Protocol.Peers/2) {
			if g.m.rnd.Float64() < share {
				to := g.m.parties[open[g.m.rnd.IntN(len(open))]].addr
				wg.Go(func() { s.besiege(to) })
			}
		}
	}
	wg.Wait()
}

// arrive brings the sybils, where they were not there from the start.
func (g *siege) arrive(ctx context.Context) error {
	if len(g.all) == 0 || g.here {
		return nil
	}
	g.here = true
	g.meet(g.m.order)
	return g.m.wait(ctx, moveIn)
}

// deeds is what the attacker does in a window beside being in the way.
func (g *siege) deeds(step int, window time.Duration) []deed {
	if len(g.all) == 0 {
		return nil
	}
	var out []deed
	if g.kind == covertFlash && step >= g.m.s.Clock.Steps/2 {
		out = append(out, deed{0, func() error {
			for _, s := range g.all {
				s.relays.Store(false)
			}
			return nil
		}})
	}
	if g.kind != spam || g.m.s.Attack.Rate <= 0 {
		return out
	}
	gap := time.Duration(float64(time.Second) / g.m.s.Attack.Rate)
	for _, s := range g.all {
		for at := time.Duration(g.m.rnd.Float64() * float64(gap)); at < window; at += gap {
			out = append(out, deed{at, func() error { return s.spam(time.Now()) }})
		}
	}
	return out
}

// eclipse surrounds those who are about to cast: each is left two honest peers
// and gets thirty sybils. As in the evaluation, where everybody follows the one
// topic there is, those two are vendors if it has any for peers: a person whose
// every peer in its topic is a sybil is not surrounded but cut off, and its
// intent gets nowhere until it finds another.
func (g *siege) eclipse(ctx context.Context, people []int32) error {
	switch g.kind {
	case eclipsePublishers:
	case eclipseOne:
		people = []int32{0}
	default:
		return nil
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(people))) {
		if err := g.surround(id); err != nil {
			return fmt.Errorf("eclipse agent %d: %w", id, err)
		}
	}
	return g.m.wait(ctx, moveIn)
}

func (g *siege) surround(id int32) error {
	p := g.m.parties[id]
	if p == nil || p.nat {
		return nil
	}
	_, h := p.on()
	if h == nil || len(g.all) == 0 {
		return nil
	}
	sybils := make(map[peer.ID]bool, len(g.all))
	for _, s := range g.all {
		sybils[s.ID()] = true
	}
	kept := 0
	vendors := make(map[peer.ID]bool)
	for _, q := range g.m.parties {
		vendors[q.addr.ID] = q.agent.Vendor
	}
	peers := h.Network().Peers()
	slices.SortFunc(peers, func(a, b peer.ID) int {
		if vendors[a] != vendors[b] {
			if vendors[a] {
				return -1
			}
			return 1
		}
		return strings.Compare(string(a), string(b))
	})
	for _, other := range peers {
		if sybils[other] {
			continue
		}
		if kept++; kept > keptInEclipse {
			if err := h.Network().ClosePeer(other); err != nil {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for _, i := range g.m.rnd.Perm(len(g.all))[:min(aroundInEclipse, len(g.all))] {
		wg.Go(func() { g.all[i].besiege(p.addr) })
	}
	wg.Wait()
	return nil
}

// topic is one that intents go out on: sybils of a sharded network follow one
// each.
func (m *Medium) topic(i int) string {
	c, p := int32(0), int32(0)
	if m.goods.sharded {
		c, p = int32(i%max(1, m.s.People.Categories)), int32(i/max(1, m.s.People.Categories)%max(1, m.s.People.Places))
	}
	return intentcast.Shard(m.goods.category(c), m.goods.place(p))
}

func sybilName(i int) string { return "sybil " + strconv.Itoa(i) }

// list enters a sybil in the directory as one who follows its topic.
func (m *Medium) list(s *sybil, shard string) (stop func()) {
	l := m.directory.of(s.Host, false)
	l.sybil = true
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	l.Advertise(node.Advert{Topics: []string{shard}})
	go func() {
		defer close(done)
		_ = l.Run(ctx, nil)
	}()
	return func() { cancel(); <-done }
}

func topicOf(shard string) string { return gossip.TopicPrefix + shard }
