package reach

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parley-network/parley/node/transport"
)

func newHost(t *testing.T, fill byte, listen ...string) host.Host {
	t.Helper()
	key, err := transport.KeyFromSeed(slices.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	h, err := transport.New(transport.Config{Key: key, Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func emit(t *testing.T, h host.Host, e any, kind any) {
	t.Helper()
	out, err := h.EventBus().Emitter(kind)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := out.Emit(e); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, w *Watcher, want Kind) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); w.Judgement().Kind != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it is %+v, want %s", w.Judgement(), want)
		}
	}
}

// What happens to a host is in the next judgement; and the watcher ends when
// told to.
func TestWatcher(t *testing.T) {
	h, other := newHost(t, 1, "/ip4/0.0.0.0/udp/0/quic-v1"), newHost(t, 2, "/ip4/127.0.0.1/udp/0/quic-v1")
	w := New(h, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	until(t, w, Alone)
	if err := h.Connect(ctx, peer.AddrInfo{ID: other.ID(), Addrs: other.Addrs()}); err != nil {
		t.Fatal(err)
	}
	until(t, w, Near) // from this machine itself, nobody outside can be asked
	emit(t, h, event.EvtAutoRelayAddrsUpdated{RelayAddrs: through(relayA)}, new(event.EvtAutoRelayAddrsUpdated))
	until(t, w, Relayed)
	emit(t, h, event.EvtHostReachableAddrsChanged{Reachable: addrs("/ip4/8.8.4.4/udp/4101/quic-v1")}, new(event.EvtHostReachableAddrsChanged))
	until(t, w, Mapped)

	reg := prometheus.NewRegistry()
	reg.MustRegister(w)
	want := `# HELP parley_connections Open connections, by transport, direction and key exchange; keys is empty where it can't be told.
# TYPE parley_connections gauge
parley_connections{direction="out",keys="X25519MLKEM768",over="quic",post_quantum="true",relayed="false"} 1
# HELP parley_reach 1 for how others can reach this node, 0 for the rest.
# TYPE parley_reach gauge
parley_reach{kind="alone"} 0
parley_reach{kind="checking"} 0
parley_reach{kind="local"} 0
parley_reach{kind="mapped"} 1
parley_reach{kind="near"} 0
parley_reach{kind="public"} 0
parley_reach{kind="relayed"} 0
parley_reach{kind="unreachable"} 0
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestWatcherOfALocalNode(t *testing.T) {
	w := New(newHost(t, 3), nil)
	if j := w.Judgement(); j.Kind != Local {
		t.Errorf("%+v", j)
	}
	if own := w.Own(); len(own) != 0 {
		t.Errorf("reached from other machines at %v", own)
	}
}
