package node

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// Extend moves the end of an own open intent, to at most
// [intentcast.MaxLife] from now, and changes nothing else. Offers that answer
// the version before answer the new one too: what is asked is the same. An
// amendment, which may ask something else, has them lapse.
func (n *Node) Extend(ctx context.Context, root dagcbor.CID, w view.ExtendWant) (view.Intent, error) {
	until, err := extendedTo(w, time.Now())
	if err != nil {
		return view.Intent{}, fmt.Errorf("extend: %w", err)
	}
	in, err := n.Intent(ctx, root)
	if err != nil {
		return view.Intent{}, fmt.Errorf("extend: %w", err)
	}
	if in.Mine && in.Body.Status == intentcast.StatusOpen {
		// Offers must be able to come as long. The route itself stays as it is:
		// it is part of what was signed.
		if _, err := n.replyRoute(ctx, intentLabel(in.Body.Author), until.Std().Add(routeGrace)); err != nil {
			return view.Intent{}, fmt.Errorf("extend: %w", err)
		}
	}
	if err := n.update(ctx, func(c *change) error { return n.extendIn(c, root, until) }); err != nil {
		return view.Intent{}, fmt.Errorf("extend: %w", err)
	}
	return n.Intent(ctx, root)
}

// extendedTo is the end that is asked for.
func extendedTo(w view.ExtendWant, now time.Time) (identity.Time, error) {
	until, field := w.Until, "until"
	switch {
	case (w.For == "") == w.Until.IsZero():
		return until, view.Invalid("until", "say one of until and for")
	case w.For != "":
		d, err := time.ParseDuration(w.For)
		if err != nil {
			return until, view.Invalid("for", "%v", err)
		}
		until, field = identity.At(now.Add(d)), "for"
	}
	if left := until.Std().Sub(now); left <= 0 || left > intentcast.MaxLife {
		return until, view.Invalid(field, "an intent stays open for at most %gh from now, and for more than nothing", intentcast.MaxLife.Hours())
	}
	return until, nil
}

func (n *Node) extendIn(c *change, root dagcbor.CID, until identity.Time) error {
	cast, body, err := ownIntent(c.Tx, root)
	if err != nil {
		return err
	}
	switch {
	case cast.Intent.Status != intentcast.StatusOpen:
		return fmt.Errorf("intent %s is already %s: %w", root, cast.Intent.Status, view.ErrConflict)
	case !c.now.Before(cast.Intent.Expires.Std()):
		return fmt.Errorf("intent %s is over since %s, cast it anew: %w", root, cast.Intent.Expires, view.ErrConflict)
	case !cast.Intent.Expires.Before(until):
		return view.Invalid("until", "the intent stays open until %s already: to end it, withdraw it", cast.Intent.Expires)
	}
	next := cast.Successor(intentcast.StatusOpen, c.now)
	next.Expires = until
	signer, err := n.authorSigner(cast.Intent.Author)
	if err != nil {
		return err
	}
	signed, err := intentcast.Sign(next, signer, c.now)
	if err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	body.Told, body.Times = identity.Time{}, 0
	body.Earlier = append(body.Earlier, cast.ID)
	body.Earlier = body.Earlier[max(0, len(body.Earlier)-mostEarlier):]
	if err := c.keepCast(signed, body); err != nil {
		return err
	}
	return c.note("intent.open", root, "extended the intent %s until %s", short(root), until)
}

// mostEarlier bounds the versions of an intent remembered by their ids.
const mostEarlier = 64

// answered returns cast as the version that an offer answers: the newest or an
// earlier one that asked the same. Of any other it is cast itself.
func (b *intentBody) answered(cast *intentcast.Cast, version dagcbor.CID) *intentcast.Cast {
	if !b.asksTheSame(cast, version) {
		return cast
	}
	as := *cast
	as.ID = version
	return &as
}

// asksTheSame reports whether a version is the newest or differs from it only
// in when it ends.
func (b *intentBody) asksTheSame(cast *intentcast.Cast, version dagcbor.CID) bool {
	if version == cast.ID {
		return true
	}
	for _, id := range b.Earlier {
		if id == version {
			return true
		}
	}
	return false
}

// sameAsk reports whether two versions of an intent differ only in their
// place and their times.
func sameAsk(a, b *intentcast.Intent) bool {
	y := *b
	y.Seq, y.Root, y.Prev = a.Seq, a.Root, a.Prev
	y.Created, y.Expires = a.Created, a.Expires
	was, errWas := dagcbor.Marshal(a)
	is, errIs := dagcbor.Marshal(&y)
	return errWas == nil && errIs == nil && bytes.Equal(was, is)
}
