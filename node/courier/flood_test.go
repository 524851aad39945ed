package courier

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// strangers has a node take part as the owner of an intent does, or a vendor:
// anybody may write to its routes "intent …", and letters of kind "known" are of
// parties that it knows.
func strangers(c *Config) {
	c.Open = func(label string) bool { return strings.HasPrefix(label, "intent") }
	c.Known = func(_ store.Tx, in Inbound) (bool, error) { return in.Kind == "known", nil }
}

// junk is a letter that looks like one to who holds it, and opens under no key.
func junk(n int) []byte {
	b := make([]byte, 1024+seal.Overhead)
	copy(b, fmt.Sprint("junk ", n))
	return b
}

// sealedBy makes a letter of a stranger's to the key.
func sealedBy(t *testing.T, key []byte, kind string) []byte {
	t.Helper()
	now := time.Now()
	l := seal.Letter{Version: 1, ID: seal.NewID(), Kind: kind, Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour))}
	sealed, _, err := seal.Seal(key, l)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// flood has each of the hostile nodes hand letters in at the route, so many a
// second for so long, and counts the answers.
func flood(t *testing.T, from []*testNode, to intentcast.Route, each int, span time.Duration, letter func(n int) []byte) map[wire.Status]int {
	t.Helper()
	at, err := wire.ParsePeer(to.Peer, to.Addrs)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	answers, sent := make(map[wire.Status]int), 0
	for _, n := range from {
		wg.Go(func() {
			for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(time.Second / time.Duration(each)) {
				mu.Lock()
				sent++
				sealed := letter(sent)
				mu.Unlock()
				status, _, err := n.courier.carry(t.Context(), nil, at, wire.LetterProtocol, wire.EncodeLetter(to.Slot, sealed, nil), 0)
				if err == nil {
					mu.Lock()
					answers[status]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return answers
}

// total sums a courier's letters received, by what became of them.
func (n *testNode) total(results ...string) (sum int) {
	for _, r := range results {
		sum += int(testutil.ToFloat64(n.courier.count.in.WithLabelValues(r)))
	}
	return sum
}

func (n *testNode) denied(where, why string) int {
	return int(testutil.ToFloat64(n.courier.count.denied.WithLabelValues(where, why)))
}

// Four hostile peers flood the route of an intent; an honest vendor's offer gets
// through meanwhile, whether the asker is there or comes back later, and what is
// opened of the flood is bounded.
func TestOfferThroughAFloodOfItsRoute(t *testing.T) {
	for name, away := range map[string]bool{"the asker is there": false, "the asker is off": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 7, func(t *testing.T, nodes []*testNode) {
				person := nodes[0]
				route, other := person.openRoute("intent 1"), person.openRoute("card")
				holder := nodes[holderOfRoute(nodes, route.Peer)]
				hostile := except(nodes, person, holder)
				vendor, hostile := hostile[0], hostile[1:]
				if away {
					person.stop()
				}
				begun := time.Now()
				flooding := make(chan map[wire.Status]int, 1)
				go func() { flooding <- flood(t, hostile, route, 25, 90*time.Second, junk) }()
				time.Sleep(30 * time.Second)
				self := vendor.courier.Self()
				offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Expires: time.Now().Add(time.Hour), Direct: true})
				card := vendor.send(Outgoing{To: other, From: &self, Kind: "event", Expires: time.Now().Add(time.Hour), Direct: true})
				if away {
					eventually(t, 20*time.Second, "held in the midst of the flood", func() bool { return vendor.letter(offer).State == StateHeld })
					time.Sleep(30 * time.Second)
					person.start(strangers)
				}
				eventually(t, 75*time.Second, "the offer is delivered in the midst of the flood", func() bool {
					return vendor.letter(offer).State == StateDelivered
				})
				eventually(t, 10*time.Second, "and a letter by another route", func() bool { return vendor.letter(card).State == StateDelivered })
				answers := <-flooding
				if opened, most := person.total(resultUnreadable), openAtOnce+fetchMost+int(openPace*time.Since(begun).Seconds()); opened > most {
					t.Errorf("%d letters of the flood were opened, at most %d should be", opened, most)
				}
				if n := answers[wire.NeedsWork]; n == 0 || holder.denied(atSlot, whyWork) < n {
					t.Errorf("the flood was answered %v, and counted as denied were %d", answers, holder.denied(atSlot, whyWork))
				}
				if st := holder.courier.holder.Stats(); st.Letters > 256 {
					t.Errorf("held: %+v", st)
				}
			}, strangers)
		})
	}
}

// except returns the nodes but for some.
func except(nodes []*testNode, but ...*testNode) (out []*testNode) {
	for _, n := range nodes {
		found := false
		for _, b := range but {
			found = found || n == b
		}
		if !found {
			out = append(out, n)
		}
	}
	return out
}

