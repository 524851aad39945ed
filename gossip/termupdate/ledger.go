package termupdate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
)

// MaxVendors is the number of vendors a Ledger keeps unless told otherwise:
// some 20 MB with key logs of a few rotations.
const MaxVendors = 4096

// Entry is what stands of one vendor.
type Entry struct {
	Verified
	// Fork is another update of the same rank: with the first one the proof
	// that the vendor, or who holds its key, says two things at once. Of all
	// of that rank the two with the lowest ids are kept, and the lower one
	// stands. An update of a higher rank settles it.
	Fork *Verified
}

// Alive reports whether the update that stands is in force at now.
func (e *Entry) Alive(now time.Time) bool { return e.Update.Expires.Std().After(now) }

// Ledger is what is known of vendors' terms, the update of the highest rank of
// each. What it says depends on which updates were applied and never on their
// order, with one exception: of two key logs of one vendor that part ways, the
// one known first is kept, as anything else would let a thief of old keys take
// a vendor over.
//
// A vendor stays known for MaxLife after the Time of what stands, alive or
// not, so that an older one that outlives it can't come back.
//
// A ledger is bounded. Vendors beyond the limit draw lots: each has a weight,
// a hash of its identifier under the ledger's own salt, and the heaviest go.
// Who comes with many identifiers gets a share in proportion but can't aim at
// anybody, and who is kept does not depend on who came first.
//
// It is not safe for use by several goroutines at once.
type Ledger struct {
	limit   int
	salt    []byte
	lines   map[identity.DID]*line
	lots    []*line // the same, by weight
	expired []identity.DID
}

type line struct {
	Entry
	weight   [sha256.Size]byte
	reported bool // given out as expired
}

// NewLedger returns an empty ledger for at most limit vendors; 0 is
// MaxVendors. salt is random and secret where strangers can send updates.
func NewLedger(limit int, salt []byte) *Ledger {
	if limit <= 0 {
		limit = MaxVendors
	}
	return &Ledger{limit: limit, salt: bytes.Clone(salt), lines: make(map[identity.DID]*line)}
}

// Apply takes in a verified update at now. It returns nil when v stands from
// now on, and wraps a Refusal when it does not: Duplicate, Superseded, Branch,
// Full, Expired or Future. Fork alone tells something new as well: v is kept
// beside the other one as proof, and worth passing on.
func (l *Ledger) Apply(v Verified, now time.Time) error {
	err := checkNow(&v.Update, v.Signed.Envelope.Time, now)
	if err == nil {
		err = l.apply(v, now)
	}
	return refused(&v.Update, v.Rank, err)
}

// Expects returns the refusal that Apply would answer s with, should s turn
// out to be what it claims; nil is no promise. It costs no signature check.
func (l *Ledger) Expects(s Signed, now time.Time) error {
	u, err := DecodeBody(s.Raw)
	if err != nil {
		return err
	}
	v := Verified{ID: s.ID(), Update: *u, Signed: s, Rank: s.claimedRank(u)}
	if err = checkNow(u, s.Envelope.Time, now); err == nil {
		if e := l.lines[u.Vendor.DID]; e != nil {
			_, err = e.compare(&v)
		} else if l.full(now) && !l.lighter(l.weigh(u.Vendor.DID)) {
			err = Full
		}
	}
	return refused(u, v.Rank, err)
}

func refused(u *Update, r Rank, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("terms of %.80s, number %d under key %d: %w", u.Vendor.DID, r.Seq, r.Key, err)
}

func (l *Ledger) apply(v Verified, now time.Time) error {
	e := l.lines[v.Update.Vendor.DID]
	if e == nil {
		return l.begin(v, now)
	}
	place, err := e.compare(&v)
	if err == nil && place == stands && !e.follows(v.versions) {
		err = Branch
	}
	if err != nil && err != Fork {
		return err
	}
	switch other := e.Verified; {
	case place == beside:
		e.Fork = &v
	case err == Fork:
		e.Entry = Entry{v, &other}
	default:
		e.Entry = Entry{Verified: v}
	}
	e.reported = false
	return err
}

// place is what becomes of an update that is taken in.
type place int

const (
	stands place = iota
	beside       // kept as the other half of a fork
)

