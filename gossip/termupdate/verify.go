package termupdate

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
)

// Rank orders the updates of one vendor: by the number of the key-log version
// they are signed under, then by Seq. So whoever stole a key can't outnumber
// the vendor for good: what is signed after the next rotation ranks higher.
type Rank struct {
	Key uint64 // number of the key version, from 1
	Seq uint64
}

// Compare returns -1, 0 or +1.
func (r Rank) Compare(o Rank) int {
	return cmp.Or(cmp.Compare(r.Key, o.Key), cmp.Compare(r.Seq, o.Seq))
}

// Verified is an update that has been verified. It is to be read only.
type Verified struct {
	ID     dagcbor.CID // of the body
	Update Update
	Signed Signed
	Rank   Rank

	versions []string // the versionIds of the log, oldest first
}

// Verify checks s by itself at now: its body, that it may stand at this time,
// its key log, and that the vendor signed it under the log's newest version.
// The error wraps Expired or Future, identity.ErrSignature, or names what is
// not well formed. A log that asks for witnesses is refused: their proofs have
// no place in an update.
func (s Signed) Verify(now time.Time) (Verified, error) {
	v, err := s.verify(now)
	if err != nil {
		return Verified{}, fmt.Errorf("verify term update %s: %w", s.ID(), err)
	}
	return v, nil
}

func (s Signed) verify(now time.Time) (Verified, error) {
	u, err := DecodeBody(s.Raw)
	if err != nil {
		return Verified{}, err
	}
	if err := s.checkEnvelope(u); err != nil {
		return Verified{}, err
	}
	if err := checkNow(u, s.Envelope.Time, now); err != nil {
		return Verified{}, err
	}
	h, err := s.history(u, now)
	if err != nil {
		return Verified{}, err
	}
	v := Verified{ID: s.ID(), Update: *u, Signed: s, Rank: Rank{uint64(h.Latest().Number), u.Seq}}
	if err := s.Envelope.Verify(v.ID, identity.RoleVendor, relcard.NewKeyring(h)); err != nil {
		return Verified{}, err
	}
	for _, version := range h.Versions() {
		v.versions = append(v.versions, version.ID)
	}
	return v, nil
}

// checkEnvelope holds the rules between body and envelope that need no log.
func (s Signed) checkEnvelope(u *Update) error {
	if s.Envelope.Signer != u.Vendor.DID {
		return fmt.Errorf("signed by %.80q, the vendor is %.80q: %w", string(s.Envelope.Signer), string(u.Vendor.DID), identity.ErrSignature)
	}
	// Bounded by the body's life, so that a key lost since can't sign for a
	// time it was still good in.
	if t := s.Envelope.Time.Std(); t.Before(u.Time.Std().Add(-MaxSkew)) || t.After(u.Expires.Std()) {
		return invalid("env.time", "%s is outside the update's life, %s to %s", s.Envelope.Time, u.Time, u.Expires)
	}
	return nil
}

// checkNow reports whether u may stand at now.
func checkNow(u *Update, signed identity.Time, now time.Time) error {
	latest := now.Add(MaxSkew)
	switch {
	case u.Time.Std().After(latest):
		return fmt.Errorf("time: %s, it is %s: %w", u.Time, identity.At(now), Future)
	case signed.Std().After(latest):
		return fmt.Errorf("signed at %s, it is %s: %w", signed, identity.At(now), Future)
	case !u.Expires.Std().After(now):
		return fmt.Errorf("expires: %s, it is %s: %w", u.Expires, identity.At(now), Expired)
	}
	return nil
}

// history proves the log, which must be the vendor's own and end with the
// version signed under.
func (s Signed) history(u *Update, now time.Time) (*webvh.History, error) {
	if len(s.Log) > MaxLog {
		return nil, invalid("log", "%d bytes, at most %d are allowed", len(s.Log), MaxLog)
	}
	l, err := webvh.Parse(s.Log)
	if err != nil {
		return nil, invalid("log", "%s", err)
	}
	switch {
	case l.DID() != u.Vendor.DID:
		return nil, invalid("log", "of %.80q, the vendor is %.80q", string(l.DID()), string(u.Vendor.DID))
	case l.VersionID() != s.Envelope.KeyVersion:
		return nil, invalid("log", "ends with version %.80q, signed under %.80q", l.VersionID(), s.Envelope.KeyVersion)
	}
	h, err := webvh.Verify(l, nil, now.Add(MaxSkew))
	if err != nil {
		return nil, fmt.Errorf("log: %w: %w", err, identity.ErrSignature)
	}
	return h, nil
}

// Claims returns whose update s claims to be and the rank it would have,
// before anything is verified. The number of the key version stands before the
// hyphen in its versionId (did:webvh 1.0, "DID Log Entries").
func (s Signed) Claims() (identity.DID, Rank, error) {
	u, err := DecodeBody(s.Raw)
	if err != nil {
		return "", Rank{}, err
	}
	return u.Vendor.DID, s.claimedRank(u), nil
}

func (s Signed) claimedRank(u *Update) Rank {
	number, _, _ := strings.Cut(s.Envelope.KeyVersion, "-")
	key, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		key = 0 // beneath every rank; Verify will refuse it
	}
	return Rank{key, u.Seq}
}
