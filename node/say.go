package node

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// sayLetter carries one statement and what travels beside it.
type sayLetter struct {
	Version   uint64               `cbor:"v"`
	Statement []byte               `cbor:"statement"`          // statement.Signed
	Log       []byte               `cbor:"log,omitempty"`      // the sender's key log, with its first statement
	Card      []byte               `cbor:"card,omitempty"`     // relcard.Signed that the statement is about
	Openings  []disclosure.Opening `cbor:"openings,omitempty"` // of what it discloses
	Author    *identity.Envelope   `cbor:"author,omitempty"`   // over a proffer, by the author of the intent it names
}

// word is a statement about to be made.
type word struct {
	kind     statement.Kind
	content  []byte
	answers  dagcbor.CID
	log      []byte
	card     []byte
	openings []disclosure.Opening
	author   identity.Signer
	ahead    *foresaid // of it; nil: none was made
}

// say makes, keeps and sends this side's next statement. The relationship is
// saved with it.
func (n *Node) say(c *change, r *relation, w word) (statement.Signed, error) {
	b, s, err := n.sign(r, w, c.now)
	if err != nil {
		return s, err
	}
	raw, err := s.Encode()
	if err != nil {
		return s, err
	}
	if w.kind == negotiation.KindProffer {
		r.body.Proffer = s.ID() // letters from before there is a card go by its name
	}
	r.body.Mine = statement.Head{Count: r.body.Mine.Count + 1, Last: s.ID()}
	n.ledgers.follow(r.body.Person, endsOf(r), &statement.Statement{ID: s.ID(), Body: b, Signed: s}, c.now)
	if err := keepStatement(c.Tx, &b, s.ID(), raw); err != nil {
		return s, err
	}
	l := sayLetter{Version: letterVersion, Statement: raw, Log: w.log, Card: w.card, Openings: w.openings}
	if w.author != nil {
		env, err := identity.Sign(w.author, s.ID(), identity.RoleAuthor, c.now)
		if err != nil {
			return s, err
		}
		l.Author = &env
	}
	letter, err := encode(l)
	if err != nil {
		return s, err
	}
	if err := n.post(c, r, letterSay, letter); err != nil {
		return s, err
	}
	n.noteWhom(r)
	return s, r.save(c)
}

// nextBody is what this side says next.
func nextBody(r *relation, w word, now time.Time) statement.Body {
	b := r.body.Mine.Next(r.body.Side, r.body.Person, r.body.Vendor.DID, r.body.Other, now)
	b.Kind, b.Content, b.Answers, b.Card = w.kind, w.content, w.answers, r.body.Card
	return b
}

// sign makes this side's next statement.
func (n *Node) sign(r *relation, w word, now time.Time) (statement.Body, statement.Signed, error) {
	b := nextBody(r, w, now)
	if w.ahead.says(b, r.body.Logs) {
		return w.ahead.body, w.ahead.signed, nil
	}
	signer, err := n.signerOf(r)
	if err != nil {
		return b, statement.Signed{}, err
	}
	s, err := b.Sign(signer, now)
	return b, s, err
}

// receiveSay takes in a statement of the other side's: it is kept in its log,
// whatever it says, and has its effect once those before it have had theirs.
func (n *Node) receiveSay(c *change, in courier.Inbound) error {
	h, ok := in.Read.(*reading)
	if !ok {
		h = readSay(in.Body)
	}
	if h.err != nil {
		return h.err
	}
	l, st := h.letter, h.st
	r, err := n.relationOfLetter(c, in, l, &st.Body)
	if r == nil || err != nil {
		return err
	}
	ring, err := n.keyring(c.now, r.body.Logs...)
	if err != nil {
		return courier.Refuse("%v", err)
	}
	if err := n.verify(h, ring, c.now); err != nil {
		return unjudged(err)
	}
	return n.hearSay(c, r, &st, &l, in)
}

// hearSay puts a verified statement in its place and follows it with those
// that came too early.
func (n *Node) hearSay(c *change, r *relation, st *statement.Statement, l *sayLetter, in courier.Inbound) error {
	if !st.Body.Card.IsZero() && r.body.Card.IsZero() {
		return errors.New("the signature that puts the card in force is on its way") // not refused: it comes again
	}
	head, err := r.body.Other.Follow(st)
	switch {
	case !st.Body.Card.IsZero() && st.Body.Card != r.body.Card:
		return refuse("the statement is about card %s, the relationship's is %s", st.Body.Card, r.body.Card)
	case errors.Is(err, statement.ErrPast):
		return n.heardBefore(c, r, st)
	case errors.Is(err, statement.ErrGap):
		return n.keepEarly(c, r, st, in.Body)
	case errors.Is(err, statement.ErrFork):
		return n.alarm(c, r, st, err.Error())
	case err != nil:
		return courier.Refuse("%v", err)
	}
	if err := checkSeen(c.Tx, r, st); err != nil {
		return n.alarm(c, r, st, err.Error())
	}
	raw, err := st.Signed.Encode()
	if err != nil {
		return err
	}
	if err := keepStatement(c.Tx, &st.Body, st.ID, raw); err != nil {
		return err
	}
	if err := n.answered(c, r, st, in); err != nil {
		return err
	}
	r.body.Other = head
	if err := r.save(c); err != nil {
		return err
	}
	if st.Body.Kind == disclosure.KindDemand {
		if err := n.unread(c, st.ID.String(), r, in.ID); err != nil {
			return err
		}
	}
	if err := n.effect(c, r, st, l); err != nil {
		return err
	}
	return n.takeEarly(c, r, in)
}

