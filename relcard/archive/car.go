package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	car "github.com/ipld/go-car/v2"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
)

// maxHeader is the most bytes of a CAR header; one with one root has 59.
const maxHeader = 256

// store is the blocks of a file.
type store struct {
	found map[dagcbor.CID][]byte
	named map[dagcbor.CID]bool // by the manifest that is being read
	used  map[dagcbor.CID]bool // by any
}

// readCAR takes a file apart and checks that each block hashes to its CID.
func readCAR(raw []byte, most int) (root dagcbor.CID, s *store, err error) {
	if len(raw) > most {
		return root, nil, fmt.Errorf("%w: file has more than %d bytes", relcard.ErrSize, most)
	}
	// The hashes are checked here, because of the CIDs this format knows.
	r, err := car.NewBlockReader(bytes.NewReader(raw),
		car.WithTrustedCAR(true), car.MaxAllowedHeaderSize(maxHeader), car.MaxAllowedSectionSize(uint64(most)))
	if err != nil {
		return root, nil, refuse("it does not begin as the file of a card or a dispute does: CAR header: %w", err)
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
	s = &store{found: make(map[dagcbor.CID][]byte), used: make(map[dagcbor.CID]bool)}
	for n := 0; ; n++ {
		blk, err := r.Next()
		if errors.Is(err, io.EOF) {
			return root, s, nil
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
		if _, twice := s.found[id]; twice {
			return root, nil, refuse("block %d: %s is there twice", n, id)
		}
		s.found[id] = blk.RawData()
	}
}

// begin starts on another manifest. Two may name the same block; one names
// none twice.
func (s *store) begin() { s.named = make(map[dagcbor.CID]bool) }

// take returns a block that a manifest names.
func (s *store) take(id dagcbor.CID, what string) ([]byte, error) {
	raw, ok := s.found[id]
	if !ok {
		return nil, refuse("%s %s is missing", what, id)
	}
	if s.named[id] {
		return nil, refuse("%s %s is named twice", what, id)
	}
	s.named[id], s.used[id] = true, true
	return raw, nil
}

func (s *store) takeInto(id dagcbor.CID, what string, v any) error {
	raw, err := s.take(id, what)
	if err != nil {
		return err
	}
	if err := dagcbor.Unmarshal(raw, v); err != nil {
		return refuse("%s: %w", what, err)
	}
	return nil
}

// allUsed refuses blocks that nothing names.
func (s *store) allUsed() error {
	for id := range s.found {
		if !s.used[id] {
			return refuse("block %s belongs to nothing", id)
		}
	}
	return nil
}
