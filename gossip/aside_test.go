package gossip

import (
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"
)

// bearing is meshOf after the bearers named each brought something.
func bearing(mesh []peer.ID, bearers ...peer.ID) *conduct {
	c := meshOf(mesh...)
	for i, p := range bearers {
		c.delivered(p, busy, "earlier "+string(rune('a'+i)), noon.Add(-time.Minute))
	}
	return c
}

// What is new is handed to bearers outside a mesh that has too few of its own.
func TestAside(t *testing.T) {
	mutes := []peer.ID{"mute 1", "mute 2", "mute 3", "mute 4"}
	for name, try := range map[string]struct {
		c    *conduct
		from peer.ID
		want []peer.ID // in any order
	}{
		"nobody is known to be any good": {meshOf(mutes...), "self", nil},
		"only sybils in the mesh":        {bearing(mutes, "good", "too"), "self", []peer.ID{"good", "too"}},
		"the same, relayed":              {bearing(mutes, "good", "too"), "mute 1", []peer.ID{"good", "too"}},
		"not back to whom it is from":    {bearing(mutes, "good", "too"), "good", []peer.ID{"too"}},
		"one neighbour of four is good":  {bearing([]peer.ID{"a", "mute"}, "a", "dialled 1", "dialled 2", "dialled 3", "c", "d"), "self", []peer.ID{"dialled 1", "dialled 2", "dialled 3"}},
		"a sound mesh":                   {bearing([]peer.ID{"a", "b", "c", "d", "mute"}, "a", "b", "c", "d", "e"), "self", nil},
		"a mesh that brought all there is": {
			bearing([]peer.ID{"a", "b", "c", "d", "e"}, "a"), "self", nil},
		"no mesh":               {bearing(nil, "good"), "self", []peer.ID{"good"}},
		"dialled ones go first": {bearing(mutes, "a", "b", "c", "dialled 1", "dialled 2", "dialled 3", "dialled 4"), "self", []peer.ID{"dialled 1", "dialled 2", "dialled 3", "dialled 4"}},
	} {
		got := try.c.aside(busy, "new", try.from, noon)
		slices.Sort(got)
		if !slices.Equal(got, try.want) {
			t.Errorf("%s: handed to %q, want %q", name, got, try.want)
		}
	}
}

// Who has it, or was asked for it, is spared; who rests, left, went silent, or
// brought something elsewhere or too long ago does not count.
func TestAsideLeavesOut(t *testing.T) {
	for name, did := range map[string]func(*conduct){
		"says that it has it":       func(c *conduct) { c.says("good", []string{"new"}, noon) },
		"was asked for it":          func(c *conduct) { c.asks("good", []string{"new"}, noon) },
		"rests":                     func(c *conduct) { c.resting["good"] = noon.Add(time.Minute) },
		"is gone":                   func(c *conduct) { c.OnClosedOutboundStream("good") },
		"follows the topic no more": func(c *conduct) { c.unfollowed("good", busy) },
		"brought it an hour ago":    func(c *conduct) { c.bearers[busy]["good"] = noon },
		"we left the topic":         func(c *conduct) { c.Leave(busy) },
	} {
		c := bearing([]peer.ID{"mute"}, "good")
		if got := c.aside(busy, "new", "self", noon); len(got) != 1 {
			t.Fatalf("handed to %q", got)
		}
		did(c)
		if got := c.aside(busy, "new", "self", noon); len(got) != 0 {
			t.Errorf("%s: handed to %q", name, got)
		}
	}
	c := bearing([]peer.ID{"a", "b", "c", "d"}, "a", "b", "c", "d", "good")
	c.meshes[busy]["a"] = standing{missed: silentAfter}
	if got := c.aside(busy, "new", "self", noon); !slices.Equal(got, []peer.ID{"good"}) {
		t.Errorf("with a silent neighbour of four: handed to %q", got)
	}
	if got := c.aside("/parley/intent/1/other", "new", "self", noon); len(got) != 0 {
		t.Errorf("on another topic: handed to %q", got)
	}
}

// Nobody but the one it is from can tell what a node relays from what it made:
// each of the others is handed either as often.
func TestAsideTellsNothing(t *testing.T) {
	const tries = 4000
	share := func(from peer.ID) map[peer.ID]float64 {
		c := bearing([]peer.ID{"mute", "a"}, "a", "b", "c", "d", "e", "dialled")
		got := make(map[peer.ID]float64)
		for range tries {
			for _, p := range c.aside(busy, "new", from, noon) {
				got[p] += 1. / tries
			}
		}
		return got
	}
	own := share("self")
	for _, from := range []peer.ID{"mute", "a", "b", "dialled"} {
		relayed := share(from)
		for _, p := range []peer.ID{"b", "c", "d", "e", "dialled"} {
			if d := own[p] - relayed[p]; p != from && (d > .05 || d < -.05) {
				t.Errorf("%s gets %.2f of what the node made, and %.2f of what it has from %s", p, own[p], relayed[p], from)
			}
		}
	}
}

// It never takes more than sound, none twice, none from the mesh, whatever
// happened before.
func TestAsideIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) peer.ID {
			return peer.ID(rapid.SampledFrom([]string{"a", "b", "c", "d", "dialled 1", "dialled 2"}).Draw(t, "peer"))
		}), 0, 30).Draw(t, "steps")
		c := meshOf()
		for i, p := range peers {
			switch i % 3 {
			case 0:
				c.Graft(p, busy)
			case 1:
				c.delivered(p, busy, string(rune('a'+i)), noon)
			case 2:
				c.Prune(p, busy)
			}
			to := c.aside(busy, "new", "a", noon)
			slices.Sort(to)
			if len(to) > sound || len(slices.Compact(slices.Clone(to))) != len(to) || slices.Contains(to, "a") {
				t.Fatalf("handed to %q", to)
			}
			for _, p := range to {
				if _, in := c.meshes[busy][p]; in {
					t.Fatalf("handed to %q, which is in the mesh", p)
				}
			}
		}
	})
	c := meshOf()
	for i := range 2 * maxBearers {
		c.delivered(peer.ID(rune('a'+i)), busy, "x", noon)
	}
	if n := len(c.bearers[busy]); n > maxBearers {
		t.Errorf("%d bearers are kept", n)
	}
}

// What came unasked from outside the mesh is nothing that the mesh failed to
// bring: the one who handed it over was quicker.
func TestHandedOverUnasked(t *testing.T) {
	c := meshOf("a", "b", "c", "d")
	now := play(c, failedAfter, func(id string, now time.Time) { c.delivered("outside", busy, id, now) })
	c.review(busy, []peer.ID{"outside", "x", "y", "z"}, now)
	for _, p := range []peer.ID{"a", "b", "c", "d"} {
		if got := c.score(p, now); got < 0 {
			t.Errorf("%s scores %v", p, got)
		}
	}
}
