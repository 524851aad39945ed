package node

import (
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/view"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shared is a store with a replica "a" at hand and records of others.
func shared(t *testing.T, others map[string]replicaBody) (*Node, *together) {
	t.Helper()
	r, err := newReplica("a")
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{cfg: Config{Store: memory.New()}, replica: r, events: newJournal(nil)}
	inTx(t, n, noon, func(c *change) error {
		for id, b := range others {
			if err := put(c.Tx, store.Record{Kind: kindReplica, ID: id, Due: noon.Add(replicaLease)}, b); err != nil {
				return err
			}
		}
		return nil
	})
	return n, &together{n: n, asked: &askedRotation{Version: 1, ID: "this", By: "a", Until: identity.At(noon.Add(askedWait))}}
}

func inTx(t *testing.T, n *Node, now time.Time, fn func(*change) error) {
	t.Helper()
	if err := n.cfg.Store.Update(t.Context(), func(tx store.Tx) error { return fn(&change{Tx: tx, n: n, now: now}) }); err != nil {
		t.Fatal(err)
	}
}

func asking(c *change, id, by string) error {
	return put(c.Tx, store.Record{Kind: kindSetting, ID: settingRotation},
		askedRotation{Version: 1, ID: id, By: by, Until: identity.At(noon.Add(askedWait))})
}

// Who runs has to take part, by a clock that is not far off; who is heard of no
// more has not.
func TestWhoTakesPart(t *testing.T) {
	took := func(at time.Duration) replicaBody {
		return replicaBody{Version: 1, Name: "b", Took: "this", At: identity.At(noon.Add(at)), Signed: 7}
	}
	for name, tc := range map[string]struct {
		b    replicaBody
		now  time.Duration
		want string // missing, or what is wrong
	}{
		"it does":                     {took(0), 0, ""},
		"not yet":                     {replicaBody{Version: 1, Name: "b"}, 0, "b"},
		"in another":                  {replicaBody{Version: 1, Name: "b", Took: "that"}, 0, "b"},
		"died just now":               {replicaBody{Version: 1, Name: "b"}, replicaLease - 1, "b"},
		"dead":                        {replicaBody{Version: 1, Name: "b"}, replicaLease, ""},
		"a clock that is a bit ahead": {took(mostSkew), 0, ""},
		"far ahead":                   {took(mostSkew + time.Second), 0, `the clock of replica "b" is some 6s off`},
		"said so a while ago":         {took(0), mostSkew + askedWait, ""},
		"far behind":                  {took(0), mostSkew + askedWait + time.Second, `the clock of replica "b" is some 16s off`},
	} {
		t.Run(name, func(t *testing.T) {
			n, all := shared(t, map[string]replicaBody{"1": tc.b})
			inTx(t, n, noon.Add(tc.now), func(c *change) error {
				missing, err := all.missing(c.Tx, c.now)
				if err != nil {
					missing = err.Error()
				}
				if missing != tc.want && (err == nil || !strings.Contains(missing, tc.want)) {
					t.Errorf("%q, want %q", missing, tc.want)
				}
				if wait := tc.want == "" && tc.b.Signed > 0; wait != (all.after == 7) {
					t.Errorf("what it may have signed ends with second %d", all.after)
				}
				return nil
			})
		})
	}
}

// The log is lengthened only while the others wait for it, and in a second in
// which none of them has signed.
func TestOthersWaitNoMore(t *testing.T) {
	took := replicaBody{Version: 1, Name: "b", Took: "this", At: identity.At(noon), Signed: noon.Unix()}
	for name, tc := range map[string]struct {
		under string
		after time.Duration
		want  string
	}{
		"they do":                 {"this", time.Second, ""},
		"it was ended":            {"", time.Second, "it took too long"},
		"another is under way":    {"that", time.Second, "it took too long"},
		"in the second they sign": {"this", 0, "it took too long"},
	} {
		t.Run(name, func(t *testing.T) {
			n, all := shared(t, map[string]replicaBody{"1": took})
			inTx(t, n, noon.Add(tc.after), func(c *change) error {
				if tc.under != "" {
					if err := asking(c, tc.under, "a"); err != nil {
						return err
					}
				}
				err := all.commit(c)
				if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, view.ErrUnavailable) || !strings.Contains(err.Error(), tc.want)) {
					t.Errorf("%v, want %q", err, tc.want)
				}
				if under, _ := askedRotationIn(c.Tx); (under == nil) != (tc.want == "" || tc.under == "") {
					t.Errorf("under way is %+v", under)
				}
				return nil
			})
		})
	}
	n, all := shared(t, map[string]replicaBody{"1": took, "2": {Version: 1, Name: "c"}})
	inTx(t, n, noon.Add(time.Second), func(c *change) error {
		if err := all.commit(c); !errors.Is(err, view.ErrUnavailable) || !strings.Contains(err.Error(), `replica "c" has just started`) {
			t.Errorf("one that came in between: %v", err)
		}
		return nil
	})
}

