package node_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// asker makes intents of an attacker's own, each by a fresh key.
type asker struct {
	b      *besieged
	t      *testing.T
	signer identity.Signer
}

func (b *besieged) asker(w *sim.World, n byte) asker {
	return asker{b, w.T, identity.NewKeySigner(newKey(n))}
}

// intent is one that both shops would answer.
func (a asker) intent() intentcast.Intent {
	in := a.b.want.Body
	route := a.b.rogue.courier.Self()
	in.Author, in.Reply = a.signer.DID(), &route
	in.Created, in.Expires = identity.At(time.Now()), identity.At(time.Now().Add(time.Hour))
	return in
}

func (a asker) cast(in intentcast.Intent) []byte {
	a.t.Helper()
	return signRawAt(a.t, in, a.signer, identity.RoleAuthor, in.Created.Std())
}

// Casts that a whole node must not take in, whoever sends them.
func TestHostileCasts(t *testing.T) {
	sim.Run(t, 41, func(w *sim.World) {
		b := siege(w, roses())
		topic := gossip.TopicPrefix + b.want.Body.Shard()
		a := b.asker(w, 9)
		altered := func(change func(*intentcast.Intent)) []byte {
			in := a.intent()
			change(&in)
			return a.cast(in)
		}
		real := must[view.Intent](w)(b.cheap.Intent(w.T.Context(), b.want.Root))
		successor := func(status intentcast.Status) intentcast.Intent {
			in := (&intentcast.Cast{Intent: real.Body, ID: real.ID}).Successor(status, time.Now())
			return in
		}
		good := a.cast(a.intent())
		casts := map[string][]byte{
			"expired": altered(func(in *intentcast.Intent) {
				in.Created, in.Expires = identity.At(time.Now().Add(-2*time.Hour)), identity.At(time.Now().Add(-time.Hour))
			}),
			"from the future": altered(func(in *intentcast.Intent) {
				in.Created, in.Expires = identity.At(time.Now().Add(time.Hour)), identity.At(time.Now().Add(2*time.Hour))
			}),
			"of too long a life":  altered(func(in *intentcast.Intent) { in.Expires = identity.At(time.Now().Add(30 * 24 * time.Hour)) }),
			"of another version":  altered(func(in *intentcast.Intent) { in.Version = 2 }),
			"under unknown terms": altered(func(in *intentcast.Intent) { in.Terms[0].ID = "SD-ALL" }),
			"under terms of another hash": altered(func(in *intentcast.Intent) {
				in.Terms = append(in.Terms[:0:0], in.Terms...)
				in.Terms[0].SHA256 = strings.Repeat("0", 64)
			}),
			"of another topic":           altered(func(in *intentcast.Intent) { in.Category.Value = "electronics" }),
			"without a reply route":      altered(func(in *intentcast.Intent) { in.Reply = nil }),
			"with an empty reply route":  altered(func(in *intentcast.Intent) { in.Reply = new(intentcast.Route) }),
			"too large":                  altered(func(in *intentcast.Intent) { in.Text = strings.Repeat("x", intentcast.MaxCast) }),
			"cut short":                  good[:len(good)-1],
			"with a tail":                append(bytes.Clone(good), 0),
			"nothing":                    {},
			"a replay of Pat's own":      castOf(w, b.cheap, b.want.Root),
			"withdrawn by another":       a.cast(renamed(successor(intentcast.StatusWithdrawn), a.signer.DID())),
			"amended by another":         a.cast(renamed(successor(intentcast.StatusOpen), a.signer.DID())),
			"withdrawn in Pat's name":    signRaw(w.T, successor(intentcast.StatusWithdrawn), borrowed{a.signer, real.Body.Author}, identity.RoleAuthor),
			"signed by somebody else":    signRaw(w.T, a.intent(), newForger(w.T, "x.example").signer, identity.RoleAuthor),
			"signed in another role":     signRaw(w.T, a.intent(), a.signer, identity.RoleVendor),
			"a second version 0 of none": altered(func(in *intentcast.Intent) { in.Prev = dagcbor.Sum([]byte("x")) }),
		}
		beforeC, beforeD := holdings(w, b.cheap), holdings(w, b.dear)
		for name, cast := range casts { // each by another: a peer is not listened to for long after its first
			line := newTap(w, "who sends one "+name, b.cheap, b.dear)
			line.publish(b.cheap, topic, cast)
			line.publish(b.dear, topic, cast)
		}
		for field := range 4 { // a message with an author is none, whatever it says
			m := &pb.Message{Topic: &topic, Data: good}
			*[]*[]byte{&m.From, &m.Seqno, &m.Signature, &m.Key}[field] = []byte("somebody")
			newTap(w, fmt.Sprint("who signs ", field), b.cheap).send(b.cheap, &pb.RPC{Publish: []*pb.Message{m}})
		}
		rnd := w.RandFor("flips")
		for i := range 40 {
			newTap(w, fmt.Sprint("who flips ", i), b.cheap).publish(b.cheap, topic, flipped(good, rnd.IntN(8*len(good))))
		}
		time.Sleep(30 * time.Second)
		wantSame(w, b.cheap, beforeC)
		wantSame(w, b.dear, beforeD)
		if n := len(b.rogue.answers("offer")); n > 0 {
			w.T.Errorf("%d of them were answered", n)
		}

		// A good one by another peer is heard and answered: nothing has died.
		newTap(w, "ivy", b.cheap, b.dear).publish(b.cheap, topic, good)
		w.Eventually(time.Minute, "a good one is answered by both", func() bool { return len(b.rogue.answers("offer")) == 2 })
	})
}

