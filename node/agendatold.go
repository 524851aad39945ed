package node

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/node/agenda"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/store"
)

// told is an event and how it came.
type told struct {
	event channel.Event
	body  inboxBody
}

// renewalsTold are the renewals to come that a card's vendor has told of by its
// channel, the soonest first. Of several events on one subject the newest
// counts; one that says "gone" takes back what came before it. What the owner's
// rules drop is not kept, and so not among them.
func renewalsTold(tx store.Tx, k *card, now time.Time) ([]told, error) {
	recs, err := tx.List(store.Query{Kind: kindInbox, Ref: k.chain.Root().String()})
	if err != nil {
		return nil, err
	}
	newest := map[string]told{}
	for _, rec := range recs {
		if rec.State == inboxDropped {
			continue
		}
		b, e, err := eventIn(rec)
		if err != nil {
			return nil, err
		}
		if e.Kind != channel.KindRenewal && !e.Data.Gone {
			continue
		}
		of := cmp.Or(e.Subject, "event "+e.ID)
		have, ok := newest[of]
		if !ok || cmp.Or(have.body.At.Std().Compare(b.At.Std()), cmp.Compare(have.body.Order, b.Order)) < 0 {
			newest[of] = told{e, b}
		}
	}
	var out []told
	for _, t := range newest {
		if !t.event.Data.Gone && t.event.Data.Renews.Std().After(now) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b told) int {
		return cmp.Or(a.event.Data.Renews.Std().Compare(b.event.Data.Renews.Std()), cmp.Compare(a.event.ID, b.event.ID))
	})
	return out, nil
}

// toldEntry is the date of a renewal that the vendor told of. Where something
// is to be done earlier to prevent it, the warning comes ahead of that.
func toldEntry(k *card, t told) agenda.Entry {
	e, d := t.event, t.event.Data
	title := fmt.Sprintf("%s says: %s", k.other(), d.Title)
	if d.Amount.Currency != "" {
		title += fmt.Sprintf(" (%s)", d.Amount)
	}
	a := agenda.Entry{
		ID: fmt.Sprintf("told %s %s", k.chain.Root(), cmp.Or(e.Subject, e.ID)), Kind: agenda.Renewal, When: d.Renews.Std(), Known: t.body.At.Std(),
	}
	if due := d.Due.Std(); !d.Due.IsZero() && due.Before(a.When) {
		title += fmt.Sprintf(", to be answered by %s", due.UTC().Format(time.DateOnly))
		a.Warn = min(a.When.Sub(due)+toldLead, mostToldLead)
	}
	a.Title = title
	return a
}

// How long before something is to be done about a renewal its owner is warned,
// and how long before the renewal itself at most: the dates are the vendor's.
const (
	toldLead     = 7 * 24 * time.Hour
	mostToldLead = 365 * 24 * time.Hour
)
