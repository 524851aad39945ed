package gossip_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
)

func TestCastReachesEveryFollower(t *testing.T) {
	simulate(t, 20, func(net *simulation) {
		net.ring()
		c := stroller(t, "parent")
		author, followers, others := net.nodes[0], net.nodes[1:16], net.nodes[16:]
		net.join(followers, c.Intent.Shard())

		net.cast(author, c)
		net.settle()

		for i, n := range followers {
			if got := n.ids(); !slices.Equal(got, []string{c.ID.String()}) {
				t.Errorf("follower %d heard %v, want the cast once", i, got)
			}
			if n.count(t, "accepted_total", "") != 1 {
				t.Errorf("follower %d accepted %d", i, n.count(t, "accepted_total", ""))
			}
		}
		for i, n := range append(others, author) {
			if got := n.ids(); len(got) != 0 {
				t.Errorf("node %d does not follow the topic or is the author, heard %v", i, got)
			}
		}
		if got := author.count(t, "cast_total", ""); got != 1 {
			t.Errorf("the author counts %d casts", got)
		}
	})
}

func TestWithdrawnIntentIsNoLongerRelayed(t *testing.T) {
	simulate(t, 6, func(net *simulation) {
		c := stroller(t, "parent")
		author, middle, late := net.nodes[0], net.nodes[1], net.nodes[2]
		net.connect(author.Host, middle.Host)
		net.join([]*node{middle, late}, c.Intent.Shard())
		net.cast(author, c)
		time.Sleep(time.Minute)

		w := sign(t, c.Successor(intentcast.StatusWithdrawn, time.Now()), "parent")
		net.cast(author, w)
		net.settle()
		if got := middle.ids(); !slices.Equal(got, []string{c.ID.String(), w.ID.String()}) {
			t.Fatalf("heard %v, want the intent and its withdrawal", got)
		}

		// Long after GossipSub has forgotten the message, somebody replays it
		// to a node that knows better, in reach of one that does not.
		time.Sleep(10 * time.Minute)
		net.connect(middle.Host, late.Host)
		replayer := net.raw(middle.Host)
		net.settle()
		replayer.publish(gossip.TopicPrefix+c.Intent.Shard(), encode(t, c))
		net.settle()

		if got := late.ids(); !slices.Equal(got, []string{w.ID.String()}) {
			t.Errorf("the dead intent was relayed, or its end was not found by asking: %v", got)
		}
		if got := middle.count(t, "ignored_total", string(intentcast.Dead)); got != 1 {
			t.Errorf("%d counted as dead, want 1", got)
		}
		if e, ok := middle.Lookup(c.ID); !ok || e.Status != intentcast.StatusWithdrawn {
			t.Errorf("the ledger says %+v", e)
		}
		if err := author.Cast(net.ctx, c); !errors.Is(err, intentcast.Dead) {
			t.Errorf("the author's own node casts it again: %v", err)
		}
	})
}

func TestSuccessorsAreDeliveredInOrder(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		net.connect(net.nodes[0].Host, net.nodes[1].Host)
		c := stroller(t, "parent")
		net.join(net.nodes[1:2], c.Intent.Shard())
		want := []string{c.ID.String()}
		net.cast(net.nodes[0], c)
		for range 4 {
			time.Sleep(time.Second)
			c = sign(t, c.Successor(intentcast.StatusOpen, time.Now()), "parent")
			net.cast(net.nodes[0], c)
			want = append(want, c.ID.String())
		}
		net.settle()
		if got := net.nodes[1].ids(); !slices.Equal(got, want) {
			t.Errorf("heard %v\nwant  %v", got, want)
		}
	})
}

