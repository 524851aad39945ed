package gossip

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
)

// Whatever degrees a study asks for, the library takes them; those it does not
// name stay as they ship.
func TestMeshDegrees(t *testing.T) {
	h, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	for d := 2; d <= 16; d++ {
		for low := 1; low <= d; low++ {
			m := &Mesh{D: d, Low: low, High: d + 1, Heartbeat: 100 * time.Millisecond}
			p := m.apply(meshParams())
			if _, err := pubsub.NewGossipSub(t.Context(), h, pubsub.WithGossipSubParams(p),
				pubsub.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))); err != nil {
				t.Errorf("d %d, low %d: %v", d, low, err)
			}
			if p.D != d || p.Dlo != low || p.HeartbeatInterval != m.Heartbeat || p.Dlazy != ShippedMesh().Lazy {
				t.Errorf("d %d, low %d: %+v", d, low, p)
			}
		}
	}
	if ships := ShippedMesh(); (&ships).apply(meshParams()).Dout != meshParams().Dout || (*Mesh)(nil).apply(meshParams()).D != ships.D {
		t.Errorf("the degrees that ship, %+v, are changed", ships)
	}
}
