package courier

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/seal"
)

// A talk is a session between a route's owner and the node that his letters go
// to. The first letter between them, and the one that came in its answer, leave
// both with a secret (seal.Talk); what follows is sealed with that: the hybrid key
// exchanges of a letter and its answer, four of them, are most of what the two
// take from both ends. It takes the key of the route to have the secret, so that
// nobody hears what is said to a route by naming it.
//
// A talk is in memory alone, of both. Its requests are numbered and go one after
// another; after one that failed, whoever failed, it is given up, and the letter
// goes sealed as the first did: the id has it take effect once. Who carries it
// sees that the two have talked before, and not in which of their talks.
type talk struct {
	session *seal.Session
	next    uint64           // number of the next request
	since   time.Time        //
	route   intentcast.Route // where the other end's letters come from; at the answerer
}

const (
	mostTalks = 16384
	// A talk ends in time, so that who takes the memory of a node learns little of
	// what was said before.
	talkLife = lineLife
	talkMost = lineMost
)

func (t *talk) over(now time.Time) bool { return now.Sub(t.since) > talkLife || t.next+2 >= talkMost }

// talks are those of this node that nobody uses at the moment.
type talks struct {
	mu     sync.Mutex
	begun  map[talkKey]*talk            // by this node
	joined map[[seal.TagSize]byte]*talk // by others, by the tag of the next request
}

// talkKey is the SHA-256 of the keys of both ends.
type talkKey struct{ to, from [sha256.Size]byte }

func newTalks() talks {
	return talks{begun: make(map[talkKey]*talk), joined: make(map[[seal.TagSize]byte]*talk)}
}

// keyOfTalk is nil where a letter can't go by a talk.
func keyOfTalk(l outLetter) *talkKey {
	if len(l.To) != sha256.Size || len(l.From) != sha256.Size || len(l.Slot) > 0 {
		return nil
	}
	return &talkKey{[sha256.Size]byte(l.To), [sha256.Size]byte(l.From)}
}

// may reports whether a letter could go by a talk now.
func (t *talks) may(out Outgoing) bool {
	if out.From == nil || len(out.To.Slot) > 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.begun) == 0 {
		return false
	}
	tk := t.begun[talkKey{sha256.Sum256(out.To.Key), sha256.Sum256(out.From.Key)}]
	return tk != nil && !tk.over(time.Now())
}

// take returns a talk of this node's, which nobody else has until it is put back.
func (t *talks) take(k *talkKey, now time.Time) *talk {
	if k == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tk := t.begun[*k]
	delete(t.begun, *k)
	if tk == nil || tk.over(now) {
		return nil
	}
	return tk
}

// put keeps a talk of this node's.
func (t *talks) put(k *talkKey, tk *talk) {
	if k == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	makeRoom(t.begun)
	t.begun[*k] = tk
}

// join keeps a talk that another has begun, and waits for its next request.
func (t *talks) join(tk *talk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	makeRoom(t.joined)
	t.joined[[seal.TagSize]byte(tk.session.Tag(tk.next))] = tk
}

// answer returns the talk whose next request has the tag, and that request's
// number, which is used up by it. The talk is the caller's until it joins again.
func (t *talks) answer(tag []byte, now time.Time) (*talk, uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [seal.TagSize]byte(tag)
	tk := t.joined[key]
	delete(t.joined, key)
	if tk == nil || now.Sub(tk.since) > talkLife {
		return nil, 0
	}
	tk.next++
	return tk, tk.next - 1
}

// makeRoom drops any of too many: whoever had it begins another.
func makeRoom[K comparable](m map[K]*talk) {
	for k := range m {
		if len(m) < mostTalks {
			return
		}
		delete(m, k)
	}
}

// sweep ends the talks that are old.
func (t *talks) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, tk := range t.begun {
		if tk.over(now) {
			delete(t.begun, k)
		}
	}
	for k, tk := range t.joined {
		if now.Sub(tk.since) > talkLife {
			delete(t.joined, k)
		}
	}
}
