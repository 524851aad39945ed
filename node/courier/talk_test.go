package courier

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// ask sends the vendor a letter that it answers, and waits until the answer has
// had its effect as number want.
func ask(t *testing.T, person, vendor *testNode, from intentcast.Route, body string, want int) (id string) {
	t.Helper()
	id = person.send(Outgoing{To: vendor.courier.Self(), From: &from, Kind: "ask", Body: []byte(body), Expires: time.Now().Add(time.Hour)})
	eventually(t, 5*time.Minute, "answered: "+body, func() bool {
		return len(person.effects()) >= want && person.letter(id).State == StateDelivered
	})
	return id
}

// atRest returns the talk of a route with the vendor, once nobody uses it.
func atRest(t *testing.T, person, vendor *testNode, from intentcast.Route) *talk {
	t.Helper()
	key := talkKey{[32]byte(seal.KeyHash(vendor.courier.Self().Key)), [32]byte(seal.KeyHash(from.Key))}
	var tk *talk
	eventually(t, time.Minute, "a talk is at rest", func() bool {
		person.courier.talks.mu.Lock()
		defer person.courier.talks.mu.Unlock()
		tk = person.courier.talks.begun[key]
		return tk != nil
	})
	return tk
}

func talksOf(n *testNode) (begun, joined int) {
	n.courier.talks.mu.Lock()
	defer n.courier.talks.mu.Unlock()
	return len(n.courier.talks.begun), len(n.courier.talks.joined)
}

// The first letter and its answer are sealed to keys; those after them go by the
// secret that they leave, a request for each and one that proves the answer.
func TestSecondLetterGoesByTheTalk(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		if tk := atRest(t, person, vendor, route); tk.next != 0 {
			t.Errorf("the talk begins with request %d", tk.next)
		}
		if _, joined := talksOf(vendor); joined != 1 {
			t.Errorf("the vendor has %d talks", joined)
		}
		for i, body := range []string{"two", "three"} {
			began := time.Now()
			id := ask(t, person, vendor, route, body, i+2)
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s answered after %v", body, took)
			}
			if tk := atRest(t, person, vendor, route); tk.next != uint64(2*(i+1)) {
				t.Errorf("after %s the next request is %d", body, tk.next)
			}
			if l := person.letter(id); l.Attempts != 1 {
				t.Errorf("%s went like this: %+v", body, l)
			}
		}
		eventually(t, time.Second, "proven", func() bool {
			for _, a := range answers(vendor) {
				if a.State != StateDelivered || a.HeldBy != "" || a.Attempts != 1 {
					return false
				}
			}
			return true
		})
		for _, in := range person.inbounds() {
			if in.Label != "card" || !bytes.Equal(in.To, seal.KeyHash(route.Key)) || in.From == nil || !bytes.Equal(in.From.Key, vendor.courier.Self().Key) {
				t.Errorf("taken in as %+v", in)
			}
		}
		for _, in := range vendor.inbounds() {
			if in.Label != "" || in.From == nil || !bytes.Equal(in.From.Key, route.Key) || !bytes.Equal(in.From.Slot, route.Slot) {
				t.Errorf("the vendor took in %+v", in)
			}
		}
		time.Sleep(10 * time.Minute)
		if got := person.effects(); len(got) != 3 || len(vendor.inbounds()) != 3 {
			t.Errorf("effects %q, the vendor heard %d", got, len(vendor.inbounds()))
		}
	})
}

// A vendor that has forgotten its talks is written to as at first, and a new talk
// begins.
func TestTalkIsForgotten(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		old := atRest(t, person, vendor, route)
		vendor.stop()
		vendor.start(vendor.answerAll)
		met(t, person, vendor)
		ask(t, person, vendor, route, "two", 2)
		if tk := atRest(t, person, vendor, route); tk == old || tk.next != 0 {
			t.Errorf("goes on by the talk that was forgotten, request %d", tk.next)
		}
		time.Sleep(10 * time.Minute)
		if got := person.effects(); len(got) != 2 {
			t.Errorf("effects %q", got)
		}
	})
}

