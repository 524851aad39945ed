package courier

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
)

// A letter is read once, from wherever it stands on its way; what was refused
// or given up was not, and what is no letter changes nothing.
func TestLettersAreReadOnce(t *testing.T) {
	c := &Courier{}
	c.cfg.GivenUp = func(store.Tx, LetterStatus) error {
		t.Error("a letter that was read is given up")
		return nil
	}
	s := memory.New()
	for _, tt := range []struct {
		state, kind string
		news        bool
		after       string
	}{
		{StateQueued, "event", true, StateRead},
		{StateHeld, "event", true, StateRead},
		{StateDelivered, "say", true, StateRead},
		{StateRead, "say", false, StateRead},
		{StateRefused, "say", false, StateRefused},
		{StateExpired, "say", false, StateExpired},
		{StateQueued, AckKind, false, StateQueued},
	} {
		id := hex.EncodeToString(seal.NewID())
		body, err := dagcbor.Marshal(outLetter{
			Version: 1, Kind: tt.kind, Peer: "somebody", Sealed: []byte("sealed"),
			Created: identity.At(time.Now()), Expires: identity.At(time.Now().Add(time.Hour)),
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(context.Background(), func(tx store.Tx) error {
			if err := tx.Put(store.Record{Kind: kindLetter, ID: id, State: tt.state, Due: time.Now(), Body: body}); err != nil {
				return err
			}
			for i, want := range []bool{tt.news, false} {
				if news, err := c.MarkRead(tx, id); err != nil || news != want {
					t.Errorf("%s %s, time %d: %v, %v", tt.state, tt.kind, i, news, err)
				}
			}
			rec, err := tx.Get(kindLetter, id)
			if err != nil {
				return err
			}
			l, err := decodeOut(rec.Body)
			if rec.State != tt.after || tt.news && (l.Sealed != nil || l.Done.IsZero()) {
				t.Errorf("%s %s: in the end %s, %+v", tt.state, tt.kind, rec.State, l)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.Update(context.Background(), func(tx store.Tx) error {
		for _, id := range []string{"", "zz", "00", strings.Repeat("0", 2*seal.IDSize), strings.Repeat("0", 2*seal.IDSize+2)} {
			if news, err := c.MarkRead(tx, id); news || err != nil {
				t.Errorf("%q: %v, %v", id, news, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
