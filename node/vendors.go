package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// hearTerms keeps the newest term update of a vendor. The owner is told only
// where a vendor it has a card with changes what it accepts.
func (n *Node) hearTerms(ctx context.Context, v termupdate.Verified) {
	if err := n.update(ctx, func(c *change) error { return n.keepTerms(c, v) }); err != nil && ctx.Err() == nil {
		n.log.Warn("keeping a term update", "vendor", v.Update.Vendor.DID, "error", err)
	}
}

func (n *Node) keepTerms(c *change, v termupdate.Verified) error {
	wire, err := v.Signed.Encode()
	if err != nil {
		return err
	}
	did := string(v.Update.Vendor.DID)
	before, err := heardTerms(c.Tx, v.Update.Vendor.DID)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return err
	}
	if err := c.Put(store.Record{Kind: kindTerms, ID: did, Due: v.Update.Expires.Std(), Body: wire}); err != nil {
		return err
	}
	if err := n.followTerms(c, &v.Update); err != nil {
		return err
	}
	if before == nil || slices.Equal(before.Update.Accepts, v.Update.Accepts) {
		return nil
	}
	cards, err := cardsWith(c.Tx, v.Update.Vendor.DID)
	if err != nil || len(cards) == 0 {
		return err
	}
	return c.note("terms.changed", cards[0], "%s now accepts %s", v.Update.Vendor.Name, acceptsText(&v.Update))
}

func acceptsText(u *termupdate.Update) string {
	if len(u.Accepts) == 0 {
		return "no agreement"
	}
	ids := make([]string, len(u.Accepts))
	for i, r := range u.Accepts {
		ids[i] = r.ID
	}
	return strings.Join(ids, ", ")
}

// storedTerms is a term update that was verified when it came.
type storedTerms struct {
	termupdate.Signed
	Update *termupdate.Update
}

