package gossip

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/reconcile"
)

const (
	// One conversation fetches so many records; the others come in the next.
	maxGot = 2048
	// manyRefused records of one answer, of which none is wanted, end it.
	manyRefused = 64
	// maxAskTime is how long it may take.
	maxAskTime = 2 * time.Minute
)

// errHollow is for a peer that told of more than it had.
var errHollow = errors.New("what it told of was not to be had")

// asking is one conversation in which this node asks.
type asking struct {
	s      *Service
	st     network.Stream
	r      *bufio.Reader
	terms  bool
	shards []string
	asker  *reconcile.Asker
	key    reconcile.Key

	got   int  // records
	taken int  // those that were news
	more  bool // there are more to be had
}

// ask asks one peer for what it knows and this node does not, and notes how
// that went: who sends garbage is left alone for long, who fails for a while.
func (s *Service) ask(ctx context.Context, p peer.ID) {
	a := &asking{s: s, terms: s.terms.topics.count() > 0, shards: s.topics.names()}
	err := a.converse(ctx, p)
	if ctx.Err() != nil {
		return
	}
	now, result := time.Now(), "done"
	switch {
	case errors.Is(err, reconcile.ErrGarbage):
		result = "garbage"
		s.catch.asked.rest(p, now, restAfterGarbage)
	case errors.Is(err, errBusy):
		result = "busy"
		s.catch.asked.later(p, now.Add(comeBack))
	case err != nil:
		result = "failed"
		s.catch.asked.rest(p, now, restAfterFailure)
	default:
		s.topics.caughtUp(s.pub, p, a.shards)
		s.catch.asked.rest(p, now, restAfterDone)
		if a.more && a.taken > 0 {
			s.catch.asked.later(p, now.Add(comeBack))
		}
	}
	s.metrics.catch.asked.WithLabelValues(result).Inc()
	s.log.Debug("asked for what is new", "peer", p, "result", result, "taken", a.taken, "error", err)
}

func (a *asking) converse(ctx context.Context, p peer.ID) error {
	ctx, cancel := context.WithTimeout(ctx, maxAskTime)
	defer cancel()
	st, err := a.s.cfg.Host.NewStream(network.WithNoDial(ctx, "reconcile"), p, Reconcile)
	if err != nil {
		return err
	}
	if !a.s.catch.streams.add(st, maxServed+askers) {
		_ = st.Reset()
		return ErrStopped
	}
	defer a.s.catch.streams.done(st)
	stop := context.AfterFunc(ctx, func() { _ = st.Reset() })
	defer stop()
	a.st, a.r = st, bufio.NewReader(st)
	missing, err := a.differ()
	told := len(missing)
	if err == nil {
		err = a.get(ctx, missing)
	}
	if err == nil && (!a.asker.Complete() || a.got < told/2) {
		err = errHollow
	}
	if err == nil {
		return st.Close() // what says that this was all
	}
	_ = st.Reset()
	return err
}

// exchange is one question and its answer.
func (a *asking) exchange(question []byte) ([]byte, error) {
	if err := a.st.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	if err := writeFrame(a.st, question); err != nil {
		return nil, err
	}
	answer, err := readFrame(a.r, reconcile.MaxAnswer)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	a.s.metrics.catch.bytes.Add(float64(len(question) + len(answer)))
	return answer, err
}

// differ finds the short ids of what the peer has and this node lacks.
func (a *asking) differ() ([]uint64, error) {
	a.asker = reconcile.NewAsker(func(k reconcile.Key) []uint64 {
		a.key = k
		return a.ownShorts(k)
	})
	question := reconcile.NewOpen(a.terms, a.shards).Encode()
	for question != nil {
		answer, err := a.exchange(question)
		if err != nil {
			return nil, err
		}
		if question, err = a.asker.Next(answer); err != nil {
			return nil, err
		}
	}
	missing := a.asker.Missing()
	slices.Sort(missing)
	if a.more = len(missing) > maxGot; a.more {
		missing = missing[:maxGot]
	}
	return missing, nil
}

func (a *asking) ownShorts(k reconcile.Key) []uint64 {
	shorts := a.s.live.shorts(k, a.shards)
	if !a.terms {
		return shorts
	}
	a.s.terms.mu.Lock()
	defer a.s.terms.mu.Unlock()
	for _, e := range a.s.terms.ledger.All() {
		id := digestOf(e.ID)
		shorts = append(shorts, k.Short(id[:]))
		if e.Fork != nil {
			id = digestOf(e.Fork.ID)
			shorts = append(shorts, k.Short(id[:]))
		}
	}
	return shorts
}

// get fetches records and takes them in.
func (a *asking) get(ctx context.Context, missing []uint64) error {
	for missing = a.lacks(missing); len(missing) > 0; missing = a.lacks(missing) {
		part := missing[:min(len(missing), reconcile.MaxGet)]
		before := a.taken
		answer, err := a.exchange(reconcile.EncodeGet(part))
		if err != nil {
			return err
		}
		got, err := reconcile.DecodeRecords(answer, len(part))
		if err != nil {
			return err
		}
		wanted := make(map[uint64]bool, got.Handled)
		for _, short := range part[:got.Handled] {
			wanted[short] = true
		}
		for _, rec := range got.Records {
			if err := a.take(ctx, rec, wanted); err != nil {
				return err
			}
		}
		if len(got.Records) >= manyRefused && a.taken == before {
			return nil // its ledger has room for what ours has not: the rest would be refused as well
		}
		missing = missing[got.Handled:]
	}
	return nil
}

// lacks returns those that have not come from elsewhere meanwhile: several
// peers may be asked at a time.
func (a *asking) lacks(missing []uint64) []uint64 {
	known := make(map[uint64]bool)
	for _, short := range a.ownShorts(a.key) {
		known[short] = true
	}
	return slices.DeleteFunc(missing, func(short uint64) bool {
		if known[short] {
			a.got++ // as good as
		}
		return known[short]
	})
}
