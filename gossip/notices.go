package gossip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
)

// AdmissionProtocol is the protocol on which neighbours tell each other what
// work they ask for. Whoever has something to say opens a stream, writes one
// admission.Notice and closes it; there is no answer.
const AdmissionProtocol protocol.ID = "/parley/admission/1"

const (
	// noticeAfter gathers what there is to say to a peer.
	noticeAfter = 100 * time.Millisecond
	// noticeRate and noticeBurst are notices to, and from, one peer.
	noticeRate, noticeBurst = 1, 20
	noticeTimeout           = 5 * time.Second
	noticesOpen             = 32 // streams at a time, in and out
	noticeSenders           = 4
	maxToTell               = 256 // peers with something to be told
	maxDemands              = 8192
	// repeatAfter is when a difficulty that stands is announced again, before
	// it is forgotten.
	repeatAfter = 4 * time.Minute
)

// notices is what is to be told to neighbours, and what they have said.
type notices struct {
	wake    chan struct{}
	streams streams

	mu      sync.Mutex
	demands *admission.Demands[peer.ID]
	to      map[peer.ID]*letterbox
	told    map[told]saying
	sent    *admission.Quota[peer.ID]
	heard   *admission.Quota[peer.ID]
}

// letterbox is what is to be said to one peer.
type letterbox struct {
	needs   map[string]int
	refused map[dagcbor.CID]admission.Refusal
}

type told struct {
	to    peer.ID
	topic string
}

type saying struct {
	bits int
	at   time.Time
}

func (n *notices) init() {
	n.wake = make(chan struct{}, 1)
	n.demands = admission.NewDemands[peer.ID](maxDemands)
	n.to, n.told = make(map[peer.ID]*letterbox), make(map[told]saying)
	n.sent = admission.NewQuota[peer.ID](noticeRate, noticeBurst, maxPeersKept)
	n.heard = admission.NewQuota[peer.ID](noticeRate, noticeBurst, maxPeersKept)
}

// refuse has p told that a cast it sent lacked work.
func (n *notices) refuse(p peer.ID, topic string, id dagcbor.CID, bits int) {
	if p == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.box(p)
	if b == nil || len(b.refused) >= admission.MaxEntries {
		return // it is told of others, and what is asked for
	}
	b.refused[id] = admission.Refusal{Topic: topic, ID: id, Bits: uint64(bits)}
	n.nudge()
}

func (n *notices) box(p peer.ID) *letterbox {
	b := n.to[p]
	if b == nil {
		if len(n.to) >= maxToTell {
			return nil
		}
		b = &letterbox{needs: make(map[string]int), refused: make(map[dagcbor.CID]admission.Refusal)}
		n.to[p] = b
	}
	return b
}

func (n *notices) nudge() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// announce has the neighbours on a topic told what is asked for on it, those
// that have not been.
func (n *notices) announce(topic string, bits int, neighbours []peer.ID, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range neighbours {
		was, k := n.told[told{p, topic}], told{p, topic}
		if was.bits == bits && (bits == 0 || now.Sub(was.at) < repeatAfter) {
			continue
		}
		b := n.box(p)
		if b == nil || len(b.needs) >= admission.MaxEntries {
			continue // at the next look
		}
		b.needs[topic] = bits
		if n.told[k] = (saying{bits, now}); bits == 0 {
			delete(n.told, k)
		}
		n.nudge()
	}
	if len(n.told) > maxDemands {
		clear(n.told) // all are told once more
	}
}

// take returns what is to be said to somebody now, and to whom; those who
// have been told too much lately have to wait.
func (n *notices) take(now time.Time) (to []peer.ID, say []admission.Notice, later bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p, b := range n.to {
		if !n.sent.Allow(p, 1, now) {
			later = true
			continue
		}
		delete(n.to, p)
		var notice admission.Notice
		for topic, bits := range b.needs {
			notice.Needs = append(notice.Needs, admission.Need{Topic: topic, Bits: uint64(bits)})
		}
		for _, r := range b.refused {
			notice.Refused = append(notice.Refused, r)
		}
		to, say = append(to, p), append(say, notice)
	}
	return to, say, later
}

