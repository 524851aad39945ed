package node

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// relationOfStranger begins a relationship with whoever proffers for the first
// time. It is kept only if the statement holds. It is nil where the statement
// is to come again with the proffer, which is asked for.
func (n *Node) relationOfStranger(c *change, in courier.Inbound, l sayLetter, b *statement.Body) (*relation, error) {
	if n.vendor == nil {
		return nil, refuse("the relationship is not known here")
	}
	later := b.By == identity.RolePerson && b.Seq > 0 && b.Vendor == n.vendor.me().signer.DID() && in.Label == ""
	age := c.now.Sub(in.Sent)
	switch {
	case later && age >= askEvery && age < overtaking && in.From != nil && checkRoute(in.From) == nil:
		return nil, n.missesFirst(c, in, b.Person)
	case later && age < overtaking:
		return nil, errors.New("the relationship is not known here, and its proffer may be on its way")
	case b.By != identity.RolePerson || b.Seq != 0 || b.Kind != negotiation.KindProffer:
		return nil, refuse("the relationship is not known here, and a %s by the %s begins none", b.Kind, b.By)
	case b.Vendor != n.vendor.me().signer.DID():
		return nil, refuse("the proffer is to %.80s", string(b.Vendor))
	case in.Label != "":
		return nil, refuse("a proffer comes by the vendor's own route")
	case in.From == nil:
		return nil, refuse("the proffer names no route for the answer")
	}
	if err := checkRoute(in.From); err != nil {
		return nil, refuse("the route for the answer: %v", err)
	}
	h, err := n.logs.history(l.Log, c.now)
	if err != nil {
		return nil, refuse("%v", err)
	}
	if h.DID() != b.Person {
		return nil, refuse("the key log is not the person's")
	}
	r := newRelation(relationBody{
		Side: identity.RoleVendor, Person: b.Person, Vendor: n.vendor.name(), Logs: sortedLogs(l.Log, n.vendor.me().log),
		Theirs: in.From, Proffer: l.id(),
	})
	known, err := n.knows(c, r, &statement.Statement{ID: l.id(), Body: *b}, &l)
	if err != nil || known {
		return r, err
	}
	return r, roomForStranger(c)
}

// overtaking is how old a letter may be that is ahead of the one that makes
// sense of it; after that it is refused. That one may come as long as it is
// retried: a node that was off for a day gets both, in whatever order.
const overtaking = letterLife

func (l *sayLetter) id() dagcbor.CID {
	s, err := statement.DecodeSigned(l.Statement)
	if err != nil {
		return dagcbor.CID{}
	}
	return s.ID()
}

// hearProffer answers a proffer by the vendor's rules: with a card signed for
// the agreement accepted or countered with, or with a refusal.
func (n *Node) hearProffer(c *change, r *relation, st *statement.Statement, l *sayLetter) error {
	if n.vendor == nil || r.body.Side != identity.RoleVendor {
		return nil // the role was checked; this can't be
	}
	r.body.Proffer = st.ID
	next, head, err := n.nextOf(c, r)
	if err != nil {
		return err
	}
	g, problem, err := n.newTalk(c, r, st, head)
	if err != nil {
		return err
	}
	if problem != nil {
		return n.closeTalk(c, r, g, negotiation.Closing(st.ID, problem))
	}
	known, err := n.knows(c, r, st, l)
	if err != nil {
		return err
	}
	answer, version, err := n.replyTo(c, r, st, next, known)
	if err != nil {
		return err
	}
	return n.answerTalk(c, r, g, st, answer, version)
}

// nextOf returns the body that would follow on the relationship's card, and
// the version it follows; neither where there is no card.
func (n *Node) nextOf(c *change, r *relation) (*relcard.Body, *relcard.Version, error) {
	if r.body.Card.IsZero() {
		return nil, nil, nil
	}
	k, err := n.loadCard(c.Tx, r.body.Card)
	if err != nil {
		return nil, nil, err
	}
	next, err := k.chain.Next(c.now)
	if err != nil { // ended: the negotiation opens on the last version, and is refused there
		ended, _ := k.chain.Ended()
		return nil, &ended, nil
	}
	head, _ := k.chain.Version(next.Prev)
	return &next, &head, nil
}

// knows reports whether the vendor has dealt with the person before: there is
// or was a card between them, or the person shows to be the author of an
// intent that this vendor has made an offer to.
func (n *Node) knows(c *change, r *relation, st *statement.Statement, l *sayLetter) (bool, error) {
	p, err := negotiation.DecodeProffer(st.Body.Content)
	if err != nil || !r.body.Card.IsZero() || p.Intent.IsZero() || l.Author == nil {
		return !r.body.Card.IsZero(), nil
	}
	offers, err := c.List(store.Query{Kind: kindSent, Ref: p.Intent.String(), Limit: 1})
	if err != nil || len(offers) == 0 {
		return false, err
	}
	rec, err := c.Get(kindHeard, p.Intent.String())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h, err := readHeard(rec)
	if err != nil {
		return false, err
	}
	return l.Author.Signer == h.cast.Intent.Author && l.Author.Verify(st.ID, identity.RoleAuthor, nil) == nil, nil
}

