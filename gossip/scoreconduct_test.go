package gossip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

const busy = "/parley/intent/1/busy"

// meshOf is a conduct with the peers named in the mesh of a busy topic.
func meshOf(peers ...peer.ID) *conduct {
	c := new(conduct)
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "some"})
	c.init("self", func(p peer.ID) bool { return strings.HasPrefix(string(p), "dialled") }, counter, counter)
	for _, p := range peers {
		c.Graft(p, busy)
	}
	return c
}

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// play has a cast come every second; what each neighbour does about it is the test.
func play(c *conduct, casts int, each func(id string, now time.Time)) time.Time {
	now := noon
	for i := range casts {
		now = now.Add(time.Second)
		each(fmt.Sprintf("cast %d", i), now)
	}
	return now
}

func TestSilentNeighboursMakeWay(t *testing.T) {
	c := meshOf("brings", "says", "mute", "dumb")
	now := play(c, silentAfter, func(id string, now time.Time) {
		c.says("says", []string{id}, now)
		c.delivered("brings", busy, id, now.Add(time.Millisecond))
	})
	followers := []peer.ID{"brings", "says", "mute", "dumb", "one", "another"}
	select {
	case topic := <-c.doubts:
		c.review(topic, followers, now)
	default:
		t.Fatal("half the mesh is silent and nobody doubts it")
	}
	for p, want := range map[peer.ID]float64{
		"brings": scoreProven, "says": 0, "mute": scoreSilent, "dumb": scoreSilent, "one": 0,
	} {
		if got := c.score(p, now); got != want {
			t.Errorf("%s scores %v, want %v", p, got, want)
		}
	}
	if got := c.score("mute", now.Add(silentFor)); got != 0 {
		t.Errorf("after %s, it still scores %v", silentFor, got)
	}
}

// What is silent stays where there is no use in sending it away.
func TestSilentNeighboursStay(t *testing.T) {
	for name, try := range map[string]struct {
		mesh, followers []peer.ID
	}{
		"a small mesh":         {[]peer.ID{"brings", "mute", "dumb"}, []peer.ID{"one", "another"}},
		"one of four":          {[]peer.ID{"brings", "too", "three", "mute"}, []peer.ID{"one", "another"}},
		"nobody to take over":  {[]peer.ID{"brings", "mute", "dumb", "still"}, []peer.ID{"brings", "mute", "dumb", "still"}},
		"nobody on that topic": {[]peer.ID{"brings", "mute", "dumb", "still"}, nil},
	} {
		c := meshOf(try.mesh...)
		now := play(c, 2*silentAfter, func(id string, now time.Time) {
			c.delivered("brings", busy, id, now)
			for _, p := range []peer.ID{"too", "three"} {
				c.says(p, []string{id}, now)
			}
		})
		c.review(busy, try.followers, now)
		for _, p := range try.mesh {
			if got := c.score(p, now); got < 0 {
				t.Errorf("%s: %s scores %v", name, p, got)
			}
		}
	}
}

// Saying that one has a cast and not handing it over is no sign, and no help
// when the cast had to be asked for elsewhere.
func TestEmptyClaims(t *testing.T) {
	c := meshOf("a", "b", "c", "d")
	now := play(c, failedAfter, func(id string, now time.Time) {
		for _, p := range []peer.ID{"a", "b", "c", "d"} {
			c.says(p, []string{id}, now)
		}
		c.asks("outside", []string{id}, now.Add(handedOver))
		c.delivered("outside", busy, id, now.Add(2*handedOver))
		for _, p := range []peer.ID{"a", "b", "c", "d"} {
			c.says(p, []string{id}, now.Add(3*handedOver)) // an echo
		}
	})
	c.review(busy, []peer.ID{"outside", "x", "y", "z"}, now)
	resting := 0
	for _, p := range []peer.ID{"a", "b", "c", "d"} {
		if c.score(p, now) == scoreSilent {
			resting++
		}
	}
	if resting != atOnce {
		t.Errorf("%d of four lost their place, want %d", resting, atOnce)
	}
}

// Whatever peers do, what is kept of them is bounded, and the node that is
// told nothing punishes nobody.
func TestConductIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := meshOf("a", "b", "c", "d")
		now := noon
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			p := peer.ID(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "peer"))
			id := rapid.StringN(0, 40, 40).Draw(t, "id")
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				c.says(p, []string{id, id + "x"}, now)
			case 1:
				c.delivered(p, busy, id, now)
			case 2:
				c.Graft(p, busy)
			case 3:
				c.Prune(p, busy)
			case 4:
				c.review(busy, []peer.ID{"a", "e", "f"}, now)
			}
			if k := &c.claims; len(k.byID) != k.age.Len() || len(k.byID) > maxClaims || k.named > len(k.byID) {
				t.Fatalf("%d claims, %d to expire, %d of what has not come", len(k.byID), k.age.Len(), k.named)
			}
			if got := c.score("f", now); got != 0 {
				t.Fatalf("one that did nothing scores %v", got)
			}
		}
	})
	c := meshOf()
	for i := range 2 * maxKept {
		keep(c.resting, peer.ID(fmt.Sprint(i)), noon.Add(time.Hour), noon, maxKept)
		c.says("a", []string{fmt.Sprint(i)}, noon)
	}
	if len(c.resting) > maxKept || len(c.claims.byID) > maxClaims {
		t.Errorf("%d resting, %d claims are kept", len(c.resting), len(c.claims.byID))
	}
}
