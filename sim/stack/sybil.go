package stack

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/society"
)

// sybil is one of the attacker's identities. It notes who was the first to send
// it an intent, and relays or not.
type sybil struct {
	*sim.Sybil
	m      *Medium
	number int
	sent   int // spam
	purse  *purse
	key    []byte // to which offers to its spam are sealed
	unlist func()
	relays atomic.Bool

	mu   sync.Mutex // never held while waiting
	seen map[[32]byte]bool
	rnd  *rand.Rand
}

// relayTo is to how many a sybil passes a message on that behaves: a mesh's
// degree.
const relayTo = 6

func newSybil(m *Medium, i int) (*sybil, error) {
	shard := m.topic(i)
	key, err := seal.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sybilName(i), err)
	}
	plain, err := m.w.NewSybil(sybilName(i), topicOf(shard), m.links...)
	if err != nil {
		return nil, err
	}
	s := &sybil{Sybil: plain, m: m, number: i, key: key.Public(), seen: map[[32]byte]bool{}, rnd: m.w.RandFor(sybilName(i))}
	s.relays.Store(m.s.Attack.Kind == censor || m.s.Attack.Kind == covertFlash || m.s.Attack.Kind == degradation)
	s.Heard = s.hear
	s.unlist = m.list(s, shard)
	return s, nil
}

// Close takes the sybil down.
func (s *sybil) Close() error {
	s.unlist()
	return s.Sybil.Close()
}

// besiege connects with a node and asks to be in its mesh. A node that is away
// is left alone.
func (s *sybil) besiege(to peer.AddrInfo) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	if s.Connect(ctx, to) == nil {
		_ = s.Court(ctx, to.ID)
	}
}

// hear is told of each frame that a node sends.
func (s *sybil) hear(from peer.ID, rpc *pb.RPC) {
	for _, msg := range rpc.GetPublish() {
		if msg.GetTopic() == s.Topic && s.first(msg.GetData()) {
			s.take(from, msg)
		}
	}
}

func (s *sybil) first(data []byte) bool {
	id := sha256.Sum256(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.seen[id]
	s.seen[id] = true
	return !was
}

// take guesses that the first to tell is the author, and relays if that is what
// the sybil does.
func (s *sybil) take(from peer.ID, msg *pb.Message) {
	frame, err := intentcast.OpenCast(msg.GetData())
	if err != nil {
		return
	}
	cast, err := frame.Parse()
	if err != nil {
		return
	}
	s.m.book.guess(cast.Root().String(), from)
	switch {
	case !s.relays.Load(),
		s.m.s.Attack.Kind == censor && s.m.isVictim(from),
		s.m.s.Attack.Kind == degradation && s.coin():
		return
	}
	to := s.draw(from)
	s.Tell(&pb.RPC{Publish: []*pb.Message{{Topic: &s.Topic, Data: msg.GetData()}}}, func(p peer.ID) bool { return to[p] })
}

func (s *sybil) coin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rnd.IntN(2) == 0
}

func (s *sybil) dice() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rnd.Uint64()
}

// draw picks whom to relay to.
func (s *sybil) draw(from peer.ID) map[peer.ID]bool {
	peers := s.Network().Peers()
	to := make(map[peer.ID]bool, relayTo)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.rnd.Perm(len(peers)) {
		if len(to) < relayTo && peers[i] != from {
			to[peers[i]] = true
		}
	}
	return to
}

// spam sends all nodes it courted a well-formed intent of somebody made up, with
// the work that is asked for it, unless there is none to be had.
func (s *sybil) spam(now time.Time) error {
	seed := sha256.Sum256(fmt.Appendf(nil, "spam %d %d", s.number, s.sent))
	s.sent++
	signer := identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
	base, ok := terms.Lookup("SD-BASE")
	if !ok {
		return errors.New("spam: the roster has no SD-BASE")
	}
	w := s.m.goods.want(society.Intent{Most: 1}, "", "")
	cast, err := intentcast.Sign(intentcast.Intent{
		Version: intentcast.BodyVersion, Type: intentcast.IntentType, Status: intentcast.StatusOpen, Author: signer.DID(),
		Created: identity.At(now), Expires: identity.At(now.Add(time.Hour)), Category: w.Category, Place: w.Place, Items: w.Items,
		Terms: []terms.Ref{base.Ref}, MaxResponders: 100,
		Reply: &intentcast.Route{Peer: s.ID().String(), Addrs: []string{s.Addrs()[0].String()}, Slot: seed[:], Key: s.key},
	}, signer, now)
	if err != nil {
		return fmt.Errorf("spam: %w", err)
	}
	stamped, ok, err := s.purse.stamp(s.Topic, cast, s.dice(), now)
	if err != nil || !ok {
		return err
	}
	wire, err := stamped.Encode()
	if err != nil {
		return fmt.Errorf("spam: %w", err)
	}
	s.m.book.forge(cast.Root().String())
	s.Tell(&pb.RPC{Publish: []*pb.Message{{Topic: &s.Topic, Data: wire}}}, nil)
	return nil
}

// isVictim reports whether a peer is the node whose intents are censored: the
// first person's.
func (m *Medium) isVictim(p peer.ID) bool {
	v := m.book.victim.Load()
	return v != nil && *v == p
}
