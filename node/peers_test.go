package node_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

func addressOf(p *sim.Party) string {
	return fmt.Sprintf("%s/p2p/%s", p.Host.Addrs()[0], p.Host.ID())
}

// A peer named once is connected to again after a restart of either side, and
// no more once it is removed.
func TestPeersAreKept(t *testing.T) {
	sim.Run(t, 1, func(w *sim.World) {
		ctx := context.Background()
		ann, bob := w.Person("ann"), w.Person("bob")
		p, err := ann.AddPeer(ctx, addressOf(bob))
		if err != nil || p.Source != "manual" || !p.Kept {
			t.Fatalf("%+v, %v", p, err)
		}
		connected := func() bool { return len(ann.Host.Network().ConnsToPeer(bob.Host.ID())) > 0 }
		peers, err := bob.Peers(ctx)
		if err != nil || len(peers) != 1 || peers[0].Source != "incoming" || peers[0].Since.IsZero() {
			t.Errorf("%+v, %v", peers, err)
		}
		ann.Stop()
		ann.Start()
		w.Eventually(time.Minute, "bob after ann's restart", connected)
		bob.Stop()
		time.Sleep(time.Hour)
		bob.Start()
		w.Eventually(2*time.Minute, "bob after an hour away", connected)
		if err := ann.RemovePeer(ctx, bob.Host.ID().String()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if connected() {
			t.Error("bob is connected after he was removed")
		}
		for want, id := range map[error]string{view.ErrNotFound: bob.Host.ID().String(), view.ErrInvalid: "bob"} {
			if err := ann.RemovePeer(ctx, id); !errors.Is(err, want) {
				t.Errorf("remove %s: %v, want %v", id, err, want)
			}
		}
	})
}

// What the first release kept of a peer, its address alone, is read; what is
// damaged is left out.
func TestPeersOfTheFirstRelease(t *testing.T) {
	sim.Run(t, 2, func(w *sim.World) {
		ann, bob := w.Person("ann"), w.Person("bob")
		ann.Stop()
		if err := ann.Store.Update(context.Background(), func(tx store.Tx) error {
			if err := tx.Put(store.Record{Kind: "peer", ID: "damaged", Body: []byte("\xa1av")}); err != nil {
				return err
			}
			return tx.Put(store.Record{Kind: "peer", ID: bob.Host.ID().String(), Body: []byte(addressOf(bob))})
		}); err != nil {
			t.Fatal(err)
		}
		ann.Start()
		w.Eventually(time.Minute, "bob", func() bool { return len(ann.Host.Network().ConnsToPeer(bob.Host.ID())) > 0 })
	})
}

// Many peers that are away do not keep one that is there waiting: all are
// dialled side by side.
func TestRedialDoesNotQueue(t *testing.T) {
	sim.Run(t, 3, func(w *sim.World) {
		ctx := context.Background()
		ann := w.Person("ann")
		var gone []*sim.Party
		for i := range 20 {
			p := w.Person(fmt.Sprint("gone", i))
			if _, err := ann.AddPeer(ctx, addressOf(p)); err != nil {
				t.Fatal(err)
			}
			gone = append(gone, p)
		}
		there := w.Person("there")
		if _, err := ann.AddPeer(ctx, addressOf(there)); err != nil {
			t.Fatal(err)
		}
		ann.Stop()
		for _, p := range gone {
			p.Stop()
		}
		begin := w.Elapsed()
		ann.Start()
		// One after the other would take up to 20 times the 20 s of a dial.
		w.Eventually(2*time.Minute, "the one that is there", func() bool {
			return len(ann.Host.Network().ConnsToPeer(there.Host.ID())) > 0
		})
		t.Logf("FIGURE 21 peers remembered, 20 of them away: the other after %v", w.Elapsed()-begin)
	})
}
