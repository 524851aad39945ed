package transport

import (
	"context"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
)

// verdict says whether the host as a whole is public: it is as soon as peers
// have dialled one of its addresses back. AutoNAT's second version judges each
// address by itself and leaves this to whoever wants to know; libp2p's relay
// service and its search for relays wait for it.
type verdict struct {
	host       host.Host
	identified func(event.EvtPeerIdentificationCompleted) // told of each, on its way
	cancel     context.CancelFunc
	done       sync.WaitGroup
}

func (v *verdict) start() error {
	sub, err := v.host.EventBus().Subscribe([]any{
		new(event.EvtHostReachableAddrsChanged), new(event.EvtPeerIdentificationCompleted),
	}, eventbus.Name("verdict"), eventbus.BufSize(64))
	if err != nil {
		return fmt.Errorf("hear of reachable addresses: %w", err)
	}
	out, err := v.host.EventBus().Emitter(new(event.EvtLocalReachabilityChanged), eventbus.Stateful)
	if err != nil {
		sub.Close()
		return fmt.Errorf("tell of reachability: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	v.done.Go(func() {
		defer sub.Close()
		defer out.Close()
		v.run(ctx, sub, out)
	})
	return nil
}

func (v *verdict) run(ctx context.Context, sub event.Subscription, out event.Emitter) {
	last := network.ReachabilityUnknown
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-sub.Out():
			if !ok {
				return
			}
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				v.identified(e)
			case event.EvtHostReachableAddrsChanged:
				last = v.tell(judge(e), last, out)
			}
		}
	}
}

// tell emits what has changed.
func (v *verdict) tell(now, last network.Reachability, out event.Emitter) network.Reachability {
	if now != last {
		// It fails only once the host's bus is closed.
		_ = out.Emit(event.EvtLocalReachabilityChanged{Reachability: now})
	}
	return now
}

// judge is private only if no address is left that might be dialled.
func judge(e event.EvtHostReachableAddrsChanged) network.Reachability {
	switch {
	case len(e.Reachable) > 0:
		return network.ReachabilityPublic
	case len(e.Unreachable) > 0 && len(e.Unknown) == 0:
		return network.ReachabilityPrivate
	}
	return network.ReachabilityUnknown
}

func (v *verdict) stop() {
	if v.cancel != nil {
		v.cancel()
	}
	v.done.Wait()
}
