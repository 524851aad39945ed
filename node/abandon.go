package node

import (
	"context"
	"errors"
	"time"

	"github.com/parley-network/parley/identity/keystore"
)

// abandonWithin bounds how long the holder of an abandoned route is waited for.
const abandonWithin = 10 * time.Second

// abandon undoes what was prepared under a label for a letter that was never
// written: its reply route is closed, and its keys are deleted. What can't be
// undone now costs nothing but its place: a route ends by itself.
func (n *Node) abandon(ctx context.Context, label string, keys ...string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), abandonWithin)
	defer done()
	errs := []error{n.courier.CloseRoute(ctx, label)}
	for _, key := range keys {
		if err := n.cfg.Keys.Delete(key); !errors.Is(err, keystore.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		n.log.Debug("putting away what was prepared in vain", "label", label, "error", err)
	}
}

// partyKeys are the names under which newParty keeps keys.
func partyKeys(name string) []string {
	k := keysOf(name, 1)
	return []string{k.sign, k.update, k.next}
}
