package gossip

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/termupdate"
)

// pullRounds is how often a peer that has more is asked in a row.
const pullRounds = 8

// pull asks one peer for what it knows and this node does not, and notes how
// that went: who sends garbage is left alone for long, who fails for a while.
func (s *Service) pull(ctx context.Context, p peer.ID) {
	taken := 0
	var err error
	for more, round := true, 0; more && err == nil && round < pullRounds; round++ {
		var n int
		n, more, err = s.ask(ctx, p)
		more = more && n > 0 // of what there is, this node wants nothing
		taken += n
	}
	if ctx.Err() != nil {
		return
	}
	result, rest := "done", pullEvery/2
	switch {
	case errors.Is(err, errGarbage):
		result, rest = "garbage", restAfterGarbage
	case errors.Is(err, errBusy):
		result = "busy"
	case err != nil:
		result, rest = "failed", restAfterFailure
	}
	s.terms.asked.rest(p, time.Now(), rest)
	s.metrics.terms.pulls.WithLabelValues(result).Inc()
	s.log.Debug("asked for terms", "peer", p, "result", result, "taken", taken, "error", err)
}

// ask is one question and its answer. It returns how many updates were new,
// and whether the peer has more.
func (s *Service) ask(ctx context.Context, p peer.ID) (taken int, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	st, err := s.cfg.Host.NewStream(network.WithNoDial(ctx, "terms"), p, TermsPull)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = st.Reset() }() // all that was wanted has been read
	if !s.terms.streams.add(st, maxServed+pullers) {
		return 0, false, ErrStopped
	}
	defer s.terms.streams.done(st)
	if err := st.SetDeadline(time.Now().Add(pullTimeout)); err != nil {
		return 0, false, err
	}
	s.terms.mu.Lock()
	known := s.terms.ledger.Known()
	s.terms.mu.Unlock()
	if _, err := st.Write(appendFrame(nil, encodeKnown(known))); err != nil {
		return 0, false, err
	}
	if err := st.CloseWrite(); err != nil {
		return 0, false, err
	}
	more, err = readAnswer(bufio.NewReader(st), func(data []byte) error {
		isNew, err := s.takePulled(data, known)
		if isNew {
			taken++
		}
		return err
	})
	return taken, more, err
}

// takePulled is validate for an update that was asked for. It is an error when
// the answer is not to be read further.
func (s *Service) takePulled(data []byte, known map[termupdate.Digest]termupdate.Rank) (isNew bool, err error) {
	u, err := s.decodeTerms(data)
	if err != nil {
		return false, s.garbage(err)
	}
	vendor, rank, err := u.Claims()
	if err != nil {
		return false, s.garbage(err)
	}
	if r, ok := known[termupdate.DigestOf(vendor)]; ok && rank.Compare(r) <= 0 {
		return false, fmt.Errorf("terms of %.80s were not asked for: %w", vendor, errGarbage)
	}
	switch err := s.admitTerms(u, time.Now(), false); {
	case err == nil:
		s.metrics.terms.pulled.Inc()
		return true, nil
	case errors.Is(err, errBusy):
		return false, err
	default:
		return false, s.garbage(err)
	}
}

// garbage returns err as errGarbage where the sender has to answer for it and
// nil where the next update may be better.
func (s *Service) garbage(err error) error {
	result, reason := judge(err)
	s.metrics.terms.refuse(result, reason)
	if result == pubsub.ValidationIgnore {
		return nil
	}
	return fmt.Errorf("%w: %w", errGarbage, err)
}
