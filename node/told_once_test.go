package node_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// A vendor's node that comes up tells its terms once, when it has the mailboxes
// that they name, and not a second time for these.
func TestTermsAreToldOnce(t *testing.T) {
	sim.Run(t, 21, func(w *sim.World) {
		tn := newTown(w)
		time.Sleep(time.Minute)
		known := must[[]view.Vendor](w)(tn.pat.Vendors(w.T.Context()))
		if len(known) != 3 {
			w.T.Errorf("%d vendors are known, want 3", len(known))
		}
		for _, v := range known {
			if v.Seq != 1 || v.Keepers != 2 {
				w.T.Errorf("%s told update %d, which names %d mailboxes; want the first, and 2", v.Name, v.Seq, v.Keepers)
			}
		}
	})
}

// Where nobody keeps a vendor's letters it does not wait for long: its terms are
// out, and whoever keeps letters later is named by an update.
func TestTermsDoNotWaitForMailboxes(t *testing.T) {
	sim.Run(t, 22, func(w *sim.World) {
		rules, items := shop("30", "SD-BASE")
		vendor, pat := w.Vendor("lonely", rules, items), w.Person("pat")
		w.Meet(sim.Full(2), vendor, pat)
		w.Eventually(30*time.Second, "the terms are out", func() bool {
			known := must[[]view.Vendor](w)(pat.Vendors(w.T.Context()))
			return len(known) == 1
		})
	})
}
