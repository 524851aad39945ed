package node

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim/figure"
)

// cardsVar says how many cards the change is told to, 10,000 if it is not set.
const cardsVar = "PARLEY_BENCH_CARDS"

const (
	benchVendors = 30 // each has its share of the cards
	benchHelpers = 24 // carry and hold letters for the person
)

// BenchmarkFigureCardsChange tells one change of address to 10,000 cards. The
// person's node, its store on disk, the vendors' nodes and the peers between
// them are real and share this machine; a third of the vendors sleep at first.
// Every card must be confirmed or listed as waiting, and all be confirmed once
// the sleepers are back.
func BenchmarkFigureCardsChange(b *testing.B) {
	n := 10_000
	if s := os.Getenv(cardsVar); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < benchVendors {
			b.Fatalf("%s=%q is not a number of at least %d", cardsVar, s, benchVendors)
		}
	}
	t := newTelling(b, n)
	t.share()
	awake := t.sleep(benchVendors / 3)

	sent := t.band.GetBandwidthTotals()
	letters := t.letters()
	start := time.Now()
	change, err := t.pat.SetPiece(b.Context(), "addresses/home", view.ChangeWant{Text: "7 Oak Ave, Grand Rapids, MI 49504, US"})
	if err != nil {
		b.Fatal(err)
	}
	half := t.await(change.ID, awake)
	took := time.Since(start)
	after := t.band.GetBandwidthTotals()
	if got := half.Confirmed + half.Waiting + half.Telling + half.Refused; got != n || half.Refused != 0 {
		b.Errorf("of %d cards %d are listed, %d refused", n, got, half.Refused)
	}
	t.wake()
	all := t.await(change.ID, n)
	figure.Info(os.Stdout, "cards-change-told", n)
	figure.Info(os.Stdout, "cards-change-confirmed-while-a-third-sleeps", half.Confirmed)
	figure.Info(os.Stdout, "cards-change-letters-per-card", fmt.Sprintf("%.2f", float64(t.letters()-letters)/float64(n)))
	figure.Info(os.Stdout, "cards-change-bytes-out-per-card", (after.TotalOut-sent.TotalOut)/int64(n))
	figure.Info(os.Stdout, "cards-change-bytes-in-per-card", (after.TotalIn-sent.TotalIn)/int64(n))
	figure.AtLeast(os.Stdout, "cards-change-confirmed-or-listed", float64(all.Confirmed+all.Waiting+all.Telling), float64(n))
	figure.AtLeast(os.Stdout, "cards-change-confirmed-in-the-end", float64(all.Confirmed), float64(n))
	figure.AtLeast(os.Stdout, "cards-change-confirmations-per-second", float64(half.Confirmed)/took.Seconds(), 500)
}

// telling is a person with many cards, vendors, and peers between them.
type telling struct {
	*testing.B
	pat      *running
	vendors  []*running
	helpers  []*running
	sleepers []*running
	cards    []dagcbor.CID
	band     *metrics.BandwidthCounter
}

// running is a node of the benchmark.
type running struct {
	*Node
	b     *testing.B
	cfg   Config
	peers []peer.AddrInfo
	seed  crypto.PrivKey
	stop  func()
}

func (t *telling) start(name string, s store.Store, v *VendorConfig, band metrics.Reporter, peers []peer.AddrInfo) *running {
	key, _, err := crypto.GenerateEd25519Key(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{b: t.B, seed: key, peers: peers, cfg: Config{Name: name, Store: s, Keys: keystore.Memory(), Vendor: v}}
	r.run(band)
	t.Cleanup(func() { r.stop() })
	return r
}

// run starts the node on a host of its own, as after each sleep.
func (r *running) run(band metrics.Reporter) {
	h, err := transport.New(transport.Config{Key: r.seed, Bandwidth: band})
	if err != nil {
		r.b.Fatal(err)
	}
	r.cfg.Host = h
	if r.Node, err = New(r.cfg); err != nil {
		r.b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Node.Run(ctx); err != nil {
			r.b.Error(err)
		}
	})
	r.stop = sync.OnceFunc(func() { cancel(); wg.Wait(); h.Close() })
	for _, p := range r.peers {
		if err := h.Connect(r.b.Context(), p); err != nil {
			r.b.Fatal(err)
		}
	}
}

func addrOf(h host.Host) peer.AddrInfo { return peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()} }

