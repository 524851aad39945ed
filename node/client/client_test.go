package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/api/apitest"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// The client has the same methods as the node, as far as Go can say so.
var _ interface {
	Status(context.Context) (view.Status, error)
	Intents(context.Context, bool) ([]view.Intent, error)
	Cast(context.Context, view.Want) (view.Intent, error)
	Offers(context.Context, dagcbor.CID) ([]view.Offer, error)
	Accept(context.Context, dagcbor.CID) (view.Card, error)
	ImportCard(context.Context, []byte) (view.CardReport, error)
} = (*client.Client)(nil)

// start runs a sample node's API on a data folder, as `parley up` does.
func start(t *testing.T) (config.Dir, *apitest.Node, func()) {
	t.Helper()
	dir, node := config.Dir(t.TempDir()), apitest.Sample()
	tokens, err := dir.MakeTokens()
	if err != nil {
		t.Fatal(err)
	}
	s, err := api.New(api.Config{Node: node, WriteToken: tokens.Write, ReadToken: tokens.Read})
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := api.Listen("127.0.0.1:0", dir.Socket())
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.WriteAddress(listeners[0].Addr().String()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listeners...) }()
	stop := func() {
		cancel()
		if err, ok := <-done; ok && err != nil {
			t.Error(err)
		}
		close(done)
	}
	stopped := false
	once := func() {
		if !stopped {
			stopped = true
			stop()
		}
	}
	t.Cleanup(once)
	return dir, node, once
}

