package node

import (
	"context"
	"crypto/ed25519"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// standin is a vendor of the town that is simulated: a host that opens each
// letter, puts the statement in it behind those before, and answers at a random
// time with a receipt, signed and sealed as a node's is. It keeps the heads of
// both logs in memory and nothing else, checks no signature, and has no mailbox.
type standin struct {
	name   string
	host   crypto.PrivKey
	at     []string // where it listens
	peers  []peer.AddrInfo
	signer identity.Signer
	log    []byte
	key    *seal.PrivateKey

	mu    sync.Mutex
	h     host.Host // nil: it sleeps
	self  intentcast.Route
	cards map[identity.DID]*standinCard // by the person's pairwise identifier

	begins map[string]*seal.Session // by the LetterID of the answer that its proof is awaited for
	talks  map[string]*standinTalk  // by the tag of the next request
}

// standinTalk is a session that a person goes on by after the first letter.
type standinTalk struct {
	session *seal.Session
	next    uint64
}

type standinCard struct {
	card        dagcbor.CID
	route       *seal.PublicKey // the person's
	mine, other statement.Head
	reply       seal.Letter // the last, for a letter that comes twice
}

func newStandin(name string, peers []peer.AddrInfo) (*standin, error) {
	s := &standin{name: name, peers: peers, at: []string{"/ip4/127.0.0.1/tcp/0"}, cards: make(map[identity.DID]*standinCard)}
	s.begins, s.talks = make(map[string]*seal.Session), make(map[string]*standinTalk)
	sign, update, next, err := threeKeys()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	l, err := webvh.Create(webvh.Genesis{
		Domain: "vendor.example", Update: update, Next: next.Public().(ed25519.PublicKey), Sign: sign.Public().(ed25519.PublicKey),
	}, now)
	if err != nil {
		return nil, err
	}
	h, err := webvh.Verify(l, nil, now)
	if err != nil {
		return nil, err
	}
	s.log, s.signer = l.Bytes(), identity.NewSigner(h.DID(), h.Latest().ID, sign)
	if s.key, err = seal.GenerateKey(); err != nil {
		return nil, err
	}
	if s.host, _, err = crypto.GenerateEd25519Key(crand.Reader); err != nil {
		return nil, err
	}
	return s, s.wake(nil)
}

func (s *standin) about() (TownVendor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	self, err := dagcbor.Marshal(s.self)
	return TownVendor{Party: relcard.Party{DID: s.signer.DID(), Name: s.name}, Log: s.log, Self: self}, err
}

// sign signs a card, as vendor and as if it had been agreed on long ago.
func (s *standin) sign(c TownCard) ([]byte, error) {
	signed, err := relcard.DecodeSigned(c.Signed)
	if err != nil {
		return nil, err
	}
	if signed, err = signed.Sign(s.signer, time.Now()); err != nil {
		return nil, err
	}
	var route intentcast.Route
	if err := dagcbor.Unmarshal(c.Route, &route); err != nil {
		return nil, err
	}
	key, err := seal.ParseKey(route.Key)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards[c.Person] = &standinCard{card: idOf(signed), route: key}
	return signed.Encode()
}

func (s *standin) sleep() {
	s.mu.Lock()
	h := s.h
	s.h = nil
	s.mu.Unlock()
	h.Close()
}

// wake has it listen where it did before, and meet its peers and who else is
// given.
func (s *standin) wake(more []peer.AddrInfo) error {
	h, err := transport.New(transport.Config{Key: s.host, Listen: s.at})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.h, s.at = h, nil
	for _, a := range h.Network().ListenAddresses() {
		if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err != nil { // by way of a relay: not its own to choose
			s.at = append(s.at, a.String())
		}
	}
	s.self = intentcast.Route{Peer: h.ID().String(), Addrs: s.at, Key: s.key.Public()}
	s.mu.Unlock()
	h.SetStreamHandler(wire.LetterProtocol, s.serve)
	for _, p := range append(more, s.peers...) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		err := h.Connect(ctx, p)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *standin) serve(st network.Stream) {
	for {
		frame, err := wire.ReadFrame(st, wire.MaxLetter)
		if err != nil {
			_ = st.Reset()
			return
		}
		answer, err := s.answer(frame)
		if err != nil {
			answer = wire.EncodeAnswer(wire.Busy, nil)
		}
		time.Sleep(rand.N(benchAnswer))
		if err := wire.WriteFrame(st, answer); err != nil {
			_ = st.Reset()
			return
		}
	}
}

func (s *standin) answer(frame []byte) ([]byte, error) {
	ask, err := wire.DecodeLetter(frame)
	if err != nil {
		return nil, err
	}
	switch {
	case ask.Proof != nil:
		s.begin(ask.Proof)
		return wire.EncodeAnswer(wire.Taken, nil), nil
	case ask.Talk != nil:
		return s.goOn(ask.Talk)
	}
	l, key, err := s.key.Open(ask.Sealed)
	if err != nil {
		return nil, err
	}
	status, reply, route, err := s.hear(l)
	if err != nil {
		return nil, err
	}
	reply.From = &s.self
	sealed, replyKey, err := route.Seal(reply)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.begins[string(wire.LetterID(sealed))] = seal.Talk(key, replyKey)
	s.mu.Unlock()
	rest, _ := wire.EncodeReceipt(seal.Receipt(key, byte(status)), [][]byte{sealed})
	return wire.EncodeAnswer(status, rest), nil
}

// begin has a talk begin with the proof that its answer came.
func (s *standin) begin(p *wire.Proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.begins[string(p.Letter)]; session != nil {
		delete(s.begins, string(p.Letter))
		s.talks[string(session.Tag(0))] = &standinTalk{session: session}
	}
}

// goOn answers the next request of a talk.
func (s *standin) goOn(sealed []byte) ([]byte, error) {
	tag := string(sealed[:seal.TagSize])
	s.mu.Lock()
	t := s.talks[tag]
	delete(s.talks, tag)
	s.mu.Unlock()
	if t == nil {
		return wire.EncodeAnswer(wire.NoSession, nil), nil
	}
	body, err := t.session.OpenRequest(t.next, sealed)
	if err != nil {
		return nil, err
	}
	r, err := wire.DecodeTalkRequest(body)
	if err != nil {
		return nil, err
	}
	resp := wire.TalkResponse{Status: wire.Taken}
	if len(r.Letter) > 0 {
		l, err := seal.DecodeLetter(r.Letter)
		if err != nil {
			return nil, err
		}
		var reply seal.Letter
		if resp.Status, reply, _, err = s.hear(l); err != nil {
			return nil, err
		}
		plain, err := seal.EncodeLetter(reply)
		if err != nil {
			return nil, err
		}
		resp.Letters = [][]byte{plain}
	}
	if body, _, err = wire.EncodeTalkResponse(resp); err != nil {
		return nil, err
	}
	answer, err := t.session.SealResponse(t.next, body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.next++
	s.talks[string(t.session.Tag(t.next))] = t
	return wire.EncodeAnswer(wire.Taken, answer), nil
}

// hear answers one letter with a receipt for what it shares, and says to what key
// it may be sealed.
func (s *standin) hear(l seal.Letter) (status wire.Status, reply seal.Letter, route *seal.PublicKey, err error) {
	var say sayLetter
	if err := dagcbor.Unmarshal(l.Body, &say); err != nil || l.Kind != letterSay {
		return 0, reply, nil, fmt.Errorf("letter of kind %s: %w", l.Kind, err)
	}
	st, err := statement.Decode(say.Statement)
	if err != nil {
		return 0, reply, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.cards[st.Body.Person]
	if k == nil || st.Body.Card != k.card {
		return 0, reply, nil, errors.New("somebody else's card")
	}
	head, err := k.other.Follow(&st)
	if errors.Is(err, statement.ErrPast) {
		return wire.Duplicate, k.reply, k.route, nil
	}
	if err != nil {
		return 0, reply, nil, err
	}
	said, body, err := s.receipt(k, &st, head)
	if err != nil {
		return 0, reply, nil, err
	}
	now := time.Now()
	k.reply = seal.Letter{
		Version: seal.LetterVersion, ID: seal.NewID(), Kind: letterSay, Body: body,
		Sent: identity.At(now), Expires: identity.At(now.Add(letterLife)),
	}
	k.mine, k.other = statement.Head{Count: k.mine.Count + 1, Last: said}, head
	return wire.Taken, k.reply, k.route, nil
}

// receipt is the vendor's next statement, and the letter's body with it.
func (s *standin) receipt(k *standinCard, st *statement.Statement, head statement.Head) (id dagcbor.CID, body []byte, err error) {
	content, err := disclosure.Receipt{Verdict: disclosure.Recorded}.Encode()
	if err != nil {
		return id, nil, err
	}
	now := time.Now()
	b := k.mine.Next(identity.RoleVendor, st.Body.Person, s.signer.DID(), head, now)
	b.Kind, b.Content, b.Answers, b.Card = disclosure.KindReceipt, content, st.ID, k.card
	signed, err := b.Sign(s.signer, now)
	if err != nil {
		return id, nil, err
	}
	raw, err := signed.Encode()
	if err != nil {
		return id, nil, err
	}
	body, err = dagcbor.Marshal(sayLetter{Version: letterVersion, Statement: raw})
	return signed.ID(), body, err
}
