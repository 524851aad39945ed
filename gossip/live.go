package gossip

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/reconcile"
	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// liveBytes bounds the wire forms of live casts kept to tell others. What
	// comes beyond is known by its id alone, and not told.
	liveBytes = 64 << 20
	// maxPast is how many ids of versions that no longer count are remembered,
	// so that a peer that is behind is not asked for them.
	maxPast = 16 << 10
	// keyLife is how long one key makes the short ids of what is told.
	keyLife = 30 * time.Minute
	// sketchSize is how many symbols of each set are kept made: enough for some
	// 150 differences. More are made when they are asked for.
	sketchSize = 256

	// A record is told to nobody for between holdLeast and twice more, by lot,
	// after it came in, whoever made it. See hold.
	holdLeast = time.Second
)

// digest is the hash in a CID.
type digest = [32]byte

func digestOf(id dagcbor.CID) digest { return digest(id.Bytes()[4:]) }

// record is one that this node can tell others.
type record struct {
	id    digest
	kind  byte
	wire  func() ([]byte, error)
	size  int       // of wire; 0: not to be had
	until time.Time // over then
	from  time.Time // told from then on

	line  line // of a cast
	shard string
	short uint64 // under the shelf's key, when shown
	at    int    // place in the shelf's shown
}

// live is what this node knows and others may lack: of each live line of
// intents the version that counts, withdrawals among them until they expire,
// and all vendors' term updates that stand.
type live struct {
	mu      sync.Mutex
	key     reconcile.Key
	drawn   time.Time // when key was
	shelves map[string]*shelf
	terms   shelf
	lines   map[line]*record
	roots   map[dagcbor.CID][]line
	bytes   int
	past    map[digest]time.Time
}

func (l *live) init() {
	l.shelves = make(map[string]*shelf)
	l.lines = make(map[line]*record)
	l.roots = make(map[dagcbor.CID][]line)
	l.past = make(map[digest]time.Time)
}

// keep takes in the version of a line that counts from now on, which the
// ledger has accepted. wire is its wire form; keep holds on to it.
func (l *live) keep(c *intentcast.Cast, wire []byte, now time.Time) {
	l.put(c, wire, now, now.Add(hold()))
}

// restore is keep for what was known before this node started.
func (l *live) restore(c *intentcast.Cast, wire []byte, now time.Time) { l.put(c, wire, now, now) }

// hold is how long a record that came in is told to nobody. An asker who gets
// an intent by gossip and asks a peer for it in the same moment would learn
// whether that peer had it earlier than it could have by relaying: who has it
// first made it. All records of all makers wait a time drawn alike, longer
// than it takes to reach everybody by gossip, so that when one appears here
// says nothing of whose it is. What else an asker could learn right after a
// publish is kept from it as well:
//
//   - A node that begins to follow a topic because it casts on it has nothing
//     there but its own intent. It answers about a topic only after it has
//     asked others about it itself (topics.tellable), so that it has what they
//     have.
//   - An intent of this node's own counts only once it was handed to GossipSub
//     (Cast). It is not told while it waits for a first peer.
//
// What was stored before a restart, its own and others', is told alike and
// after the peers were asked: there is nothing to tell the ones from the others.
// The first to be told by gossip still is a neighbour of who made it, as ever.
func hold() time.Duration { return holdLeast + rand.N(2*holdLeast) }

func (l *live) put(c *intentcast.Cast, wire []byte, now, from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := c.Intent.Expires.Std()
	if !until.After(now) {
		return
	}
	key := lineOf(c)
	r := &record{id: digestOf(c.ID), kind: reconcile.KindCast, until: until, from: from, line: key, shard: c.Intent.Shard()}
	old := l.lines[key]
	if old != nil && old.id == r.id {
		if old.size > 0 { // the same with other things beside its body
			l.bytes += len(wire) - old.size
			old.size, old.wire = len(wire), func() ([]byte, error) { return wire, nil }
		}
		return
	}
	if c.Intent.Seq == 0 { // it settles whose the line is, as in the ledger
		for _, other := range slices.Clone(l.roots[key.root]) {
			if other != key {
				l.drop(l.lines[other])
			}
		}
	}
	if old != nil {
		l.drop(old)
	}
	if len(l.lines) >= intentcast.MaxIntents {
		l.note(r.id, until, now)
		return
	}
	if l.bytes+len(wire) <= liveBytes {
		r.size, r.wire = len(wire), func() ([]byte, error) { return wire, nil }
		l.bytes += len(wire)
	}
	l.lines[key] = r
	l.roots[key.root] = append(l.roots[key.root], key)
	s := l.shelves[r.shard]
	if s == nil {
		s = &shelf{id: reconcile.ShardID(r.shard)}
		l.shelves[r.shard] = s
	}
	s.add(r)
}

// turnOut lets go of a line that the ledger has turned out, and of its id for a
// while, so that peers who still have it are not asked for it.
func (l *live) turnOut(key line, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.lines[key]
	if r == nil {
		return
	}
	if until := now.Add(passFull); until.Before(r.until) {
		r.until = until
	}
	l.drop(r)
	l.note(r.id, r.until, now)
}

// drop lets go of a record of a line; its id is remembered until it is over.
func (l *live) drop(r *record) {
	delete(l.lines, r.line)
	l.bytes -= r.size
	if rest := slices.DeleteFunc(l.roots[r.line.root], func(k line) bool { return k == r.line }); len(rest) > 0 {
		l.roots[r.line.root] = rest
	} else {
		delete(l.roots, r.line.root)
	}
	if s := l.shelves[r.shard]; s.remove(r) == 0 {
		delete(l.shelves, r.shard)
	}
	if len(l.past) < maxPast {
		l.past[r.id] = r.until
	}
}

// pass notes the id of a record that this node has seen and does not want,
// until it is over.
func (l *live) pass(id digest, until, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(id, until, now)
}

func (l *live) note(id digest, until, now time.Time) {
	if len(l.past) >= maxPast {
		l.sweepPast(now)
	}
	if len(l.past) < maxPast {
		l.past[id] = until
	}
}

func (l *live) sweepPast(now time.Time) {
	for id, until := range l.past {
		if !until.After(now) {
			delete(l.past, id)
		}
	}
}

// tidy lets go of what is over at now.
func (l *live) tidy(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.lines {
		if !r.until.After(now) {
			l.drop(r)
		}
	}
	l.sweepPast(now)
}

// shorts are the short ids under k of all that this node need not be told of
// the shards: what is known, whether it is told to others or not, and what has
// been.
func (l *live) shorts(k reconcile.Key, shards []string) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	shorts := make([]uint64, 0, len(l.past))
	for id := range l.past {
		shorts = append(shorts, k.Short(id[:]))
	}
	for _, shard := range shards {
		s := l.shelves[shard]
		if s == nil {
			continue
		}
		for _, r := range s.shown {
			shorts = append(shorts, k.Short(r.id[:]))
		}
		for _, r := range s.hidden {
			shorts = append(shorts, k.Short(r.id[:]))
		}
	}
	return shorts
}
