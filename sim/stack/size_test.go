package stack

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/sim/society"
)

// An intent is as big on the wire as protocol.size says, where that is possible.
func TestIntentSize(t *testing.T) {
	for _, size := range []int{1000, 2375} {
		s := small()
		s.People.Count, s.Vendors.Count, s.Protocol.Size = 2, 2, size
		town(t, s, func(m *Medium) error {
			root := m.cast(society.Intent{Person: 0, Most: 50}, 10*time.Second)
			n, _ := m.parties[0].on()
			v, err := n.Intent(context.Background(), root)
			if err != nil {
				return err
			}
			// Signed by another key, it is as long.
			signer := identity.NewKeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
			in := v.Body
			in.Author = signer.DID()
			cast, err := intentcast.Sign(in, signer, time.Now())
			if err != nil {
				return err
			}
			wire, err := cast.Encode()
			if err != nil {
				return err
			}
			want := max(size, bareIntent)
			if len(wire) < want-60 || len(wire) > want+60 { // addresses differ in length
				t.Errorf("an intent that is to have %d bytes has %d, without text %d", size, len(wire), len(wire)-len(in.Text))
			}
			return nil
		})
	}
}
