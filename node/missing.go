package node

import (
	"errors"
	"time"

	"github.com/parley-network/parley/identity"
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