func TestSlowReceiverGetsTheLatestVersion(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		author, slow := net.nodes[0], net.nodes[1]
		slow.block = make(chan struct{})
		net.connect(author.Host, slow.Host)
		first := stroller(t, "first")
		net.join([]*node{slow}, first.Intent.Shard())
		net.cast(author, first) // delivered, and stuck there
		time.Sleep(time.Second)

		c := stroller(t, "parent")
		other := stroller(t, "other")
		net.cast(author, c)
		net.cast(author, other)
		for range 3 {
			time.Sleep(time.Second)
			c = sign(t, c.Successor(intentcast.StatusOpen, time.Now()), "parent")
			net.cast(author, c)
		}
		net.settle()
		close(slow.block)
		net.settle()
		if want := []string{first.ID.String(), c.ID.String(), other.ID.String()}; !slices.Equal(slow.ids(), want) {
			t.Errorf("heard %v\nwant  %v", slow.ids(), want)
		}
	})
}

func TestRefusedMessagesAreCounted(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		target, behind := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		net.connect(target.Host, behind.Host)
		elsewhere := intentcast.Shard(intentcast.Category{Taxonomy: "parley", Value: "travel"}, c.Intent.Place)
		net.join([]*node{target, behind}, c.Intent.Shard(), elsewhere)
		topic := gossip.TopicPrefix + c.Intent.Shard()

		short := c.Intent
		short.Author = signer("hasty").DID()
		short.Created, short.Expires = identity.At(time.Now()), identity.At(time.Now().Add(time.Second))
		expired := sign(t, short, "hasty")
		time.Sleep(3 * time.Second)

		wire := encode(t, c)
		forged := append([]byte{}, wire...)
		forged[len(forged)-1] ^= 1
		for _, try := range []struct {
			name, metric, reason string
			topic                string
			data                 []byte
		}{
			{"oversize", "refused_total", "size", topic, make([]byte, intentcast.MaxCast+1)},
			{"garbage", "refused_total", "form", topic, []byte("garbage")},
			{"truncated", "refused_total", "form", topic, wire[:len(wire)-1]},
			{"bit flipped", "refused_total", "signature", topic, forged},
			{"wrong shard", "refused_total", "topic", gossip.TopicPrefix + elsewhere, wire},
			{"expired", "ignored_total", string(intentcast.Expired), topic, encode(t, expired)},
		} {
			before := target.count(t, try.metric, try.reason)
			net.stranger(target.Host).publish(try.topic, try.data)
			time.Sleep(time.Second)
			synctest.Wait()
			if got := target.count(t, try.metric, try.reason); got != before+1 {
				t.Errorf("%s: %s{%s} is %d, want %d", try.name, try.metric, try.reason, got, before+1)
			}
		}
		// Having been refused on a wrong topic has not made the cast itself
		// known; and it is taken in once however often it is sent.
		sender := net.stranger(target.Host)
		for range 3 {
			sender.publish(topic, wire)
			time.Sleep(3 * time.Minute)
		}
		if got := target.count(t, "ignored_total", string(intentcast.Duplicate)); got != 2 {
			t.Errorf("%d duplicates counted, want 2", got)
		}
		for i, n := range []*node{target, behind} {
			if got := n.ids(); !slices.Equal(got, []string{c.ID.String()}) {
				t.Errorf("node %d heard %v, want the one good cast", i, got)
			}
		}
	})
}

func TestTopicsAreFollowedAsLongAsNeeded(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		author, follower := net.nodes[0], net.nodes[1]
		net.connect(author.Host, follower.Host)
		c := stroller(t, "parent")
		net.join([]*node{follower}, c.Intent.Shard(), "parley/toys/_")
		net.cast(author, c)

		if author.Neighbours(c.Intent.Shard()) != 1 || author.Neighbours("parley/toys/_") != 0 {
			t.Error("the author has one neighbour, in the one topic it follows")
		}

		author.Leave(c.Intent.Shard())
		if got := author.Joined(); !slices.Equal(got, []string{c.Intent.Shard()}) {
			t.Errorf("with a live cast the author follows %v", got)
		}
		time.Sleep(time.Until(c.Intent.Expires.Std()) + 2*time.Minute)
		if got := author.Joined(); len(got) != 0 {
			t.Errorf("after its cast expired the author follows %v", got)
		}
		if got := follower.Expire(time.Now()); len(got) != 1 || got[0] != c.ID {
			t.Errorf("expired: %v, want %s", got, c.ID)
		}
		if follower.Known() != 0 || follower.count(t, "known_intents", "") != 0 {
			t.Errorf("%d intents known after expiry", follower.Known())
		}
		follower.Leave("parley/toys/_")
		if got := follower.Joined(); !slices.Equal(got, []string{c.Intent.Shard()}) {
			t.Errorf("after leaving one topic, follows %v", got)
		}
	})
}

