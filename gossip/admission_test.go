package gossip_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
)

// line connects the nodes one to the next and has all follow the shard.
func (net *simulation) line(shard string, nodes ...*node) {
	for i, n := range nodes[1:] {
		net.connect(nodes[i].Host, n.Host)
	}
	net.join(nodes, shard)
}

// A node asks for work that the author has not heard of: the refusal comes
// back over the relays between, the author's node does the work, and the cast
// goes through, once to each.
func TestARefusedCastComesBackWithItsWork(t *testing.T) {
	simulate(t, 4, func(net *simulation) {
		author, near, far, busy := net.nodes[0], net.nodes[1], net.nodes[2], net.nodes[3]
		c := stroller(t, "parent")
		shard := c.Intent.Shard()
		net.line(shard, author, near, far, busy)
		busy.Burden(shard, 1000)
		asks := busy.Asks(shard)
		if asks < admission.MinBits {
			t.Fatalf("under load %d bits are asked for", asks)
		}
		net.cast(author, c)
		net.settle()
		for i, n := range net.nodes[1:] {
			if got := n.ids(); !slices.Equal(got, []string{c.ID.String()}) {
				t.Errorf("node %d heard %v, want the cast once", i+1, got)
			}
		}
		if got := busy.heard[0].Work; len(got) != admission.StampSize || int(got[0]) != asks {
			t.Errorf("it came with stamp %x, %d bits were asked for", got, asks)
		}
		for _, tt := range []struct {
			who          *node
			name, reason string
			want         int
		}{
			{author, "stamps_minted_total", "", 1}, {author, "recast_total", "", 1}, {author, "cast_total", "", 1},
			{busy, "ignored_total", "work", 1}, {busy, "accepted_total", "", 1}, {busy, "asked_bits", "", asks},
			{far, "admission_notices_total", "passed on", 1}, {near, "admission_notices_total", "passed on", 1},
			{far, "accepted_total", "", 2}, {near, "stamps_minted_total", "", 0},
		} {
			if got := tt.who.count(t, tt.name, tt.reason); got != tt.want {
				t.Errorf("%s{%s}: %d, want %d", tt.name, tt.reason, got, tt.want)
			}
		}
		// Casting it again costs no new work.
		time.Sleep(5 * time.Minute)
		net.cast(author, c)
		net.settle()
		if got := author.count(t, "stamps_minted_total", ""); got != 1 {
			t.Errorf("%d stamps in the end", got)
		}
		// When the load has gone, nothing is asked for, and none is told so.
		time.Sleep(10 * time.Minute)
		other := stroller(t, "other")
		net.cast(author, other)
		net.settle()
		if len(busy.ids()) != 2 || busy.heard[1].Work != nil || busy.Asks(shard) != 0 {
			t.Errorf("in quiet times heard %v with %x", busy.ids(), busy.heard[1].Work)
		}
	})
}

// A node that has nobody in its mesh who is any good hands its casts to others
// that have brought something, and hears it from those as well when they want
// work. Who has brought nothing has no say.
func TestARefusalFromOutsideTheMeshIsHeard(t *testing.T) {
	for name, bearer := range map[string]bool{"one that has brought something": true, "one that has not": false} {
		t.Run(name, func(t *testing.T) {
			simulate(t, 2, func(net *simulation) {
				author, busy := net.nodes[0], net.nodes[1]
				c, first := stroller(t, "parent"), stroller(t, "first")
				shard := c.Intent.Shard()
				net.line(shard, author, busy)
				if bearer {
					net.cast(busy, first)
					net.settle()
				}
				author.Lose(shard, busy.Host.ID())
				busy.Burden(shard, 1000)
				net.cast(author, c)
				net.settle()
				minted, heard := author.count(t, "stamps_minted_total", ""), slices.Contains(busy.ids(), c.ID.String())
				if want := map[bool]int{true: 1}[bearer]; minted != want || heard != bearer {
					t.Errorf("%d stamps were made, want %d; it was heard: %v", minted, want, heard)
				}
			})
		})
	}
}

