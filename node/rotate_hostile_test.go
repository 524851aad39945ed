package node_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/sim"
)

type keysLetter struct {
	Version uint64       `cbor:"v"`
	Person  identity.DID `cbor:"person"`
	Card    dagcbor.CID  `cbor:"card,omitzero"`
	Log     []byte       `cbor:"log"`
}

// keys sends a key log about the mole's card.
func (m *mole) keys(w *sim.World, log []byte) courier.LetterStatus {
	w.T.Helper()
	return m.rogue.send(m.to, "keys", cbor(w.T, keysLetter{1, m.person, m.card, log}))
}

// grown returns a log with one more version by the holder of the key committed
// to, dated at.
func grown(w *sim.World, log []byte, update ed25519.PrivateKey, seed byte, at time.Time) []byte {
	w.T.Helper()
	l := must[*webvh.Log](w)(webvh.Parse(log))
	return must[*webvh.Log](w)(l.Rotate(webvh.Rotation{
		Update: update, Next: newKey(seed).Public().(ed25519.PublicKey), Sign: newKey(seed + 1).Public().(ed25519.PublicKey),
	}, at)).Bytes()
}

// keyForkShown has a third party, with the file alone, judge the dispute over a
// card whose other side's key log was told in two ways.
func keyForkShown(w *sim.World, by *sim.Party, card dagcbor.CID) archive.KeyFork {
	w.T.Helper()
	file := must[[]byte](w)(by.DisputeCard(w.T.Context(), card, nil))
	_, r, err := archive.ImportDispute(bytes.NewReader(file), time.Now())
	if err != nil {
		w.T.Fatalf("the dispute's file: %v", err)
	}
	if len(r.Divergences) != 1 || r.Divergences[0].Log == nil || r.Divergences[0].Of != identity.RoleVendor || r.Divergences[0].Seq != 2 {
		w.T.Fatalf("the dispute's file shows %+v", r.Divergences)
	}
	return *r.Divergences[0].Log
}

// versionID is the newest of a key log.
func versionID(w *sim.World, log []byte) string {
	w.T.Helper()
	return must[*webvh.Log](w)(webvh.Parse(log)).VersionID()
}

// Key logs that are no continuation of the one kept change nothing, and one that
// is a second story freezes the card.
func TestHostileKeyLogs(t *testing.T) {
	sim.Run(t, 607, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreedBy(w, pat, shop, shop)
		first := must[[]byte](w)(shop.KeyLog(ctx))
		stolen := secretKey(w, shop, "vendor/next")
		pairwise := must[view.Card](w)(pat.Card(ctx, card)).Body.Person.DID
		other := must[[]byte](w)(tn.dear.KeyLog(ctx))
		must[view.KeyRotation](w)(shop.RotateVendor(ctx))
		w.Eventually(5*time.Minute, "pat is told", func() bool { return told(w, pat, "keys.told") == 1 })
		wantQuiet(w, pat, shop)
		second := must[[]byte](w)(shop.KeyLog(ctx))
		body := must[view.Card](w)(pat.Card(ctx, card)).Body
		r := newRogue(w, "mallory", pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		m := &mole{rogue: r, by: identity.RoleVendor, person: pairwise, vendor: body.Vendor.DID, card: card, to: ownRoute(w, pat, labelOf(w, pat, pairwise))}
		shop.Stop()
		before := must[[]byte](w)(pat.ExportCard(ctx, card))

		wantRefused(w, "a log that is none", m.keys(w, []byte("hello")), "key log")
		wantRefused(w, "no log", m.keys(w, nil), "")
		wantRefused(w, "another vendor's log", m.keys(w, other), "not that of the other side")
		wantRefused(w, "a log that is cut", m.keys(w, second[:len(second)-10]), "key log")
		forged := grown(w, first, stolen, 30, time.Now())
		wantRefused(w, "a log of two logs", m.keys(w, append(bytes.Clone(second), forged[len(first):]...)), "key log")
		for what, log := range map[string][]byte{"the same log": second, "the log of before": first} {
			if l := m.keys(w, log); l.State != courier.StateDelivered {
				t.Errorf("%s is %s: %s", what, l.State, l.Problem)
			}
		}
		m.person = "did:webvh:nobody"
		wantRefused(w, "nobody's log", m.keys(w, second), "")
		m.person = pairwise
		if k := must[view.Card](w)(pat.Card(ctx, card)); k.State != "active" || !bytes.Equal(before, must[[]byte](w)(pat.ExportCard(ctx, card))) {
			t.Fatalf("what was refused changed the card, which is %s", k.State)
		}

		// Who stole the key of before writes another version after the first.
		if l := m.keys(w, forged); l.State != courier.StateDelivered {
			t.Errorf("the proof of a fork is %s: %s", l.State, l.Problem)
		}
		k := must[view.Card](w)(pat.Card(ctx, card))
		if k.State != "frozen" || !strings.Contains(k.Alarm, "forks at version 2") {
			t.Errorf("the card is %s, %q", k.State, k.Alarm)
		}
		wantTold(w, pat, "card.frozen", "ALARM")
		f := keyForkShown(w, pat, card)
		if f.DID != body.Vendor.DID || f.A.ID != versionID(w, second) || f.B.ID != versionID(w, forged) || !f.Signed.IsZero() {
			t.Errorf("the dispute's file names %+v", f)
		}
		wantRefused(w, "a log after the alarm", m.keys(w, second), "frozen")
	})
}

