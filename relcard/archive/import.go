package archive

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// Import reads a file of at most MaxSize bytes and verifies all of it, so that
// what it returns can be believed as it stands. Errors carry a
// relcard.Reason: ErrArchive for a file that is not one card's, and otherwise
// the reason why the card in it is refused.
func Import(r io.Reader, now time.Time) (*Bundle, *Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("import card: %w", err)
	}
	b, err := decode(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("import card: %w", err)
	}
	report, err := Verify(*b, now)
	if err != nil {
		return nil, nil, fmt.Errorf("import card: %w", err)
	}
	return b, report, nil
}

// decode reads a file without verifying signatures. Whatever the reading below
// might let pass is caught by writing the file again.
func decode(raw []byte) (*Bundle, error) {
	root, found, err := readCAR(raw, MaxSize)
	if err != nil {
		return nil, err
	}
	b, err := found.bundle(root, manifestType)
	if err != nil {
		return nil, err
	}
	if err := found.allUsed(); err != nil {
		return nil, err
	}
	again, err := encode(*b, claimedSeq)
	return b, sameFile(again, err, raw)
}

// sameFile checks that a file is the one that its content is written as.
func sameFile(again []byte, err error, raw []byte) error {
	if err != nil {
		return err
	}
	if !bytes.Equal(again, raw) {
		return refuse("not the one file of its content: differs at byte %d of %d", difference(again, raw), len(raw))
	}
	return nil
}

func difference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func (s *store) bundle(root dagcbor.CID, kind string) (*Bundle, error) {
	s.begin()
	var m manifest
	if err := s.takeInto(root, "manifest", &m); err != nil {
		return nil, err
	}
	if m.Type != kind || m.Version < manifestVersion || m.Version > manifestSpoken {
		return nil, refuse("manifest is %.40q version %d, known is %q up to version %d", m.Type, m.Version, kind, manifestSpoken)
	}
	b := new(Bundle)
	for _, v := range m.Versions {
		signed, err := s.version(v)
		if err != nil {
			return nil, err
		}
		b.Versions = append(b.Versions, signed)
	}
	for _, id := range m.Logs {
		l, err := s.keyLog(id)
		if err != nil {
			return nil, err
		}
		b.Logs = append(b.Logs, l)
	}
	for _, v := range m.Statements {
		signed, err := s.statement(v)
		if err != nil {
			return nil, err
		}
		b.Statements = append(b.Statements, signed)
	}
	for _, id := range m.Openings {
		o, err := s.opening(id)
		if err != nil {
			return nil, err
		}
		b.Openings = append(b.Openings, o)
	}
	return b, nil
}

func (s *store) version(v versionBlocks) (signed relcard.Signed, err error) {
	if signed.Raw, err = s.take(v.Body, "body"); err != nil {
		return signed, err
	}
	if signed.Person, err = s.envelope(v.Person, "person's envelope"); err != nil {
		return signed, err
	}
	signed.Vendor, err = s.envelope(v.Vendor, "vendor's envelope")
	return signed, err
}

func (s *store) envelope(id dagcbor.CID, what string) (*identity.Envelope, error) {
	if id.IsZero() {
		return nil, nil
	}
	e := new(identity.Envelope)
	if err := s.takeInto(id, what, e); err != nil {
		return nil, err
	}
	return e, nil
}

func (s *store) keyLog(id dagcbor.CID) (KeyLog, error) {
	var l logBlock
	if err := s.takeInto(id, "key log", &l); err != nil {
		return KeyLog{}, err
	}
	if l.Version != blockVersion || l.Type != logType {
		return KeyLog{}, refuse("key log is %.40q version %d, known is %q version %d", l.Type, l.Version, logType, blockVersion)
	}
	return KeyLog{l.DID, l.Log, l.Witness}, nil
}

func (s *store) statement(v statementBlocks) (signed statement.Signed, err error) {
	if signed.Raw, err = s.take(v.Body, "statement"); err != nil {
		return signed, err
	}
	return signed, s.takeInto(v.Envelope, "envelope of statement "+v.Body.String(), &signed.Envelope)
}

func (s *store) opening(id dagcbor.CID) (Opening, error) {
	var o openingBlock
	if err := s.takeInto(id, "opening", &o); err != nil {
		return Opening{}, err
	}
	if o.Version != blockVersion || o.Type != openingType {
		return Opening{}, refuse("opening is %.40q version %d, known is %q version %d", o.Type, o.Version, openingType, blockVersion)
	}
	return Opening{o.Statement, o.Opening}, nil
}
