package peerbook_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	mh "github.com/multiformats/go-multihash"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/peerbook"
)

var now = time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)

// id is the peer id that stands for a name.
func id(name string) peer.ID {
	sum := sha256.Sum256([]byte(name))
	b, err := mh.Encode(sum[:], mh.SHA2_256)
	if err != nil {
		panic(err)
	}
	return peer.ID(b)
}

func at(name, addr string) peer.AddrInfo {
	return peer.AddrInfo{ID: id(name), Addrs: []ma.Multiaddr{ma.StringCast(addr)}}
}

// spread is an address in a range of its own.
func spread(i int) string { return fmt.Sprintf("/ip4/%d.%d.0.1/tcp/1", 11+i/200, i%200) }

func first(int) int { return 0 }

func choose(b *peerbook.Book, n peerbook.Need) (names []peer.ID) {
	n.Chance = first
	for _, info := range b.Choose(n) {
		names = append(names, info.ID)
	}
	return names
}

func TestKeptAreAlwaysChosen(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	b.Keep(now, peerbook.Manual, at("ann", "/ip4/1.2.3.4/tcp/1"))
	b.Keep(now, peerbook.Invite, at("bob", "/ip4/1.2.3.5/tcp/1"))
	b.Keep(now, peerbook.Manual, at("cat", "/ip4/1.2.3.6/tcp/1"))
	b.Add(now, peerbook.Exchange, id("ann"), at("dan", "/ip4/1.2.3.7/tcp/1"), peerbook.Public)
	if got := choose(b, peerbook.Need{Now: now}); len(got) != 3 {
		t.Errorf("%d chosen without a wish, want the three kept, limits on a range or not", len(got))
	}
	connected := map[peer.ID]ma.Multiaddr{id("ann"): ma.StringCast("/ip4/1.2.3.4/tcp/1")}
	if got := choose(b, peerbook.Need{Now: now, Connected: connected, Busy: map[peer.ID]bool{id("bob"): true}}); len(got) != 1 || got[0] != id("cat") {
		t.Errorf("%v chosen, want cat: ann is there, bob is being dialled", got)
	}
	if got := b.Prune(now.Add(10 * 365 * 24 * time.Hour)); len(got) != 1 || got[0] != id("dan") {
		t.Errorf("pruned %v", got)
	}
}

func TestPausesGrow(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	b.Keep(now, peerbook.Manual, at("kept", spread(1)))
	b.Add(now, peerbook.DHT, "", at("other", spread(2)), peerbook.Public)
	b.Met(now, at("there", spread(3)), true, peerbook.Public) // alone, a node does not wait as long
	for _, c := range []struct {
		name string
		want []time.Duration
	}{
		{"kept", []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, time.Minute}},
		{"other", []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute}},
	} {
		for i, want := range c.want {
			b.Missed(now, id(c.name), 0.999999)
			e, _ := b.Get(id(c.name))
			if got := e.Next.Sub(now).Round(time.Second); got != want {
				t.Errorf("%s, failure %d: pause %v, want %v", c.name, i+1, got, want)
			}
		}
	}
	for range 40 {
		b.Missed(now, id("other"), 0)
	}
	if e, _ := b.Get(id("other")); e.Next.Sub(now) != 3*time.Hour {
		t.Errorf("after many failures: %v, want half of 6 h", e.Next.Sub(now))
	}
	b.Met(now, at("other", spread(2)), true, peerbook.Public)
	if e, _ := b.Get(id("other")); e.Failed != 0 || !e.Next.IsZero() || e.Reached != 1 {
		t.Errorf("met, and still %+v", e)
	}
}

// Those that have served long come first, so that a restart does not leave the
// choice to whoever filled the book meanwhile.
func TestOldFriendsComeFirst(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	for i := range 3 {
		friend := at(fmt.Sprint("friend", i), spread(i))
		b.Add(now, peerbook.DHT, "", friend, peerbook.Public)
		b.Met(now, friend, true, peerbook.Public)
		b.Left(now.Add(time.Duration(i+1)*time.Hour), friend.ID)
	}
	for i := range 500 {
		b.Add(now, peerbook.DHT, "", at(fmt.Sprint("sybil", i), spread(100+i)), peerbook.Public)
	}
	got := choose(b, peerbook.Need{Now: now.Add(4 * time.Hour), Want: 3})
	if d := cmp.Diff([]peer.ID{id("friend2"), id("friend1"), id("friend0")}, got); d != "" {
		t.Error(d)
	}
	got = choose(b, peerbook.Need{Now: now.Add(4 * time.Hour), Want: 2, Prefer: map[peer.ID]bool{id("sybil7"): true}})
	if len(got) != 2 || got[0] != id("sybil7") || got[1] != id("friend2") {
		t.Errorf("%v: want who follows the topic, then the old friend", got)
	}
}

