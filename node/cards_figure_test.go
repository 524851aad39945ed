package node

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sys/unix"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim/figure"
)

// cardsVar says how many cards the change is told to, 10,000 if it is not set.
const cardsVar = "PARLEY_BENCH_CARDS"

// profileVar names a folder for CPU profiles of the person's process and of the
// town's in each phase; none are made if it is not set.
const profileVar = "PARLEY_BENCH_PROFILE"

// BenchmarkFigureCardsChange tells one change of address to 10,000 cards. The
// person's node, its store on disk, the vendors' nodes, which answer at random
// times, and the peers between them are real; a third of the vendors sleep at
// first. Every card must be confirmed or listed as waiting, and all be
// confirmed once the sleepers are back.
//
// Vendors and peers share the processors with the person here, as they would
// not elsewhere, and take more than half of them. So two rates are told:
// confirmations by the clock, and by what the person's process took of the
// processors, which is what two cores of its own would do. Both are held to the
// figure.
func BenchmarkFigureCardsChange(b *testing.B) {
	n := 10_000
	if s := os.Getenv(cardsVar); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < benchVendors {
			b.Fatalf("%s=%q is not a number of at least %d", cardsVar, s, benchVendors)
		}
	}
	t := newTelling(b, n)
	t.phase("share", t.share)
	awake := t.sleep(benchVendors / 3)

	sent, letters := t.band.GetBandwidthTotals(), t.letters()
	start, cpu, others := time.Now(), processorTime(b), t.townTime()
	var change, half, all view.Change
	t.phase("want", func() {
		var err error
		if change, err = t.pat.SetPiece(b.Context(), "addresses/home", view.ChangeWant{Text: "7 Oak Ave, Grand Rapids, MI 49504, US"}); err != nil {
			b.Fatal(err)
		}
	})
	t.phase("tell", func() { half = t.await(change.ID, awake) })
	took, used, theirs := time.Since(start), processorTime(b)-cpu, t.townTime()-others
	after := t.band.GetBandwidthTotals()
	if got := half.Confirmed + half.Waiting + half.Telling + half.Refused; got != n || half.Refused != 0 {
		b.Errorf("of %d cards %d are listed, %d refused", n, got, half.Refused)
	}
	figure.Info(os.Stdout, "cards-change-told", n)
	figure.Info(os.Stdout, "cards-change-confirmed-while-a-third-sleeps", half.Confirmed)
	figure.Info(os.Stdout, "cards-change-letters-per-card", fmt.Sprintf("%.2f", float64(t.letters()-letters)/float64(n)))
	figure.Info(os.Stdout, "cards-change-bytes-out-per-card", (after.TotalOut-sent.TotalOut)/int64(n))
	figure.Info(os.Stdout, "cards-change-bytes-in-per-card", (after.TotalIn-sent.TotalIn)/int64(n))
	figure.Info(os.Stdout, "cards-change-cpu-ms-per-confirmation", fmt.Sprintf("%.2f", used.Seconds()*1000/float64(half.Confirmed)))
	figure.Info(os.Stdout, "cards-change-cpu-in-signature-checks-per-confirmation", fmt.Sprintf("%.0f", used.Seconds()/float64(half.Confirmed)/(t.checking.Seconds()/float64(t.checks))))
	figure.Info(os.Stdout, "cards-change-cpu-ms-of-all-others-per-confirmation", fmt.Sprintf("%.2f", theirs.Seconds()*1000/float64(half.Confirmed)))
	figure.AtLeast(os.Stdout, "cards-change-confirmations-per-second-by-the-clock", float64(half.Confirmed)/took.Seconds(), 500)
	figure.AtLeast(os.Stdout, "cards-change-confirmations-per-second-of-two-cores", 2*float64(half.Confirmed)/used.Seconds(), 500)
	t.phase("wake", func() {
		t.call("Town.Wake", TownMorning{Vendors: t.sleepers, Person: addressesOf(t.pat.cfg.Host)}, nil)
		all = t.await(change.ID, n)
	})
	figure.AtLeast(os.Stdout, "cards-change-confirmed-or-listed", float64(all.Confirmed+all.Waiting+all.Telling), float64(n))
	figure.AtLeast(os.Stdout, "cards-change-confirmed-in-the-end", float64(all.Confirmed), float64(n))
}

