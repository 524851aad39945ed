package gossip_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// shop is a vendor with a key log.
type shop struct {
	t    *testing.T
	name string
	log  *webvh.Log
}

func newShop(t *testing.T, name string) *shop {
	t.Helper()
	l, err := webvh.Create(webvh.Genesis{
		Domain: "shop.example", Update: seed(name + " update"), Next: seed(name + " next").Public().(ed25519.PublicKey),
		Sign: seed(name).Public().(ed25519.PublicKey),
	}, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t, name, l}
}

func seed(name string) ed25519.PrivateKey {
	h := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(h[:])
}

// says is an update of that number made now.
func (s *shop) says(seq uint64) termupdate.Signed {
	s.t.Helper()
	return s.sign(s.update(seq))
}

func (s *shop) update(seq uint64) *termupdate.Update {
	strict, _ := terms.Lookup("SD-BASE")
	return &termupdate.Update{
		Version: termupdate.BodyVersion, Type: termupdate.BodyType,
		Vendor: relcard.Party{DID: s.log.DID(), Name: s.name}, Seq: seq,
		Accepts: []terms.Ref{strict.Ref}, Requests: termupdate.Anyone,
		Route: intentcast.Route{Peer: mailbox.Peer, Addrs: mailbox.Addrs, Key: mailbox.Key},
		Time:  identity.At(time.Now()), Expires: identity.At(time.Now().Add(time.Hour)),
	}
}