// answered notes that what this side has said has come, where the other side
// has made a statement since that shows it: the acknowledgement of the letter may
// be lost. What comes in the answer to a letter is no news of that letter.
func (n *Node) answered(c *change, r *relation, st *statement.Statement, in courier.Inbound) error {
	if in.Answer() || st.Body.Seen.IsZero() || st.Body.Seen != r.body.Mine.Last {
		return nil
	}
	for _, ref := range []dagcbor.CID{r.body.Card, r.body.Proffer} {
		if ref.IsZero() {
			continue
		}
		if err := n.courier.Answered(c.Tx, ref.String(), letterSay); err != nil {
			return err
		}
	}
	return nil
}

// heardBefore compares a statement with the one of its number kept here: the
// same again is nothing new, another is proof of two stories.
func (n *Node) heardBefore(c *change, r *relation, st *statement.Statement) error {
	kept, err := statementAt(c.Tx, r, st.Body.By, st.Body.Seq)
	if err != nil {
		return err
	}
	if kept.ID() == st.ID {
		return nil
	}
	fork := &statement.ForkError{By: st.Body.By, Seq: st.Body.Seq, A: kept.ID(), B: st.ID}
	return n.alarm(c, r, st, fork.Error())
}

// alarm freezes a relationship whose two copies have parted. The statement
// that shows it is kept as proof, and the other side is told, which is the last
// that is said: nothing more is taken in either, and the owner settles it with
// the bundle that card dispute exports.
func (n *Node) alarm(c *change, r *relation, st *statement.Statement, why string) error {
	if r.body.Alarm != "" {
		return nil
	}
	raw, err := st.Signed.Encode()
	if err != nil {
		return err
	}
	content, err := encode(alarmContent{Version: 1, Statement: st.ID, Reason: clip(why, maxReason)})
	if err != nil {
		return err
	}
	if _, err := n.say(c, r, word{kind: kindAlarm, content: content}); err != nil {
		return err
	}
	r.body.Forked = raw
	return n.freeze(c, r, why)
}

// freeze stops a relationship and its card.
func (n *Node) freeze(c *change, r *relation, why string) error {
	r.body.Alarm = why
	if err := r.save(c); err != nil {
		return err
	}
	if !r.body.Card.IsZero() {
		k, err := n.loadCard(c.Tx, r.body.Card)
		if err != nil {
			return err
		}
		if k.body.Alarm == "" {
			k.body.Alarm, k.body.Since = why, identity.At(c.now)
		}
		k.body.Forked = true
		if err := k.save(c); err != nil {
			return err
		}
	}
	return c.note("card.frozen", r.ref(), "ALARM: the relationship with %s is frozen, the two copies have parted: %s", r.name(), why)
}

// relationOfLetter finds the relationship a statement belongs to, and checks
// that the letter came by the way this relationship's letters come. A
// stranger's first statement may begin one.
func (n *Node) relationOfLetter(c *change, in courier.Inbound, l sayLetter, b *statement.Body) (*relation, error) {
	r, err := findRelation(c.Tx, b)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return n.relationOfStranger(c, in, l, b)
	}
	switch {
	case b.Vendor != r.body.Vendor.DID:
		return nil, refuse("the statement is to %.80s, who is not the vendor here", string(b.Vendor))
	case b.By != r.other():
		return nil, refuse("a %s's statement, sent to the %s", b.By, r.body.Side)
	case in.Label != r.body.Label:
		return nil, refuse("the letter came by another route than the relationship's")
	case r.body.Alarm != "":
		return nil, refuse("the relationship is frozen: %s", clip(r.body.Alarm, 120))
	}
	return r, nil
}

// findRelation returns nil where there is none.
func findRelation(tx store.Tx, b *statement.Body) (*relation, error) {
	rec, err := tx.Get(kindRelation, string(b.Person))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return readRelation(tx, rec)
}

