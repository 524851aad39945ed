package discovery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/peerbook"
)

const (
	// A peer gets an answer every answerEvery, a few at once: for each it
	// learns of maxAsked peers, and there is no need to learn of all of them.
	answerEvery = time.Minute
	answerBurst = 3
	// Every peer is asked no more often than askEvery, one that answered with
	// garbage not for restTime.
	askEvery     = 5 * time.Minute
	restTime     = 6 * time.Hour
	askedAtOnce  = 3
	exchangeTime = 10 * time.Second
	maxServing   = 16   // questions answered at a time
	maxNoted     = 4096 // peers whose questions, or answers, are remembered
	perRange     = 2    // peers of one range in an answer
)

// exchange is who may ask, and be asked, when.
type exchange struct {
	mu      sync.Mutex
	answers map[peer.ID]time.Time // by when the burst is paid for
	ask     map[peer.ID]time.Time // not before
	serving chan struct{}
}

func (x *exchange) init() {
	x.answers, x.ask = make(map[peer.ID]time.Time), make(map[peer.ID]time.Time)
	x.serving = make(chan struct{}, maxServing)
}

// allow reports whether p is answered now.
func (x *exchange) allow(p peer.ID, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	until := x.answers[p]
	if until.Before(now) {
		until = now
	}
	if until.Sub(now) > (answerBurst-1)*answerEvery || !room(x.answers, p, now) {
		return false
	}
	x.answers[p] = until.Add(answerEvery)
	return true
}

// mayAsk reports whether p may be asked now, and notes that it is.
func (x *exchange) mayAsk(p peer.ID, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now.Before(x.ask[p]) || !room(x.ask, p, now) {
		return false
	}
	x.ask[p] = now.Add(askEvery)
	return true
}

func (x *exchange) rest(p peer.ID, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ask[p] = now.Add(restTime)
}

// room reports whether there is room to note something about p.
func room(m map[peer.ID]time.Time, p peer.ID, now time.Time) bool {
	if _, ok := m[p]; ok || len(m) < maxNoted {
		return true
	}
	for q, t := range m {
		if t.Before(now) {
			delete(m, q)
		}
	}
	return len(m) < maxNoted
}

// serveExchange answers questions until ctx ends.
func (d *Discovery) serveExchange(ctx context.Context) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	closed := false
	d.cfg.Host.SetStreamHandler(ExchangeProtocol, func(s network.Stream) {
		mu.Lock()
		if closed {
			mu.Unlock()
			_ = s.Reset()
			return
		}
		wg.Add(1)
		mu.Unlock()
		defer wg.Done()
		d.serve(s)
	})
	<-ctx.Done()
	d.cfg.Host.RemoveStreamHandler(ExchangeProtocol)
	mu.Lock()
	closed = true
	mu.Unlock()
	wg.Wait()
	return ctx.Err()
}

func (d *Discovery) serve(s network.Stream) {
	select {
	case d.swap.serving <- struct{}{}:
		defer func() { <-d.swap.serving }()
	default:
		_ = s.Reset()
		return
	}
	_ = s.SetDeadline(time.Now().Add(exchangeTime))
	p := s.Conn().RemotePeer()
	b, err := wire.ReadFrame(s, maxQuestion)
	if err != nil {
		_ = s.Reset()
		return
	}
	want, err := decodeQuestion(b)
	if err != nil {
		d.metrics.asked("answering", "malformed")
		_ = s.Reset()
		return
	}
	a := answer{Version: wireVersion}
	if a.Busy = !d.swap.allow(p, time.Now()); !a.Busy {
		a.Peers = d.others(p, want)
	}
	d.metrics.asked("answering", yes(!a.Busy))
	if b, err = dagcbor.Marshal(a); err == nil {
		err = wire.WriteFrame(s, b)
	}
	if err != nil {
		_ = s.Reset()
		return
	}
	_ = s.Close()
}

