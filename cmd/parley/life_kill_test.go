package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim/figure"
)

// lifeKillsVar says how many processes TestLifeKilled kills, 8 if it is not
// set. The figure of make bench-cards is a thousand.
const lifeKillsVar = "PARLEY_LIFE_KILLS"

const (
	lifeFigure = 1000 // kills that the figure promises
	lifeAtOnce = 8    // relationships under way at one time
	lifeCall   = 15 * time.Second
	lifePoll   = 30 * time.Millisecond
	lifeWait   = 10 * time.Second // for the other side, which may be dead just now

	// lifeSettle is how long the nodes have after the last kill. A route that is
	// quiet, and whose holder was killed, is found so within ten minutes; its
	// letters come again within ten more, and are fetched within another ten.
	lifeSettle = 40 * time.Minute
)

// What is asked of a node.
const (
	lifeProffer = "proffer"
	lifeYes     = "agree to a counter"
	lifeNo      = "decline or withdraw"
	lifeShare   = "share"
	lifeChange  = "change"
	lifeAmend   = "amend"
	lifeSign    = "sign"
	lifeDecline = "decline a version"
	lifeEnd     = "end"
)

// What came of it.
const (
	lifeUnder   = "under way"
	lifeDone    = "acknowledged"
	lifeRefused = "refused"
	lifeUnknown = "unknown" // the node was killed over it: it is done or not
)

const (
	lifePhone = "phones/mobile" // never changes
	lifeEmail = "emails/home"   // changes all the time
)

// errLifeNo is for an answer that is a refusal in other words.
var errLifeNo = errors.New("not done")

// lifeDeed is one thing asked of a node.
type lifeDeed struct {
	n        int64 // its mark and stamp
	what     string
	by, with *proc
	talk     dagcbor.CID
	card     dagcbor.CID
	version  dagcbor.CID // in force after it, where it signs
	outcome  string      // guarded by lifeTown.mu
}

func (d *lifeDeed) String() string {
	return fmt.Sprintf("deed %d (%s by %s, %s, negotiation %s, card %s)", d.n, d.what, d.by.name, d.outcome, d.talk, d.card)
}

// outcomeOf reads the answer of a node. No answer, or that it failed, leaves
// open what has been done.
func outcomeOf(err error) string {
	var p *client.Problem
	switch {
	case err == nil:
		return lifeDone
	case errors.As(err, &p) && p.Status < 500, errors.Is(err, errLifeNo):
		return lifeRefused
	}
	return lifeUnknown
}

// TestLifeKilled kills a person's node and two vendors' with SIGKILL at random
// points of negotiation, sharing, amendment and ending, and restarts them at
// once. In the end both sides of each relationship hold the same record, whose
// versions in force have both signatures; whatever was acknowledged to a caller
// is in it, once; and nobody has taken a crash for a lie.
func TestLifeKilled(t *testing.T) {
	kills := 8
	if v := os.Getenv(lifeKillsVar); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil {
			t.Fatalf("%s: %v", lifeKillsVar, err)
		}
	} else if testing.Short() {
		t.Skip("kills processes for half a minute")
	}
	l := newLifeTown(t)
	l.promised = os.Getenv(lifeKillsVar) != ""
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range lifeAtOnce {
		wg.Go(func() {
			for ctx.Err() == nil {
				l.live(ctx)
			}
		})
	}
	wg.Go(func() { l.move(ctx) })
	began := time.Now()
	for range kills {
		if !l.killOne() {
			break
		}
	}
	t.Logf("%d kills in %s, %s a restart", l.kills, time.Since(began).Round(time.Second), l.restarts/time.Duration(max(1, l.kills)))
	l.until(ctx, time.Minute, func(context.Context) bool { return l.shown() })
	stop()
	wg.Wait()
	l.check()
	if !l.promised {
		return
	}
	got := l.kills
	if t.Failed() {
		got = 0
	}
	figure.Info(os.Stdout, "life_kills_before_acknowledgement", l.early)
	figure.Info(os.Stdout, "life_kills_restart_ms", float64((l.restarts / time.Duration(max(1, l.kills))).Milliseconds()))
	if !figure.AtLeast(os.Stdout, "life_kills", float64(got), lifeFigure) {
		t.Logf("%s=%d is less than the figure promises", lifeKillsVar, kills)
	}
}

