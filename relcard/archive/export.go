package archive

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	gocid "github.com/ipfs/go-cid"
	car "github.com/ipld/go-car/v2"
	"github.com/ipld/go-car/v2/storage"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
)

type block struct {
	id  dagcbor.CID
	raw []byte
}

// blocks is a list of blocks to write, each once: two copies of one card share
// most of theirs.
type blocks struct {
	list []block
	has  map[dagcbor.CID]bool
}

func (l *blocks) add(raw []byte) dagcbor.CID {
	id := dagcbor.Sum(raw)
	if l.has == nil {
		l.has = make(map[dagcbor.CID]bool)
	}
	if !l.has[id] {
		l.has[id] = true
		l.list = append(l.list, block{id, raw})
	}
	return id
}

func (l *blocks) encode(v any) (dagcbor.CID, error) {
	raw, err := dagcbor.Marshal(v)
	if err != nil {
		return dagcbor.CID{}, err
	}
	return l.add(raw), nil
}

// Export writes b as a file of at most MaxSize bytes. Equal bundles give equal
// bytes, whatever their order. Signatures are not verified here, but a bundle
// that can't be one card's is refused; nothing is written then.
func Export(w io.Writer, b Bundle) error {
	raw, err := encode(b, checkedSeq)
	if err != nil {
		return fmt.Errorf("export card: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return fmt.Errorf("export card: %w", err)
	}
	return nil
}

// seqReader returns the place of a body among a card's versions.
type seqReader func(body []byte) (uint64, error)

// checkedSeq refuses a body that is none.
func checkedSeq(raw []byte) (uint64, error) {
	body, _, err := relcard.DecodeBody(raw)
	if err != nil {
		return 0, err
	}
	return body.Seq, nil
}

// claimedSeq is for bodies that are decoded in full afterwards: to decode them
// for their place as well took a fifth of the time of importing a file.
func claimedSeq(raw []byte) (uint64, error) {
	var fields map[string]dagcbor.RawMessage
	if err := dagcbor.UnmarshalPart(raw, &fields); err != nil {
		return 0, refuse("body: %w", err)
	}
	var seq uint64
	if err := dagcbor.UnmarshalPart(fields["seq"], &seq); err != nil {
		return 0, refuse("body: seq: %w", err)
	}
	return seq, nil
}

func encode(b Bundle, seqOf seqReader) ([]byte, error) {
	root, rest, err := encodeBundle(b, manifestType, seqOf)
	if err != nil {
		return nil, err
	}
	return writeCAR(append([]block{root}, rest...), MaxSize)
}

// encodeBundle returns the manifest of b and the blocks that it names.
func encodeBundle(b Bundle, kind string, seqOf seqReader) (block, []block, error) {
	var l blocks
	m := manifest{Version: manifestVersion, Type: kind}
	if kind == manifestType && len(b.Statements)+len(b.Openings) > 0 {
		m.Version = manifestSpoken
	}
	if len(b.Versions) > maxListed || len(b.Statements) > maxListed || len(b.Openings) > maxListed {
		return block{}, nil, fmt.Errorf("%w: %d versions, %d statements and %d openings; the most is %d each",
			relcard.ErrSize, len(b.Versions), len(b.Statements), len(b.Openings), maxListed)
	}
	if err := l.addVersions(&m, b.Versions, seqOf); err != nil {
		return block{}, nil, err
	}
	if err := l.addLogs(&m, b.Logs); err != nil {
		return block{}, nil, err
	}
	if err := l.addStatements(&m, b.Statements); err != nil {
		return block{}, nil, err
	}
	if err := l.addOpenings(&m, b.Openings); err != nil {
		return block{}, nil, err
	}
	raw, err := dagcbor.Marshal(m)
	return block{dagcbor.Sum(raw), raw}, l.list, err
}

func (l *blocks) addVersions(m *manifest, versions []relcard.Signed, seqOf seqReader) error {
	type placed struct {
		seq uint64
		id  dagcbor.CID
		s   relcard.Signed
	}
	sorted := make([]placed, len(versions))
	for i, s := range versions {
		seq, err := seqOf(s.Raw)
		if err != nil {
			return err
		}
		sorted[i] = placed{seq, dagcbor.Sum(s.Raw), s}
	}
	slices.SortFunc(sorted, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), bytes.Compare(a.id.Bytes(), b.id.Bytes()))
	})
	whole := m.Type == manifestType
	for i, p := range sorted {
		if whole && (i == 0) != (p.seq == 0) {
			return refuse("%d versions with no first one, or with several", len(versions))
		}
		if i > 0 && sorted[i-1].id == p.id {
			return refuse("version %s is there twice", p.id)
		}
		blocks := versionBlocks{Body: l.add(p.s.Raw)}
		var err error
		if blocks.Person, err = l.addEnvelope(p.s.Person); err != nil {
			return err
		}
		if blocks.Vendor, err = l.addEnvelope(p.s.Vendor); err != nil {
			return err
		}
		m.Versions = append(m.Versions, blocks)
	}
	if !whole {
		return nil
	}
	if len(sorted) == 0 {
		return refuse("no versions")
	}
	m.Card = sorted[0].id
	return nil
}

func (l *blocks) addEnvelope(e *identity.Envelope) (dagcbor.CID, error) {
	if e == nil {
		return dagcbor.CID{}, nil
	}
	return l.encode(e)
}

func (l *blocks) addLogs(m *manifest, logs []KeyLog) error {
	sorted := slices.SortedFunc(slices.Values(logs), func(a, b KeyLog) int { return cmp.Compare(a.DID, b.DID) })
	for i, k := range sorted {
		if i > 0 && sorted[i-1].DID == k.DID {
			return refuse("two key logs of %.80s", k.DID)
		}
		id, err := l.encode(logBlock{blockVersion, logType, k.DID, k.Log, k.Witness})
		if err != nil {
			return err
		}
		m.Logs = append(m.Logs, id)
	}
	return nil
}

// writeCAR writes the blocks as a CARv1 whose one root is the first.
func writeCAR(list []block, most int) ([]byte, error) {
	var out bytes.Buffer
	w, err := storage.NewWritable(&out, []gocid.Cid{list[0].id.Cid()},
		car.WriteAsCarV1(true), car.UseWholeCIDs(true), car.AllowDuplicatePuts(true))
	if err != nil {
		return nil, err
	}
	for _, b := range list {
		if err := w.Put(context.Background(), b.id.Cid().KeyString(), b.raw); err != nil {
			return nil, err
		}
	}
	if err := w.Finalize(); err != nil {
		return nil, err
	}
	if out.Len() > most {
		return nil, fmt.Errorf("%w: file of %d bytes, the most is %d", relcard.ErrSize, out.Len(), most)
	}
	return out.Bytes(), nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %w", relcard.ErrArchive, fmt.Errorf(format, args...))
}
