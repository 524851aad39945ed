package stack

import (
	"context"
	"crypto/sha256"
	"maps"
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
	o    *ordeal
	veil *veil // of one that lies in wait; nil: it does not

	mu   sync.Mutex                  // never held while waiting
	out  map[peer.ID]bool            // who pruned it, and has not asked it in since
	seen map[string]bool             // messages, by id
	has  map[string]map[peer.ID]bool // who is known to have one
	rnd  *rand.Rand
}

// holdFor is how long a sybil that relays waits first, as a node does
// (gossip.relayAfter), to hear who has it.
const holdFor = 2 * time.Millisecond

func (o *ordeal) newBesieger(name string) (*besieger, error) {
	plain, err := o.w.NewSybil(name, topicOf(o.shard))
	if err != nil {
		return nil, err
	}
	o.w.Add(name, plain)
	b := &besieger{Sybil: plain, o: o, out: map[peer.ID]bool{}, seen: map[string]bool{}, has: map[string]map[peer.ID]bool{}, rnd: o.w.RandFor(name)}
	b.Heard = b.hear
	if o.s.Lurk {
		return b, o.lurk(b, o.mesh)
	}
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
				if o.w.Dial(o.hosts[v], b.Host) == nil && !b.inWait() {
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
			if b.inWait() {
				continue
			}
			if o.s.Plan.Every > 0 {
				b.Tell(&pb.RPC{Control: b.Graft()}, nil)
			} else {
				b.back(b.Return(time.Now()))
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

// court connects with a member and asks to be in its mesh; of one in wait the
// service does that.
func (b *besieger) court(ctx context.Context, to peer.ID, at []ma.Multiaddr) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if b.Connect(ctx, peer.AddrInfo{ID: to, Addrs: at}) == nil && !b.inWait() {
		_ = b.Court(ctx, to)
	}
}

// back takes it to be in the meshes again that it asked to be in.
func (b *besieger) back(in map[peer.ID]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p := range in {
		delete(b.out, p)
	}
}

// hear remembers who pruned it and who has what, and passes a cast on if the plan
// has it so.
func (b *besieger) hear(from peer.ID, rpc *pb.RPC) {
	if b.inWait() {
		return
	}
	b.Note(from, rpc, func() time.Duration {
		b.mu.Lock()
		defer b.mu.Unlock()
		return askAgain + time.Duration(b.rnd.Int64N(int64(askAgainUpTo)))
	})
	control := rpc.GetControl()
	b.mu.Lock()
	if len(control.GetPrune()) > 0 {
		b.out[from] = true
	}
	if len(control.GetGraft()) > 0 {
		delete(b.out, from)
	}
	for _, said := range control.GetIdontwant() {
		for _, id := range said.GetMessageIDs() {
			b.noteHas(id, from)
		}
	}
	b.mu.Unlock()
	if said := control.GetIdontwant(); b.o.s.Plan.Claims && len(said) > 0 {
		b.Tell(&pb.RPC{Control: &pb.ControlMessage{Idontwant: said}}, nil)
	}
	for _, msg := range rpc.GetPublish() {
		if msg.GetTopic() != b.Topic {
			continue
		}
		id := messageID(msg)
		b.mu.Lock()
		b.noteHas(id, from)
		news := !b.seen[id] // others may have said before that they have it
		b.seen[id] = true
		b.mu.Unlock()
		if news && b.relays(msg.GetData()) {
			time.AfterFunc(holdFor, func() { b.relay(id, msg.GetData()) })
		}
	}
}

// noteHas notes that p has a message. b.mu is held.
func (b *besieger) noteHas(id string, p peer.ID) {
	if b.has[id] == nil {
		b.has[id] = map[peer.ID]bool{}
	}
	b.has[id][p] = true
}

// relay passes a message on to those in whose mesh the sybil is and who have not
// got it.
func (b *besieger) relay(id string, data []byte) {
	b.mu.Lock()
	not := maps.Clone(b.has[id])
	maps.Copy(not, b.out)
	b.mu.Unlock()
	b.Tell(&pb.RPC{Publish: []*pb.Message{{Topic: &b.Topic, Data: data}}}, func(p peer.ID) bool { return !not[p] })
}

// messageID is package gossip's.
func messageID(m *pb.Message) string {
	h := sha256.New()
	h.Write([]byte(m.GetTopic()))
	h.Write([]byte{0})
	h.Write(m.GetData())
	return string(h.Sum(nil))
}

// relays reports whether the plan has a message passed on.
func (b *besieger) relays(data []byte) bool {
	plan := b.o.s.Plan
	switch {
	case plan.Censor >= 0:
		frame, err := intentcast.OpenCast(data)
		return err == nil && b.o.sourceOf(frame.ID.String()) != int(plan.Censor)
	case plan.Drop >= 1:
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rnd.Float64() >= plan.Drop
}
