package node_test

import (
	"errors"
	"testing"

	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// A vendor's folder that is started without the vendor's name goes on as that
// vendor: as a person's it would refuse, for good, what its customers send.
func TestVendorGoesOnAsOne(t *testing.T) {
	sim.Run(t, 411, func(w *sim.World) {
		cfg := node.Config{Name: "shop", Host: w.Host("shop"), Store: memory.New(), Keys: keystore.Memory()}
		cfg.Vendor = &node.VendorConfig{Name: "Alpine Cars", Domain: "alpine.example"}
		first := must[*node.Node](w)(node.New(cfg))
		was, err := first.Status(w.T.Context())
		ok(w, err)
		cfg.Vendor, cfg.Host = nil, w.Host("shop again")
		again := must[*node.Node](w)(node.New(cfg))
		is, err := again.Status(w.T.Context())
		ok(w, err)
		if is.Vendor == nil || is.Vendor.DID != was.Vendor.DID || is.Vendor.Name != was.Vendor.Name || is.Vendor.Items != was.Vendor.Items {
			t.Errorf("it came back as %+v, was %+v", is.Vendor, was.Vendor)
		}
		_, err = again.Proffer(w.T.Context(), view.ProfferWant{Vendor: is.Vendor.DID, Agreements: []string{"SD-BASE"}})
		if !errors.Is(err, view.ErrInvalid) {
			t.Errorf("a proffer to itself: %v", err)
		}
	})
}
