package hold_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/store/sqlite"
	"pgregory.net/rapid"
)

// again returns a holder on what an earlier one has kept.
func again(t testing.TB, s store.Store) *hold.Holder {
	t.Helper()
	h := hold.New(self, hold.DefaultLimits(), s)
	if err := h.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	return h
}

// bury has a holder delete what it no longer holds, as its end does.
func bury(h *hold.Holder) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.Run(ctx)
}

func records(t testing.TB, s store.Store) (slots, letters int) {
	t.Helper()
	if err := s.View(context.Background(), func(tx store.Tx) (err error) {
		if slots, err = tx.Count(store.Query{Kind: "held-slot"}); err != nil {
			return err
		}
		letters, err = tx.Count(store.Query{Kind: "held-letter"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return slots, letters
}

// Slots and letters are there after a restart, in the order they came, with
// the sums that the quotas rest on; and what was deleted is not.
func TestRestart(t *testing.T) {
	s := memory.New()
	h, o, other := hold.New(self, hold.DefaultLimits(), s), newOwner(t), newOwner(t)
	o.open(h, time.Hour)
	other.open(h, time.Hour)
	for i := range 5 {
		wantStatus(t, "hand in", put(h, bob, o.slot(), mail(i)), wire.Taken)
	}
	put(h, alice, other.slot(), mail(9))
	o.fetch(h, wire.LetterID(mail(2)))
	other.ask(h, wire.HoldRequest{Op: wire.HoldClose})
	before := h.Stats()
	bury(h)

	h = again(t, s)
	if got := h.Stats(); got != before || got.Letters != 4 || got.Slots != 1 {
		t.Errorf("%+v after the restart, %+v before", got, before)
	}
	wantStatus(t, "fetch of what was closed", other.fetch(h).Status, wire.NoSlot)
	wantStatus(t, "hand in again", put(h, bob, o.slot(), mail(4)), wire.Duplicate)
	wantStatus(t, "hand in another", put(h, bob, o.slot(), mail(5)), wire.Taken)
	var order []string
	for _, l := range o.fetch(h).Letters {
		order = append(order, string(bytes.TrimRight(l, "\x00")))
	}
	if got := strings.Join(order, ", "); got != "letter 0, letter 1, letter 3, letter 4, letter 5" {
		t.Errorf("fetched %s", got)
	}
	var all [][]byte
	for i := range 6 {
		all = append(all, wire.LetterID(mail(i)))
	}
	o.fetch(h, all...)
	o.ask(h, wire.HoldRequest{Op: wire.HoldClose})
	bury(h)
	if slots, letters := records(t, s); slots+letters != 0 {
		t.Errorf("%d slots and %d letters stay in the store", slots, letters)
	}
}

// A slot that was closed, or whose life was over, and is opened again begins
// empty, whatever of the earlier one a killed process left in the store.
func TestReopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		h, o := hold.New(self, hold.DefaultLimits(), s), newOwner(t)
		for range 3 {
			o.open(h, time.Hour)
			put(h, bob, o.slot(), mail(1))
			time.Sleep(time.Hour) // and never buried: the process is killed
		}
		o.open(h, time.Hour)
		put(h, bob, o.slot(), mail(2))
		h = again(t, s)
		if got := o.fetch(h).Letters; len(got) != 1 || !bytes.Equal(got[0], mail(2)) {
			t.Errorf("%d letters", len(got))
		}
		bury(h)
		if slots, letters := records(t, s); slots != 1 || letters != 1 {
			t.Errorf("%d slots and %d letters in the store", slots, letters)
		}
		time.Sleep(time.Hour)
		h = again(t, s)
		if st := h.Stats(); st != (hold.Stats{}) {
			t.Errorf("loaded %+v, whose life is over", st)
		}
	})
}

// More than fits in memory comes back from the store.
func TestMoreThanMemory(t *testing.T) {
	lim := hold.DefaultLimits()
	lim.PeerBytes, lim.PeerLetters, lim.Letters = lim.Bytes, 1000, 1000
	h := hold.New(self, lim, memory.New())
	large := func(slot, i int) []byte {
		b := make([]byte, seal.MaxSealedLetter)
		copy(b, fmt.Sprint(slot, "/", i))
		return b
	}
	owners := make([]owner, 4) // of 2 MiB each: twice what stays in memory
	for s := range owners {
		owners[s] = newOwner(t)
		owners[s].open(h, time.Hour)
		for i := range 30 {
			wantStatus(t, "hand in", put(h, bob, owners[s].slot(), large(s, i)), wire.Taken)
		}
	}
	for s, o := range owners {
		var done [][]byte
		for i := range 30 {
			got := o.fetch(h, done...).Letters
			if len(got) != 1 || !bytes.Equal(got[0], large(s, i)) {
				t.Fatalf("slot %d, letter %d: fetched %d", s, i, len(got))
			}
			done = [][]byte{wire.LetterID(got[0])}
		}
	}
}

// fickle is a store that fails when it is told to.
type fickle struct {
	store.Store
	fail error
}

func (f *fickle) Update(ctx context.Context, fn func(store.Tx) error) error {
	if f.fail != nil {
		return f.fail
	}
	return f.Store.Update(ctx, fn)
}

// What is not durable is not taken, and leaves nothing counted.
func TestStoreFails(t *testing.T) {
	s := &fickle{Store: memory.New()}
	h, o := hold.New(self, hold.DefaultLimits(), s), newOwner(t)
	for err, want := range map[error]wire.Status{store.ErrFull: wire.Full, errors.New("broken"): wire.Busy} {
		s.fail = err
		wantStatus(t, "open: "+err.Error(), o.open(h, time.Hour).Status, want)
		s.fail = nil
		before := h.Stats()
		wantStatus(t, "open", o.open(h, time.Hour).Status, wire.Taken)
		s.fail = err
		wantStatus(t, "hand in: "+err.Error(), put(h, bob, o.slot(), mail(1)), want)
		wantStatus(t, "close", o.ask(h, wire.HoldRequest{Op: wire.HoldClose}).Status, wire.Taken)
		if st := h.Stats(); st != before || st != (hold.Stats{}) {
			t.Errorf("left behind: %+v", st)
		}
	}
}

// Whatever is done and whenever the holder restarts, with or without having
// buried, it holds what was taken and not deleted; a killed one may hold again
// what was deleted a moment before.
func TestRestarts(t *testing.T) {
	owners := []owner{newOwner(t), newOwner(t)}
	rapid.Check(t, func(t *rapid.T) {
		s := memory.New()
		h := hold.New(self, hold.DefaultLimits(), s)
		model := map[int]map[int]bool{}
		slot := func() int { return rapid.IntRange(0, 1).Draw(t, "slot") }
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				i := slot()
				if owners[i].open(h, time.Hour); model[i] == nil {
					model[i] = map[int]bool{}
				}
			},
			"put": func(t *rapid.T) {
				i, n := slot(), rapid.IntRange(0, 5).Draw(t, "letter")
				if put(h, bob, owners[i].slot(), mail(n)) == wire.Taken {
					model[i][n] = true
				}
			},
			"ack": func(t *rapid.T) {
				i, n := slot(), rapid.IntRange(0, 5).Draw(t, "letter")
				owners[i].ask(h, wire.HoldRequest{Op: wire.HoldAck, Done: [][]byte{wire.LetterID(mail(n))}})
				delete(model[i], n)
			},
			"close": func(t *rapid.T) {
				i := slot()
				owners[i].ask(h, wire.HoldRequest{Op: wire.HoldClose})
				delete(model, i)
			},
			"restart": func(*rapid.T) {
				bury(h)
				h = hold.New(self, hold.DefaultLimits(), s)
				if err := h.Load(context.Background()); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				for i, o := range owners {
					resp := o.fetch(h)
					if (resp.Status == wire.Taken) != (model[i] != nil) || len(resp.Letters) != len(model[i]) {
						t.Fatalf("slot %d: %v, %d letters, want %d", i, resp.Status, len(resp.Letters), len(model[i]))
					}
				}
			},
		})
	})
}

