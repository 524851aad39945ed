package gossip

import (
	"container/list"
	"crypto/sha256"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// maxClaims is how many messages are known of that somebody says to have, or
	// was asked for, or that came lately.
	maxClaims = 4096
	// claimLife is how long that is kept for a cast to come.
	claimLife = 10 * time.Second
)

// claims is what is known of messages by what neighbours say of them. Anybody
// can name as many as he likes that there are not: so what no cast has come of
// counts against who named it first, and when there are too many, those of the
// one with most make way. A peer that names its fair share and no more is always
// heard. What came is kept until it is old.
type claims struct {
	byID   map[string]*claim
	age    *list.List             // of *claim, the oldest first
	naming map[peer.ID]*list.List // of *claim, by who named it first, without those that came
	named  int                    // in all of naming
}

// claim is what is known of one message: who says it has it, and once it was
// delivered its topic.
type claim struct {
	by    []peer.ID
	since []time.Time // when each said so
	asked []peer.ID   // who was asked for it
	topic string

	id     string
	until  time.Time
	first  peer.ID       // who named it, until it came
	aged   *list.Element // in age
	naming *list.Element // in naming[first]; nil: it came
}

func newClaims() claims {
	return claims{byID: make(map[string]*claim), age: list.New(), naming: make(map[peer.ID]*list.List)}
}

// of returns what is kept of a message that p names at now, new if need be; nil
// if p names more than its share.
func (c *claims) of(p peer.ID, id string, now time.Time) *claim {
	k := c.get(id, now)
	if k != nil || len(id) > sha256.Size || len(c.byID) >= maxClaims && !c.yield(p) {
		return k
	}
	k = c.add(id, now)
	k.first = p
	if c.naming[p] == nil {
		c.naming[p] = list.New()
	}
	k.naming = c.naming[p].PushBack(k)
	c.named++
	return k
}

// delivered returns what is kept of a message that has come; nil if there are
// as many of those as are kept at all.
func (c *claims) delivered(id string, now time.Time) *claim {
	k := c.get(id, now)
	switch {
	case k != nil:
		c.came(k)
	case len(id) <= sha256.Size && (len(c.byID) < maxClaims || c.yield("")):
		k = c.add(id, now)
	}
	return k
}

// get drops what is old and returns what is kept of a message.
func (c *claims) get(id string, now time.Time) *claim {
	for e := c.age.Front(); e != nil && !e.Value.(*claim).until.After(now); e = c.age.Front() {
		c.drop(e.Value.(*claim))
	}
	return c.byID[id]
}

func (c *claims) add(id string, now time.Time) *claim {
	k := &claim{id: id, until: now.Add(claimLife)}
	k.aged = c.age.PushBack(k)
	c.byID[id] = k
	return k
}

// came has a claim count against nobody.
func (c *claims) came(k *claim) {
	if k.naming == nil {
		return
	}
	of := c.naming[k.first]
	of.Remove(k.naming)
	if of.Len() == 0 {
		delete(c.naming, k.first)
	}
	k.naming = nil
	c.named--
}

func (c *claims) drop(k *claim) {
	c.came(k)
	c.age.Remove(k.aged)
	delete(c.byID, k.id)
}

// yield has a claim of the peer with most make way for one of p's; false if p
// has its share. A cast that came has a right before any that did not.
func (c *claims) yield(p peer.ID) bool {
	peers, own := len(c.naming), 0
	if of := c.naming[p]; of != nil {
		own = of.Len()
	} else {
		peers++
	}
	if p != "" && own >= c.named/peers {
		return false
	}
	var most *list.List
	for _, of := range c.naming {
		if most == nil || of.Len() > most.Len() {
			most = of
		}
	}
	if most == nil {
		return false
	}
	c.drop(most.Front().Value.(*claim))
	return true
}