func open(t *testing.T, dir config.Dir) *client.Client {
	t.Helper()
	c, err := client.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestRoundTrips calls every method over a real server and compares with what
// the node said.
func TestRoundTrips(t *testing.T) {
	dir, node, _ := start(t)
	node.Connected = []view.Peer{{PeerID: "12D3KooWPeer", Addresses: []string{"/ip4/10.0.0.1"}, Holds: true}}
	c, ctx := open(t, dir), context.Background()
	intent, offer, card := apitest.ID("intent"), apitest.ID("offer"), apitest.ID("card")
	want := view.Want{Text: "a stroller for twins", Category: intentcast.Category{Taxonomy: "shopify", Value: "Baby"}, Private: map[string]string{"street": "Main St 1"}}
	for _, tc := range []struct {
		name string
		call func() (any, error)
		want any
		last string
	}{
		{"peers", func() (any, error) { return c.Peers(ctx) }, node.Connected, "peers"},
		{"add peer", func() (any, error) { return c.AddPeer(ctx, "/ip4/10.0.0.2") }, view.Peer{PeerID: "12D3KooWOther", Addresses: []string{"/ip4/10.0.0.2"}}, "add peer /ip4/10.0.0.2"},
		{"remove peer", func() (any, error) { return nil, c.RemovePeer(ctx, "12D3KooWPeer") }, nil, "remove peer 12D3KooWPeer"},
		{"find party", func() (any, error) { return c.FindParty(ctx, "shop.example") }, node.Connected, "find shop.example"},
		{"invites", func() (any, error) { return c.Invites(ctx) }, node.Invited, "invites"},
		{"join", func() (any, error) { return c.Join(ctx, apitest.InviteLink) }, node.Entered, "join " + apitest.InviteLink},
		{"cast", func() (any, error) { return c.Cast(ctx, want) }, node.Own[0], "cast a stroller for twins"},
		{"own intents", func() (any, error) { return c.Intents(ctx, true) }, node.Own, "intents mine=true"},
		{"heard intents", func() (any, error) { return c.Intents(ctx, false) }, node.Heard, "intents mine=false"},
		{"intent", func() (any, error) { return c.Intent(ctx, intent) }, node.Own[0], "intent " + intent.String()},
		{"amend", func() (any, error) { return c.Amend(ctx, intent, want) }, node.Own[0], "amend " + intent.String()},
		{"extend", func() (any, error) { return c.Extend(ctx, intent, view.ExtendWant{For: "48h"}) }, node.Own[0], "extend " + intent.String()},
		{"withdraw", func() (any, error) { return c.Withdraw(ctx, intent) }, node.Own[0], "withdraw " + intent.String()},
		{"fulfil", func() (any, error) { return c.Fulfil(ctx, intent) }, node.Own[0], "fulfil " + intent.String()},
		{"add want", func() (any, error) { return c.AddWant(ctx, view.StandingWant{Want: want, Every: "FREQ=DAILY"}) }, node.Standings[0], "add want FREQ=DAILY"},
		{"wants", func() (any, error) { return c.Wants(ctx) }, node.Standings, "wants"},
		{"want", func() (any, error) { return c.Want(ctx, "w1") }, node.Standings[0], "want w1"},
		{"pause want", func() (any, error) { return c.PauseWant(ctx, "w1", true) }, node.Standings[0], "pause want w1 true"},
		{"resume want", func() (any, error) { return c.PauseWant(ctx, "w1", false) }, node.Standings[0], "pause want w1 false"},
		{"remove want", func() (any, error) { return nil, c.RemoveWant(ctx, "w1") }, nil, "remove want w1"},
		{"offers", func() (any, error) { return c.Offers(ctx, intent) }, node.Bids, "offers " + intent.String()},
		{"accept", func() (any, error) { return c.Accept(ctx, offer) }, node.Held[0], "accept " + offer.String()},
		{"cards", func() (any, error) { return c.Cards(ctx) }, node.Held, "cards"},
		{"card", func() (any, error) { return c.Card(ctx, card) }, node.Held[0], "card " + card.String()},
		{"move", func() (any, error) { return c.MoveRoute(ctx, card) }, node.Held[0], "move " + card.String()},
		{"rotate", func() (any, error) { return c.RotateCard(ctx, card) }, view.KeyRotation{DID: node.Held[0].Body.Person.DID, Number: 2, Told: 1}, "rotate " + card.String()},
		{"rotate all", func() (any, error) { return c.RotateCards(ctx) }, []view.KeyRotationDue{{Card: card, With: node.Held[0].Body.Vendor.Name}}, "rotate all"},
		{"rotate vendor", func() (any, error) { return c.RotateVendor(ctx) }, view.KeyRotation{DID: node.Held[0].Body.Vendor.DID, Number: 2, Told: len(node.Held)}, "rotate vendor"},
		{"end", func() (any, error) { return c.EndCard(ctx, card, "moved") }, node.Held[0], "end " + card.String() + ": moved"},
		{"export", func() (any, error) { return c.ExportCard(ctx, card) }, node.Car, "export " + card.String()},
		{"import", func() (any, error) { return c.ImportCard(ctx, []byte("1234")) }, view.CardReport{Valid: true, Card: node.Held[0], Lines: []string{}}, "import card of 4 bytes"},
		{"set rules", func() (any, error) { return c.SetRules(ctx, market.Rules{Answer: market.ModeAsk}) }, market.Rules{Answer: market.ModeAsk}, "rules"},
		{"rules", func() (any, error) { return c.Rules(ctx) }, market.Rules{Answer: market.ModeAsk}, "rules"},
		{"suggestions", func() (any, error) { return c.Suggestions(ctx) }, node.Hints, "suggestions"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.call()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got, cmpopts.EquateComparable(dagcbor.CID{}, identity.Time{}), cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
			if last := node.Last(); last != tc.last {
				t.Errorf("the node was asked %q, want %q", last, tc.last)
			}
		})
	}
	if d := cmp.Diff(want, node.Asked); d != "" {
		t.Errorf("the want changed on its way: %s", d)
	}
}

func TestCatalogueRoundTrip(t *testing.T) {
	dir, _, _ := start(t)
	c, ctx := open(t, dir), context.Background()
	report, err := c.ImportCatalogue(ctx, strings.NewReader("sku,name,price,currency\n1,Helmet,20,USD\n2,Rack\n3,Skis,80,USD\n"), vendor.CSV)
	if err != nil || report.Accepted != 2 || len(report.Refused) != 1 || report.Refused[0].Line != 3 {
		t.Fatalf("report %+v, %v", report, err)
	}
	if _, err := c.ImportCatalogue(ctx, strings.NewReader(`{"sku":"4","name":"Boots","price":{"cur":"USD","amt":"30"}}`), vendor.NDJSON); err != nil {
		t.Fatal(err)
	}
	var skus []string
	for next := ""; ; {
		var items []market.Item
		if items, next, err = c.Catalogue(ctx, next, 2); err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			skus = append(skus, it.SKU)
		}
		if next == "" {
			break
		}
	}
	if !slices.Equal(skus, []string{"1", "3", "4"}) {
		t.Errorf("catalogue has %v", skus)
	}
}

