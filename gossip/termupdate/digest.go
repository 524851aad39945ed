package termupdate

import (
	"crypto/sha256"
	"time"

	"github.com/parley-network/parley/identity"
)

// DigestSize is the length of a vendor's short name in a list of what is known.
const DigestSize = 8

// Digest is the first bytes of SHA-256("parley/terms/1\n" || DID). To make two
// vendors share one takes some 2^32 identifiers, and only hides an update from
// those who catch up.
type Digest [DigestSize]byte

// DigestOf returns the digest of a vendor's identifier.
func DigestOf(vendor identity.DID) (d Digest) {
	h := sha256.Sum256([]byte("parley/terms/1\n" + string(vendor)))
	copy(d[:], h[:])
	return d
}

// Known returns the rank known of each vendor, dead ones among them: what
// another ledger need not tell this one.
func (l *Ledger) Known() map[Digest]Rank {
	known := make(map[Digest]Rank, len(l.lines))
	for did, e := range l.lines {
		d := DigestOf(did)
		if r, ok := known[d]; !ok || e.Rank.Compare(r) < 0 {
			known[d] = e.Rank
		}
	}
	return known
}

// Missing returns the updates alive at now that somebody who knows known
// lacks, in no order.
func (l *Ledger) Missing(known map[Digest]Rank, now time.Time) []Signed {
	var missing []Signed
	for did, e := range l.lines {
		r, ok := known[DigestOf(did)]
		if e.Alive(now) && (!ok || r.Compare(e.Rank) < 0) {
			missing = append(missing, e.Signed)
		}
	}
	return missing
}