// processorTime is what this process has used of all processors.
func processorTime(b testing.TB) time.Duration { return cpuTime(b, unix.CLOCK_PROCESS_CPUTIME_ID) }

func cpuTime(b testing.TB, clock int32) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// townTime is what the town's process has used of them.
func (t *telling) townTime() (used time.Duration) {
	t.Helper()
	t.call("Town.Processor", struct{}{}, &used)
	return used
}

// gauge checks a few signatures and counts what that takes of a processor: how
// fast this machine is while it does what else it has to do.
func (t *telling) gauge() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const n = 4
	before := cpuTime(t, unix.CLOCK_THREAD_CPUTIME_ID)
	for range n {
		t.check()
	}
	t.checking += cpuTime(t, unix.CLOCK_THREAD_CPUTIME_ID) - before
	t.checks += n
}

// phase runs do under the profiler if profiles are wanted, and says how long
// it took.
func (t *telling) phase(name string, do func()) {
	t.Helper()
	began := time.Now()
	if dir := os.Getenv(profileVar); dir != "" {
		f, err := os.Create(filepath.Join(dir, name+".cpu"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			t.Fatal(err)
		}
		defer pprof.StopCPUProfile()
		t.call("Town.Profile", filepath.Join(dir, name+"-town.cpu"), nil)
		defer t.call("Town.Profile", "", nil)
	}
	do()
	t.Logf("%s: %v", name, time.Since(began).Round(time.Millisecond))
}

// telling is a person with many cards.
type telling struct {
	*testing.B
	pat      *running
	town     *rpc.Client
	vendors  []TownVendor
	sleepers int
	cards    []dagcbor.CID
	band     *metrics.BandwidthCounter
	check    func()        // of one signature
	checks   int           // how often that was done in the course of things
	checking time.Duration // and what it took of a processor
}

func newTelling(b *testing.B, n int) *telling {
	t := &telling{B: b, band: metrics.NewBandwidthCounter(), town: startTown(b), check: figure.Verify()}
	var m TownMap
	t.call("Town.Map", struct{}{}, &m)
	t.vendors = m.Vendors
	disk, err := sqlite.Open(filepath.Join(b.TempDir(), "node.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { disk.Close() })
	var peers []peer.AddrInfo
	for _, a := range m.Helpers {
		p, err := peer.AddrInfoFromString(a)
		if err != nil {
			b.Fatal(err)
		}
		peers = append(peers, *p)
	}
	t.pat = start(b, Config{Name: "pat", Store: disk}, t.band, peers)
	until(b, time.Minute, "the person knows who holds letters", func() bool {
		known, err := t.pat.Peers(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		holds := 0
		for _, p := range known {
			if p.Holds {
				holds++
			}
		}
		return holds >= benchHelpers
	})
	t.phase("sign", func() { t.sign(n) })
	return t
}

// call asks the town for something.
func (t *telling) call(what string, args, reply any) {
	t.Helper()
	if err := t.town.Call(what, args, reply); err != nil {
		t.Fatal(err)
	}
}

// sign puts n cards in force, on both sides, as if they had been agreed on
// long ago: only the reply routes are opened on the network.
func (t *telling) sign(n int) {
	t.Helper()
	t.cards = make([]dagcbor.CID, n)
	var wg sync.WaitGroup
	next := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range next {
				if err := t.signOne(i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func (t *telling) signOne(i int) error {
	now, label, v := time.Now(), fmt.Sprint("card/", i), t.vendors[i%benchVendors]
	me, err := t.pat.newParty(label, pairwiseDomain, now)
	if err != nil {
		return err
	}
	route, err := t.pat.replyRoute(context.Background(), label, now.Add(cardRouteLife))
	if err != nil {
		return err
	}
	agreement, _ := terms.Lookup("SD-BASE")
	body := relcard.Body{
		Version: relcard.BodyVersion, Type: relcard.BodyType, Status: relcard.StatusAgreed, Time: identity.At(now),
		Person: relcard.Party{DID: me.signer.DID()}, Vendor: v.Party, Terms: agreement.Ref,
	}
	signed, err := body.Sign(me.signer, now)
	if err != nil {
		return err
	}
	card := TownCard{Vendor: i % benchVendors, Person: me.signer.DID(), Logs: sortedLogs(me.log, v.Log)}
	card.Signed, err = signed.Encode()
	if err != nil {
		return err
	}
	if card.Route, err = dagcbor.Marshal(route); err != nil {
		return err
	}
	var both []byte
	if err := t.town.Call("Town.Sign", card, &both); err != nil {
		return err
	}
	var theirs intentcast.Route
	signed, err = relcard.DecodeSigned(both)
	if err := errors.Join(err, dagcbor.Unmarshal(v.Self, &theirs)); err != nil {
		return err
	}
	t.cards[i] = idOf(signed)
	return t.pat.keepCard(signed, cardBody{
		Side: identity.RolePerson, Logs: card.Logs, Theirs: &theirs, Ours: &route, Label: label, Since: identity.At(now),
	})
}

// share gives every vendor the old address.
func (t *telling) share() {
	t.Helper()
	ctx := t.Context()
	if _, err := t.pat.SetPiece(ctx, "addresses/home", view.ChangeWant{Text: "12 Elm St, Grand Rapids, MI 49503, US"}); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(t.cards); at += 100 {
		err := t.pat.update(ctx, func(c *change) error {
			for _, card := range t.cards[at:min(at+100, len(t.cards))] {
				r, err := t.pat.inForce(c.Tx, card, identity.RolePerson)
				if err != nil {
					return err
				}
				given, err := t.pat.toShare(c, r, view.ShareWant{Paths: []string{"addresses/home"}, Purpose: []string{"delivery"}})
				if err != nil {
					return err
				}
				if _, err := t.pat.disclose(c, r, given, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, 10*time.Minute+time.Duration(len(t.cards))*100*time.Millisecond, "every vendor has receipted the old address", func() bool {
		return t.letters() == 2*len(t.cards) // what was shared, and the receipt
	})
}

// letters counts what was said so far, by either side.
func (t *telling) letters() int { return t.pat.count(store.Query{Kind: kindStatement}) }

// sleep stops so many vendors and returns how many cards have one that is
// awake.
func (t *telling) sleep(vendors int) int {
	t.Helper()
	t.sleepers = vendors
	t.call("Town.Sleep", vendors, nil)
	awake := 0
	for i := range t.cards {
		if i%benchVendors >= vendors {
			awake++
		}
	}
	return awake
}

// await waits until so many cards have confirmed the change.
func (t *telling) await(id string, n int) view.Change {
	t.Helper()
	var c view.Change
	most := 10*time.Minute + time.Duration(n)*100*time.Millisecond
	began := time.Now()
	until(t, most, fmt.Sprintf("%d cards have confirmed", n), func() bool {
		t.gauge()
		// There is no other change; by both, or other states, the count would take its
		// share of the processors. So would counting often: near the end it is looked
		// for every few milliseconds, else what is measured is when it is looked for.
		for {
			have := t.pat.count(store.Query{Kind: kindTold, State: toldConfirmed})
			if have >= n {
				break
			}
			if have < n-n/10 || time.Since(began) > most {
				return false
			}
			time.Sleep(max(20*time.Millisecond, time.Since(began)*time.Duration(n-have)/time.Duration(2*have)))
		}
		err := t.pat.cfg.Store.View(t.Context(), func(tx store.Tx) error {
			rec, err := tx.Get(kindChange, id)
			if err != nil {
				return err
			}
			c, err = changeView(tx, rec)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return c.Confirmed >= n
	})
	return c
}