// newLifeTown starts the nodes. The first vendor accepts what the person
// proffers, the second names another agreement.
func newLifeTown(t *testing.T) *lifeTown {
	t.Helper()
	dir := lifeDir(t)
	start := func(name string, args ...string) *proc { return newProc(t, filepath.Join(dir, name), name, args...) }
	l := &lifeTown{t: t, dir: dir, vendors: make(map[*proc]identity.DID), begun: make(chan *lifeDeed), killed: make(map[*proc]bool), base: time.Now().Add(24 * time.Hour)}
	l.others = []*proc{start("quinn"), start("rosa")}
	corner := start("corner", "--vendor", "Corner Shop", "--domain", "corner.example")
	superbig := start("superbig", "--vendor", "Super Big", "--domain", "big.example")
	l.pat = start("pat")
	l.shops = []*proc{corner, superbig}
	rules(t, corner, "SD-BASE", "SD-BASE-DP")
	rules(t, superbig, "SD-BASE-ATP")
	corner.meet(l.others...)
	superbig.meet(corner, l.others[0], l.others[1])
	l.pat.meet(corner, superbig, l.others[0], l.others[1])
	l.others[0].meet(l.others[1])
	l.hear()
	for path, text := range map[string]string{lifePhone: "+1 616 555 0100", lifeEmail: "pat0@example.org"} {
		if _, err := l.pat.api().SetPiece(t.Context(), path, view.ChangeWant{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// rules has a vendor accept some agreements and answer by itself.
func rules(t *testing.T, p *proc, accepts ...string) {
	t.Helper()
	r := market.Rules{Answer: market.ModeAuto}
	for _, id := range accepts {
		a, ok := terms.Lookup(id)
		if !ok {
			t.Fatalf("%s is not in the roster", id)
		}
		r.Accepts = append(r.Accepts, a.Ref)
	}
	if _, err := p.api().SetRules(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// hear waits until the person has heard the vendors' terms.
func (l *lifeTown) hear() {
	l.t.Helper()
	want := map[string]*proc{"Corner Shop": l.shops[0], "Super Big": l.shops[1]}
	eventually(l.t, 2*time.Minute, "the vendors' terms", func() bool {
		all, err := l.pat.api().Vendors(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		for _, v := range all {
			if p := want[v.Name]; p != nil && len(v.Accepts) > 0 {
				l.vendors[p] = v.DID
			}
		}
		return len(l.vendors) == len(want)
	})
}

// killOne lets life go on for a moment, or for none, kills who has just begun
// something, or whom it is about, at a random moment after, and restarts it. It
// returns false where that can't be done.
func (l *lifeTown) killOne() bool {
	if rand.IntN(5) > 0 {
		time.Sleep(rand.N(600 * time.Millisecond))
	}
	victim := append(l.shops, l.pat)[rand.IntN(3)]
	select {
	case d := <-l.begun:
		if victim = d.by; rand.IntN(3) == 0 {
			victim = d.with
		}
	case <-time.After(time.Second):
	}
	if !l.promised && l.killed[victim] {
		victim = l.pat // a slot lost twice is made anew after two minutes: that is for the long run
	}
	l.killed[victim] = true
	most := 300 * time.Millisecond
	if rand.IntN(2) == 0 {
		most = 30 * time.Millisecond // about as long as a node takes over a request
	}
	time.Sleep(rand.N(most))
	if l.waiting(victim) {
		l.early++
	}
	began := time.Now()
	victim.kill()
	l.keepLog(victim)
	if s, ok := victim.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signal() != syscall.SIGKILL {
		l.t.Errorf("%s ended by itself: %s\n%s", victim.name, victim.cmd.ProcessState, tail(victim.log.String(), 60))
		return false
	}
	if err := victim.tryStart(); err != nil {
		l.t.Errorf("restart of %s: %v\n%s", victim.name, err, tail(victim.log.String(), 30))
		return false
	}
	l.restarts += time.Since(began)
	l.kills++
	return true
}

// shown reports whether relationships have been amended and ended: less, as on
// a machine too slow for the pace of the kills, would show nothing.
func (l *lifeTown) shown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := make(map[string]bool)
	for _, d := range l.deeds {
		if d.outcome == lifeDone {
			done[d.what] = true
		}
	}
	return done[lifeSign] && done[lifeEnd]
}

// waiting reports whether a request to p has not been answered yet.
func (l *lifeTown) waiting(p *proc) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.deeds {
		if d.by == p && d.outcome == lifeUnder {
			return true
		}
	}
	return false
}

// do asks a node for something, and writes down what came of it. Only a deed
// that was acknowledged counts as done.
func (l *lifeTown) do(ctx context.Context, d *lifeDeed, call func(context.Context, *client.Client) error) bool {
	l.mu.Lock()
	l.count++
	d.n, d.outcome = l.count, lifeUnder
	l.deeds = append(l.deeds, d)
	l.mu.Unlock()
	go func() { // the killer may be looking out for one
		select {
		case l.begun <- d:
		case <-time.After(10 * time.Millisecond):
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, lifeCall)
	defer cancel()
	outcome := outcomeOf(call(ctx, d.by.api()))
	l.mu.Lock()
	defer l.mu.Unlock()
	d.outcome = outcome
	return outcome == lifeDone
}

// until asks again and again until cond holds; false if it does not in time,
// which a killed node is reason enough for.
func (l *lifeTown) until(ctx context.Context, d time.Duration, cond func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for !cond(ctx) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(lifePoll):
		}
	}
	return true
}

// mark is text that stands in one deed's records and in no other's.
func (d *lifeDeed) mark() string { return fmt.Sprintf("<%d>", d.n) }

// stamp is a time that stands in one deed's records and in no other's.
func (l *lifeTown) stamp(d *lifeDeed) identity.Time {
	return identity.At(l.base.Add(time.Duration(d.n) * time.Second))
}

// live leads one relationship from a proffer to its end.
func (l *lifeTown) live(ctx context.Context) {
	shop := l.shops[rand.IntN(len(l.shops))]
	card := l.negotiate(ctx, shop, dagcbor.CID{})
	if card.IsZero() {
		return
	}
	if rand.IntN(2) == 0 { // or what follows overtakes the signature
		l.until(ctx, lifeWait, func(ctx context.Context) bool {
			c, err := shop.api().Card(ctx, card)
			return err == nil && c.State == "active"
		})
	}
	for range 1 + rand.IntN(5) {
		switch n := rand.IntN(10); {
		case n < 3:
			l.share(ctx, shop, card)
		case n < 8:
			l.amend(ctx, shop, card)
		default:
			l.negotiate(ctx, shop, card)
		}
	}
	if rand.IntN(10) > 0 {
		l.end(ctx, shop, card)
	}
}

// negotiate proffers terms, for a new card or one there is, and decides on
// what the vendor may name instead. It returns the card that came of it.
func (l *lifeTown) negotiate(ctx context.Context, shop *proc, card dagcbor.CID) dagcbor.CID {
	d := &lifeDeed{what: lifeProffer, by: l.pat, with: shop}
	l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
		w := view.ProfferWant{Card: card, Agreements: []string{"SD-BASE-DP", "SD-BASE"}, Expires: l.stamp(d)}
		if rand.IntN(2) == 0 {
			w.Agreements = w.Agreements[1:]
		}
		if card.IsZero() {
			w.Vendor = l.vendors[shop]
		}
		talk, err := c.Proffer(ctx, w)
		d.talk = talk.ID
		return err
	})
	switch {
	case d.outcome != lifeDone:
		l.until(ctx, 100*time.Millisecond, func(context.Context) bool { return false })
		return card
	case rand.IntN(8) == 0:
		l.decide(ctx, d, false) // perhaps it crosses the answer
		return card
	case !card.IsZero() && rand.IntN(4) == 0:
		return card // and the next act crosses it
	}
	var talk view.Negotiation
	asks := l.until(ctx, lifeWait, func(ctx context.Context) bool {
		var err error
		talk, err = l.pat.api().Negotiation(ctx, d.talk)
		return err == nil && (talk.Asks || talk.State != negotiation.StateProffered)
	}) && talk.Asks
	if asks && l.decide(ctx, d, rand.IntN(5) > 0) {
		l.until(ctx, time.Second, func(ctx context.Context) bool {
			var err error
			talk, err = l.pat.api().Negotiation(ctx, d.talk)
			return err == nil
		})
	}
	if card.IsZero() {
		return talk.Card
	}
	return card
}

func (l *lifeTown) decide(ctx context.Context, proffer *lifeDeed, yes bool) bool {
	d := &lifeDeed{what: lifeNo, by: l.pat, with: proffer.with, talk: proffer.talk}
	if yes {
		d.what = lifeYes
	}
	return l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
		talk, err := c.Decide(ctx, d.talk, yes, d.mark())
		if err == nil && yes && talk.State != negotiation.StateAgreed {
			return fmt.Errorf("%w: %s", errLifeNo, talk.Why)
		}
		return err
	})
}

