// Package demo plays the main job of Parley before the reader's eyes: one
// person and five vendors, six processes on loopback, two intents, sealed
// offers, and two cards signed by both sides.
package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
)

// Options set how the demo is run.
type Options struct {
	Program string    // the parley binary, run once for each node
	Out     io.Writer // where it tells its story
	Stay    bool      // leave the nodes running until ctx ends
	Dir     string    // for the nodes' folders; "" a temporary one
}

// Result is what was held to be true at the end.
type Result struct {
	Nodes   int          `json:"nodes"`
	Deals   []Deal       `json:"deals"`
	Folders []NodeFolder `json:"folders,omitempty"` // with --stay
	Seconds float64      `json:"seconds"`
}

// NodeFolder is where a node of the demo keeps its data.
type NodeFolder struct {
	Name   string `json:"name"`
	Folder string `json:"folder"`
}

// Deal is one intent from cast to card.
type Deal struct {
	Intent    dagcbor.CID `json:"intent"`
	Offers    int         `json:"offers"`
	Silent    []string    `json:"silent"` // heard it and made no offer
	Vendor    string      `json:"vendor"`
	Card      dagcbor.CID `json:"card"`
	Identical bool        `json:"identical"` // stored by both, byte for byte
	Verified  bool        `json:"verified"`  // from its file alone
}

// patience is how long anything may take before the demo has failed.
const patience = 60 * time.Second

// Run plays the demo. It returns an error unless everything it tells held.
func Run(ctx context.Context, o Options) (res *Result, err error) {
	started := time.Now()
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "parley-demo-"); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		defer os.RemoveAll(o.Dir)
	}
	s := &stage{opts: o, say: &teller{out: o.Out}}
	defer func() { err = errors.Join(err, s.close()) }()
	res = &Result{}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	res.Nodes = len(s.players)
	for _, scene := range s.scenes() {
		deal, err := s.play(ctx, scene)
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		res.Deals = append(res.Deals, *deal)
	}
	res.Seconds = time.Since(started).Seconds()
	s.curtain(res)
	if o.Stay {
		s.stay(ctx, res)
	}
	return res, nil
}

// scene is one intent and what must come of it.
type scene struct {
	title  string
	want   view.Want
	offers []string          // vendors that must answer
	silent map[string]string // vendors that must not, and a word of their reason
	best   string            // who must be ranked first
}

func (s *stage) scenes() []scene {
	now := time.Now()
	return []scene{
		{"A car for the skiing days", skier(now), []string{wasatch, peak}, map[string]string{summit: "prepaid_fuel"}, wasatch},
		{"A stroller, today", parent(now), []string{river}, map[string]string{trackkid: "erms"}, river},
	}
}

// play casts, gathers, accepts and compares.
func (s *stage) play(ctx context.Context, sc scene) (*Deal, error) {
	s.say.title(sc.title)
	s.say.quote(sc.want.Text)
	pat := s.players[person]
	in, err := pat.client.Cast(ctx, sc.want)
	if err != nil {
		return nil, fmt.Errorf("cast: %w", err)
	}
	s.say.tell(person, "casts it under a key made for this one intent. It names no person and no address of Pat's: replies go to a slot that another node keeps.")
	deal := &Deal{Intent: in.Root}
	if err := s.gather(ctx, sc, deal); err != nil {
		return nil, err
	}
	offers, err := pat.client.Offers(ctx, in.Root)
	if err != nil {
		return nil, fmt.Errorf("read offers: %w", err)
	}
	deal.Offers = len(offers)
	s.showOffers(offers)
	if err := check(sc, offers); err != nil {
		return nil, err
	}
	deal.Vendor = offers[0].Body.Vendor.Name
	if deal.Card, err = s.sign(ctx, offers[0]); err != nil {
		return nil, err
	}
	return deal, s.compare(ctx, deal)
}

// gather waits until every vendor that must answer or stay silent has.
func (s *stage) gather(ctx context.Context, sc scene, deal *Deal) error {
	for _, name := range sc.offers {
		e, err := s.await(ctx, name, "offer.sent", "offer.silent")
		if err != nil {
			return err
		}
		if e.Kind != "offer.sent" {
			return fmt.Errorf("%s should have made an offer and %s", name, e.Text)
		}
		s.say.tell(name, e.Text)
	}
	for name, word := range sc.silent {
		e, err := s.await(ctx, name, "offer.sent", "offer.silent")
		if err != nil {
			return err
		}
		if e.Kind != "offer.silent" || !bytes.Contains([]byte(e.Text), []byte(word)) {
			return fmt.Errorf("%s should have stayed silent because of %q and %s", name, word, e.Text)
		}
		s.say.tell(name, e.Text)
		deal.Silent = append(deal.Silent, name)
	}
	for range sc.offers {
		if _, err := s.await(ctx, person, "offer.received"); err != nil {
			return err
		}
	}
	return s.unconcerned(ctx, sc, deal)
}

