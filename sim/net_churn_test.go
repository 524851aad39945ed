package sim

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/sim/figure"
)

const (
	// churnNodes are there at any time (PARLEY_NET_CHURN), of which churnShare
	// leave and as many others join every minute, for churnTime.
	churnNodes = 1000
	churnShare = 0.3
	churnTime  = 4 * time.Minute
	// castEvery is the traffic; each intent lives to the end of the run.
	castEvery = 5 * time.Second
	// catchTime is what a node has at least, after it joined or an intent was
	// cast, to have got it: one that leaves sooner is not counted.
	catchTime = 10 * time.Second
)

// stay is how long one member was there.
type stay struct {
	*member
	from, until time.Duration // until 0: to the end
	stop        func()
}

// tide is a crowd that comes and goes.
type tide struct {
	*crowd
	stays []*stay
	there []*stay // those who are there now
	casts []published
}

type published struct {
	*intentcast.Cast
	at time.Duration
	by int // the member that cast it
}

// churn plays a network of n whose members come and go and returns it with
// all that was cast.
func churn(w *World, n int, length time.Duration) *tide {
	w.T.Helper()
	t := &tide{crowd: &crowd{w: w, heard: make(map[string][]hearing)}}
	t.shard = t.sign(0).Intent.Shard()
	for range n {
		t.join()
	}
	hosts := make([]host.Host, n)
	for i, s := range t.there {
		hosts[i] = s.host
	}
	w.Wire(hosts, Random(w.Rand, n, dials))
	time.Sleep(10 * time.Second)
	change := time.Duration(float64(time.Minute) / (churnShare * float64(n)))
	begin, nextCast := w.Elapsed(), w.Elapsed()
	for w.Elapsed() < begin+length {
		time.Sleep(change)
		t.leave(w.Rand.IntN(len(t.there)))
		t.meetSome(t.join())
		if w.Elapsed() < nextCast {
			continue
		}
		nextCast += castEvery
		from := t.there[w.Rand.IntN(len(t.there))]
		if w.Elapsed()-from.from < catchTime {
			continue // it may have no mesh yet, and would say so
		}
		cast, at := t.cast(from.index)
		t.casts = append(t.casts, published{cast, at, from.index})
	}
	time.Sleep(catchTime)
	return t
}

// join adds a member that follows the topic from the start.
func (t *tide) join() *stay {
	t.w.T.Helper()
	m := t.admit()
	s := &stay{member: m, from: t.w.Elapsed()}
	s.stop = t.w.Start("member "+strconv.Itoa(m.index), m.Run)
	if err := m.Join(t.w.T.Context(), t.shard); err != nil {
		t.w.T.Fatal(err)
	}
	t.stays, t.there = append(t.stays, s), append(t.there, s)
	return s
}

// meetSome connects a newcomer with members drawn at random.
func (t *tide) meetSome(s *stay) {
	for range dials {
		if other := t.there[t.w.Rand.IntN(len(t.there))]; other != s {
			t.w.Connect(s.host, other.host)
		}
	}
}

// leave takes a member away, service and host, without a word to anybody but
// what they say themselves.
func (t *tide) leave(i int) {
	t.w.T.Helper()
	s := t.there[i]
	t.there = append(t.there[:i], t.there[i+1:]...)
	s.until = t.w.Elapsed()
	s.stop()
	if err := s.host.Close(); err != nil {
		t.w.T.Fatal(err)
	}
}

// owed is how many deliveries there ought to be of those that t's members were
// there for, and how many there were. Late members joined after the cast.
func (t *tide) owed() (owed, got, lateOwed, lateGot int) {
	for _, c := range t.casts {
		heard := make(map[int]bool)
		for _, h := range t.heard[c.ID.String()] {
			heard[h.who] = true
		}
		for _, s := range t.stays {
			since := max(c.at, s.from)
			gone := s.until
			if gone == 0 {
				gone = t.w.Elapsed()
			}
			// The author is told nothing by others; it has it.
			if gone-since < catchTime || s.index == c.by {
				continue
			}
			if s.from <= c.at {
				owed++
			} else {
				lateOwed++
			}
			if heard[s.index] && s.from <= c.at {
				got++
			} else if heard[s.index] {
				lateGot++
			}
		}
	}
	return owed, got, lateOwed, lateGot
}

// Whoever is there when an intent is cast gets it, however many come and go.
func TestNetChurn(t *testing.T) {
	Run(t, 1, func(w *World) {
		tide := churn(w, 16, time.Minute)
		if owed, got, _, _ := tide.owed(); got != owed || owed == 0 {
			w.T.Errorf("%d of %d deliveries", got, owed)
		}
	})
}

// BenchmarkFigureNetChurn counts who got the intents that were alive while it
// was there, also those cast before it came.
func BenchmarkFigureNetChurn(b *testing.B) {
	n := churnNodes
	if v, err := strconv.Atoi(os.Getenv("PARLEY_NET_CHURN")); err == nil {
		n = v
	}
	inWorld(b, 1, func(w *World) {
		t := churn(w, n, churnTime)
		owed, got, lateOwed, lateGot := t.owed()
		out := os.Stdout
		figure.Info(out, "net-churn-conditions", fmt.Sprintf("%d nodes, %.0f%% leaving and as many joining every minute for %s, %d casts that outlive the run; counted: who was there for %s of an intent's life",
			n, 100*churnShare, churnTime, len(t.casts), catchTime))
		figure.Info(out, "net-churn-delivered-share-there-when-cast", fmt.Sprintf("%.5f (%d of %d)", share(got, owed), got, owed))
		figure.Info(out, "net-churn-delivered-share-joined-later", fmt.Sprintf("%.5f (%d of %d)", share(lateGot, lateOwed), lateGot, lateOwed))
		figure.AtLeast(out, "net-churn-delivered-share", share(got+lateGot, owed+lateOwed), 1)
	})
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}
