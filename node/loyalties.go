package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/loyalty"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/statement"
)

// programmesKey is where the owner's programmes are kept: beside the private
// keys, since a membership number is a secret.
const programmesKey = "programmes"

func (n *Node) programmes() (loyalty.Programmes, error) {
	raw, err := n.cfg.Keys.Get(programmesKey)
	if errors.Is(err, fs.ErrNotExist) {
		return loyalty.Programmes{}, nil
	}
	if err != nil {
		return loyalty.Programmes{}, err
	}
	return loyalty.Decode(raw)
}

func (n *Node) keepProgrammes(p loyalty.Programmes) error {
	raw, err := p.Encode()
	if err != nil {
		return err
	}
	return n.cfg.Keys.PutAll(map[string][]byte{programmesKey: raw})
}

// Programmes returns the loyalty programmes the owner belongs to, with their
// numbers only if asked for.
func (n *Node) Programmes(_ context.Context, reveal bool) ([]view.Programme, error) {
	all, err := n.programmes()
	if err != nil {
		return nil, fmt.Errorf("read programmes: %w", err)
	}
	out := []view.Programme{}
	for _, p := range all.List() {
		v := view.Programme{Name: p.Name, Issuer: p.Issuer, Tier: p.Tier, Since: p.Since, Until: p.Until, Note: p.Note}
		if reveal {
			v.Number = p.Number.Reveal()
		}
		out = append(out, v)
	}
	return out, nil
}

// PutProgramme records a programme, in place of one of the same name.
func (n *Node) PutProgramme(_ context.Context, v view.Programme) error {
	n.cards.Lock()
	defer n.cards.Unlock()
	number, err := loyalty.NewNumber(v.Number)
	if err != nil {
		return fmt.Errorf("keep programme: %w: %w", view.ErrInvalid, err)
	}
	all, err := n.programmes()
	if err != nil {
		return fmt.Errorf("keep programme: %w", err)
	}
	all, err = all.Put(loyalty.Programme{
		Name: v.Name, Issuer: v.Issuer, Number: number, Tier: v.Tier, Since: v.Since, Until: v.Until, Note: v.Note,
	})
	if err != nil {
		return fmt.Errorf("keep programme: %w: %w", view.ErrInvalid, err)
	}
	return n.keepProgrammes(all)
}

// RemoveProgramme forgets a programme.
func (n *Node) RemoveProgramme(_ context.Context, name string) error {
	n.cards.Lock()
	defer n.cards.Unlock()
	all, err := n.programmes()
	if err != nil {
		return fmt.Errorf("remove programme: %w", err)
	}
	if all, err = all.Remove(name); errors.Is(err, loyalty.ErrNoProgramme) {
		return fmt.Errorf("%w: %w", view.ErrNotFound, err)
	} else if err != nil {
		return fmt.Errorf("remove programme: %w", err)
	}
	return n.keepProgrammes(all)
}

// StateLoyalty tells the vendor of a card, signed, how loyal the owner is: in
// the owner's words and not by a score of the vendor's.
func (n *Node) StateLoyalty(ctx context.Context, root dagcbor.CID, w view.LoyaltyWant) (view.Relationship, error) {
	s := loyalty.NewStatement(w.Level)
	s.Text, s.Since = w.Text, w.Since
	all, err := n.programmes()
	if err != nil {
		return view.Relationship{}, fmt.Errorf("state loyalty: %w", err)
	}
	if s.Programmes, err = all.Attach(w.Programmes...); errors.Is(err, loyalty.ErrNoProgramme) {
		return view.Relationship{}, fmt.Errorf("state loyalty: %w: %w", err, view.ErrNotFound)
	} else if err != nil {
		return view.Relationship{}, fmt.Errorf("state loyalty: %w: %w", view.ErrInvalid, err)
	}
	content, err := s.Encode()
	if err != nil {
		return view.Relationship{}, fmt.Errorf("state loyalty: %w: %w", view.ErrInvalid, err)
	}
	err = n.update(ctx, func(c *change) error {
		r, err := n.inForce(c.Tx, root, identity.RolePerson)
		if err != nil {
			return err
		}
		if _, err := n.say(c, r, word{kind: loyalty.Kind, content: content}); err != nil {
			return err
		}
		return c.note("loyalty.stated", root, "told %s: %s customer", r.name(), s.Level)
	})
	if err != nil {
		return view.Relationship{}, fmt.Errorf("state loyalty: %w", err)
	}
	return n.Relationship(ctx, root)
}

// hearLoyalty tells the vendor's people what the person says.
func (n *Node) hearLoyalty(c *change, r *relation, st *statement.Statement) error {
	s, err := loyalty.DecodeStatement(st.Body.Content)
	if err != nil {
		return n.ignore(c, r, st, err)
	}
	return c.note("loyalty.stated", r.ref(), "the person states: %s customer. %s", s.Level, clip(s.Text, maxReason))
}

// hidesNumbers refuses memberships of an intent, which everybody reads, that
// show the number of a programme.
func (n *Node) hidesNumbers(names []string) error {
	all, err := n.programmes()
	if err != nil {
		return fmt.Errorf("read programmes: %w", err)
	}
	for i, name := range names {
		for _, p := range all.List() {
			shown := loyalty.Programme{Name: name, Number: p.Number}
			if err := shown.Check(); err != nil {
				return view.Invalid(fmt.Sprintf("memberships[%d]", i), "%v", err)
			}
		}
	}
	return nil
}