// replyTo decides on a proffer and signs the card that the decision means.
func (n *Node) replyTo(c *change, r *relation, st *statement.Statement, next *relcard.Body, known bool) (negotiation.Answer, *relcard.Signed, error) {
	_, rules := n.vendor.current()
	inForce := false
	if !r.body.Card.IsZero() {
		k, err := n.loadCard(c.Tx, r.body.Card)
		if err != nil {
			return negotiation.Answer{}, nil, err
		}
		inForce = k.writable() == nil
	}
	no := func(why error) (negotiation.Answer, *relcard.Signed, error) {
		return negotiation.Answer{Version: negotiation.Version, Verdict: negotiation.Refuse, Reason: clip(why.Error(), 900)}, nil, nil
	}
	if err := rules.RequestPolicy().Admits(known, inForce); err != nil {
		return no(err)
	}
	p, err := negotiation.DecodeProffer(st.Body.Content)
	if err != nil {
		return no(err)
	}
	answer := negotiation.Reply(p, rules.Accepts, !rules.NoCounter)
	if answer.Verdict == negotiation.Refuse {
		return answer, nil, nil
	}
	body, err := negotiation.CardBody(st, *answer.Terms, next, n.vendor.name(), c.now)
	if err != nil {
		return no(err)
	}
	signed, err := body.Sign(n.vendor.me().signer, c.now)
	if err != nil {
		return no(err)
	}
	if err := n.hasPlace(c.Tx, r, signed); err != nil {
		return no(err)
	}
	answer.Card = idOf(signed)
	return answer, &signed, nil
}

// hasPlace reports whether a version can be added to the card there is.
func (n *Node) hasPlace(tx store.Tx, r *relation, version relcard.Signed) error {
	if r.body.Card.IsZero() {
		return nil
	}
	k, err := n.loadCard(tx, r.body.Card)
	if err != nil {
		return err
	}
	_, err = k.chain.Apply(version, k.ring, n.now())
	return err
}

// answerTalk keeps the card signed for an answer, and gives the answer.
func (n *Node) answerTalk(c *change, r *relation, g *talk, st *statement.Statement, a negotiation.Answer, version *relcard.Signed) error {
	w := word{kind: negotiation.KindAnswer, answers: st.ID}
	var err error
	if w.content, err = a.Encode(); err != nil {
		return err
	}
	if version != nil {
		if w.card, err = version.Encode(); err != nil {
			return err
		}
		g.body.Offered = w.card
		if err := n.keepOffered(c, r, *version); err != nil {
			return err
		}
	}
	s, err := n.say(c, r, w)
	if err != nil {
		return err
	}
	if err := n.hearOwn(g, r, s, c.now); err != nil {
		return err
	}
	if err := n.saveTalk(c, r, g); err != nil {
		return err
	}
	return c.note("negotiation.answered", g.neg.ID(), "answered a proffer of %s: %s", profferTextOf(g), answerText(&a))
}

func profferTextOf(g *talk) string {
	p := g.neg.Proffer()
	return profferText(&p)
}

func answerText(a *negotiation.Answer) string {
	switch a.Verdict {
	case negotiation.Accept:
		return "accepted " + a.Terms.ID
	case negotiation.Counter:
		return "countered with " + a.Terms.ID
	}
	return "refused, " + a.Reason
}

// hearOwn applies an own statement to the negotiation it is about.
func (n *Node) hearOwn(g *talk, r *relation, s statement.Signed, now time.Time) error {
	st, err := opened([]statement.Signed{s})
	if err != nil {
		return err
	}
	offered, err := n.versionOf(r, g.body.Offered)
	if err != nil {
		return err
	}
	step := g.neg.Apply(&st[0], offered, now)
	if step.Violation != nil {
		return fmt.Errorf("an own %s breaks the rules: %w", st[0].Body.Kind, step.Violation)
	}
	g.neg = step.Next
	return g.heard(s)
}

// keepOffered stores the version that the vendor has signed: a card that is
// only proposed, or the next version of the one there is.
func (n *Node) keepOffered(c *change, r *relation, version relcard.Signed) error {
	if !r.body.Card.IsZero() {
		k, err := n.loadCard(c.Tx, r.body.Card)
		if err != nil {
			return err
		}
		if err := k.apply(c, version); err != nil {
			return err
		}
		return k.save(c)
	}
	k, err := newCard(version, dagcbor.CID{}, r.cardBody(c.now), c)
	if err != nil {
		return err
	}
	return k.save(c)
}

// cardBody is what a card of this relationship is stored with.
func (r *relation) cardBody(now time.Time) cardBody {
	return cardBody{
		Side: r.body.Side, Logs: r.body.Logs, Theirs: r.body.Theirs, Ours: r.body.Ours, Label: r.body.Label, Since: identity.At(now),
	}
}

// closeTalk ends a negotiation with a word to the other side.
func (n *Node) closeTalk(c *change, r *relation, g *talk, content negotiation.Close) error {
	raw, err := content.Encode()
	if err != nil {
		return err
	}
	s, err := n.say(c, r, word{kind: negotiation.KindClose, content: raw})
	if err != nil {
		return err
	}
	if g.body.Problem == "" {
		if err := n.hearOwn(g, r, s, c.now); err != nil {
			return err
		}
	} else if err := g.heard(s); err != nil {
		return err
	}
	if err := n.saveTalk(c, r, g); err != nil {
		return err
	}
	id, _ := dagcbor.ParseCID(g.rec.ID)
	return c.note("negotiation.closed", id, "closed the negotiation with %s: %s", r.name(), content.Reason)
}
