package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

// profferLife is how long a proffer stands unless the owner says otherwise.
const profferLife = 7 * 24 * time.Hour

// Proffer puts the owner's terms to a vendor: one agreement or a set, for a
// new relationship or for a card there is. The vendor accepts one, names one
// other, or refuses.
func (n *Node) Proffer(ctx context.Context, w view.ProfferWant) (view.Negotiation, error) {
	id, err := n.proffer(ctx, w)
	if err != nil {
		return view.Negotiation{}, fmt.Errorf("proffer: %w", err)
	}
	return n.Negotiation(ctx, id)
}

func (n *Node) proffer(ctx context.Context, w view.ProfferWant) (dagcbor.CID, error) {
	p, err := profferOf(w, n.now())
	if err != nil {
		return dagcbor.CID{}, err
	}
	n.cards.Lock()
	defer n.cards.Unlock()
	var r *relation
	var author identity.Signer
	switch named := []bool{!w.Card.IsZero(), w.Vendor != "", !w.Offer.IsZero()}; {
	case countTrue(named) != 1:
		return dagcbor.CID{}, view.Invalid("vendor", "name one of vendor, offer, card")
	case n.vendor != nil && w.Vendor == n.vendor.me().signer.DID():
		return dagcbor.CID{}, view.Invalid("vendor", "that is this node itself")
	case w.Vendor != "":
		r, err = n.newcomer(ctx, w.Vendor)
	case !w.Offer.IsZero():
		r, author, err = n.newcomerByOffer(ctx, w.Offer, &p)
	}
	if err != nil {
		return dagcbor.CID{}, err
	}
	var id dagcbor.CID
	err = n.update(ctx, func(c *change) error {
		if r == nil {
			id, err = n.profferOnCard(c, w.Card, p)
		} else {
			fresh := *r // the transaction may be run again
			id, err = n.profferIn(c, &fresh, p, nil, word{log: r.ownLog(n), author: author})
		}
		return err
	})
	if err != nil && r != nil {
		n.abandon(ctx, r.body.Label, partyKeys(r.body.Label)...)
	}
	return id, err
}

func profferOf(w view.ProfferWant, now time.Time) (negotiation.Proffer, error) {
	p := negotiation.Proffer{
		Version: negotiation.Version, Jurisdiction: w.Jurisdiction, Location: w.Location, Text: w.Text, Expires: w.Expires,
	}
	if err := checkCountry(w.Jurisdiction); err != nil {
		return p, err
	}
	if p.Expires.IsZero() {
		p.Expires = identity.At(now.Add(profferLife))
	}
	for i, id := range w.Agreements {
		a, ok := terms.Lookup(id)
		if !ok {
			return p, view.Invalid(fmt.Sprintf("agreements[%d]", i), "%q is not in the roster", id)
		}
		p.Agreements = append(p.Agreements, a.Ref)
	}
	if life := p.Expires.Std().Sub(now); life <= 0 || life > negotiation.MaxLife {
		return p, view.Invalid("expires", "%s is not within the %d days to come", p.Expires, negotiation.MaxLife/(24*time.Hour))
	}
	if err := p.Check(); err != nil {
		return p, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return p, nil
}

// newcomer makes what a new relationship with a vendor needs: an identifier
// and a reply route that serve it alone.
func (n *Node) newcomer(ctx context.Context, vendor identity.DID) (*relation, error) {
	var u *storedTerms
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		u, err = heardTerms(tx, vendor)
		return err
	})
	if err != nil {
		return nil, err
	}
	now := n.now()
	switch {
	case !u.Update.Expires.Std().After(now):
		return nil, fmt.Errorf("the terms of %s lapsed at %s, and no newer have come: %w", u.Update.Vendor.Name, u.Update.Expires, view.ErrUnavailable)
	case u.Update.Requests != termupdate.Anyone:
		return nil, fmt.Errorf("%s takes a proffer only from whom it knows already (%s): accept an offer of its, or proffer on a card you have: %w",
			u.Update.Vendor.Name, u.Update.Requests, view.ErrConflict)
	}
	return n.strangers(ctx, u.Update.Vendor, u.Log, u.Update.Route)
}

