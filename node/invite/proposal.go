package invite

import (
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard/terms"
)

// maxAgreements is how many agreements an invitation may name; each is 150
// bytes of the code.
const maxAgreements = 2

// Proposal is the relationship an invitation leads to: with which vendor, and
// under which agreements the inviter would have it, the preferred one first.
// It binds nobody: whoever opens it may proffer these terms to the vendor, and
// the vendor answers as it does to any proffer.
type Proposal struct {
	Vendor     identity.DID `cbor:"vendor"`
	Name       string       `cbor:"name,omitempty"` // what the inviter calls it
	Agreements []terms.Ref  `cbor:"agreements"`
}

func (p *Proposal) check() error {
	if p == nil {
		return nil
	}
	if _, err := webvh.ParseID(p.Vendor); err != nil {
		return fmt.Errorf("card.vendor: %w", err)
	}
	if err := plain("card.name", p.Name, maxName); err != nil {
		return err
	}
	if len(p.Agreements) == 0 || len(p.Agreements) > maxAgreements {
		return fmt.Errorf("card.agreements: %d of them, want 1 to %d", len(p.Agreements), maxAgreements)
	}
	for i, ref := range p.Agreements {
		if err := ref.Check(); err != nil {
			return fmt.Errorf("card.agreements[%d]: %w", i, err)
		}
		for _, other := range p.Agreements[:i] {
			if other.ID == ref.ID {
				return errors.New("card.agreements: one is there twice")
			}
		}
	}
	return nil
}