func heardTerms(tx store.Tx, vendor identity.DID) (*storedTerms, error) {
	rec, err := tx.Get(kindTerms, string(vendor))
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("vendor %s: no term update of it is known here: %w", vendor, view.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return readTerms(rec)
}

func readTerms(rec store.Record) (*storedTerms, error) {
	s, err := termupdate.DecodeSigned(rec.Body)
	if err != nil {
		return nil, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
	}
	u, err := termupdate.DecodeBody(s.Raw)
	if err != nil {
		return nil, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
	}
	return &storedTerms{s, u}, nil
}

// cardsWith returns the cards with a vendor, by the vendor's identifier.
func cardsWith(tx store.Tx, vendor identity.DID) ([]dagcbor.CID, error) {
	recs, err := tx.List(store.Query{Kind: kindRelation})
	if err != nil {
		return nil, err
	}
	out := []dagcbor.CID{}
	for _, rec := range recs {
		r, err := readRelation(tx, rec)
		if err != nil {
			return nil, err
		}
		if r.body.Vendor.DID == vendor && !r.body.Card.IsZero() {
			out = append(out, r.body.Card)
		}
	}
	return out, nil
}

// Vendors returns every vendor whose term update is known here and stands.
func (n *Node) Vendors(ctx context.Context) ([]view.Vendor, error) {
	out := []view.Vendor{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindTerms})
		if err != nil {
			return err
		}
		facts, err := n.relationFacts(tx)
		if err != nil {
			return err
		}
		for _, rec := range recs {
			t, err := readTerms(rec)
			if err != nil {
				return err
			}
			if t.Update.Expires.Std().After(n.now()) {
				out = append(out, vendorView(t.Update, facts[t.Update.Vendor.DID]))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read vendors: %w", err)
	}
	slices.SortFunc(out, func(a, b view.Vendor) int { return strings.Compare(a.Name+string(a.DID), b.Name+string(b.DID)) })
	return out, nil
}

// relationFacts are this person's dealings with one vendor.
type relationFacts struct {
	cards []dagcbor.CID
	facts button.Facts
}

// relationFacts sums up the owner's side of every relationship, by vendor.
func (n *Node) relationFacts(tx store.Tx) (map[identity.DID]relationFacts, error) {
	recs, err := tx.List(store.Query{Kind: kindRelation})
	if err != nil {
		return nil, err
	}
	out := make(map[identity.DID]relationFacts)
	for _, rec := range recs {
		r, err := readRelation(tx, rec)
		if err != nil {
			return nil, err
		}
		if r.body.Side != identity.RolePerson {
			continue
		}
		f := out[r.body.Vendor.DID]
		one, err := n.buttonFacts(tx, r)
		if err != nil {
			return nil, err
		}
		f.facts.MyTerms = f.facts.MyTerms || one.MyTerms
		f.facts.TheirTerms = f.facts.TheirTerms || one.TheirTerms
		f.facts.CardInForce = f.facts.CardInForce || one.CardInForce
		f.facts.Frozen = f.facts.Frozen || one.Frozen
		if !r.body.Card.IsZero() {
			f.cards = append(f.cards, r.body.Card)
		}
		out[r.body.Vendor.DID] = f
	}
	return out, nil
}

// buttonFacts are what the r-button of one relationship shows.
func (n *Node) buttonFacts(tx store.Tx, r *relation) (button.Facts, error) {
	f := button.Facts{Frozen: r.body.Alarm != ""}
	if !r.body.Card.IsZero() {
		rec, err := tx.Get(kindCard, r.body.Card.String())
		if err != nil {
			return f, err
		}
		switch relcard.State(rec.State) {
		case relcard.StateActive, relcard.StateAmending:
			f.CardInForce, f.MyTerms, f.TheirTerms = true, true, true
		case relcard.StateEnded:
			f.Ended = true
		case relcard.StateFrozen:
			f.Frozen = true
		case relcard.StateProposed:
			f.MyTerms = r.body.Side == identity.RolePerson
			f.TheirTerms = !f.MyTerms
		}
	}
	if r.body.Proffer.IsZero() || f.CardInForce {
		return f, nil
	}
	g, err := n.loadNegotiation(tx, r.body.Proffer)
	if err != nil {
		return f, err
	}
	f.MyTerms = f.MyTerms || g.open(n.now())
	return f, nil
}

func vendorView(u *termupdate.Update, f relationFacts) view.Vendor {
	f.facts.TheirTerms = f.facts.TheirTerms || len(u.Accepts) > 0
	v := view.Vendor{
		DID: u.Vendor.DID, Name: u.Vendor.Name, Site: u.Site, Accepts: u.Accepts, Requests: u.Requests,
		Categories: u.Categories, Regions: u.Regions, Seq: u.Seq, Updated: u.Time, Expires: u.Expires,
		Keepers: len(u.Route.Holders), Cards: f.cards, Button: string(button.Of(f.facts)),
	}
	if v.Cards == nil {
		v.Cards = []dagcbor.CID{}
	}
	return v
}

// Vendor returns one vendor by its identifier.
func (n *Node) Vendor(ctx context.Context, did identity.DID) (view.Vendor, error) {
	var v view.Vendor
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		t, err := heardTerms(tx, did)
		if err != nil {
			return err
		}
		facts, err := n.relationFacts(tx)
		if err != nil {
			return err
		}
		v = vendorView(t.Update, facts[did])
		return nil
	})
	if err != nil {
		return v, fmt.Errorf("read vendor: %w", err)
	}
	return v, nil
}

const (
	settingTermsSeq = "terms-seq"
	termsLife       = termupdate.MaxLife
	termsEvery      = 12 * time.Hour // a new update goes out, so that none lapses
	termsRetry      = 5 * time.Second
)

// rememberTerms tells the gossip service of the updates kept from before a
// restart, so that older ones stay superseded.
func (n *Node) rememberTerms(tx store.Tx, now time.Time) error {
	recs, err := tx.List(store.Query{Kind: kindTerms})
	if err != nil {
		return fmt.Errorf("remember term updates: %w", err)
	}
	for _, rec := range recs {
		s, err := termupdate.DecodeSigned(rec.Body)
		if err != nil {
			return fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
		}
		v, err := s.Verify(now)
		if err != nil {
			continue // expired by now
		}
		if err := n.gossip.RememberTerms(v, now); err != nil {
			n.log.Debug("stored term update", "vendor", rec.ID, "error", err)
		}
	}
	return nil
}

// termsLoop listens to the term updates of vendors and, at a vendor's node,
// publishes its own: at the start, when its rules change, and twice a day.
func (n *Node) termsLoop(ctx context.Context) error {
	if err := n.gossip.FollowTerms(ctx); err != nil {
		return fmt.Errorf("follow term updates: %w", err)
	}
	if n.vendor == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-n.vendor.termsChanged: // before this node ran: what it tells first has that
	default:
	}
	for {
		if err := n.publishTerms(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("publishing the own terms", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.vendor.termsChanged:
		case <-time.After(termsEvery):
		}
	}
}