// A vendor's own route is flooded by strangers' letters, some that open and some
// that don't: a party it knows is asked for nothing, a stranger for work, and
// both get through; the flood does not.
func TestKnownPartyPassesAFloodOfStrangers(t *testing.T) {
	made := 0
	bubble(t, 10, func(t *testing.T, nodes []*testNode) {
		vendor, person, stranger, hostile := nodes[0], nodes[1], nodes[2], nodes[4:]
		self := vendor.courier.Self()
		flooding := make(chan map[wire.Status]int, 1)
		go func() {
			flooding <- flood(t, hostile, self, 25, 45*time.Second, func(n int) []byte {
				if n%2 == 0 {
					return junk(n)
				}
				return sealedBy(t, self.Key, "stranger")
			})
		}()
		time.Sleep(30 * time.Second)
		known := person.send(Outgoing{To: self, Kind: "known", Expires: time.Now().Add(time.Hour)})
		unknown := stranger.send(Outgoing{To: self, Kind: "stranger", Expires: time.Now().Add(time.Hour)})
		eventually(t, 10*time.Second, "the known party's letter is delivered", func() bool { return person.letter(known).State == StateDelivered })
		eventually(t, 15*time.Second, "the stranger's too", func() bool { return stranger.letter(unknown).State == StateDelivered })
		stamps := func(n *testNode) int { return int(testutil.ToFloat64(n.courier.count.minted)) }
		if stamps(person) != 0 || stamps(stranger) == 0 {
			t.Errorf("the known party made %d stamps, the stranger %d", stamps(person), stamps(stranger))
		}
		answers := <-flooding
		// Of what six peers send, as many are taken as are borne.
		if most := int(2 * 64 * strangersRate); answers[wire.Taken] > most || answers[wire.NeedsWork] < 2*most {
			t.Errorf("the flood was answered %v, at most %d should be taken", answers, most)
		}
		if vendor.denied(atDirect, whyWork) == 0 {
			t.Error("nothing was counted as denied")
		}
	}, strangers, func(c *Config) { // who floods carries for nobody
		c.NoForward = made >= 4
		made++
	})
}

// A stamp that did not do what it claims, or was made for another place, is
// refused and counted; whoever made it may send the letter as it is.
func TestFalseStamps(t *testing.T) {
	node := loopback(t, 1, everybody, quick, strangers)[0]
	defer shut(node)
	r := newRaw(t, node)
	self := node.courier.Self()
	sealed := sealedBy(t, self.Key, "stranger")
	elsewhere, err := admission.Mint(t.Context(), wire.LetterChallenge(r.h.ID(), nil, sealed), 12, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		slot, work []byte
		where      string
	}{
		"no work was done":       {nil, admission.Stamp{Bits: 20}.Encode(), atDirect},
		"made for another peer":  {nil, elsewhere.Encode(), atDirect},
		"claims nothing":         {nil, make([]byte, admission.StampSize), atDirect},
		"no work, to a slot":     {make([]byte, 32), admission.Stamp{Bits: 20}.Encode(), atSlot},
		"made for the slot's id": {make([]byte, 32), elsewhere.Encode(), atSlot},
	} {
		before := node.denied(c.where, whyStamp)
		if got := r.frame(wire.LetterProtocol, wire.EncodeLetter(c.slot, sealed, c.work)); got != wire.Malformed {
			t.Errorf("%s: %v", name, got)
		}
		if node.denied(c.where, whyStamp) != before+1 {
			t.Errorf("%s: not counted", name)
		}
	}
	if n := len(node.effects()); n != 0 {
		t.Errorf("%d effects", n)
	}
	good, err := admission.Mint(t.Context(), wire.LetterChallenge(node.host.ID(), nil, sealed), 10, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.frame(wire.LetterProtocol, wire.EncodeLetter(nil, sealed, good.Encode())); got != wire.Taken {
		t.Errorf("with a stamp that holds: %v", got)
	}
}

// A peer that always asks for work gets so much of it and no more, and holds up
// nobody else's letters.
func TestWorkForOnePeerIsBounded(t *testing.T) {
	c := loopback(t, 1, everybody, quick)[0]
	defer shut(c)
	stamp := func(to peer.ID, bits int) error {
		_, err := c.courier.stamp(t.Context(), to, nil, junk(1), bits)
		return err
	}
	if err := stamp("greedy", 10); err != nil {
		t.Fatal(err)
	}
	c.courier.works.spent.Spend("greedy", workBurst, time.Now())
	if err := stamp("greedy", 10); err == nil || !strings.Contains(err.Error(), "enough was done") {
		t.Errorf("once all was spent: %v", err)
	}
	if err := stamp("modest", 10); err != nil {
		t.Errorf("another peer: %v", err)
	}
	c.courier.works.room <- struct{}{}
	if err := stamp("modest", 10); err == nil || !strings.Contains(err.Error(), "busy") {
		t.Errorf("while a stamp is made: %v", err)
	}
}
