package archive

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// spoken is a statement of a bundle, read and not verified.
type spoken struct {
	id     dagcbor.CID
	body   *statement.Body
	signed statement.Signed
}

func (s spoken) String() string { return fmt.Sprintf("%s statement %d", s.body.By, s.body.Seq) }

// logsOf divides statements into the two logs, each by seq. What is there
// twice, or leaves a gap, is refused; so is a log that does not begin at its
// beginning, when it is to be whole.
func logsOf(all []statement.Signed, whole bool) (person, vendor []spoken, err error) {
	for i, s := range all {
		b, id, err := statement.DecodeBody(s.Raw)
		if err != nil {
			return nil, nil, because(err, "statement %d of %d", i, len(all))
		}
		if b.By == identity.RolePerson {
			person = append(person, spoken{id, b, s})
		} else {
			vendor = append(vendor, spoken{id, b, s})
		}
	}
	for _, log := range [][]spoken{person, vendor} {
		slices.SortFunc(log, func(a, b spoken) int {
			return cmp.Or(cmp.Compare(a.body.Seq, b.body.Seq), bytes.Compare(a.id.Bytes(), b.id.Bytes()))
		})
		for i, s := range log {
			switch {
			case i == 0 && whole && s.body.Seq > 0:
				return nil, nil, refuse("the %s's log begins at statement %d", s.body.By, s.body.Seq)
			case i == 0:
			case log[i-1].id == s.id:
				return nil, nil, refuse("%s is there twice", s)
			case log[i-1].body.Seq == s.body.Seq:
				f := &statement.ForkError{By: s.body.By, Seq: s.body.Seq, A: log[i-1].id, B: s.id}
				return nil, nil, because(f, "one copy of a log holds both")
			case log[i-1].body.Seq+1 != s.body.Seq:
				return nil, nil, refuse("between %s and %s there is a gap", log[i-1], s)
			}
		}
	}
	return person, vendor, nil
}

func (l *blocks) addStatements(m *manifest, all []statement.Signed) error {
	person, vendor, err := logsOf(all, m.Type == manifestType)
	if err != nil {
		return err
	}
	for _, s := range slices.Concat(person, vendor) {
		env, err := l.addStatement(s)
		if err != nil {
			return err
		}
		m.Statements = append(m.Statements, env)
	}
	return nil
}

func (l *blocks) addStatement(s spoken) (b statementBlocks, err error) {
	b.Body = l.add(s.signed.Raw)
	b.Envelope, err = l.encode(s.signed.Envelope)
	return b, err
}

func (l *blocks) addOpenings(m *manifest, all []Opening) error {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b Opening) int {
		return cmp.Or(bytes.Compare(a.Statement.Bytes(), b.Statement.Bytes()), cmp.Compare(a.Item, b.Item))
	})
	for i, o := range sorted {
		if i > 0 && sorted[i-1].Statement == o.Statement && sorted[i-1].Item == o.Item {
			return refuse("two openings of item %d of statement %s", o.Item, o.Statement)
		}
		if err := o.Check(); err != nil {
			return refuse("statement %s: %w", o.Statement, err)
		}
		id, err := l.encode(openingBlock{blockVersion, openingType, o.Statement, o.Opening})
		if err != nil {
			return err
		}
		m.Openings = append(m.Openings, id)
	}
	return nil
}

// shared are the reasons that a statement and a card are refused for alike.
var shared = []relcard.Reason{
	relcard.ErrSize, relcard.ErrEncoding, relcard.ErrVersion, relcard.ErrField,
	relcard.ErrSigner, relcard.ErrSignature, relcard.ErrClock, relcard.ErrFork,
}

// because gives a statement's error the reason that a reader of files knows.
func because(err error, format string, args ...any) error {
	r := relcard.ErrArchive
	for _, same := range shared {
		if errors.Is(err, statement.Reason(same)) {
			r = same
		}
	}
	return fmt.Errorf("%w: %s: %w", r, fmt.Sprintf(format, args...), err)
}
