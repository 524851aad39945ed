package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

// sameTime compares times by their instant.
var sameTime = cmp.Comparer(func(a, b identity.Time) bool { return a == b })

// TestChoose edits preferences: for everybody, a category and a vendor. What
// it was called on stays, and a choice that says nothing goes.
func TestChoose(t *testing.T) {
	var p negotiation.Preferences
	always := func(id string) func(*negotiation.Choice) {
		return func(c *negotiation.Choice) { c.Always = append(c.Always, id) }
	}
	choose(&p, "", "", always("SD-BASE"))
	choose(&p, "", "Vehicles/Sports Cars", func(c *negotiation.Choice) { c.Else = negotiation.ElseRefuse })
	before := p
	choose(&p, "did:example:shop", "ignored", always("SD-BASE-A"))
	want := negotiation.Preferences{
		Default:    negotiation.Choice{Always: []string{"SD-BASE"}},
		Categories: map[string]negotiation.Choice{"vehicles/sports-cars": {Else: negotiation.ElseRefuse}},
		Vendors:    map[identity.DID]negotiation.Choice{"did:example:shop": {Always: []string{"SD-BASE-A"}}},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Error(d)
	}
	if before.Vendors != nil {
		t.Error("the preferences before have changed")
	}
	choose(&p, "did:example:shop", "", func(c *negotiation.Choice) { c.Always = without(c.Always, []string{"SD-BASE-A"}) })
	if len(p.Vendors) != 0 {
		t.Errorf("an empty choice stays: %v", p.Vendors)
	}
}

// amended parses a "card amend" command line and returns what it changes of a
// card that runs for the given term.
func amended(t *testing.T, was *relcard.Term, args ...string) (view.Amendment, error) {
	t.Helper()
	var c cli
	if _, err := parser(&c, os.Stderr, os.Stderr, func(int) {}).Parse(append([]string{"card", "amend", "3mxa5qhe"}, args...)); err != nil {
		t.Fatal(err)
	}
	return c.Card.Amend.amendment(was, time.UTC)
}

func TestAmendment(t *testing.T) {
	monthly := &relcard.Term{Every: "P1M", Renews: true}
	for _, tc := range []struct {
		name string
		was  *relcard.Term
		args []string
		want *relcard.Term
	}{
		{"begins to renew", nil, []string{"--every", "P1M", "--renews"}, &relcard.Term{Every: "P1M", Renews: true}},
		{"renews no more", monthly, []string{"--no-renews"}, &relcard.Term{Every: "P1M"}},
		{"a day counts to its end", monthly, []string{"--until", "2027-01-31"},
			&relcard.Term{Every: "P1M", Renews: true, Until: identity.At(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC))}},
		{"without periods", monthly, []string{"--every", "none"}, &relcard.Term{Renews: true}},
		{"other terms alone", monthly, []string{"--terms", "SD-BASE-A"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := amended(t, tc.was, tc.args...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, a.Term, sameTime); d != "" {
				t.Error(d)
			}
		})
	}
	if *monthly != (relcard.Term{Every: "P1M", Renews: true}) {
		t.Error("the term it was called on has changed")
	}
	if _, err := amended(t, monthly); err == nil || !strings.Contains(err.Error(), "say what is to change") {
		t.Errorf("nothing to change: %v", err)
	}
	if a, err := amended(t, nil, "--jurisdiction", ""); err != nil || a.Jurisdiction == nil || *a.Jurisdiction != "" {
		t.Errorf("a jurisdiction can't be taken away: %v, %v", a.Jurisdiction, err)
	}
}

