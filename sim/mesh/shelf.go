package mesh

import (
	"container/heap"
	"time"

	"github.com/parley-network/parley/gossip/admission"
)

// shelf is one topic's share of a node's ledger of intents, as package
// intentcast keeps it: when it is full, what did least work for each day of its
// life is turned out, and of equals what was made first. Spam is counted by
// the second it was made in, people's intents one by one. Times are seconds.
type shelf struct {
	limit, kept int
	spamLife    int
	spam        [worths][]batch // by worth, rising in when they were made
	people      [worths]byMade
	alive       []*cast // rising in when they were made
}

// worths are the bits of work for each day of life that tell lines apart, from
// -MaxLifeBits to MaxBits.
const worths = admission.MaxBits + admission.MaxLifeBits + 1

func worthAt(i int) int { return i - admission.MaxLifeBits }

// worthOf is the place of a stamp of so many bits on a life.
func worthOf(bits int, life time.Duration) int {
	return min(bits-admission.LifeBits(life), admission.MaxBits) + admission.MaxLifeBits
}

// batch is spam made in one second with the same work.
type batch struct{ made, count int }

// cast is a person's intent.
type cast struct {
	made, ends int
	worth      int // index; what its stamp comes to
	at         int // in its heap; -1: not on the shelf
	since      int // on the shelf from then on
	kept       int // seconds that it was, before
	sent       int // times it was cast
	next       int // when it is cast again
}

// byMade is a heap of people's intents of one worth.
type byMade []*cast

func (h byMade) Len() int           { return len(h) }
func (h byMade) Less(i, j int) bool { return h[i].made < h[j].made }
func (h byMade) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push is for container/heap.
func (h *byMade) Push(x any) {
	c := x.(*cast)
	c.at = len(*h)
	*h = append(*h, c)
}

// Pop is for container/heap.
func (h *byMade) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	*h = (*h)[:last]
	c.at = -1
	return c
}

// lowest is the worth and the age of what would be turned out first.
func (s *shelf) lowest() (worth, made int, spam bool) {
	for w := range worths {
		hasSpam, hasPeople := len(s.spam[w]) > 0, len(s.people[w]) > 0
		switch {
		case hasPeople && (!hasSpam || s.people[w][0].made <= s.spam[w][0].made):
			return w, s.people[w][0].made, false
		case hasSpam:
			return w, s.spam[w][0].made, true
		}
	}
	return worths, 0, false
}

// needs is the least worth that gets something made in a second a place.
func (s *shelf) needs(made int) int {
	if s.kept < s.limit {
		return 0
	}
	worth, oldest, _ := s.lowest()
	if oldest > made {
		worth++
	}
	return worth
}

// flood puts up to n of an attacker's on the shelf and returns how many got
// there, and how many were turned out for them.
func (s *shelf) flood(n, worth, now int) (in, out int) {
	for in < n {
		some := min(n-in, s.limit-s.kept)
		if some <= 0 {
			w, made, spam := s.lowest()
			if w > worth || w == worth && made >= now {
				break
			}
			some = 1
			if spam {
				some = s.drop(w, n-in)
			} else {
				s.take(s.people[w][0], now)
			}
			out += some
		}
		s.add(worth, now, some)
		in += some
	}
	return in, out
}

func (s *shelf) add(worth, now, n int) {
	s.kept += n
	row := s.spam[worth]
	if last := len(row) - 1; last >= 0 && row[last].made == now {
		row[last].count += n
		return
	}
	s.spam[worth] = append(row, batch{now, n})
}

// drop takes up to n of the oldest spam of a worth.
func (s *shelf) drop(worth, n int) int {
	row := s.spam[worth]
	n = min(n, row[0].count)
	if row[0].count -= n; row[0].count == 0 {
		s.spam[worth] = row[1:]
	}
	s.kept -= n
	return n
}

// put gives a person's intent its place, if there is one for it, and says
// whether another had to go.
func (s *shelf) put(c *cast, now int) (ok, out bool) {
	if s.kept >= s.limit {
		w, made, spam := s.lowest()
		if w > c.worth || w == c.worth && made > c.made {
			return false, false
		}
		if out = true; spam {
			s.drop(w, 1)
		} else {
			s.take(s.people[w][0], now)
		}
	}
	s.kept++
	c.since = now
	heap.Push(&s.people[c.worth], c)
	return true, out
}

// take takes a person's intent from the shelf.
func (s *shelf) take(c *cast, now int) {
	heap.Remove(&s.people[c.worth], c.at)
	s.kept--
	c.kept += now - c.since
}

// expire takes out what is over, and returns people's intents that are.
func (s *shelf) expire(now int) (over []*cast) {
	for w := range worths {
		for len(s.spam[w]) > 0 && s.spam[w][0].made+s.spamLife <= now {
			s.drop(w, s.spam[w][0].count)
		}
	}
	for len(s.alive) > 0 && s.alive[0].ends <= now {
		c := s.alive[0]
		s.alive = s.alive[1:]
		if c.at >= 0 {
			s.take(c, now)
		}
		over = append(over, c)
	}
	return over
}
