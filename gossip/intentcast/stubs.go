package intentcast

import (
	"crypto/sha256"
	"time"

	"github.com/parley-network/parley/identity"
)

// stubsPerLine is how many stubs a ledger keeps for each line it may hold.
// Whoever wants one forgotten has to have so many times all lines turned out.
const stubsPerLine = 4

// stub is what remains of a line turned out: enough not to take a version of
// it that is known for news, nor one of somebody else for its own. 64 bytes
// with its key.
type stub struct {
	author, shard uint64 // hashes
	version       uint64 // of the version that counts
	seq           uint32
	open, proven  bool
	until         identity.Time
	turn          uint32 // its place in the order
}

// stubKey is the beginning of the digest of a line's root.
type stubKey [16]byte

// stubs are those of a ledger, one of a root. The oldest makes room.
type stubs struct {
	limit int
	of    map[stubKey]stub
	order []stubKey // a ring, once it is full; a key counts where its stub's turn is its place
	next  int
}

func newStubs(limit int) stubs { return stubs{limit: limit, of: make(map[stubKey]stub)} }

func stubKeyOf(key lineKey) stubKey { return stubKey(key.root.Bytes()[4:]) }

// short is 64 bits of a hash: nobody finds a second text for one in the week
// that a stub may live.
func short(text string) uint64 {
	d := sha256.Sum256([]byte(text))
	var n uint64
	for _, b := range d[:8] {
		n = n<<8 | uint64(b)
	}
	return n
}

func (s stub) of(key lineKey) bool {
	return s.author == short(string(key.author)) && s.shard == short(key.shard)
}

// put keeps the stub of a line. One of a line whose first intent was not seen
// takes no other's place.
func (ss *stubs) put(e *line) {
	key := lineKey{e.Root, e.Author, e.Shard}
	k := stubKeyOf(key)
	if _, there := ss.of[k]; there && !e.proven {
		return
	}
	ss.enter(k, stub{
		author: short(string(e.Author)), shard: short(e.Shard), version: short(string(e.ID.Bytes())),
		seq: uint32(e.Seq), open: e.Status == StatusOpen, proven: e.proven, until: e.Until,
	})
}

func (ss *stubs) enter(k stubKey, s stub) {
	if len(ss.order) < ss.limit {
		s.turn = uint32(len(ss.order))
		ss.order = append(ss.order, k)
	} else {
		if old := ss.order[ss.next]; ss.of[old].turn == uint32(ss.next) {
			delete(ss.of, old)
		}
		s.turn = uint32(ss.next)
		ss.order[ss.next] = k
		ss.next = (ss.next + 1) % ss.limit
	}
	ss.of[k] = s
}

// about says what the stub of its line makes of a cast: whether it is a version
// known before, whether it may go by without a place since it ends the line,
// or why it is refused. All is well where there is no stub.
func (ss *stubs) about(key lineKey, c *Cast) (again, aside bool, err error) {
	s, ok := ss.of[stubKeyOf(key)]
	if !ok || !s.of(key) {
		return false, false, nil
	}
	if s.version == short(string(c.ID.Bytes())) {
		return true, false, nil
	}
	err = order(s.open, uint64(s.seq), c)
	return false, err == nil && c.Intent.Status != StatusOpen, err
}

// contradicts returns how a successor's key differs from what is certain of
// its root.
func (ss *stubs) contradicts(key lineKey) error {
	s, ok := ss.of[stubKeyOf(key)]
	switch {
	case !ok || !s.proven:
	case s.author != short(string(key.author)):
		return Forged
	case s.shard != short(key.shard):
		return Moved
	}
	return nil
}

// settle puts out a claim that differs from the line whose first intent is
// seen, and proves one that does not.
func (ss *stubs) settle(key lineKey) {
	k := stubKeyOf(key)
	s, ok := ss.of[k]
	if !ok {
		return
	}
	if !s.of(key) {
		delete(ss.of, k)
		return
	}
	s.proven = true
	ss.of[k] = s
}

// end notes that a line ended after it was turned out.
func (ss *stubs) end(key lineKey, c *Cast) {
	k := stubKeyOf(key)
	s := ss.of[k]
	s.version, s.seq, s.open = short(string(c.ID.Bytes())), uint32(c.Intent.Seq), false
	if s.until.Before(c.Intent.Expires) {
		s.until = c.Intent.Expires
	}
	ss.of[k] = s
}

// take hands out the stub of a line that comes back.
func (ss *stubs) take(key lineKey) (stub, bool) {
	k := stubKeyOf(key)
	s, ok := ss.of[k]
	if ok = ok && s.of(key); ok {
		delete(ss.of, k)
	}
	return s, ok
}

// sweep lets go of those of lines that are over.
func (ss *stubs) sweep(now time.Time) {
	for k, s := range ss.of {
		if !s.until.Std().After(now) {
			delete(ss.of, k)
		}
	}
	if len(ss.of) == 0 {
		ss.order, ss.next = nil, 0
	}
}