// tellNeighbours sends notices, and serves those of others, until ctx ends.
func (s *Service) tellNeighbours(ctx context.Context) error {
	s.cfg.Host.SetStreamHandler(AdmissionProtocol, s.answerNotice)
	defer func() {
		s.cfg.Host.RemoveStreamHandler(AdmissionProtocol)
		s.notices.streams.close()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.notices.wake:
		}
		if err := pause(ctx, noticeAfter); err != nil {
			return err
		}
		to, say, later := s.notices.take(time.Now())
		var g errgroup.Group
		g.SetLimit(noticeSenders)
		for i, p := range to {
			g.Go(func() error {
				if err := s.sendNotice(ctx, p, say[i]); err != nil {
					s.log.Debug("a neighbour was not told what work is asked for", "peer", p, "error", err)
				}
				return nil
			})
		}
		_ = g.Wait() // none fails
		if later {
			s.notices.nudge()
			if err := pause(ctx, time.Second/noticeRate); err != nil {
				return err
			}
		}
	}
}

// pause waits for d or the end of ctx, which is an error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (s *Service) sendNotice(ctx context.Context, p peer.ID, n admission.Notice) error {
	b, err := n.Encode()
	if err != nil {
		return err
	}
	if found, err := s.cfg.Host.Peerstore().SupportsProtocols(p, AdmissionProtocol); err != nil || len(found) == 0 {
		return errors.Join(errors.New("it does not speak the protocol"), err)
	}
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	st, err := s.cfg.Host.NewStream(network.WithNoDial(ctx, "admission"), p, AdmissionProtocol)
	if err != nil {
		return err
	}
	if !s.notices.streams.add(st, noticesOpen) {
		_ = st.Reset()
		return ErrStopped
	}
	defer s.notices.streams.done(st)
	if err := errors.Join(st.SetDeadline(time.Now().Add(noticeTimeout)), write(st, b), st.Close()); err != nil {
		_ = st.Reset()
		return err
	}
	s.metrics.notices.WithLabelValues("sent").Inc()
	return nil
}

func write(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

func (s *Service) answerNotice(st network.Stream) {
	p := st.Conn().RemotePeer()
	if !s.notices.streams.add(st, noticesOpen) {
		_ = st.Reset()
		return
	}
	defer s.notices.streams.done(st)
	if err := s.readNotice(st, p); err != nil {
		_ = st.Reset()
		s.metrics.notices.WithLabelValues("refused").Inc()
		s.log.Debug("a neighbour's notice was not taken", "peer", p, "error", err)
		return
	}
	_ = st.Close()
	s.metrics.notices.WithLabelValues("heard").Inc()
}

var errNotices = errors.New("too many notices")

func (s *Service) readNotice(st network.Stream, p peer.ID) error {
	now := time.Now()
	s.notices.mu.Lock()
	allowed := s.notices.heard.Allow(p, 1, now)
	s.notices.mu.Unlock()
	if !allowed {
		return errNotices
	}
	if err := st.SetDeadline(now.Add(noticeTimeout)); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(st, admission.MaxNotice+1))
	if err != nil {
		return fmt.Errorf("read notice: %w", err)
	}
	n, err := admission.DecodeNotice(b)
	if err != nil {
		s.gate.fault(p, 1, now)
		return err
	}
	s.heed(p, n, time.Now())
	return nil
}

// heed does what a neighbour's notice asks for. Only topics that are followed
// and those who are handed casts on them count; see listeners. Anybody else
// could set a price for nodes that it relays nothing for.
func (s *Service) heed(p peer.ID, n admission.Notice, now time.Time) {
	for _, need := range n.Needs {
		if slices.Contains(s.listeners(need.Topic), p) {
			s.notices.mu.Lock()
			s.notices.demands.Say(p, need.Topic, int(need.Bits), now)
			s.notices.mu.Unlock()
		}
	}
	for _, r := range n.Refused {
		neighbours := s.listeners(r.Topic)
		if !slices.Contains(neighbours, p) || s.refusedOwn(r.ID, r.Topic, p, int(r.Bits)) {
			continue
		}
		if to, bits := s.trail.refuse(r.ID, r.Topic, p, int(r.Bits), neighbours); bits > 0 {
			s.notices.refuse(to, r.Topic, r.ID, bits)
			s.metrics.notices.WithLabelValues("passed on").Inc()
		}
	}
}

// watchLoad looks at the load and tells the neighbours while work is asked for;
// on a quiet network it sleeps.
func (s *Service) watchLoad(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.gate.wake:
		}
		for quiet := false; !quiet; {
			quiet = s.gate.quiet() // told once more then, that nothing is asked for
			for _, shard := range s.Joined() {
				topic := TopicPrefix + shard
				s.notices.announce(topic, s.gate.asks(topic), s.meshes.of(topic), time.Now())
			}
			if err := pause(ctx, measureEvery); err != nil {
				return err
			}
			s.gate.measure(time.Now())
		}
	}
}
