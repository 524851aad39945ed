package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

// killsVar says how many processes TestKilled kills, 15 if it is not set.
const killsVar = "PARLEY_KILLS"

// converge is how long the nodes have, once nobody is killed any more, to
// bring everything under way to its end. A letter that a killed holder had
// taken is sent again after at most five minutes.
const converge = 8 * time.Minute

// bazaar is a person, two vendors and two bystanders, each a process of its
// own, and what the person was told has been done.
type bazaar struct {
	t                     *testing.T
	pat, corner, superbig *proc
	others                []*proc

	casts   []dagcbor.CID // acknowledged
	accepts []view.Card   // acknowledged
	tried   int           // casts, acknowledged or not
}

func newBazaar(t *testing.T) *bazaar {
	t.Helper()
	dir := t.TempDir()
	b := &bazaar{t: t}
	start := func(name string, args ...string) *proc { return newProc(t, filepath.Join(dir, name), name, args...) }
	b.others = []*proc{start("quinn"), start("rosa")}
	b.corner = start("corner", "--vendor", "Corner Shop", "--domain", "corner.example")
	b.superbig = start("superbig", "--vendor", "Super Big", "--domain", "big.example")
	b.pat = start("pat")
	b.corner.stock("Soap", "2.50")
	b.superbig.stock("Soap", "2.60")
	b.corner.meet(b.others...)
	b.superbig.meet(b.corner, b.others[0], b.others[1])
	b.pat.meet(b.corner, b.superbig, b.others[0], b.others[1])
	b.others[0].meet(b.others[1])
	return b
}