// A request of which the answer is lost has its effect, once: the letter comes
// again sealed, and what was said in return goes to the route.
func TestAnswerOfATalkIsLost(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		tk := atRest(t, person, vendor, route)
		// A letter as it stands in the outbox goes to the vendor, and its answer
		// nowhere.
		vendorSelf, now := vendor.courier.Self(), time.Now()
		var sent task
		err := person.store.Update(t.Context(), func(tx store.Tx) (err error) {
			sent, err = person.courier.compose(Outgoing{To: vendorSelf, From: &route, Kind: "ask", Body: []byte("two"), Expires: now.Add(time.Hour)}, true)
			sent.rec.Due = now.Add(time.Minute)
			return errors.Join(err, tx.Put(sent.rec))
		})
		if err != nil {
			t.Fatal(err)
		}
		body, err := wire.EncodeTalkRequest(wire.TalkRequest{Letter: sent.plain})
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := tk.session.SealRequest(tk.next, body)
		if err != nil {
			t.Fatal(err)
		}
		status, _, err := others[0].courier.carry(t.Context(), nil, addrInfo(vendor.host), wire.LetterProtocol, wire.EncodeTalk(sealed), 0)
		if err != nil || status != wire.Taken {
			t.Fatalf("answer %v, %v", status, err)
		}
		// The same again is none of the talk's requests any more.
		status, _, err = others[0].courier.carry(t.Context(), nil, addrInfo(vendor.host), wire.LetterProtocol, wire.EncodeTalk(sealed), 0)
		if err != nil || status != wire.NoSession {
			t.Errorf("said twice: %v, %v", status, err)
		}
		eventually(t, 10*time.Minute, "delivered in the end", func() bool {
			return person.letter(sent.rec.ID).State == StateDelivered && len(person.effects()) == 2
		})
		time.Sleep(10 * time.Minute)
		if got := person.effects(); len(got) != 2 || len(answers(vendor)) != 2 {
			t.Errorf("effects %q, %d answers", got, len(answers(vendor)))
		}
	})
}

// Two letters at a time don't share a talk: one of them goes sealed.
func TestTwoLettersAtATime(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		atRest(t, person, vendor, route)
		for _, body := range []string{"two", "three", "four"} {
			person.send(Outgoing{To: vendor.courier.Self(), From: &route, Kind: "ask", Body: []byte(body), Expires: time.Now().Add(time.Hour)})
		}
		eventually(t, 5*time.Minute, "all answered", func() bool { return len(person.effects()) == 4 })
		time.Sleep(10 * time.Minute)
		if got := person.effects(); len(got) != 4 || len(vendor.inbounds()) != 4 {
			t.Errorf("effects %q, the vendor heard %d", got, len(vendor.inbounds()))
		}
	})
}

// A letter that is put off can't be read in the outbox, and goes sealed, with the
// route it comes from, when its recipient is back.
func TestLetterPutOffIsClosed(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		atRest(t, person, vendor, route)
		to := vendor.courier.Self()
		vendor.stop()
		id := person.send(Outgoing{To: to, From: &route, Kind: "ask", Body: []byte("a word nobody reads"), Expires: time.Now().Add(time.Hour)})
		check := func(when string, late bool) {
			rec := record(t, person, id)
			l, err := decodeOut(rec.Body)
			if err != nil || bytes.Contains(rec.Body, []byte("nobody reads")) || late != (len(l.Plain) > 0) || late == (len(l.Sealed) > 0) {
				t.Errorf("%s: plain of %d bytes, sealed of %d, %v", when, len(l.Plain), len(l.Sealed), err)
			}
		}
		check("at first", true)
		time.Sleep(2 * time.Minute)
		check("after an attempt", false)
		vendor.start(vendor.answerAll)
		eventually(t, 20*time.Minute, "answered", func() bool { return len(person.effects()) == 2 })
	})
}

// A person who was off finds what was put off, and sends it.
func TestLetterPutOffOutlivesTheProcess(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		atRest(t, person, vendor, route)
		to := vendor.courier.Self()
		vendor.stop()
		id := person.send(Outgoing{To: to, From: &route, Kind: "ask", Body: []byte("two"), Expires: time.Now().Add(time.Hour)})
		person.stop() // with the letter under way, or not yet
		person.start()
		vendor.start(vendor.answerAll)
		eventually(t, 30*time.Minute, "answered", func() bool { return len(person.effects()) == 2 && person.letter(id).State == StateDelivered })
	})
}

// A stranger who names another's route has no talk as its owner: he can't open
// what answers him, and without that nothing is proven.
func TestNoTalkByAnothersName(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		route := person.openRoute("card")
		if letters := handIn(t, others[0], vendor, askFrom(t, route, vendor)); len(letters) != 1 {
			t.Fatalf("%d letters in the answer", len(letters))
		}
		time.Sleep(replyWait + time.Minute)
		if _, joined := talksOf(vendor); joined != 0 {
			t.Errorf("%d talks", joined)
		}
	})
}

