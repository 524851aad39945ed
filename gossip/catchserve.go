package gossip

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/reconcile"
)

const (
	// A peer may begin a conversation once every 20 seconds, and 12 times at
	// once; all peers together 20 times a second, and 100 times at once. A
	// conversation costs some 0.1 ms where the sketch is enough and, where not,
	// 7 ms with 16,384 records.
	serveEvery    = 20 * time.Second
	serveBurst    = 12
	serveAllEvery = 50 * time.Millisecond
	serveAllBurst = 100
	// maxServed is how many askers are answered at a time, counting those that
	// this node asks itself.
	maxServed = 16
	// One conversation: so many questions, bytes of records and so much time.
	maxQuestions  = 128
	maxServeBytes = 16 << 20
	maxServeTime  = 2 * time.Minute
	// answerTime is how long one message may take: a full answer over a link
	// of half a megabit a second.
	answerTime = 20 * time.Second
)

var errAskedTooOften = errors.New("asked too often")

// serve answers peers that ask for what they lack until ctx ends. Then it ends
// all streams of the protocol, those of catchUp too.
func (s *Service) serve(ctx context.Context) error {
	s.cfg.Host.SetStreamHandler(Reconcile, s.answerStream)
	<-ctx.Done()
	s.cfg.Host.RemoveStreamHandler(Reconcile)
	s.catch.streams.close()
	return ctx.Err()
}

func (s *Service) answerStream(st network.Stream) {
	if !s.catch.streams.add(st, maxServed) {
		_ = st.Reset()
		s.metrics.catch.refused.WithLabelValues("busy").Inc()
		return
	}
	defer s.catch.streams.done(st)
	err := s.answer(st, time.Now())
	if err == nil {
		_ = st.Close() // the asker has closed its side
		return
	}
	_ = st.Reset()
	s.metrics.catch.refused.WithLabelValues(refusal(err)).Inc()
	s.log.Debug("conversation ended", "peer", st.Conn().RemotePeer(), "error", err)
}

func refusal(err error) string {
	switch {
	case errors.Is(err, errAskedTooOften):
		return "pace"
	case errors.Is(err, reconcile.ErrGarbage):
		return "garbage"
	}
	return "failed"
}

// answer is one conversation.
func (s *Service) answer(st network.Stream, start time.Time) error {
	if err := s.catch.mayAsk(st.Conn().RemotePeer(), start); err != nil {
		return err
	}
	r := bufio.NewReader(st)
	question, err := s.question(st, r)
	if err != nil {
		return err
	}
	open, err := reconcile.DecodeOpen(question)
	if err != nil {
		return fmt.Errorf("first question: %w", err)
	}
	t, err := s.tell(open, time.Now())
	if err != nil {
		return err
	}
	answer := t.Opened()
	for questions, size := 1, 0; ; questions++ {
		if err := writeFrame(st, answer); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		if question, err = s.question(st, r); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if questions > maxQuestions || size > maxServeBytes || time.Since(start) > maxServeTime {
			return fmt.Errorf("%d questions, %d bytes of records in %s: %w", questions, size, time.Since(start), errAskedTooOften)
		}
		if answer, err = s.reply(t, question); err != nil {
			return fmt.Errorf("question %d: %w", questions, err)
		}
		if reconcile.IsGet(question) {
			size += len(answer)
		}
	}
}

func (s *Service) question(st network.Stream, r *bufio.Reader) ([]byte, error) {
	if err := st.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	q, err := readFrame(r, reconcile.MaxQuestion)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read question: %w", err)
	}
	return q, err
}

func (s *Service) reply(t *telling, question []byte) ([]byte, error) {
	if !reconcile.IsGet(question) {
		return t.Answer(question)
	}
	shorts, err := reconcile.DecodeGet(question)
	if err != nil {
		return nil, err
	}
	got := reconcile.Gather(shorts, t.find)
	for _, r := range got.Records {
		s.metrics.catch.served.WithLabelValues(kindName(r.Kind)).Inc()
	}
	return got.Encode(), nil
}

// tell begins to answer what was asked: of the shards named, those that this
// node follows and is up to date with.
func (s *Service) tell(open reconcile.Open, now time.Time) (*telling, error) {
	if open.Terms {
		s.showTerms(now)
	}
	tellable := s.topics.tellable(now)
	return s.live.tell(func(shard string, id uint64) bool {
		_, named := slices.BinarySearch(open.Shards, id)
		return named && tellable[shard]
	}, open.Terms, now)
}

// showTerms brings the terms that others are told up to date.
func (s *Service) showTerms(now time.Time) {
	s.terms.mu.Lock()
	defer s.terms.mu.Unlock()
	if s.terms.shown != s.terms.changes {
		s.live.setTerms(s.terms.ledger.All(), now)
		s.terms.shown = s.terms.changes
	}
}

// mayAsk counts a conversation with p, or refuses it.
func (c *catch) mayAsk(p peer.ID, now time.Time) error {
	wait := max(c.serving.wait(p, now), c.servingAll.wait(struct{}{}, now))
	if wait > 0 {
		return fmt.Errorf("%s too soon: %w", wait, errAskedTooOften)
	}
	c.serving.take(p, now)
	c.servingAll.take(struct{}{}, now)
	return nil
}
