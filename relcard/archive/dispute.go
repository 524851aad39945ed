package archive

import (
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
)

// Dispute is two copies of one card, for a third party to judge with no keys
// and no network. By is the side that hands it in; that is a claim like any
// other, for the file as such is not signed.
//
// Mine is that side's copy, as for a card's file. Theirs is what it has of the
// other side's copy: all of it, or only where it differs. Versions and
// statements that are the same need not be in it again, but what is must hang
// together: a version's past is in Theirs or in Mine, and statements of one
// log follow one another from one that Mine has, or whose place Mine has
// filled otherwise. Key logs are needed in Theirs where they differ. An empty
// Theirs is that of an undisputed card.
type Dispute struct {
	By     identity.Role
	Mine   Bundle
	Theirs Bundle
}

const (
	disputeVersion = 1
	disputeType    = "relcard-dispute"
)

// disputeManifest is the root block of a dispute's file. The blocks after it
// are the manifest of each copy with its blocks, those of both only once.
type disputeManifest struct {
	Version uint64        `cbor:"v"`
	Type    string        `cbor:"type"`
	By      identity.Role `cbor:"by"`
	Mine    dagcbor.CID   `cbor:"mine"`
	Theirs  dagcbor.CID   `cbor:"theirs,omitzero"`
}

// ExportDispute writes d as a file of at most MaxDispute bytes. Like Export it
// does not verify signatures, and refuses what can't be two copies of a card.
func ExportDispute(w io.Writer, d Dispute) error {
	raw, err := encodeDispute(d, checkedSeq)
	if err != nil {
		return fmt.Errorf("export dispute: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return fmt.Errorf("export dispute: %w", err)
	}
	return nil
}

// ImportDispute reads a dispute's file and verifies all of it.
func ImportDispute(r io.Reader, now time.Time) (*Dispute, *DisputeReport, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxDispute+1))
	if err != nil {
		return nil, nil, fmt.Errorf("import dispute: %w", err)
	}
	d, err := decodeDispute(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("import dispute: %w", err)
	}
	report, err := VerifyDispute(*d, now)
	if err != nil {
		return nil, nil, fmt.Errorf("import dispute: %w", err)
	}
	return d, report, nil
}

func (b Bundle) empty() bool {
	return len(b.Versions)+len(b.Logs)+len(b.Statements)+len(b.Openings) == 0
}

func encodeDispute(d Dispute, seqOf seqReader) ([]byte, error) {
	if d.By != identity.RolePerson && d.By != identity.RoleVendor {
		return nil, refuse("by: %.40q is neither %q nor %q", string(d.By), identity.RolePerson, identity.RoleVendor)
	}
	m := disputeManifest{Version: disputeVersion, Type: disputeType, By: d.By}
	var all blocks
	put := func(b Bundle, kind, whose string) (dagcbor.CID, error) {
		top, rest, err := encodeBundle(b, kind, seqOf)
		if err != nil {
			return dagcbor.CID{}, fmt.Errorf("%s: %w", whose, err)
		}
		all.add(top.raw)
		for _, b := range rest {
			all.add(b.raw)
		}
		return top.id, nil
	}
	var err error
	if m.Mine, err = put(d.Mine, manifestType, d.mine()); err != nil {
		return nil, err
	}
	if !d.Theirs.empty() {
		if m.Theirs, err = put(d.Theirs, partType, d.theirs()); err != nil {
			return nil, err
		}
	}
	raw, err := dagcbor.Marshal(m)
	if err != nil {
		return nil, err
	}
	return writeCAR(append([]block{{dagcbor.Sum(raw), raw}}, all.list...), MaxDispute)
}

// mine and theirs name the copies by whose they are.
func (d Dispute) mine() string   { return fmt.Sprintf("the %s's copy", d.By) }
func (d Dispute) theirs() string { return fmt.Sprintf("the %s's copy", otherSide(d.By)) }

func decodeDispute(raw []byte) (*Dispute, error) {
	root, found, err := readCAR(raw, MaxDispute)
	if err != nil {
		return nil, err
	}
	found.begin()
	var m disputeManifest
	if err := found.takeInto(root, "manifest", &m); err != nil {
		return nil, err
	}
	if m.Type != disputeType || m.Version != disputeVersion {
		return nil, refuse("manifest is %.40q version %d, known is %q version %d", m.Type, m.Version, disputeType, disputeVersion)
	}
	d := &Dispute{By: m.By}
	mine, err := found.bundle(m.Mine, manifestType)
	if err != nil {
		return nil, fmt.Errorf("%.60s: %w", d.mine(), err)
	}
	d.Mine = *mine
	if !m.Theirs.IsZero() {
		theirs, err := found.bundle(m.Theirs, partType)
		if err != nil {
			return nil, fmt.Errorf("%.60s: %w", d.theirs(), err)
		}
		d.Theirs = *theirs
	}
	if err := found.allUsed(); err != nil {
		return nil, err
	}
	again, err := encodeDispute(*d, claimedSeq)
	return d, sameFile(again, err, raw)
}

// VerifyDispute checks both copies as Verify does, with nothing but d, and
// reports what both signed, where the copies part, who is proven to have told
// two stories, and what is one side's word alone. Copies that contradict each
// other verify: that is what a dispute is for. What is refused is a file that
// does not hold together.
func VerifyDispute(d Dispute, now time.Time) (*DisputeReport, error) {
	if d.By != identity.RolePerson && d.By != identity.RoleVendor {
		return nil, refuse("by: %.40q is neither %q nor %q", string(d.By), identity.RolePerson, identity.RoleVendor)
	}
	mine, err := hold(d.Mine, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.mine(), err)
	}
	c := comparison{by: d.By, mine: mine, now: now}
	if !d.Theirs.empty() {
		if c.theirs, err = mine.holdPart(d.Theirs, now); err != nil {
			return nil, fmt.Errorf("%s: %w", d.theirs(), err)
		}
	}
	return c.report()
}

// eitherKeys finds a key in what one copy has of the key logs, or else in what
// the other has.
type eitherKeys [2]identity.KeySource

// SigningKeys implements identity.KeySource.
func (k eitherKeys) SigningKeys(did identity.DID, version string) (identity.KeyPeriod, error) {
	p, err := k[0].SigningKeys(did, version)
	if err != nil {
		return k[1].SigningKeys(did, version)
	}
	return p, nil
}

var _ identity.KeySource = eitherKeys{}

// pastIn returns those of versions' predecessors that h has and they lack.
func (h *holding) pastIn(versions []relcard.Signed) ([]relcard.Signed, error) {
	have := make(map[dagcbor.CID]bool)
	var prevs []dagcbor.CID
	for _, s := range versions {
		b, id, err := relcard.DecodeBody(s.Raw)
		if err != nil {
			return nil, err
		}
		have[id] = true
		prevs = append(prevs, b.Prev)
	}
	var past []relcard.Signed
	for len(prevs) > 0 {
		id := prevs[0]
		prevs = prevs[1:]
		if v, ok := h.chain.Version(id); ok && !have[id] {
			have[id] = true
			past = append(past, v.Signed)
			prevs = append(prevs, v.Body.Prev)
		}
	}
	return past, nil
}
