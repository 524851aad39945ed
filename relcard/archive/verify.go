package archive

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// Verify checks every key log, version, statement, envelope and opening of b
// as of now, with nothing but b, and reports what they say. A forked card
// verifies: its report has State frozen and says what forked.
func Verify(b Bundle, now time.Time) (*Report, error) {
	h, err := hold(b, now)
	if err != nil {
		return nil, err
	}
	return h.report(now)
}

// holding is a verified copy of a card and of what was said beside it.
type holding struct {
	keys           identity.KeySource
	histories      histories // of the parties' keys, as far as the copy has them
	chain          relcard.Chain
	roots          []dagcbor.CID         // of the cards that statements may be about: this one's, and in a dispute the other copy's
	person, vendor []statement.Statement // both logs, from the first statement on
	openings       []Opening
	broken         bool // a log lacks a statement before others: what they come to can't be told
}

// hold verifies a whole bundle.
func hold(b Bundle, now time.Time) (*holding, error) {
	if len(b.Versions) == 0 {
		return nil, refuse("no versions")
	}
	// Every version is between the same two, which NewChain sees to; to decode
	// each here again was a tenth of the time of verifying a file.
	body, _, err := relcard.DecodeBody(b.Versions[0].Raw)
	if err != nil {
		return nil, err
	}
	parties := map[identity.DID]bool{body.Person.DID: true, body.Vendor.DID: true}
	hs, err := verifyKeys(parties, b.Logs, now)
	if err != nil {
		return nil, err
	}
	h := &holding{keys: hs.keyring(), histories: hs, openings: b.Openings}
	if h.chain, err = relcard.NewChain(b.Versions, h.keys, now); err != nil && !forked(err) {
		return nil, err
	}
	h.roots = []dagcbor.CID{h.chain.Root()}
	person, vendor, err := logsOf(b.Statements, true)
	if err != nil {
		return nil, err
	}
	if h.person, err = h.verifyLog(person, statement.Head{}, now); err != nil {
		return nil, err
	}
	if h.vendor, err = h.verifyLog(vendor, statement.Head{}, now); err != nil {
		return nil, err
	}
	return h, nil
}

func forked(err error) bool {
	fork := (*relcard.ForkError)(nil)
	return errors.As(err, &fork)
}

// histories are verified key logs.
type histories map[identity.DID]*webvh.History

// verifyKeys verifies the key logs, each of which must be a party's.
func verifyKeys(parties map[identity.DID]bool, logs []KeyLog, now time.Time) (histories, error) {
	all := make(histories)
	for _, k := range logs {
		if !parties[k.DID] || all[k.DID] != nil {
			return nil, refuse("key log of %.80q, who is no party, or is there twice", string(k.DID))
		}
		h, err := history(k, now)
		if err != nil {
			return nil, fmt.Errorf("%w: key log of %.80s: %w", relcard.ErrSignature, k.DID, err)
		}
		all[k.DID] = h
	}
	return all, nil
}

func (hs histories) keyring() relcard.Keyring {
	return relcard.NewKeyring(slices.Collect(maps.Values(hs))...)
}

func history(k KeyLog, now time.Time) (*webvh.History, error) {
	l, err := webvh.Parse(k.Log)
	if err != nil {
		return nil, err
	}
	h, err := webvh.Verify(l, k.Witness, now)
	if err != nil {
		return nil, err
	}
	if !h.Names(k.DID) {
		return nil, fmt.Errorf("it is the log of %.80s", h.DID())
	}
	return h, nil
}

// verifyLog verifies statements of one side that come after head, which are
// in their order: each by itself, and that they are of this card's
// relationship and follow one another.
func (h *holding) verifyLog(log []spoken, head statement.Head, now time.Time) ([]statement.Statement, error) {
	var all []statement.Statement
	first := h.chain.Versions()[0].Body
	for _, s := range log {
		switch b := s.body; {
		case b.Person != first.Person.DID || b.Vendor != first.Vendor.DID:
			return nil, refuse("%s is of another relationship", s)
		case !b.Card.IsZero() && !slices.Contains(h.roots, b.Card):
			return nil, refuse("%s is about another card, %s", s, b.Card)
		}
		st, err := s.signed.Verify(h.keys, now)
		if err != nil {
			return nil, because(err, "%s", s)
		}
		if head, err = head.Follow(&st); err != nil {
			return nil, because(err, "%s", s)
		}
		all = append(all, st)
	}
	return all, nil
}

// statements returns both logs, the person's first.
func (h *holding) statements() []statement.Statement {
	all := make([]statement.Statement, 0, len(h.person)+len(h.vendor))
	return append(append(all, h.person...), h.vendor...)
}

func (h *holding) log(r identity.Role) []statement.Statement {
	if r == identity.RolePerson {
		return h.person
	}
	return h.vendor
}

// data folds both logs, or returns nothing when they say nothing about data,
// or nothing that can be told.
func (h *holding) data(now time.Time) (*disclosure.Ledger, error) {
	if h.broken {
		return nil, nil
	}
	l, err := disclosure.Fold(h.person, h.vendor, now)
	if err != nil {
		return nil, refuse("statements: %w", err)
	}
	if len(l.Entries)+len(l.Demands)+len(l.Problems) == 0 {
		return nil, nil
	}
	return &l, nil
}

// shown verifies the openings against the statements.
func (h *holding) shown() ([]Shown, error) {
	byID := make(map[dagcbor.CID]*statement.Statement)
	for _, s := range h.statements() {
		byID[s.ID] = &s
	}
	type place struct {
		id   dagcbor.CID
		item uint64
	}
	seen := make(map[place]bool)
	var all []Shown
	for i, o := range h.openings {
		at := place{o.Statement, o.Item}
		if seen[at] {
			return nil, refuse("two openings of item %d of statement %s", o.Item, o.Statement)
		}
		seen[at] = true
		path, err := open(o, byID[o.Statement])
		if err != nil {
			return nil, refuse("opening %d, of item %d of statement %s: %w", i, o.Item, o.Statement, err)
		}
		all = append(all, Shown{o.Statement, o.Item, path, o.Value})
	}
	return all, nil
}

// open checks o against the statement that it opens and returns the path of
// what it shows.
func open(o Opening, st *statement.Statement) (string, error) {
	if st == nil {
		return "", fmt.Errorf("the statement is not there")
	}
	switch st.Body.Kind {
	case disclosure.KindDisclose:
		d, err := disclosure.DecodeDisclose(st.Body.Content)
		if err != nil {
			return "", err
		}
		for _, it := range d.Items {
			if it.ID == o.Item {
				return it.Path, it.Opens(o.Opening)
			}
		}
		return "", fmt.Errorf("the statement has no such item")
	case disclosure.KindComply:
		c, err := disclosure.DecodeComply(st.Body.Content)
		if err != nil {
			return "", err
		}
		return "copy", c.Opens(o.Opening)
	}
	return "", fmt.Errorf("a %s statement has nothing to open", st.Body.Kind)
}
