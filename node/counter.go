package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// hearAnswer takes in the vendor's answer to an own proffer. One of the
// agreements proffered is signed at once: to proffer it was to agree. What the
// vendor names instead is decided by the owner's preferences, or by the owner.
func (n *Node) hearAnswer(c *change, r *relation, st *statement.Statement, l *sayLetter) error {
	g, err := n.talkOf(c, r, st.Body.Answers)
	if g == nil || err != nil {
		return err
	}
	ring, err := n.keyring(c.now, r.body.Logs...)
	if err != nil {
		return err
	}
	card, wasOpen := cardBeside(l, ring, c), g.open(c.now)
	step := g.neg.Apply(st, card, c.now)
	if step.Duplicate || step.Foreign {
		return nil
	}
	g.neg = step.Next
	if err := g.heard(st.Signed); err != nil {
		return err
	}
	if card != nil && g.body.Offered == nil { // the wrong one too: it shows what was wrong
		g.body.Offered = l.Card
		if g.neg.Card() == card.ID {
			if err := n.standBeside(c, r, card.Signed); err != nil {
				return err
			}
		}
	}
	switch {
	case step.Violation != nil && !wasOpen: // it is over: there is nothing to close
		if err := n.saveTalk(c, r, g); err != nil {
			return err
		}
		return n.ignore(c, r, st, step.Violation)
	case step.Violation != nil:
		return n.closeTalk(c, r, g, negotiation.Closing(g.neg.ID(), step.Violation))
	}
	return n.decideAnswer(c, r, g)
}

// standBeside keeps the version that the vendor has signed for an answer in the
// card there is, whatever becomes of the answer: it stands in the vendor's
// copy, and what either proposes next builds on it.
func (n *Node) standBeside(c *change, r *relation, version relcard.Signed) error {
	if r.body.Card.IsZero() {
		return nil
	}
	k, err := n.loadCard(c.Tx, r.body.Card)
	if err != nil {
		return err
	}
	if err := k.apply(c, version); err != nil {
		n.log.Debug("a version beside an answer has no place in the card", "card", r.body.Card, "error", err)
		return nil
	}
	return k.save(c)
}

// talkOf returns the negotiation a statement is about, nil where there is
// none here or it is another relationship's: the statement stays in the log,
// and has no effect.
func (n *Node) talkOf(c *change, r *relation, id dagcbor.CID) (*talk, error) {
	g, err := n.loadNegotiation(c.Tx, id)
	if errors.Is(err, view.ErrNotFound) {
		return nil, c.note("statement.ignored", r.ref(), "%s answered a proffer that is not known here", r.name())
	}
	if err != nil || g.body.Person != r.body.Person || g.body.Problem != "" {
		return nil, err
	}
	return g, nil
}

func (n *Node) decideAnswer(c *change, r *relation, g *talk) error {
	ref, _ := g.neg.Terms()
	switch g.neg.State() {
	case negotiation.StateAccepted:
		if err := c.note("negotiation.accepted", g.neg.ID(), "%s accepted %s", r.name(), ref.ID); err != nil {
			return err
		}
		return n.agree(c, r, g)
	case negotiation.StateRefused:
		if err := n.saveTalk(c, r, g); err != nil {
			return err
		}
		return c.note("negotiation.refused", g.neg.ID(), "%s refused: %s", r.name(), g.neg.Why())
	case negotiation.StateCountered:
		if err := c.note("negotiation.countered", g.neg.ID(), "%s names %s instead", r.name(), ref.ID); err != nil {
			return err
		}
		return n.decideCounter(c, r, g)
	}
	return n.saveTalk(c, r, g)
}

func (n *Node) decideCounter(c *change, r *relation, g *talk) error {
	prefs, err := preferences(c.Tx)
	if err != nil {
		return err
	}
	category, err := categoryOf(c.Tx, r.body.Vendor.DID)
	if err != nil {
		return err
	}
	ref, _ := g.neg.Terms()
	decision, why := prefs.Decide(r.body.Vendor.DID, category, ref)
	g.body.Why = why
	switch decision {
	case negotiation.Always:
		return n.agree(c, r, g)
	case negotiation.Never:
		return n.closeTalk(c, r, g, negotiation.Close{
			Version: negotiation.Version, Proffer: g.neg.ID(), Cause: negotiation.CauseDeclined, Reason: "declined by the person's preferences",
		})
	}
	g.body.Asks = true
	if err := n.saveTalk(c, r, g); err != nil {
		return err
	}
	return c.note("negotiation.asks", g.neg.ID(), "your decision is wanted: %s would agree to %s (%s)", r.name(), ref.ID, why)
}

