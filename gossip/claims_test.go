package gossip

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"
)

// Peers that name thousands of messages there are not have nobody's conduct
// measured worse: an honest neighbour that says it has each cast before it comes
// shows itself all the same, and one that brings them from outside the mesh, as
// it was asked for them, is not held against those in it.
func TestJunkClaimsCrowdOutNobody(t *testing.T) {
	for _, hostile := range []int{1, 40} {
		t.Run(fmt.Sprint(hostile), func(t *testing.T) {
			c := meshOf("brings", "says", "mute", "dumb")
			play(c, 2*silentAfter, func(id string, now time.Time) {
				for i := range hostile {
					junk := make([]string, 0, 2*maxClaims/hostile)
					for j := range cap(junk) {
						junk = append(junk, fmt.Sprintf("%s %d %d", id, i, j))
					}
					c.says(peer.ID(fmt.Sprint("hostile ", i)), junk, now)
				}
				c.says("says", []string{id}, now)
				c.delivered("brings", busy, id, now.Add(time.Millisecond))
				c.says("brings", []string{id}, now.Add(2*time.Millisecond))
			})
			mesh := c.meshes[busy]
			if mesh["says"].silent() || mesh["brings"].silent() || !mesh["mute"].silent() {
				t.Errorf("standings: %+v", mesh)
			}
			if len(c.claims.byID) > maxClaims {
				t.Errorf("%d claims", len(c.claims.byID))
			}
		})
	}
}

// However many names are thrown at it, a peer that names no more than its share
// is heard, and what came is known until it is old.
func TestClaimsAreShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := newClaims(), noon
		greedy := rapid.IntRange(1, 20).Draw(t, "greedy")
		for i := range greedy {
			for j := range rapid.IntRange(maxClaims/greedy, 2*maxClaims).Draw(t, "junk") {
				c.of(peer.ID(fmt.Sprint("greedy ", i)), fmt.Sprint(i, " ", j), now)
			}
		}
		share := maxClaims/(greedy+1) - 1
		modest := rapid.IntRange(1, share).Draw(t, "modest")
		for j := range modest {
			if c.of("modest", fmt.Sprint("modest ", j), now) == nil {
				t.Fatalf("name %d of %d was not heard, with %d greedy ones", j, modest, greedy)
			}
		}
		c.delivered("cast", now)
		for j := range 2 * maxClaims {
			c.of("greedy 0", fmt.Sprint("more ", j), now)
		}
		for j := range modest {
			if c.byID[fmt.Sprint("modest ", j)] == nil {
				t.Fatalf("name %d was pushed out", j)
			}
		}
		if c.byID["cast"] == nil {
			t.Fatal("what came was pushed out")
		}
		sum := 0
		for _, of := range c.naming {
			sum += of.Len()
		}
		if len(c.byID) > maxClaims || len(c.byID) != c.age.Len() || sum != c.named || sum != len(c.byID)-1 {
			t.Fatalf("%d claims, %d by age, %d named", len(c.byID), c.age.Len(), sum)
		}
		c.get("", now.Add(claimLife))
		if len(c.byID) != 0 || len(c.naming) != 0 || c.named != 0 {
			t.Fatalf("later there are %d claims", len(c.byID))
		}
	})
}