func (s *shop) sign(u *termupdate.Update) termupdate.Signed {
	s.t.Helper()
	signed, err := u.Sign(identity.NewSigner(s.log.DID(), s.log.VersionID(), seed(s.name)), s.log.Bytes(), time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return signed
}

func verify(t *testing.T, s termupdate.Signed) termupdate.Verified {
	t.Helper()
	v, err := s.Verify(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wire(t *testing.T, s termupdate.Signed) []byte {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seqs are the numbers of the updates delivered, in order.
func (n *node) seqs() []uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	var seqs []uint64
	for _, v := range n.told {
		seqs = append(seqs, v.Update.Seq)
	}
	return seqs
}

// seqOf is the number that stands of a vendor, or -1.
func (n *node) seqOf(s *shop) int {
	e, ok := n.TermsOf(s.log.DID())
	if !ok {
		return -1
	}
	return int(e.Update.Seq)
}

func (net *simulation) followTerms(nodes ...*node) {
	net.t.Helper()
	for _, n := range nodes {
		if err := n.FollowTerms(net.ctx); err != nil {
			net.t.Fatal(err)
		}
	}
	net.settle()
}

func (net *simulation) publish(n *node, s termupdate.Signed) {
	net.t.Helper()
	if err := n.PublishTerms(net.ctx, s); err != nil {
		net.t.Fatal(err)
	}
}

func TestTermsReachEveryFollower(t *testing.T) {
	simulate(t, 12, func(net *simulation) {
		net.ring()
		vendor, followers := net.nodes[0], net.nodes[1:]
		net.followTerms(followers...)
		s := newShop(t, "shop")
		net.publish(vendor, s.says(1))
		net.settle()
		time.Sleep(time.Minute)
		net.publish(vendor, s.says(2))
		net.settle()
		for i, n := range followers {
			if got := n.seqs(); !slices.Equal(got, []uint64{1, 2}) || n.seqOf(s) != 2 {
				t.Errorf("follower %d was told %v, holds %d", i, got, n.seqOf(s))
			}
			if got := n.AllTerms(); len(got) != 1 || got[0].Update.Vendor.Name != "shop" {
				t.Errorf("follower %d holds %d", i, len(got))
			}
			if got := n.count(t, "terms_accepted_total", ""); got != 2 {
				t.Errorf("follower %d accepted %d", i, got)
			}
		}
		if got := vendor.seqs(); len(got) != 0 || vendor.seqOf(s) != 2 {
			t.Errorf("the vendor's own node was told %v, holds %d", got, vendor.seqOf(s))
		}
		if got := vendor.Joined(); len(got) != 0 {
			t.Errorf("terms count as an intent's topic: %v", got)
		}
		time.Sleep(time.Hour)
		if _, ok := followers[0].TermsOf(s.log.DID()); ok || len(followers[0].AllTerms()) != 0 {
			t.Error("terms outlive their time")
		}
	})
}

// Replayed by anybody at any time, an old update changes nothing.
func TestReplayedTermsChangeNothing(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		vendor, middle, behind := net.nodes[0], net.nodes[1], net.nodes[2]
		net.connect(vendor.Host, middle.Host)
		net.followTerms(middle, behind)
		s := newShop(t, "shop")
		old := s.says(1)
		net.publish(vendor, old)
		net.settle()
		net.publish(vendor, s.says(2))
		time.Sleep(10 * time.Minute) // GossipSub has forgotten the messages
		net.connect(middle.Host, behind.Host)
		net.settle()
		replayer := net.raw(middle.Host)
		net.settle()
		replayer.publish(gossip.TermsTopic, wire(t, old))
		net.settle()
		if middle.seqOf(s) != 2 || behind.seqOf(s) != 2 {
			t.Errorf("hold %d and %d", middle.seqOf(s), behind.seqOf(s))
		}
		if got := middle.count(t, "terms_ignored_total", string(termupdate.Superseded)); got != 1 {
			t.Errorf("%d counted as superseded", got)
		}
		if got := behind.seqs(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("behind was told %v", got)
		}
		if err := vendor.PublishTerms(net.ctx, old); !errors.Is(err, termupdate.Superseded) {
			t.Errorf("the vendor's own node publishes it again: %v", err)
		}
	})
}

func TestRefusedTermsAreCounted(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		target, behind := net.nodes[0], net.nodes[1]
		net.connect(target.Host, behind.Host)
		net.followTerms(target, behind)
		net.settle()
		s := newShop(t, "shop")
		good := s.says(1)
		short := s.update(2)
		short.Expires = identity.At(time.Now().Add(time.Second))
		expired := s.sign(short)
		time.Sleep(3 * time.Second)
		forged := bytes.Clone(wire(t, good))
		forged[bytes.Index(forged, good.Envelope.Signature)] ^= 1
		newer := bytes.Clone(wire(t, good))
		copy(newer[bytes.Index(newer, []byte("SD-BASE")):], "SD-NEXT")
		for _, try := range []struct {
			name, metric, reason string
			data                 []byte
		}{
			{"oversize", "terms_refused_total", "size", make([]byte, termupdate.MaxUpdate+1)},
			{"garbage", "terms_refused_total", "form", []byte("garbage")},
			{"an intent", "terms_refused_total", "form", encode(t, stroller(t, "parent"))},
			{"bit flipped", "terms_refused_total", "signature", forged},
			{"of a newer roster", "terms_ignored_total", "roster", newer},
			{"expired", "terms_ignored_total", string(termupdate.Expired), wire(t, expired)},
		} {
			before := target.count(t, try.metric, try.reason)
			net.stranger(target.Host).publish(gossip.TermsTopic, try.data)
			time.Sleep(time.Second)
			synctest.Wait()
			if got := target.count(t, try.metric, try.reason); got != before+1 {
				t.Errorf("%s: %s{%s} is %d, want %d", try.name, try.metric, try.reason, got, before+1)
			}
		}
		net.stranger(target.Host).publish(gossip.TermsTopic, wire(t, good))
		net.settle()
		if target.seqOf(s) != 1 || behind.seqOf(s) != 1 {
			t.Errorf("the good one: %d, %d", target.seqOf(s), behind.seqOf(s))
		}
	})
}