// Neighbours are told beforehand, so that the first try has its work.
func TestNeighboursAreToldWhatIsAskedFor(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		author, busy, late := net.nodes[0], net.nodes[1], net.nodes[2]
		c := stroller(t, "parent")
		shard := c.Intent.Shard()
		net.line(shard, author, busy)
		busy.Burden(shard, 1000)
		net.settle()
		net.cast(author, c)
		net.settle()
		if len(busy.ids()) != 1 || busy.count(t, "ignored_total", "work") != 0 {
			t.Errorf("heard %d, refused %d for work", len(busy.ids()), busy.count(t, "ignored_total", "work"))
		}
		if _, working := author.Working(c.ID); working {
			t.Error("still working")
		}
		// One who comes later is told as well.
		net.line(shard, busy, late)
		other := stroller(t, "other")
		net.cast(late, other)
		net.settle()
		if len(busy.ids()) != 2 || busy.count(t, "ignored_total", "work") != 0 {
			t.Errorf("of the later one heard %d, refused %d", len(busy.ids())-1, busy.count(t, "ignored_total", "work"))
		}
	})
}

// tell sends one notice from a host to another, as no honest node would.
func (net *simulation) tell(from, to host.Host, b []byte) error {
	st, err := from.NewStream(net.ctx, to.ID(), gossip.AdmissionProtocol)
	if err != nil {
		return err
	}
	_, err = st.Write(b)
	return errors.Join(err, st.Close())
}

func TestALiarSetsNoPrice(t *testing.T) {
	simulate(t, 4, func(net *simulation) {
		author, liar := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		shard, topic := c.Intent.Shard(), gossip.TopicPrefix+c.Intent.Shard()
		for _, n := range net.nodes[1:] {
			net.connect(author.Host, n.Host)
		}
		net.join(net.nodes, shard)
		lie := admission.Notice{
			Needs:   []admission.Need{{Topic: topic, Bits: 64}, {Topic: "elsewhere", Bits: 64}},
			Refused: []admission.Refusal{{Topic: topic, ID: c.ID, Bits: 64}, {Topic: topic, ID: dagcbor.Sum([]byte("what?")), Bits: 64}},
		}
		b, err := lie.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := net.tell(liar.Host, author.Host, b); err != nil {
			t.Fatal(err)
		}
		net.settle()
		net.cast(author, c)
		if err := net.tell(liar.Host, author.Host, b); err != nil {
			t.Fatal(err)
		}
		net.settle()
		// What costs nothing is done for it, and no more.
		if got := author.count(t, "stamps_minted_total", ""); got > 1 {
			t.Errorf("%d stamps made for a liar", got)
		}
		for i, n := range net.nodes[1:] {
			if len(n.ids()) != 1 || (n.heard[0].Work != nil && n.heard[0].Work[0] != admission.GrantedBits) {
				t.Errorf("node %d heard %v with stamp %x", i+1, n.ids(), n.heard[0].Work)
			}
		}
		if got := author.count(t, "admission_notices_total", "heard"); got != 2 {
			t.Errorf("%d notices heard", got)
		}
	})
}

// Notices that are no notices, or too many, are counted and change nothing.
func TestBadNoticesAreHarmless(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n, from := net.nodes[0], net.host()
		net.extra = append(net.extra, from)
		net.connect(from, n.Host)
		for _, b := range [][]byte{nil, []byte("garbage"), make([]byte, admission.MaxNotice+1), {0xa1, 0x61, 'v', 1}} {
			if err := net.tell(from, n.Host, b); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if got := n.count(t, "admission_notices_total", "refused"); got != 4 {
			t.Errorf("%d refused", got)
		}
		good, err := admission.Notice{Needs: []admission.Need{{Topic: "t", Bits: 12}}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			_ = net.tell(from, n.Host, good) // those beyond the quota are reset
		}
		net.settle()
		if got := n.count(t, "admission_notices_total", "heard"); got < 10 || got > 40 {
			t.Errorf("%d of 100 at once heard", got)
		}
		// Somebody who opens a stream and says nothing is waited for no longer
		// than a few seconds.
		st, err := from.NewStream(net.ctx, n.Host.ID(), gossip.AdmissionProtocol)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = st.Write([]byte{0xa2})
		time.Sleep(10 * time.Second)
		if streams := openStreams(n.Host); streams != 0 {
			t.Errorf("%d streams are open", streams)
		}
	})
}

