package node_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/invite"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

func invited(t *testing.T, p *sim.Party, w view.InviteWant) view.Invitation {
	t.Helper()
	v, err := p.Invite(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// refusal is why a node that opens a link is not let in.
func refusal(p *sim.Party, link string) string {
	_, err := p.Join(context.Background(), link)
	if err == nil {
		return ""
	}
	return err.Error()
}

// An invitation lets one node in, once: the two remember each other across
// restarts of both. Others are refused, each with the reason.
func TestInvitation(t *testing.T) {
	sim.Run(t, 1, func(w *sim.World) {
		ann, bob, eve := w.Person("ann"), w.Person("bob"), w.Person("eve")
		v := invited(t, ann, view.InviteWant{For: "Bob", Name: "Ann"})
		if v.State != view.InviteOpen || v.Reach != view.ReachAnywhere || !strings.HasPrefix(v.Link, invite.Scheme) {
			t.Errorf("%+v", v)
		}
		j, err := bob.Join(context.Background(), " "+v.Link+"\n")
		if err != nil {
			t.Fatal(err)
		}
		if j.Name != "Ann" || j.Peer.PeerID != ann.Host.ID().String() || !j.Peer.Kept || j.Card != nil {
			t.Errorf("%+v", j)
		}
		if got := refusal(eve, v.Link); !strings.Contains(got, "used by another node") {
			t.Errorf("used twice: %q", got)
		}
		if got := refusal(bob, v.Link); got != "" {
			t.Errorf("by the same node, whose first answer may have been lost: %q", got)
		}
		if got := refusal(ann, v.Link); !strings.Contains(got, "own invitation") {
			t.Errorf("one's own: %q", got)
		}
		all, err := ann.Invites(context.Background())
		if err != nil || len(all) != 1 || all[0].State != view.InviteUsed || all[0].By != bob.Host.ID().String() || all[0].Link != "" {
			t.Errorf("%+v, %v", all, err)
		}
		ann.Stop()
		bob.Stop()
		time.Sleep(time.Hour)
		ann.Start()
		bob.Start()
		w.Eventually(2*time.Minute, "both to find each other again", func() bool {
			return len(ann.Host.Network().ConnsToPeer(bob.Host.ID())) > 0
		})
	})
}

func TestInvitationRefused(t *testing.T) {
	sim.Run(t, 2, func(w *sim.World) {
		ann, eve := w.Person("ann"), w.Person("eve")
		ctx := context.Background()
		short := invited(t, ann, view.InviteWant{Expires: identity.At(time.Now().Add(time.Minute))})
		gone := invited(t, ann, view.InviteWant{})
		if _, err := ann.RevokeInvite(ctx, gone.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		// Eve's clock might be an hour behind: she tries, and Ann's counts.
		if got := refusal(eve, short.Link); !strings.Contains(got, "expired") {
			t.Errorf("expired: %q", got)
		}
		if got := refusal(eve, gone.Link); !strings.Contains(got, "taken the invitation back") {
			t.Errorf("revoked: %q", got)
		}
		// One in Ann's name, with a key that is Eve's, says it is Eve's; with
		// Ann's signature under another's words it is nobody's.
		in, err := invite.Open(gone.Link, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		own, err := invite.Sign(eve.Host.Peerstore().PrivKey(eve.Host.ID()), in)
		if err != nil {
			t.Fatal(err)
		}
		if got := refusal(eve, own); !strings.Contains(got, "own invitation") {
			t.Errorf("signed by oneself: %q", got)
		}
		for want, call := range map[error]func() error{
			view.ErrNotFound: func() error { _, err := ann.RevokeInvite(ctx, "none"); return err },
			view.ErrConflict: func() error { _, err := ann.RevokeInvite(ctx, gone.ID); return err },
			view.ErrInvalid:  func() error { _, err := ann.Join(ctx, "parley://invite/AAAA"); return err },
		} {
			if err := call(); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		for _, bad := range []view.InviteWant{
			{Expires: identity.At(time.Now().Add(40 * 24 * time.Hour))}, {Expires: identity.At(time.Now().Add(-time.Hour))},
			{Vendor: "did:webvh:x:y.example"}, {For: strings.Repeat("x", 201)},
		} {
			if _, err := ann.Invite(ctx, bad); !errors.Is(err, view.ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, err := ann.Invite(ctx, view.InviteWant{Agreements: []string{"SD-BASE"}}); !errors.Is(err, view.ErrConflict) {
			t.Errorf("a person's own card: %v", err)
		}
	})
}

// Who claims without an invitation is told that it is unknown, and soon nothing.
func TestGuessingSecrets(t *testing.T) {
	sim.Run(t, 3, func(w *sim.World) {
		ann := w.Person("ann")
		open := invited(t, ann, view.InviteWant{})
		eve := w.Host("eve")
		w.Connect(eve, ann.Host)
		answers := map[invite.Outcome]int{}
		for i := range 200 {
			s, err := eve.NewStream(context.Background(), ann.Host.ID(), invite.Protocol)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := invite.EncodeClaim([]byte(strings.Repeat(string(rune('a'+i%26)), invite.SecretSize)))
			if err := wire.WriteFrame(s, b); err != nil {
				t.Fatal(err)
			}
			if b, err = wire.ReadFrame(s, invite.MaxFrame); err != nil {
				t.Fatal(err)
			}
			o, err := invite.DecodeAnswer(b)
			if err != nil {
				t.Fatal(err)
			}
			answers[o]++
			s.Close()
		}
		if answers[invite.Unknown] == 0 || answers[invite.Busy] == 0 || len(answers) != 2 {
			t.Errorf("%v: want guesses refused, and after many nothing looked up", answers)
		}
		time.Sleep(time.Minute)
		if got := refusal(w.Person("bob"), open.Link); got != "" {
			t.Errorf("who has the link is refused after all that: %s", got)
		}
	})
}

// A shop's invitation proposes a card; the one invited proffers those terms.
func TestInvitationWithACard(t *testing.T) {
	sim.Run(t, 4, func(w *sim.World) {
		rules, items := shop("30", "SD-BASE")
		florist := w.Vendor("florist", rules, items)
		pat := w.Person("pat")
		v := invited(t, florist, view.InviteWant{Agreements: []string{"SD-BASE"}})
		j, err := pat.Join(context.Background(), v.Link)
		if err != nil {
			t.Fatal(err)
		}
		if j.Card == nil || j.Name != "florist" || len(j.Card.Agreements) != 1 || j.Card.Agreements[0] != "SD-BASE" {
			t.Fatalf("%+v", j.Card)
		}
		w.Eventually(time.Minute, "the florist's terms", func() bool {
			_, err := pat.Vendor(context.Background(), j.Card.Vendor)
			return err == nil
		})
	})
}