// others are the records of some peers, by chance, that asker may learn of:
// those that answer such questions themselves, which unlisted nodes don't, and
// have said that they work for others or can be reached by everybody. Of one
// range of addresses there are few.
func (d *Discovery) others(asker peer.ID, want int) (out [][]byte) {
	ps := d.cfg.Host.Peerstore()
	scope := d.scopes.of(asker)
	ranges := map[netip.Prefix]int{}
	peers := d.cfg.Host.Network().Peers()
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for _, p := range peers {
		if len(out) == want {
			break
		}
		speaks, err := ps.SupportsProtocols(p, ExchangeProtocol)
		if p == asker || err != nil || len(speaks) == 0 {
			continue
		}
		b := d.records.get(p)
		if b == nil {
			continue
		}
		info, err := openRecord(b, scope)
		if err != nil || !d.to.Serves(p) && len(peerbook.Usable(info.Addrs, peerbook.Public)) == 0 {
			continue
		}
		if r := peerbook.Range(info.Addrs[0]); r.IsValid() {
			if ranges[r]++; ranges[r] > max(perRange, d.cfg.PerRange) {
				continue
			}
		}
		out = append(out, b)
	}
	return out
}

// askAround asks a few connected peers for others.
func (d *Discovery) askAround(ctx context.Context) {
	peers := slices.DeleteFunc(d.cfg.Host.Network().Peers(), func(p peer.ID) bool {
		speaks, err := d.cfg.Host.Peerstore().SupportsProtocols(p, ExchangeProtocol)
		return err != nil || len(speaks) == 0
	})
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	var g errgroup.Group
	asked := 0
	for _, p := range peers {
		if asked == askedAtOnce {
			break
		}
		if !d.swap.mayAsk(p, time.Now()) {
			continue
		}
		asked++
		g.Go(func() error { d.askOne(ctx, p); return nil })
	}
	_ = g.Wait()
}

func (d *Discovery) askOne(ctx context.Context, p peer.ID) {
	a, err := d.question(ctx, p)
	switch {
	case err != nil:
		d.metrics.asked("asking", "failed")
		d.log.Debug("no peers were named", "by", p, "error", err)
		d.swap.rest(p, time.Now())
		return
	case a.Busy:
		d.metrics.asked("asking", "busy")
		return
	}
	d.metrics.asked("asking", "answered")
	scope := d.scopes.of(p)
	var infos []peer.AddrInfo
	for _, b := range a.Peers {
		info, err := openRecord(b, scope)
		if err != nil {
			d.metrics.refuse("exchange")
			d.log.Debug("a peer named is not taken", "by", p, "error", err)
			continue
		}
		if info.ID != d.cfg.Host.ID() {
			infos = append(infos, info)
		}
	}
	d.log.Debug("peers were named", "by", p, "count", len(a.Peers), "taken", len(infos))
	d.found(peerbook.Exchange, p, infos...)
}

func (d *Discovery) question(ctx context.Context, p peer.ID) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	s, err := d.cfg.Host.NewStream(network.WithNoDial(ctx, "peer exchange"), p, ExchangeProtocol)
	if err != nil {
		return answer{}, fmt.Errorf("open stream: %w", err)
	}
	defer s.Close()
	_ = s.SetDeadline(time.Now().Add(exchangeTime))
	b, err := encodeQuestion(maxAsked)
	if err == nil {
		err = wire.WriteFrame(s, b)
	}
	if err == nil {
		b, err = wire.ReadFrame(s, maxAnswer)
	}
	if err != nil {
		_ = s.Reset()
		return answer{}, err
	}
	return decodeAnswer(b)
}

// found tells the node of peers.
func (d *Discovery) found(source peerbook.Source, by peer.ID, infos ...peer.AddrInfo) {
	if len(infos) == 0 {
		return
	}
	d.metrics.found(string(source), len(infos))
	d.to.Found(source, by, infos...)
}