// What a card's file has of key logs beyond those kept is taken in with it, by
// who keeps the card of others too.
func TestImportBringsALongerLog(t *testing.T) {
	sim.Run(t, 609, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop, other := w.T.Context(), tn.pat, tn.cheap, tn.dear
		card := agreed(w, pat, shop, "SD-BASE")
		bring := func(versions int) {
			r := must[view.CardReport](w)(other.ImportCard(ctx, must[[]byte](w)(pat.ExportCard(ctx, card))))
			if !r.Valid || r.Card.Versions != versions {
				t.Errorf("imported %d versions, %s", r.Card.Versions, r.Problem)
			}
		}
		bring(1)
		must[view.KeyRotation](w)(shop.RotateVendor(ctx))
		must[view.KeyRotation](w)(pat.RotateCard(ctx, card))
		amendTo(w, shop, pat, card, "US-UT")
		bring(2)
		wantVersions(w, other, card, identity.RoleVendor, 1, 2)
		wantVersions(w, other, card, identity.RolePerson, 1, 2)
	})
}

// A log that is dated back, so that what was signed would not hold any more, is
// no way out of it.
func TestKeyLogDatedBack(t *testing.T) {
	sim.Run(t, 608, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreedBy(w, pat, shop, shop)
		wantQuiet(w, pat, shop)
		r := newRogue(w, "mallory", pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		next := secretKey(w, shop, "vendor/next")
		m := turned(w, r, pat, shop, card)
		made := must[*webvh.History](w)(webvh.Verify(must[*webvh.Log](w)(webvh.Parse(m.log)), nil, time.Now())).Latest().Time
		if l := m.keys(w, grown(w, m.log, next, 30, made.Add(time.Second))); l.State != courier.StateDelivered {
			t.Errorf("the log is %s: %s", l.State, l.Problem)
		}
		if k := must[view.Card](w)(pat.Card(ctx, card)); k.State != "frozen" || !strings.Contains(k.Alarm, "would not hold") {
			t.Errorf("the card is %s, %q", k.State, k.Alarm)
		}
		if f := keyForkShown(w, pat, card); f.A.ID != "" || !strings.HasPrefix(f.B.ID, "2-") || f.Signed.IsZero() {
			t.Errorf("the dispute's file names %+v", f)
		}
		if rep := must[view.CardReport](w)(tn.dear.ImportCard(ctx, must[[]byte](w)(pat.ExportCard(ctx, card)))); !rep.Valid {
			t.Errorf("the card's file: %s", rep.Problem)
		}
	})
}
