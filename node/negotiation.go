package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// negotiationBody is what a negotiation is rebuilt from: the statements about
// it as this side heard them, and the card that came beside the answer.
type negotiationBody struct {
	Person  identity.DID `cbor:"person"`
	Heard   [][]byte     `cbor:"heard"`             // statement.Signed, the proffer first
	Offered []byte       `cbor:"offered,omitempty"` // relcard.Signed beside the answer
	Signed  []byte       `cbor:"signed,omitempty"`  // the same with both signatures
	Problem string       `cbor:"problem,omitempty"` // why the proffer began no negotiation
	Asks    bool         `cbor:"asks,omitempty"`    // the owner is to say yes or no
	Why     string       `cbor:"why,omitempty"`     // of what the preferences decided
}

// talk is a stored negotiation at hand.
type talk struct {
	rec  store.Record
	body negotiationBody
	neg  negotiation.Negotiation // the zero one where body.Problem is set
}

// talkKept is how long a negotiation that came to nothing is kept.
const talkKept = 365 * 24 * time.Hour

func (n *Node) loadNegotiation(tx store.Tx, id dagcbor.CID) (*talk, error) {
	rec, err := tx.Get(kindNegotiation, id.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("negotiation %s: %w", id, view.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return n.readNegotiation(tx, rec)
}

// readNegotiation rebuilds a negotiation from what was said.
func (n *Node) readNegotiation(tx store.Tx, rec store.Record) (*talk, error) {
	g := &talk{rec: rec}
	if err := get(rec, &g.body); err != nil {
		return nil, err
	}
	if g.body.Problem != "" {
		return g, nil
	}
	if err := n.rebuild(tx, g); err != nil {
		return nil, fmt.Errorf("negotiation %s: %w", rec.ID, err)
	}
	return g, nil
}

func (n *Node) rebuild(tx store.Tx, g *talk) error {
	r, err := loadRelation(tx, g.body.Person)
	if err != nil {
		return err
	}
	said, err := g.statements()
	if err != nil {
		return err
	}
	p, err := negotiation.DecodeProffer(said[0].Body.Content)
	if err != nil {
		return err
	}
	head, err := n.headOf(tx, r, p.Head)
	if err != nil {
		return err
	}
	if g.neg, err = negotiation.Open(&said[0], head, said[0].Body.Time.Std()); err != nil {
		return err
	}
	offered, err := n.versionOf(r, g.body.Offered)
	if err != nil {
		return err
	}
	for i := range said[1:] {
		s := &said[i+1]
		g.neg = g.neg.Apply(s, offered, s.Body.Time.Std()).Next
	}
	if g.body.Signed == nil {
		return nil
	}
	signed, err := n.versionOf(r, g.body.Signed)
	if err != nil {
		return err
	}
	g.neg, err = g.neg.Sign(signed)
	return err
}

func (g *talk) statements() ([]statement.Statement, error) {
	signed := make([]statement.Signed, len(g.body.Heard))
	for i, raw := range g.body.Heard {
		var err error
		if signed[i], err = statement.DecodeSigned(raw); err != nil {
			return nil, err
		}
	}
	return opened(signed)
}

// headOf returns the version of the card a proffer would amend; nil for none.
func (n *Node) headOf(tx store.Tx, r *relation, id dagcbor.CID) (*relcard.Version, error) {
	if id.IsZero() || r.body.Card.IsZero() {
		return nil, nil
	}
	k, err := n.loadCard(tx, r.body.Card)
	if err != nil {
		return nil, err
	}
	if v, ok := k.chain.Version(id); ok {
		return &v, nil
	}
	return nil, nil
}

// versionOf reads a stored version; nil for none.
func (n *Node) versionOf(r *relation, raw []byte) (*relcard.Version, error) {
	if raw == nil {
		return nil, nil
	}
	ring, err := n.keyring(n.now(), r.body.Logs...)
	if err != nil {
		return nil, err
	}
	s, err := relcard.DecodeSigned(raw)
	if err != nil {
		return nil, err
	}
	v, err := s.Verify(ring, n.now())
	return &v, err
}

// mostHeard bounds the statements kept about one negotiation. The rules allow
// three; more come from a side that breaks them, and stand in its log.
const mostHeard = 16

// heard adds a statement about the negotiation.
func (g *talk) heard(s statement.Signed) error {
	if len(g.body.Heard) >= mostHeard {
		return nil
	}
	raw, err := s.Encode()
	if err != nil {
		return err
	}
	g.body.Heard = append(g.body.Heard, raw)
	return nil
}

// open reports whether it may still come to an agreement.
func (g *talk) open(now time.Time) bool {
	return g.body.Problem == "" && g.neg.At(now).Open()
}

func (g *talk) state(now time.Time) negotiation.State {
	if g.body.Problem != "" {
		return negotiation.StateClosed
	}
	return g.neg.At(now).State()
}

// save keeps the negotiation: while it is open it is due when the proffer
// expires, and then when it is to be forgotten; one that was agreed stays.
func (g *talk) save(c *change, r *relation) error {
	g.rec.Ref, g.rec.State = string(r.body.Person), string(g.state(c.now))
	switch {
	case g.open(c.now):
		g.rec.Due = g.neg.Proffer().Expires.Std().Add(time.Second)
	case g.state(c.now) == negotiation.StateAgreed:
		g.rec.Due = time.Time{}
	default:
		g.body.Asks = false
		g.rec.Due = c.now.Add(talkKept)
	}
	return put(c.Tx, g.rec, g.body)
}

// newTalk begins the record of a proffer. before are the negotiations of the
// relationship so far: one of them that is open ends with this one.
func (n *Node) newTalk(c *change, r *relation, proffer *statement.Statement, head *relcard.Version) (*talk, error, error) {
	g := &talk{rec: store.Record{Kind: kindNegotiation, ID: proffer.ID.String()}, body: negotiationBody{Person: r.body.Person}}
	if err := g.heard(proffer.Signed); err != nil {
		return nil, nil, err
	}
	before, err := n.talks(c.Tx, r)
	if err != nil {
		return nil, nil, err
	}
	var had []negotiation.Negotiation
	for _, b := range before {
		if b.body.Problem != "" {
			continue
		}
		had = append(had, b.neg)
		if !b.open(c.now) {
			continue
		}
		b.neg = b.neg.Apply(proffer, nil, c.now).Next
		if err := b.heard(proffer.Signed); err != nil {
			return nil, nil, err
		}
		if err := n.saveTalk(c, r, b); err != nil {
			return nil, nil, err
		}
	}
	neg, problem := negotiation.Open(proffer, head, c.now, had...)
	if problem != nil {
		g.body.Problem = problem.Error()
	}
	g.neg = neg
	return g, problem, nil
}

// saveTalk saves a negotiation and, where it has come to nothing, puts away
// the card's version that the vendor had signed for it.
func (n *Node) saveTalk(c *change, r *relation, g *talk) error {
	if err := g.save(c, r); err != nil {
		return err
	}
	if g.open(c.now) || g.state(c.now) == negotiation.StateAgreed || g.body.Problem != "" || g.neg.Card().IsZero() {
		return nil
	}
	root := r.body.Card
	if root.IsZero() {
		root = g.neg.Card()
	}
	k, err := n.loadCard(c.Tx, root)
	if errors.Is(err, view.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if root == g.neg.Card() {
		k.body.Refused = true
	} else {
		k.decline(g.neg.Card())
	}
	k.body.Since = identity.At(c.now)
	return k.save(c)
}

// talks returns the negotiations of a relationship.
func (n *Node) talks(tx store.Tx, r *relation) ([]*talk, error) {
	recs, err := tx.List(store.Query{Kind: kindNegotiation, Ref: string(r.body.Person)})
	if err != nil {
		return nil, err
	}
	out := make([]*talk, len(recs))
	for i, rec := range recs {
		if out[i], err = n.readNegotiation(tx, rec); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// view shows a negotiation with all that was said.
func (g *talk) view(r *relation, now time.Time) (view.Negotiation, error) {
	said, err := g.statements()
	if err != nil {
		return view.Negotiation{}, err
	}
	v := view.Negotiation{
		ID: said[0].ID, Side: r.body.Side, Person: r.body.Person, Vendor: r.body.Vendor, State: g.state(now),
		Asks: g.body.Asks && g.open(now), Why: g.body.Why, Made: said[0].Body.Time, Log: statementViews(said),
	}
	p, err := negotiation.DecodeProffer(said[0].Body.Content)
	if err != nil { // it began nothing, and Problem says so
		v.Why = g.body.Problem
		return v, nil
	}
	v.Agreements, v.Expires = p.Agreements, p.Expires
	if g.body.Problem != "" {
		v.Why = g.body.Problem
		return v, nil
	}
	if ref, ok := g.neg.Terms(); ok {
		v.Terms = &ref
	}
	if why := g.neg.At(now).Why(); why != "" {
		v.Why = why
	}
	if v.State == negotiation.StateAgreed {
		v.Card = r.body.Card
	}
	return v, nil
}

// Negotiations returns every negotiation known here.
func (n *Node) Negotiations(ctx context.Context) ([]view.Negotiation, error) {
	out := []view.Negotiation{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindNegotiation})
		if err != nil {
			return err
		}
		for _, rec := range recs {
			v, err := n.viewNegotiation(tx, rec)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read negotiations: %w", err)
	}
	orderNegotiations(out)
	return out, nil
}

// Negotiation returns one negotiation by the id of its proffer.
func (n *Node) Negotiation(ctx context.Context, id dagcbor.CID) (view.Negotiation, error) {
	var v view.Negotiation
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		rec, err := tx.Get(kindNegotiation, id.String())
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("negotiation %s: %w", id, view.ErrNotFound)
		}
		if err != nil {
			return err
		}
		v, err = n.viewNegotiation(tx, rec)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read negotiation: %w", err)
	}
	return v, nil
}

func (n *Node) viewNegotiation(tx store.Tx, rec store.Record) (view.Negotiation, error) {
	g, err := n.readNegotiation(tx, rec)
	if err != nil {
		return view.Negotiation{}, err
	}
	r, err := loadRelation(tx, g.body.Person)
	if err != nil {
		return view.Negotiation{}, err
	}
	return g.view(r, n.now())
}
