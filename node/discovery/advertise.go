package discovery

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"golang.org/x/sync/errgroup"

	"github.com/parley-network/parley/node"
)

const (
	advertsAtOnce = 4
	advertTime    = time.Minute      // bounds one
	advertRetry   = 30 * time.Second // after one that failed, doubled each time up to republishEvery
	lookAtAdverts = 5 * time.Second
)

// adverts are the keys this node provides.
type adverts struct {
	mu   sync.Mutex
	due  map[cid.Cid]*advert
	news chan struct{}
}

type advert struct {
	next     time.Time
	failures int
}

func (a *adverts) init() { a.due, a.news = make(map[cid.Cid]*advert), make(chan struct{}, 1) }

// set replaces the keys; those new are due at once.
func (a *adverts) set(what node.Advert) {
	var keys []cid.Cid
	for _, shard := range what.Topics {
		keys = append(keys, topicKey(shard))
	}
	for _, name := range what.Names {
		keys = append(keys, partyKey(name))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.due {
		if !slices.Contains(keys, k) {
			delete(a.due, k)
		}
	}
	for _, k := range keys {
		if a.due[k] == nil {
			a.due[k] = new(advert)
		}
	}
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// ready returns the keys due.
func (a *adverts) ready(now time.Time) (keys []cid.Cid) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, at := range a.due {
		if !now.Before(at.next) {
			keys = append(keys, k)
		}
	}
	return keys
}

// done notes how providing a key ended.
func (a *adverts) done(k cid.Cid, err error, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.due[k]
	switch {
	case at == nil: // no longer wanted
	case err == nil:
		at.failures, at.next = 0, now.Add(republishEvery)
	default:
		at.next = now.Add(min(republishEvery, advertRetry<<min(at.failures, 10)))
		at.failures++
	}
}

// advertise keeps the keys provided until ctx ends.
func (d *Discovery) advertise(ctx context.Context) error {
	tick := time.NewTicker(lookAtAdverts)
	defer tick.Stop()
	for {
		if len(d.cfg.Host.Network().Peers()) > 0 { // else nobody takes it
			d.provide(ctx, d.advert.ready(time.Now()))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-d.advert.news:
		}
	}
}

func (d *Discovery) provide(ctx context.Context, keys []cid.Cid) {
	var g errgroup.Group
	g.SetLimit(advertsAtOnce)
	for _, k := range keys {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, advertTime)
			defer cancel()
			err := d.dht.Provide(ctx, k, true)
			if err != nil {
				d.log.Debug("not advertised", "error", err)
			}
			d.metrics.advert(err)
			d.advert.done(k, err, time.Now())
			return nil
		})
	}
	_ = g.Wait()
}
