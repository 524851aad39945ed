package node_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/sim"
)

// This rotates keys by hand, at the level of the file (between nodes:
// rotate_test.go): a card and what was said under it, made before
// both parties' keys were turned, verifies with the longer key logs, and what
// is signed with the new keys follows on it. The old keys sign nothing more.
func TestRecordVerifiesAfterKeysHaveTurned(t *testing.T) {
	sim.Run(t, 381, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitShared(w, pat, card, "emails/home", "recorded")
		wantQuiet(w, pat, shop)
		d, _, err := archive.ImportDispute(bytes.NewReader(must[[]byte](w)(pat.DisputeCard(ctx, card, []uint64{1}))), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)

		body := must[view.Card](w)(pat.Card(ctx, card)).Body
		turned := make(map[identity.DID]identity.Signer)
		old := make(map[identity.DID]identity.Signer)
		for i, l := range d.Mine.Logs {
			p, name := pat, labelOf(w, pat, body.Person.DID)
			if l.DID == body.Vendor.DID {
				p, name = shop, "vendor"
			}
			old[l.DID] = keyAt(w, p, name+"/sign", l.Log)
			_, sign, _ := ed25519.GenerateKey(nil)
			_, next, _ := ed25519.GenerateKey(nil)
			before := must[*webvh.Log](w)(webvh.Parse(l.Log))
			after := must[*webvh.Log](w)(before.Rotate(webvh.Rotation{
				Update: secretKey(w, p, name+"/next"), Next: next.Public().(ed25519.PublicKey), Sign: sign.Public().(ed25519.PublicKey),
			}, time.Now()))
			h := must[*webvh.History](w)(webvh.Verify(after, nil, time.Now()))
			d.Mine.Logs[i].Log = after.Bytes()
			turned[l.DID] = identity.NewSigner(l.DID, h.Latest().ID, sign)
		}
		report, err := archive.VerifyDispute(*d, time.Now())
		if err != nil {
			t.Fatalf("the record of before does not verify after the keys have turned: %v", err)
		}
		t.Log(report)

		// What comes after is signed with the new keys, and only with them.
		time.Sleep(time.Minute)
		chain := d.Mine.Versions
		body.Seq, body.Prev, body.Jurisdiction, body.Time = 1, card, "US-UT", identity.At(time.Now())
		amended := func(keys map[identity.DID]identity.Signer) archive.Bundle {
			s, err := body.Sign(keys[body.Person.DID], time.Now())
			if err == nil {
				s, err = s.Sign(keys[body.Vendor.DID], time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
			b := d.Mine
			b.Versions = append(append([]relcard.Signed(nil), chain...), s)
			return b
		}
		if r, err := archive.Verify(amended(turned), time.Now()); err != nil || r.State != relcard.StateActive {
			t.Errorf("a version under the new keys: %v", err)
		}
		if _, err := archive.Verify(amended(old), time.Now()); err == nil {
			t.Error("a version signed now under the old keys verifies")
		}
		head := statement.Head{}
		for _, s := range d.Mine.Statements {
			if b, id, err := statement.DecodeBody(s.Raw); err == nil && b.By == identity.RolePerson && b.Seq >= head.Count {
				head = statement.Head{Count: b.Seq + 1, Last: id}
			}
		}
		says := func(s identity.Signer) error {
			b := head.Next(identity.RolePerson, body.Person.DID, body.Vendor.DID, statement.Head{}, time.Now())
			b.Kind, b.Content, b.Card = "dance", cbor(t, map[string]any{"v": 1}), card
			signed, err := b.Sign(s, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			with := d.Mine
			with.Statements = append(append([]statement.Signed(nil), with.Statements...), signed)
			_, err = archive.Verify(with, time.Now())
			return err
		}
		if err := says(turned[body.Person.DID]); err != nil {
			t.Errorf("a statement under the new key: %v", err)
		}
		if says(old[body.Person.DID]) == nil {
			t.Error("a statement made now under the old key verifies")
		}
	})
}
