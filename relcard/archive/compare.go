package archive

import (
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/statement"
)

// comparison lays two copies of one card side by side.
type comparison struct {
	by     identity.Role // whose copy mine is
	mine   *holding
	theirs *part // nil where nothing of it is known
	now    time.Time

	parts []Divergence
}

// Divergence is one place where the copies contradict each other.
type Divergence struct {
	What string        `json:"what"`         // "card", "person's log", "vendor's log" or "key log"
	Of   identity.Role `json:"of,omitempty"` // of a key log: whose
	Seq  uint64        `json:"seq"`          // the version or statement from which on they differ; of a key log: the entry
	A    Branch        `json:"a,omitzero"`   // the two stories; those of a key log are in Log
	B    Branch        `json:"b,omitzero"`
	Log  *KeyFork      `json:"log,omitempty"` // of a key log: its two entries
	// Who signed both as an act of its own, and so is proven to have told two
	// stories. None: nobody is bound to both, and the one that both parties
	// signed holds.
	Proven []identity.Role `json:"proven,omitempty"`
}

// Branch is one story, by the version or statement that it begins with.
type Branch struct {
	ID     dagcbor.CID     `json:"id"`
	Signed []Signature     `json:"signed,omitempty"` // none: only its id is known, from what was signed after it
	Copies []identity.Role `json:"copies"`           // in whose copy it is
}

// union is the card with the versions and envelopes of both copies.
func (c *comparison) union() (relcard.Chain, error) {
	if c.theirs == nil || c.theirs.chain.Root() != c.mine.chain.Root() {
		return c.mine.chain, nil
	}
	chain := c.mine.chain
	keys := eitherKeys{c.mine.keys, c.theirs.keys}
	for _, v := range c.theirs.chain.Versions() {
		next, err := chain.Apply(v.Signed, keys, c.now)
		if err != nil && !forked(err) {
			return chain, fmt.Errorf("the copies together: %w", err)
		}
		chain = next
	}
	return chain, nil
}

// card finds where the copies of the card itself part.
func (c *comparison) card(all relcard.Chain) {
	if c.theirs != nil && c.theirs.chain.Root() != c.mine.chain.Root() {
		a, b := c.mine.chain.Versions()[0], c.theirs.chain.Versions()[0]
		d := Divergence{What: "card", A: c.branch(a), B: c.branch(b)}
		if agreed(c.mine.chain) && agreed(c.theirs.chain) {
			d.Proven = bound(a, b)
		}
		c.parts = append(c.parts, d)
		return
	}
	f := all.Fork()
	if f == nil {
		return
	}
	a, _ := all.Version(f.A)
	b, _ := all.Version(f.B)
	d := Divergence{What: "card", Seq: min(a.Body.Seq, b.Body.Seq), A: c.branch(a), B: c.branch(b), Proven: f.By}
	if len(d.Proven) == 0 {
		d.Proven = bound(a, b)
	}
	c.parts = append(c.parts, d)
}

// agreed reports whether a card ever came into force. A first version that one
// party proposed and nobody took up contradicts no other.
func agreed(c relcard.Chain) bool { _, ok := c.Agreed(); return ok }

// bound returns who has signed both versions as an act of its own: to
// acknowledge the other's end is none.
func bound(a, b relcard.Version) (rs []identity.Role) {
	acts := func(v relcard.Version, r identity.Role) bool {
		signed := v.Signed.Person != nil
		if r == identity.RoleVendor {
			signed = v.Signed.Vendor != nil
		}
		return signed && (v.Body.End == nil || v.Body.End.By == r)
	}
	for _, r := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		if acts(a, r) && acts(b, r) {
			rs = append(rs, r)
		}
	}
	return rs
}

func (c *comparison) branch(v relcard.Version) Branch {
	b := Branch{ID: v.ID, Signed: versionReport(v, c.keys()).Signatures}
	if _, ok := c.mine.chain.Version(v.ID); ok {
		b.Copies = append(b.Copies, c.by)
	}
	if c.theirs != nil && c.theirs.versions > 0 {
		if _, ok := c.theirs.chain.Version(v.ID); ok {
			b.Copies = append(b.Copies, otherSide(c.by))
		}
	}
	return b
}

func (c *comparison) keys() identity.KeySource {
	if c.theirs == nil {
		return c.mine.keys
	}
	return eitherKeys{c.mine.keys, c.theirs.keys}
}

// log finds where the copies of one side's log part: whoever writes two
// statements with one number has signed both.
func (c *comparison) log(r identity.Role) {
	if c.theirs == nil {
		return
	}
	mine, theirs := c.mine.log(r), c.theirs.log(r)
	what := fmt.Sprintf("%s's log", r)
	said := func(s statement.Statement, copy identity.Role) Branch {
		return Branch{ID: s.ID, Signed: []Signature{signature(&s.Signed.Envelope, c.keys())}, Copies: []identity.Role{copy}}
	}
	if u, ok := c.theirs.unseen[r]; ok {
		c.parts = append(c.parts, Divergence{What: what, Seq: u.seq, A: said(mine[u.seq], c.by),
			B: Branch{ID: u.id, Copies: []identity.Role{otherSide(c.by)}}, Proven: []identity.Role{r}})
		return
	}
	for i := range min(len(mine), len(theirs)) {
		if mine[i].ID != theirs[i].ID {
			c.parts = append(c.parts, Divergence{What: what, Seq: uint64(i), A: said(mine[i], c.by), B: said(theirs[i], otherSide(c.by)), Proven: []identity.Role{r}})
			return
		}
	}
}

// statements returns those of both copies, each once: the person's by number,
// then the vendor's.
func (c *comparison) statements() []statement.Statement {
	var all []statement.Statement
	have := make(map[dagcbor.CID]bool)
	for _, r := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		both := slices.Clone(c.mine.log(r))
		if c.theirs != nil {
			both = append(both, c.theirs.log(r)...)
		}
		slices.SortStableFunc(both, func(a, b statement.Statement) int { return int(a.Body.Seq) - int(b.Body.Seq) })
		for _, s := range both {
			if !have[s.ID] {
				have[s.ID] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// known says of each statement by what the other side is proven to have had
// it: something that it signed names it, or names a later one.
func known(all []statement.Statement, versions []relcard.Version) map[dagcbor.CID]string {
	byID := make(map[dagcbor.CID]statement.Statement)
	for _, s := range all {
		byID[s.ID] = s
	}
	proof := make(map[dagcbor.CID]string)
	mark := func(id dagcbor.CID, by identity.Role, how string) {
		for s, ok := byID[id]; ok && s.Body.By != by && proof[id] == ""; s, ok = byID[id] {
			proof[id] = how
			id = s.Body.Prev
		}
	}
	for _, v := range versions {
		if v.Signed.Vendor != nil {
			mark(v.Body.Proffer, identity.RoleVendor, fmt.Sprintf("version %d, which the vendor signed", v.Body.Seq))
		}
	}
	for _, s := range all {
		how := fmt.Sprintf("%s statement %d, %s", s.Body.By, s.Body.Seq, s.ID)
		mark(s.Body.Seen, s.Body.By, how)
		mark(s.Body.Answers, s.Body.By, how)
	}
	return proof
}