func renamed(in intentcast.Intent, author identity.DID) intentcast.Intent {
	in.Author = author
	return in
}

// castOf is an intent's wire form as a party keeps it.
func castOf(w *sim.World, p *sim.Party, root dagcbor.CID) []byte {
	w.T.Helper()
	body := struct {
		Cast        []byte              `cbor:"cast"`
		Answer      string              `cbor:"answer,omitempty"`
		Offer       dagcbor.CID         `cbor:"offer,omitzero"`
		Suggestions []map[string]string `cbor:"suggestions,omitempty"`
	}{}
	if err := dagcbor.Unmarshal(record(w, p, "heard", root.String()).Body, &body); err != nil {
		w.T.Fatal(err)
	}
	return body.Cast
}

// What has been withdrawn stays so: its earlier versions, sent again, bring
// nothing back, also where a node has restarted since.
func TestReplayedCasts(t *testing.T) {
	sim.Run(t, 42, func(w *sim.World) {
		b := siege(w, roses())
		topic := gossip.TopicPrefix + b.want.Body.Shard()
		first := castOf(w, b.cheap, b.want.Root)
		must[view.Intent](w)(b.pat.Withdraw(w.T.Context(), b.want.Root))
		w.Eventually(time.Minute, "the shop hears of it", func() bool {
			v, err := b.cheap.Intent(w.T.Context(), b.want.Root)
			return err == nil && v.Body.Status == intentcast.StatusWithdrawn
		})
		before := holdings(w, b.cheap)
		line := newTap(w, "eve", b.cheap)
		line.publish(b.cheap, topic, first)
		time.Sleep(10 * time.Minute) // beyond what GossipSub remembers
		line.publish(b.cheap, topic, first)
		time.Sleep(time.Minute)
		wantSame(w, b.cheap, before)
		b.cheap.Stop()
		b.cheap.Start()
		again := newTap(w, "eve again", b.cheap)
		again.publish(b.cheap, topic, first)
		time.Sleep(time.Minute)
		wantSame(w, b.cheap, before)
	})
}

// An asker whose reply key is none gets no offer, and is told of as such.
func TestReplyKeyThatIsNone(t *testing.T) {
	sim.Run(t, 43, func(w *sim.World) {
		b := siege(w, roses())
		a := b.asker(w, 9)
		in := a.intent()
		in.Reply.Key = bytes.Repeat([]byte{0xff}, len(in.Reply.Key))
		cast := a.cast(in)
		newTap(w, "eve", b.cheap).publish(b.cheap, gossip.TopicPrefix+in.Shard(), cast)
		var form signedForm
		if err := dagcbor.Unmarshal(cast, &form); err != nil {
			w.T.Fatal(err)
		}
		w.Eventually(time.Minute, "the shop has heard it and says why it is silent", func() bool {
			v, err := b.cheap.Intent(w.T.Context(), dagcbor.Sum(form.Body))
			return err == nil && strings.Contains(v.Answer, "reply route")
		})
		for key := range holdings(w, b.cheap) {
			if strings.HasPrefix(key, "sent ") && !strings.Contains(key, must[view.Offer](w)(b.best(w)).ID.String()) {
				w.T.Errorf("an offer nobody can read is kept: %s", key)
			}
		}
	})
}
