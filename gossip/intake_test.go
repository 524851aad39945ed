package gossip

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

var day = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)

// authorCheck is the check of an author's signature, a good or a false one.
func authorCheck(t testing.TB, i int, good bool) identity.Check {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	seed[0], seed[1] = byte(i), byte(i>>8)
	id := dagcbor.Sum(seed)
	e, err := identity.Sign(identity.NewKeySigner(ed25519.NewKeyFromSeed(seed)), id, identity.RoleAuthor, day)
	if err != nil {
		t.Fatal(err)
	}
	if !good {
		e.Signature[0] ^= 1
	}
	c, err := e.CheckAuthor(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// However many come at once, each gets its own verdict, nobody is left
// waiting, and the verifier is idle in the end.
func TestVerifierJudgesEach(t *testing.T) {
	var v verifier
	var wg sync.WaitGroup
	for i := range 300 {
		good := i%7 != 3
		check := authorCheck(t, i, good)
		wg.Go(func() {
			err := v.verify(peer.ID(fmt.Sprint(i%20)), check, day)
			if (err == nil) != good || (err != nil && !errors.Is(err, identity.ErrSignature)) {
				t.Errorf("signature %d is good: %v, but: %v", i, good, err)
			}
		})
	}
	wg.Wait()
	if v.leaders != 0 || len(v.waiting) != 0 || v.work() == 0 || v.checks.Load() != 300 {
		t.Errorf("%d leaders, %d waiting at the end", v.leaders, len(v.waiting))
	}
}

// Who sent a false signature is checked apart for a while, so that the next
// one costs nobody else's batch; and only for a while.
func TestVerifierSetsApartWhoSendsFalseSignatures(t *testing.T) {
	var v verifier
	if err := v.verify("spammer", authorCheck(t, 1, false), day); err == nil {
		t.Error("a false signature holds")
	}
	if err := v.verify("honest", authorCheck(t, 2, true), day); err != nil {
		t.Error(err)
	}
	if !v.apart["spammer"].After(day) || v.apart["honest"].After(day) {
		t.Errorf("apart: %v", v.apart)
	}
	// Even with every core taken it does not wait for a batch, nor join one.
	v.leaders = 1 << 20
	if err := v.verify("spammer", authorCheck(t, 3, true), day); err != nil || len(v.waiting) != 0 {
		t.Errorf("%v, %d waiting", err, len(v.waiting))
	}
	if v.apart["spammer"].After(day.Add(apartFor)) {
		t.Error("for longer than it should be")
	}
	for i := range 2 * maxApart {
		v.setApart(peer.ID(fmt.Sprint(i)), day)
	}
	if len(v.apart) > maxApart {
		t.Errorf("%d set apart", len(v.apart))
	}
}

// What arrives while all cores are busy is checked in one batch by the first
// of those that wait.
func TestVerifierGathersWhatWaits(t *testing.T) {
	v := verifier{leaders: 1 << 20} // as if all were busy
	var wg sync.WaitGroup
	for i := range 20 {
		check := authorCheck(t, i, i != 5)
		wg.Go(func() {
			if err := v.verify("p", check, day); (err == nil) != (i != 5) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	for waiting := 0; waiting < 20; {
		time.Sleep(time.Millisecond)
		v.mu.Lock()
		waiting = len(v.waiting)
		v.mu.Unlock()
	}
	v.lead([]*checked{{check: authorCheck(t, 99, true)}}, day) // one core becomes free
	wg.Wait()
	if v.leaders != 1<<20-1 || len(v.waiting) != 0 {
		t.Errorf("%d leaders, %d waiting", v.leaders, len(v.waiting))
	}
}