const killedHolder = "PARLEY_TEST_HOLDER"

// A holder killed in the middle of taking letters has all it owned to have.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(killedHolder); dir != "" {
		holdForEver(t, dir)
	}
	dir := t.TempDir()
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), killedHolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for lines := bufio.NewScanner(out); taken < 40 && lines.Scan(); {
		if lines.Text() == fmt.Sprint("taken ", taken) {
			taken++
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if taken < 40 {
		t.Fatalf("the holder took %d letters", taken)
	}
	s, err := sqlite.Open(filepath.Join(dir, "node.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := again(t, s)
	got := owner{t, ed25519.NewKeyFromSeed(seed)}.ask(h, wire.HoldRequest{Op: wire.HoldFetch}).Letters
	if st := h.Stats(); st.Letters < taken {
		t.Fatalf("%d letters taken, %d there", taken, st.Letters)
	}
	for i, l := range got {
		if !bytes.Equal(l, mail(i)) {
			t.Errorf("letter %d is %.20q", i, l)
		}
	}
}

// holdForEver takes letters and says so, until it is killed.
func holdForEver(t *testing.T, dir string) {
	s, err := sqlite.Open(filepath.Join(dir, "node.db"))
	if err != nil {
		t.Fatal(err)
	}
	h := again(t, s)
	o := owner{t, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
	o.ask(h, wire.HoldRequest{Op: wire.HoldOpen, Expires: identity.At(time.Now().Add(time.Hour))})
	for i := range 200 {
		if put(h, bob, o.slot(), mail(i)) != wire.Taken {
			select {} // at a limit
		}
		fmt.Println("taken", i)
	}
}