// unconcerned sees to it that vendors of other things elsewhere did not hear.
func (s *stage) unconcerned(ctx context.Context, sc scene, deal *Deal) error {
	var others []string
	for _, name := range s.order {
		_, silent := sc.silent[name]
		if name == person || silent || slices.Contains(sc.offers, name) {
			continue
		}
		heard, err := s.players[name].client.Intents(ctx, false)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if slices.ContainsFunc(heard, func(in view.Intent) bool { return in.Root == deal.Intent }) {
			return fmt.Errorf("%s heard an intent for another trade elsewhere", name)
		}
		others = append(others, name)
	}
	s.say.detail("(%s did not hear of it: it travels where its category and area are served.)", strings.Join(others, ", "))
	return nil
}

func (s *stage) showOffers(offers []view.Offer) {
	s.say.tell(person, fmt.Sprintf("opens %d sealed %s and ranks them; what vendors write about themselves does not count:", len(offers), plural(len(offers), "offer")))
	for _, o := range offers {
		why := ""
		if len(o.Reasons) > 0 {
			why = o.Reasons[0].Text
		}
		s.say.detail("%d. %s: %s for %s. %s", o.Rank, o.Body.Vendor.Name, o.Body.Lines[0].Line.Name, o.Body.Total, why)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func check(sc scene, offers []view.Offer) error {
	if len(offers) != len(sc.offers) {
		return fmt.Errorf("%d offers came, %d should have", len(offers), len(sc.offers))
	}
	if got := offers[0].Body.Vendor.Name; got != sc.best || !offers[0].Acceptable {
		return fmt.Errorf("%s was ranked first, it should have been %s", got, sc.best)
	}
	return nil
}

// sign accepts an offer and waits until both sides hold both signatures.
func (s *stage) sign(ctx context.Context, o view.Offer) (dagcbor.CID, error) {
	card, err := s.players[person].client.Accept(ctx, o.ID)
	if err != nil {
		return dagcbor.CID{}, fmt.Errorf("accept: %w", err)
	}
	vendor := o.Body.Vendor.Name
	s.say.tell(person, fmt.Sprintf("accepts %s: makes an identifier for this relationship alone, signs the card under it, and sends it sealed through another node.", vendor))
	for _, name := range []string{vendor, person} {
		e, err := s.await(ctx, name, "card.active", "card.refused")
		if err != nil {
			return dagcbor.CID{}, err
		}
		if e.Kind != "card.active" {
			return dagcbor.CID{}, fmt.Errorf("%s: %s", name, e.Text)
		}
		s.say.tell(name, e.Text)
	}
	return card.ID, nil
}

// compare holds the two stored cards against each other and verifies them
// with nothing but the file.
func (s *stage) compare(ctx context.Context, deal *Deal) error {
	var files [2][]byte
	for i, name := range []string{person, deal.Vendor} {
		var err error
		if files[i], err = s.players[name].client.ExportCard(ctx, deal.Card); err != nil {
			return fmt.Errorf("export the card at %s: %w", name, err)
		}
	}
	if deal.Identical = bytes.Equal(files[0], files[1]); !deal.Identical {
		return fmt.Errorf("the cards of %s and %s differ", person, deal.Vendor)
	}
	_, report, err := archive.Import(bytes.NewReader(files[0]), time.Now())
	if err != nil {
		return fmt.Errorf("verify the card offline: %w", err)
	}
	deal.Verified = report.State == "active"
	if !deal.Verified {
		return fmt.Errorf("the card verifies as %s, not as active", report.State)
	}
	file := filepath.Join(s.opts.Dir, "card-"+short(deal.Card)+".car")
	if err := os.WriteFile(file, files[0], 0o600); err != nil {
		return fmt.Errorf("keep the card: %w", err)
	}
	s.say.check("both nodes hold the same %d bytes", len(files[0]))
	s.say.check("the card verifies offline, by a stranger with only that file")
	return nil
}

func short(c dagcbor.CID) string {
	t := c.String()
	return t[max(0, len(t)-8):]
}
