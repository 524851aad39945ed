package sim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/sim/figure"
)

// listener is a gossip service on a simulated host, and what it was told.
type listener struct {
	*gossip.Service
	host host.Host
	stop func()

	mu    sync.Mutex
	heard []*intentcast.Cast
	first time.Time // when the first was
}

// listener builds and starts one that follows the shard.
func (w *World) listener(name, shard string) *listener {
	w.T.Helper()
	l := &listener{host: w.Host(name)}
	s, err := gossip.New(gossip.Config{Host: l.host, Deliver: l.deliver})
	if err != nil {
		w.T.Fatal(err)
	}
	l.Service = s
	l.stop = w.Start(name, s.Run)
	if err := s.Join(w.T.Context(), shard); err != nil {
		w.T.Fatal(err)
	}
	return l
}

func (l *listener) deliver(_ context.Context, c *intentcast.Cast) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.heard) == 0 {
		l.first = time.Now()
	}
	l.heard = append(l.heard, c)
}

func (l *listener) told() []*intentcast.Cast {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*intentcast.Cast(nil), l.heard...)
}

func castAuthor(i int) identity.Signer {
	seed := sha256.Sum256([]byte(fmt.Sprint("author ", i)))
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
}

// wish is an open intent of author i, made now and good for days.
func wish(t *testing.T, i int) *intentcast.Cast {
	t.Helper()
	route := intentcast.Route{
		Peer:  "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
		Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
		Slot:  bytes.Repeat([]byte{7}, 32),
		Key:   bytes.Repeat([]byte{9}, intentcast.ReplyKeySize),
	}
	in := example.Stroller(castAuthor(i).DID(), route, time.Now())
	in.Expires = identity.At(time.Now().Add(6 * 24 * time.Hour))
	return signedCast(t, in, i)
}

func signedCast(t *testing.T, in intentcast.Intent, by int) *intentcast.Cast {
	t.Helper()
	c, err := intentcast.Sign(in, castAuthor(by), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// crowd is n listeners on a random topology who have heard some wishes.
func (w *World) crowd(n int, shard string) []*listener {
	w.T.Helper()
	var all []*listener
	var hosts []host.Host
	for i := range n {
		all = append(all, w.listener(fmt.Sprint("listener ", i), shard))
		hosts = append(hosts, all[i].host)
	}
	w.Wire(hosts, Random(w.Rand, n, 4))
	time.Sleep(5 * time.Second)
	return all
}

// A node that was away while 200 intents were cast and 50 withdrawn has, a few
// seconds after it came back, exactly what those have who were there.
func TestNodeThatWasAwayCatchesUp(t *testing.T) {
	Run(t, 1, func(w *World) {
		shard := wish(t, 0).Intent.Shard()
		all := w.crowd(12, shard)
		wishes := make(map[int]*intentcast.Cast)
		say := func(i int, c *intentcast.Cast) {
			if err := all[i%11].Cast(w.T.Context(), c); err != nil { // the last one is away
				t.Fatal(err)
			}
		}
		for i := range 50 {
			wishes[i] = wish(t, i)
			say(i, wishes[i])
		}
		time.Sleep(5 * time.Second)
		away := all[11]
		known := away.told()
		away.stop()
		if err := away.host.Close(); err != nil {
			t.Fatal(err)
		}
		for i := 50; i < 250; i++ {
			wishes[i] = wish(t, i)
			say(i, wishes[i])
			time.Sleep(100 * time.Millisecond)
		}
		gone := make(map[dagcbor.CID]bool)
		for i := 25; i < 75; i++ {
			say(i, signedCast(t, wishes[i].Successor(intentcast.StatusWithdrawn, time.Now()), i))
			gone[wishes[i].ID] = true
		}
		time.Sleep(150 * time.Second) // GossipSub has forgotten

		start := time.Now()
		back := w.listener("listener 11", shard)
		for _, c := range known {
			if err := back.Remember(c, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		for _, peer := range []int{3, 5} {
			w.Connect(back.host, all[peer].host)
		}
		right := func() bool {
			for _, c := range wishes {
				e, ok := back.Lookup(c.ID)
				if !ok || e.Alive(time.Now()) == gone[c.ID] {
					return false
				}
			}
			return back.Known() == len(wishes)
		}
		w.Eventually(5*time.Second, "exactly what the others have", right)
		t.Logf("caught up with 200 intents and 50 withdrawals in %s", time.Since(start))
		if got, want := len(back.told()), 200+25; got != want {
			t.Errorf("%d delivered, want %d: each that is news, in its last version", got, want)
		}
	})
}

// A cold node, with nothing and one address, gets its first matching intent
// within five seconds of its start: not by waiting for the next one.
func TestFigureColdNode(t *testing.T) {
	worst := 0.0
	for seed := range uint64(2) {
		Run(t, seed, func(w *World) {
			shard := wish(t, 0).Intent.Shard()
			all := w.crowd(12, shard)
			for i := range 12 {
				if err := all[i].Cast(w.T.Context(), wish(t, i)); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(3 * time.Minute)
			start := time.Now()
			cold := w.listener("cold", shard)
			w.Connect(cold.host, all[int(seed)].host)
			w.Eventually(time.Minute, "an intent", func() bool { return len(cold.told()) > 0 })
			worst = max(worst, cold.first.Sub(start).Seconds())
			w.Eventually(5*time.Second, "all intents", func() bool { return cold.Known() == 12 })
		})
	}
	if !figure.AtMost(os.Stdout, "cold-node-first-intent-s", worst, 5) {
		t.Error("too late")
	}
}