// One peer that names thousands, all of which say they are in different places,
// gets 32 of them into the book and 4 connected.
func TestOneGiverGetsLittle(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	for i := range 10_000 {
		b.Add(now, peerbook.Exchange, id("mallory"), at(fmt.Sprint("sybil", i), spread(i%4000)), peerbook.Public)
	}
	if n := len(b.Entries()); n != 32 {
		t.Errorf("%d in the book, want 32", n)
	}
	if got := choose(b, peerbook.Need{Now: now, Want: 12}); len(got) != 4 {
		t.Errorf("%d chosen, want 4", len(got))
	}
}

// All of one data centre are dialled two at a time; those of a local network as
// the need is.
func TestOneRangeGetsLittle(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	for i := range 200 {
		b.Add(now, peerbook.DHT, "", at(fmt.Sprint("sybil", i), fmt.Sprintf("/ip4/5.6.%d.1/tcp/1", i)), peerbook.Public)
	}
	if got := choose(b, peerbook.Need{Now: now, Want: 12}); len(got) != 2 {
		t.Errorf("%d of one range chosen, want 2", len(got))
	}
	b = peerbook.New(peerbook.Limits{})
	for i := range 20 {
		b.Add(now, peerbook.MDNS, "", at(fmt.Sprint("neighbour", i), fmt.Sprintf("/ip4/192.168.1.%d/tcp/1", i+1)), peerbook.Local)
	}
	if got := choose(b, peerbook.Need{Now: now, Want: 12}); len(got) != 12 {
		t.Errorf("%d of the local network chosen, want 12", len(got))
	}
}

// A full book makes room for the new by what has failed, never by who was
// reached or is kept.
func TestFullBook(t *testing.T) {
	b := peerbook.New(peerbook.Limits{Entries: 10})
	b.Keep(now, peerbook.Manual, at("kept", spread(0)))
	for i := range 9 {
		old := at(fmt.Sprint("old", i), spread(i+1))
		b.Add(now, peerbook.DHT, "", old, peerbook.Public)
		b.Met(now, old, true, peerbook.Public)
		b.Left(now, old.ID)
	}
	for i := range 1000 {
		b.Add(now, peerbook.DHT, "", at(fmt.Sprint("new", i), spread(100+i)), peerbook.Public)
	}
	if _, ok := b.Get(id("kept")); !ok || len(b.Entries()) != 11 {
		t.Errorf("%d entries", len(b.Entries()))
	}
	for i := range 9 {
		if _, ok := b.Get(id(fmt.Sprint("old", i))); !ok {
			t.Errorf("old%d was pushed out", i)
		}
	}
}

// What others say changes nothing about whom this node has reached itself.
func TestHearsayDoesNotMoveFriends(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	ann := at("ann", spread(1))
	b.Add(now, peerbook.DHT, "", ann, peerbook.Public)
	b.Met(now, ann, true, peerbook.Public)
	b.Add(now, peerbook.Exchange, id("mallory"), at("ann", "/ip4/6.6.6.6/tcp/6"), peerbook.Public)
	if e, _ := b.Get(id("ann")); len(e.Info.Addrs) != 1 || !e.Info.Addrs[0].Equal(ann.Addrs[0]) {
		t.Errorf("ann is at %v now", e.Info.Addrs)
	}
	if e, _ := b.Get(id("ann")); e.Stored() {
		t.Error("ann is written down, and has not offered herself to be found")
	}
	if b.Add(now, peerbook.Exchange, id("mallory"), at("bob", "/ip4/192.168.1.1/tcp/22"), peerbook.Public) {
		t.Error("an address of the local network was taken from outside")
	}
	b.At(id("ann"), []ma.Multiaddr{ma.StringCast(spread(9))}, peerbook.Public, true)
	if e, _ := b.Get(id("ann")); len(e.Info.Addrs) != 2 || e.Info.Addrs[0].String() != spread(9) || !e.Stored() {
		t.Errorf("ann moved, and is at %v", e.Info.Addrs)
	}
	if !b.Forget(id("ann")) || b.Forget(id("ann")) {
		t.Error("forgetting twice is not the same as once")
	}
}