func TestEvents(t *testing.T) {
	dir, node, _ := start(t)
	c, ctx := open(t, dir), context.Background()
	if events, err := c.Events(ctx, 0, 0); err != nil || len(events) != 0 {
		t.Fatalf("%v, %v", events, err)
	}
	go node.Tell("offer.received", "an offer came")
	events, err := c.Events(ctx, 0, 30*time.Second)
	if err != nil || len(events) != 1 || events[0].Seq != 1 || events[0].Text != "an offer came" {
		t.Errorf("%v, %v", events, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := c.Events(ctx, 1, 30*time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestErrorsSurviveTheWire checks that errors.Is holds for a caller of the
// client as it would for one of the node.
func TestErrorsSurviveTheWire(t *testing.T) {
	dir, node, _ := start(t)
	c := open(t, dir)
	for _, want := range []error{view.ErrNotFound, view.ErrInvalid, view.ErrConflict, view.ErrUnavailable, view.ErrFull} {
		node.Err = fmt.Errorf("something about it: %w", want)
		_, err := c.Status(context.Background())
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "something about it") {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	node.Err = view.Invalid("items[1].qty", "is not a positive decimal")
	_, err := c.Status(context.Background())
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 422 || p.Errors[0].Location != "body.items[1].qty" {
		t.Errorf("got %+v", err)
	}
	if got, want := err.Error(), "items[1].qty: is not a positive decimal"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefusedBySchema(t *testing.T) {
	dir, _, _ := start(t)
	_, _, err := open(t, dir).Catalogue(context.Background(), "", 100000)
	if !errors.Is(err, view.ErrInvalid) || !strings.Contains(err.Error(), "query.limit") {
		t.Errorf("got %v", err)
	}
}

func TestNoNode(t *testing.T) {
	t.Run("never was one", func(t *testing.T) {
		dir := config.Dir(t.TempDir())
		_, err := client.Open(dir)
		if !errors.Is(err, client.ErrNoNode) || !strings.Contains(err.Error(), string(dir)) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("has stopped", func(t *testing.T) {
		dir, _, stop := start(t)
		c := open(t, dir)
		stop()
		if _, err := c.Status(context.Background()); !errors.Is(err, client.ErrNoNode) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("was killed", func(t *testing.T) {
		dir := config.Dir(t.TempDir())
		if _, err := dir.MakeTokens(); err != nil {
			t.Fatal(err)
		}
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir.Socket(), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
		if _, err := open(t, dir).Status(context.Background()); !errors.Is(err, client.ErrNoNode) {
			t.Errorf("got %v", err)
		}
	})
}

// TestOverTCP takes the socket away, as in a folder whose path is too long
// for one.
func TestOverTCP(t *testing.T) {
	dir, _, _ := start(t)
	if err := os.Remove(filepath.Join(string(dir), "api.sock")); err != nil {
		t.Fatal(err)
	}
	s, err := open(t, dir).Status(context.Background())
	if err != nil || s.Name != "sample" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestReadOnlyClient(t *testing.T) {
	dir, _, _ := start(t)
	tokens, err := dir.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	addr, err := dir.Address()
	if err != nil {
		t.Fatal(err)
	}
	c := client.New("http://"+addr, tokens.Read)
	defer c.Close()
	if _, err := c.Cards(context.Background()); err != nil {
		t.Error(err)
	}
	var p *client.Problem
	if _, err := c.Accept(context.Background(), apitest.ID("offer")); !errors.As(err, &p) || p.Status != http.StatusForbidden {
		t.Errorf("got %v", err)
	}
}

// TestStrangeAnswers puts something else where the node should be.
func TestStrangeAnswers(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"no JSON":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"bare error":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) },
		"false problem": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); fmt.Fprint(w, `{"status":200}`) },
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			fmt.Fprint(w, `{"n`)
		},
		"another's page": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			c := client.New(srv.URL, "token")
			defer c.Close()
			if s, err := c.Status(context.Background()); err == nil {
				t.Errorf("took it for a status: %+v", s)
			}
		})
	}
}

// TestRedirectsAreNotFollowed keeps the token from being sent elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	srv := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	c := client.New(srv.URL, "token")
	defer c.Close()
	if _, err := c.Status(context.Background()); err == nil || asked {
		t.Errorf("error %v, other server asked: %t", err, asked)
	}
}