// A vendor that changes its terms all the time is relayed once a minute; its
// own node tells it so.
func TestTermsAreRelayedAtAPace(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		target, vendor := net.nodes[0], net.nodes[1]
		net.followTerms(target)
		sender := net.raw(target.Host)
		net.settle()
		busy, calm := newShop(t, "busy"), newShop(t, "calm")
		for seq := range uint64(6) {
			sender.publish(gossip.TermsTopic, wire(t, busy.says(seq)))
			time.Sleep(time.Second)
		}
		sender.publish(gossip.TermsTopic, wire(t, calm.says(1)))
		net.settle()
		if got := target.seqs(); !slices.Equal(got, []uint64{0, 1, 2, 1}) {
			t.Errorf("told %v", got)
		}
		if got := target.count(t, "terms_ignored_total", "pace"); got != 3 {
			t.Errorf("%d counted", got)
		}
		time.Sleep(time.Minute)
		sender.publish(gossip.TermsTopic, wire(t, busy.says(7)))
		net.settle()
		if target.seqOf(busy) != 7 {
			t.Errorf("a minute later it holds %d", target.seqOf(busy))
		}

		net.connect(vendor.Host, target.Host)
		net.settle()
		s := newShop(t, "hasty")
		net.publish(vendor, s.says(1))
		net.publish(vendor, s.says(2))
		if err := vendor.PublishTerms(net.ctx, s.says(3)); !errors.Is(err, gossip.ErrTooOften) {
			t.Errorf("the third within seconds: %v", err)
		}
		time.Sleep(time.Minute)
		net.publish(vendor, s.says(3))
		net.settle()
		if target.seqOf(s) != 3 {
			t.Errorf("in the end %d", target.seqOf(s))
		}
	})
}

// Who signs two updates with one number is found out by everybody.
func TestForkedTermsAreTold(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		a, b := net.nodes[0], net.nodes[1]
		for _, n := range net.nodes[1:] {
			net.connect(a.Host, n.Host)
		}
		net.followTerms(net.nodes...)
		s := newShop(t, "two-faced")
		u := s.update(4)
		one := s.sign(u)
		u.Requests = termupdate.Card
		other := s.sign(u)
		net.publish(a, one)
		net.settle()
		if err := a.PublishTerms(net.ctx, other); !errors.Is(err, termupdate.Fork) {
			t.Errorf("its own node publishes both: %v", err)
		}
		net.raw(b.Host).publish(gossip.TermsTopic, wire(t, other))
		net.settle()
		var stands string
		for i, n := range net.nodes {
			e, ok := n.TermsOf(s.log.DID())
			if !ok || e.Fork == nil {
				t.Fatalf("node %d has not noticed", i)
			}
			if stands == "" {
				stands = e.ID.String()
			}
			if e.ID.String() != stands {
				t.Errorf("node %d: %s stands, at others %s", i, e.ID, stands)
			}
		}
	})
}

func TestTermsWithNobodyThere(t *testing.T) {
	simulate(t, 3, func(net *simulation) {
		vendor := net.nodes[0]
		s := newShop(t, "shop")
		u := s.says(1)
		if err := vendor.PublishTerms(net.ctx, u); !errors.Is(err, gossip.ErrNoPeers) {
			t.Fatalf("published into the void: %v", err)
		}
		if vendor.seqOf(s) != 1 {
			t.Error("it is lost")
		}
		net.connect(vendor.Host, net.nodes[1].Host)
		net.followTerms(net.nodes[1])
		net.publish(vendor, u) // again, now with a peer
		net.settle()
		if net.nodes[1].seqOf(s) != 1 {
			t.Errorf("the first peer holds %d", net.nodes[1].seqOf(s))
		}
	})
}

func TestRememberedTermsKeepOlderOnesOut(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		restarted := net.nodes[1]
		s := newShop(t, "shop")
		old := s.says(1)
		if err := restarted.RememberTerms(verify(t, s.says(2)), time.Now()); err != nil {
			t.Fatal(err)
		}
		net.connect(net.nodes[0].Host, restarted.Host)
		net.followTerms(restarted)
		net.publish(net.nodes[0], old)
		net.settle()
		if got := restarted.seqs(); len(got) != 0 || restarted.seqOf(s) != 2 {
			t.Errorf("told %v, holds %d", got, restarted.seqOf(s))
		}
	})
}

func TestStoppedServiceHasNoTerms(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n := net.nodes[0]
		net.followTerms(n)
		net.stop()
		synctest.Wait()
		if err := n.FollowTerms(t.Context()); !errors.Is(err, gossip.ErrStopped) {
			t.Errorf("follow after the end: %v", err)
		}
		if err := n.PublishTerms(t.Context(), newShop(t, "shop").says(1)); !errors.Is(err, gossip.ErrStopped) {
			t.Errorf("publish after the end: %v", err)
		}
		if slices.Contains(n.Mux().Protocols(), gossip.Reconcile) {
			t.Error("peers that ask are still served")
		}
	})
}
