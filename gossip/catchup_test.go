package gossip_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
)

// A node that joins later, not a neighbour of the vendor, gets what was
// published before it came.
func TestLateNodeCatchesUpWithTerms(t *testing.T) {
	simulate(t, 4, func(net *simulation) {
		vendor, middle, late, idle := net.nodes[0], net.nodes[1], net.nodes[2], net.nodes[3]
		net.connect(vendor.Host, middle.Host)
		net.followTerms(middle)
		s := newShop(t, "shop")
		net.publish(vendor, s.says(1))
		time.Sleep(10 * time.Minute) // longer than GossipSub remembers
		net.publish(vendor, s.says(2))
		time.Sleep(10 * time.Minute)

		net.followTerms(late)
		net.connect(late.Host, middle.Host)
		net.connect(idle.Host, middle.Host)
		net.settle()
		if got := late.seqs(); !slices.Equal(got, []uint64{2}) || late.seqOf(s) != 2 {
			t.Errorf("late was told %v, holds %d", got, late.seqOf(s))
		}
		if got, heard := late.count(t, "catchup_got_total", "terms"), late.count(t, "terms_accepted_total", ""); got != 1 || heard != 0 {
			t.Errorf("%d got, %d heard", got, heard)
		}
		if got := middle.count(t, "catchup_served_total", "terms"); got != 1 {
			t.Errorf("the middle one served %d", got)
		}
		if idle.seqOf(s) != -1 {
			t.Error("a node that does not follow terms asked for them")
		}
		// The same for peers that were there before it wanted to know.
		net.followTerms(idle)
		if idle.seqOf(s) != 2 {
			t.Errorf("after following it holds %d", idle.seqOf(s))
		}
		// And from now on like everybody.
		net.publish(vendor, s.says(3))
		net.settle()
		if late.seqOf(s) != 3 || idle.seqOf(s) != 3 {
			t.Errorf("hold %d and %d", late.seqOf(s), idle.seqOf(s))
		}
	})
}

// What is got is the newer; the older of a peer that is behind is looked at
// once and not again.
func TestNewerTermsWin(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		one, other := net.nodes[0], net.nodes[1]
		ahead, behind := newShop(t, "ahead at one"), newShop(t, "behind at one")
		for n, seqs := range map[*node][2]uint64{one: {2, 1}, other: {1, 2}} {
			for i, s := range []*shop{ahead, behind} {
				if err := n.RememberTerms(verify(t, s.says(seqs[i])), time.Now()); err != nil {
					t.Fatal(err)
				}
			}
		}
		net.followTerms(one, other)
		net.connect(one.Host, other.Host)
		time.Sleep(20 * time.Minute)
		for i, n := range net.nodes {
			if n.seqOf(ahead) != 2 || n.seqOf(behind) != 2 || !slices.Equal(n.seqs(), []uint64{2}) {
				t.Errorf("node %d holds %d and %d, was told %v", i, n.seqOf(ahead), n.seqOf(behind), n.seqs())
			}
			if got := n.count(t, "catchup_served_total", "terms"); got > 2 {
				t.Errorf("node %d served %d", i, got)
			}
		}
	})
}

// What gossip has missed is found by asking around every few minutes.
func TestNodesAskAroundNowAndThen(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		knows, asks := net.nodes[0], net.nodes[1]
		net.connect(knows.Host, asks.Host)
		net.followTerms(asks)
		time.Sleep(time.Minute)
		s := newShop(t, "shop")
		if err := knows.RememberTerms(verify(t, s.says(1)), time.Now()); err != nil {
			t.Fatal(err)
		}
		before := asks.count(t, "catchup_asked_total", "done")
		time.Sleep(10 * time.Minute)
		if asks.seqOf(s) != 1 {
			t.Error("not found in ten minutes")
		}
		if got := asks.count(t, "catchup_asked_total", "done") - before; got < 2 || got > 6 {
			t.Errorf("asked %d times in ten minutes", got)
		}
	})
}