func (l *lifeTown) share(ctx context.Context, shop *proc, card dagcbor.CID) {
	d := &lifeDeed{what: lifeShare, by: l.pat, with: shop, card: card}
	l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
		paths := []string{lifePhone, lifeEmail}[:1+rand.IntN(2)]
		_, err := c.Share(ctx, card, view.ShareWant{Paths: paths, Purpose: []string{"delivery"}, Until: l.stamp(d)})
		return err
	})
}

// move changes what was shared, once for all relationships that have it.
func (l *lifeTown) move(ctx context.Context) {
	for ctx.Err() == nil {
		d := &lifeDeed{what: lifeChange, by: l.pat, with: l.shops[rand.IntN(2)]}
		l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
			_, err := c.SetPiece(ctx, lifeEmail, view.ChangeWant{Text: fmt.Sprintf("pat%d@example.org", d.n)})
			return err
		})
		l.until(ctx, 2*time.Second+rand.N(4*time.Second), func(context.Context) bool { return false })
	}
}

// amend has one side propose a next version and the other sign or decline it;
// now and then both propose at once.
func (l *lifeTown) amend(ctx context.Context, shop *proc, card dagcbor.CID) {
	from, to := l.pat, shop
	if rand.IntN(2) == 0 {
		from, to = shop, l.pat
	}
	propose := func(by, with *proc) bool {
		d := &lifeDeed{what: lifeAmend, by: by, with: with, card: card}
		return l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
			place := d.mark()
			_, err := c.AmendCard(ctx, card, view.Amendment{Location: &place})
			return err
		})
	}
	if !propose(from, to) {
		return
	}
	if rand.IntN(5) == 0 {
		propose(to, from)
	}
	l.until(ctx, lifeWait, func(ctx context.Context) bool {
		c, err := to.api().Card(ctx, card)
		return err == nil && c.State == "amending"
	})
	d := &lifeDeed{what: lifeSign, by: to, with: from, card: card}
	if rand.IntN(4) == 0 {
		d.what = lifeDecline
	}
	l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
		var v view.Card
		var err error
		if d.what == lifeSign {
			v, err = c.SignCard(ctx, card)
		} else {
			v, err = c.DeclineCard(ctx, card, d.mark())
		}
		d.version = v.Head
		return err
	})
}

// end has one side end the relationship, or both at once.
func (l *lifeTown) end(ctx context.Context, shop *proc, card dagcbor.CID) {
	sides := []*proc{l.pat, shop}
	rand.Shuffle(2, func(i, j int) { sides[i], sides[j] = sides[j], sides[i] })
	for i, by := range sides {
		if i > 0 && rand.IntN(4) > 0 {
			return
		}
		d := &lifeDeed{what: lifeEnd, by: by, with: sides[1-i], card: card}
		l.do(ctx, d, func(ctx context.Context, c *client.Client) error {
			_, err := c.EndCard(ctx, card, d.mark())
			return err
		})
	}
}
