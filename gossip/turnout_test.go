package gossip_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
)

// worked is a stranger's cast with a stamp of so many bits.
func worked(t *testing.T, author string, bits int) *intentcast.Cast {
	t.Helper()
	c := stroller(t, author)
	if bits == 0 {
		return c
	}
	stamp, err := admission.Mint(t.Context(), admission.ForCast(gossip.TopicPrefix+c.Intent.Shard(), c.ID), bits, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithWork(stamp.Encode())
}

// flood has a stranger publish n casts with the work asked for, one each few
// seconds, and one bit more than the poorest.
func (net *simulation) flood(from *rawPeer, n, bits int, name string) {
	for i := range n {
		c := worked(net.t, fmt.Sprint(name, i), bits)
		from.publish(gossip.TopicPrefix+c.Intent.Shard(), encode(net.t, c))
		time.Sleep(5 * time.Second)
	}
}

// Ledgers are full of a stranger's casts, and a person's gets out all the same:
// its node does the work that is asked for. One that was turned out while it
// lived comes back when its author's node casts it again, and is delivered to
// nobody a second time; its withdrawal reaches all.
func TestAFullLedgerLetsInWhoWorks(t *testing.T) {
	simulateSmall(t, []int{16, 16, 16, 16}, func(net *simulation) {
		author, late := net.nodes[0], net.nodes[1]
		early, last := stroller(t, "parent"), stroller(t, "somebody")
		shard := early.Intent.Shard()
		net.line(shard, author, late, net.nodes[2], net.nodes[3])
		flood := net.raw(net.nodes[3].Host)
		net.settle()
		net.cast(author, early)
		time.Sleep(10 * time.Second)
		net.flood(flood, 40, 14, "stranger ")
		net.settle()
		for i, n := range net.nodes {
			if n.Kept()[early.ID] || n.Tells(early) || len(n.Kept()) != 16 {
				t.Errorf("node %d keeps or tells what did no work", i)
			}
		}
		if _, ok := author.Lookup(early.ID); !ok {
			t.Error("the author's node has forgotten its own")
		}

		last = sign(t, last.Intent, "somebody")
		net.cast(late, last)
		net.cast(author, early) // as a node does from time to time
		time.Sleep(time.Minute)
		for i, n := range net.nodes {
			heard := n.ids()
			for _, c := range []*intentcast.Cast{early, last} {
				times := len(slices.DeleteFunc(slices.Clone(heard), func(id string) bool { return id != c.ID.String() }))
				own := i == 0 && c == early || i == 1 && c == last
				if !own && times != 1 || own && times != 0 {
					t.Errorf("node %d heard %d times of %s", i, times, c.ID)
				}
				if !n.Kept()[c.ID] || !n.Tells(c) {
					t.Errorf("node %d does not keep or tell of %s", i, c.ID)
				}
			}
		}
		if got := net.nodes[2].count(t, "turned_out_total", ""); got < 25 || len(net.nodes[2].TurnedOut()) != got || len(net.nodes[2].TurnedOut()) != 0 {
			t.Errorf("%d turned out", got)
		}
		net.flood(flood, 30, 18, "another ")
		if net.nodes[2].Kept()[early.ID] {
			t.Fatal("the second flood turned out nothing")
		}
		net.cast(author, sign(t, early.Successor(intentcast.StatusWithdrawn, time.Now()), "parent"))
		net.settle()
		for i, n := range net.nodes[1:] {
			n.mu.Lock()
			if !slices.ContainsFunc(n.heard, func(c *intentcast.Cast) bool {
				return c.Root() == early.ID && c.Intent.Status == intentcast.StatusWithdrawn
			}) {
				t.Errorf("node %d did not hear of the withdrawal", i+1)
			}
			n.mu.Unlock()
		}
	})
}

// A node with less room than its peers is not sent the same over and over.
func TestASmallLedgerIsNotOfferedTheSameForEver(t *testing.T) {
	simulateSmall(t, []int{400, 16}, func(net *simulation) {
		large, small := net.nodes[0], net.nodes[1]
		week := func(i int) *intentcast.Cast {
			in := stroller(t, fmt.Sprint("parent ", i)).Intent
			in.Expires = identity.At(time.Now().Add(6 * 24 * time.Hour))
			return sign(t, in, fmt.Sprint("parent ", i))
		}
		var all []*intentcast.Cast
		for i := range 300 {
			all = append(all, week(i))
		}
		net.remember(large, all...)
		net.join([]*node{large}, all[0].Intent.Shard())
		time.Sleep(2 * time.Minute)
		net.connect(small.Host, large.Host)
		net.join([]*node{small}, all[0].Intent.Shard())
		time.Sleep(time.Hour)
		first := large.count(t, "catchup_served_total", "cast")
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		served := large.count(t, "catchup_served_total", "cast")
		t.Logf("%d served in the first hour, %d in five", first, served)
		if served > 300 {
			t.Errorf("%d records served of 300", served)
		}
		seen := map[string]bool{}
		for _, id := range small.ids() {
			if seen[id] {
				t.Errorf("%s was delivered twice", id)
			}
			seen[id] = true
		}
		if len(small.Kept()) != 16 {
			t.Errorf("%d kept", len(small.Kept()))
		}
	})
}

// What a full ledger keeps is the same whether casts come one at a time or all
// at once, their signatures checked in batches.
func TestBatchesTurnOutTheSame(t *testing.T) {
	simulateSmall(t, []int{24, 24, 24}, func(net *simulation) {
		var all []*intentcast.Cast
		for i := range 80 {
			all = append(all, worked(t, fmt.Sprint("stranger ", i), []int{0, 1, 3, 5, 8, 11}[i%6]))
			time.Sleep(time.Second)
		}
		now, topic := time.Now(), gossip.TopicPrefix+all[0].Intent.Shard()
		for _, c := range all {
			_ = net.nodes[0].Admit(topic, encode(t, c), now)
		}
		for _, n := range net.nodes[1:] {
			rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			var wg sync.WaitGroup
			for _, c := range all {
				wg.Go(func() { _ = n.Admit(topic, encode(t, c), now) })
			}
			wg.Wait()
		}
		want := net.nodes[0].Kept()
		for i, n := range net.nodes {
			if got := n.Kept(); len(got) != 24 || !maps.Equal(got, want) {
				t.Errorf("node %d keeps %d, not the same", i, len(got))
			}
		}
	})
}