// compare says where v belongs, by what it claims. The error is a Refusal or
// nil; with Fork the update is taken in all the same.
func (e *line) compare(v *Verified) (place, error) {
	if n := v.Rank.Key; n == 0 || n <= uint64(len(e.versions)) && e.versions[n-1] != v.Signed.Envelope.KeyVersion {
		return stands, Branch
	}
	switch c := v.Rank.Compare(e.Rank); {
	case c < 0:
		return stands, Superseded
	case c > 0:
		return stands, nil
	case v.ID == e.ID || e.Fork != nil && v.ID == e.Fork.ID:
		return stands, Duplicate
	case before(v, &e.Verified):
		return stands, Fork
	case e.Fork == nil || before(v, e.Fork):
		return beside, Fork
	}
	return stands, Superseded // a third of its rank proves nothing more
}

func before(a, b *Verified) bool { return bytes.Compare(a.ID.Bytes(), b.ID.Bytes()) < 0 }

// follows reports whether a log that is at least as long goes on from ours.
func (e *line) follows(versions []string) bool {
	n := len(e.versions)
	return len(versions) >= n && versions[n-1] == e.versions[n-1]
}

func (l *Ledger) begin(v Verified, now time.Time) error {
	e := &line{Entry: Entry{Verified: v}, weight: l.weigh(v.Update.Vendor.DID)}
	if l.full(now) {
		if !l.lighter(e.weight) {
			return Full
		}
		l.remove(l.lots[len(l.lots)-1])
	}
	l.lines[v.Update.Vendor.DID] = e
	at, _ := slices.BinarySearchFunc(l.lots, e.weight, byWeight)
	l.lots = slices.Insert(l.lots, at, e)
	return nil
}

// full reports whether there is no room, after making some of what is over.
func (l *Ledger) full(now time.Time) bool {
	if len(l.lines) >= l.limit {
		l.sweep(now)
	}
	return len(l.lines) >= l.limit
}

func (l *Ledger) weigh(did identity.DID) [sha256.Size]byte {
	salted := binary.AppendUvarint(nil, uint64(len(l.salt)))
	return sha256.Sum256(append(append(salted, l.salt...), did...))
}

// lighter reports whether a vendor of this weight has a place in a full ledger.
func (l *Ledger) lighter(weight [sha256.Size]byte) bool {
	return byWeight(l.lots[len(l.lots)-1], weight) > 0
}

func byWeight(e *line, weight [sha256.Size]byte) int { return bytes.Compare(e.weight[:], weight[:]) }

// Lookup returns what stands of the vendor, alive or not.
func (l *Ledger) Lookup(vendor identity.DID) (Entry, bool) {
	if e := l.lines[vendor]; e != nil {
		return e.Entry, true
	}
	return Entry{}, false
}

// All returns what stands of every vendor known, alive or not, by identifier.
func (l *Ledger) All() []Entry {
	all := make([]Entry, 0, len(l.lines))
	for _, e := range l.lines {
		all = append(all, e.Entry)
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.Update.Vendor.DID, b.Update.Vendor.DID) })
	return all
}

// Len returns the number of vendors known, those among them whose update is
// over but could still be followed by an older one.
func (l *Ledger) Len() int { return len(l.lines) }

// Expire lets go of what can no longer matter at now and returns, once each,
// the vendors whose update ran out without another.
func (l *Ledger) Expire(now time.Time) []identity.DID {
	l.sweep(now)
	dids := l.expired
	l.expired = nil
	return dids
}

func (l *Ledger) sweep(now time.Time) {
	for did, e := range l.lines {
		if !e.reported && !e.Alive(now) {
			e.reported = true
			if len(l.expired) < l.limit { // nobody may be calling Expire
				l.expired = append(l.expired, did)
			}
		}
		if !e.Update.Time.Std().Add(MaxLife).After(now) {
			l.remove(e)
		}
	}
}

func (l *Ledger) remove(e *line) {
	delete(l.lines, e.Update.Vendor.DID)
	if at, ok := slices.BinarySearchFunc(l.lots, e.weight, byWeight); ok {
		l.lots = slices.Delete(l.lots, at, at+1)
	}
}