func openStreams(h host.Host) (n int) {
	for _, conn := range h.Network().Conns() {
		for _, st := range conn.GetStreams() {
			if st.Protocol() == gossip.AdmissionProtocol && st.Stat().Direction == network.DirInbound {
				n++
			}
		}
	}
	return n
}

// Work is given up when its cast's context ends.
func TestWorkIsGivenUp(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		author, busy := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		net.line(c.Intent.Shard(), author, busy)
		busy.Burden(c.Intent.Shard(), 1000)
		net.settle()
		ctx, cancel := context.WithCancel(net.ctx)
		cancel()
		if err := author.Cast(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("cast: %v", err)
		}
		if author.count(t, "stamps_minted_total", "") != 0 {
			t.Error("a stamp was made")
		}
		net.cast(author, c)
		net.settle()
		if len(busy.ids()) != 1 {
			t.Error("not heard in the end")
		}
	})
}

func TestWorkingSaysHowLong(t *testing.T) {
	for _, tt := range []struct {
		w    gossip.Working
		want string
	}{
		{gossip.Working{Bits: 18, Left: 2900 * time.Millisecond}, "working: needs 18 bits, about 2.9s"},
		{gossip.Working{Bits: 22, Left: 4300 * time.Millisecond}, "working: needs 22 bits, about 4s"},
		{gossip.Working{Bits: 10, Left: 3}, "working: needs 10 bits, about 100ms"},
	} {
		if got := tt.w.String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// Stamps that lie are their sender's fault; casts that lack work, in the one
// place where it is asked for, are not.
func TestStampsAreChecked(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		target, behind := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		topic := gossip.TopicPrefix + c.Intent.Shard()
		net.line(c.Intent.Shard(), target, behind)
		net.settle()
		stamp, err := admission.Mint(t.Context(), admission.ForCast(topic, c.ID), 10, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere, err := admission.Mint(t.Context(), admission.ForCast(topic+"x", c.ID), 10, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		overstated := stamp
		overstated.Bits = 22
		target.Burden(c.Intent.Shard(), 1000)
		for _, tt := range []struct {
			name, metric, reason string
			work                 []byte
		}{
			{"claims more than it did", "refused_total", "stamp", overstated.Encode()},
			{"made for another topic", "refused_total", "stamp", elsewhere.Encode()},
			{"claims nothing", "refused_total", "stamp", make([]byte, 9)},
			{"too little", "ignored_total", "work", stamp.Encode()},
			{"none", "ignored_total", "work", nil},
		} {
			sender := net.raw(target.Host) // each another: who sent a false stamp is not heard for a while
			net.settle()
			sender.publish(topic, encode(t, c.WithWork(tt.work)))
			time.Sleep(time.Second)
			synctest.Wait()
			if got := target.count(t, tt.metric, tt.reason); got < 1 {
				t.Errorf("%s: %s{%s} is %d", tt.name, tt.metric, tt.reason, got)
			}
		}
		if target.count(t, "refused_total", "stamp") != 3 || target.count(t, "ignored_total", "work") != 2 || len(behind.ids()) != 0 {
			t.Errorf("of five, %d had false stamps, %d too little work, and %v got through",
				target.count(t, "refused_total", "stamp"), target.count(t, "ignored_total", "work"), behind.ids())
		}
	})
}

// A peer that floods is read no further, and does not keep from its target
// what an honest one sends.
func TestAFloodIsReadNoFurther(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		target, honest := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		topic := gossip.TopicPrefix + c.Intent.Shard()
		net.line(c.Intent.Shard(), honest, target)
		flood := net.raw(target.Host)
		net.settle()
		for i := range 300 { // a thousand a second, in frames of ten
			var frame pb.RPC
			for k := range 10 {
				frame.Publish = append(frame.Publish, &pb.Message{Topic: &topic, Data: bytes.Repeat([]byte{byte(i), byte(i >> 8), byte(k)}, 100)})
			}
			flood.send(&frame)
			time.Sleep(10 * time.Millisecond)
		}
		// What it sends now is not looked at, and so not marked as seen.
		flood.publish(topic, encode(t, c))
		time.Sleep(time.Second)
		if n := len(target.ids()); n != 0 {
			t.Errorf("heard %d from a flooder", n)
		}
		net.cast(honest, c)
		net.settle()
		if got := target.ids(); !slices.Equal(got, []string{c.ID.String()}) {
			t.Errorf("heard %v, want the honest cast", got)
		}
		looked, over := target.count(t, "refused_total", "form"), target.count(t, "ignored_total", "quota")
		if looked < 1 || looked > 100 || over < 100 {
			t.Errorf("%d looked at, %d over quota", looked, over)
		}
	})
}

