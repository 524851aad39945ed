package gossip

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/termupdate"
)

const (
	// A peer may ask once every 20 seconds, and 12 times at once: enough to
	// fetch what 3,000 vendors say in one go.
	serveEvery = 20 * time.Second
	serveBurst = 12
	// maxServed is how many askers are answered at a time, counting those that
	// this node asks itself.
	maxServed = 16
	// pullTimeout is how long one question and its answer may take: a full
	// answer over a link of half a megabit a second.
	pullTimeout = 20 * time.Second
)

var errAskedTooOften = errors.New("asked too often")

// serveTerms answers peers that ask for term updates until ctx ends. Then it
// ends all streams of the protocol, those of catchUp too.
func (s *Service) serveTerms(ctx context.Context) error {
	s.cfg.Host.SetStreamHandler(TermsPull, s.answerPull)
	<-ctx.Done()
	s.cfg.Host.RemoveStreamHandler(TermsPull)
	s.terms.streams.close()
	return ctx.Err()
}

func (s *Service) answerPull(st network.Stream) {
	if !s.terms.streams.add(st, maxServed) {
		_ = st.Reset()
		return
	}
	defer s.terms.streams.done(st)
	n, err := s.answer(st, time.Now())
	s.metrics.terms.served.Add(float64(n))
	if err != nil {
		_ = st.Reset()
		s.log.Debug("terms not told", "peer", st.Conn().RemotePeer(), "error", err)
		return
	}
	_ = st.Close() // the asker sees the answer's own end
}

// answer reads one question and returns how many updates it wrote.
func (s *Service) answer(st network.Stream, now time.Time) (int, error) {
	if err := s.terms.mayAsk(st.Conn().RemotePeer(), now); err != nil {
		return 0, err
	}
	if err := st.SetDeadline(now.Add(pullTimeout)); err != nil {
		return 0, err
	}
	question, err := readFrame(st, maxKnown)
	if err != nil {
		return 0, fmt.Errorf("read question: %w", err)
	}
	known, err := decodeKnown(question)
	if err != nil {
		return 0, fmt.Errorf("read question: %w", err)
	}
	s.terms.mu.Lock()
	missing := s.terms.ledger.Missing(known, now)
	s.terms.mu.Unlock()
	// Shuffled, so that an asker who is cut off gets others from the next.
	rand.Shuffle(len(missing), func(i, j int) { missing[i], missing[j] = missing[j], missing[i] })
	return writeAnswer(bufio.NewWriter(st), missing)
}

// mayAsk counts a question of p, or refuses it.
func (t *terms) mayAsk(p peer.ID, now time.Time) error {
	if wait := t.serving.wait(p, now); wait > 0 {
		return fmt.Errorf("%s too soon: %w", wait, errAskedTooOften)
	}
	t.serving.take(p, now)
	return nil
}

// writeAnswer writes as many of the updates as one answer may have.
func writeAnswer(w *bufio.Writer, updates []termupdate.Signed) (n int, err error) {
	size := 0
	for ; n < len(updates) && n < maxPulled; n++ {
		wire, err := updates[n].Encode()
		if err != nil {
			return n, err
		}
		if size += len(wire); size > maxPulledBytes {
			break
		}
		if _, err := w.Write(appendFrame(nil, wire)); err != nil {
			return n, err
		}
	}
	end := append(appendFrame(nil, nil), 0)
	if n < len(updates) {
		end[len(end)-1] = 1
	}
	if _, err := w.Write(end); err != nil {
		return n, err
	}
	return n, w.Flush()
}