// More than one get holds is fetched in one go.
func TestCatchingUpTakesSeveralAnswers(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		knows, asks := net.nodes[0], net.nodes[1]
		const vendors = 300
		for i := range vendors {
			s := newShop(t, fmt.Sprint("shop ", i))
			if err := knows.RememberTerms(verify(t, s.says(1)), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		net.followTerms(asks)
		net.connect(asks.Host, knows.Host)
		time.Sleep(3 * time.Second)
		if got := len(asks.AllTerms()); got != vendors {
			t.Errorf("%d of %d vendors known", got, vendors)
		}
		if got := asks.count(t, "catchup_asked_total", "done"); got != 1 {
			t.Errorf("%d conversations done", got)
		}
	})
}

// casts makes n open intents, each of another author, told to nobody yet.
func casts(t *testing.T, from, n int) []*intentcast.Cast {
	t.Helper()
	made := make([]*intentcast.Cast, n)
	for i := range made {
		made[i] = stroller(t, fmt.Sprint("parent ", from+i))
	}
	return made
}

func (net *simulation) remember(n *node, casts ...*intentcast.Cast) {
	net.t.Helper()
	for _, c := range casts {
		if err := n.Remember(c, time.Now()); err != nil {
			net.t.Fatal(err)
		}
	}
}

// A node that comes back after days has exactly what counts within seconds:
// what was cast, what was withdrawn, and nothing besides; and learns of what it
// slept through from a peer that is no author of any of it.
func TestReturningNodeCatchesUp(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		awake, back, idle := net.nodes[0], net.nodes[1], net.nodes[2]
		known := casts(t, 0, 50)
		shard := known[0].Intent.Shard()
		net.remember(awake, known...)
		net.remember(back, known...)
		net.join([]*node{awake}, shard)
		time.Sleep(time.Hour)

		fresh := casts(t, 100, 200)
		net.remember(awake, fresh...)
		time.Sleep(time.Second)
		gone := slices.Concat(known[:25], fresh[:25])
		for i, c := range gone {
			author := fmt.Sprint("parent ", i)
			if i >= 25 {
				author = fmt.Sprint("parent ", 100+i-25)
			}
			net.remember(awake, sign(t, c.Successor(intentcast.StatusWithdrawn, time.Now()), author))
		}
		time.Sleep(time.Minute)

		start := time.Now()
		if err := back.Join(net.ctx, shard); err != nil {
			t.Fatal(err)
		}
		net.connect(idle.Host, back.Host) // follows nothing, and tells nothing
		net.connect(back.Host, awake.Host)
		for back.Known() < 250 && time.Since(start) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %s", took)
		}
		time.Sleep(time.Second)
		dead := make(map[string]bool)
		for _, c := range gone {
			dead[c.ID.String()] = true
		}
		for _, c := range slices.Concat(known, fresh) {
			e, ok := back.Lookup(c.ID)
			if !ok || e.Alive(time.Now()) == dead[c.ID.String()] {
				t.Fatalf("of %s it knows %+v", c.ID, e)
			}
		}
		if got := len(back.ids()); got != 200+25 { // each that was news, in its last version
			t.Errorf("%d delivered", got)
		}
		if got := back.count(t, "catchup_got_total", "cast"); got != 225 {
			t.Errorf("%d got", got)
		}
		// Nothing is fetched twice, and the one that was awake, asking back,
		// finds nothing.
		time.Sleep(20 * time.Minute)
		if a, b := awake.count(t, "catchup_got_total", "cast"), back.count(t, "catchup_got_total", "cast"); a != 0 || b != 225 {
			t.Errorf("later %d and %d", a, b)
		}
		for _, n := range net.nodes {
			if got := n.count(t, "catchup_refused_total", ""); got != 0 {
				t.Errorf("%d conversations ended before their end", got)
			}
		}
		if got := idle.Known(); got != 0 {
			t.Errorf("who follows nothing knows %d", got)
		}
	})
}

// A peer that is behind has versions that no longer count. They are not
// fetched at all where the newer one came by way of them, and once otherwise.
func TestOldVersionsAreNotFetchedAgainAndAgain(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		behind, ahead := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		net.remember(behind, c)
		time.Sleep(time.Second)
		net.remember(ahead, sign(t, c.Successor(intentcast.StatusWithdrawn, time.Now()), "parent"))
		if err := ahead.Join(net.ctx, c.Intent.Shard()); err != nil {
			t.Fatal(err)
		}
		if err := behind.Join(net.ctx, c.Intent.Shard()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // they have nobody to ask, and tell what they have
		net.connect(ahead.Host, behind.Host)
		time.Sleep(15 * time.Minute)
		if got := behind.count(t, "catchup_served_total", "cast"); got > 1 {
			t.Errorf("the old version was fetched %d times", got)
		}
		if e, _ := behind.Lookup(c.ID); e.Alive(time.Now()) {
			t.Error("the withdrawal did not catch up")
		}
	})
}

