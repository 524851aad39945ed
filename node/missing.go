package node

import (
	"errors"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// missingLetter asks the other side for its statements from a number on:
// letters are given up after a month, and what follows a lost one can't be
// taken in.
type missingLetter struct {
	Version uint64       `cbor:"v"`
	Person  identity.DID `cbor:"person"` // whose relationship it is
	From    uint64       `cbor:"from"`
}

// mostResent bounds the statements sent again for one letter, and askEvery how
// often they are asked for and sent: a small letter must not have a node send
// without end.
const (
	mostResent = 64
	askEvery   = 10 * time.Minute
)

// askMissing asks for what is missing before a statement that came too early.
func (n *Node) askMissing(c *change, r *relation) error {
	letter, err := encode(missingLetter{Version: letterVersion, Person: r.body.Person, From: r.body.Other.Count})
	if err != nil {
		return err
	}
	return n.post(c, r, letterMissing, letter)
}

// receiveMissing sends the own statements again that the other side lacks.
func (n *Node) receiveMissing(c *change, in courier.Inbound) error {
	var l missingLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	r, err := loadRelation(c.Tx, l.Person)
	if errors.Is(err, view.ErrNotFound) || err == nil && r.body.Label != in.Label {
		return refuse("the relationship is not known here")
	}
	if err != nil {
		return err
	}
	if r.body.Alarm != "" {
		return refuse("the relationship is frozen: %s", clip(r.body.Alarm, 120))
	}
	if l.From >= r.body.Mine.Count {
		return nil
	}
	if c.now.Sub(r.body.Resent.Std()) < askEvery {
		return errors.New("what is missing was sent again a moment ago") // not refused: it comes again
	}
	r.body.Resent = identity.At(c.now)
	if err := r.save(c); err != nil {
		return err
	}
	for seq := l.From; seq < r.body.Mine.Count && seq < l.From+mostResent; seq++ {
		if err := n.sayAgain(c, r, seq); err != nil {
			return err
		}
	}
	return nil
}

// sayAgain sends an own statement once more, with what travelled beside it.
func (n *Node) sayAgain(c *change, r *relation, seq uint64) error {
	s, err := statementAt(c.Tx, r, r.body.Side, seq)
	if err != nil {
		return err
	}
	b, id, err := statement.DecodeBody(s.Raw)
	if err != nil {
		return err
	}
	l := sayLetter{Version: letterVersion}
	if l.Statement, err = s.Encode(); err != nil {
		return err
	}
	switch b.Kind {
	case negotiation.KindProffer:
		if seq == 0 {
			l.Log = r.ownLog(n)
			if l.Author, err = n.authorOf(c, b.Content, id); err != nil {
				return err
			}
		}
	case negotiation.KindAnswer:
		g, err := n.loadNegotiation(c.Tx, b.Answers)
		if err == nil {
			l.Card = g.body.Offered
		} else if !errors.Is(err, view.ErrNotFound) {
			return err
		}
	case disclosure.KindDisclose:
		if l.Openings, err = openingsOf(c, r, b.Content); err != nil {
			return err
		}
	case disclosure.KindComply:
		if l.Openings, err = copyBeside(c.Tx, b.Answers); err != nil {
			return err
		}
	}
	letter, err := encode(l)
	if err != nil {
		return err
	}
	n.log.Debug("saying again", "statement", id)
	return n.post(c, r, letterSay, letter)
}

// openingsOf returns the openings of a disclose statement that are kept.
func openingsOf(c *change, r *relation, content []byte) ([]disclosure.Opening, error) {
	d, err := disclosure.DecodeDisclose(content)
	if err != nil {
		return nil, err
	}
	var out []disclosure.Opening
	for _, it := range d.Items {
		rec, err := c.Get(kindPiece, pieceID(r.body.Person, it.ID))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var b pieceBody
		if err := get(rec, &b); err != nil {
			return nil, err
		}
		out = append(out, b.Opening)
	}
	return out, nil
}

// authorOf shows anew that who proffers is the author of the intent that the
// proffer names, to a vendor that takes requests from those it knows. An
// intent that is forgotten shows nothing any more.
func (n *Node) authorOf(c *change, content []byte, proffer dagcbor.CID) (*identity.Envelope, error) {
	p, err := negotiation.DecodeProffer(content)
	if err != nil || p.Intent.IsZero() {
		return nil, err
	}
	cast, _, err := ownIntent(c.Tx, p.Intent)
	if errors.Is(err, view.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	author, err := n.authorSigner(cast.Intent.Author)
	if err != nil {
		return nil, err
	}
	env, err := identity.Sign(author, proffer, identity.RoleAuthor, c.now)
	return &env, err
}

// copyKept is how long a vendor keeps the copy it has handed over, in case it
// did not arrive. It goes before with any of the data in it; see retirePiece.
const copyKept = 30 * 24 * time.Hour

// keepCopy keeps what was handed over on a demand, to be sent again.
func keepCopy(c *change, r *relation, demand dagcbor.CID, o disclosure.Opening) error {
	return put(c.Tx, store.Record{Kind: kindCopy, ID: demand.String(), Ref: string(r.body.Person), Due: c.now.Add(copyKept)}, o)
}

// copyBeside returns the copy that went beside the answer to a demand, none
// where there was none or it is kept no more.
func copyBeside(tx store.Tx, demand dagcbor.CID) ([]disclosure.Opening, error) {
	rec, err := tx.Get(kindCopy, demand.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var o disclosure.Opening
	if err := get(rec, &o); err != nil {
		return nil, err
	}
	return []disclosure.Opening{o}, nil
}

// forgetCopies deletes the copies that a vendor has kept of the person's data.
func forgetCopies(c *change, r *relation) error {
	recs, err := c.List(store.Query{Kind: kindCopy, Ref: string(r.body.Person)})
	if err != nil {
		return err
	}
	for _, rec := range recs {
		if err := c.Delete(kindCopy, rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// missesFirst asks a person for the statements before one that came alone: the
// first has been on its way for long enough to have been lost.
func (n *Node) missesFirst(c *change, in courier.Inbound, person identity.DID) error {
	letter, err := encode(missingLetter{Version: letterVersion, Person: person})
	if err != nil {
		return err
	}
	self := n.courier.Self()
	_, err = n.courier.Send(c, courier.Outgoing{
		To: *in.From, From: &self, Kind: letterMissing, Body: letter, Expires: c.now.Add(letterLife), Direct: true,
	})
	return err
}
