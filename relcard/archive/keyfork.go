package archive

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
)

// KeyFork is a key log that was told in two ways. Both logs verify: the entries
// at fault are signed with keys that the log itself allowed for them, so that
// whoever held these told both, the party or a thief.
type KeyFork struct {
	DID identity.DID `json:"did"`
	// The entries with one number, the first that differ; A is that of Mine. One
	// is zero where that log ends before and the other's entry is dated back.
	A KeyEntry `json:"a,omitzero"`
	B KeyEntry `json:"b,omitzero"`
	// Of an entry that is dated back: when something was signed under the entry
	// before it that by its date would not hold. Else zero: a fork.
	Signed identity.Time `json:"signed,omitzero"`
}

// KeyEntry names an entry of a key log.
type KeyEntry struct {
	ID   string        `json:"id"` // versionId, NUMBER-HASH: the hash is over it and all entries before
	Time identity.Time `json:"time"`
}

// keyLogs compares what the copies have of the parties' key logs: one may have
// more entries than the other, and no other ones. An entry is its versionId,
// which is made of its hash; how it is written does not matter. What one log has
// more may not be dated before what was signed under the entries of both.
func (c *comparison) keyLogs() {
	if c.theirs == nil {
		return
	}
	parties := c.mine.chain.Versions()[0].Body
	for _, r := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		did := parties.Person.DID
		if r == identity.RoleVendor {
			did = parties.Vendor.DID
		}
		a, b := c.mine.histories[did], c.theirs.histories[did]
		if a == nil || b == nil {
			continue
		}
		f, number := parted(a.Versions(), b.Versions(), c.signedBy(did))
		if f != nil {
			f.DID = did
			c.parts = append(c.parts, Divergence{What: whatKeyLog, Of: r, Seq: uint64(number), Log: f, Proven: []identity.Role{r}})
		}
	}
}

const whatKeyLog = "key log"

// parted returns where two key logs contradict each other, or one of them what
// was signed, and the number of that entry; nil where they don't.
func parted(a, b []webvh.Version, signed map[string]identity.Time) (*KeyFork, int) {
	common := min(len(a), len(b))
	for i := range common {
		if a[i].ID != b[i].ID {
			return &KeyFork{A: keyEntry(a[i]), B: keyEntry(b[i])}, a[i].Number
		}
	}
	longer := a
	if len(b) > common {
		longer = b
	}
	if len(longer) == common {
		return nil, 0
	}
	next := longer[common]
	last := signed[longer[common-1].ID]
	if last.IsZero() || last.Std().Before(next.Time) {
		return nil, 0
	}
	f := &KeyFork{Signed: last}
	if len(a) > common {
		f.A = keyEntry(next)
	} else {
		f.B = keyEntry(next)
	}
	return f, next.Number
}

func keyEntry(v webvh.Version) KeyEntry { return KeyEntry{v.ID, identity.At(v.Time)} }

// signedBy returns, by versionId of the key log of did, when something in either
// copy was last signed under it.
func (c *comparison) signedBy(did identity.DID) map[string]identity.Time {
	last := make(map[string]identity.Time)
	note := func(e *identity.Envelope) {
		if e != nil && e.Signer == did && e.Time.Std().After(last[e.KeyVersion].Std()) {
			last[e.KeyVersion] = e.Time
		}
	}
	for _, versions := range [][]relcard.Version{c.mine.chain.Versions(), c.theirs.chain.Versions()} {
		for _, v := range versions {
			note(v.Signed.Person)
			note(v.Signed.Vendor)
		}
	}
	for _, s := range c.statements() {
		note(&s.Signed.Envelope)
	}
	return last
}

// tell tells both entries, and of one that is dated back what it contradicts.
func (f *KeyFork) tell(l *lines, r *DisputeReport) {
	l.line("  log:     %s", f.DID)
	for _, e := range f.entries(r) {
		l.line("  %-8s %s, dated %s, in the copy of the %s", e.which+":", e.ID, e.Time, e.copy)
	}
	if !f.Signed.IsZero() {
		l.line("  signed:  under the entry before it, at %s", f.Signed)
	}
}

// held is an entry by whose copy it is in.
type held struct {
	KeyEntry
	which string
	copy  identity.Role
}

func (f *KeyFork) entries(r *DisputeReport) (all []held) {
	for _, e := range []held{{f.A, "one", r.By}, {f.B, "other", otherSide(r.By)}} {
		if e.ID != "" {
			all = append(all, e)
		}
	}
	return all
}

// words says in one line what is wrong with the log.
func (f *KeyFork) words(d Divergence) string {
	if !f.Signed.IsZero() {
		return fmt.Sprintf("the key log of the %s, at entry %d: it is dated before what was signed ahead of it", d.Of, d.Seq)
	}
	return fmt.Sprintf("the key log of the %s, from entry %d on: it was published in two ways", d.Of, d.Seq)
}