// Only one rotation is under way, until its time is well over.
func TestOneRotationAtATime(t *testing.T) {
	n, all := shared(t, nil)
	inTx(t, n, noon, func(c *change) error { return asking(c, "that", "b") })
	over := noon.Add(askedWait + askedOver)
	for at, free := range map[time.Time]bool{noon: false, over.Add(-time.Millisecond): false, over: true} {
		err := n.cfg.Store.View(t.Context(), func(tx store.Tx) error { return all.ask(tx, at) })
		if (err == nil) != free || !free && (!errors.Is(err, view.ErrConflict) || !strings.Contains(err.Error(), `"b" is rotating them already`)) {
			t.Errorf("at %s: %v", at, err)
		}
	}
	// Another's is not for this one to end.
	if err := n.endAsked(t.Context(), "this"); err != nil {
		t.Fatal(err)
	}
	inTx(t, n, noon, func(c *change) error {
		if under, err := askedRotationIn(c.Tx); err != nil || under == nil || under.ID != "that" {
			t.Errorf("under way is %+v, %v", under, err)
		}
		return nil
	})
}

// A replica that is started again takes the place of its run before, with what
// that had asked for.
func TestReplicaTakesItsPlaceAgain(t *testing.T) {
	for by, gone := range map[string]bool{"a": true, "b": false} {
		n, _ := shared(t, map[string]replicaBody{"1": {Version: 1, Name: "a"}, "2": {Version: 1, Name: "b"}})
		inTx(t, n, noon, func(c *change) error {
			if err := asking(c, "that", by); err != nil {
				return err
			}
			if err := n.replica.renew(c, replicaBody{}); err != nil {
				return err
			}
			live, err := n.others(c.Tx, noon)
			if err != nil || len(live) != 1 || live[0].body.Name != "b" {
				t.Errorf("beside it are %+v, %v", live, err)
			}
			if under, err := askedRotationIn(c.Tx); err != nil || (under == nil) != gone {
				t.Errorf("the one of %s: %+v, %v", by, under, err)
			}
			for _, fn := range c.after {
				fn()
			}
			return nil
		})
		if r := n.replica; r.due(noon.Add(replicaLease-replicaRenew-time.Second)) || !r.due(noon.Add(replicaLease-replicaRenew)) {
			t.Error("it is renewed at another time")
		}
		// From then on it leaves others alone, also those of its name.
		inTx(t, n, noon, func(c *change) error {
			if err := put(c.Tx, store.Record{Kind: kindReplica, ID: "3", Due: noon.Add(time.Second)}, replicaBody{Version: 1, Name: "a"}); err != nil {
				return err
			}
			if err := n.replica.renew(c, replicaBody{}); err != nil {
				return err
			}
			if live, err := n.others(c.Tx, noon); err != nil || len(live) != 2 {
				t.Errorf("%+v, %v", live, err)
			}
			return nil
		})
	}
}