// With a party that the vendor does not know, no talk begins: strangers would
// fill what is kept of them.
func TestNoTalkWithAStranger(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, _ []*testNode) {
		vendor.stop()
		vendor.start(vendor.answerAll, func(c *Config) {
			c.Known = func(store.Tx, Inbound) (bool, error) { return false, nil }
		})
		met(t, person, vendor)
		route := person.openRoute("card")
		ask(t, person, vendor, route, "one", 1)
		ask(t, person, vendor, route, "two", 2)
		if _, joined := talksOf(vendor); joined != 0 {
			t.Errorf("%d talks", joined)
		}
	})
}

// Who has a talk can prove the letters of that talk and no others.
func TestProofOfAnothersLetter(t *testing.T) {
	answering(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		a, b := person.openRoute("a"), others[1].openRoute("b")
		ask(t, person, vendor, a, "one", 1)
		ask(t, others[1], vendor, b, "one", 1)
		atRest(t, person, vendor, a)
		tk := atRest(t, others[1], vendor, b)
		// The person's second answer is lost, and waits for its proof.
		id, err := hexID(spokenButUnproven(t, person, vendor, a, "two"))
		if err != nil {
			t.Fatal(err)
		}
		to := addrInfo(vendor.host)
		resp, err := others[1].courier.request(t.Context(), tk, &passage{to: to}, wire.TalkRequest{Proofs: []wire.TalkProof{{Letter: id, Status: wire.Refused}}})
		if err != nil || resp.Status != wire.Taken {
			t.Fatalf("%+v, %v", resp, err)
		}
		eventually(t, 5*time.Minute, "goes to its route", func() bool { return len(person.effects()) == 2 })
		for _, l := range answers(vendor) {
			if l.State == StateRefused {
				t.Errorf("another's word was taken: %+v", l)
			}
		}
	})
}

// spokenButUnproven has the person ask by the talk, keeps the answer from it, and
// returns the id of the vendor's letter.
func spokenButUnproven(t *testing.T, person, vendor *testNode, from intentcast.Route, body string) string {
	t.Helper()
	tk := atRest(t, person, vendor, from)
	plain, err := seal.EncodeLetter(seal.Letter{
		Version: 1, ID: seal.NewID(), Kind: "ask", Body: []byte(body), Sent: identity.At(time.Now()), Expires: identity.At(time.Now().Add(time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := person.courier.request(t.Context(), tk, &passage{to: addrInfo(vendor.host)}, wire.TalkRequest{Letter: plain}); err != nil {
		t.Fatal(err)
	}
	for _, l := range answers(vendor) {
		if l.State != StateDelivered && l.Slot {
			return l.ID
		}
	}
	t.Fatal("the vendor has not answered")
	return ""
}

func record(t *testing.T, n *testNode, id string) (rec store.Record) {
	t.Helper()
	err := n.store.View(context.Background(), func(tx store.Tx) (err error) {
		rec, err = tx.Get(kindLetter, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// Talks are few and end in time.
func TestTalksAreBounded(t *testing.T) {
	now := time.Now()
	ts := newTalks()
	for i := range mostTalks + 10 {
		ts.put(&talkKey{to: [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}}, &talk{since: now})
	}
	if len(ts.begun) != mostTalks {
		t.Errorf("%d talks", len(ts.begun))
	}
	clear(ts.begun)
	k := &talkKey{to: [32]byte{1}}
	for name, c := range map[string]struct {
		tk   *talk
		want bool
	}{"young": {&talk{since: now}, true}, "old": {&talk{since: now.Add(-talkLife - 1)}, false}, "long": {&talk{since: now, next: talkMost - 2}, false}} {
		ts.put(k, c.tk)
		if got := ts.take(k, now); (got != nil) != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if ts.take(k, now) != nil {
			t.Errorf("%s: taken twice", name)
		}
	}
	ts.put(k, &talk{since: now})
	ts.join(&talk{since: now, session: seal.Talk(make([]byte, 32), make([]byte, 32))})
	ts.sweep(now.Add(talkLife))
	if len(ts.begun) != 1 || len(ts.joined) != 1 {
		t.Error("swept too early")
	}
	ts.sweep(now.Add(talkLife + 1))
	if len(ts.begun) != 0 || len(ts.joined) != 0 {
		t.Error("kept too long")
	}
	if ts.take(nil, now) != nil {
		t.Error("a talk without a key")
	}
}

func hexID(id string) ([]byte, error) { return hex.DecodeString(id) }