// shop casts and accepts, one deal after the other, until ctx ends. Whatever
// fails because a node is away just now is let go.
func (b *bazaar) shop(ctx context.Context) {
	for ctx.Err() == nil {
		b.tried++
		brief, cancel := context.WithTimeout(ctx, 10*time.Second)
		in, err := b.pat.api().Cast(brief, wanting("Soap"))
		if err == nil {
			b.casts = append(b.casts, in.Root)
			b.deal(brief, in.Root)
		} else {
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
	}
}

// deal accepts the best of what has been offered after a moment.
func (b *bazaar) deal(ctx context.Context, root dagcbor.CID) {
	for range 30 {
		offers, err := b.pat.api().Offers(ctx, root)
		if err == nil && len(offers) > 0 && offers[0].Acceptable {
			if card, err := b.pat.api().Accept(ctx, offers[rand.IntN(len(offers))].ID); err == nil {
				b.accepts = append(b.accepts, card)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestKilled kills the person's node and the vendors' at random moments while
// they trade, and finds that nothing that was acknowledged is lost, that every
// card comes into force on both sides alike, and that none did twice.
func TestKilled(t *testing.T) {
	kills := 15
	if v := os.Getenv(killsVar); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil {
			t.Fatalf("%s: %v", killsVar, err)
		}
	} else if testing.Short() {
		t.Skip("kills processes for a minute")
	}
	b := newBazaar(t)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { b.shop(ctx) })
	victims := []*proc{b.pat, b.corner, b.superbig}
	for range kills {
		time.Sleep(time.Duration(rand.IntN(2500)) * time.Millisecond)
		victim := victims[rand.IntN(len(victims))]
		victim.kill()
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		if err := victim.tryStart(); err != nil {
			t.Errorf("restart of %s: %v\n%s", victim.name, err, tail(victim.log.String(), 30))
			break
		}
	}
	stop()
	wg.Wait()
	b.check()
}

func (b *bazaar) check() {
	t, began := b.t, time.Now()
	t.Helper()
	if len(b.accepts) == 0 {
		t.Fatalf("of %d casts, %d acknowledged, nothing was accepted: the test has shown nothing", b.tried, len(b.casts))
	}
	for left := b.pending(); left != ""; left = b.pending() {
		if time.Since(began) > converge {
			t.Fatalf("%s after the last kill, %s", converge, left)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("%d casts, %d acknowledged, %d accepted; all in force %s after the last kill",
		b.tried, len(b.casts), len(b.accepts), time.Since(began).Round(time.Millisecond))
	b.checkIntents()
	cards := b.checkCards()
	for _, a := range b.accepts {
		if cards[a.Body.Offer] != a.ID {
			t.Errorf("card %s was acknowledged, and is not there", a.ID)
		}
	}
	for _, p := range []*proc{b.pat, b.corner, b.superbig} {
		p.stop()
		checkFolder(t, p)
	}
}

// pending says which card is not in force yet.
func (b *bazaar) pending() string {
	cards, err := b.pat.api().Cards(b.t.Context())
	if err != nil {
		return err.Error()
	}
	for _, c := range cards {
		there, err := b.vendorOf(c).api().Card(b.t.Context(), c.ID)
		if err != nil || c.State != "active" || there.State != "active" {
			return fmt.Sprintf("%s: %s here, %s there, %v", c.ID, c.State, there.State, err)
		}
	}
	return ""
}

func (b *bazaar) vendorOf(c view.Card) *proc {
	if c.Body.Vendor.Name == "Corner Shop" {
		return b.corner
	}
	return b.superbig
}

// checkIntents finds every acknowledged cast, and no more than were tried.
func (b *bazaar) checkIntents() {
	b.t.Helper()
	have := make(map[dagcbor.CID]bool)
	mine, err := b.pat.api().Intents(b.t.Context(), true)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, in := range mine {
		have[in.Root] = true
		offers, err := b.pat.api().Offers(b.t.Context(), in.Root)
		if err != nil {
			b.t.Fatal(err)
		}
		from := make(map[string]int)
		for _, o := range offers {
			if from[o.Body.Vendor.Name]++; from[o.Body.Vendor.Name] > 1 {
				b.t.Errorf("intent %s has two offers of %s", in.Root, o.Body.Vendor.Name)
			}
		}
	}
	for _, root := range b.casts {
		if !have[root] {
			b.t.Errorf("cast %s was acknowledged, and is gone", root)
		}
	}
	if len(mine) > b.tried {
		b.t.Errorf("%d intents of %d casts", len(mine), b.tried)
	}
}

// checkCards holds both sides' cards to each other and returns them by offer.
func (b *bazaar) checkCards() map[dagcbor.CID]dagcbor.CID {
	t, ctx := b.t, b.t.Context()
	t.Helper()
	byOffer := make(map[dagcbor.CID]dagcbor.CID)
	cards, err := b.pat.api().Cards(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cards {
		if other, twice := byOffer[c.Body.Offer]; twice {
			t.Errorf("offer %s has become two cards, %s and %s", c.Body.Offer, other, c.ID)
		}
		byOffer[c.Body.Offer] = c.ID
		here, errHere := b.pat.api().ExportCard(ctx, c.ID)
		there, errThere := b.vendorOf(c).api().ExportCard(ctx, c.ID)
		if errHere != nil || errThere != nil || !bytes.Equal(here, there) {
			t.Errorf("card %s differs on the two sides: %v, %v", c.ID, errHere, errThere)
			continue
		}
		_, report, err := archive.Import(bytes.NewReader(here), time.Now())
		if err != nil || report.State != relcard.StateActive || len(report.Versions) != 1 || len(report.Versions[0].Signatures) != 2 {
			t.Errorf("card %s does not verify as signed by both: %+v, %v", c.ID, report, err)
		}
	}
	sides := 0
	for _, p := range []*proc{b.corner, b.superbig} {
		theirs, err := p.api().Cards(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sides += len(theirs)
		for _, c := range theirs {
			if byOffer[c.Body.Offer] != c.ID {
				t.Errorf("%s holds card %s that Pat does not", p.name, c.ID)
			}
		}
	}
	if sides != len(cards) {
		t.Errorf("%d cards at the vendors, %d at Pat's", sides, len(cards))
	}
	return byOffer
}

// checkFolder opens what a stopped node left behind.
func checkFolder(t *testing.T, p *proc) {
	t.Helper()
	dir := config.Dir(p.home)
	db, err := sqlite.Open(dir.Store())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("%s's store: %v", p.name, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	keys, err := keystore.Open(dir.Keys(), nil)
	if err != nil {
		t.Fatalf("%s's keys: %v", p.name, err)
	}
	keys.Close()
}
