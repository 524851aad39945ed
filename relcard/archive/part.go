package archive

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// part is what is known of another copy of a card: the past that it shares
// with the first copy is filled in.
type part struct {
	holding
	versions int // that were given; none: the chain is that of the first copy
	// by side, the statement that this copy's log names in a place that the
	// first copy has filled otherwise, and has not itself
	unseen map[identity.Role]unseen
}

type unseen struct {
	seq uint64
	id  dagcbor.CID
}

// holdPart verifies what b has of another copy of the card in h.
func (h *holding) holdPart(b Bundle, now time.Time) (*part, error) {
	first := h.chain.Versions()[0].Body
	hs, err := verifyKeys(map[identity.DID]bool{first.Person.DID: true, first.Vendor.DID: true}, b.Logs, now)
	if err != nil {
		return nil, err
	}
	p := &part{versions: len(b.Versions), unseen: make(map[identity.Role]unseen)}
	p.keys, p.histories, p.chain, p.openings = eitherKeys{hs.keyring(), h.keys}, hs, h.chain, b.Openings
	if p.versions > 0 {
		if err := p.holdVersions(b.Versions, h, now); err != nil {
			return nil, err
		}
	}
	p.roots = []dagcbor.CID{h.chain.Root(), p.chain.Root()}
	person, vendor, err := logsOf(b.Statements, false)
	if err != nil {
		return nil, err
	}
	if p.person, err = p.holdLog(person, h.person, now); err != nil {
		return nil, err
	}
	p.vendor, err = p.holdLog(vendor, h.vendor, now)
	return p, err
}

func (p *part) holdVersions(versions []relcard.Signed, h *holding, now time.Time) error {
	past, err := h.pastIn(versions)
	if err != nil {
		return err
	}
	p.chain, err = relcard.NewChain(append(past, versions...), p.keys, now)
	if err != nil && !forked(err) {
		return err
	}
	a, b := h.chain.Versions()[0].Body, p.chain.Versions()[0].Body
	if a.Person.DID != b.Person.DID || a.Vendor.DID != b.Vendor.DID {
		return refuse("card %s is of another relationship", p.chain.Root())
	}
	return nil
}

// holdLog verifies one side's statements and fills in, from the other copy's
// log, those before them.
func (p *part) holdLog(log []spoken, other []statement.Statement, now time.Time) ([]statement.Statement, error) {
	if len(log) == 0 {
		return other, nil // as far as is known it is the same
	}
	b := log[0].body
	if b.Seq > uint64(len(other)) {
		return nil, refuse("between %d statements of the %s and %s there is a gap", len(other), b.By, log[0])
	}
	past := other[:b.Seq]
	if n := len(past); n > 0 && past[n-1].ID != b.Prev {
		p.unseen[b.By] = unseen{b.Seq - 1, b.Prev}
		p.broken = true
		past = past[:n-1]
	}
	given, err := p.verifyLog(log, statement.Head{Count: b.Seq, Last: b.Prev}, now)
	if err != nil {
		return nil, err
	}
	return append(past[:len(past):len(past)], given...), nil
}