func newTelling(b *testing.B, n int) *telling {
	t := &telling{B: b, band: metrics.NewBandwidthCounter()}
	var peers []peer.AddrInfo
	for i := range benchHelpers {
		h := t.start(fmt.Sprint("helper ", i), memory.New(), nil, nil, peers[:min(3, len(peers))])
		t.helpers = append(t.helpers, h)
		peers = append(peers, addrOf(h.cfg.Host))
	}
	for i := range benchVendors {
		name := fmt.Sprint("vendor ", i)
		t.vendors = append(t.vendors, t.start(name, memory.New(), &VendorConfig{Name: name, Domain: "vendor.example"}, nil, peers[i%benchHelpers:][:1]))
	}
	disk, err := sqlite.Open(filepath.Join(b.TempDir(), "node.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { disk.Close() })
	t.pat = t.start("pat", disk, nil, t.band, peers)
	t.until(time.Minute, "the person knows who holds letters", func() bool {
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
	t.sign(n)
	return t
}

func (t *telling) until(most time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(most); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", most, what)
		}
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
				t.cards[i] = t.signOne(t.vendors[i%benchVendors], fmt.Sprint("card/", i))
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (t *telling) signOne(v *running, label string) dagcbor.CID {
	now := time.Now()
	me, err := t.pat.newParty(label, pairwiseDomain, now)
	if err != nil {
		t.Error(err)
		return dagcbor.CID{}
	}
	route, err := t.pat.replyRoute(context.Background(), label, now.Add(cardRouteLife))
	if err != nil {
		t.Error(err)
		return dagcbor.CID{}
	}
	agreement, _ := terms.Lookup("SD-BASE")
	body := relcard.Body{
		Version: relcard.BodyVersion, Type: relcard.BodyType, Status: relcard.StatusAgreed, Time: identity.At(now),
		Person: relcard.Party{DID: me.signer.DID()}, Vendor: v.vendor.name(), Terms: agreement.Ref,
	}
	signed, err := body.Sign(me.signer, now)
	if err == nil {
		signed, err = signed.Sign(v.vendor.party.signer, now)
	}
	if err != nil {
		t.Error(err)
		return dagcbor.CID{}
	}
	logs, self := sortedLogs(me.log, v.vendor.party.log), v.courier.Self()
	for side, at := range map[*running]cardBody{
		t.pat: {Side: identity.RolePerson, Logs: logs, Theirs: &self, Ours: &route, Label: label, Since: identity.At(now)},
		v:     {Side: identity.RoleVendor, Logs: logs, Theirs: &route, Since: identity.At(now)},
	} {
		err := side.update(context.Background(), func(c *change) error {
			k, err := newCard(signed, dagcbor.CID{}, at, c)
			if err != nil {
				return err
			}
			if err := k.save(c); err != nil {
				return err
			}
			return side.negotiated(c, k, k.chain.Root())
		})
		if err != nil {
			t.Error(err)
		}
	}
	return idOf(signed)
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
				if _, err := t.pat.disclose(c, r, given); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.until(15*time.Minute, "every vendor has receipted the old address", func() bool {
		return t.count(store.Query{Kind: kindStatement, State: "receipt"}) == len(t.cards)
	})
}

func (t *telling) count(q store.Query) int {
	t.Helper()
	var n int
	err := t.pat.cfg.Store.View(t.Context(), func(tx store.Tx) (err error) {
		n, err = tx.Count(q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// letters counts what the person has said so far.
func (t *telling) letters() int { return t.count(store.Query{Kind: kindStatement}) }

// sleep stops so many vendors and returns how many cards have one that is
// awake.
func (t *telling) sleep(vendors int) int {
	t.sleepers = t.vendors[:vendors]
	for _, v := range t.sleepers {
		v.stop()
	}
	awake := 0
	for i := range t.cards {
		if i%benchVendors >= vendors {
			awake++
		}
	}
	return awake
}

func (t *telling) wake() {
	for _, v := range t.sleepers {
		v.run(nil)
	}
}

// await waits until so many cards have confirmed the change.
func (t *telling) await(id string, n int) view.Change {
	t.Helper()
	var c view.Change
	most := 10*time.Minute + time.Duration(n)*20*time.Millisecond
	t.until(most, fmt.Sprintf("%d cards have confirmed", n), func() bool {
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
