package node

import (
	"context"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/agenda"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
)

// Subscriptions returns the one list of what the owner is subscribed to: the
// cards that run for a time or in periods, and those by whose channel the vendor
// sends what no purchase brings with it; what they cost, and when they renew or
// end. The soonest to renew is the first, those that don't come last, by name.
func (n *Node) Subscriptions(ctx context.Context) (view.Subscriptions, error) {
	out := view.Subscriptions{Items: []view.Subscription{}, Monthly: []money.Money{}, Yearly: []money.Money{}}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out.Items, out.Monthly, out.Yearly = out.Items[:0], out.Monthly[:0], out.Yearly[:0]
		_, policy, err := n.policy.of(tx)
		if err != nil {
			return err
		}
		out.ThirdParty = !policy.Global.NoThirdParty
		recs, err := tx.List(store.Query{Kind: kindCard})
		if err != nil {
			return err
		}
		var subs []agenda.Subscription
		shown := map[string]view.Subscription{}
		for _, rec := range recs {
			k, err := n.readCard(rec)
			if err != nil {
				return err
			}
			v, ok, err := n.subscription(tx, k)
			if err != nil {
				return err
			}
			if ok {
				shown[v.Card.String()] = v
				subs = append(subs, agendaSubscription(v))
			}
		}
		return fillSubscriptions(&out, subs, shown, n.now())
	})
	if err != nil {
		return out, fmt.Errorf("read subscriptions: %w", err)
	}
	return out, nil
}

// subscription shows a card of the person's side that was ever in force; false
// for one that is no subscription, such as that of a single sale.
func (n *Node) subscription(tx store.Tx, k *card) (view.Subscription, bool, error) {
	agreed, ok := k.chain.Agreed()
	if !ok || k.body.Side != identity.RolePerson {
		return view.Subscription{}, false, nil
	}
	r, err := relationOf(tx, k)
	if err != nil {
		return view.Subscription{}, false, err
	}
	b := agreed.Body
	v := view.Subscription{
		Card: k.chain.Root(), With: r.name(), Terms: b.Terms.ID, What: whatOf(&b),
		Since: k.chain.Versions()[0].Body.Time, State: k.state(), Channel: "open",
	}
	if v.Sends, err = sendsMail(tx, r); err != nil || b.Term == nil && !v.Sends {
		return v, false, err
	}
	if r.body.Closed {
		v.Channel = "closed"
	}
	if b.Term != nil {
		v.Every, v.Price = b.Term.Every, b.Total
		if b.Term.Renews {
			v.Renews = identity.At(firstRenewal(&b))
		} else {
			v.Ends = b.Term.Until
		}
	}
	if v.Renews.IsZero() && v.Ends.IsZero() { // the card names no date; the vendor may have
		told, err := renewalsTold(tx, k, n.now())
		if err != nil {
			return v, false, err
		}
		if len(told) > 0 {
			v.Renews, v.What = told[0].event.Data.Renews, told[0].event.Data.Title
			if amount := told[0].event.Data.Amount; amount.Currency != "" && v.Price == nil {
				v.Price = &amount
			}
		}
	}
	if end, over := k.chain.Ended(); over {
		v.Ended, v.Ends, v.Renews = end.Body.Time, end.Body.Time, identity.Time{}
	}
	l, err := n.ledger(tx, r)
	if err != nil {
		return v, false, err
	}
	v.Shared = len(l.Live("", n.now()))
	return v, true, nil
}

// sendsMail reports whether a vendor has sent, in the time for which events are
// kept, what comes again and again and not with a purchase, by a channel that
// takes it still.
func sendsMail(tx store.Tx, r *relation) (bool, error) {
	recs, err := tx.List(store.Query{Kind: kindInbox, Ref: r.body.Card.String()})
	if err != nil {
		return false, err
	}
	for _, rec := range recs {
		var b inboxBody
		if err := get(rec, &b); err != nil {
			return false, err
		}
		if b.Kind == "" && b.Signed != nil { // kept before the kind was
			signed, err := channel.DecodeSigned(b.Signed)
			if err != nil {
				return false, err
			}
			e, err := channel.DecodeEvent(signed.Raw)
			if err != nil {
				return false, err
			}
			b.Kind = e.Kind
		}
		switch b.Kind {
		case channel.KindOffer, channel.KindMessage, channel.KindRenewal:
			if r.welcome().Allows(b.Kind) {
				return true, nil
			}
		}
	}
	return false, nil
}

func agendaSubscription(v view.Subscription) agenda.Subscription {
	return agenda.Subscription{
		Card: v.Card.String(), Vendor: v.With, Title: v.What, Terms: v.Terms, Price: v.Price, Every: v.Every,
		Since: v.Since.Std(), Renews: v.Renews.Std(), Ends: v.Ends.Std(), State: v.State, Channel: v.Channel,
	}
}

// fillSubscriptions puts them in order and adds up what those that run cost.
func fillSubscriptions(out *view.Subscriptions, subs []agenda.Subscription, shown map[string]view.Subscription, now time.Time) error {
	o, err := agenda.Subscriptions(subs, now)
	if err != nil {
		return err
	}
	for _, s := range o.Subscriptions {
		v := shown[s.Card]
		v.Renews = identity.At(s.Renews)
		out.Items = append(out.Items, v)
	}
	for _, c := range o.Costs {
		out.Monthly, out.Yearly = append(out.Monthly, c.Month), append(out.Yearly, c.Year)
	}
	return nil
}