// categoryOf is what a vendor mainly sells, by its term update.
func categoryOf(tx store.Tx, vendor identity.DID) (string, error) {
	u, err := heardTerms(tx, vendor)
	if errors.Is(err, view.ErrNotFound) || err == nil && len(u.Update.Categories) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return u.Update.Categories[0].Value, nil
}

// agree countersigns the version that the vendor has signed: with it the card
// is in force.
func (n *Node) agree(c *change, r *relation, g *talk) error {
	if !g.open(c.now) {
		return n.saveTalk(c, r, g)
	}
	v, err := n.versionOf(r, g.body.Offered)
	if err != nil {
		return err
	}
	if err := n.maySign(c.Tx, r, v); err != nil { // ended, frozen, or moved on since it was proffered
		return n.closeTalk(c, r, g, negotiation.Close{
			Version: negotiation.Version, Proffer: g.neg.ID(), Cause: negotiation.CauseCrossed, Reason: "the card to be amended has moved on",
		})
	}
	g.body.Asks = false
	if err := n.saveTalk(c, r, g); err != nil {
		return err
	}
	if err := n.keepOffered(c, r, v.Signed); err != nil {
		return err
	}
	root := r.body.Card
	if root.IsZero() {
		root = v.ID
	}
	k, err := n.loadCard(c.Tx, root)
	if err != nil {
		return err
	}
	return n.signVersion(c, k, v.Signed)
}

// maySign reports whether the person can sign a version on the card there is.
func (n *Node) maySign(tx store.Tx, r *relation, v *relcard.Version) error {
	if r.body.Card.IsZero() {
		return nil
	}
	k, err := n.loadCard(tx, r.body.Card)
	if err != nil {
		return err
	}
	if err := k.writable(); err != nil {
		return err
	}
	return k.chain.MayCountersign(&v.Body, k.body.Side)
}

// negotiated is called when a version of a card has both signatures: the
// relationship has its card, and the negotiation the version grew from is
// agreed. The error is a refusal where the person signed too late.
func (n *Node) negotiated(c *change, k *card, id dagcbor.CID) error {
	v, ok := k.chain.Version(id)
	if !ok || !v.Countersigned() {
		return nil
	}
	r, err := relationOf(c.Tx, k)
	if err != nil {
		return err
	}
	r.body.Card = k.chain.Root()
	if err := r.save(c); err != nil {
		return err
	}
	if v.Body.Proffer.IsZero() {
		return nil
	}
	g, err := n.loadNegotiation(c.Tx, v.Body.Proffer)
	if errors.Is(err, view.ErrNotFound) {
		return nil // an amendment of later, which names the proffer still; forgotten here
	}
	if err != nil {
		return err
	}
	if g.neg.Card() != id {
		return nil
	}
	if g.neg, err = g.neg.Sign(&v); err != nil {
		return refuse("card %s: %v", k.chain.Root(), err)
	}
	if g.body.Signed, err = v.Signed.Encode(); err != nil {
		return err
	}
	return g.save(c, r)
}

// hearClose takes in that the other side ends a negotiation.
func (n *Node) hearClose(c *change, r *relation, st *statement.Statement) error {
	content, err := negotiation.DecodeClose(st.Body.Content)
	if err != nil {
		return c.note("statement.ignored", r.ref(), "%s closed something in words that can't be read: %s", r.name(), clip(err.Error(), maxReason))
	}
	if never, err := n.hearCloseOfNothing(c, r, content.Proffer, st); never || err != nil {
		return err
	}
	g, err := n.talkOf(c, r, content.Proffer)
	if g == nil || err != nil {
		return err
	}
	step := g.neg.Apply(st, nil, c.now)
	if step.Duplicate || step.Foreign {
		return nil
	}
	g.neg = step.Next
	if err := g.heard(st.Signed); err != nil {
		return err
	}
	if err := n.saveTalk(c, r, g); err != nil {
		return err
	}
	return c.note("negotiation.closed", g.neg.ID(), "%s closed the negotiation: %s", r.name(), clip(content.Reason, maxReason))
}