// newcomerByOffer is newcomer for a vendor that has made an offer: to it, the
// author of the intent is no stranger.
func (n *Node) newcomerByOffer(ctx context.Context, id dagcbor.CID, p *negotiation.Proffer) (*relation, identity.Signer, error) {
	var offer *intentcast.SignedOffer
	var stored offerBody
	var author identity.Signer
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		var rec store.Record
		var err error
		if offer, stored, rec, err = storedOffer(tx, id); err != nil {
			return err
		}
		if p.Intent, err = dagcbor.ParseCID(rec.Ref); err != nil {
			return err
		}
		cast, _, err := ownIntent(tx, p.Intent)
		if err != nil {
			return err
		}
		author, err = n.authorSigner(cast.Intent.Author)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	theirs, err := n.routeOfOffer(ctx, &offer.Offer)
	if err != nil {
		return nil, nil, err
	}
	r, err := n.strangers(ctx, offer.Offer.Vendor, stored.Log, theirs)
	return r, author, err
}

// strangers begins a relationship: with an identifier and a reply route that
// serve it alone.
func (n *Node) strangers(ctx context.Context, vendor relcard.Party, log []byte, theirs intentcast.Route) (*relation, error) {
	label, err := newLabel()
	if err != nil {
		return nil, err
	}
	me, err := n.newParty(label, pairwiseDomain, n.now())
	if err != nil {
		return nil, err
	}
	route, err := n.replyRoute(ctx, label, n.now().Add(cardRouteLife), &theirs)
	if err != nil {
		n.abandon(ctx, label, partyKeys(label)...)
		return nil, err
	}
	return newRelation(relationBody{
		Side: identity.RolePerson, Person: me.signer.DID(), Vendor: vendor, Logs: sortedLogs(me.log, log),
		Theirs: &theirs, Ours: &route, Label: label,
	}), nil
}

func countTrue(all []bool) int {
	n := 0
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

// newLabel names the route and the keys of a relationship. It never leaves
// the node.
func newLabel() (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("draw a label: %w", err)
	}
	return "relation/" + hex.EncodeToString(b), nil
}

// ownLog is this side's key log, which goes out with its first statement.
func (r *relation) ownLog(n *Node) []byte {
	for _, log := range r.body.Logs {
		if h, err := n.logs.history(log, n.now()); err == nil && h.DID() == r.body.Person {
			return log
		}
	}
	return nil
}

// profferOnCard proffers other terms for a card in force.
func (n *Node) profferOnCard(c *change, root dagcbor.CID, p negotiation.Proffer) (dagcbor.CID, error) {
	r, k, err := n.relationOfCard(c.Tx, root)
	if err != nil {
		return dagcbor.CID{}, err
	}
	if err := k.writable(); err != nil {
		return dagcbor.CID{}, err
	}
	if r.body.Side != identity.RolePerson {
		return dagcbor.CID{}, fmt.Errorf("to proffer terms is the person's part: %w", view.ErrConflict)
	}
	next, err := k.chain.Next(c.now)
	if err != nil {
		return dagcbor.CID{}, fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	p.Head = next.Prev
	head, _ := k.chain.Version(next.Prev)
	return n.profferIn(c, r, p, &head, word{})
}

func (n *Node) profferIn(c *change, r *relation, p negotiation.Proffer, head *relcard.Version, w word) (dagcbor.CID, error) {
	var err error
	w.kind = negotiation.KindProffer
	if w.content, err = p.Encode(); err != nil {
		return dagcbor.CID{}, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	before := r.body.Proffer
	s, err := n.say(c, r, w)
	if err != nil {
		r.body.Proffer = before
		return dagcbor.CID{}, err
	}
	st, err := opened([]statement.Signed{s})
	if err != nil {
		return dagcbor.CID{}, err
	}
	g, problem, err := n.newTalk(c, r, &st[0], head)
	if err != nil {
		return dagcbor.CID{}, err
	}
	if problem != nil {
		return dagcbor.CID{}, fmt.Errorf("%w: %w", view.ErrConflict, problem)
	}
	if err := g.save(c, r); err != nil {
		return dagcbor.CID{}, err
	}
	return s.ID(), c.note("negotiation.proffered", s.ID(), "proffered %s to %s", profferText(&p), r.name())
}

func profferText(p *negotiation.Proffer) string {
	s := ""
	for i, a := range p.Agreements {
		if i > 0 {
			s += " or "
		}
		s += a.ID
	}
	return s
}