// publishTerms signs the next update and goes on until somebody takes it.
func (n *Node) publishTerms(ctx context.Context) error {
	signed, err := n.nextTerms(ctx)
	if err != nil {
		return err
	}
	for {
		err := n.gossip.PublishTerms(ctx, signed)
		if !errors.Is(err, gossip.ErrNoPeers) && !errors.Is(err, gossip.ErrTooOften) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.vendor.termsChanged:
			if signed, err = n.nextTerms(ctx); err != nil {
				return err
			}
		case <-time.After(termsRetry):
		}
	}
}

// nextTerms numbers, signs and keeps the vendor's next update. The number is
// durable before the update is out: one number never stands for two.
func (n *Node) nextTerms(ctx context.Context) (termupdate.Signed, error) {
	var signed termupdate.Signed
	err := n.update(ctx, func(c *change) error {
		seq, err := nextSeq(c, settingTermsSeq)
		if err != nil {
			return err
		}
		signed, err = n.signTerms(c, n.vendor.me(), seq)
		return err
	})
	return signed, err
}

// signTerms signs the vendor's update of that number and keeps it.
func (n *Node) signTerms(c *change, me *party, seq uint64) (termupdate.Signed, error) {
	u := n.termUpdate(seq, c.now)
	signed, err := u.Sign(me.signer, me.log, c.now)
	if err != nil {
		return signed, err
	}
	wire, err := signed.Encode()
	if err != nil {
		return signed, err
	}
	return signed, c.Put(store.Record{Kind: kindSetting, ID: settingTerms, Body: wire})
}

// settingTerms keeps the own term update as it was last signed.
const settingTerms = "terms"

func nextSeq(c *change, setting string) (uint64, error) {
	var seq uint64
	rec, err := c.Get(kindSetting, setting)
	switch {
	case err == nil:
		if _, err := fmt.Sscanf(string(rec.Body), "%d", &seq); err != nil {
			return 0, fmt.Errorf("setting %s: %w", setting, err)
		}
	case !errors.Is(err, store.ErrNotFound):
		return 0, err
	}
	seq++
	return seq, c.Put(store.Record{Kind: kindSetting, ID: setting, Body: fmt.Appendf(nil, "%d", seq)})
}

// termUpdate is what the vendor's rules and catalogue say of it.
func (n *Node) termUpdate(seq uint64, now time.Time) termupdate.Update {
	catalogue, rules := n.vendor.current()
	categories := rules.Categories
	if len(categories) == 0 {
		categories = catalogue.Categories()
	}
	u := termupdate.Update{
		Version: termupdate.BodyVersion, Type: termupdate.BodyType, Vendor: n.vendor.name(), Seq: seq,
		Accepts: rules.Accepts, Requests: string(rules.RequestPolicy()), Categories: firstOf(categories, 16),
		Route: n.courier.Self(), Time: identity.At(now), Expires: identity.At(now.Add(termsLife)),
	}
	if u.Accepts == nil {
		u.Accepts = u.Accepts[:0:0]
	}
	for _, a := range rules.Areas {
		if a.Region != "" && !slices.Contains(u.Regions, a.Region) && len(u.Regions) < 64 {
			u.Regions = append(u.Regions, a.Region)
		}
	}
	return u
}

func firstOf(all []intentcast.Category, most int) []intentcast.Category {
	return all[:min(len(all), most)]
}

// OwnTerms returns the vendor's term update as last signed, for its web face.
func (n *Node) OwnTerms(ctx context.Context) (termupdate.Signed, error) {
	if n.vendor == nil {
		return termupdate.Signed{}, errNotVendor
	}
	wire, err := n.setting(ctx, settingTerms)
	if err != nil {
		return termupdate.Signed{}, err
	}
	if wire == nil {
		return termupdate.Signed{}, fmt.Errorf("no term update has been signed yet: %w", view.ErrUnavailable)
	}
	return termupdate.DecodeSigned(wire)
}

// KeyLog returns the vendor's key log, to be published at its domain.
func (n *Node) KeyLog(context.Context) ([]byte, error) {
	if n.vendor == nil {
		return nil, errNotVendor
	}
	return n.vendor.me().log, nil
}
