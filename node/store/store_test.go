package store_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
)

// Example_outbox is how a letter is sent once though the sender may die at any
// moment: it enters the outbox with the offer it carries, whoever claims it
// sends it, and only the holder of the lease may cross it off.
func Example_outbox() {
	ctx := context.Background()
	s := memory.New()
	defer s.Close()
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

	err := s.Update(ctx, func(tx store.Tx) error {
		return errors.Join(
			tx.Insert(store.Record{Kind: "offer", ID: "bafyoffer", Ref: "bafyintent", State: "sent"}),
			tx.Insert(store.Record{Kind: "outbox", ID: "1", Ref: "bafyoffer", Due: now, Body: []byte("sealed")}))
	})
	fmt.Println("queued:", err)

	claimed, err := s.Claim(ctx, "outbox", now, 30*time.Second, 10)
	fmt.Println("claimed:", len(claimed), err)
	again, err := s.Claim(ctx, "outbox", now, 30*time.Second, 10)
	fmt.Println("claimed by another:", len(again), err)

	err = s.Update(ctx, func(tx store.Tx) error {
		held := claimed[0]
		switch r, err := tx.Get(held.Kind, held.ID); {
		case err != nil:
			return err
		case !r.Due.Equal(held.Due):
			return errors.New("lease lost: another sends it")
		}
		return tx.Delete(held.Kind, held.ID)
	})
	fmt.Println("crossed off:", err)
	// Output:
	// queued: <nil>
	// claimed: 1 <nil>
	// claimed by another: 0 <nil>
	// crossed off: <nil>
}

// TestClaimTokenGrows: whatever the clocks of the claimers say, a later claim
// of a record carries a later Due, so that an earlier holder can tell.
func TestClaimTokenGrows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := memory.New()
		defer s.Close()
		base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		token := base
		err := s.Update(context.Background(), func(tx store.Tx) error {
			return tx.Put(store.Record{Kind: "k", ID: "a", Due: token})
		})
		if err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 20).Draw(rt, "claims") {
			now := base.Add(time.Duration(rapid.Int64Range(-5_000, 20_000).Draw(rt, "clock, ns")))
			lease := time.Duration(rapid.Int64Range(int64(store.Precision), 4_000).Draw(rt, "lease, ns"))
			got, err := s.Claim(context.Background(), "k", now, lease, 1)
			if err != nil {
				rt.Fatal(err)
			}
			if len(got) == 0 {
				continue
			}
			if !got[0].Due.After(token) {
				rt.Fatalf("token %v after %v", got[0].Due, token)
			}
			token = got[0].Due
		}
	})
}

func TestClaimInIsPartOfItsUpdate(t *testing.T) {
	s := memory.New()
	defer s.Close()
	ctx, now := context.Background(), time.Now()
	err := s.Update(ctx, func(tx store.Tx) error { return tx.Put(store.Record{Kind: "k", ID: "a", Due: now}) })
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	claim := func(after error) (n int, err error) {
		err = s.Update(ctx, func(tx store.Tx) error {
			got, err := store.ClaimIn(tx, "k", now, time.Minute, 5)
			n = len(got)
			return errors.Join(err, after)
		})
		return n, err
	}
	for _, after := range []error{boom, nil} { // the claim undone, the record is due again
		if n, err := claim(after); n != 1 || !errors.Is(err, after) {
			t.Errorf("claimed %d, %v; want 1, %v", n, err, after)
		}
	}
	if n, err := claim(nil); n != 0 || err != nil {
		t.Errorf("claimed %d, %v; want none", n, err)
	}
	err = s.View(ctx, func(tx store.Tx) error {
		_, err := store.ClaimIn(tx, "k", now.Add(time.Hour), time.Minute, 5)
		return err
	})
	if !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("within a view: %v", err)
	}
}

func TestNormalizeIsStable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := store.Record{
			Kind: "k", ID: rapid.StringN(1, -1, store.MaxID).Draw(rt, "id"),
			Due:  time.Unix(rapid.Int64Range(-62e9, 253e9).Draw(rt, "s"), rapid.Int64Range(0, 1e9-1).Draw(rt, "ns")).In(time.FixedZone("", 3600)),
			Body: rapid.SliceOf(rapid.Byte()).Draw(rt, "body"),
		}
		once, err := r.Normalize()
		if err != nil {
			rt.Fatal(err)
		}
		if d := r.Due.Sub(once.Due); d < 0 || d >= store.Precision {
			rt.Fatalf("due %v became %v", r.Due, once.Due)
		}
		if back := time.UnixMicro(once.Due.UnixMicro()).UTC(); back != once.Due {
			rt.Fatalf("due %v does not survive as microseconds: %v", once.Due, back)
		}
		if twice, err := once.Normalize(); err != nil || twice.Due != once.Due {
			rt.Fatalf("again: %v, %v", twice.Due, err)
		}
	})
}

func TestErrorsNameTheField(t *testing.T) {
	_, long := store.Record{Kind: "offer", ID: "a", State: strings.Repeat("s", 65)}.Normalize()
	_, year := store.Record{Kind: "offer", ID: "a", Due: time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)}.Normalize()
	_, query := store.Query{Kind: "offer", Limit: -3}.Normalize()
	for want, err := range map[string]error{
		`record offer "a": state of 65 bytes, at most 64: invalid`: long,
		`record offer "a": due in the year 12345: invalid`:         year,
		`query of kind "offer": limit -3: invalid`:                 query,
		`record of kind offer: id is empty: invalid`:               store.CheckKey("offer", ""),
		`record kind "": want 1 to 64 bytes: invalid`:              store.CheckKey("", "a"),
		`claim of 0 outbox records: want 1 or more: invalid`:       store.CheckClaim("outbox", time.Minute, 0),
		`claim of outbox for 10ns: want 1µs or longer: invalid`:    store.CheckClaim("outbox", 10, 1),
		`claim of kind "": want 1 to 64 bytes: invalid`:            store.CheckClaim("", time.Minute, 1),
	} {
		if err == nil || err.Error() != want || !errors.Is(err, store.ErrInvalid) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestImports: the store stands at the bottom of the node and knows nothing of
// the project; testing is for storetest alone.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Skipf("SKIPPED: go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		for imported := range strings.FieldsSeq(imports) {
			ours := strings.HasPrefix(imported, "github.com/parley-network/") &&
				!strings.HasPrefix(imported, "github.com/parley-network/parley/node/store")
			if ours || imported == "testing" && !strings.HasSuffix(pkg, "/storetest") {
				t.Errorf("%s imports %s", pkg, imported)
			}
		}
	}
}
