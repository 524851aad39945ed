package relcard

import (
	"cmp"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// State is where a card stands.
type State string

// The states of a card.
const (
	StateNone     State = ""         // nothing is known of it
	StateProposed State = "proposed" // nothing is in force yet
	StateActive   State = "active"   // countersigned, and nothing else is asked
	StateAmending State = "amending" // in force, and a next version is proposed
	StateEnded    State = "ended"    // one party has ended it
	StateFrozen   State = "frozen"   // it has forked; both branches are kept
)

// Versions of one card that are kept. Proposals can't fill the room in which
// either party ends the card.
const (
	maxVersions = 256
	maxWithEnds = maxVersions + 16
)

// Chain is a card: all its versions known so far, verified and linked. It is
// a value; Apply returns another. What it says depends on which versions and
// envelopes were applied and never on their order. The zero Chain knows
// nothing.
//
// Each version names the one before it, whether that one came into force or
// not: who answers a proposal with another proposal builds on it, so an honest
// party never signs two versions after the same one. When proposals cross on
// the way, the card is not harmed; see [Chain.Next] for how they meet again.
type Chain struct {
	versions []*Version // by seq, then CID; the elements are shared and never change
}

// NewChain verifies the given versions of one card, in any order. Like Apply
// it returns the chain along with a *ForkError when the card has forked.
func NewChain(versions []Signed, keys identity.KeySource, now time.Time) (Chain, error) {
	if len(versions) > maxWithEnds {
		return Chain{}, refuse(ErrSize, "%d versions, the most is %d", len(versions), maxWithEnds)
	}
	opened := make([]Version, len(versions))
	for i, s := range versions {
		v, err := s.open(now)
		if err != nil {
			return Chain{}, err
		}
		opened[i] = v
	}
	slices.SortStableFunc(opened, func(a, b Version) int { return cmp.Compare(a.Body.Seq, b.Body.Seq) })
	var c Chain
	for i := range opened {
		var err error
		if c, err = c.add(&opened[i], keys, now); err != nil {
			return Chain{}, err
		}
	}
	return c, c.forkError()
}

// Apply adds a version, or envelopes to a version, after verifying them. To
// apply what is known already changes nothing. On error c is returned as it
// was, with one exception: a *ForkError comes with the chain that holds both
// branches and is frozen; keep that one, and raise the alarm.
//
// ErrOrphan means that the version before s is not known: apply that first.
func (c Chain) Apply(s Signed, keys identity.KeySource, now time.Time) (Chain, error) {
	v, err := s.open(now)
	if err != nil {
		return c, err
	}
	next, err := c.add(&v, keys, now)
	if err != nil {
		return c, err
	}
	return next, next.forkError()
}

// add verifies the envelopes of v that are new and puts v in its place.
func (c Chain) add(v *Version, keys identity.KeySource, now time.Time) (Chain, error) {
	at, known := c.search(v.Body.Seq, v.ID)
	var old Signed
	if known {
		old = c.versions[at].Signed
	} else if err := c.follows(v); err != nil {
		return c, err
	}
	for _, r := range roles {
		e, had := v.Signed.envelope(r), old.envelope(r)
		if e != nil && (had == nil || !sameEnvelope(e, had)) {
			if err := v.check(e, r, keys, now); err != nil {
				return c, err
			}
		}
		v.Signed = v.Signed.with(earlier(had, e), r)
	}
	next := slices.Clone(c.versions)
	if known {
		next[at] = v
	} else {
		next = slices.Insert(next, at, v)
	}
	return Chain{next}, nil
}

// follows checks that v may stand after the version it names.
func (c Chain) follows(v *Version) error {
	if len(c.versions) >= maxWithEnds || (len(c.versions) >= maxVersions && v.Body.Status != StatusEnded) {
		return refuse(ErrSize, "the card has %d versions, and no more are kept", len(c.versions))
	}
	if v.Body.Seq == 0 {
		if len(c.versions) > 0 {
			return refuse(ErrSuccession, "%s is the first version of another card", v.ID)
		}
		return nil
	}
	prev := c.parent(v)
	if prev == nil {
		return c.misplaced(v)
	}
	b, p := &v.Body, &prev.Body
	switch {
	case p.Status == StatusEnded:
		return refuse(ErrEnded, "version %d follows the end", b.Seq)
	case b.Person.DID != p.Person.DID || b.Vendor.DID != p.Vendor.DID:
		return refuse(ErrSuccession, "version %d is between other parties", b.Seq)
	case b.Time.Std().Before(p.Time.Std().Add(-clockSkew)):
		return refuse(ErrClock, "version %d of %s is older than the one before it, of %s", b.Seq, b.Time, p.Time)
	case b.Status == StatusEnded && (b.Terms != p.Terms || b.Person != p.Person || b.Vendor != p.Vendor):
		return refuse(ErrSuccession, "the end changes the parties' names or the terms")
	}
	return nil
}

// misplaced says why v, whose predecessor is not at seq-1, can't be added.
func (c Chain) misplaced(v *Version) error {
	for _, w := range c.versions {
		if w.ID == v.Body.Prev {
			return refuse(ErrSuccession, "version %d names version %d as the one before it", v.Body.Seq, w.Body.Seq)
		}
	}
	return refuse(ErrOrphan, "version %d follows %s, which is not known", v.Body.Seq, v.Body.Prev)
}

func (c Chain) search(seq uint64, id dagcbor.CID) (int, bool) {
	key := id.Cid().KeyString()
	return slices.BinarySearchFunc(c.versions, seq, func(v *Version, seq uint64) int {
		return cmp.Or(cmp.Compare(v.Body.Seq, seq), cmp.Compare(v.ID.Cid().KeyString(), key))
	})
}

// parent returns the version that v names as the one before it, or nil.
func (c Chain) parent(v *Version) *Version {
	if v.Body.Seq == 0 {
		return nil
	}
	if i, ok := c.search(v.Body.Seq-1, v.Body.Prev); ok {
		return c.versions[i]
	}
	return nil
}

// descends reports whether v is w or comes after it.
func (c Chain) descends(v, w *Version) bool {
	for v != nil && v.Body.Seq > w.Body.Seq {
		v = c.parent(v)
	}
	return v == w
}

// Root returns the id of the first version, by which the card is known; zero
// for an empty chain.
func (c Chain) Root() dagcbor.CID {
	if len(c.versions) == 0 {
		return dagcbor.CID{}
	}
	return c.versions[0].ID
}

// Versions returns all versions, by seq and then by CID.
func (c Chain) Versions() []Version {
	all := make([]Version, len(c.versions))
	for i, v := range c.versions {
		all[i] = *v
	}
	return all
}

// Version returns the version with this id.
func (c Chain) Version(id dagcbor.CID) (Version, bool) {
	for _, v := range c.versions {
		if v.ID == id {
			return *v, true
		}
	}
	return Version{}, false
}

func sameEnvelope(a, b *identity.Envelope) bool {
	x, y := *a, *b
	x.Signature, y.Signature = nil, nil
	return slices.Equal(a.Signature, b.Signature) && x.Version == y.Version && x.Body == y.Body &&
		x.Signer == y.Signer && x.KeyVersion == y.KeyVersion && x.Role == y.Role && x.Time == y.Time
}
