package node

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// DisputeCard returns a card's whole record as one file for a third party: this
// side's copy with both logs, what of the other side's contradicts it, and the
// openings of the items chosen. Nothing else of the data shared is in it.
func (n *Node) DisputeCard(ctx context.Context, root dagcbor.CID, items []uint64) ([]byte, error) {
	return n.disputeFile(ctx, root, items)
}

func (n *Node) disputeFile(ctx context.Context, root dagcbor.CID, items []uint64) ([]byte, error) {
	var file bytes.Buffer
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		file.Reset()
		d, err := n.disputeOf(tx, root, items)
		if err != nil {
			return err
		}
		return archive.ExportDispute(&file, d)
	})
	if err != nil {
		return nil, fmt.Errorf("dispute: %w", err)
	}
	return file.Bytes(), nil
}

func (n *Node) disputeOf(tx store.Tx, root dagcbor.CID, items []uint64) (archive.Dispute, error) {
	k, err := n.loadCard(tx, root)
	if err != nil {
		return archive.Dispute{}, err
	}
	r, err := relationOf(tx, k)
	if err != nil {
		return archive.Dispute{}, err
	}
	d := archive.Dispute{By: r.body.Side}
	if d.Mine, err = n.spokenBundle(tx, k, r); err != nil {
		return d, err
	}
	for _, item := range items {
		o, err := openingOf(tx, r, item)
		if err != nil {
			return d, err
		}
		d.Mine.Openings = append(d.Mine.Openings, o)
	}
	if r.body.Forked != nil {
		s, err := statement.DecodeSigned(r.body.Forked)
		if err != nil {
			return d, err
		}
		d.Theirs.Statements = []statement.Signed{s}
	}
	if r.body.ForkedLog != nil {
		d.Theirs.Logs = []archive.KeyLog{{DID: r.them(), Log: r.body.ForkedLog}}
	}
	return d, nil
}

// spokenBundle is a card with both parties' statements.
func (n *Node) spokenBundle(tx store.Tx, k *card, r *relation) (archive.Bundle, error) {
	b, err := k.bundle()
	if err != nil {
		return b, err
	}
	for _, by := range []identity.Role{r.body.Side, r.other()} {
		said, err := tx.List(logOf(r.body.Person, by))
		if err != nil {
			return b, err
		}
		for _, rec := range said {
			s, err := statement.DecodeSigned(rec.Body)
			if err != nil {
				return b, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
			}
			b.Statements = append(b.Statements, s)
		}
	}
	return b, nil
}

// agreedBundle is a card with what was said in coming to its terms: both logs
// up to there. What else was said under it is for a dispute's file.
func (n *Node) agreedBundle(tx store.Tx, k *card) (archive.Bundle, error) {
	plain, err := k.bundle()
	if err != nil || k.body.Side == "" {
		return plain, err
	}
	r, err := relationOf(tx, k)
	if err != nil {
		return plain, err
	}
	proffers := map[dagcbor.CID]bool{}
	for _, v := range k.chain.Versions() {
		if !v.Body.Proffer.IsZero() {
			proffers[v.Body.Proffer] = true
		}
	}
	person, vendor, err := bothLogs(tx, r)
	if err != nil {
		return plain, err
	}
	for _, log := range [][]statement.Statement{person, vendor} {
		last := -1
		for i, s := range log {
			if proffers[s.ID] || proffers[s.Body.Answers] {
				last = i
			}
		}
		for _, s := range log[:last+1] {
			plain.Statements = append(plain.Statements, s.Signed)
		}
	}
	return plain, nil
}

// openingOf is what shows one item, for a file.
func openingOf(tx store.Tx, r *relation, item uint64) (archive.Opening, error) {
	rec, err := tx.Get(kindPiece, pieceID(r.body.Person, item))
	if err != nil {
		return archive.Opening{}, fmt.Errorf("item %d: %w", item, view.ErrNotFound)
	}
	var b pieceBody
	if err := get(rec, &b); err != nil {
		return archive.Opening{}, err
	}
	if len(b.Opening.Value) == 0 {
		return archive.Opening{}, fmt.Errorf("item %d is not here any more: %w", item, view.ErrNotFound)
	}
	return archive.Opening{Statement: b.Statement, Opening: disclosure.Opening{Item: item, Salt: b.Opening.Salt, Value: b.Opening.Value}}, nil
}

// VerifyDispute reads a dispute's file of anybody's and reports what it shows.
func (n *Node) VerifyDispute(_ context.Context, file []byte) (view.DisputeReport, error) {
	_, report, err := archive.ImportDispute(bytes.NewReader(file), n.now())
	if err != nil {
		return view.DisputeReport{Problem: err.Error(), Lines: []string{}}, nil
	}
	return view.DisputeReport{Valid: true, Lines: slices.Clip(strings.Split(strings.TrimSpace(report.String()), "\n"))}, nil
}