// hearCloseOfNothing takes in the close of a negotiation that this side found
// never to have begun, and had closed already: two closes that crossed. It has
// no effect but to stand in the record, which both sides keep alike.
func (n *Node) hearCloseOfNothing(c *change, r *relation, proffer dagcbor.CID, st *statement.Statement) (never bool, err error) {
	g, err := n.loadNegotiation(c.Tx, proffer)
	if errors.Is(err, view.ErrNotFound) {
		return false, nil
	}
	if err != nil || g.body.Person != r.body.Person || g.body.Problem == "" {
		return false, err
	}
	if err := g.heard(st.Signed); err != nil {
		return true, err
	}
	return true, g.save(c, r)
}

// Decide says yes or no to what the vendor named instead. No also withdraws a
// proffer that is not answered yet.
func (n *Node) Decide(ctx context.Context, id dagcbor.CID, yes bool, reason string) (view.Negotiation, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	err := n.update(ctx, func(c *change) error {
		g, err := n.loadNegotiation(c.Tx, id)
		if err != nil {
			return err
		}
		r, err := loadRelation(c.Tx, g.body.Person)
		if err != nil {
			return err
		}
		if err := r.frozen(); err != nil {
			return err
		}
		return n.decide(c, r, g, yes, reason)
	})
	if err != nil {
		return view.Negotiation{}, fmt.Errorf("decide: %w", err)
	}
	return n.Negotiation(ctx, id)
}

func (n *Node) decide(c *change, r *relation, g *talk, yes bool, reason string) error {
	state := g.state(c.now)
	switch {
	case r.body.Side != identity.RolePerson:
		return fmt.Errorf("to decide is the person's part: %w", view.ErrConflict)
	case !isOpen(state):
		return fmt.Errorf("the negotiation is %s: %w", state, view.ErrConflict)
	case yes && state == negotiation.StateProffered:
		return fmt.Errorf("%s has not answered yet: %w", r.name(), view.ErrConflict)
	case yes:
		g.body.Why = "the owner agreed"
		return n.agree(c, r, g)
	}
	cause := negotiation.CauseDeclined
	if state != negotiation.StateCountered {
		cause = negotiation.CauseWithdrawn
	}
	content := negotiation.Close{Version: negotiation.Version, Proffer: g.neg.ID(), Cause: cause, Reason: reason}
	if err := content.Check(); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	g.body.Why = "the owner said no"
	return n.closeTalk(c, r, g, content)
}

const settingPreferences = "preferences"

func preferences(tx store.Tx) (negotiation.Preferences, error) {
	rec, err := tx.Get(kindSetting, settingPreferences)
	if errors.Is(err, store.ErrNotFound) {
		return negotiation.Preferences{}, nil
	}
	if err != nil {
		return negotiation.Preferences{}, err
	}
	return negotiation.ParsePreferences(rec.Body)
}

// Preferences returns what the owner answers by itself to terms that a vendor
// asks for.
func (n *Node) Preferences(ctx context.Context) (negotiation.Preferences, error) {
	var p negotiation.Preferences
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		p, err = preferences(tx)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("read preferences: %w", err)
	}
	return p, nil
}

// SetPreferences replaces them.
func (n *Node) SetPreferences(ctx context.Context, p negotiation.Preferences) error {
	if err := p.Check(); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("set preferences: %w", err)
	}
	err = n.update(ctx, func(c *change) error {
		if err := c.Put(store.Record{Kind: kindSetting, ID: settingPreferences, Body: body}); err != nil {
			return err
		}
		return c.note("preferences.set", dagcbor.CID{}, "set the preferences for terms")
	})
	if err != nil {
		return fmt.Errorf("set preferences: %w", err)
	}
	return nil
}

// inForce returns the relationship of a card that is in force, for the given side
// to write to.
func (n *Node) inForce(tx store.Tx, root dagcbor.CID, side identity.Role) (*relation, error) {
	r, k, err := n.relationOfCard(tx, root)
	if err != nil {
		return nil, err
	}
	if err := k.writable(); err != nil {
		return nil, err
	}
	if r.body.Side != side {
		return nil, fmt.Errorf("card %s: that is the %s's part: %w", root, side, view.ErrConflict)
	}
	if _, over := k.chain.Ended(); over {
		return nil, fmt.Errorf("card %s has ended: %w", root, view.ErrConflict)
	}
	return r, nil
}