func TestEventFlags(t *testing.T) {
	w, err := eventFlags{Kind: "receipt", Title: "Order 4711", Amount: "12.50 usd", Due: "2026-03-20T18:00:00Z", ID: "x"}.want()
	want := view.EventWant{Kind: "receipt", ID: "x", Data: channel.Data{
		Title: "Order 4711", Amount: money.Money{Currency: "USD", Amount: "12.50"}, Due: identity.At(time.Date(2026, 3, 20, 18, 0, 0, 0, time.UTC)),
	}}
	if d := cmp.Diff(want, w, sameTime); d != "" || err != nil {
		t.Error(err, d)
	}
	for _, f := range []eventFlags{{Amount: "lots"}, {Due: "soon"}, {Renews: "never"}} {
		if _, err := f.want(); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

func TestDigestSchedule(t *testing.T) {
	was := digest.Schedule{Hour: 8, Zone: "Europe/Berlin", Weekly: true, Day: time.Friday}
	for _, tc := range []struct {
		cmd  digestCmd
		want digest.Schedule
	}{
		{digestCmd{At: -1}, was},
		{digestCmd{At: 0}, digest.Schedule{Hour: 0, Zone: "Europe/Berlin", Weekly: true, Day: time.Friday}},
		{digestCmd{At: -1, Daily: true}, digest.Schedule{Hour: 8, Zone: "Europe/Berlin"}},
		{digestCmd{At: 7, Weekly: "sunday", Zone: "America/Detroit"}, digest.Schedule{Hour: 7, Zone: "America/Detroit", Weekly: true}},
	} {
		if got, err := tc.cmd.schedule(was); err != nil || got != tc.want {
			t.Errorf("%+v: %+v, %v", tc.cmd, got, err)
		}
	}
	for _, cmd := range []digestCmd{{At: 24}, {At: -1, Zone: "Middle/Earth"}, {At: -1, Daily: true, Weekly: "friday"}} {
		if _, err := cmd.schedule(was); err == nil {
			t.Errorf("%+v was taken", cmd)
		}
	}
}

// TestFindEvent names an event by the vendor's own id, which strangers choose:
// one that two vendors use, or that is part of another, names none by itself.
func TestFindEvent(t *testing.T) {
	all := []view.InboxEntry{{ID: "did:example:a~order-1"}, {ID: "did:example:a~order-12"}, {ID: "did:example:a~same"}, {ID: "did:example:b~same"}}
	for s, want := range map[string]string{
		"order-1": "did:example:a~order-1", "order-12": "did:example:a~order-12", "did:example:b~same": "did:example:b~same",
		"did:example:b same": "did:example:b~same", // as it was shown before
		"orde":               "", "same": "", "x": "", "none": "",
	} {
		got, err := findEvent(all, s)
		if got.ID != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", s, got.ID, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	if got := answers(view.Change{Confirmed: 3, Waiting: 1, Telling: 1}); got != "3 confirmed, 2 waiting" {
		t.Error(got)
	}
	if got := tally(view.Change{}); got != "Nobody is told." {
		t.Error(got)
	}
}

// TestFollowChange waits until nobody is left to answer, and tells how far it
// has come.
func TestFollowChange(t *testing.T) {
	looks := []view.Change{{Telling: 2}, {Waiting: 1, Confirmed: 1}, {Confirmed: 1, Refused: 1}}
	var seen []int
	got, err := followChange(&env{ctx: t.Context(), err: io.Discard}, "", time.Minute, func() (view.Change, error) {
		c := looks[0]
		looks = looks[1:]
		return c, nil
	}, func(_ string, done, total int) { seen = append(seen, done, total) })
	if err != nil || got.Refused != 1 || len(looks) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if d := cmp.Diff([]int{0, 2, 1, 2, 2, 2}, seen); d != "" {
		t.Error(d)
	}
}

// TestAcceptsPage makes the page for those who come by the web: it names the
// key log at the domain of the identifier, and reads back.
func TestAcceptsPage(t *testing.T) {
	base, _ := terms.Lookup("SD-BASE")
	u := &termupdate.Update{
		Vendor:  relcard.Party{DID: "did:webvh:QmVbzaEA4ospwaMyuyn5UsN5Mgh67LT1d3JwJpy6hMXuZS:shop.example:uk", Name: "Shop"},
		Accepts: []terms.Ref{base.Ref}, Route: intentcast.Route{Peer: "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"},
		Time: identity.At(noon), Expires: identity.At(noon.AddDate(0, 0, 7)),
	}
	for range 20 {
		u.Route.Addrs = append(u.Route.Addrs, "/ip4/192.0.2.1/udp/4101/quic-v1")
	}
	page, err := acceptsPage(u)
	if err != nil {
		t.Fatal(err)
	}
	b, err := page.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f, err := readTerms(b)
	if err != nil || f.Format != "myterms" || f.By != byHash || len(f.Agreements) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	if got := f.Document.KeyLog; got != "https://shop.example/uk/did.jsonl" {
		t.Error(got)
	}
	if got := f.Document.Proffers[0]; got != "/ip4/192.0.2.1/udp/4101/quic-v1/p2p/"+u.Route.Peer {
		t.Error(got)
	}
	u.Vendor.DID = "did:key:z6Mk"
	if _, err := acceptsPage(u); err == nil {
		t.Error("a vendor without a domain has a page")
	}
}

// TestWriteOver replaces a file whole and leaves nothing beside it.
func TestWriteOver(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dates.ics")
	for _, text := range []string{"first and longer", "second"} {
		if err := writeOver(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%q, %v", b, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if err := writeOver(filepath.Join(dir, "none", "x"), nil); err == nil {
		t.Error("written into a folder that is not there")
	}
	if err := writeNew(path, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("written over: %v", err)
	}
}

func TestLastDay(t *testing.T) {
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local)
	if got := lastDay(identity.At(end)); got != "2026-12-31" {
		t.Error(got)
	}
	if got := lastDay(identity.Time{}); got != "" {
		t.Error(got)
	}
}

// FuzzReadTerms checks that foreign terms are read or refused, and that what
// is said to be recognised by its hash is of the roster.
func FuzzReadTerms(f *testing.F) {
	for _, seed := range []string{
		`{"@context":"http://www.w3.org/ns/odrl.jsonld","@type":"Offer","uid":"https://person.example/1"}`,
		`{"version":1,"did":"did:example:shop"}`,
		`{"effective_date":"Fri, 20 Mar 2026 09:00:00 +0000","agreements":[{"id":"SD-BASE","url":"https://site.example/x"}]}`,
		`{}`, `[]`, `null`, ``, `{"@context":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readTerms(b)
		if err != nil {
			return
		}
		for _, ref := range got.Agreements {
			if err := ref.Check(); err != nil {
				t.Errorf("%v: %v", ref, err)
			}
		}
		var out strings.Builder
		printForeign(&out, got)
		if out.Len() == 0 {
			t.Error("nothing is said of it")
		}
	})
}