// anyEntry draws an entry as it may stand in a book.
func anyEntry(t *rapid.T) peerbook.Entry {
	sec := func(name string) time.Time {
		s := rapid.Int64Range(0, 1<<33).Draw(t, name)
		if s == 0 {
			return time.Time{}
		}
		return time.Unix(s, 0).UTC()
	}
	e := peerbook.Entry{
		Info:   peer.AddrInfo{ID: id(rapid.String().Draw(t, "name"))},
		Source: rapid.SampledFrom([]peerbook.Source{peerbook.Manual, peerbook.Invite, peerbook.MDNS, peerbook.DHT, peerbook.Exchange, peerbook.Incoming}).Draw(t, "source"),
		Since:  sec("since"), Seen: sec("seen"), Next: sec("next"), Held: time.Duration(rapid.Int64Range(0, 1<<30).Draw(t, "held")) * time.Second,
		Public: rapid.Bool().Draw(t, "public"), Unwanted: rapid.Bool().Draw(t, "unwanted"),
		Reached: rapid.Uint64Range(0, 1<<62).Draw(t, "reached"), Failed: rapid.Uint64Range(0, 1<<62).Draw(t, "failed"),
	}
	if rapid.Bool().Draw(t, "named") {
		e.By = id("giver")
	}
	for i := range rapid.IntRange(0, peerbook.MaxAddrs).Draw(t, "addrs") {
		e.Info.Addrs = append(e.Info.Addrs, ma.StringCast(spread(i)))
	}
	return e
}

func TestEntriesSurviveTheStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyEntry(t)
		b, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := peerbook.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzParse(f *testing.F) {
	good, err := peerbook.Entry{Info: at("ann", spread(1)), Source: peerbook.Exchange, By: id("bob"), Since: now, Seen: now, Held: time.Hour, Reached: 3}.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("/ip4/1.2.3.4/tcp/1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := peerbook.Parse(b)
		if err != nil {
			return
		}
		again, err := e.Marshal()
		if err != nil || string(again) != string(b) {
			t.Errorf("%x was taken for %+v, which is %x (%v)", b, e, again, err)
		}
		peerbook.New(peerbook.Limits{}, e).Choose(peerbook.Need{Now: now, Want: 3, Chance: first})
	})
}

// However a book came to be, what is chosen keeps the limits.
func TestChooseKeepsTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := peerbook.Limits{PerRange: 2, PerGiver: 3, Entries: 40, PerPeer: 8}
		b := peerbook.New(limits)
		for i := range rapid.IntRange(0, 60).Draw(t, "n") {
			by := peer.ID("")
			if g := rapid.IntRange(0, 3).Draw(t, "giver"); g > 0 {
				by = id(fmt.Sprint("giver", g))
			}
			info := at(fmt.Sprint(i), fmt.Sprintf("/ip4/9.%d.0.%d/tcp/1", rapid.IntRange(1, 6).Draw(t, "range"), i+1))
			if b.Add(now, peerbook.Exchange, by, info, peerbook.Public) && rapid.Bool().Draw(t, "met") {
				b.Met(now, info, true, peerbook.Public)
				b.Left(now, info.ID)
			}
		}
		want := rapid.IntRange(0, 20).Draw(t, "want")
		ranges, givers := map[string]int{}, map[peer.ID]int{}
		got := b.Choose(peerbook.Need{Now: now, Want: want, Chance: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "chance") }})
		if len(got) > want || len(b.Entries()) > 40 {
			t.Fatalf("%d chosen of %d, want at most %d of 40", len(got), len(b.Entries()), want)
		}
		for _, info := range got {
			e, _ := b.Get(info.ID)
			if givers[e.By]++; e.By != "" && givers[e.By] > 3 {
				t.Fatalf("%d of one giver", givers[e.By])
			}
			r := peerbook.Range(info.Addrs[0]).String()
			if ranges[r]++; ranges[r] > 2 {
				t.Fatalf("%d of %s", ranges[r], r)
			}
		}
	})
}