// Every transaction of a vendor's node goes by the log that is stored, and a
// replica's by a clock that has come to where the keys in force begin.
func TestFence(t *testing.T) {
	n, _ := shared(t, nil)
	n.vendor = new(vendor)
	n.vendor.party.Store(&party{log: []byte("two"), number: 2, since: noon})
	stored := func(log string) {
		inTx(t, n, noon, func(c *change) error {
			return c.Put(store.Record{Kind: kindSetting, ID: settingVendorLog, Body: []byte(log)})
		})
	}
	fence := func(now time.Time) (err error) {
		inTx(t, n, now, func(c *change) error {
			err = n.fence(c)
			for _, fn := range c.after {
				fn()
			}
			return nil
		})
		return err
	}
	if err := fence(noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("with no log: %v", err)
	}
	stored("three")
	if err := fence(noon); !errors.Is(err, errRotated) || !errors.Is(err, view.ErrConflict) {
		t.Errorf("with another log: %v", err)
	}
	if n.replica.joined.Load() {
		t.Error("what is refused puts it on record")
	}
	stored("two")
	if err := fence(noon.Add(-time.Nanosecond)); !errors.Is(err, view.ErrUnavailable) || !strings.Contains(err.Error(), "the clock here is behind") {
		t.Errorf("before the keys begin: %v", err)
	}
	if err := fence(noon); err != nil || n.replica.until.Load() != noon.Add(replicaLease).Unix() {
		t.Errorf("%v, on record until %d", err, n.replica.until.Load())
	}
	if err := fence(noon.Add(time.Second)); err != nil || n.replica.until.Load() != noon.Add(replicaLease).Unix() {
		t.Errorf("renewed at once: %v", err)
	}
	if err := fence(noon.Add(time.Minute)); err != nil || n.replica.until.Load() != noon.Add(time.Minute+replicaLease).Unix() {
		t.Errorf("%v, on record until %d", err, n.replica.until.Load())
	}
	n.leave(t.Context())
	inTx(t, n, noon, func(c *change) error {
		if recs, err := c.List(store.Query{Kind: kindReplica}); err != nil || len(recs) != 0 {
			t.Errorf("left behind: %+v, %v", recs, err)
		}
		return nil
	})
}

// One that takes part changes nothing until the asking is over: what it signed
// could be dated into the next version. Then it goes on by what is stored, here
// by nothing. Who asked and is heard of no more is not waited for for ever.
func TestGateIsShutWhileTakingPart(t *testing.T) {
	for name, tc := range map[string]struct {
		over  func(*change) error // after five seconds
		shut  time.Duration       // at the least
		ended time.Duration       // at the most
	}{
		"done or given up": {func(c *change) error { return c.Delete(kindSetting, settingRotation) }, 5 * time.Second, 5*time.Second + askedLook},
		"another is asked": {func(c *change) error { return asking(c, "next", "b") }, 5 * time.Second, 5*time.Second + askedLook},
		"nobody ends it":   {func(*change) error { return nil }, askedWait + askedOver, askedWait + askedOver + 2*askedLook},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, _ := shared(t, nil)
				n.cfg.Keys, n.gate, n.log = keystore.Memory(), newGate(), hclog.NewNullLogger()
				began := time.Now()
				a := &askedRotation{Version: 1, ID: "this", By: "b", Number: 2, Until: identity.At(began.Add(askedWait))}
				sealed, err := hpke.Seal(n.replica.key.PublicKey(), hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), a.info(), make([]byte, 2*ed25519.SeedSize))
				if err != nil {
					t.Fatal(err)
				}
				inTx(t, n, began, func(c *change) error { return put(c.Tx, store.Record{Kind: kindSetting, ID: settingRotation}, a) })
				go func() {
					time.Sleep(5 * time.Second)
					inTx(t, n, time.Now(), tc.over)
				}()
				ended := make(chan time.Duration, 1)
				go func() {
					_ = n.takePart(t.Context(), a, sealed) // with no log in the store there is nothing to go on by
					ended <- time.Since(began)
				}()
				time.Sleep(time.Second)
				if err := n.gate.enter(t.Context()); err != nil {
					t.Fatal(err)
				}
				if at := time.Since(began); at < tc.shut {
					t.Errorf("a change is let through after %v, want none for %v", at, tc.shut)
				}
				n.gate.leave()
				if at := <-ended; at < tc.shut || at > tc.ended {
					t.Errorf("ended after %v, want %v to %v", at, tc.shut, tc.ended)
				}
				time.Sleep(5 * time.Second)
			})
		})
	}
}