// checkSeen holds what the other side says it has seen against what this side
// has said: a statement nobody here made means that this node's own log was
// lost or its key is in other hands.
func checkSeen(tx store.Tx, r *relation, st *statement.Statement) error {
	for _, seen := range []dagcbor.CID{st.Body.Seen, st.Body.Answers} {
		if seen.IsZero() || seen == r.body.Mine.Last {
			continue
		}
		said, err := statements(tx, r, r.body.Side)
		if err != nil {
			return err
		}
		known := false
		for _, s := range said {
			known = known || s.ID() == seen
		}
		if !known {
			return fmt.Errorf("%s answers a statement %s that this side has not made", r.name(), seen)
		}
	}
	return nil
}

// statementID orders the statements of one side by number.
func statementID(person identity.DID, by identity.Role, seq uint64) string {
	return fmt.Sprintf("%s %s %07d", person, by, seq)
}

// logOf selects one side's statements, in their order.
func logOf(person identity.DID, by identity.Role) store.Query {
	return store.Query{Kind: kindStatement, Prefix: fmt.Sprintf("%s %s ", person, by)}
}

func keepStatement(tx store.Tx, b *statement.Body, id dagcbor.CID, raw []byte) error {
	return tx.Put(store.Record{Kind: kindStatement, ID: statementID(b.Person, b.By, b.Seq), Body: raw})
}

// statements returns one side's log as it is kept.
func statements(tx store.Tx, r *relation, by identity.Role) ([]statement.Signed, error) {
	recs, err := tx.List(logOf(r.body.Person, by))
	if err != nil {
		return nil, err
	}
	out := make([]statement.Signed, len(recs))
	for i, rec := range recs {
		if out[i], err = statement.DecodeSigned(rec.Body); err != nil {
			return nil, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
		}
	}
	return out, nil
}

func statementAt(tx store.Tx, r *relation, by identity.Role, seq uint64) (statement.Signed, error) {
	rec, err := tx.Get(kindStatement, statementID(r.body.Person, by, seq))
	if err != nil {
		return statement.Signed{}, err
	}
	return statement.DecodeSigned(rec.Body)
}

// opened returns stored statements as they were when they were verified.
func opened(log []statement.Signed) ([]statement.Statement, error) {
	out := make([]statement.Statement, len(log))
	for i, s := range log {
		b, id, err := statement.DecodeBody(s.Raw)
		if err != nil {
			return nil, err
		}
		out[i] = statement.Statement{ID: id, Body: *b, Signed: s}
	}
	return out, nil
}

// maxEarly bounds the statements of one relationship that wait for those
// before them.
const maxEarly = 64

// keepEarly puts a statement by that came before its turn, and has the missing
// ones asked for: mostly they are on their way, but a letter can have been
// given up.
func (n *Node) keepEarly(c *change, r *relation, st *statement.Statement, letter []byte) error {
	ref := string(r.body.Person)
	have, err := c.Count(store.Query{Kind: kindEarly, Ref: ref})
	if err != nil {
		return err
	}
	if have >= maxEarly {
		return errors.New("too many statements wait for one before them") // not refused: it comes again
	}
	err = c.Put(store.Record{Kind: kindEarly, ID: statementID(r.body.Person, st.Body.By, st.Body.Seq), Ref: ref, Body: letter})
	if err != nil || c.now.Sub(r.body.Asked.Std()) < askEvery {
		return err
	}
	r.body.Asked = identity.At(c.now)
	if err := r.save(c); err != nil {
		return err
	}
	return n.askMissing(c, r)
}

// takeEarly hears the statement that waited for the one just heard.
func (n *Node) takeEarly(c *change, r *relation, in courier.Inbound) error {
	if r.body.Asked.IsZero() {
		return nil // none has ever come early
	}
	id := statementID(r.body.Person, r.other(), r.body.Other.Count)
	rec, err := c.Get(kindEarly, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.Delete(kindEarly, id); err != nil {
		return err
	}
	in.Body, in.ID, in.Read = rec.Body, "", nil // it came by another letter
	var no *courier.Refusal
	if err := n.receiveSay(c, in); errors.As(err, &no) {
		n.log.Debug("a statement that waited is refused", "error", err)
		return nil
	} else if err != nil {
		return err
	}
	return nil
}

// cardBeside reads the card's version that came beside a statement: nil where
// there is none, or none that holds.
func cardBeside(l *sayLetter, ring relcard.Keyring, c *change) *relcard.Version {
	if len(l.Card) == 0 {
		return nil
	}
	s, err := relcard.DecodeSigned(l.Card)
	if err != nil {
		return nil
	}
	v, err := s.Verify(ring, c.now)
	if err != nil {
		return nil
	}
	if again, err := s.Encode(); err != nil || !bytes.Equal(again, l.Card) {
		return nil
	}
	return &v
}