// What is cast before the mesh stands reaches nobody by gossip, and everybody
// all the same.
func TestCastWhileNodesConnect(t *testing.T) {
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			simulate(t, 2, func(net *simulation) {
				author, follower := net.nodes[0], net.nodes[1]
				c := stroller(t, "parent")
				if err := follower.Join(net.ctx, c.Intent.Shard()); err != nil {
					t.Fatal(err)
				}
				net.connect(author.Host, follower.Host)
				time.Sleep(after)
				net.cast(author, c)
				start := time.Now()
				for len(follower.ids()) == 0 && time.Since(start) < time.Minute {
					time.Sleep(100 * time.Millisecond)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("came after %s", took)
				}
			})
		})
	}
}

// Where the first to get it did so by asking, gossip takes it on from there.
func TestCastWhileAChainConnects(t *testing.T) {
	simulate(t, 5, func(net *simulation) {
		c := stroller(t, "parent")
		for _, n := range net.nodes {
			if err := n.Join(net.ctx, c.Intent.Shard()); err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range net.nodes[1:] {
			net.connect(net.nodes[i].Host, n.Host)
		}
		net.cast(net.nodes[0], c)
		time.Sleep(6 * time.Second)
		for i, n := range net.nodes[1:] {
			if got := n.ids(); !slices.Equal(got, []string{c.ID.String()}) {
				t.Errorf("node %d heard %v", i+1, got)
			}
		}
	})
}

// Whoever asks right after a publish learns nothing that gossip does not tell:
// a new record is held back whoever made it, and a node that has just begun to
// follow a topic tells nothing about it before it has asked.
func TestOwnCastIsToldLikeAnyOther(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		author, relay := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		shard := c.Intent.Shard()
		net.join(net.nodes[:2], shard)
		net.connect(author.Host, relay.Host)
		net.settle()
		asker := net.host()
		net.extra = append(net.extra, asker)
		net.connect(asker, author.Host)
		net.connect(asker, relay.Host)
		net.settle()

		net.cast(author, c)
		time.Sleep(200 * time.Millisecond)
		if len(relay.ids()) != 1 {
			t.Fatal("gossip has not delivered it")
		}
		for name, n := range map[string]*node{"author": author, "relay": relay} {
			if got := net.wants(asker, n, shard); len(got) != 0 {
				t.Errorf("the %s tells of it at once", name)
			}
		}
		time.Sleep(4 * time.Second)
		for name, n := range map[string]*node{"author": author, "relay": relay} {
			if got := net.wants(asker, n, shard); len(got) != 1 {
				t.Errorf("the %s tells of %d", name, len(got))
			}
		}
		// One that follows the topic because of its own intent, having asked
		// nobody, does not show that it has it alone.
		alone := net.nodes[2]
		net.remember(alone, stroller(t, "lonely"))
		if err := alone.Join(net.ctx, shard); err != nil {
			t.Fatal(err)
		}
		net.connect(asker, alone.Host)
		time.Sleep(5 * time.Second)
		if got := net.wants(asker, alone, shard); len(got) != 0 {
			t.Errorf("a node that has asked nobody tells of %d", len(got))
		}
	})
}

// A node whose receiver is slow takes in what it has room for and comes back
// for the rest.
func TestFullQueueComesBack(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		knows, slow := net.nodes[0], net.nodes[1]
		const n = 1200 // more than wait for delivery
		all := casts(t, 0, n)
		net.remember(knows, all...)
		slow.block = make(chan struct{})
		net.join(net.nodes, all[0].Intent.Shard())
		net.connect(slow.Host, knows.Host)
		time.Sleep(30 * time.Second)
		if got := slow.Known(); got < 1024 || got >= n {
			t.Errorf("%d known while nothing is delivered", got)
		}
		if got := slow.count(t, "catchup_asked_total", "busy"); got == 0 {
			t.Error("was not held up")
		}
		close(slow.block)
		time.Sleep(time.Minute)
		if got := len(slow.ids()); got != n {
			t.Errorf("%d of %d delivered", got, n)
		}
	})
}
