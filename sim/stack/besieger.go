package stack

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/sim"
)

// A sybil of the evaluation asks again so long after it was pruned, and up to
// so much later (sybil_regraft_backoff and sybil_regraft_delay there).
const (
	askAgain     = time.Minute
	askAgainUpTo = 15 * time.Second
)

// besieger is a sybil of an ordeal.
type besieger struct {
	*sim.Sybil
	o *ordeal

	mu   sync.Mutex // never held while waiting
	seen map[string]bool
	rnd  *rand.Rand
}

func (o *ordeal) newBesieger(name string) (*besieger, error) {
	plain, err := o.w.NewSybil(name, topicOf(o.shard))
	if err != nil {
		return nil, err
	}
	o.w.Add(name, plain)
	b := &besieger{Sybil: plain, o: o, seen: map[string]bool{}, rnd: o.w.RandFor(name)}
	b.Heard = b.hear
	return b, nil
}

// arrive has the sybils dial those they are after, and be dialled by those they
// lure, all at once, and then ask to be in meshes as the plan says.
func (o *ordeal) arrive() error {
	ctx := o.w.T.Context()
	for i, to := range o.targets() {
		for _, t := range to {
			o.wait.Go(func() { o.all[i].court(ctx, o.hosts[t].ID(), o.hosts[t].Addrs()) })
		}
	}
	if len(o.all) == 0 {
		return nil
	}
	for v := range o.s.Honest {
		for range o.s.Lured {
			b := o.all[o.lot.IntN(len(o.all))]
			o.wait.Go(func() {
				if o.w.Dial(o.hosts[v], b.Host) == nil {
					_ = b.Court(ctx, o.hosts[v].ID())
				}
			})
		}
	}
	every := o.s.Plan.Every
	if every == 0 {
		every = time.Second
	}
	o.stops = append(o.stops, again(every, func() {
		for _, b := range o.all {
			if o.s.Plan.Every > 0 {
				b.Tell(&pb.RPC{Control: b.Graft()}, nil)
			} else {
				b.Return(time.Now())
			}
		}
	}))
	return nil
}

// targets draws whom each sybil dials.
func (o *ordeal) targets() [][]int {
	most := o.s.Honest
	switch o.s.Target {
	case "one":
		most = 1
	case "publishers":
		most = min(most, max(1, o.s.Publishers))
	}
	all := make([][]int, len(o.all))
	for i := range all {
		all[i] = o.lot.Perm(most)[:min(o.s.Reach, most)]
		if i < o.s.Ring {
			all[i] = append(all[i], 0)
		}
	}
	return all
}

// court connects with a member and asks to be in its mesh.
func (b *besieger) court(ctx context.Context, to peer.ID, at []ma.Multiaddr) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if b.Connect(ctx, peer.AddrInfo{ID: to, Addrs: at}) == nil {
		_ = b.Court(ctx, to)
	}
}

// hear passes a cast on if the plan has it so, and remembers who pruned it.
func (b *besieger) hear(from peer.ID, rpc *pb.RPC) {
	b.Note(from, rpc, func() time.Duration {
		b.mu.Lock()
		defer b.mu.Unlock()
		return askAgain + time.Duration(b.rnd.Int64N(int64(askAgainUpTo)))
	})
	if said := rpc.GetControl().GetIdontwant(); b.o.s.Plan.Claims && len(said) > 0 {
		b.Tell(&pb.RPC{Control: &pb.ControlMessage{Idontwant: said}}, nil)
	}
	for _, msg := range rpc.GetPublish() {
		if msg.GetTopic() == b.Topic && b.relays(msg.GetData()) {
			to := b.draw(from)
			b.Tell(&pb.RPC{Publish: []*pb.Message{{Topic: &b.Topic, Data: msg.GetData()}}}, func(p peer.ID) bool { return to[p] })
		}
	}
}

// relays reports whether a message is news that the plan has passed on.
func (b *besieger) relays(data []byte) bool {
	frame, err := intentcast.OpenCast(data)
	if err != nil {
		return false
	}
	id := frame.ID.String()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen[id] {
		return false
	}
	b.seen[id] = true
	plan := b.o.s.Plan
	switch {
	case b.o.s.Lurk && time.Now().Before(b.o.strike):
		return true
	case plan.Censor >= 0:
		return b.o.sourceOf(id) != int(plan.Censor)
	}
	return plan.Drop < 1 && b.rnd.Float64() >= plan.Drop
}

// draw picks whom to relay to.
func (b *besieger) draw(from peer.ID) map[peer.ID]bool {
	peers := b.Network().Peers()
	to := make(map[peer.ID]bool, relayTo)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range b.rnd.Perm(len(peers)) {
		if len(to) < relayTo && peers[i] != from {
			to[peers[i]] = true
		}
	}
	return to
}
