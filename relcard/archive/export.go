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

// blocks is a list of blocks to write.
type blocks []block

func (l *blocks) add(raw []byte) dagcbor.CID {
	id := dagcbor.Sum(raw)
	*l = append(*l, block{id, raw})
	return id
}

func (l *blocks) encode(v any) (dagcbor.CID, error) {
	raw, err := dagcbor.Marshal(v)
	if err != nil {
		return dagcbor.CID{}, err
	}
	return l.add(raw), nil
}

// Export writes b as a file. Equal bundles give equal bytes, whatever their
// order. Signatures are not verified here, but a bundle that can't be one
// card's is refused; nothing is written then.
func Export(w io.Writer, b Bundle) error {
	raw, err := encode(b)
	if err != nil {
		return fmt.Errorf("export card: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return fmt.Errorf("export card: %w", err)
	}
	return nil
}

func encode(b Bundle) ([]byte, error) {
	var list blocks
	m := manifest{Version: manifestVersion, Type: manifestType}
	if err := list.addVersions(&m, b.Versions); err != nil {
		return nil, err
	}
	if err := list.addLogs(&m, b.Logs); err != nil {
		return nil, err
	}
	var root blocks
	if _, err := root.encode(m); err != nil {
		return nil, err
	}
	return writeCAR(append(root, list...))
}

func (l *blocks) addVersions(m *manifest, versions []relcard.Signed) error {
	type placed struct {
		seq uint64
		id  dagcbor.CID
		s   relcard.Signed
	}
	sorted := make([]placed, len(versions))
	for i, s := range versions {
		body, id, err := relcard.DecodeBody(s.Raw)
		if err != nil {
			return err
		}
		sorted[i] = placed{body.Seq, id, s}
	}
	slices.SortFunc(sorted, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), bytes.Compare(a.id.Bytes(), b.id.Bytes()))
	})
	for i, p := range sorted {
		if (i == 0) != (p.seq == 0) {
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
		id, err := l.encode(logBlock{manifestVersion, logType, k.DID, k.Log, k.Witness})
		if err != nil {
			return err
		}
		m.Logs = append(m.Logs, id)
	}
	return nil
}

// writeCAR writes the blocks as a CARv1 whose one root is the first.
func writeCAR(list blocks) ([]byte, error) {
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
	if out.Len() > MaxSize {
		return nil, fmt.Errorf("%w: file of %d bytes, the most is %d", relcard.ErrSize, out.Len(), MaxSize)
	}
	return out.Bytes(), nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %w", relcard.ErrArchive, fmt.Errorf(format, args...))
}
