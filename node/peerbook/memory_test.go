package peerbook_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/node/peerbook"
)

// Who is not wanted is not dialled, whoever names it, and not forgotten, until
// it is named by the owner.
func TestUnwanted(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	b.Add(now, peerbook.Exchange, id("ann"), at("bob", spread(1)), peerbook.Public)
	if !b.Refuse(now, id("bob")) || b.Refuse(now, id("bob")) {
		t.Error("bob was wanted once, and is not any more")
	}
	for range 3 {
		if b.Add(now, peerbook.DHT, id("cat"), at("bob", spread(1)), peerbook.Public) {
			t.Error("bob is in the book again by hearsay")
		}
		b.Met(now, at("bob", spread(1)), false, peerbook.Public)
		b.At(id("bob"), []ma.Multiaddr{ma.StringCast(spread(1))}, peerbook.Public, true)
		b.Prune(now.Add(10 * 365 * 24 * time.Hour))
	}
	e, ok := b.Get(id("bob"))
	if !ok || !e.Unwanted || !e.Stored() || e.Kept() || len(e.Info.Addrs) > 0 || !b.Unwanted(id("bob")) {
		t.Errorf("%+v, want his id and that he is unwanted", e)
	}
	if got := choose(b, peerbook.Need{Now: now, Want: 8}); len(got) != 0 {
		t.Errorf("%v chosen", got)
	}
	b.Keep(now, peerbook.Manual, at("bob", spread(1)))
	if got := choose(b, peerbook.Need{Now: now}); len(got) != 1 || b.Unwanted(id("bob")) {
		t.Errorf("%v chosen, want bob, who was named again", got)
	}
}

// A week without a network of its own costs a node neither the memory of those
// it met nor, once it is back, six hours of waiting.
func TestAWeekOffline(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	relay := at("relay", spread(1))
	b.Met(now, relay, false, peerbook.Public)
	b.At(relay.ID, relay.Addrs, peerbook.Public, true)
	b.Left(now, relay.ID)
	var last time.Time
	tries := 0
	for later := now; later.Before(now.Add(7 * 24 * time.Hour)); later = later.Add(time.Minute) {
		for _, info := range b.Choose(peerbook.Need{Now: later, Want: 1, Chance: first}) {
			b.Missed(later, info.ID, 1)
			last = later
			tries++
		}
		b.Prune(later)
	}
	if _, ok := b.Get(relay.ID); !ok {
		t.Fatal("forgotten: nothing would ever bring this node back")
	}
	if end := now.Add(7 * 24 * time.Hour); end.Sub(last) > 10*time.Minute {
		t.Errorf("dialled %d times, the last time %v before the end", tries, end.Sub(last))
	}
}

// What a peer has missed while others were there is no reason to wait once
// they have gone too.
func TestAloneIsNoTimeToWait(t *testing.T) {
	b := peerbook.New(peerbook.Limits{})
	other, there := at("other", spread(1)), at("there", spread(2))
	b.Met(now, other, true, peerbook.Public)
	b.Left(now, other.ID)
	b.Met(now, there, true, peerbook.Public)
	for range 20 {
		b.Missed(now, other.ID, 1)
	}
	with := map[peer.ID]ma.Multiaddr{there.ID: there.Addrs[0]}
	if got := choose(b, peerbook.Need{Now: now.Add(time.Hour), Want: 1, Connected: with}); len(got) != 0 {
		t.Errorf("in company %v chosen, an hour into a pause of six", got)
	}
	b.Left(now.Add(time.Hour), there.ID)
	if got := choose(b, peerbook.Need{Now: now.Add(time.Hour), Want: 2}); len(got) != 2 {
		t.Errorf("alone %v chosen, want both", got)
	}
}
