package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	car "github.com/ipld/go-car/v2"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
)

// maxHeader is the most bytes of a CAR header; one with one root has 59.
const maxHeader = 256

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
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("%w: file has more than %d bytes", relcard.ErrSize, MaxSize)
	}
	root, found, err := readCAR(raw)
	if err != nil {
		return nil, err
	}
	b, err := found.bundle(root)
	if err != nil {
		return nil, err
	}
	again, err := encode(*b)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, raw) {
		return nil, refuse("not the one file of its content: differs at byte %d of %d", difference(again, raw), len(raw))
	}
	return b, nil
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

// store is the blocks of a file that have not been asked for yet.
type store map[dagcbor.CID][]byte

func readCAR(raw []byte) (root dagcbor.CID, found store, err error) {
	// The hashes are checked here, because of the CIDs this format knows.
	r, err := car.NewBlockReader(bytes.NewReader(raw),
		car.WithTrustedCAR(true), car.MaxAllowedHeaderSize(maxHeader), car.MaxAllowedSectionSize(MaxSize))
	if err != nil {
		return root, nil, refuse("CAR header: %w", err)
	}
	if r.Version != 1 {
		return root, nil, refuse("CAR version %d, want 1", r.Version)
	}
	if len(r.Roots) != 1 {
		return root, nil, refuse("%d roots, want one", len(r.Roots))
	}
	if root, err = dagcbor.FromCid(r.Roots[0]); err != nil {
		return root, nil, refuse("root: %w", err)
	}
	found = make(store)
	for n := 0; ; n++ {
		blk, err := r.Next()
		if errors.Is(err, io.EOF) {
			return root, found, nil
		}
		if err != nil {
			return root, nil, refuse("block %d: %w", n, err)
		}
		id, err := dagcbor.FromCid(blk.Cid())
		if err != nil {
			return root, nil, refuse("block %d: %w", n, err)
		}
		if dagcbor.Sum(blk.RawData()) != id {
			return root, nil, refuse("block %d: its bytes do not hash to %s", n, id)
		}
		if _, twice := found[id]; twice {
			return root, nil, refuse("block %d: %s is there twice", n, id)
		}
		found[id] = blk.RawData()
	}
}

// take returns a block and strikes it off.
func (s store) take(id dagcbor.CID, what string) ([]byte, error) {
	raw, ok := s[id]
	if !ok {
		return nil, refuse("%s %s is missing", what, id)
	}
	delete(s, id)
	return raw, nil
}

func (s store) takeInto(id dagcbor.CID, what string, v any) error {
	raw, err := s.take(id, what)
	if err != nil {
		return err
	}
	if err := dagcbor.Unmarshal(raw, v); err != nil {
		return refuse("%s: %w", what, err)
	}
	return nil
}

func (s store) bundle(root dagcbor.CID) (*Bundle, error) {
	var m manifest
	if err := s.takeInto(root, "manifest", &m); err != nil {
		return nil, err
	}
	if m.Version != manifestVersion || m.Type != manifestType {
		return nil, refuse("manifest is %.40q version %d, known is %q version %d", m.Type, m.Version, manifestType, manifestVersion)
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
		var l logBlock
		if err := s.takeInto(id, "key log", &l); err != nil {
			return nil, err
		}
		if l.Version != manifestVersion || l.Type != logType {
			return nil, refuse("key log is %.40q version %d, known is %q version %d", l.Type, l.Version, logType, manifestVersion)
		}
		b.Logs = append(b.Logs, KeyLog{l.DID, l.Log, l.Witness})
	}
	for id := range s {
		return nil, refuse("block %s belongs to nothing", id)
	}
	return b, nil
}

func (s store) version(v versionBlocks) (signed relcard.Signed, err error) {
	if signed.Raw, err = s.take(v.Body, "body"); err != nil {
		return signed, err
	}
	if signed.Person, err = s.envelope(v.Person, "person's envelope"); err != nil {
		return signed, err
	}
	signed.Vendor, err = s.envelope(v.Vendor, "vendor's envelope")
	return signed, err
}

func (s store) envelope(id dagcbor.CID, what string) (*identity.Envelope, error) {
	if id.IsZero() {
		return nil, nil
	}
	e := new(identity.Envelope)
	if err := s.takeInto(id, what, e); err != nil {
		return nil, err
	}
	return e, nil
}