func TestCastWithNobodyThere(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		c := stroller(t, "parent")
		start := time.Now()
		if err := net.nodes[0].Cast(net.ctx, c); !errors.Is(err, gossip.ErrNoPeers) {
			t.Fatalf("cast into the void: %v", err)
		}
		if took := time.Since(start); took > 11*time.Second {
			t.Errorf("took %v to find nobody", took)
		}
		net.connect(net.nodes[0].Host, net.nodes[1].Host)
		net.join(net.nodes[1:], c.Intent.Shard())
		net.cast(net.nodes[0], c) // again, now with a peer
		net.settle()
		if got := net.nodes[1].ids(); len(got) != 1 {
			t.Errorf("heard %v", got)
		}
	})
}

func TestRememberedIntentsStayDead(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		c := stroller(t, "parent")
		w := sign(t, c.Successor(intentcast.StatusWithdrawn, time.Now()), "parent")
		restarted := net.nodes[1]
		if err := restarted.Remember(w, time.Now()); err != nil {
			t.Fatal(err)
		}
		net.connect(net.nodes[0].Host, restarted.Host)
		net.join([]*node{restarted}, c.Intent.Shard())
		net.cast(net.nodes[0], c)
		net.settle()
		if got := restarted.ids(); len(got) != 0 {
			t.Errorf("heard %v of an intent it stored as withdrawn", got)
		}
	})
}

func TestStoppedService(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n := net.nodes[0]
		net.join(net.nodes, "parley/toys/_")
		net.stop()
		synctest.Wait()
		if err := n.Join(t.Context(), "parley/toys/_"); !errors.Is(err, gossip.ErrStopped) {
			t.Errorf("join after the end: %v", err)
		}
		if err := n.Cast(t.Context(), stroller(t, "parent")); !errors.Is(err, gossip.ErrStopped) {
			t.Errorf("cast after the end: %v", err)
		}
		if got := n.Joined(); len(got) != 0 {
			t.Errorf("still follows %v", got)
		}
	})
}

func TestServiceWithoutHost(t *testing.T) {
	if _, err := gossip.New(gossip.Config{}); err == nil {
		t.Error("a service without a host")
	}
}

func TestFollowingIsBounded(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		shards := make([]string, intentcast.MaxShards+1)
		for i := range shards {
			shards[i] = fmt.Sprintf("parley/c%d/_", i)
		}
		if err := net.nodes[0].Join(net.ctx, shards...); err == nil {
			t.Error("more topics joined than allowed")
		}
		if got := len(net.nodes[0].Joined()); got != intentcast.MaxShards {
			t.Errorf("%d topics followed", got)
		}
	})
}

// Who sent two messages that are wrong by themselves is not heard any more,
// under that name for an hour; a stranger with the same cast is.
func TestInvalidMessagesCostTheHearing(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n, c := net.nodes[0], stroller(t, "parent")
		net.join(net.nodes, c.Intent.Shard())
		topic := gossip.TopicPrefix + c.Intent.Shard()
		p := net.stranger(n.Host)
		for _, junk := range []string{"junk", "more junk"} {
			p.publish(topic, []byte(junk))
			time.Sleep(time.Second)
		}
		p.publish(topic, encode(t, c))
		net.settle()
		if got := n.ids(); len(got) != 0 {
			t.Errorf("heard %v", got)
		}
		if got := n.count(t, "received_total", ""); got != 2 {
			t.Errorf("%d messages were looked at, want 2", got)
		}
		net.stranger(n.Host).publish(topic, encode(t, c))
		net.settle()
		if got := n.ids(); len(got) != 1 {
			t.Errorf("from a stranger, heard %v", got)
		}
	})
}