// An intent that is amended all the time is held back, its end is not.
func TestAmendmentsHaveAPace(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		author, hears := net.nodes[0], net.nodes[1]
		c := stroller(t, "parent")
		net.line(c.Intent.Shard(), author, hears)
		net.cast(author, c)
		for range 20 {
			time.Sleep(time.Second)
			c = sign(t, c.Successor(intentcast.StatusOpen, time.Now()), "parent")
			net.cast(author, c)
		}
		time.Sleep(time.Second)
		net.cast(author, sign(t, c.Successor(intentcast.StatusWithdrawn, time.Now()), "parent"))
		net.settle()
		if got := hears.count(t, "ignored_total", "amended too often"); got < 5 || got > 10 {
			t.Errorf("%d of 20 amendments held back", got)
		}
		if e, ok := hears.Lookup(c.Root()); !ok || e.Status != intentcast.StatusWithdrawn {
			t.Errorf("in the end %+v", e)
		}
	})
}

// A stranger floods with valid casts of ever new authors. After the first
// seconds they find that work is asked for; an honest cast goes through all the
// same, with the work its node does by itself.
func TestAFloodOfValidCastsIsMadeToWork(t *testing.T) {
	simulate(t, 8, func(net *simulation) {
		net.ring()
		c := stroller(t, "parent")
		shard, topic := c.Intent.Shard(), gossip.TopicPrefix+c.Intent.Shard()
		net.join(net.nodes, shard)
		flood := net.raw(net.nodes[0].Host)
		net.settle()
		const rate, seconds = 60, 20
		for s := range seconds {
			for i := range rate {
				flood.publish(topic, encode(t, stroller(t, fmt.Sprint("stranger ", s, i))))
			}
			time.Sleep(time.Second)
		}
		start := time.Now()
		net.cast(net.nodes[5], c)
		net.settle()
		for i, n := range net.nodes {
			heard := n.ids()
			if i != 5 && !slices.Contains(heard, c.ID.String()) {
				t.Errorf("node %d did not hear the honest cast", i)
			}
			if most := rate * seconds / 2; len(heard) > most {
				t.Errorf("node %d took in %d of %d of a flood, want at most %d", i, len(heard), rate*seconds, most)
			}
		}
		if asks := net.nodes[0].Asks(shard); asks == 0 {
			t.Error("after the flood no work is asked for")
		}
		t.Logf("after %v: node 0 asks for %d bits, took in %d, ignored %d for work, %d over quota", time.Since(start), net.nodes[0].Asks(shard),
			len(net.nodes[0].ids()), net.nodes[0].count(t, "ignored_total", "work"), net.nodes[0].count(t, "ignored_total", "quota"))
		// Ten quiet minutes later everything is free again.
		time.Sleep(10 * time.Minute)
		for i, n := range net.nodes {
			if asks := n.Asks(shard); asks != 0 {
				t.Errorf("node %d still asks for %d bits", i, asks)
			}
		}
	})
}
